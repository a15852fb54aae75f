// Asks which of several things is meant.

import { h } from "./dom.js";
import { say } from "./said.js";

/** `answers` are {id, text, act}; Escape, and the last button, mean none of them. */
export function ask(question, answers) {
  const close = () => dialog.close();
  const dialog = h("dialog", { class: "question", "aria-labelledby": "question", onclose: () => dialog.remove() },
    h("p", { id: "question" }, question),
    h("div", { class: "answers" },
      answers.map(({ id, text, act }) => h("button", { id, type: "button", onclick: () => { close(); act(); } }, text)),
      h("button", { id: "ask-none", type: "button", class: "none", onclick: close }, say("ask.none"))));
  document.body.append(dialog);
  // The browser keeps the keyboard inside, and gives it back to what asked.
  dialog.showModal();
}
