// The same as a form: days, from, until, what it holds back, by whose clock.

import { h } from "./dom.js";
import { dayOf, QUIET_CHANNELS, say } from "./said.js";
import { changeOf, spanOf, windowOf } from "./window.js";

const DAYS = [1, 2, 3, 4, 5, 6, 7];

export function drawForm(outlook, { make, foreseen, usual }) {
  const set = outlook.quiet_hours.map(each => each.day);
  const [first] = outlook.quiet_hours;
  const days = boxes("days", DAYS, set.length ? set : DAYS, dayOf);
  const channels = boxes("holds", QUIET_CHANNELS.filter(each => outlook.channels.some(reach => reach.channel === each)),
    usual.channels, each => say(`channel.${each}`));
  const starts = h("input", { id: "quiet-starts", type: "time", required: true, value: (first?.starts ?? "22:00").slice(0, 5) });
  const ends = h("input", { id: "quiet-ends", type: "time", required: true, value: (first?.ends ?? "07:00").slice(0, 5) });
  const zone = zones(outlook, usual.time_zone);
  const chosen = set => [...set.querySelectorAll("input:checked")].map(box => box.value);
  const drawn = () => windowOf({ starts: starts.value, ends: ends.value });
  const asked = isSet => {
    return changeOf(chosen(days).map(Number), isSet ? drawn() : null, { channels: chosen(channels), time_zone: zone.value || null });
  };
  const names = () => listOf(chosen(days).map(day => dayOf(day)));
  const show = () => {
    if (chosen(days).length && starts.value && ends.value) foreseen([asked(true)]);
  };
  const form = h("form", {
    class: "quiet-form", "aria-label": say("week.form"),
    onsubmit: event => {
      event.preventDefault();
      if (isPicked(days) && isPicked(channels)) {
        make([asked(true)], say("done.quiet", { days: names(), span: spanOf(drawn()) }));
      }
    },
  },
  days,
  h("div", { class: "line" },
    h("label", {}, say("week.from"), starts), h("label", {}, say("week.until"), ends),
    h("label", { class: "zone" }, say("week.zone"), zone)),
  channels,
  h("div", { class: "buttons" },
    h("button", { id: "quiet-set", class: "first" }, say("week.set")),
    h("button", {
      id: "quiet-remove", type: "button",
      onclick: () => { if (isPicked(days)) make([asked(false)], say("done.loud", { days: names() })); },
    }, say("week.unset"))));
  form.addEventListener("change", () => {
    // What was missing is not, perhaps: without this the browser would refuse the form for ever.
    for (const box of form.querySelectorAll("input")) box.setCustomValidity("");
    show();
  });
  return h("details", { class: "by-form", open: true }, h("summary", {}, say("week.form")), form);

  function boxes(name, values, checked, label) {
    return h("fieldset", { class: "boxes" }, h("legend", {}, say(`week.${name}`)), values.map(value =>
      h("label", { class: "box" },
        h("input", { id: `quiet-${name}-${value}`, type: "checkbox", name, value, checked: checked.includes(value) }), label(value))));
  }
}

/** Whether a box of the set is ticked; says that one must be, if none is. */
function isPicked(set) {
  if (set.querySelector("input:checked")) return true;
  const [first] = set.querySelectorAll("input");
  first.setCustomValidity(say("week.pick"));
  first.reportValidity();
  return false;
}

const listOf = names => new Intl.ListFormat(document.documentElement.lang).format(names);

/** The person's own zone first, then the browser's, then all. */
function zones(outlook, chosen) {
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const all = Intl.supportedValuesOf("timeZone");
  const named = [...new Set([chosen, here, ...all])].filter(zone => zone);
  return h("select", { id: "quiet-zone" },
    h("option", { value: "" }, say("week.own_zone", { zone: outlook.time_zone })),
    named.map(zone => h("option", { value: zone, selected: zone === chosen },
      zone === here && zone !== outlook.time_zone ? say("week.this_zone", { zone }) : zone.replaceAll("_", " "))));
}
