// The preview page: what is chosen, and what the gateway renders of it.

import { editor } from "./preview/editor.js";
import { CHANNELS, faultsOf, say, show } from "./preview/show.js";
import { h, place, settled } from "./preview/dom.js";

const at = id => document.getElementById(id);
const asked = new URLSearchParams(location.hash.slice(1));
const chosen = {
  event: asked.get("event"),
  channel: CHANNELS.includes(asked.get("channel")) ? asked.get("channel") : "email",
  tenant: asked.get("tenant") ?? "default",
  locale: asked.get("locale") ?? document.documentElement.lang,
  scheme: asked.get("scheme") === "dark" ? "dark" : "light",
  width: asked.get("width") === "phone" ? "phone" : "desktop",
};
let list = { events: [], tenants: [], faults: [] };
let answer = null;
let asking = null;
const payload = editor(at("payload"), at("numbers"), settled(() => render(payload.text())));

async function ask(path, body, signal) {
  const options = body && { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body), signal };
  let got;
  try {
    got = await fetch(path, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Error(say("error.offline"));
  }
  if (got.ok) return got.json();
  if (got.status === 401) throw new Error(say("error.over"));
  const problem = await got.json().catch(() => ({}));
  throw new Error(say("error.refused", { detail: problem.detail ?? got.status }));
}

async function load() {
  try {
    list = await ask(`/v1/preview?${new URLSearchParams({ tenant: chosen.tenant })}`);
  } catch (error) {
    return broken(error.message);
  }
  if (list.faults.length) return broken(say("broken"), list.faults);
  place(at("broken"));
  place(at("tenant"), list.tenants.map(each =>
    h("option", { value: each.id, selected: each.id === chosen.tenant }, `${each.name} (${each.id})`)));
  listEvents();
  if (!list.events.some(each => each.event === chosen.event)) chosen.event = list.events[0]?.event;
  if (chosen.event) choose(chosen.event, answer ? payload.text() : null);
}

function broken(sentence, faults = []) {
  at("events").removeAttribute("aria-busy");
  place(at("events"));
  place(at("broken"), h("p", { class: "card fault", role: "alert" }, sentence), faultsOf(faults));
}

function listEvents() {
  const wanted = at("search").value.trim().toLowerCase();
  const found = list.events.filter(each => `${each.event} ${each.label}`.toLowerCase().includes(wanted));
  const categories = Map.groupBy ? Map.groupBy(found, each => each.category) : grouped(found);
  at("events").removeAttribute("aria-busy");
  place(at("events"), found.length ? [...categories].map(([category, events]) => [
    h("h3", { class: "quiet" }, category),
    h("ul", {}, events.map(each => h("li", {}, h("button", {
      type: "button", id: `event-${each.event}`, "aria-current": each.event === chosen.event ? "true" : null,
      onclick: () => choose(each.event, null),
    }, h("span", {}, each.label), h("code", {}, each.event))))),
  ]).flat() : h("p", { class: "quiet" }, say("no_events")));
}

function grouped(events) {
  const groups = new Map();
  for (const each of events) groups.set(each.category, [...(groups.get(each.category) ?? []), each]);
  return groups;
}

function choose(event, text) {
  chosen.event = event;
  const known = list.events.find(each => each.event === event);
  at("bench").hidden = false;
  at("event-title").textContent = known.label;
  place(at("description"), h("code", {}, known.event), ` · ${known.description}`);
  place(at("locales"), known.languages.map(each => h("option", { value: each })));
  place(at("fields"), Object.entries(known.fields).map(([name, kind]) => [
    h("dt", {}, h("code", {}, name)),
    h("dd", { class: "quiet" }, kind.replace("?", ""), kind.endsWith("?") ? ` (${say("field.optional")})` : ""),
  ]).flat());
  for (const button of at("events").querySelectorAll("button")) {
    button.toggleAttribute("aria-current", false);
    if (button.id === `event-${event}`) button.setAttribute("aria-current", "true");
  }
  if (!known.channels.includes(chosen.channel)) [chosen.channel] = known.channels;
  place(at("tabs"), CHANNELS.filter(each => known.channels.includes(each)).map(channel => h("button", {
    type: "button", role: "tab", id: `tab-${channel}`, "aria-controls": "stage", "data-channel": channel,
    onclick: () => turnTo(channel),
  }, say(`channel.${channel}`))));
  turnTo(chosen.channel);
  render(text);
}

function turnTo(channel) {
  chosen.channel = channel;
  for (const tab of at("tabs").children) {
    const isIt = tab.dataset.channel === channel;
    tab.setAttribute("aria-selected", isIt);
    tab.tabIndex = isIt ? 0 : -1;
    tab.classList.toggle("faulty", Boolean(faultyIn(tab.dataset.channel)));
  }
  at("stage").setAttribute("aria-labelledby", `tab-${channel}`);
  draw();
}

const ofChannel = channel => answer?.channels.find(each => each.channel === channel);
const faultyIn = channel => ofChannel(channel)?.faults.some(each => each.severity === "error");

async function render(text) {
  asking?.abort();
  asking = new AbortController();
  const { event, locale, tenant } = chosen;
  keepAddress();
  try {
    answer = await ask("/v1/preview", { event, locale: locale || "en", tenant, payload: text }, asking.signal);
  } catch (error) {
    if (error.name !== "AbortError") {
      at("status").textContent = error.message;
      place(at("faults"), h("p", { class: "card fault", role: "alert" }, error.message));
    }
    return;
  }
  if (text === null) payload.write(answer.payload);
  payload.mark(answer.payload_faults.map(each => each.line).filter(Boolean));
  place(at("payload-faults"), faultsOf(answer.payload_faults, { isPayload: true }));
  turnTo(chosen.channel);
  const count = answer.payload_faults.length + answer.faults.length
    + answer.channels.flatMap(each => each.faults).filter(each => each.severity === "error").length;
  at("status").textContent = say(count ? "status.faults" : "status.shown", { event, count });
}

function draw() {
  if (!answer) return;
  const stage = at("stage");
  stage.dataset.scheme = chosen.scheme;
  stage.dataset.width = chosen.width;
  const shown = ofChannel(chosen.channel);
  const wish = { event: chosen.event, locale: chosen.locale || "en", tenant: chosen.tenant, payload: answer.payload, scheme: chosen.scheme };
  show(stage, chosen.channel, shown?.content, wish);
  place(at("faults"), faultsOf([...(shown?.faults ?? []), ...answer.faults]));
}

function keepAddress() {
  history.replaceState(null, "", `#${new URLSearchParams(Object.entries(chosen).filter(([, value]) => value))}`);
}

at("search").addEventListener("input", listEvents);
at("sample").addEventListener("click", () => render(null));
at("tenant").addEventListener("change", event => {
  chosen.tenant = event.target.value;
  const tenant = list.tenants.find(each => each.id === chosen.tenant);
  if (tenant) chosen.locale = at("locale").value = tenant.locale;
  load();
});
at("locale").value = chosen.locale;
at("locale").addEventListener("input", settled(() => {
  chosen.locale = at("locale").value.trim();
  render(payload.text());
}));
for (const name of ["scheme", "width"]) {
  for (const radio of document.querySelectorAll(`input[name="${name}"]`)) {
    radio.checked = radio.value === chosen[name];
    radio.addEventListener("change", () => {
      chosen[name] = radio.value;
      keepAddress();
      draw();
    });
  }
}
at("bench").querySelector("form").addEventListener("submit", event => event.preventDefault());
// As the ARIA Authoring Practices have it for tabs.
at("tabs").addEventListener("keydown", event => {
  const tabs = [...at("tabs").children];
  const now = tabs.indexOf(document.activeElement);
  const to = { ArrowRight: now + 1, ArrowLeft: now - 1, Home: 0, End: tabs.length - 1 }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  const tab = tabs.at(to % tabs.length);
  turnTo(tab.dataset.channel);
  keepAddress();
  tab.focus();
});
load();
