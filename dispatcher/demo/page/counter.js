// The buttons: what they do, and what they would.

import { ask, byId, chosen, make, press } from "./dom.js";
import { decisions } from "./why.js";

const NAMES = { orders: "Orders", payments: "Payments", loyalty: "Loyalty", classes: "Classes", tickets: "Tickets" };
const CHANNELS = { in_app: "inbox", email: "mail", sms: "text", push: "push", sse: "open page" };
let catalogue = [];
let pressed = () => {};

/** Shows the catalogue; `after` is called when something was done. */
export async function openCounter(after) {
  pressed = after;
  catalogue = await ask("/api/catalogue");
  byId("categories").replaceChildren(...catalogue.map(({ category }) =>
    make("button", { type: "button", "data-category": category, onclick: () => showCategory(category) }, NAMES[category] ?? category)));
  byId("ask-event").replaceChildren(...catalogue.map(({ category, events }) =>
    make("optgroup", { label: NAMES[category] ?? category }, ...events.map((event) => make("option", {}, event.key)))));
  showCategory(catalogue[0].category);
  showDay(await ask("/api/day"));
}

function showCategory(category) {
  press(byId("categories").children, (button) => button.dataset.category === category);
  const { events } = catalogue.find((each) => each.category === category);
  byId("deeds").replaceChildren(...events.map(row));
}

function row(event) {
  return make("article.card.deed", {},
    make("div.line", {}, make("h3", {}, event.label), make("code", {}, event.key)),
    make("p.event", {}, `${event.description} Usually by ${event.channels.map((name) => CHANNELS[name]).join(", ")}.`),
    make("div.buttons", {}, ...event.deeds.map((deed) => pair(deed, event))));
}

function pair(deed, event) {
  const tells = deed.way === "trigger" ? "A trigger on the table tells of it." : "The code that changes the row tells of it.";
  const ends = deed.rolls_back ? " A constraint objects, and nobody hears of it." : "";
  return make(deed.rolls_back ? "span.pair.back" : "span.pair", {},
    make("button", { type: "button", "data-deed": deed.key, title: tells + ends, onclick: () => doIt(deed) },
      deed.label, deed.rolls_back ? make("small", {}, " rolls back") : null),
    make("button.what", { type: "button", "data-what": deed.key, "aria-label": `What if: ${deed.label}?`, title: "What if?", onclick: () => foresee(deed, event) }, "?"));
}

async function doIt(deed) {
  const result = byId("result");
  result.hidden = false;
  result.className = "card";
  result.textContent = "…";
  try {
    const { moments } = await ask(`/api/deeds/${deed.key}`, { person: chosen() });
    const last = moments.at(-1);
    const earlier = moments.length - 1;
    const before = earlier ? ` It took ${earlier === 1 ? "another transaction" : `${earlier} transactions`} first.` : "";
    result.classList.add(last.rolled_back_by ? "bad" : "good");
    result.replaceChildren(make("b", {}, last.title), " ", last.rolled_back_by
      ? `was rolled back by ${last.rolled_back_by}: nobody hears of it.${before}`
      : `is committed, with ${last.events === 1 ? "one event" : `${last.events} events`}.${before}`);
  } catch (error) {
    result.classList.add("bad");
    result.textContent = error.message;
  }
  pressed();
}

async function foresee(deed, event) {
  const person = chosen();
  byId("what-if-title").textContent = deed.label;
  byId("what-if-end").textContent = "…";
  byId("what-if-events").replaceChildren();
  byId("do-it").onclick = () => { byId("what-if").close(); doIt(deed); };
  byId("what-if").showModal();
  try {
    const found = await ask(`/api/deeds/${deed.key}/what-if`, { person });
    byId("what-if-end").textContent = ending(found);
    byId("what-if-events").replaceChildren(...found.events.map(foreseen));
    byId("what-if-sql").querySelector("pre").textContent = ["begin;", ...found.statements, "rollback;"].join("\n\n");
    byId("ask-event").value = event.key;
    const payload = found.events.find((each) => each.event === event.key)?.payload ?? {};
    byId("ask-payload").value = JSON.stringify(payload, null, 2);
  } catch (error) {
    byId("what-if-end").textContent = error.message;
  }
}

function ending(found) {
  if (found.rolled_back_by) {
    const earlier = found.events.length ? " Only what it takes first would be told:" : "";
    return `${found.rolled_back_by} would object, and the transaction be rolled back: nobody would hear of it.${earlier}`;
  }
  if (!found.events.length) return "Nobody would be told anything.";
  return "Asked inside the transaction, which was then rolled back. Nothing was sent.";
}

function foreseen(event) {
  return make("article.card.moment", {},
    make("p.event", {}, make("b", {}, event.event), " ", JSON.stringify(event.payload)),
    decisions(event));
}

async function askOtherwise(submitted) {
  submitted.preventDefault();
  const fault = byId("ask-fault");
  fault.hidden = true;
  try {
    const payload = JSON.parse(byId("ask-payload").value || "{}");
    if (payload?.constructor !== Object) throw new Error('A payload is an object, such as {"order_id": 42}.');
    const found = await ask("/api/what-if", { person: chosen(), event: byId("ask-event").value, payload });
    byId("what-if-end").textContent = "What postbell.explain() says of this event, for you:";
    byId("what-if-events").replaceChildren(...found.events.map(foreseen));
  } catch (error) {
    fault.textContent = error.message;
    fault.hidden = false;
  }
}

function showDay({ is_busy: isBusy }) {
  byId("day").ariaPressed = isBusy;
}

byId("ask").querySelector("form").addEventListener("submit", askOtherwise);
byId("day").addEventListener("click", async () => {
  showDay(await ask("/api/day", { is_busy: byId("day").ariaPressed !== "true" }));
});
