// One item of the list: what happened, when, and what can be done with it.

import { icon, make, tool, webAddress } from "./dom.js";
import { isCounted } from "./items.js";

/** What decides whether an item must be built anew. */
export function lookOf(item) {
  return JSON.stringify([item.title, item.body, item.read_at && 1, item.archived_at && 1, item.is_pinned]);
}

/**
 * `act` has open(item, address, event) and mark(verb, item). The title is the link, and covers the
 * whole row: a click or a middle click anywhere follows it, except on the buttons, which lie above.
 */
export function buildItem(item, words, act) {
  const isUnread = isCounted(item);
  const address = webAddress(item.link);
  const open = (event) => act.open(item, event.currentTarget.href ?? null, event);
  const spoken = (name) => make("span.spoken", {}, `${words.say(name)} `);
  const title = make(address ? "a.title" : "button.title", {
    href: address, type: address ? null : "button", part: "title", "data-deed": "open", onclick: open, onauxclick: open,
  }, item.is_pinned ? spoken("pinned") : null, isUnread ? spoken("unread") : null, make("span.clamped", {}, make("bdi", {}, item.title)));
  const deed = (name, verb, drawing, label) => tool(drawing, words.say(label), () => act.mark(verb, item), {
    // Named with its item, so that a list of buttons makes sense to who cannot see it.
    "aria-label": `${words.say(label)}: ${item.title}`, "data-deed": name,
  });
  return make(isUnread ? "li.item.unread" : "li.item", { part: isUnread ? "item unread" : "item" },
    picture(item),
    make("div.text", {},
      make("div.line", {}, title,
        make("span.when", {}, item.is_pinned ? icon("pin") : null,
          make("time", { datetime: item.created_at, dir: "auto", title: words.moment(item.created_at) }, words.since(item.created_at)))),
      make("p", { part: "body" }, make("bdi", {}, item.body)),
      make("div.foot", {}, ...actions(item, open),
        make("div.deeds", {},
          item.read_at ? deed("mark", "unread", "dot", "mark-unread") : deed("mark", "read", "check", "read"),
          item.archived_at ? deed("archive", "unarchive", "unarchive", "unarchive") : deed("archive", "archive", "archive", "archive"),
          item.is_pinned ? deed("pin", "unpin", "pin", "unpin") : deed("pin", "pin", "pin", "pin")))));
}

function picture(item) {
  const address = webAddress(item.image);
  if (!address) return null;
  return make("img", {
    src: address, alt: "", part: "image", loading: "lazy", decoding: "async", referrerpolicy: "no-referrer",
    onerror: (event) => event.currentTarget.remove(),
  });
}

function actions(item, open) {
  return item.actions.filter((action) => webAddress(action.link)).map((action, at) =>
    make("a.action", { href: action.link, part: "action", "data-deed": `action ${at}`, onclick: open, onauxclick: open }, action.label));
}
