// Small pictures of results for lists.

import { grey, paint } from "./palette.js";
import { range } from "./statistics.js";

const SIDE = 96; // px at most

/** Draw a plane into a canvas, whose size becomes that of the drawing. */
export function thumbnail(canvas, plane) {
  const level = Math.max(0, Math.ceil(Math.log2(Math.max(plane.width, plane.height) / SIDE)));
  const { values, width, height } = plane.level(level);
  const { low, high } = range(plane);
  Object.assign(canvas, { width, height });
  const image = new ImageData(width, height);
  paint(new Uint32Array(image.data.buffer), values, 0, values.length, low, high, grey(false));
  canvas.getContext("2d").putImageData(image, 0, 0);
}
