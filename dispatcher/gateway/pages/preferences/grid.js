// Categories × channels, each a switch, and every category opens to its events.

import { h, place } from "./dom.js";
import { categoryOf, labelOf, momentOf, say, sayCount, scopeOf, told, whyOf } from "./said.js";
import { allowPushes, canAllowPushes } from "./push.js";

const BLOCKED = new Set(["channel_disabled", "no_address", "address_suppressed", "no_template"]);
const opened = new Set();

/** Draws `outlook`; `make(changes, headline, optimistic)` makes changes, `tell(sentence)` tells. */
export function drawGrid(container, outlook, { make, tell, reload }) {
  const channels = outlook.channels;
  place(container, h("table", { role: "table", "aria-labelledby": "grid-title" },
    h("thead", { role: "rowgroup" }, h("tr", { role: "row" },
      h("th", { role: "columnheader", scope: "col" }, h("span", { class: "spoken" }, say("grid.kind"))),
      channels.map(header))),
    h("tbody", { role: "rowgroup" }, h("tr", { role: "row", class: "all" },
      h("th", { role: "rowheader", scope: "row" }, say("grid.everything")),
      channels.map(master))),
    outlook.categories.map(group)));
  container.removeAttribute("aria-busy");

  function header(reach) {
    const at = reach.obstacle ? say(`obstacle.${reach.obstacle}.${reach.channel}`, { name: told.name })
      : reach.address ?? (reach.browsers ? sayCount("browsers", reach.browsers) : "");
    return h("th", { role: "columnheader", scope: "col", class: reach.obstacle && "unreached" },
      h("span", { class: `sign ${reach.channel}`, "aria-hidden": "true" }),
      h("span", { class: "channel" }, say(`channel.${reach.channel}`)),
      at && h("span", { class: "at" }, at),
      reach.channel === "push" && reach.obstacle === "no_address" && canAllowPushes() &&
        h("button", { id: "allow", type: "button", onclick: () => allowPushes().then(reload, error => tell(error.message)) },
          say("push.allow")));
  }

  function master(reach) {
    const blocker = choiceOf({}) === false ? {} : null;
    const isOn = choiceOf({ channel: reach.channel }) !== false;
    const headline = say(isOn ? "done.off" : "done.on", { what: say("grid.everything"), channel: say(`channel.${reach.channel}`) });
    return cell({
      id: `all-${reach.channel}`,
      label: say("cell", { what: say("grid.everything"), channel: say(`channel.${reach.channel}`) }),
      state: reach.obstacle ? null : String(isOn && !blocker),
      why: reach.obstacle ? say(`obstacle.${reach.obstacle}.${reach.channel}`, { name: told.name })
        : blocker ? say("why.blocked", { what: scopeOf(blocker) }) : say(isOn ? "why.open" : "why.closed"),
      isOwn: !isOn,
      act: () => blocker ? lift(blocker)
        : make([{ kind: "preference", channel: reach.channel, enabled: isOn ? false : null }], headline),
    });
  }

  function group({ category, events }) {
    const id = `category-${category.replace(/\W/g, "_")}`;
    const name = categoryOf(category);
    const isOpen = opened.has(category);
    const rows = events.map(event => eventRow(event, category, isOpen));
    const toggle = h("button", {
      id, type: "button", class: "opener", "aria-expanded": String(isOpen),
      onclick: () => {
        if (opened.has(category)) opened.delete(category); else opened.add(category);
        toggle.setAttribute("aria-expanded", String(opened.has(category)));
        rows.forEach(row => { row.hidden = !opened.has(category); });
      },
    }, h("span", { class: "arrow", "aria-hidden": "true" }), name,
    h("span", { class: "count" }, h("span", { "aria-hidden": "true" }, events.length), h("span", { class: "spoken" }, sayCount("grid.events", events.length))));
    return h("tbody", { role: "rowgroup", class: "group" },
      h("tr", { role: "row" }, h("th", { role: "rowheader", scope: "row" }, toggle, mutedMark({ category, event: null }), barred({ category })),
        channels.map(reach => categoryCell(category, name, events, reach))),
      rows);
  }

  function eventRow(event, category, isOpen) {
    return h("tr", { role: "row", class: "event", hidden: !isOpen },
      h("th", { role: "rowheader", scope: "row" }, labelOf(event.label), mutedMark({ category: null, event: event.event }), barred({ event: event.event })),
      channels.map(reach => eventCell(event, category, reach.channel)));
  }

  // What is off on every channel at once was chosen elsewhere; here it is shown, and taken back.
  function barred(scope) {
    if (choiceOf(scope) !== false) return null;
    const id = `barred-${(scope.category ?? scope.event).replace(/\W/g, "_")}`;
    return h("button", { id, type: "button", class: "chip", onclick: () => lift(scope) }, say("grid.barred"));
  }

  function mutedMark({ category, event }) {
    const mute = outlook.mutes.find(each => !each.subject && each.category === category && each.event === event);
    return mute && h("span", { class: "muted" }, ` ${mute.until ? say("mutes.muted_until", { at: momentOf(mute.until) }) : say("mutes.muted")}`);
  }

  function categoryCell(category, name, events, reach) {
    const ways = events.flatMap(event => event.channels.filter(way => way.channel === reach.channel)
      .map(way => ({ ...way, event: event.event })));
    const free = ways.filter(way => !way.is_forced && !BLOCKED.has(way.reason));
    const on = free.filter(way => way.is_on).length;
    const label = say("cell", { what: name, channel: say(`channel.${reach.channel}`) });
    const id = `cell-${category.replace(/\W/g, "_")}-${reach.channel}`;
    if (!free.length) return fixed(id, label, ways);
    const state = on === free.length ? "true" : on ? "mixed" : "false";
    const blocker = [{}, { channel: reach.channel }, { category }].find(scope => choiceOf(scope) === false);
    const isOwn = choiceOf({ channel: reach.channel, category }) !== undefined ||
      ways.some(way => way.choice !== null);
    const headline = enabled => say(`done.${enabled ? "on" : "off"}`, { what: name, channel: say(`channel.${reach.channel}`) });
    const changes = enabled => [{ kind: "switch", channel: reach.channel, category, enabled }];
    return cell({
      id, label, state, isOwn: isOwn && !blocker,
      why: blocker ? say("why.blocked", { what: scopeOf(blocker) })
        : state === "mixed" ? say("why.mixed", { on, of: free.length })
          : choiceOf({ channel: reach.channel, category }) === false ? say("why.switched_off")
            : whyOf(free.find(way => way.choice !== null) ?? free[0], null),
      act: () => blocker ? lift(blocker) : make(changes(state !== "true"), headline(state !== "true")),
      reset: () => make(changes(null), say("done.usual", { what: name, channel: say(`channel.${reach.channel}`) })),
    });
  }

  function eventCell(event, category, channel) {
    const way = event.channels.find(each => each.channel === channel);
    const name = labelOf(event.label);
    const label = say("cell", { what: name, channel: say(`channel.${channel}`) });
    const id = `cell-${event.event.replace(/\W/g, "_")}-${channel}`;
    if (!way || way.is_forced || BLOCKED.has(way.reason)) return fixed(id, label, way ? [way] : []);
    const broad = [{}, { channel }, { category }, { event: event.event }].find(scope => choiceOf(scope) === false);
    const ofCategory = choiceOf({ channel, category }) === false ? { channel, category } : null;
    const turned = say(`done.${way.is_on ? "off" : "on"}`, { what: name, channel: say(`channel.${channel}`) });
    const mine = enabled => ({ kind: "switch", channel, event: event.event, enabled });
    return cell({
      id, label, state: String(way.is_on), isOwn: way.choice !== null && !broad && !ofCategory,
      why: whyOf(way, broad ?? ofCategory),
      act: () => broad ? lift(broad)
        : ofCategory ? make([...butFor(event.event, ofCategory), mine(true)], turned)
          : make([mine(!way.is_on)], turned),
      reset: () => make([mine(null)], say("done.usual", { what: name, channel: say(`channel.${channel}`) })),
    });
  }

  // Off wins over on: one event of a category that is off comes only if the others are off by themselves.
  function butFor(wanted, scope) {
    const others = outlook.categories.find(each => each.category === scope.category).events
      .filter(event => event.event !== wanted)
      .filter(event => event.channels.some(way => way.channel === scope.channel && !way.is_forced && !BLOCKED.has(way.reason)));
    return [
      { kind: "preference", ...scope, enabled: null },
      ...others.map(event => ({ kind: "switch", channel: scope.channel, event: event.event, enabled: false })),
    ];
  }

  function lift(scope) {
    make([{ kind: "preference", ...scope, enabled: null }], say("done.lifted", { what: scopeOf(scope) }));
  }

  function choiceOf({ channel = null, category = null, event = null }) {
    return outlook.choices.find(each =>
      each.channel === channel && each.category === category && each.event === event)?.enabled;
  }
}

/** A switch of three states, with its reason, and the way back to what is usual. */
function cell({ id, label, state, why, isOwn, act, reset }) {
  if (state === null) return fixed(id, label, [], why);
  const button = h("button", {
    id, type: "button", class: "switch", role: "checkbox", "aria-checked": state,
    "aria-label": label, "aria-describedby": `${id}-why`, "data-state": state,
    onclick: () => {
      // At once, before the answer; whatever comes is drawn then.
      const turned = state === "true" ? "false" : "true";
      button.setAttribute("aria-checked", turned);
      button.dataset.state = turned;
      act();
    },
  });
  return h("td", { role: "cell", class: isOwn && "own" }, button,
    isOwn && reset && h("button", { id: `${id}-reset`, type: "button", class: "reset", "aria-label": say("cell.reset", { label }), onclick: reset }),
    h("span", { id: `${id}-why`, class: "why", role: "tooltip" }, why));
}

/** What cannot be switched: forced, or out of reach. */
function fixed(id, label, ways, why) {
  const isForced = ways.some(way => way.is_forced);
  const reason = why ?? (ways.length ? whyOf(ways.find(way => way.is_forced) ?? ways[0], null) : say("why.no_template"));
  return h("td", { role: "cell" },
    h("span", { id, class: `fixed ${isForced ? "forced" : ""}`, tabindex: "0", role: "img", "aria-label": `${label}: ${reason}` },
      isForced ? say("cell.always") : "–"),
    h("span", { class: "why", "aria-hidden": "true" }, reason));
}
