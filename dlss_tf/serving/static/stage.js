// The stage: the canvas on which scan and image lie, one left and one right of the divider, with what lies over them.

import { Divider } from "./divider.js";
import { find } from "./dom.js";
import { Gestures } from "./gestures.js";
import { roundAtMost, shown } from "./units.js";
import { View } from "./view.js";

const BAR = 0.22; // of the stage's width, which the scale bar takes at most

export class Stage {
  /** `hover(place)` is told the point under the mouse, or null; `marks` draws over all and may own drags. */
  constructor(root, hover) {
    this.root = root;
    this.canvas = find("canvas", root);
    this.context = this.canvas.getContext("2d");
    this.view = new View();
    this.scene = null;
    this.marks = null;
    this.states = {}; // of the view, for each kind of scene
    this.divider = new Divider(find("#divider"), () => this.request());
    this.gestures = new Gestures(this.canvas, this.view, {
      changed: () => this.request(),
      tool: () => (this.scene && this.marks?.active ? this.marks : null),
      hover: (place) => this.scene && hover(place),
    });
    new ResizeObserver(() => this.resize()).observe(root);
    this.resize();
  }

  /**
   * Show {width, height, left, right, over, pixel, limit}: pictures in units of the image's pixels, `over` one that
   * lies over both or null, `pixel` what one measures, `limit` the side of a square in the middle to be outlined.
   */
  show(scene) {
    const kind = (each) => (each?.limit ? "transform" : "image");
    if (kind(scene) !== kind(this.scene)) {
      this.states[kind(this.scene)] = this.view.state;
      this.view.restore(this.states[kind(scene)] || {});
    }
    this.scene = scene;
    this.view.show(scene.width, scene.height);
    this.request();
  }

  clear() {
    this.scene = null;
    this.request();
  }

  resize() {
    const box = this.root.getBoundingClientRect();
    this.ratio = window.devicePixelRatio || 1;
    const [width, height] = [box.width, box.height].map((side) => Math.max(1, Math.round(side * this.ratio)));
    Object.assign(this.canvas, { width, height });
    this.view.resize(width / this.ratio, height / this.ratio);
    this.draw(); // now: a canvas is empty after its size was set
  }

  /** Draw before the screen is painted next. */
  request() {
    this.requested ??= requestAnimationFrame(() => this.draw());
  }

  draw() {
    cancelAnimationFrame(this.requested);
    this.requested = undefined;
    const { context, canvas, scene, view, ratio } = this;
    context.clearRect(0, 0, canvas.width, canvas.height);
    if (!scene) return;
    const border = Math.round(this.divider.share * canvas.width);
    this.within(0, border, () => {
      if (scene.limit) this.hatch();
      scene.left.draw(context, view, ratio);
    });
    this.within(border, canvas.width, () => {
      scene.right.draw(context, view, ratio);
      if (scene.over) this.drawOver(scene);
    });
    if (scene.limit) this.outline(scene.limit);
    this.marks?.draw(context, (x, y) => view.toStage(x, y).map((place) => place * ratio), ratio);
    this.label();
  }

  within(left, right, draw) {
    const { context, view, ratio, scene, canvas } = this;
    if (right <= left) return;
    const [x, y] = view.toStage(0, 0).map((place) => Math.round(place * ratio));
    const [endX, endY] = view.toStage(scene.width, scene.height).map((place) => Math.round(place * ratio));
    context.save();
    context.beginPath();
    context.rect(left, 0, right - left, canvas.height);
    context.clip();
    context.beginPath();
    context.rect(x, y, endX - x, endY - y);
    context.clip();
    draw();
    context.restore();
  }

  drawOver(scene) {
    this.context.globalAlpha = scene.opacity;
    scene.over.draw(this.context, this.view, this.ratio);
    this.context.globalAlpha = 1;
  }

  /** Stripes where a transform does not reach. */
  hatch() {
    const { context, canvas, ratio } = this;
    context.fillStyle = "#3a4047";
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.strokeStyle = "#4b535c";
    context.lineWidth = ratio;
    context.beginPath();
    for (let x = -canvas.height; x < canvas.width; x += 8 * ratio) {
      context.moveTo(x, 0);
      context.lineTo(x + canvas.height, canvas.height);
    }
    context.stroke();
  }

  outline(side) {
    const { context, view, ratio, scene } = this;
    const [x, y] = view.toStage((scene.width + 1 - side) / 2, (scene.height + 1 - side) / 2).map((at) => at * ratio);
    const length = side * view.scale * ratio;
    context.save();
    context.lineWidth = 1.5 * ratio;
    for (const [colour, offset] of [["#000", 0], ["#fff", 5]]) {
      context.strokeStyle = colour;
      context.setLineDash([5 * ratio, 5 * ratio]);
      context.lineDashOffset = offset * ratio;
      context.strokeRect(x, y, length, length);
    }
    context.restore();
  }

  /** The scale bar, how large it is seen, and which side is which. */
  label() {
    const { scene, view } = this;
    const length = roundAtMost((view.width * BAR * scene.pixel.x) / view.scale);
    find("#scale-bar").style.width = `${(length / scene.pixel.x) * view.scale}px`;
    find("#scale-text").textContent = `${shown(length)} ${scene.pixel.units}`;
    find("#zoom").textContent = `${shown(100 * view.scale, view.scale < 1 ? 2 : 3)} %`;
    find("#side-scan").hidden = this.divider.share < 0.12;
    find("#side-image").hidden = this.divider.share > 0.88;
  }
}
