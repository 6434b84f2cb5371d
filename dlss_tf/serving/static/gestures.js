// Moves and zooms a view: mouse, wheel, fingers, keys. A drag may belong to a tool, such as one that draws a line.

const STEP = 1.25; // of a key or button
const KEYS = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
const PAN = 40; // px that an arrow key moves

export class Gestures {
  /** `changed()` is called when the view is; `tool()` gives what drags belong to, or null. */
  constructor(canvas, view, { changed, tool, hover }) {
    Object.assign(this, { canvas, view, changed, tool, hover, pointers: new Map(), held: null });
    const listen = (name, listener) => canvas.addEventListener(name, listener.bind(this), { passive: false });
    listen("pointerdown", this.down);
    listen("pointermove", this.move);
    listen("pointerup", this.up);
    listen("pointercancel", this.up);
    listen("pointerleave", () => hover(null));
    listen("wheel", this.wheel);
    listen("dblclick", () => this.change(() => view.fit()));
    listen("keydown", this.key);
  }

  larger() {
    this.change(() => this.view.zoom(STEP));
  }

  smaller() {
    this.change(() => this.view.zoom(1 / STEP));
  }

  change(how) {
    how();
    this.changed();
  }

  place(event) {
    const box = this.canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  down(event) {
    if (event.button > 1) return;
    const place = this.place(event);
    try {
      this.canvas.setPointerCapture(event.pointerId);
    } catch {
      // the pointer is gone already
    }
    this.pointers.set(event.pointerId, place);
    if (this.pointers.size > 1) {
      this.held?.cancel();
      this.held = null;
    } else if (event.button === 0 && this.tool()?.down(this.view.toWorld(...place), 12 / this.view.scale)) {
      this.held = this.tool();
    }
  }

  move(event) {
    const place = this.place(event);
    const before = this.pointers.get(event.pointerId);
    if (!before) {
      this.hover(this.view.toWorld(...place));
      return;
    }
    if (this.held) this.held.move(this.view.toWorld(...place));
    else if (this.pointers.size === 1) this.change(() => this.view.pan(place[0] - before[0], place[1] - before[1]));
    else this.pinch(event.pointerId, before, place);
    this.pointers.set(event.pointerId, place);
    this.hover(this.view.toWorld(...place));
  }

  pinch(id, before, place) {
    const [, other] = [...this.pointers].find(([each]) => each !== id);
    const distance = ([x, y]) => Math.hypot(x - other[0], y - other[1]) || 1;
    const middle = (axis) => (place[axis] + other[axis]) / 2;
    this.change(() => {
      this.view.pan((place[0] - before[0]) / 2, (place[1] - before[1]) / 2);
      this.view.zoom(distance(place) / distance(before), middle(0), middle(1));
    });
  }

  up(event) {
    this.pointers.delete(event.pointerId);
    this.held?.up();
    this.held = null;
  }

  wheel(event) {
    event.preventDefault();
    const pixels = event.deltaY * [1, 30, 300][event.deltaMode];
    const speed = event.ctrlKey ? 0.01 : 0.0018; // with Ctrl: two fingers on a touchpad
    this.change(() => this.view.zoom(Math.exp(-pixels * speed), ...this.place(event)));
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key in KEYS) {
      const [x, y] = KEYS[event.key];
      const far = event.shiftKey ? 4 : 1;
      this.change(() => this.view.pan(x * PAN * far, y * PAN * far));
    } else if (event.key === "+" || event.key === "=") this.larger();
    else if (event.key === "-" || event.key === "_") this.smaller();
    else if (event.key === "0") this.change(() => this.view.fit());
    else return;
    event.preventDefault();
  }
}
