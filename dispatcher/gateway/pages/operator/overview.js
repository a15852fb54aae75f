// How things stand: tiles first, then what is behind them.

import { make } from "../inbox/dom.js";
import { get } from "./api.js";
import { channelOf, countOf, lengthOf, millisecondsOf, momentOf, say, sayCount, shareOf, whyOf } from "./said.js";
import { chip, redraw, section, table } from "./table.js";

let container, health, healthAt = 0;
/** Health looks through a day of attempts: once a minute is enough. */
const HEALTH_EVERY = 60_000;

export const overview = {
  every: 5,
  shape(view) {
    container = view;
  },
  async refresh() {
    const isOld = Date.now() - healthAt > HEALTH_EVERY;
    const [now, channels] = await Promise.all([get("overview"), isOld ? get("channels") : { channels: health }]);
    if (isOld) healthAt = Date.now();
    health = channels.channels;
    return () => draw(now);
  },
};

function draw(now) {
  mark("dead-letters", total(now.dead_letters, "deliveries"));
  redraw(container, tiles(now), make("div.pair", {}, providers(now), queue(now)), healthTable(),
    now.rejections.length ? rejected(now) : null, now.text_faults.length ? texts(now) : null);
}

const total = (rows, name) => rows.reduce((sum, row) => sum + row[name], 0);

/** A number beside a name in the navigation. */
function mark(view, count) {
  const badge = document.getElementById(`badge-${view}`);
  badge.hidden = count === 0;
  badge.textContent = countOf(count);
}

function tiles(now) {
  const queued = total(now.queue, "queued");
  const since = now.queue.map(line => line.queued_since).filter(Boolean).sort()[0];
  const due = now.queue.map(line => line.next_due_at).filter(Boolean).sort()[0];
  const waiting = total(now.queue, "waiting");
  const dead = total(now.dead_letters, "deliveries");
  const rejections = total(now.rejections, "events");
  const ill = now.providers.filter(each => each.state !== "ready");
  const { is_running, is_asleep } = now.router;
  return make("ul.tiles", { "aria-label": say("tiles") },
    tile("router", is_running ? say(is_asleep ? "router.asleep" : "router.busy") : say("router.none"),
      say(is_running ? "router.fine" : "router.way_out"), is_running ? "good" : "bad"),
    tile("queued", countOf(queued), since ? say("queued.since", { time: lengthOf(since, now.at) }) : say("queued.none"),
      since && new Date(now.at) - new Date(since) > 60_000 ? "warn" : "plain", "#/deliveries?state=queued"),
    tile("waiting", countOf(waiting), due ? say("waiting.due", { time: momentOf(due) }) : say("waiting.none"), "plain", "#/deliveries?state=waiting"),
    tile("providers", now.providers.length ? say("providers.ready", { ready: countOf(now.providers.length - ill.length), all: countOf(now.providers.length) }) : "–",
      ill.length ? ill.map(each => each.provider).join(", ") : say(now.providers.length ? "providers.fine" : "providers.none"),
      ill.length ? "bad" : now.providers.length ? "good" : "warn"),
    tile("dead", countOf(dead), dead ? say("dead.last", { time: momentOf(now.dead_letters[0].last_at) }) : say("dead.none"), dead ? "bad" : "good", "#/dead-letters"),
    tile("rejected", countOf(rejections), rejections ? say("rejected.last", { time: momentOf(now.rejections[0].last_at) }) : say("rejected.none"), rejections ? "warn" : "good", "#/rejections"));
}

function tile(name, figure, note, mood, href = null) {
  const content = [make("span.what", {}, say(`tile.${name}`)), make("strong", {}, figure), make("span.note", {}, note)];
  return make("li", {}, href ? make(`a.tile.${mood}`, { href, "data-key": `tile-${name}` }, ...content) : make(`div.tile.${mood}`, {}, ...content));
}

function queue(now) {
  return section(say("queue.title"), table(say("queue.title"), [
    { name: say("column.tenant"), of: line => line.tenant_id },
    { name: say("column.channel"), of: line => `${channelOf(line.channel)} · ${say(`priority.${line.priority}`)}` },
    { name: say("column.queued"), of: line => countOf(line.queued), number: true },
    { name: say("column.oldest"), of: line => line.queued_since ? lengthOf(line.queued_since, now.at) : "–", number: true },
    { name: say("column.waiting"), of: line => countOf(line.waiting), number: true },
  ], now.queue, say("queue.empty")));
}

function providers(now) {
  return section(say("providers.title"), table(say("providers.title"), [
    { name: say("column.provider"), of: each => each.provider },
    { name: say("column.channel"), of: each => channelOf(each.channel) },
    { name: say("column.state"), of: each => [chip(each.state), each.opens_at ? make("span.note", {}, say("provider.opens", { time: momentOf(each.opens_at) })) : null] },
    { name: say("column.reason"), of: each => [each.reason ?? "–", make("span.note", {}, each.process)] },
  ], now.providers, say("providers.none")));
}

/** A channel and its providers, the hour beside the day. One provider alone is told of with its channel. */
function healthRows() {
  const of = (period, line) => health.find(each => each.period === period && each.channel === line.channel && each.provider === line.provider);
  const days = health.filter(each => each.period === "day" && (each.attempts || each.suppressed));
  const rows = days.map(day => ({ day, hour: of("hour", day), providers: days.filter(each => each.channel === day.channel && each.provider) }));
  return rows.filter(row => !row.day.provider || row.providers.length > 1);
}

function healthTable() {
  const share = line => make(line?.share_of_failures > 0.05 ? "span.chip.bad" : "span", {}, shareOf(line?.share_of_failures ?? null));
  return section(say("health.title"), table(say("health.title"), [
    { name: say("column.channel"), of: ({ day, providers }) => day.provider ? make("span.under", {}, day.provider)
      : [channelOf(day.channel), providers.length === 1 ? make("span.note", {}, providers[0].provider) : null] },
    { name: say("column.attempts_hour"), of: ({ hour }) => countOf(hour?.attempts), number: true },
    { name: say("column.attempts_day"), of: ({ day }) => countOf(day.attempts), number: true },
    { name: say("column.share_hour"), of: ({ hour }) => share(hour), number: true },
    { name: say("column.share_day"), of: ({ day }) => share(day), number: true },
    { name: say("column.unknown"), of: ({ day }) => countOf(day.unknown), number: true },
    { name: say("column.median"), of: ({ day }) => millisecondsOf(day.median_ms), number: true },
    { name: say("column.p99"), of: ({ day }) => millisecondsOf(day.p99_ms), number: true },
    { name: say("column.suppressed"), of: ({ day }) => day.suppressed === null ? "–" : countOf(day.suppressed), number: true },
  ], healthRows(), say("health.empty")));
}

function rejected(now) {
  return section(say("rejected.title"), table(say("rejected.title"), [
    { name: say("column.event"), of: each => make("a", { href: `#/rejections?reason=${encodeURIComponent(each.reason)}`, "data-key": `${each.event}-${each.reason}` }, each.event ?? "–") },
    { name: say("column.reason"), of: each => whyOf(each) },
    { name: say("column.count"), of: each => sayCount("events", each.events), number: true },
    { name: say("column.last"), of: each => momentOf(each.last_at) },
  ], now.rejections, ""));
}

function texts(now) {
  return section(say("texts.title"), table(say("texts.title"), [
    { name: say("column.path"), of: each => make("code", {}, each.path) },
    { name: say("column.tenant"), of: each => each.tenant_id ?? say("texts.everybody") },
    { name: say("column.version"), of: each => String(each.version), number: true },
    { name: say("column.fault"), of: each => each.fault },
    { name: say("column.instead"), of: each => each.instead ?? "–" },
  ], now.text_faults, ""));
}
