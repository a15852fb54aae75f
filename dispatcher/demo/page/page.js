// The demo's page: it asks for news once a second, and at once when the bell rings.

import { forget, lookAtArrivals } from "./arrivals.js";
import { openCounter } from "./counter.js";
import { byId, chosen, press, since } from "./dom.js";
import { become, lookAtPeople } from "./people.js";
import { lookAtEvents } from "./why.js";

const EVERY = 1000;
/** What was done a moment ago is on its way. */
const SOON = 250;

let looking = null;
let isOutdated = false;

/** One look at a time: whoever wants another meanwhile gets it afterwards, all of them the same one. */
function look() {
  isOutdated = looking !== null;
  looking ??= lookNow().finally(() => {
    looking = null;
    if (isOutdated) look();
  });
  return looking;
}

async function lookNow() {
  if (document.hidden) return;
  try {
    await lookAtPeople();
    await Promise.all([lookAtArrivals(), lookAtEvents()]);
    byId("connection").hidden = true;
  } catch (error) {
    console.warn(error);
    byId("connection").textContent = error.name === "TimeoutError" ? "The demo takes its time." : "The demo has ended.";
    byId("connection").hidden = false;
  }
  for (const element of document.querySelectorAll("time")) element.textContent = since(element.dateTime);
}

function lookSoon() {
  look();
  setTimeout(look, SOON);
}

function showView(view) {
  document.body.dataset.view = view;
  press(document.querySelectorAll("nav button"), (button) => button.dataset.view === view);
}

byId("person").addEventListener("change", () => {
  document.title = "Postbell demo";
  history.replaceState(null, "", `#${encodeURIComponent(chosen())}`);
  forget();
  become();
  look();
});
for (const button of document.querySelectorAll("nav button")) button.addEventListener("click", () => showView(button.dataset.view));
for (const dialog of document.querySelectorAll("dialog")) {
  dialog.querySelector("[data-close]").addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
}
document.addEventListener("visibilitychange", look);
addEventListener("postbell:notification", lookSoon);
addEventListener("postbell:unread", lookSoon);

await look();
await openCounter(lookSoon);
for (;;) {
  await new Promise((resume) => setTimeout(resume, EVERY));
  await look();
}
