// The overlay panel: how uncertain the image is, or where it is guessed, in colour over it, with a legend.

import { find } from "./dom.js";
import { heat, paint } from "./palette.js";
import { clamp } from "./plane.js";
import { range } from "./statistics.js";
import { shown } from "./units.js";

const MARKED = 0.05; // share of the local power from which a place counts as guessed
const TOLD = {
  uncertainty: "Standard deviation of the error to expect, in the image's units of intensity",
  spread: "Standard deviation of the eight flips and rotations, in the image's units of intensity",
  guessed: `Share of the local power that is finer than the scan can tell; above ${MARKED} it may be invented`,
};

export class Overlay {
  /** `chosen()` is called when another one, `changed()` when another look is asked for. */
  constructor(root, { chosen, changed }) {
    Object.assign(this, { root, changed, colours: heat(), tops: {}, what: "none" });
    for (const radio of root.querySelectorAll("input[name=overlay]")) {
      radio.addEventListener("change", () => {
        this.what = radio.value;
        this.update();
        chosen();
      });
    }
    find("#opacity").addEventListener("input", () => this.apply());
    find("#overlay-top").addEventListener("change", () => this.typed());
    this.legend();
  }

  get opacity() {
    return find("#opacity").valueAsNumber / 100;
  }

  get top() {
    return this.tops[this.what] || 1;
  }

  /** What a result has: the one that was chosen stays so if it is among these. */
  offer(result) {
    this.spread = result.images.image.history.join(" ").includes("mean of 8");
    this.tops = {};
    for (const radio of this.root.querySelectorAll("input[name=overlay]")) {
      radio.disabled = radio.value !== "none" && !(radio.value in result.images);
      radio.parentElement.hidden = radio.disabled;
    }
    if (this.what !== "none" && !(this.what in result.images)) this.what = "none";
    find(`input[name=overlay][value=${this.what}]`, this.root).checked = true;
    this.root.hidden = !("uncertainty" in result.images || "guessed" in result.images);
    this.update();
  }

  /** Colours go from 0 to the most, without the outermost, of that plane. */
  measure(plane) {
    const { high, most } = range(plane);
    this.tops[this.what] ??= this.what === "guessed" ? clamp(high, 2 * MARKED, 1) : Math.max(high, 0) || most || 1;
    this.update();
  }

  /** There is none, for a reason. */
  refuse(sentence) {
    this.what = "none";
    find("input[name=overlay][value=none]", this.root).checked = true;
    this.update();
    find("#overlay-wrong").textContent = sentence;
  }

  typed() {
    const value = find("#overlay-top").valueAsNumber;
    if (value > 0) this.tops[this.what] = value;
    this.apply();
  }

  apply() {
    this.update();
    this.changed();
  }

  update() {
    find("#overlay-wrong").textContent = "";
    find("#overlay-look").hidden = this.what === "none";
    if (this.what === "none") return;
    find("#overlay-told").textContent = TOLD[this.what === "uncertainty" && this.spread ? "spread" : this.what];
    find("#overlay-middle").textContent = shown(this.top / 2, 3);
    find("#overlay-most").textContent = shown(this.top, 3);
    find("#overlay-top").value = Number(this.top.toPrecision(3));
    find("#opacity-text").textContent = `${find("#opacity").value} %`;
  }

  legend() {
    const canvas = find("#legend");
    const context = canvas.getContext("2d");
    const image = new ImageData(canvas.width, 1);
    const values = Float32Array.from({ length: canvas.width }, (_, place) => place);
    paint(new Uint32Array(image.data.buffer), values, 0, canvas.width, 0, canvas.width, this.colours);
    for (let row = 0; row < canvas.height; row++) context.putImageData(image, 0, row);
  }
}
