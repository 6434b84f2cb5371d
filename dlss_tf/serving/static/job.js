// One file on its way: sent, waiting, worked on, done or failed; may be cancelled.

import { answered, events, send } from "./api.js";
import { bytes, duration } from "./units.js";

const TRIES = 8; // while the server is busy
const CHANGED = "expected the file as it was chosen, found that it was changed or is gone; choose it again";

export class Job {
  /** `asked`: the options; `changed(job)` is called when its state is another one. */
  constructor(file, asked, changed) {
    Object.assign(this, { file, asked, changed, name: file.name, result: null, began: null });
    this.set("waiting", "Waits");
  }

  get over() {
    return ["done", "failed", "cancelled"].includes(this.state);
  }

  /** `share` of it that is done, from 0 to 1, or null. */
  set(state, told, share = null) {
    Object.assign(this, { state, told, share });
    this.changed(this);
  }

  /** Ends when it is done, failed or cancelled. `info`: what the server reads. */
  async run(info) {
    this.stop = new AbortController();
    this.began = performance.now();
    try {
      check(this.file, info);
      this.result = { ...(await this.answer()), name: this.name, asked: this.asked };
      this.set("done", `Done in ${this.elapsed}`);
    } catch (error) {
      if (error.name === "AbortError") this.set("cancelled", "Cancelled");
      else this.set("failed", (await readable(this.file)) ? error.message.replace(`${this.name}: `, "") : CHANGED);
    } finally {
      this.stop.abort(); // of what is still listened to
    }
  }

  get elapsed() {
    const seconds = (performance.now() - this.began) / 1000;
    return seconds < 10 ? `${seconds.toFixed(1)} s` : duration(seconds);
  }

  cancel() {
    if (this.state === "waiting") this.set("cancelled", "Cancelled");
    else this.stop?.abort();
  }

  /** Let the server forget the result. */
  forget() {
    if (!this.result) return;
    answered(`api/results/${encodeURIComponent(this.result.id)}`, { method: "DELETE" }).catch(() => {}); // it is gone
  }

  async answer() {
    for (let tries = 1; ; tries++) {
      try {
        return await this.sent();
      } catch (error) {
        if (!error.after || tries === TRIES) throw error;
        await this.pause(Math.min(Math.ceil(error.after), 60), error.message);
      }
    }
  }

  async sent() {
    const job = name();
    const query = new URLSearchParams({ ...this.asked, name: this.name, job });
    const watching = new AbortController();
    this.stop.signal.addEventListener("abort", () => watching.abort());
    this.set("sending", "Sent: 0 %", 0);
    this.watch(job, watching.signal);
    try {
      return await send(`api/results?${query}`, this.file, (share) => this.onSent(share), this.stop.signal);
    } finally {
      watching.abort();
    }
  }

  onSent(share) {
    if (this.state !== "sending") return;
    if (share < 1) this.set("sending", `Sent: ${Math.floor(100 * share)} %`, share);
    else this.set("queued", "Is read");
  }

  async watch(job, signal) {
    try {
      for await (const event of events(`api/progress/${job}`, signal)) {
        if (signal.aborted || this.state === "sending") continue;
        if ("of" in event) this.set("working", `Pass ${event.done} of ${event.of}`, event.done / event.of);
        else if (event.waiting) this.set("queued", waits(event.waiting - 1));
      }
    } catch {
      // it is worked on all the same
    }
  }

  /** Until a busy server may be asked again. */
  async pause(seconds, sentence) {
    for (let left = seconds; left > 0; left--) {
      this.set("queued", `${sentence}; again in ${left} s`);
      await new Promise((resolve) => setTimeout(resolve, 1000));
      if (this.stop.signal.aborted) throw new DOMException("cancelled", "AbortError");
    }
  }
}

// Here, for the server's answer to what it does not take may not come through before all is sent.
function check({ name: called, size }, { limits, formats }) {
  if (size > limits.bytes) {
    throw new Error(`${called}: expected at most ${bytes(limits.bytes)}, found ${bytes(size)}`);
  }
  if (!size) throw new Error(`${called}: expected a file, found an empty one, or a folder`);
  if (!formats.read.some((suffix) => called.toLowerCase().endsWith(suffix))) {
    throw new Error(`${called}: expected a suffix out of ${formats.read.join(", ")}`);
  }
}

// Browsers do not read files that were changed since they were chosen.
async function readable(file) {
  try {
    await file.slice(0, 1).arrayBuffer();
    return true;
  } catch {
    return false;
  }
}

function waits(others) {
  return others ? `Waits, with ${others} other${others > 1 ? "s" : ""}` : "Waits for the generator";
}

// `crypto.randomUUID` is not there over plain HTTP.
function name() {
  return Array.from(crypto.getRandomValues(new Uint8Array(12)), (each) => each.toString(16).padStart(2, "0")).join("");
}
