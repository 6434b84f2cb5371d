// Starts the page and joins its parts.

import { json } from "./api.js";
import { details } from "./details.js";
import { find } from "./dom.js";
import { Download } from "./download.js";
import { Live } from "./live.js";
import { Options } from "./options.js";
import { Queue } from "./queue.js";
import { Tabs } from "./tabs.js";
import * as token from "./token.js";
import { Viewer } from "./viewer.js";

const PAUSE = 2000; // ms between questions for a generator that is being started

let info = null;
const options = new Options();
const download = new Download();
const viewer = new Viewer(seen);
const show = (result, reach) => viewer.show(result, reach);
const queue = new Queue({ options: () => options.chosen(), info: () => info, show, gone: () => viewer.clear() });
const live = new Live({ show, active: () => tabs.current === "live" });
const tabs = new Tabs(find("#tabs"), (name) => {
  if (name === "live") live.open();
  else if (queue.seen) viewer.show(queue.seen);
});

function seen(result, plane) {
  details(result);
  download.show(result);
  if (result.asked) queue.mark(result, plane);
  else live.mark(result, plane);
}

async function start() {
  try {
    info = await json("api/info");
  } catch (error) {
    viewer.fail(`This page is of no use yet: ${error.message}.`);
    find("#try-again").hidden = false;
    return;
  }
  find("#try-again").hidden = true;
  viewer.clear();
  download.offer(info);
  find("#formats").textContent = info.formats.read.join("  ");
  find("#file").disabled = false;
  for (const part of document.querySelectorAll(".with-live")) part.hidden = !info.live;
  if (info.live) live.start();
  generator();
}

/** Say which one there is; ask again while it is being started. */
async function generator() {
  const name = find("#generator");
  name.textContent = info.generator ? info.generator.name : "generator is being started…";
  if (info.generator) {
    options.offer(info.generator);
    name.title = `${info.generator.network}, width ${info.generator.width}; dlss_tf ${info.version}`;
    return;
  }
  setTimeout(async () => {
    info = await json("api/info").catch(() => info);
    generator();
  }, PAUSE);
}

function add(files) {
  if (info && files.length) {
    tabs.open(tabs.tabs[0]);
    queue.add(files);
  }
}

function takeFiles() {
  const file = find("#file");
  file.addEventListener("change", () => {
    add([...file.files]);
    file.value = ""; // so that the same file may be chosen again
  });
  let inside = 0; // elements of the page that the files are over
  const over = (change) => {
    inside = Math.max(0, inside + change);
    document.body.classList.toggle("dropping", inside > 0);
  };
  const holdsFiles = (event) => event.dataTransfer?.types.includes("Files");
  addEventListener("dragenter", (event) => holdsFiles(event) && over(1));
  addEventListener("dragleave", (event) => holdsFiles(event) && over(-1));
  addEventListener("dragover", (event) => holdsFiles(event) && event.preventDefault());
  addEventListener("drop", (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    over(-inside);
    add([...event.dataTransfer.files]);
  });
  addEventListener("paste", (event) => add([...(event.clipboardData?.files || [])]));
}

function dialogs() {
  find("#keys-button").addEventListener("click", () => find("#keys-dialog").showModal());
  for (const button of document.querySelectorAll("dialog .close")) {
    button.addEventListener("click", () => button.closest("dialog").close());
  }
  find("#try-again").addEventListener("click", () => {
    viewer.message("One moment…");
    start();
  });
}

token.start();
takeFiles();
dialogs();
start();
