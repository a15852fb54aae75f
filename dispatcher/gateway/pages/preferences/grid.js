// Categories × channels, each a switch, and every category opens to its events.

import { h, place } from "./dom.js";
import { ask } from "./question.js";
import { categoryOf, labelOf, momentOf, say, sayCount, scopeOf, told, whyOf } from "./said.js";
import { allowPushes, canAllowPushes } from "./push.js";

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
      reach.browsers === 0 && reach.obstacle === "no_address" && canAllowPushes() &&
        h("button", { id: "allow", type: "button", onclick: () => allowPushes().then(reload, error => tell(error.message)) },
          say("push.allow")));
  }

  function master(reach) {
    const { channel, obstacle } = reach;
    const blockers = blockersOf(outlook, channel);
    const named = { what: say("grid.everything"), channel: say(`channel.${channel}`) };
    const label = say("cell", named);
    if (obstacle) return fixed(`all-${channel}`, label, [], say(`obstacle.${obstacle}.${channel}`, { name: told.name }));
    const groups = outlook.categories.map(({ category, events }) => ({ category, free: freeWays(events, channel) }))
      .filter(({ free }) => free.length);
    const { state, on, of } = sumOf(groups.flatMap(({ free }) => free));
    const isClosed = choiceOf({ channel }) === false;
    const all = enabled => enabled && !isClosed
      ? () => make(groups.map(({ category }) => ({ kind: "switch", channel, category, enabled })), say("done.on", named))
      : () => make([{ kind: "preference", channel, enabled: enabled ? null : false }], say(enabled ? "done.on" : "done.off", named));
    return cell({
      id: `all-${channel}`, label, state, isOwn: isClosed,
      why: blockers.length ? say("why.blocked", { what: scopeOf({}) })
        : isClosed ? say("why.closed") : state === "mixed" ? say("why.mixed_channel", { on, of }) : say(`why.all_${state}`),
      act: blockers.length ? () => askWhich(blockers, { channel }, [], named)
        : state === "mixed" ? () => ask(say("ask.mixed", { what: label, on, of }), [
          { id: "ask-off", text: say("ask.all_off"), act: all(false) },
          { id: "ask-on", text: say("ask.all_on"), act: all(true) },
        ]) : all(state === "false"),
      asks: blockers.length > 0 || state === "mixed",
    });
  }

  function freeWays(events, channel) {
    return events.flatMap(event => event.channels
      .filter(way => way.channel === channel && way.can_switch)
      .map(way => ({ ...way, event: event.event })));
  }

  function group({ category, events, switches }) {
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
        channels.map(reach => categoryCell(category, name, events, reach, blockersOf({ switches }, reach.channel)))),
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

  function categoryCell(category, name, events, reach, blockers) {
    const ways = events.flatMap(event => event.channels.filter(way => way.channel === reach.channel)
      .map(way => ({ ...way, event: event.event })));
    const free = freeWays(events, reach.channel);
    const label = say("cell", { what: name, channel: say(`channel.${reach.channel}`) });
    const id = `cell-${category.replace(/\W/g, "_")}-${reach.channel}`;
    if (!free.length) return fixed(id, label, ways);
    const { state, on, of } = sumOf(free);
    const isOwn = choiceOf({ channel: reach.channel, category }) !== undefined ||
      ways.some(way => way.choice !== null);
    const named = { what: name, channel: say(`channel.${reach.channel}`) };
    const changes = enabled => [{ kind: "switch", channel: reach.channel, category, enabled }];
    return cell({
      id, label, state, isOwn: isOwn && !blockers.length, asks: blockers.length > 0,
      why: blockers.length ? say("why.blocked", { what: scopeOf(blockers[0]) })
        : state === "mixed" ? say("why.mixed", { on, of })
          : choiceOf({ channel: reach.channel, category }) === false ? say("why.switched_off")
            : whyOf(free.find(way => way.choice !== null) ?? free[0], null),
      act: () => blockers.length ? askWhich(blockers, { channel: reach.channel, category }, changes(true), named)
        : make(changes(state !== "true"), say(state !== "true" ? "done.on" : "done.off", named)),
      reset: () => make(changes(null), say("done.usual", named)),
    });
  }

  function eventCell(event, category, channel) {
    const way = event.channels.find(each => each.channel === channel);
    const name = labelOf(event.label);
    const label = say("cell", { what: name, channel: say(`channel.${channel}`) });
    const id = `cell-${event.event.replace(/\W/g, "_")}-${channel}`;
    if (!way?.can_switch) return fixed(id, label, way ? [way] : []);
    const blockers = way.blocked_by;
    const named = { what: name, channel: say(`channel.${channel}`) };
    const mine = enabled => ({ kind: "switch", channel, event: event.event, enabled });
    return cell({
      id, label, state: String(way.is_on), isOwn: way.choice !== null && !blockers.length, asks: blockers.length > 0,
      why: whyOf(way, blockers[0]),
      act: () => blockers.length ? askWhich(blockers, { channel, event: event.event }, [mine(true)], named)
        : make([mine(!way.is_on)], say(way.is_on ? "done.off" : "done.on", named)),
      reset: () => make([mine(null)], say("done.usual", named)),
    });
  }

  /** Something broader is off, which wins: only this back on, or all that it covers? */
  function askWhich(blockers, scope, switching, named) {
    const what = blockers.map(off => scopeOf(off)).join(", ");
    ask(say("ask.blocked", { what: say("cell", named), broader: what }), [
      { id: "ask-only", text: say("ask.only", named), act: () => make([{ kind: "only", ...scope }], say("done.on", named)) },
      {
        id: "ask-all", text: say("ask.lift", { what }),
        act: () => make([...blockers.map(off => ({ kind: "preference", ...off, enabled: null })), ...switching], say("done.lifted", { what })),
      },
    ]);
  }

  function lift(scope) {
    make([{ kind: "preference", ...scope, enabled: null }], say("done.lifted", { what: scopeOf(scope) }));
  }

  function choiceOf({ channel = null, category = null, event = null }) {
    return outlook.choices.find(each =>
      each.channel === channel && each.category === category && each.event === event)?.enabled;
  }
}

/** The choices with which a channel would stay off. */
const blockersOf = ({ switches }, channel) => switches.find(each => each.channel === channel)?.blocked_by ?? [];

/** Whether all of these come, none or some. */
function sumOf(ways) {
  const on = ways.filter(way => way.is_on).length;
  return { on, of: ways.length, state: !on ? "false" : on === ways.length ? "true" : "mixed" };
}

/** A switch of three states, with its reason, and the way back to what is usual; `asks` before it turns. */
function cell({ id, label, state, why, isOwn, asks, act, reset }) {
  const button = h("button", {
    id, type: "button", class: "switch", role: "checkbox", "aria-checked": state,
    "aria-label": label, "aria-describedby": `${id}-why`, "data-state": state,
    onclick: () => {
      if (asks) {
        act();
        return;
      }
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
