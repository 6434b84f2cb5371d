// The form that says what is to be done with scans: factor and options, as far as the generator has them.

import { element, find } from "./dom.js";

const SWITCHES = ["uncertainty", "ensemble", "refine", "keep_known", "keep_outliers"];
const FACTOR = 5; // to begin with

export class Options {
  constructor() {
    this.form = find("#options");
    this.form.addEventListener("submit", (event) => event.preventDefault());
    const [uncertainty, ensemble] = [this.field("uncertainty"), this.field("ensemble")];
    uncertainty.addEventListener("change", () => uncertainty.checked && (ensemble.checked = false));
    ensemble.addEventListener("change", () => ensemble.checked && (uncertainty.checked = false));
    this.form.addEventListener("change", () => this.told());
  }

  field(name) {
    return this.form.elements[name];
  }

  /** What the generator can do. */
  offer(generator) {
    const factor = this.field("factor");
    const before = Number(factor.value) || FACTOR;
    const names = generator.factors.map((each) => {
      const trained = generator.trained.includes(each) ? "" : " (not trained)";
      return element("option", { value: each }, `${each}${trained}`);
    });
    factor.replaceChildren(...names);
    factor.value = generator.factors.includes(before) ? before : (generator.trained[0] ?? generator.factors[0]);
    const uncertainty = this.field("uncertainty");
    if (uncertainty.disabled && generator.uncertainty && !this.field("ensemble").checked) uncertainty.checked = true;
    uncertainty.disabled = !generator.uncertainty;
    if (uncertainty.disabled) uncertainty.checked = false;
    find("#no-uncertainty").hidden = generator.uncertainty;
    this.told();
  }

  told() {
    const factor = Number(this.field("factor").value);
    const ending = { 2: "nd", 3: "rd" }[factor] || "th";
    find("#factor-told").textContent = factor
      ? `Every ${factor}${ending} point a side was scanned: the image is ${factor} times larger a side.`
      : "";
    const on = SWITCHES.slice(1).filter((name) => this.field(name).checked);
    const count = on.length + (this.field("deblur").value ? 1 : 0);
    find("#more-count").textContent = count ? ` (${count} on)` : "";
  }

  /** As the server is asked for it. */
  chosen() {
    const asked = { factor: this.field("factor").value };
    for (const name of SWITCHES) {
      if (this.field(name).checked) asked[name] = "true";
    }
    if (this.field("deblur").value) asked.deblur = this.field("deblur").value;
    if (this.field("image").value.trim()) asked.image = this.field("image").value.trim();
    return asked;
  }
}
