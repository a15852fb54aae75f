// One delivery: what is known of it, its steps, and why its event reached whom it did.

import { make } from "../inbox/dom.js";
import { get } from "./api.js";
import { isDialogOpen, openDialog } from "./dialog.js";
import { channelOf, decidedWhyOf, momentOf, say, stateWhyOf, stepOf, wayOutOf, whyOf } from "./said.js";
import { chip, table } from "./table.js";

let asked = 0;

export async function openDelivery(id) {
  const mine = ++asked;
  const tell = (...content) => {
    // Closed meanwhile, or another one is asked for.
    if (mine === asked && isDialogOpen()) openDialog(say("detail.title", { id }), ...content);
  };
  openDialog(say("detail.title", { id }), make("p.quiet", {}, say("loading")));
  try {
    const delivery = await get(`deliveries/${id}`);
    const event = await get(`events/${delivery.outbox_id}`, { recipient: delivery.recipient_id });
    tell(...drawn(delivery, event));
  } catch (error) {
    tell(make("p.fault", { role: "alert" }, error.message));
  }
}

function drawn(delivery, event) {
  return [
    make("p.verdict", {}, chip(delivery.state), isAsDecided(delivery) ? null : ` ${whyOf(delivery)}`),
    wayOutOf(delivery) ? make("p.way-out", {}, make("strong", {}, say("way_out")), " ", wayOutOf(delivery)) : null,
    make("dl.facts", {}, ...facts(delivery)),
    make("h3", {}, say("detail.decided")),
    make("p", {}, chip(delivery.decision), ` ${decidedWhyOf(delivery)}`),
    make("h3", {}, say("detail.became")),
    make("ol.timeline", {}, ...delivery.timeline.map(step)),
    make("h3", {}, say("detail.event", { id: delivery.outbox_id, event: delivery.event })),
    table(say("detail.decisions"), [
      { name: say("column.channel"), of: each => each.channel ? channelOf(each.channel) : "–" },
      { name: say("column.decision"), of: each => chip(each.decision) },
      { name: say("column.rung"), of: each => String(each.rung), number: true },
      { name: say("column.why"), of: each => whyOf(each) },
      { name: say("column.state"), of: each => each.state ? [chip(each.state), stateWhyOf(each) ? make("span.note", {}, stateWhyOf(each)) : null] : "–" },
    ], event.decisions, ""),
  ];
}

/** Sent, or on its way, with nothing to add to the decision. */
function isAsDecided(delivery) {
  return delivery.reason === delivery.decision_reason && delivery.decision !== "no" && delivery.state !== "waiting";
}

function facts(delivery) {
  const told = [
    ["column.recipient", `${delivery.recipient_id} · ${delivery.tenant_id}`],
    ["column.channel", channelOf(delivery.channel)],
    ["column.provider", delivery.provider],
    ["column.message_id", delivery.provider_message_id],
    ["column.tries", String(delivery.attempts)],
    ["column.due", delivery.state === "waiting" ? momentOf(delivery.due_at) : null],
    ["column.sent", delivery.sent_at && momentOf(delivery.sent_at)],
    ["column.delivered", delivery.delivered_at && momentOf(delivery.delivered_at)],
    ["column.opened", delivery.opened_at && momentOf(delivery.opened_at)],
    ["column.clicked", delivery.clicked_at && momentOf(delivery.clicked_at)],
  ];
  return told.filter(([, fact]) => fact).map(([name, fact]) => make("div", {}, make("dt", {}, say(name)), make("dd", {}, fact)));
}

function step(entry) {
  // What we did ourselves has no provider to name.
  const who = entry.provider === "postbell" ? null : entry.provider;
  const why = entry.reason && entry.reason !== entry.code ? whyOf(entry) : null;
  const notes = [who, entry.code, why].filter(Boolean).join(" · ");
  return make("li", { "data-step": entry.what },
    make("time", { datetime: entry.happened_at }, momentOf(entry.happened_at)),
    make("strong", {}, stepOf(entry.what)),
    notes ? make("span.note", {}, notes) : null);
}
