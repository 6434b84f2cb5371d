// The viewer: loads a result, and has stage, contrast, overlay, profile and transform show it.

import { Contrast } from "./contrast.js";
import { find, say } from "./dom.js";
import { logPower, sideOf } from "./fourier.js";
import { load } from "./loaded.js";
import { Overlay } from "./overlay.js";
import { grey } from "./palette.js";
import { Picture } from "./picture.js";
import { Profile } from "./profile.js";
import { Stage } from "./stage.js";
import { range } from "./statistics.js";
import { frequencyOf, pixelOf, shown } from "./units.js";

export class Viewer {
  /** `loaded(result, image)` is called with a result that is seen from now on, and its image's plane. */
  constructor(loaded) {
    Object.assign(this, { loaded, result: null, mode: "image", frame: 0, limits: {}, wanted: null });
    this.empty = find("#message p").textContent;
    this.stage = new Stage(find("#stage"), (place) => this.read(place));
    this.contrast = new Contrast(find("#contrast"), () => this.paint());
    this.overlay = new Overlay(find("#overlay"), { chosen: () => this.lay(), changed: () => this.lay() });
    this.profile = new Profile(find("#profile-button"), () => this.stage.request());
    this.stage.marks = this.profile;
    const { gestures } = this.stage;
    find("#larger").addEventListener("click", () => gestures.larger());
    find("#smaller").addEventListener("click", () => gestures.smaller());
    find("#fit").addEventListener("click", () => gestures.change(() => this.stage.view.fit()));
    for (const radio of document.querySelectorAll("input[name=mode]")) {
      radio.addEventListener("change", () => this.look(radio.value));
    }
    find("#frame").addEventListener("input", (event) => this.choose(event.target.valueAsNumber - 1));
  }

  /** Load a result and show it, unless another one is asked for meanwhile; `reach`: go to where it is seen. */
  async show(result, reach = !this.result) {
    if (reach) this.reach();
    if (this.wanted === result) return;
    this.wanted = result;
    this.busy(true);
    try {
      const [scans, images] = await Promise.all([load(result, "scan"), load(result, "image")]);
      if (this.wanted !== result) return;
      this.take(result, scans, images);
      say(`${result.name}: image of ${images[0].width} by ${images[0].height} px shown`);
    } catch (error) {
      if (this.wanted === result) this.fail(`${result.name}: ${error.message}`);
    } finally {
      if (this.wanted === result) this.busy(false);
    }
  }

  /** Show nothing, as in the beginning. */
  clear() {
    Object.assign(this, { result: null, wanted: null, scene: null });
    this.profile.take(null);
    this.stage.clear();
    for (const part of document.querySelectorAll(".with-result")) part.hidden = true;
    find("#stage").classList.remove("filled");
    this.message(this.empty);
  }

  busy(is) {
    find("#stage").setAttribute("aria-busy", String(is));
    find("#loading").hidden = !is;
  }

  fail(sentence) {
    this.wanted = null;
    this.busy(false);
    this.message(sentence);
    find("#message").classList.add("failed");
    say(sentence);
  }

  /** A sentence in place of an image; null takes it away. */
  message(sentence) {
    const box = find("#message");
    box.classList.remove("failed");
    box.hidden = sentence === null;
    if (sentence !== null) find("p", box).textContent = sentence;
  }

  take(result, scans, images) {
    Object.assign(this, { result, scans, images, frame: 0, limits: {}, transforms: new Map() });
    this.pixel = pixelOf(result.images.image);
    this.message(null);
    for (const part of document.querySelectorAll(".with-result")) part.hidden = false;
    find("#stage").classList.add("filled");
    const frames = find("#frames");
    frames.hidden = images.length < 2;
    Object.assign(find("#frame"), { max: images.length, value: 1 });
    this.overlay.offer(result);
    this.update();
    this.loaded(result, images[0]);
  }

  /** In a narrow window the image is below all that is chosen: go there. */
  reach() {
    const { top } = find("#stage").getBoundingClientRect();
    if (top > innerHeight / 2) find("#viewer").scrollIntoView();
  }

  /** Show the images themselves, or their transforms. */
  look(mode) {
    this.mode = mode;
    if (this.result) this.update();
  }

  choose(frame) {
    if (!(frame >= 0 && frame < this.images.length)) return;
    this.frame = frame;
    this.update();
  }

  update() {
    const fourier = this.mode === "fourier";
    this.scene = fourier ? this.transformed() : this.seen();
    find("#frame-text").textContent = `${this.frame + 1} of ${this.images.length}`;
    find("#overlay").classList.toggle("set-aside", fourier);
    find("#contrast-of").textContent = fourier ? "log₁₀ of the power density" : "intensity";
    find("#readout").textContent = "";
    this.contrast.show(this.scene.right.plane, this.autoLimits(), this.limits[this.mode]);
    this.profile.take(fourier ? null : this.profiled());
    this.paint();
    this.stage.show(this.scene);
    if (!fourier) this.lay();
  }

  /** The image's; of transforms those of both, for there the scan has what is bright. */
  autoLimits() {
    const { left, right, limit } = this.scene;
    const [{ low, high }, scan] = [range(right.plane), range(left.plane)];
    return { low, high: limit ? Math.max(high, scan.high) : high };
  }

  /** Each pixel beside its nearest sample: a sample is where every factor-th pixel is, from the first. */
  seen() {
    const [scan, image, { factor }] = [this.scans[this.frame], this.images[this.frame], this.result];
    const start = (1 - factor) / 2;
    const left = new Picture(scan.extended(), { unit: factor, x: start, y: start, sharp: true });
    const { width, height } = image;
    return { width, height, left, right: new Picture(image), over: null, opacity: 1, pixel: this.pixel };
  }

  profiled() {
    return { ...this.scene, name: this.result.name.replace(/\.[^.]*$/, "") };
  }

  /** Both transforms at one scale of spatial frequencies: the scan's ends at its Nyquist limit. */
  transformed() {
    if (!this.transforms.has(this.frame)) this.transforms.set(this.frame, this.transform());
    return this.transforms.get(this.frame);
  }

  transform() {
    const [scan, image, { factor }] = [this.scans[this.frame], this.images[this.frame], this.result];
    const [side, scanSide] = [sideOf(image), sideOf(scan)];
    const unit = side / (scanSide * factor); // steps of the image's frequencies in one of the scan's
    const corner = (side + 1 - (scanSide + 1) * unit) / 2; // zero is in the middle of a pixel of both
    const left = new Picture(logPower(scan, factor ** 2), { unit, x: corner, y: corner, sharp: true });
    const right = new Picture(logPower(image), {});
    const pixel = frequencyOf(this.pixel, side, side);
    return { width: side, height: side, left, right, over: null, opacity: 1, pixel, limit: side / factor };
  }

  paint() {
    const { low, high, inverted } = this.contrast;
    this.limits[this.mode] = { low, high };
    const colours = grey(inverted);
    this.scene.left.colour(low, high, colours);
    this.scene.right.colour(low, high, colours);
    this.stage.request();
  }

  /** The overlay that is chosen, over the image. */
  async lay() {
    const { overlay, scene, result, frame } = this;
    const { what } = overlay;
    try {
      if (scene.limit) return;
      if (what === "none") scene.over = null;
      else if (scene.over?.what !== what) {
        const plane = (await load(result, what))[frame];
        if (overlay.what !== what || this.scene !== scene) return;
        overlay.measure(plane);
        scene.over = Object.assign(new Picture(plane), { what });
      }
      scene.over?.colour(0, overlay.top, overlay.colours);
      scene.opacity = overlay.opacity;
      this.stage.request();
    } catch (error) {
      overlay.refuse(error.message);
      say(error.message);
    }
  }

  /** Say where the mouse is, and what is there. */
  read(place) {
    find("#readout").textContent = place ? this.told(...place) : "";
  }

  told(x, y) {
    const { scene, pixel } = this;
    if (x < 0 || y < 0 || x >= scene.width || y >= scene.height) return "";
    if (scene.limit) {
      const half = scene.width / 2 + 0.5;
      const frequency = Math.hypot((x - half) * scene.pixel.x, (y - half) * scene.pixel.y);
      const period = frequency ? ` · period ${shown(1 / frequency)} ${pixel.units}` : "";
      const farther = Math.max(Math.abs(x - half), Math.abs(y - half)) > scene.limit / 2;
      const beyond = farther ? " · beyond the scan's limit" : "";
      return `${shown(frequency)} ${scene.pixel.units}${period}${beyond}`;
    }
    const parts = [`x ${shown(x * pixel.x)}, y ${shown(y * pixel.y)} ${pixel.units}`];
    parts.push(`scan ${shown(scene.left.at(x, y))}`, `image ${shown(scene.right.at(x, y))}`);
    if (scene.over) parts.push(`${scene.over.what} ${shown(scene.over.at(x, y), 3)}`);
    return parts.join(" · ");
  }
}
