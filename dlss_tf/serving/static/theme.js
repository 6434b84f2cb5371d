// Light or dark: as the system has it until the button says otherwise, which is remembered. Not a module, so that it
// runs before the page is first painted.
(() => {
  const NAME = "dlss-theme";
  const root = document.documentElement;
  const dark = window.matchMedia("(prefers-color-scheme: dark)");

  function kept() {
    try {
      return localStorage.getItem(NAME);
    } catch {
      return null; // storage may be switched off
    }
  }

  function keep(theme) {
    try {
      localStorage.setItem(NAME, theme);
    } catch {
      // then it holds for this page only
    }
  }

  function show(theme) {
    root.dataset.theme = theme;
    document.getElementById("theme")?.setAttribute("aria-pressed", String(theme === "dark"));
  }

  function showKept() {
    const theme = kept();
    show(["light", "dark"].includes(theme) ? theme : dark.matches ? "dark" : "light");
  }

  function toggle() {
    const theme = root.dataset.theme === "dark" ? "light" : "dark";
    keep(theme);
    show(theme);
  }

  showKept();
  dark.addEventListener("change", showKept);
  document.addEventListener("DOMContentLoaded", () => {
    document.getElementById("theme").addEventListener("click", toggle);
    show(root.dataset.theme);
  });
})();
