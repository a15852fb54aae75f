// What opens over the page, and gives the keyboard back to where it was when it closes.

import { make } from "../inbox/dom.js";
import { say } from "./said.js";

const dialog = document.getElementById("dialog");
let opener;

// What opened it may have been drawn anew meanwhile, under the same key.
dialog.addEventListener("close", () => {
  if (opener) document.querySelector(`[data-key="${CSS.escape(opener)}"]`)?.focus();
});

export const isDialogOpen = () => dialog.open;

export function closeDialog() {
  if (dialog.open) dialog.close();
}

/** Opens it, or puts something else into it while it is open. */
export function openDialog(title, ...content) {
  const isNew = !dialog.open;
  if (isNew) opener = document.activeElement?.dataset.key;
  const hadFocus = !isNew && dialog.contains(document.activeElement);
  const close = make("button.close", { type: "button", "aria-label": say("close"), onclick: closeDialog }, "✕");
  dialog.replaceChildren(make("header", {}, make("h2", { id: "dialog-title" }, title), close),
    make("div.body", {}, ...content.filter(Boolean)));
  if (isNew) dialog.showModal();
  if (hadFocus) close.focus();
}
