// Which part of an image is seen: the point in the middle of the stage, and how large a pixel is.

import { clamp } from "./plane.js";

const MARGIN = 0.97; // of the stage, which a whole image takes
const LARGEST = 64; // px of the page for one of the image

export class View {
  constructor() {
    Object.assign(this, { scale: 1, x: 0, y: 0, width: 1, height: 1, worldWidth: 1, worldHeight: 1, fitted: true });
  }

  /** The stage's size changed. */
  resize(width, height) {
    Object.assign(this, { width: Math.max(width, 1), height: Math.max(height, 1) });
    if (this.fitted) this.fit();
  }

  /** There is another image, of that size: seen as the last one was if that was as large. */
  show(worldWidth, worldHeight) {
    if (worldWidth === this.worldWidth && worldHeight === this.worldHeight) return;
    Object.assign(this, { worldWidth, worldHeight });
    this.fit();
  }

  /** How it is seen, to be seen so again by `restore`. */
  get state() {
    const { scale, x, y, worldWidth, worldHeight, fitted } = this;
    return { scale, x, y, worldWidth, worldHeight, fitted };
  }

  restore(state) {
    Object.assign(this, state);
    if (this.fitted) this.fit();
  }

  get fitting() {
    return Math.min(this.width / this.worldWidth, this.height / this.worldHeight) * MARGIN;
  }

  fit() {
    Object.assign(this, { scale: this.fitting, x: this.worldWidth / 2, y: this.worldHeight / 2, fitted: true });
  }

  /** By a ratio, around a point of the stage. */
  zoom(ratio, x = this.width / 2, y = this.height / 2) {
    const [worldX, worldY] = this.toWorld(x, y);
    const smallest = Math.min(this.fitting, 1) / 2;
    this.scale = clamp(this.scale * ratio, smallest, Math.max(LARGEST, this.fitting));
    this.x = worldX - (x - this.width / 2) / this.scale;
    this.y = worldY - (y - this.height / 2) / this.scale;
    this.moved();
  }

  /** By so many px of the page. */
  pan(x, y) {
    this.x -= x / this.scale;
    this.y -= y / this.scale;
    this.moved();
  }

  moved() {
    this.fitted = false;
    this.x = clamp(this.x, 0, this.worldWidth);
    this.y = clamp(this.y, 0, this.worldHeight);
  }

  toWorld(x, y) {
    return [this.x + (x - this.width / 2) / this.scale, this.y + (y - this.height / 2) / this.scale];
  }

  toStage(x, y) {
    return [this.width / 2 + (x - this.x) * this.scale, this.height / 2 + (y - this.y) * this.scale];
  }
}
