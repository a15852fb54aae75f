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
  unarchive: (item) => ({ ...item, archived_at: null }),
  pin: (item) => ({ ...item, is_pinned: true }),
  unpin: (item) => ({ ...item, is_pinned: false }),
};
// As the stream calls what was done elsewhere, where that is not the mark's own name.
const CHANGES = { archived: "archive", unarchived: "unarchive", pinned: "pin", unpinned: "unpin" };
// Those that leave an item in its place, or only take it away.
const IN_PLACE = ["seen", "read", "unread", "archived"];

export const isCounted = (item) => !item.read_at && !item.archived_at && !item.is_silent;

const concerns = (mark, item) => mark.items === null ? !item.archived_at : mark.items.includes(item.id);
const newestFirst = (a, b) => b.length - a.length || (a < b ? 1 : a > b ? -1 : 0);
const pinnedFirst = (a, b) => Boolean(b.is_pinned) - Boolean(a.is_pinned) || newestFirst(a.id, b.id);

export class Items {
  #known = new Map();
  #lists = new Map();
  #unread = 0;
  /**
   * Marks that the gateway has not confirmed, oldest first: {verb, items}, null for all. One that
   * takes back that all were read has also `undoes`, that mark, and `unread`, the count before it.
   */
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
        const before = changed.get(known.id) ?? known;
        if (!concerns(mark, before)) continue;
        const after = applied(before, mark);
        changed.set(known.id, after);
        count += isCounted(after) - isCounted(before);
      }
      if (mark.items === null && mark.verb === "read") count = 0;
      count = mark.unread ?? count;
    }
    return Math.max(0, Math.min(count, MOST_COUNTED));
  }

  set unread(count) {
    this.#unread = count;
  }

  /** {items, cursor, isLoaded} of a tab and a category, "" for all of them. */
  list(tab, category) {
    const { ids, cursor, isLoaded } = this.#list(tab, category);
    const isArchived = (item) => Boolean(item.archived_at) === (tab === "archived");
    const belongs = (item) => (!category || item.category === category) && (tab !== "unread" || isCounted(item));
    // Until the gateway has answered, what is known from other lists.
    const items = isLoaded || ids.length ? ids.map((id) => this.get(id))
      : [...this.#known.keys()].map((id) => this.get(id)).filter(belongs);
    return { items: items.filter(isArchived).sort(pinnedFirst), cursor, isLoaded };
  }

  /** What "mark all read" would mark, of what is known. */
  get unreadIds() {
    return [...this.#known.keys()].filter((id) => !this.get(id).read_at && !this.get(id).archived_at);
  }

  /** What to show when nothing can be loaded. */
  kept(most) {
    const first = (tab) => this.list(tab, "").items.slice(0, most);
    return [...new Map([...first("all"), ...first("unread")].map((item) => [item.id, item])).values()];
  }

  /** Takes the page of a list that begins where `cursor` says; null for the first. */
  take(tab, category, cursor, { items, next_cursor: next }) {
    const list = this.#list(tab, category);
    const former = list.ids.filter((id) => !this.#known.get(id).is_pinned);
    for (const item of items) this.#known.set(item.id, item);
    const ids = items.map((item) => item.id);
    if (cursor !== null) {
      list.ids = [...new Set([...list.ids, ...ids])];
      list.cursor = next;
      return;
    }
    // What the first page should have and has not is gone. Below it the old list goes on, if the two
    // meet.
    const isBelow = (id) => list.isLoaded && next !== null && newestFirst(ids.at(-1), id) < 0;
    const below = former.filter(isBelow);
    const goesOn = below.length > 0 && below.length < former.length;
    list.ids = goesOn ? [...ids, ...below] : ids;
    if (!goesOn) list.cursor = next;
    list.isLoaded = true;
  }

  /** Items to show before the gateway has answered. */
  recall({ items = [], unread = 0, pending = [] }) {
    for (const item of items) this.#known.set(item.id, item);
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

  /** Of a state frame. Whether a list must be loaded to show it. */
  change({ unread, changes }) {
    this.#unread = unread;
    let isMoved = false;
    for (const { change, items } of changes) {
      const verb = CHANGES[change] ?? change;
      if (items && verb in MARKS) this.#apply({ verb, items: items.map(String) });
      isMoved ||= !items || !IN_PLACE.includes(change);
    }
    return isMoved;
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
