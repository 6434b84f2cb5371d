// The server's token: from the address (#token=...), or asked for in a dialog; kept while this tab is open.

import { find, say } from "./dom.js";

const NAME = "dlss-token";
let token = "";
let asking = null;

/** Headers that show it. */
export function authorization() {
  return token ? { Authorization: `Bearer ${token}` } : {};
}

/** Take the one in the address, which is cleaned of it, or the one that this tab had. */
export function start() {
  const inAddress = new URLSearchParams(location.hash.slice(1)).get("token");
  if (inAddress) {
    keep(inAddress);
    history.replaceState(null, "", location.pathname + location.search);
  } else {
    try {
      token = sessionStorage.getItem(NAME) || "";
    } catch {
      token = "";
    }
  }
}

/** Ask for it, once however many wait for it; false if there is to be none. `refused` is the one that was sent. */
export function ask(refused) {
  if (refused.Authorization !== authorization().Authorization) return Promise.resolve(true); // there is a newer one
  asking ??= dialog(Boolean(token)).finally(() => {
    asking = null;
  });
  return asking;
}

function dialog(wrong) {
  const box = find("#token-dialog");
  const field = find("#token-field");
  find("#token-wrong").hidden = !wrong;
  field.value = "";
  field.setAttribute("aria-invalid", String(wrong));
  box.returnValue = "";
  box.showModal();
  if (wrong) say("The server does not know this token.");
  return new Promise((resolve) => {
    const form = find("form", box);
    const submit = (event) => {
      event.preventDefault();
      keep(field.value.trim());
      box.close("given");
    };
    form.addEventListener("submit", submit);
    box.addEventListener(
      "close",
      () => {
        form.removeEventListener("submit", submit);
        resolve(box.returnValue === "given");
      },
      { once: true },
    );
  });
}

function keep(value) {
  token = value;
  try {
    sessionStorage.setItem(NAME, value);
  } catch {
    // then it is asked for again after a reload
  }
}
