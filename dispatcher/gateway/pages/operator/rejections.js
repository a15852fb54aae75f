// Events that told nobody anything, each with the way out.

import { make } from "../inbox/dom.js";
import { get } from "./api.js";
import { momentOf, say, sayCount, wayOutOf, whyOf } from "./said.js";
import { more, redraw, table } from "./table.js";

let container, pages = 1;

export const rejections = {
  every: 15,
  shape(view) {
    container = make("div", {});
    view.replaceChildren(container);
    pages = 1;
  },
  async refresh(query) {
    const found = { rejections: [], next_cursor: null };
    for (let page = 0; page < pages; page += 1) {
      const answer = await get("rejections", { reason: query.get("reason"), cursor: found.next_cursor, limit: 30 });
      found.rejections.push(...answer.rejections);
      found.next_cursor = answer.next_cursor;
      if (!answer.next_cursor) break;
    }
    return () => draw(found, query.get("reason"));
  },
};

function draw(found, reason) {
  redraw(container,
    make("p.quiet", {}, say("rejections.about")),
    reason ? make("p", {}, say("rejections.only", { reason: reason.replaceAll("_", " ") }), " ", make("a", { href: "#/rejections", "data-key": "all" }, say("rejections.all"))) : null,
    make("p.quiet.tally", { role: "status" }, sayCount(found.next_cursor ? "found.more" : "found", found.rejections.length)),
    table(say("view.rejections"), [
      { name: say("column.event"), of: each => [each.event ?? "–", make("span.note", {}, `#${each.outbox_id}`)] },
      { name: say("column.recipient"), of: each => [each.recipient ?? "–", make("span.note", {}, each.tenant_id ?? "")] },
      { name: say("column.reason"), of: each => [whyOf(each), each.detail && whyOf(each) !== each.why ? make("span.note", {}, each.detail) : null] },
      { name: say("way_out"), of: each => wayOutOf(each) },
      { name: say("column.emitted"), of: each => momentOf(each.created_at) },
    ], found.rejections, say("rejections.none")),
    more(found, () => {
      pages += 1;
      document.dispatchEvent(new Event("changed"));
    }));
}
