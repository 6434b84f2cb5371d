// What is known of a result: its remarks, first of all, and its metadata.

import { element, find } from "./dom.js";
import { duration, shown } from "./units.js";

/** Show those of a result. */
export function details(result) {
  const { image, scan } = result.images;
  remarks(result.remarks);
  const facts = [
    ["Title", image.title || "–"],
    ["Scan", sizeOf(scan)],
    ["Image", sizeOf(image)],
    ["Pixel size", pixelSizeOf(image)],
    ["Field of view", fieldOf(image)],
    ["Values", `${shown(image.low)} to ${shown(image.high)}`],
    ["Factor", String(result.factor)],
    ["Took", result.seconds < 10 ? `${shown(result.seconds, 2)} s` : duration(result.seconds)],
  ];
  find("#facts").replaceChildren(
    ...facts.map(([name, value]) => element("div", {}, element("dt", {}, name), element("dd", {}, value))),
  );
  find("#history").replaceChildren(...image.history.map((line) => element("li", {}, line)));
}

function remarks(sentences) {
  find("#remarks").hidden = !sentences.length;
  find("#remarks ul").replaceChildren(...sentences.map((sentence) => element("li", {}, sentence)));
}

function sizeOf({ shape, dtype }) {
  const [height, width] = shape.slice(-2);
  const stack = shape.slice(0, -2).reduce((product, count) => product * count, 1);
  return `${width} × ${height} px${stack > 1 ? `, ${stack} images` : ""}, ${dtype}`;
}

function pixelSizeOf({ pixel_size: size, units }) {
  if (!size) return "unknown";
  const [y, x] = size.map((side) => shown(side));
  return `${x === y ? x : `${x} × ${y}`} ${units === "px" ? "(no units)" : units}`;
}

function fieldOf({ pixel_size: size, units, shape }) {
  if (!size) return "unknown";
  const [height, width] = shape.slice(-2);
  return `${shown(width * size[1])} × ${shown(height * size[0])} ${units === "px" ? "" : units}`.trim();
}
