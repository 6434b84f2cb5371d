// The download panel: a result's image as a file of a format and depth, and the command that does the same.

import { file } from "./api.js";
import { copy, element, find, offer, say } from "./dom.js";
import { authorization } from "./token.js";

const NAMES = { image: "Image", scan: "Scan", uncertainty: "Uncertainty", guessed: "Guessed" };
const FORMATS = {
  tif: "TIFF (ImageJ)",
  "ome.tif": "OME-TIFF",
  hspy: "HyperSpy",
  png: "PNG",
  mrc: "MRC",
  npy: "NumPy",
  raw: "Raw numbers",
};
const OF_HALVES = ["npy", "raw"]; // formats that hold 16-bit floating-point numbers

export class Download {
  constructor() {
    this.result = null;
    this.fields = { what: find("#what"), format: find("#format"), depth: find("#depth") };
    for (const field of Object.values(this.fields)) field.addEventListener("change", () => this.update());
    find("#download-button").addEventListener("click", () => this.fetch());
    find("#copy-curl").addEventListener("click", () => this.copy());
  }

  /** What the server writes. */
  offer(info) {
    const choices = (names, told) => names.map((name) => element("option", { value: name }, told[name] || name));
    this.fields.format.replaceChildren(...choices(info.formats.written, FORMATS));
    this.fields.depth.replaceChildren(...choices(info.depths, {}));
  }

  show(result) {
    const before = this.fields.what.value;
    const names = ["image", ...Object.keys(result.images).filter((name) => name !== "image")];
    this.fields.what.replaceChildren(...names.map((name) => element("option", { value: name }, NAMES[name] || name)));
    if (names.includes(before)) this.fields.what.value = before;
    this.result = result;
    this.update();
  }

  update() {
    const { format, depth } = this.fields;
    const half = [...depth.options].find((option) => option.value === "float16");
    if (half) half.disabled = !OF_HALVES.includes(format.value);
    if (depth.selectedOptions[0]?.disabled) depth.value = "float32";
    this.tell("");
    if (this.result) find("#curl").textContent = this.command();
  }

  async fetch() {
    const button = find("#download-button");
    button.disabled = true;
    this.tell("Being written…");
    try {
      const { blob, name } = await file(this.address());
      offer(blob, name);
      this.tell(`${name} is downloaded`);
    } catch (error) {
      this.tell(error.message);
    } finally {
      button.disabled = false;
    }
  }

  address() {
    const { what, format, depth } = this.fields;
    const query = new URLSearchParams({ format: format.value, depth: depth.value });
    return `api/results/${encodeURIComponent(this.result.id)}/${what.value}?${query}`;
  }

  /** A command that sends the file again; of a result of the watched folder, one that fetches it. */
  command() {
    const { what, format, depth } = this.fields;
    const { asked, name } = this.result;
    const header = authorization().Authorization ? ["-H 'Authorization: Bearer '\"$DLSS_TF_TOKEN\""] : [];
    const start = ["curl --fail-with-body -OJ", ...header];
    if (!asked || what.value === "scan") return [...start, quoted(absolute(this.address()))].join(" \\\n  ");
    const query = new URLSearchParams({ ...asked, name, what: what.value, format: format.value, depth: depth.value });
    const address = absolute(`api/supersample?${query}`);
    const type = "-H 'Content-Type: application/octet-stream'";
    return [...start, type, `--data-binary ${quoted(`@${name}`)}`, quoted(address)].join(" \\\n  ");
  }

  async copy() {
    const copied = await copy(this.command(), find("#curl"));
    if (!copied) find("#curl-shown").open = true;
    this.tell(copied ? "The command is copied" : "The command is below, to be copied");
  }

  tell(sentence) {
    find("#download-told").textContent = sentence;
    if (sentence) say(sentence);
  }
}

function absolute(path) {
  return new URL(path, document.baseURI).href;
}

function quoted(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
