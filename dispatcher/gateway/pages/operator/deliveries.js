// Deliveries, found by what one knows of them.

import { make } from "../inbox/dom.js";
import { get, namesThere } from "./api.js";
import { openDelivery } from "./detail.js";
import { CHANNELS, channelOf, momentOf, say, sayCount, stateOf, whyOf } from "./said.js";
import { chip, choice, input, more, redraw, table } from "./table.js";

const STATES = ["queued", "sending", "waiting", "unknown", "sent", "delivered", "bounced", "failed", "refused", "skipped", "expired", "cancelled"];
const FIELDS = ["recipient", "outbox_id", "message_id", "event", "channel", "state", "tenant"];
let results, form, pages = 1;

export const deliveries = {
  every: 10,
  shape(view, query) {
    pages = 1;
    if (!form?.isConnected) {
      results = make("div", {});
      form = make("form.search.card", { role: "search", "aria-label": say("search.title"), onsubmit: search });
      view.replaceChildren(form, results);
    }
    fillForm(query);
  },
  async refresh(query) {
    const named = Object.fromEntries(FIELDS.map(name => [name, query.get(name)]));
    const found = { deliveries: [], next_cursor: null };
    // As many pages as are open: what is new shifts none of them.
    for (let page = 0; page < pages; page += 1) {
      const answer = await get("deliveries", { ...named, cursor: found.next_cursor, limit: 30 });
      found.deliveries.push(...answer.deliveries);
      Object.assign(found, { next_cursor: answer.next_cursor, searched_to: answer.searched_to });
      if (!answer.next_cursor) break;
    }
    return () => draw(found);
  },
};

async function fillForm(query) {
  const names = await namesThere().catch(() => ({ tenants: [], events: [] }));
  const any = ["", say("any")];
  redraw(form,
    input("recipient", say("search.recipient"), query.get("recipient")),
    input("outbox_id", say("search.outbox_id"), query.get("outbox_id"), { inputmode: "numeric", pattern: "[1-9][0-9]{0,18}" }),
    input("message_id", say("search.message_id"), query.get("message_id")),
    choice("event", say("column.event"), [any, ...names.events.map(each => [each.key, each.key])], query.get("event")),
    choice("channel", say("column.channel"), [any, ...CHANNELS.map(each => [each, channelOf(each)])], query.get("channel")),
    choice("state", say("column.state"), [any, ...STATES.map(each => [each, stateOf(each)])], query.get("state")),
    choice("tenant", say("column.tenant"), [any, ...names.tenants.map(each => [each.id, each.name])], query.get("tenant")),
    make("p.buttons", {}, make("button.first", { type: "submit" }, say("search.find")),
      make("a.button", { href: "#/deliveries" }, say("search.clear"))));
}

function search(event) {
  event.preventDefault();
  const named = FIELDS.map(name => [name, form.elements[name].value.trim()]).filter(([, value]) => value);
  const hash = `#/deliveries${named.length ? `?${new URLSearchParams(named)}` : ""}`;
  if (hash === location.hash) document.dispatchEvent(new Event("changed"));
  else location.hash = hash;
}

function draw(found) {
  redraw(results,
    make("p.quiet.tally", { role: "status" }, sayCount(found.next_cursor ? "found.more" : "found", found.deliveries.length),
      found.searched_to ? ` ${say("found.to", { time: momentOf(found.searched_to) })}` : ""),
    table(say("view.deliveries"), [
      { name: say("column.delivery"), of: line => make("button.link", { type: "button", "data-key": `d${line.delivery_id}-${line.channel}`, "aria-label": say("open.delivery", { id: line.delivery_id }), onclick: () => openDelivery(line.delivery_id) }, line.delivery_id) },
      { name: say("column.recipient"), of: line => [line.recipient_id, make("span.note", {}, line.tenant_id)] },
      { name: say("column.event"), of: line => [line.event, make("span.note", {}, `#${line.outbox_id}`)] },
      { name: say("column.channel"), of: line => [channelOf(line.channel), line.provider ? make("span.note", {}, line.provider) : null] },
      { name: say("column.state"), of: line => chip(line.state) },
      { name: say("column.why"), of: line => whyOf(line) },
      { name: say("column.emitted"), of: line => momentOf(line.created_at) },
    ], found.deliveries, say("found.none")),
    more(found, () => {
      pages += 1;
      document.dispatchEvent(new Event("changed"));
    }));
}
