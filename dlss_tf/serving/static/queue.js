// The files that were given: a list of them, done one after another, each of which may be removed or done again.

import { find, say } from "./dom.js";
import { Job } from "./job.js";
import { forget } from "./loaded.js";
import { Row } from "./row.js";

export class Queue {
  /**
   * `options()` gives what is asked for, `info()` what the server is, `show(result, reach)` has a result seen, gone to
   * if `reach`, and `gone()` is called when what is seen is removed.
   */
  constructor({ options, info, show, gone }) {
    Object.assign(this, { options, info, show, gone, entries: [], running: null, follow: true, seen: null });
    this.list = find("#queue");
    setInterval(() => this.running && this.tell(this.running), 1000);
    find("#clear").addEventListener("click", () => this.clear());
  }

  /** Have files done, too. */
  add(files) {
    this.follow = true;
    for (const file of files) this.entries.push(this.entry(file));
    this.list.append(...this.entries.map(({ row }) => row.element));
    this.update();
    this.next();
  }

  entry(file) {
    const entry = { file };
    entry.row = new Row(file.name, () => this.pick(entry), [
      { label: `Do ${file.name} again with the options as they are now`, sign: "↻", press: () => this.again(entry) },
      { label: `Remove ${file.name}`, sign: "×", press: () => this.remove(entry) },
    ]);
    entry.job = new Job(file, this.options(), (job) => this.changed(entry, job));
    return entry;
  }

  async next() {
    if (this.running) return;
    this.running = this.entries.find(({ job }) => job.state === "waiting") || null;
    if (!this.running) return;
    const { job } = this.running;
    await job.run(this.info());
    const entry = this.running;
    this.running = null;
    if (entry.job === job) this.ended(entry);
    else job.forget(); // it was begun again, or removed
    this.next();
  }

  ended(entry) {
    const { job, row } = entry;
    this.tell(entry);
    if (job.state === "done") {
      say(`${job.name} is done`);
      if (this.follow || !this.seen) this.show(job.result);
    } else if (job.state === "failed") say(`${job.name} failed: ${job.told}`);
    row.buttons[0].hidden = false;
  }

  changed(entry, job) {
    if (entry.job && entry.job !== job) return;
    entry.job = job;
    this.tell(entry);
  }

  tell({ job, row }) {
    const running = !job.over && job.state !== "waiting";
    const told = job.state === "failed" ? `Failed: ${job.told}` : job.told;
    row.set(job.state, running ? `${told} · ${job.elapsed}` : told, running ? job.share : undefined);
    row.buttons[0].hidden = !job.over;
    const label = `${running ? "Cancel" : "Remove"} ${job.name}`;
    row.buttons[1].setAttribute("aria-label", label);
    row.buttons[1].title = label;
  }

  pick(entry) {
    this.follow = false;
    this.show(entry.job.result, true);
  }

  again(entry) {
    this.release(entry);
    this.follow = true;
    entry.job = null;
    entry.job = new Job(entry.file, this.options(), (job) => this.changed(entry, job));
    this.next();
  }

  /** What runs is cancelled first, and stays in the list to be done again. */
  remove(entry) {
    if (!entry.job.over && entry.job.state !== "waiting") {
      entry.job.cancel();
      return;
    }
    const place = this.entries.indexOf(entry);
    entry.job.cancel();
    this.release(entry);
    this.entries.splice(place, 1);
    entry.row.element.remove();
    this.update();
    const next = this.entries[Math.min(place, this.entries.length - 1)];
    (next ? next.row.buttons[1] : find("#file")).focus();
    say(`${entry.job.name} is removed`);
    this.leave();
  }

  release({ job }) {
    job.forget();
    if (job.result) forget(job.result);
  }

  /** What is seen is not in the list any more: another one is seen, or none. */
  leave() {
    if (!this.seen || this.entries.some(({ job }) => job.result === this.seen)) return;
    this.seen = null;
    const other = this.entries.find(({ job }) => job.state === "done");
    if (other) this.show(other.job.result);
    else this.gone();
  }

  clear() {
    const over = this.entries.filter(({ job }) => job.over);
    for (const entry of over) {
      this.release(entry);
      entry.row.element.remove();
    }
    this.entries = this.entries.filter((entry) => !over.includes(entry));
    this.update();
    find("#file").focus();
    this.leave();
  }

  update() {
    find("#clear").hidden = this.entries.length < 2;
    find("#queue-title").hidden = !this.entries.length;
  }

  /** A result is seen now, whose image is that. */
  mark(result, plane) {
    this.seen = result;
    for (const { job, row } of this.entries) {
      row.mark(job.result === result);
      if (job.result === result) row.draw(plane);
    }
  }
}
