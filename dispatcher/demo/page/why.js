// Each transaction of the marketplace, its SQL, and why who heard of it.

import { ask, byId, fill, make } from "./dom.js";
import { nameOf } from "./people.js";

let strangers = new Set();

export async function lookAtEvents() {
  const stories = await ask("/api/events");
  // What nobody here is known to have done may be ours, and just not yet written down.
  const isNew = (story) => story.title === null && !strangers.has(story.key);
  const shown = stories.filter((story) => !isNew(story));
  strangers = new Set(stories.filter((story) => story.title === null).map((story) => story.key));
  fill(byId("event-list"), shown, (it) => it.key, moment, "Nothing has happened yet.");
}

/** The rows of postbell.explain() for an event. */
export function decisions(event) {
  return make("ul.decisions", {}, ...event.decisions.map((row) => decision(event.tenant_id, row)));
}

function decision(house, row) {
  // What is at fault has its way out in sight: nobody hovers over a phone, or with the keyboard.
  const wayOut = row.tone === "bad" ? row.way_out : "";
  const why = [row.sentence, wayOut, row.ms == null ? "" : `${row.ms} ms`].filter(Boolean).join(" ");
  return make("li", { title: row.way_out || null },
    make("span", {}, nameOf(house, row.recipient_id)), make("span", {}, row.channel ?? ""),
    make(`span.chip.${row.tone}`, {}, row.state),
    make("small", {}, [why, row.rung ? `rung ${row.rung}` : ""].filter(Boolean).join(" · ")));
}

function moment(it) {
  const isBack = it.rolled_back_by != null;
  const end = isBack ? `rollback; -- ${it.rolled_back_by}` : "commit;";
  return make("article.card.moment", {},
    make("div.line", {}, make("b", {}, it.title ?? "Emitted by somebody else"),
      make(isBack ? "span.chip.bad" : "span.chip.good", {}, isBack ? "rolled back" : "committed")),
    isBack ? make("p.event", {}, `${it.rolled_back_by}: nobody hears of it.`) : null,
    it.statements.length
      ? make("details", {}, make("summary", {}, "SQL"), make("pre.sql", { tabindex: "0" }, ["begin;", ...it.statements, end].join("\n\n")))
      : null,
    ...it.events.flatMap((event) => [
      make("p.event", {}, [`event ${event.id}`, event.event, event.detail].filter(Boolean).join(" · ")),
      decisions(event)]));
}
