// The border between scan and image: a slider over the stage, moved by mouse, finger or keys.

import { clamp } from "./plane.js";

const STEPS = { ArrowLeft: -2, ArrowDown: -2, ArrowRight: 2, ArrowUp: 2, PageDown: -10, PageUp: 10 };
const KEYS = { ...STEPS, Home: -100, End: 100 }; // percent

export class Divider {
  constructor(handle, changed) {
    Object.assign(this, { handle, changed, share: 0.5, held: false });
    handle.addEventListener("pointerdown", (event) => this.down(event));
    handle.addEventListener("pointermove", (event) => this.held && this.follow(event));
    handle.addEventListener("pointerup", () => (this.held = false));
    handle.addEventListener("pointercancel", () => (this.held = false));
    handle.addEventListener("keydown", (event) => this.key(event));
    this.set(0.5);
  }

  /** As a share of the stage's width, from the left. */
  set(share) {
    this.share = clamp(share, 0, 1);
    const percent = Math.round(100 * this.share);
    this.handle.style.left = `${100 * this.share}%`;
    this.handle.setAttribute("aria-valuenow", percent);
    this.handle.setAttribute("aria-valuetext", `scan ${percent} %, image ${100 - percent} %`);
    this.changed(this.share);
  }

  down(event) {
    if (event.button) return;
    this.held = true;
    this.handle.setPointerCapture(event.pointerId);
    this.handle.focus({ preventScroll: true });
    event.preventDefault();
  }

  follow(event) {
    const box = this.handle.parentElement.getBoundingClientRect();
    this.set((event.clientX - box.left) / box.width);
  }

  key(event) {
    if (!(event.key in KEYS) || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    this.set(this.share + KEYS[event.key] / 100);
  }
}
