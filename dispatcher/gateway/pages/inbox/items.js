// What is known of an inbox: as the gateway told it, with the marks on top that it does not know yet.

export const TABS = ["all", "unread", "archived"];
/** 100 stands for more than 99. */
export const MOST_COUNTED = 100;

const now = () => new Date().toISOString();

// What a mark makes of an item. The gateway's own words: v1/inbox/read and so on.
const MARKS = {
  seen: (item) => ({ ...item, seen_at: item.seen_at ?? now() }),
  read: (item) => ({ ...item, read_at: item.read_at ?? now(), seen_at: item.seen_at ?? now() }),
  unread: (item) => ({ ...item, read_at: null }),
  archive: (item) => ({ ...item, archived_at: item.archived_at ?? now() }),
};
// As the stream calls what somebody else did.
const CHANGES = { seen: "seen", read: "read", unread: "unread", archived: "archive" };

export const isCounted = (item) => !item.read_at && !item.archived_at && !item.is_silent;

const concerns = (mark, item) => mark.items === null || mark.items.includes(item.id);
const newestFirst = (a, b) => b.length - a.length || (a < b ? 1 : a > b ? -1 : 0);

export class Items {
  #known = new Map();
  #lists = new Map();
  #unread = 0;
  /** Marks that the gateway has not confirmed, oldest first: {verb, items}, null for all. */
  pending = [];

  get(id) {
    const item = this.#known.get(id);
    return item && this.pending.reduce(applied, item);
  }

  /** How many are unread, counted to MOST_COUNTED. */
  get unread() {
    let count = this.#unread;
    const changed = new Map();
    for (const mark of this.pending) {
      for (const known of this.#known.values()) {
        if (!concerns(mark, known)) continue;
        const before = changed.get(known.id) ?? known;
        const after = applied(before, mark);
        changed.set(known.id, after);
        count += isCounted(after) - isCounted(before);
      }
      if (mark.items === null && mark.verb === "read") count = 0;
    }
    return Math.max(0, Math.min(count, MOST_COUNTED));
  }

  set unread(count) {
    this.#unread = count;
  }

  /** {items, cursor, isLoaded} of a tab and a category, "" for all of them. */
  list(tab, category) {
    const { ids, cursor, isLoaded } = this.#list(tab, category);
    const items = ids.map((id) => this.get(id)).filter((item) => Boolean(item.archived_at) === (tab === "archived"));
    return { items, cursor, isLoaded };
  }

  /** Takes the page of a list that begins where `cursor` says; null for the first. */
  take(tab, category, cursor, { items, next_cursor: next }) {
    const list = this.#list(tab, category);
    for (const item of items) this.#known.set(item.id, item);
    const ids = items.map((item) => item.id);
    if (cursor !== null) {
      list.ids = [...new Set([...list.ids, ...ids])].sort(newestFirst);
      list.cursor = next;
      return;
    }
    // What the first page should have and has not is gone. Below it the old list goes on, if the two
    // meet.
    const isBelow = (id) => list.isLoaded && next !== null && newestFirst(ids.at(-1), id) < 0;
    const below = list.ids.filter(isBelow);
    const goesOn = below.length > 0 && below.length < list.ids.length;
    list.ids = goesOn ? [...ids, ...below] : ids;
    if (!goesOn) list.cursor = next;
    list.isLoaded = true;
  }

  /** Items to show before the gateway has answered. */
  recall({ items = [], unread = 0, pending = [] }) {
    for (const item of items) this.#known.set(item.id, item);
    this.#list("all", "").ids = items.map((item) => item.id);
    this.#unread = unread;
    this.pending = pending;
  }

  /** A list begins anew: what was read in it meanwhile is no longer shown among the unread. */
  reset(tab, category) {
    this.#lists.delete(`${tab} ${category}`);
  }

  /** Who was away does not know what changed: what is shown stays until there is better. */
  distrust() {
    for (const list of this.#lists.values()) list.isLoaded = false;
  }

  /** Of a state frame. Whether something came that is not known yet. */
  change({ unread, changes }) {
    this.#unread = unread;
    let isNew = false;
    for (const { change, items } of changes) {
      if (change === "added" || items === null) isNew = true;
      else this.#apply({ verb: CHANGES[change], items: items.map(String) });
    }
    return isNew;
  }

  /** The gateway has confirmed the oldest mark. */
  confirm() {
    const count = this.unread;
    const mark = this.pending.shift();
    this.#apply(mark);
    this.#unread += count - this.unread;
  }

  #apply(mark) {
    for (const item of this.#known.values()) this.#known.set(item.id, applied(item, mark));
  }

  #list(tab, category) {
    const key = `${tab} ${category}`;
    if (!this.#lists.has(key)) this.#lists.set(key, { ids: [], cursor: null, isLoaded: false });
    return this.#lists.get(key);
  }
}

function applied(item, mark) {
  return concerns(mark, item) ? MARKS[mark.verb](item) : item;
}
