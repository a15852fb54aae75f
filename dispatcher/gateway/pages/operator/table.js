// Tables that become cards on a narrow screen, and what stands in them.

import { make } from "../inbox/dom.js";
import { say, stateOf } from "./said.js";

/**
 * A table. A column is `{ name, of(row), number }`: its heading, what stands in it, and whether it
 * is one of figures. The first column names the row. Roles are written out: as cards it is no table to
 * some readers of screens otherwise.
 */
export function table(caption, columns, rows, empty) {
  if (!rows.length) return make("p.empty.quiet", {}, empty);
  return make("div.scroll", {},
    make("table", { role: "table" },
      make("caption.spoken", {}, caption),
      make("thead", { role: "rowgroup" },
        make("tr", { role: "row" }, ...columns.map(column =>
          make(column.number ? "th.number" : "th", { role: "columnheader", scope: "col" }, column.name)))),
      make("tbody", { role: "rowgroup" }, ...rows.map(row =>
        make("tr", { role: "row" }, ...columns.map((column, at) => {
          const content = [column.of(row)].flat().filter(part => part !== null && part !== undefined && part !== "");
          const kind = column.number ? ".number" : "";
          return at === 0
            ? make(`th${kind}`, { role: "rowheader", scope: "row", "data-label": column.name }, ...content)
            : make(`td${kind}`, { role: "cell", "data-label": column.name }, ...content);
        }))))));
}

const GOOD = new Set(["sent", "delivered", "ready", "now"]);
const BAD = new Set(["failed", "refused", "bounced", "misconfigured"]);
const UNSURE = new Set(["waiting", "unknown", "open", "later"]);

/** A state as a coloured word; the word says it without the colour. */
export function chip(state) {
  const mood = GOOD.has(state) ? "good" : BAD.has(state) ? "bad" : UNSURE.has(state) ? "warn" : "plain";
  return make(`span.chip.${mood}`, {}, stateOf(state));
}

/** A section of a view with its heading. */
export function section(title, ...content) {
  const id = `section-${Math.random().toString(36).slice(2)}`;
  return make("section.card", { "aria-labelledby": id }, make("h2", { id }, title), ...content);
}

/** What keeps the keyboard's place while all around it is drawn anew. */
export function redraw(container, ...children) {
  const active = document.activeElement;
  const key = container.contains(active) ? active.dataset.key : null;
  container.replaceChildren(...children.filter(Boolean));
  if (key) container.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus();
}

/** Older ones, and where the search ended. */
export function more(page, onmore) {
  if (!page.next_cursor) return null;
  return make("p.more", {}, make("button", { type: "button", "data-key": "more", onclick: onmore }, say("more")));
}

/** A select with a label. `options` are [value, text]. */
export function choice(id, label, options, chosen, onchange = null) {
  return make("label.field", { for: id }, make("span", {}, label),
    make("select", { id, name: id, onchange }, ...options.map(([value, text]) =>
      make("option", { value, selected: value === (chosen ?? "") }, text))));
}

export function input(id, label, value, attributes = {}) {
  return make("label.field", { for: id }, make("span", {}, label),
    make("input", { id, name: id, value: value ?? "", autocomplete: "off", spellcheck: "false", ...attributes }));
}
