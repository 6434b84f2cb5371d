// Draws a plane, of any size, at any zoom: in tiles, each painted when it is first seen in the colours of now, and from
// means of pixels where several fall on one of the screen.

import { clamp } from "./plane.js";
import { paint } from "./palette.js";

const TILE = 512; // px
const MOST_TILES = 96; // kept, of 1 MB each

export class Picture {
  /** A pixel is `unit` units wide where it is drawn, and the first begins at (x, y); `sharp`: pixels stay squares. */
  constructor(plane, { unit = 1, x = 0, y = 0, sharp = false } = {}) {
    Object.assign(this, { plane, unit, x, y, sharp });
    this.tiles = new Map();
    this.version = 0;
  }

  /** The value drawn at a point. */
  at(x, y) {
    return this.plane.nearest((x - this.x) / this.unit, (y - this.y) / this.unit);
  }

  /** Values from `low` to `high` get those 256 colours. */
  colour(low, high, colours) {
    Object.assign(this, { low, high, colours });
    this.version++;
  }

  /** Draw what `view` shows of it; `ratio`: of the screen's pixels to those of the page. */
  draw(context, view, ratio) {
    if (!this.colours) return;
    const scale = view.scale * ratio * this.unit; // pixels of the screen that one of the plane takes
    const level = Math.max(0, Math.floor(Math.log2(1 / scale)));
    const plane = this.plane.level(level);
    const step = 2 ** level * this.unit;
    const [left, top] = view.toWorld(0, 0);
    const [right, bottom] = view.toWorld(view.width, view.height);
    const last = { column: Math.ceil(plane.width / TILE) - 1, row: Math.ceil(plane.height / TILE) - 1 };
    const tileAt = (place, most) => clamp(Math.floor(place / step / TILE), 0, most);
    const [first, end] = [tileAt(left - this.x, last.column), tileAt(right - this.x, last.column)];
    context.imageSmoothingEnabled = scale < (this.sharp ? 1 : 3);
    for (let row = tileAt(top - this.y, last.row); row <= tileAt(bottom - this.y, last.row); row++) {
      for (let column = first; column <= end; column++) {
        this.place(context, view, ratio, { plane, level, step, column, row });
      }
    }
  }

  place(context, view, ratio, { plane, level, step, column, row }) {
    const tile = this.tile(plane, level, column, row);
    // Edges at whole pixels of the screen: neighbours meet.
    const across = (place) => Math.round(view.toStage(this.x + place * step, 0)[0] * ratio);
    const down = (place) => Math.round(view.toStage(0, this.y + place * step)[1] * ratio);
    const [x, y] = [across(column * TILE), down(row * TILE)];
    const [width, height] = [across(column * TILE + tile.width) - x, down(row * TILE + tile.height) - y];
    context.drawImage(tile, x, y, width, height);
  }

  tile(plane, level, column, row) {
    const name = `${level},${column},${row}`;
    let tile = this.tiles.get(name);
    if (tile?.version !== this.version) {
      tile = this.painted(tile, plane, column * TILE, row * TILE);
    }
    this.tiles.delete(name);
    this.tiles.set(name, tile); // the last used is the last to go
    if (this.tiles.size > MOST_TILES) this.tiles.delete(this.tiles.keys().next().value);
    return tile.canvas;
  }

  painted(tile, plane, left, top) {
    const width = Math.min(TILE, plane.width - left);
    const height = Math.min(TILE, plane.height - top);
    const canvas = tile?.canvas || Object.assign(document.createElement("canvas"), { width, height });
    const context = canvas.getContext("2d");
    const image = new ImageData(width, height);
    const pixels = new Uint32Array(image.data.buffer);
    for (let row = 0; row < height; row++) {
      const line = pixels.subarray(row * width, (row + 1) * width);
      paint(line, plane.values, (top + row) * plane.width + left, width, this.low, this.high, this.colours);
    }
    context.putImageData(image, 0, 0);
    return { canvas, version: this.version };
  }
}
