// The live tab: results of the server's watched folder, as they come.

import { events } from "./api.js";
import { element, find, say } from "./dom.js";
import { forget } from "./loaded.js";
import { Row } from "./row.js";

const MOST = 12; // that are listed
const LONGEST = 30; // s between tries to reach the server

export class Live {
  /** `show(result, reach)` has a result seen, gone to if `reach`; `active()`: whether the tab is open. */
  constructor({ show, active }) {
    Object.assign(this, { show, active, entries: [], seen: null, missed: 0 });
    this.list = find("#strip");
    find("#follow").addEventListener("change", () => this.newest());
  }

  /** Listen, for as long as the page is open. */
  async start() {
    for (let pause = 1; ; pause = Math.min(2 * pause, LONGEST)) {
      try {
        for await (const event of events("api/live")) {
          pause = 1;
          this.take(event);
        }
        this.tell("The server has ended the connection; tried again");
      } catch (error) {
        this.tell(`No connection: ${error.message}; tried again`);
        if (error.status === 404) return;
      }
      await new Promise((resolve) => setTimeout(resolve, 1000 * pause));
      this.tell("Waits for scans in the watched folder");
    }
  }

  tell(sentence) {
    find("#live-told").textContent = sentence;
  }

  take(event) {
    if (this.entries.some(({ result }) => result && result.id === event.id)) return; // told again after a break
    const entry = event.error ? this.failed(event.error) : this.done(event);
    this.entries.unshift(entry);
    this.list.prepend(entry.row.element);
    for (const old of this.entries.splice(MOST)) {
      old.row.element.remove();
      if (old.result) forget(old.result);
    }
    this.tell(`Last: ${new Date().toLocaleTimeString("en-GB")}`);
    say(event.error ? `Failed: ${event.error}` : `${event.name} has come`);
    this.missed = this.active() ? 0 : this.missed + 1;
    this.count();
    if (this.active()) this.newest();
  }

  done(result) {
    const entry = { result, row: new Row(result.name, () => this.pick(entry)) };
    entry.row.set("done", `${new Date().toLocaleTimeString("en-GB")} · factor ${result.factor}`);
    return entry;
  }

  failed(sentence) {
    const row = new Row("A scan", () => {});
    row.set("failed", `Failed: ${sentence}`);
    return { result: null, row };
  }

  pick(entry) {
    find("#follow").checked = false;
    this.show(entry.result, true);
  }

  /** Show the newest one, if that is wanted. */
  newest() {
    const entry = this.entries.find(({ result }) => result);
    if (find("#follow").checked && entry) this.show(entry.result);
  }

  /** The tab is opened: what was seen in it, or the newest. */
  open() {
    this.missed = 0;
    this.count();
    if (this.seen && !find("#follow").checked) this.show(this.seen);
    else this.newest();
  }

  count() {
    find("#live-count").replaceChildren(
      ...(this.missed ? [element("span", { class: "badge" }, String(this.missed)), unseen(" new")] : []),
    );
  }

  mark(result, plane) {
    const here = this.entries.some((entry) => entry.result === result);
    if (here) this.seen = result;
    for (const { result: each, row } of this.entries) {
      row.mark(each === result);
      if (each === result) row.draw(plane);
    }
  }
}

function unseen(text) {
  return element("span", { class: "unseen" }, text);
}
