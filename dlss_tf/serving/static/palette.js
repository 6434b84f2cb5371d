// Colours of values: tables of 256 colours, as the bytes of an ImageData's pixels.

const STEPS = 256;
//: From the dark red to the light yellow end of the inferno map.
const HEAT = [
  [87, 16, 110],
  [136, 34, 106],
  [188, 55, 84],
  [227, 89, 51],
  [249, 142, 9],
  [249, 203, 53],
  [252, 255, 164],
];

function packed(red, green, blue, alpha) {
  return ((alpha << 24) | (blue << 16) | (green << 8) | red) >>> 0; // little-endian, as all that runs browsers
}

/** From black to white. */
export function grey(inverted) {
  return Uint32Array.from({ length: STEPS }, (_, step) => {
    const level = inverted ? STEPS - 1 - step : step;
    return packed(level, level, level, 255);
  });
}

/** To lie over an image: from nothing to light yellow. */
export function heat() {
  return Uint32Array.from({ length: STEPS }, (_, step) => {
    const share = step / (STEPS - 1);
    const [red, green, blue] = heatAt(share);
    return packed(red, green, blue, Math.round(255 * share ** 0.7));
  });
}

function heatAt(share) {
  const place = share * (HEAT.length - 1);
  const first = Math.min(Math.floor(place), HEAT.length - 2);
  return HEAT[first].map((from, channel) => Math.round(from + (HEAT[first + 1][channel] - from) * (place - first)));
}

/** Colours of values into an ImageData's pixels; none where there is no number. */
export function paint(pixels, values, from, count, low, high, colours) {
  const scale = STEPS / (high - low || 1);
  for (let index = 0; index < count; index++) {
    const value = values[from + index];
    const step = (value - low) * scale;
    pixels[index] = step >= STEPS ? colours[STEPS - 1] : step >= 0 ? colours[step | 0] : value < low ? colours[0] : 0;
  }
}
