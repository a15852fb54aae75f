// One item of the list: what happened, when, and what can be done with it.

import { make, tool, webAddress } from "./dom.js";
import { isCounted } from "./items.js";

/** What decides whether an item must be built anew. */
export function lookOf(item) {
  return JSON.stringify([item.title, item.body, item.read_at && 1, item.archived_at && 1]);
}

/** `act` has open(item, address, event) and mark(verb, item). */
export function buildItem(item, words, act) {
  const isUnread = isCounted(item);
  const address = webAddress(item.link);
  const open = (event) => act.open(item, event.currentTarget.href ?? null, event);
  const title = make(address ? "a.title" : "button.title", {
    href: address, type: address ? null : "button", part: "title", "data-deed": "open", onclick: open,
  }, isUnread ? make("span.spoken", {}, `${words.say("unread")} `) : null, make("bdi", {}, item.title));
  return make(isUnread ? "li.item.unread" : "li.item", { part: isUnread ? "item unread" : "item" },
    picture(item),
    make("div.text", {},
      make("div.line", {}, title,
        make("time", { datetime: item.created_at, dir: "auto", title: words.moment(item.created_at) }, words.since(item.created_at))),
      make("p", { part: "body" }, make("bdi", {}, item.body)),
      actions(item, open)),
    make("div.deeds", {},
      item.read_at
        ? deed("dot", "mark", words.say("mark-unread"), item, () => act.mark("unread", item))
        : deed("check", "mark", words.say("read"), item, () => act.mark("read", item)),
      item.archived_at ? null : deed("archive", "archive", words.say("archive"), item, () => act.mark("archive", item))));
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
  const known = item.actions.filter((action) => webAddress(action.link));
  if (!known.length) return null;
  return make("div.actions", {}, ...known.map((action, at) =>
    make("a", { href: action.link, part: "action", "data-deed": `action ${at}`, onclick: open }, action.label)));
}

// Named with its item, so that a list of buttons makes sense to who cannot see it.
function deed(drawing, name, label, item, act) {
  return tool(drawing, label, act, { "aria-label": `${label}: ${item.title}`, "data-deed": name });
}
