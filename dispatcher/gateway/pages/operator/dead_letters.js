// Deliveries given up on, and sending them again: one, or all that are shown.

import { make } from "../inbox/dom.js";
import { get, namesThere, retry } from "./api.js";
import { openDelivery } from "./detail.js";
import { closeDialog, openDialog } from "./dialog.js";
import { CHANNELS, channelOf, momentOf, say, sayCount, whyOf } from "./said.js";
import { chip, choice, more, redraw, table } from "./table.js";

const FIELDS = ["tenant", "event", "channel"];
let form, results, pages = 1;

export const deadLetters = {
  every: 10,
  shape(view, query) {
    pages = 1;
    if (!form?.isConnected) {
      form = make("div.search.card", {});
      results = make("div", {});
      view.replaceChildren(form, results);
    }
    fillForm(query);
  },
  async refresh(query) {
    const meant = meantBy(query);
    const found = { dead_letters: [], next_cursor: null };
    for (let page = 0; page < pages; page += 1) {
      const answer = await get("dead-letters", { ...meant, cursor: found.next_cursor, limit: 30 });
      found.dead_letters.push(...answer.dead_letters);
      found.next_cursor = answer.next_cursor;
      if (!answer.next_cursor) break;
    }
    return () => draw(found, meant);
  },
};

const meantBy = query => Object.fromEntries(FIELDS.map(name => [name, query.get(name)]).filter(([, value]) => value));

async function fillForm(query) {
  const names = await namesThere().catch(() => ({ tenants: [], events: [] }));
  const any = ["", say("any")];
  const change = () => {
    const named = FIELDS.map(name => [name, document.getElementById(name).value]).filter(([, value]) => value);
    location.hash = `#/dead-letters${named.length ? `?${new URLSearchParams(named)}` : ""}`;
  };
  redraw(form,
    choice("tenant", say("column.tenant"), [any, ...names.tenants.map(each => [each.id, each.name])], query.get("tenant"), change),
    choice("event", say("column.event"), [any, ...names.events.map(each => [each.key, each.key])], query.get("event"), change),
    choice("channel", say("column.channel"), [any, ...CHANNELS.map(each => [each, channelOf(each)])], query.get("channel"), change));
}

function draw(found, meant) {
  const count = found.dead_letters.length;
  redraw(results,
    make("div.bar", {},
      make("p.quiet.tally", { role: "status" }, sayCount(found.next_cursor ? "found.more" : "found", count)),
      count ? make("button", { type: "button", "data-key": "retry-all", id: "retry-all", onclick: () => confirmed(
        found.next_cursor ? say("retry.all") : sayCount("retry.these", count),
        { all: true, ...meant }) }, say("retry.all")) : null),
    table(say("view.dead-letters"), [
      { name: say("column.delivery"), of: each => make("button.link", { type: "button", "data-key": `d${each.delivery_id}`, "aria-label": say("open.delivery", { id: each.delivery_id }), onclick: () => openDelivery(each.delivery_id) }, each.delivery_id) },
      { name: say("column.recipient"), of: each => [each.recipient_id, make("span.note", {}, each.tenant_id)] },
      { name: say("column.event"), of: each => [each.event, make("span.note", {}, `#${each.outbox_id}`)] },
      { name: say("column.channel"), of: each => [channelOf(each.channel), each.provider ? make("span.note", {}, each.provider) : null] },
      { name: say("column.state"), of: each => chip(each.state) },
      { name: say("column.why"), of: each => [whyOf(each), make("span.note", {}, sayCount("tries", each.attempts))] },
      { name: say("column.died"), of: each => momentOf(each.died_at) },
      { name: say("column.act"), of: each => make("button", { type: "button", "data-key": `r${each.delivery_id}`, "aria-label": say("retry.label", { id: each.delivery_id }), onclick: () => confirmed(
        say("retry.one", { id: each.delivery_id, recipient: each.recipient_id, channel: channelOf(each.channel) }),
        { delivery_id: each.delivery_id }, each.reason === "never_reported") }, say("retry")) },
    ], found.dead_letters, say("dead.empty")),
    more(found, () => {
      pages += 1;
      document.dispatchEvent(new Event("changed"));
    }));
}

/** Asks first: a message that went out after all would arrive twice. */
function confirmed(question, which, isInDoubt = false) {
  const send = async () => {
    closeDialog();
    const said = document.getElementById("said");
    try {
      said.textContent = sayCount("retried", (await retry(which)).retried);
      said.classList.remove("fault");
    } catch (error) {
      said.textContent = error.message;
      said.classList.add("fault");
    }
    setTimeout(() => { said.textContent = ""; }, 8000);
    document.dispatchEvent(new Event("changed"));
  };
  openDialog(say("retry.title"), make("p", {}, question), make("p.quiet", {}, say(isInDoubt ? "retry.in_doubt" : "retry.about")),
    make("p.buttons", {}, make("button.first", { type: "button", id: "retry-yes", onclick: send }, say("retry.yes")),
      make("button", { type: "button", autofocus: true, onclick: closeDialog }, say("retry.no"))));
}
