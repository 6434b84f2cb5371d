// The Fourier transform of a plane's largest centred square, a power of two a side; as the logarithm of its power.

import { Plane } from "./plane.js";

const MOST = 1024; // px a side

/** The side of the square of a plane that is transformed. */
export function sideOf({ width, height }) {
  return 2 ** Math.floor(Math.log2(Math.min(width, height, MOST)));
}

/**
 * log10 of the power density at each spatial frequency, zero at (side / 2, side / 2), under a Hann window.
 *
 * `area` is that of a pixel: scans and images of one thing then have the same density.
 */
export function logPower(plane, area = 1) {
  const side = sideOf(plane);
  const { real, imaginary, power } = windowed(plane, side);
  transform2d(real, imaginary, side);
  const made = new Float32Array(side * side);
  const half = side / 2;
  for (let row = 0; row < side; row++) {
    const from = ((row + half) % side) * side;
    for (let column = 0; column < side; column++) {
      const at = from + ((column + half) % side);
      const density = (real[at] ** 2 + imaginary[at] ** 2) * (area / (power || 1));
      made[row * side + column] = Math.log10(Math.max(density, 1e-30));
    }
  }
  return new Plane(made, side, side);
}

function windowed({ values, width, height }, side) {
  const real = new Float64Array(side * side);
  const [left, top] = [Math.floor((width - side) / 2), Math.floor((height - side) / 2)];
  let [sum, count] = [0, 0];
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      const value = values[(top + row) * width + left + column];
      real[row * side + column] = value;
      if (Number.isFinite(value)) {
        sum += value;
        count++;
      }
    }
  }
  const phase = (place) => (2 * Math.PI * (place + 0.5)) / side;
  const hann = Float64Array.from({ length: side }, (_, place) => 0.5 - 0.5 * Math.cos(phase(place)));
  const mean = sum / (count || 1);
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      const at = row * side + column;
      real[at] = Number.isFinite(real[at]) ? (real[at] - mean) * hann[row] * hann[column] : 0;
    }
  }
  const power = hann.reduce((total, value) => total + value * value, 0) ** 2;
  return { real, imaginary: new Float64Array(side * side), power };
}

function transform2d(real, imaginary, side) {
  const tables = tablesOf(side);
  for (let row = 0; row < side; row++) {
    const [from, to] = [row * side, (row + 1) * side];
    transform(real.subarray(from, to), imaginary.subarray(from, to), tables);
  }
  const [columnReal, columnImaginary] = [new Float64Array(side), new Float64Array(side)];
  for (let column = 0; column < side; column++) {
    for (let row = 0; row < side; row++) {
      columnReal[row] = real[row * side + column];
      columnImaginary[row] = imaginary[row * side + column];
    }
    transform(columnReal, columnImaginary, tables);
    for (let row = 0; row < side; row++) {
      real[row * side + column] = columnReal[row];
      imaginary[row * side + column] = columnImaginary[row];
    }
  }
}

function tablesOf(side) {
  const bits = Math.log2(side);
  const reversed = Uint32Array.from({ length: side }, (_, number) => {
    let made = 0;
    for (let bit = 0; bit < bits; bit++) made |= ((number >> bit) & 1) << (bits - 1 - bit);
    return made;
  });
  const angle = (number) => (-2 * Math.PI * number) / side;
  const cosines = Float64Array.from({ length: side / 2 }, (_, number) => Math.cos(angle(number)));
  const sines = Float64Array.from({ length: side / 2 }, (_, number) => Math.sin(angle(number)));
  return { reversed, cosines, sines };
}

/** The transform of complex numbers, a power of two of them, in place: Cooley and Tukey's, radix 2. */
export function transform(real, imaginary, { reversed, cosines, sines } = tablesOf(real.length)) {
  const count = real.length;
  for (let index = 0; index < count; index++) {
    const other = reversed[index];
    if (other > index) {
      [real[index], real[other]] = [real[other], real[index]];
      [imaginary[index], imaginary[other]] = [imaginary[other], imaginary[index]];
    }
  }
  for (let half = 1; half < count; half *= 2) {
    const step = count / (2 * half);
    for (let start = 0; start < count; start += 2 * half) {
      for (let place = 0; place < half; place++) {
        const a = start + place;
        const b = a + half;
        const cosine = cosines[place * step];
        const sine = sines[place * step];
        const x = real[b] * cosine - imaginary[b] * sine;
        const y = real[b] * sine + imaginary[b] * cosine;
        real[b] = real[a] - x;
        imaginary[b] = imaginary[a] - y;
        real[a] += x;
        imaginary[a] += y;
      }
    }
  }
}
