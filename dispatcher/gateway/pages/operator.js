// The operator's page: which view is open, and keeping it as things are while somebody looks.

import { logOut } from "./operator/api.js";
import { deadLetters } from "./operator/dead_letters.js";
import { deliveries } from "./operator/deliveries.js";
import { closeDialog } from "./operator/dialog.js";
import { figures } from "./operator/figures.js";
import { overview } from "./operator/overview.js";
import { rejections } from "./operator/rejections.js";
import { say, timeOf } from "./operator/said.js";

// A view: `shape(container, query)` once, then `refresh(query)`, again every `every` seconds.
const VIEWS = { overview, deliveries, rejections, "dead-letters": deadLetters, figures };
const part = id => document.getElementById(id);
let open, timer, turn = 0, isLive = true;

function place() {
  const [name, query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  return { name: name in VIEWS ? name : "overview", query: new URLSearchParams(query) };
}

function show() {
  const { name, query } = place();
  const isOther = open?.name !== name;
  closeDialog();
  open = { name, query, view: VIEWS[name] };
  for (const link of document.querySelectorAll("[data-view]")) {
    if (link.dataset.view !== name) link.removeAttribute("aria-current");
    else {
      link.setAttribute("aria-current", "page");
      // On a phone the views are wider than the screen.
      link.closest("nav").scrollLeft = link.offsetLeft - 48;
    }
  }
  part("title").textContent = say(`view.${name}`);
  document.title = `${say(`view.${name}`)} · ${say("title")}`;
  if (isOther) part("view").replaceChildren();
  open.view.shape(part("view"), query);
  refresh();
  if (isOther && document.documentElement.dataset.ready) part("main").focus();
}

async function refresh() {
  clearTimeout(timer);
  const mine = ++turn;
  part("view").setAttribute("aria-busy", "true");
  try {
    const draw = await open.view.refresh(open.query);
    // Somebody has gone on to another view meanwhile.
    if (mine !== turn) return;
    draw();
    part("fault").hidden = true;
    part("fresh").textContent = say("fresh", { time: timeOf(new Date()) });
    document.documentElement.dataset.ready = "true";
  } catch (error) {
    if (mine !== turn) return;
    if (part("fault").hidden || part("fault").textContent !== error.message) part("fault").textContent = error.message;
    part("fault").hidden = false;
  }
  part("view").removeAttribute("aria-busy");
  wait();
}

function wait() {
  clearTimeout(timer);
  if (isLive && document.visibilityState === "visible") timer = setTimeout(refresh, open.view.every * 1000);
}

part("live").addEventListener("click", () => {
  isLive = !isLive;
  part("live").setAttribute("aria-pressed", String(isLive));
  if (isLive) refresh();
  else clearTimeout(timer);
});
part("leave").addEventListener("click", async () => {
  await logOut();
  location.reload();
});
part("skip").addEventListener("click", event => {
  // The address says which view is open.
  event.preventDefault();
  part("main").focus();
});
document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && isLive ? refresh() : clearTimeout(timer));
document.addEventListener("changed", refresh);
addEventListener("hashchange", show);
show();
