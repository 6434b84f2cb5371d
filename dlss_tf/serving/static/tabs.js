// A list of tabs, as the ARIA Authoring Practices have it: arrow keys move between them.

export class Tabs {
  /** `opened(name)` is called with the data-tab of the one that is opened. */
  constructor(list, opened) {
    this.tabs = [...list.querySelectorAll("[role=tab]")];
    this.opened = opened;
    for (const tab of this.tabs) {
      tab.addEventListener("click", () => this.open(tab));
      tab.addEventListener("keydown", (event) => this.key(tab, event));
    }
  }

  get current() {
    return this.tabs.find((tab) => tab.getAttribute("aria-selected") === "true").dataset.tab;
  }

  open(chosen) {
    for (const tab of this.tabs) {
      const is = tab === chosen;
      tab.setAttribute("aria-selected", String(is));
      tab.tabIndex = is ? 0 : -1;
      document.getElementById(tab.getAttribute("aria-controls")).hidden = !is;
    }
    this.opened(chosen.dataset.tab);
  }

  key(tab, event) {
    const last = this.tabs.length - 1;
    const place = this.tabs.indexOf(tab);
    const next = {
      ArrowLeft: place ? place - 1 : last,
      ArrowRight: place === last ? 0 : place + 1,
      Home: 0,
      End: last,
    }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    this.tabs[next].focus();
    this.open(this.tabs[next]);
  }
}
