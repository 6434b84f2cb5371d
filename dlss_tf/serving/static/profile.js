// The profile tool: a line drawn over scan and image, and the intensity of both along it.

import { find, offer, settled } from "./dom.js";
import { clamp } from "./plane.js";
import { plot } from "./plot.js";
import { shown } from "./units.js";

const ENDS = ["x1", "y1", "x2", "y2"];
const MOST_POINTS = 2048;

export class Profile {
  /** `changed()` is called when the line is another one, or goes. */
  constructor(button, changed) {
    Object.assign(this, { button, changed, active: false, line: null, held: null, scene: null });
    this.panel = find("#profile");
    this.fields = Object.fromEntries(ENDS.map((end) => [end, find(`#${end}`)]));
    for (const end of ENDS) this.fields[end].addEventListener("change", () => this.typed());
    button.addEventListener("click", () => this.switch(!this.active));
    find("#profile-close").addEventListener("click", () => {
      this.switch(false);
      button.focus();
    });
    find("#profile-csv").addEventListener("click", () => this.save());
    new ResizeObserver(settled(() => this.show(), 50)).observe(find("#plot").parentElement);
  }

  /** What is on the stage: a scene of the stage's, with a name; null if nothing that has a profile. */
  take(scene) {
    this.scene = scene;
    this.button.disabled = !scene;
    if (!scene) this.switch(false);
    else if (this.line && (this.line.x2 > scene.width || this.line.y2 > scene.height)) this.line = null;
    if (this.active) this.switch(true);
  }

  switch(on) {
    this.active = on;
    this.button.setAttribute("aria-pressed", String(on));
    this.panel.hidden = !on;
    if (on && !this.line) {
      const { width, height } = this.scene;
      this.set({ x1: width * 0.25, y1: height / 2, x2: width * 0.75, y2: height / 2 });
    } else this.update();
  }

  set(line) {
    const { width, height } = this.scene;
    const within = (value, most) => Math.round(clamp(value, 0, most) * 10) / 10;
    this.line = {
      ...{ x1: within(line.x1, width), y1: within(line.y1, height) },
      ...{ x2: within(line.x2, width), y2: within(line.y2, height) },
    };
    this.update();
  }

  typed() {
    const values = ENDS.map((end) => [end, this.fields[end].valueAsNumber]);
    if (values.every(([, value]) => Number.isFinite(value))) this.set(Object.fromEntries(values));
    else this.update();
  }

  // As a tool of the stage: a drag begins a line, or moves the end that it begins near.

  down([x, y], near) {
    const { x1, y1, x2, y2 } = this.line;
    if (Math.hypot(x - x2, y - y2) <= near) this.held = { x: "x2", y: "y2" };
    else if (Math.hypot(x - x1, y - y1) <= near) this.held = { x: "x1", y: "y1" };
    else this.held = { start: [x, y] };
    this.before = this.line;
    return true;
  }

  move([x, y]) {
    if (this.held.start) {
      const [x1, y1] = this.held.start;
      this.set({ x1, y1, x2: x, y2: y });
    } else this.set({ ...this.line, [this.held.x]: x, [this.held.y]: y });
  }

  up() {
    this.held = null;
  }

  cancel() {
    this.held = null;
    this.set(this.before);
  }

  update() {
    if (this.active && this.line) {
      for (const end of ENDS) this.fields[end].value = this.line[end];
      this.show();
    }
    this.changed();
  }

  /** Places along the line in its units, and what scan and image are there. */
  sampled() {
    const { x1, y1, x2, y2 } = this.line;
    const { left, right, pixel } = this.scene;
    const length = Math.hypot((x2 - x1) * pixel.x, (y2 - y1) * pixel.y);
    const pixels = Math.hypot(x2 - x1, y2 - y1);
    const steps = clamp(Math.ceil(pixels), 1, MOST_POINTS - 1);
    const along = (each) => Float64Array.from({ length: steps + 1 }, (_, step) => each(step / steps));
    const at = (share) => [x1 + (x2 - x1) * share, y1 + (y2 - y1) * share];
    return {
      length,
      pixels,
      places: along((share) => share * length),
      scan: along((share) => left.at(...at(share))),
      image: along((share) => right.plane.between(...at(share))),
    };
  }

  show() {
    if (!this.active || !this.line) return;
    const { length, pixels, places, scan, image } = this.sampled();
    const { units } = this.scene.pixel;
    const told = units === "px" ? `${shown(length)} px` : `${shown(length)} ${units} (${shown(pixels)} px)`;
    find("#profile-length").textContent = told;
    const curves = [
      { name: "Scan", kind: "of-scan", xs: places, ys: scan },
      { name: "Image", kind: "of-image", xs: places, ys: image },
    ];
    plot(find("#plot"), curves, { x: `Position (${units})`, y: "Intensity" });
    const ranges = curves.map(({ name, ys }) => `${name} ${shown(least(ys))} to ${shown(most(ys))}`);
    find("#plot").setAttribute("aria-label", `Intensity along a line of ${told}: ${ranges.join(", ")}`);
  }

  save() {
    const { places, scan, image } = this.sampled();
    const rows = Array.from(places, (place, row) => `${Number(place.toPrecision(7))},${scan[row]},${image[row]}`);
    const text = `position (${this.scene.pixel.units}),scan,image\n${rows.join("\n")}\n`;
    offer(new Blob([text], { type: "text/csv" }), `${this.scene.name}-profile.csv`);
  }

  draw(context, place, ratio) {
    if (!this.active || !this.line) return;
    const [first, last] = [place(this.line.x1, this.line.y1), place(this.line.x2, this.line.y2)];
    for (const [colour, width] of [["#000", 4], ["#fff", 2]]) {
      context.strokeStyle = colour;
      context.lineWidth = width * ratio;
      context.beginPath();
      context.moveTo(...first);
      context.lineTo(...last);
      context.stroke();
      for (const [x, y] of [first, last]) {
        context.beginPath();
        context.arc(x, y, 5 * ratio, 0, 2 * Math.PI);
        context.stroke();
      }
    }
  }
}

function least(values) {
  return values.reduce((found, value) => (value < found ? value : found), Infinity);
}

function most(values) {
  return values.reduce((found, value) => (value > found ? value : found), -Infinity);
}
