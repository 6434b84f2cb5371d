// An image's numbers, and the images of a stack; smaller versions of it for when it is seen from afar.

export class Plane {
  /** @param values Float32Array of height * width */
  constructor(values, width, height) {
    this.values = values;
    this.width = width;
    this.height = height;
    this.halved = null;
  }

  /** The value of the pixel that holds a point; NaN outside. */
  nearest(x, y) {
    const [column, row] = [Math.floor(x), Math.floor(y)];
    if (column < 0 || row < 0 || column >= this.width || row >= this.height) return NaN;
    return this.values[row * this.width + column];
  }

  /** The value between the centres of the four pixels around a point; at the borders the nearest one's. */
  between(x, y) {
    if (x < 0 || y < 0 || x > this.width || y > this.height) return NaN;
    const u = clamp(x - 0.5, 0, this.width - 1);
    const v = clamp(y - 0.5, 0, this.height - 1);
    const left = Math.min(Math.floor(u), Math.max(this.width - 2, 0));
    const top = Math.min(Math.floor(v), Math.max(this.height - 2, 0));
    const right = this.width > 1 ? 1 : 0;
    const below = this.height > 1 ? this.width : 0;
    const at = top * this.width + left;
    const [a, b] = [u - left, v - top];
    const upper = this.values[at] * (1 - a) + this.values[at + right] * a;
    const lower = this.values[at + below] * (1 - a) + this.values[at + below + right] * a;
    return upper * (1 - b) + lower * b;
  }

  /** With its last column and row once more. */
  extended() {
    const made = new Plane(new Float32Array((this.width + 1) * (this.height + 1)), this.width + 1, this.height + 1);
    for (let row = 0; row < made.height; row++) {
      const from = Math.min(row, this.height - 1) * this.width;
      const line = made.values.subarray(row * made.width, (row + 1) * made.width);
      line.set(this.values.subarray(from, from + this.width));
      line[this.width] = line[this.width - 1];
    }
    return made;
  }

  /** The plane whose pixels are the means of 2^level * 2^level of these. */
  level(level) {
    if (level <= 0 || (this.width === 1 && this.height === 1)) return this;
    this.halved ??= halve(this);
    return this.halved.level(level - 1);
  }
}

function halve({ values, width, height }) {
  const [halfWidth, halfHeight] = [Math.ceil(width / 2), Math.ceil(height / 2)];
  const made = new Float32Array(halfWidth * halfHeight);
  for (let row = 0, to = 0; row < halfHeight; row++) {
    const upper = 2 * row * width;
    const lower = 2 * row + 1 < height ? upper + width : upper;
    for (let column = 0; column < halfWidth; column++, to++) {
      const left = 2 * column;
      const right = left + 1 < width ? left + 1 : left;
      made[to] = (values[upper + left] + values[upper + right] + values[lower + left] + values[lower + right]) / 4;
    }
  }
  return new Plane(made, halfWidth, halfHeight);
}

/** The images of a stack [..., h, w], or the one image. */
export function planes(values, shape) {
  const [height, width] = shape.slice(-2);
  const size = height * width;
  return Array.from({ length: values.length / size }, (_, number) => {
    return new Plane(values.subarray(number * size, (number + 1) * size), width, height);
  });
}

export function clamp(value, low, high) {
  return Math.min(Math.max(value, low), high);
}
