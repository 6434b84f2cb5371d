// What values an image has: its range, limits without the outermost, histograms. Of large images a part is looked at.

const MOST = 1_000_000; // values that are counted
const MOST_SORTED = 250_000;
const OUTERMOST = 0.001; // share beyond each of the limits

const known = new WeakMap();

/** {least, most, low, high} of the finite values of a plane; the two inner ones leave a thousandth out on each side. */
export function range(plane) {
  if (!known.has(plane)) known.set(plane, found(plane.values));
  return known.get(plane);
}

function found(values) {
  let [least, most] = [Infinity, -Infinity];
  for (let index = 0; index < values.length; index++) {
    const value = values[index];
    if (value < least && value > -Infinity) least = value;
    if (value > most && value < Infinity) most = value;
  }
  if (least > most) return { least: 0, most: 1, low: 0, high: 1 };
  const sorted = sample(values, MOST_SORTED).filter(Number.isFinite).sort();
  const at = (share) => sorted[Math.round(share * (sorted.length - 1))];
  let [low, high] = sorted.length ? [at(OUTERMOST), at(1 - OUTERMOST)] : [least, most];
  if (low === high) [low, high] = least < most ? [least, most] : [least - 0.5, most + 0.5];
  return { least, most, low, high };
}

/** Counts of a plane's values in so many equal steps between two. */
export function histogram(plane, from, to, bins) {
  const counts = new Float64Array(bins);
  const step = stride(plane.values.length, MOST);
  const scale = bins / (to - from);
  for (let index = 0; index < plane.values.length; index += step) {
    const bin = Math.floor((plane.values[index] - from) * scale);
    if (bin >= 0 && bin < bins) counts[bin]++;
  }
  return counts;
}

function sample(values, most) {
  const step = stride(values.length, most);
  const taken = new Float32Array(Math.ceil(values.length / step));
  for (let index = 0, to = 0; index < values.length; index += step) taken[to++] = values[index];
  return taken;
}

// Odd, so that not the same columns of every row are taken.
function stride(count, most) {
  return count <= most ? 1 : Math.ceil(count / most) | 1;
}
