// Pauses and mutes: silence with an end.

import { h, place } from "./dom.js";
import { foreseeing } from "./foreseeing.js";
import { categoryOf, labelOf, momentOf, say, scopeOf } from "./said.js";

const HOUR = 3600e3;

/** The next time that clocks here show eight in the morning, so many days on. */
function morning(days) {
  const at = new Date();
  at.setDate(at.getDate() + days);
  at.setHours(8, 0, 0, 0);
  return at;
}

const isEverything = mute => !mute.category && !mute.event && !mute.subject;

/** As a field of type datetime-local writes it. */
function written(at) {
  const local = new Date(at - at.getTimezoneOffset() * 60e3);
  return local.toISOString().slice(0, 16);
}

export function drawPause(container, outlook, { make, banner }) {
  const pause = outlook.mutes.find(isEverything);
  const until = at => make([{ kind: "mute", until: at.toISOString() }], say("done.paused", { at: momentOf(at) }));
  const resume = () => make([{ kind: "unmute" }], say("done.resumed"));
  const field = h("input", {
    id: "pause-until", type: "datetime-local", required: true, min: written(new Date()), value: written(morning(2)),
  });
  place(container,
    h("div", { class: "buttons" },
      h("button", { id: "pause-tomorrow", type: "button", onclick: () => until(morning(1)) }, say("pause.tomorrow")),
      h("button", { id: "pause-week", type: "button", onclick: () => until(morning(7)) }, say("pause.week"))),
    h("form", { class: "line", onsubmit: event => { event.preventDefault(); until(new Date(field.value)); } },
      h("label", { for: "pause-until" }, say("pause.until")), field,
      h("button", { id: "pause-set" }, say("pause.set"))));
  place(banner, pause && h("div", { class: "card banner" },
    h("p", {}, pause.until ? say("pause.paused", { at: momentOf(pause.until) }) : say("pause.for_good")),
    h("button", { id: "resume", type: "button", class: "first", onclick: resume }, say("pause.resume"))));
}

export function drawMutes(container, outlook, { make }) {
  const labels = Object.fromEntries(outlook.categories.flatMap(each => each.events).map(each => [each.event, each.label]));
  const mutes = outlook.mutes.filter(mute => !isEverything(mute));
  place(container, mutes.length ? h("ul", { class: "mutes" }, mutes.map(shown)) : h("p", { class: "none" }, say("mutes.none")), form());

  function shown(mute, number) {
    const { category, event, subject } = mute;
    const what = scopeOf(mute, labels);
    return h("li", {},
      h("span", {}, h("strong", {}, what), " ", mute.until ? say("mutes.until", { at: momentOf(mute.until) }) : say("mutes.for_good")),
      h("button", {
        id: `unmute-${number}`, type: "button", "aria-label": say("mutes.end_of", { what }),
        onclick: () => make([{ kind: "unmute", category, event, subject }], say("done.unmuted", { what })),
      }, say("mutes.end")));
  }

  function form() {
    const what = h("select", { id: "mute-what" }, outlook.categories.map(({ category, events }) =>
      h("optgroup", { label: categoryOf(category) },
        h("option", { value: `category:${category}` }, say("mutes.all_of", { what: categoryOf(category) })),
        events.map(each => h("option", { value: `event:${each.event}` }, labelOf(each.label))))));
    const end = h("select", { id: "mute-end" }, ["hour", "tomorrow", "week", "month", "for_good", "date"].map(each =>
      h("option", { value: each }, say(`end.${each}`))));
    const date = h("input", { id: "mute-until", type: "datetime-local", "aria-label": say("end.date"), hidden: true, min: written(new Date()), value: written(morning(1)) });
    const example = h("p", { class: "example", "aria-live": "polite" });
    const ends = {
      hour: () => new Date(Date.now() + HOUR), tomorrow: () => morning(1), week: () => morning(7), month: () => morning(30),
      for_good: () => null, date: () => new Date(date.value),
    };
    const asked = () => {
      const [kind, ...name] = what.value.split(":");
      return { kind: "mute", [kind]: name.join(":"), until: ends[end.value]()?.toISOString() ?? null };
    };
    const foreseen = foreseeing(example);
    const show = () => foreseen([asked()]);
    end.addEventListener("change", () => { date.hidden = end.value !== "date"; show(); });
    for (const field of [what, date]) field.addEventListener("change", show);
    return h("form", {
      class: "mute",
      onsubmit: event => {
        event.preventDefault();
        const mute = asked();
        const values = { what: scopeOf(mute, labels), at: mute.until && momentOf(mute.until) };
        make([mute], say(mute.until ? "done.muted" : "done.muted_for_good", values));
      },
    },
    h("label", { for: "mute-what" }, say("mutes.what")), what,
    h("label", { for: "mute-end" }, say("mutes.how_long")), end, date,
    h("button", { id: "mute-set" }, say("mutes.set")), example);
  }
}
