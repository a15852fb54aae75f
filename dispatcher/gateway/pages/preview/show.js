// What a channel says, drawn as people would meet it, and what is wrong with it.

import { h, place } from "./dom.js";

let frames = 0;
const told = JSON.parse(document.getElementById("told").textContent);
/** Every channel, in the order in which they are listed. */
export const CHANNELS = JSON.parse(document.body.dataset.channels).all;

/** The text of a name, with `{…}` filled in. */
export function say(name, values = {}) {
  const text = told.words[name] ?? name;
  return text.replace(/\{(\w+)\}/g, (whole, key) => values[key] ?? whole);
}

/** Draws a channel's content on the stage; `wish` is what it was made from. */
export function show(stage, channel, content, wish) {
  if (!content) return place(stage, h("p", { class: "nothing" }, say("nothing")));
  if (content.subject !== null) return showMail(stage, content, wish);
  if (content.segments !== null) {
    return place(stage, h("p", { class: "bubble", dir: "auto" }, content.text), h("p", { class: "measure" }, say("segments", content)));
  }
  place(stage, h("article", { class: `note ${channel}`, dir: "auto" },
    h("h3", {}, content.title),
    content.body && h("p", { class: "said" }, content.body),
    content.image && h("img", { src: content.image, alt: "" }),
    content.actions.length > 0 && h("p", { class: "actions" },
      content.actions.map(each => h("span", { class: "action", title: each.link }, each.label)))),
  content.link && h("p", { class: "measure" }, `${say("link")} `, h("code", {}, content.link)));
}

function showMail(stage, content, wish) {
  // A form, because the frame has a policy of its own; a new frame each time, because only its
  // first page leaves no trace in the history.
  const name = `mail-${frames += 1}`;
  const frame = h("iframe", { name, sandbox: "", title: say("html"), class: "mail" });
  const form = h("form", { method: "post", action: "/preview/mail", target: name, hidden: true },
    Object.entries(wish).map(([field, value]) => h("input", { type: "hidden", name: field, value })));
  place(stage,
    h("p", { class: "subject", dir: "auto" }, h("span", { class: "measure" }, `${say("subject")} `), h("strong", {}, content.subject)),
    content.html && frame,
    content.html && form,
    h("details", { class: "plain", open: !content.html }, h("summary", {}, say("text")), h("pre", { dir: "auto" }, content.text)));
  if (!content.html) return;
  form.submit();
  // From now on: the empty page that a frame begins with has been loaded.
  frame.addEventListener("load", () => { frame.dataset.shown = "true"; });
}

/** A list of faults, with the lines around each, the line itself marked. */
export function faultsOf(faults, { isPayload = false } = {}) {
  if (!faults.length) return null;
  return h("ul", { class: "faults" }, faults.map(each => h("li", { class: each.severity },
    h("p", {}, h("strong", {}, `${say(`severity.${each.severity}`)} `), placeOf(each, isPayload), each.sentence),
    each.excerpt.length > 0 && h("pre", { class: "excerpt" }, each.excerpt.map(line =>
      h(line.number === each.line ? "mark" : "span", { class: "source" }, `${String(line.number).padStart(4)}  ${line.text}\n`))))));
}

function placeOf(fault, isPayload) {
  if (isPayload) return fault.line ? `${say("line.payload", fault)}: ` : "";
  if (!fault.file) return "";
  return h("span", {}, h("code", {}, fault.file), fault.line ? `, ${say("line", fault)}: ` : ": ");
}
