// What became of the last days' events: a small chart for each channel, and the same as a table.

import { make } from "../inbox/dom.js";
import { get, namesThere } from "./api.js";
import { bars } from "./chart.js";
import { CHANNELS, channelOf, countOf, dayOf, say } from "./said.js";
import { choice, redraw, table } from "./table.js";

const SPANS = ["7", "14", "30", "90"];
let form, results;

export const figures = {
  every: 60,
  shape(view, query) {
    if (!form?.isConnected) {
      form = make("div.search.card", {});
      results = make("div", {});
      view.replaceChildren(form, results);
    }
    fillForm(query);
  },
  async refresh(query) {
    const days = SPANS.includes(query.get("days")) ? query.get("days") : "14";
    const answer = await get("figures", { days, tenant: query.get("tenant"), event: query.get("event") });
    return () => draw(answer.figures, Number(days));
  },
};

async function fillForm(query) {
  const names = await namesThere().catch(() => ({ tenants: [], events: [] }));
  const any = ["", say("any")];
  const change = () => {
    const named = ["days", "tenant", "event"].map(name => [name, document.getElementById(name).value]).filter(([, value]) => value);
    location.hash = `#/figures?${new URLSearchParams(named)}`;
  };
  redraw(form,
    choice("days", say("figures.days"), SPANS.map(each => [each, say("figures.last", { count: each })]), query.get("days") ?? "14", change),
    choice("tenant", say("column.tenant"), [any, ...names.tenants.map(each => [each.id, each.name])], query.get("tenant"), change),
    choice("event", say("column.event"), [any, ...names.events.map(each => [each.key, each.key])], query.get("event"), change));
}

/** Today and the days before it, the oldest first: 2026-11-23. */
function daysUntilToday(count) {
  const today = Date.parse(`${new Date().toISOString().slice(0, 10)}T00:00:00Z`);
  return Array.from({ length: count }, (_, at) => new Date(today - (count - 1 - at) * 86_400_000).toISOString().slice(0, 10));
}

/** What became of a channel's deliveries on a day, in parts that do not overlap. */
function partsOf(line) {
  const failed = line.failed + line.bounced;
  return { reached: line.wanted - line.skipped - line.pending - failed, skipped: line.skipped, pending: line.pending, failed };
}

function draw(lines, count) {
  const days = [...new Set([...daysUntilToday(count), ...lines.map(line => line.day)])].sort().slice(-count);
  const shown = CHANNELS.filter(channel => lines.some(line => line.channel === channel));
  if (!shown.length) {
    redraw(results, make("p.empty.quiet", {}, say("figures.none")));
    return;
  }
  // Being drawn anew must not close what somebody has opened.
  const isOpen = results.querySelector("details")?.open ?? false;
  const everything = table(say("view.figures"), [
    { name: say("column.day"), of: line => dayOf(line.day) },
    { name: say("column.channel"), of: line => channelOf(line.channel) },
    ...["wanted", "skipped", "pending", "sent", "delivered", "bounced", "failed", "opened", "clicked", "read"].map(name => (
      { name: say(`figure.${name}`), of: line => countOf(line[name]), number: true })),
  ], lines.toReversed(), "");
  redraw(results,
    make("ul.legend", { "aria-hidden": "true" }, ...["reached", "pending", "skipped", "failed"].map(part =>
      make("li", {}, make(`span.swatch.${part}`), say(`part.${part}`)))),
    make("div.charts", {}, ...shown.map(channel => chart(channel, days, lines.filter(line => line.channel === channel)))),
    make("details.card", { open: isOpen }, make("summary", {}, say("figures.table")), everything));
}

function chart(channel, days, lines) {
  const byDay = new Map(lines.map(line => [line.day, partsOf(line)]));
  const sum = name => lines.reduce((all, line) => all + line[name], 0);
  const said = say("chart", { channel: channelOf(channel), wanted: countOf(sum("wanted")), sent: countOf(sum("sent")), failed: countOf(sum("failed") + sum("bounced")) });
  return make("figure.card", {},
    make("figcaption", {}, make("h2", {}, channelOf(channel)), make("p.quiet", {}, said)),
    bars(days.map(day => ({ day, label: dayOf(day), parts: byDay.get(day) })), said));
}
