// Lengths and numbers as people read them: round, in fitting units.

const LADDER = [
  ["pm", 1e-12],
  ["nm", 1e-9],
  ["µm", 1e-6],
  ["mm", 1e-3],
  ["m", 1],
];
const SAME = { um: "µm", "μm": "µm", micron: "µm", microns: "µm", A: "Å" };

/** A number with so many significant digits, or all of its whole part, without needless zeros. */
export function shown(value, digits = 4) {
  if (value === 0) return "0";
  if (value == null || !Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size >= 1e6 || size < 1e-4) return value.toExponential(digits - 1).replace(/\.?0+e/, "e").replace("e+", "e");
  const whole = Math.floor(Math.log10(size)) + 1;
  return String(Number(value.toPrecision(Math.max(digits, whole)))).replace("-", "−");
}

/** The largest of 1, 2 and 5 times a power of ten that is at most `most`. */
export function roundAtMost(most) {
  const power = 10 ** Math.floor(Math.log10(most));
  const times = [5, 2, 1].find((each) => each * power <= most * (1 + 1e-9)) || 1;
  return times * power;
}

/**
 * What a pixel of an image measures, in units in which the image is some 1 to 1000 wide:
 * {x, y, units}; 1 px if it is not known.
 */
export function pixelOf(image) {
  const width = image.shape[image.shape.length - 1];
  if (!image.pixel_size) return { x: 1, y: 1, units: "px" };
  const [y, x] = image.pixel_size;
  const units = SAME[image.units] || image.units || "px";
  const start = LADDER.find(([name]) => name === units);
  if (!start) return { x, y, units };
  const side = x * width * start[1];
  const [name, metres] = [...LADDER].reverse().find(([, each]) => side / each >= 5) || LADDER[0];
  const ratio = start[1] / metres;
  return { x: x * ratio, y: y * ratio, units: name };
}

/** What a pixel of the transform of [height, width] such pixels measures, as `pixelOf`. */
export function frequencyOf(pixel, width, height) {
  return { x: 1 / (width * pixel.x), y: 1 / (height * pixel.y), units: `1/${pixel.units}` };
}

export function withUnits(value, units, digits = 4) {
  return `${shown(value, digits)} ${units}`;
}

/** "1.3 MB". */
export function bytes(count) {
  const power = Math.min(3, Math.floor(Math.log10(Math.max(count, 1)) / 3));
  return `${shown(count / 1000 ** power, 3)} ${["bytes", "kB", "MB", "GB"][power]}`;
}

/** "8 s", "2 min 5 s". */
export function duration(seconds) {
  const whole = Math.round(seconds);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}
