// The preference centre: reads what holds, draws it, and makes changes that can be undone.

import { change, readOutlook } from "./preferences/api.js";
import { wearColor } from "./preferences/color.js";
import { h, place } from "./preferences/dom.js";
import { drawGrid } from "./preferences/grid.js";
import { renewPushes } from "./preferences/push.js";
import { differenceOf, exampleOf, say, sayCount, tellTimesIn, told } from "./preferences/said.js";
import { drawMutes, drawPause } from "./preferences/silence.js";
import { drawWeek } from "./preferences/week.js";

const part = id => document.getElementById(id);
let outlook;
// One after the other: what is made next is made of what holds then.
let making = Promise.resolve();

function draw() {
  tellTimesIn(outlook.time_zone);
  const acts = { make, tell, reload, banner: part("banner") };
  drawGrid(part("grid"), outlook, acts);
  drawWeek(part("week"), outlook, acts);
  drawPause(part("pause"), outlook, acts);
  drawMutes(part("mutes"), outlook, acts);
  document.documentElement.dataset.ready = "true";
}

async function reload() {
  try {
    outlook = await readOutlook();
    draw();
  } catch (error) {
    if (!outlook) place(part("grid"), h("p", { class: "fault", role: "alert" }, error.message));
    tell(error.message, true);
  }
}

/** Makes changes, and tells what they do. On an error everything is as it was. */
function make(changes, headline) {
  document.documentElement.setAttribute("aria-busy", "true");
  making = making.then(() => change(changes)).then(made => {
    outlook = made.outlook;
    draw();
    tellOf(headline, made);
  }).catch(error => {
    draw();
    tell(error.message, true);
  }).finally(() => document.documentElement.removeAttribute("aria-busy"));
  return making;
}

function tellOf(headline, made) {
  const { undo, differences, at } = made;
  const close = h("button", { type: "button", class: "close", "aria-label": say("close"), onclick: () => place(part("told-of")) });
  place(part("told-of"), h("div", { class: "told" }, close,
    h("p", {}, h("strong", {}, headline), " ", h("span", { class: "example" }, exampleOf(made))),
    differences.length > 1 && h("details", {}, h("summary", {}, sayCount("difference.all", differences.length)),
      h("ul", {}, differences.map(each => h("li", {}, differenceOf(each, at))))),
    undo.length > 0 && h("button", { id: "undo", type: "button", onclick: () => make(undo, say("done.undone")) }, say("undo"))));
}

function tell(sentence, isFault = false) {
  const close = h("button", { type: "button", class: "close", "aria-label": say("close"), onclick: () => place(part("told-of")) });
  place(part("told-of"), h("div", { class: `told ${isFault ? "fault" : ""}`, role: isFault ? "alert" : null }, close, h("p", {}, sentence)));
}

// As in a text: but not while one is written.
document.addEventListener("keydown", event => {
  const undo = part("undo");
  if (!undo || event.key.toLowerCase() !== "z" || !(event.ctrlKey || event.metaKey) || event.target.matches("input, select")) return;
  event.preventDefault();
  undo.click();
});
wearColor(told.color);
reload();
renewPushes().catch(() => {});
