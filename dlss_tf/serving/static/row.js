// A result, or one to come, in a list: its picture, name and state, and buttons.

import { element } from "./dom.js";
import { thumbnail } from "./thumbnail.js";

export class Row {
  /** `pick()` is called when it is chosen; `buttons` are {label, sign, press}, of which some may be hidden. */
  constructor(name, pick, buttons = []) {
    this.picture = element("canvas", { class: "thumb", width: 1, height: 1, "aria-hidden": "true" });
    this.name = element("span", { class: "name", title: name }, name);
    this.told = element("span", { class: "told" });
    const words = element("span", { class: "words" }, this.name, this.told);
    this.pick = element("button", { type: "button", class: "pick", on: { click: pick } }, this.picture, words);
    this.buttons = buttons.map(({ label, sign, press }) => {
      const named = { "aria-label": label, title: label };
      return element("button", { type: "button", class: "icon", ...named, on: { click: press } }, sign);
    });
    this.bar = element("progress", { max: 1, "aria-label": `Progress of ${name}` });
    this.element = element("li", { class: "row" }, this.pick, ...this.buttons, this.bar);
  }

  /** Its state as a word and a sentence; `share` done: a number, null if not known, undefined if nothing goes on. */
  set(state, told, share) {
    this.element.dataset.state = state;
    this.told.textContent = told;
    this.pick.disabled = state !== "done";
    this.bar.hidden = share === undefined;
    if (share == null) this.bar.removeAttribute("value");
    else this.bar.value = share;
  }

  /** Whether it is what is seen. */
  mark(is) {
    if (is) this.pick.setAttribute("aria-current", "true");
    else this.pick.removeAttribute("aria-current");
  }

  draw(plane) {
    thumbnail(this.picture, plane);
  }
}
