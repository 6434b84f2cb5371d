// The contrast panel: a histogram with two limits, which become black and white.

import { drawn, find } from "./dom.js";
import { clamp } from "./plane.js";
import { histogram, range } from "./statistics.js";
import { shown } from "./units.js";

const BINS = 128;
const [WIDTH, HEIGHT] = [256, 100]; // of the drawing, which is stretched

export class Contrast {
  /** `changed()` is called when limits, or whether they are inverted, are other ones. */
  constructor(root, changed) {
    Object.assign(this, { root, changed, low: 0, high: 1, from: 0, to: 1, held: null });
    this.chart = find("#histogram");
    this.bars = this.chart.appendChild(drawn("path", { class: "bars" }));
    this.handles = { low: find("#handle-low"), high: find("#handle-high") };
    this.fields = { low: find("#limit-low"), high: find("#limit-high") };
    for (const end of ["low", "high"]) {
      this.handles[end].addEventListener("keydown", (event) => this.key(end, event));
      this.fields[end].addEventListener("change", () => this.typed(end));
    }
    const area = find("#histogram-area");
    area.addEventListener("pointerdown", (event) => this.down(area, event));
    area.addEventListener("pointermove", (event) => this.held && this.move(this.held, this.valueAt(area, event)));
    for (const end of ["pointerup", "pointercancel"]) area.addEventListener(end, () => this.up());
    find("#auto").addEventListener("click", () => this.plane && this.reset(this.auto.low, this.auto.high));
    find("#full").addEventListener("click", () => this.plane && this.full());
    find("#invert").addEventListener("change", () => this.apply());
  }

  get inverted() {
    return find("#invert").checked;
  }

  /** Show a plane's histogram; `auto` are the limits {low, high} that fit it, `limits` those now, if others. */
  show(plane, auto, limits = auto) {
    Object.assign(this, { plane, auto, low: limits.low, high: limits.high });
    this.span();
    this.update();
  }

  /** The histogram goes as far as the limits and a little farther. */
  span() {
    const { least, most } = range(this.plane);
    const { low, high } = this.auto;
    const more = (high - low) * 0.25;
    this.from = Math.min(Math.max(low - more, least), this.low);
    this.to = Math.max(Math.min(high + more, most), this.high);
    if (!(this.to > this.from)) this.to = this.from + 1;
    const counts = histogram(this.plane, this.from, this.to, BINS);
    const highest = Math.sqrt(Math.max(...counts)) || 1;
    const points = [...counts].map((count, bin) => {
      const top = HEIGHT * (1 - (0.97 * Math.sqrt(count)) / highest);
      return `L${(bin / BINS) * WIDTH} ${top.toFixed(1)}H${((bin + 1) / BINS) * WIDTH}`;
    });
    this.bars.setAttribute("d", `M0 ${HEIGHT}${points.join("")}V${HEIGHT}Z`);
  }

  down(area, event) {
    if (!this.plane || event.button) return;
    const value = this.valueAt(area, event);
    this.held = Math.abs(value - this.low) < Math.abs(value - this.high) ? "low" : "high";
    area.setPointerCapture(event.pointerId);
    this.handles[this.held].focus({ preventScroll: true });
    event.preventDefault();
    this.move(this.held, value);
  }

  up() {
    this.held = null;
  }

  valueAt(area, event) {
    const box = area.getBoundingClientRect();
    return this.from + clamp((event.clientX - box.left) / box.width, 0, 1) * (this.to - this.from);
  }

  key(end, event) {
    const steps = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10 }[event.key];
    const value = { Home: this.from, End: this.to }[event.key] ?? this[end] + (steps * (this.to - this.from)) / 100;
    if (!this.plane || Number.isNaN(value)) return;
    event.preventDefault();
    this.move(end, clamp(value, this.from, this.to));
  }

  typed(end) {
    const value = this.fields[end].valueAsNumber;
    if (this.plane && Number.isFinite(value)) {
      this.move(end, value);
      this.span();
    }
    this.update();
  }

  /** Low stays below high. */
  move(end, value) {
    const gap = (this.to - this.from) / 1000;
    this[end] = end === "low" ? Math.min(value, this.high - gap) : Math.max(value, this.low + gap);
    this.apply();
  }

  full() {
    const { least, most } = range(this.plane);
    this.reset(least, most > least ? most : least + 1);
  }

  reset(low, high) {
    Object.assign(this, { low, high });
    this.span();
    this.apply();
  }

  apply() {
    this.update();
    if (this.plane) this.changed();
  }

  update() {
    const place = (value) => 100 * clamp((value - this.from) / (this.to - this.from), 0, 1);
    for (const end of ["low", "high"]) {
      const handle = this.handles[end];
      handle.style.left = `${place(this[end])}%`;
      handle.setAttribute("aria-valuemin", this.from);
      handle.setAttribute("aria-valuemax", this.to);
      handle.setAttribute("aria-valuenow", this[end]);
      handle.setAttribute("aria-valuetext", shown(this[end]));
      this.fields[end].value = Number(this[end].toPrecision(6));
    }
    const ramp = find("#ramp");
    ramp.style.left = `${place(this.low)}%`;
    ramp.style.right = `${100 - place(this.high)}%`;
    ramp.classList.toggle("inverted", this.inverted);
  }
}
