// Draws curves with axes and labels into an SVG.

import { drawn } from "./dom.js";
import { roundAtMost, shown } from "./units.js";

const MARGIN = { left: 74, right: 12, top: 8, bottom: 40 };

/** `curves` are {name, kind, xs, ys}; `kind` is the class of the line. */
export function plot(svg, curves, { x, y }) {
  const box = svg.getBoundingClientRect();
  const [width, height] = [Math.max(box.width, 120), Math.max(box.height, 90)];
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  const across = axis(curves.map((curve) => curve.xs), MARGIN.left, width - MARGIN.right, 0);
  const down = axis(curves.map((curve) => curve.ys), height - MARGIN.bottom, MARGIN.top, 0.06);
  svg.replaceChildren(
    ...ticks(across, width / 90).map((value) => verticalTick(across.place(value), height, value)),
    ...ticks(down, height / 45).map((value) => horizontalTick(down.place(value), width, value)),
    drawn("text", { class: "label", x: (MARGIN.left + width) / 2, y: height - 6, "text-anchor": "middle" }, x),
    label(y, height),
    ...curves.map((curve) => drawn("path", { class: `curve ${curve.kind}`, d: path(curve, across, down) })),
  );
}

function axis(series, start, end, margin) {
  let [least, most] = [Infinity, -Infinity];
  for (const values of series) {
    for (const value of values) {
      if (value < least) least = value;
      if (value > most) most = value;
    }
  }
  if (least > most) [least, most] = [0, 1];
  const more = (most - least) * margin || (margin && 0.5);
  [least, most] = [least - more, most + more];
  return { least, most, place: (value) => start + ((value - least) / (most - least || 1)) * (end - start) };
}

function ticks({ least, most }, wanted) {
  const step = roundAtMost(((most - least) / Math.max(wanted, 1)) * 2);
  const first = Math.ceil(least / step - 1e-9);
  const count = Math.floor(most / step + 1e-9) - first + 1;
  return Array.from({ length: Math.min(count, 50) }, (_, number) => Number(((first + number) * step).toPrecision(12)));
}

function verticalTick(place, height, value) {
  const bottom = height - MARGIN.bottom;
  return drawn(
    "g",
    {},
    drawn("line", { class: "grid", x1: place, x2: place, y1: MARGIN.top, y2: bottom }),
    drawn("text", { x: place, y: bottom + 15, "text-anchor": "middle" }, shown(value)),
  );
}

function horizontalTick(place, width, value) {
  return drawn(
    "g",
    {},
    drawn("line", { class: "grid", x1: MARGIN.left, x2: width - MARGIN.right, y1: place, y2: place }),
    drawn("text", { x: MARGIN.left - 6, y: place + 4, "text-anchor": "end" }, shown(value)),
  );
}

function label(text, height) {
  const middle = (height - MARGIN.bottom + MARGIN.top) / 2;
  const at = { x: 12, y: middle, "text-anchor": "middle", transform: `rotate(-90 12 ${middle})` };
  return drawn("text", { class: "label", ...at }, text);
}

function path({ xs, ys }, across, down) {
  let made = "";
  let pen = "M";
  for (let index = 0; index < xs.length; index++) {
    if (Number.isFinite(ys[index])) {
      made += `${pen}${across.place(xs[index]).toFixed(1)} ${down.place(ys[index]).toFixed(1)}`;
      pen = "L";
    } else pen = "M";
  }
  return made;
}
