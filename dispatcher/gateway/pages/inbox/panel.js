// The panel that the bell opens: tabs, a filter, the list or the preferences, and what is at its foot.

import { fill, linger, make, tool } from "./dom.js";
import { Refused } from "./gateway.js";
import { buildItem, lookOf } from "./item.js";
import { TABS } from "./items.js";
import { Preferences } from "./preferences.js";

const MINUTE = 60_000;
const GAP = 8;
// Pixels that the panel needs below the bell; with less it goes above, if there is more.
const LEAST = 360;
// Milliseconds in which something can be undone.
const UNDOABLE = 8000;

export class Panel {
  #tab = "all";
  #category = "";
  #error = null;
  #loading = null;
  #seen = new Set();
  #clock = null;
  #hasCategories = false;
  #takeOffer = () => {};
  #endOffer = () => {};

  /**
   * `act` has open(item, address, event), preferences(event), preferencesUrl, ownPreferences
   * (whether that is a page of the application's) and allowPushes().
   */
  constructor(session, words, act) {
    this.session = session;
    this.words = words;
    this.act = act;
    this.#build();
  }

  get isOpen() {
    return this.dialog.open;
  }

  /** Beside the bell, and over everything else. */
  open(bell) {
    this.bell = bell;
    this.session.items.reset("unread", this.#category);
    this.#showPreferences(false);
    this.dialog.showModal();
    this.place();
    this.dialog.focus();
    this.#clock = setInterval(() => this.#tick(), MINUTE);
    addEventListener("resize", this.place);
    this.#load();
    this.#loadCategories();
    this.show();
  }

  close() {
    this.dialog.close();
  }

  /** Shows what there is now; loads what has come meanwhile. */
  show() {
    if (!this.isOpen) return;
    const { items, cursor, isLoaded } = this.session.items.list(this.#tab, this.#category);
    const isOut = this.session.state === "out";
    fill(this.list, isOut ? [] : items.map((item) => ({ id: item.id, look: lookOf(item), thing: item })),
      (item) => buildItem(item, this.words, this.#itemDeeds));
    const isEmpty = !items.length && !this.#error && !isOut;
    this.empty.hidden = !isEmpty;
    this.empty.textContent = this.words.say(isLoaded ? `empty.${this.#tab}` : "loading");
    this.more.hidden = cursor === null || isOut;
    // Not before it was tried.
    const isStarting = this.session.state === "starting" && !this.session.person;
    this.trouble.hidden = !isOut && !this.#error && (this.session.isOnline || isStarting);
    this.sentence.textContent = this.words.say(isOut ? "out" : this.#error && this.session.isOnline ? "failed" : "offline");
    this.retry.hidden = !this.#error || isOut;
    this.readAll.disabled = isOut || !this.session.items.unread;
    this.list.setAttribute("aria-busy", String(Boolean(this.#loading)));
    this.#noteSeen(items);
    if (this.session.isStale && !this.#loading) this.#load();
  }

  /** Read out to who cannot see the list change. */
  announce(text) {
    this.live.textContent = text;
  }

  place = () => {
    const { top, bottom, left, right } = this.bell.getBoundingClientRect();
    const width = this.dialog.offsetWidth;
    // In line with the bell's outer edge, and inside the window.
    const wanted = left + right > innerWidth ? right - width : left;
    const isBelow = innerHeight - bottom >= Math.min(LEAST, top);
    for (const [name, length] of Object.entries({
      left: Math.max(GAP, Math.min(wanted, innerWidth - width - GAP)),
      top: isBelow ? bottom + GAP : null,
      bottom: isBelow ? null : innerHeight - top + GAP,
      room: (isBelow ? innerHeight - bottom : top) - 2 * GAP,
    })) this.dialog.style.setProperty(`--${name}`, length === null ? "auto" : `${length}px`);
  };

  #build() {
    const { words } = this;
    this.tabs = TABS.map((tab) => make("button", {
      type: "button", role: "tab", id: `tab-${tab}`, part: "tab", "aria-controls": "items",
      "aria-selected": String(tab === this.#tab), tabindex: tab === this.#tab ? 0 : -1,
      onclick: () => this.#choose(tab, this.#category),
    }, words.say(`tab.${tab}`)));
    this.filter = make("select", {
      "aria-label": words.say("filter"), part: "filter", onchange: () => this.#choose(this.#tab, this.filter.value),
    }, make("option", { value: "" }, words.say("filter.all")));
    this.filter.hidden = true;
    this.readAll = tool("all", words.say("read-all"), () => this.#offerUndo("all-read", this.session.readAll()));
    this.list = make("ul", { role: "list", part: "list" });
    this.empty = make("p.empty", { part: "empty", role: "status" });
    this.more = make("button.more", { type: "button", onclick: () => this.#load(true) }, words.say("more"));
    this.items = make("div.items", { id: "items", role: "tabpanel", tabindex: -1, "aria-labelledby": `tab-${this.#tab}` },
      this.list, this.empty, this.more);
    this.sentence = make("span");
    this.retry = make("button.plain", { type: "button", onclick: () => this.#retry() }, words.say("retry"));
    this.trouble = make("p.trouble", { role: "status", part: "trouble" }, this.sentence, this.retry);
    this.live = make("p.spoken", { role: "status" });
    this.pushes = make("button.plain", { type: "button", part: "pushes", onclick: () => this.act.allowPushes() });
    this.pushes.hidden = true;
    const way = (label) => make("a.plain", { href: this.act.preferencesUrl, part: "preferences", onclick: this.act.preferences }, words.say(label));
    this.allPreferences = way("preferences.all");
    this.wayToPreferences = this.act.ownPreferences ? way("preferences")
      : make("button.plain", { type: "button", part: "preferences", onclick: () => this.#showPreferences(true) }, words.say("preferences"));
    this.preferences = new Preferences(this.session.gateway, words, () => this.announce(words.say("undone")));
    this.back = tool("back", words.say("back"), () => { this.#showPreferences(false); this.wayToPreferences.focus(); });
    this.title = make("h2", { id: "title" });
    this.bar = make("div.bar", {}, make("div.tabs", { role: "tablist", "aria-label": words.say("tabs") }, ...this.tabs), this.filter);
    this.footer = make("div.footer", { part: "footer" }, this.pushes, this.wayToPreferences, this.allPreferences);
    this.dialog = make("dialog", {
      part: "panel", "aria-labelledby": "title", lang: words.language, tabindex: -1,
      onkeydown: this.#onKey, onclose: this.#onClose,
      onclick: (event) => { if (event.target === this.dialog) this.close(); },
    },
    make("div.sheet", {},
      make("div.header", { part: "header" }, this.back, this.title, this.readAll, tool("close", words.say("close"), () => this.close())),
      this.bar, this.items, this.preferences.element, this.trouble, this.footer, this.live));
    this.#showPreferences(false);
    this.end = new IntersectionObserver((entries) => entries.at(-1).isIntersecting && !this.#error && this.#load(true),
      { root: this.items, rootMargin: "100%" });
  }

  #itemDeeds = {
    open: (item, address, event) => this.act.open(item, address, event),
    mark: (verb, item) => {
      this.session.mark(verb, [item.id]);
      if (verb === "archive") this.#offerUndo("archived", () => this.session.mark("unarchive", [item.id]));
    },
  };

  // For a while, by a button or the usual keys.
  #offerUndo(said, undo) {
    this.#endOffer();
    const text = this.words.say(said);
    const take = () => { this.#endOffer(); undo(); };
    const offer = make("div.undo", { part: "undo" }, make("span", {}, text),
      make("button.plain", { type: "button", "aria-keyshortcuts": "Control+Z Meta+Z", onclick: take }, this.words.say("undo")));
    this.#takeOffer = take;
    this.#endOffer = linger(offer, UNDOABLE, () => {
      const hadFocus = offer.contains(offer.getRootNode().activeElement);
      offer.remove();
      if (hadFocus) this.dialog.focus();
      this.#takeOffer = this.#endOffer = () => {};
    });
    this.footer.append(offer);
    this.announce(text);
  }

  async #showPreferences(isShown) {
    this.title.textContent = this.words.say(isShown ? "preferences" : "title");
    for (const element of [this.bar, this.items, this.readAll, this.wayToPreferences]) element.hidden = isShown;
    for (const element of [this.back, this.preferences.element, this.allPreferences]) element.hidden = !isShown;
    if (!isShown) return;
    this.back.focus();
    try {
      await this.preferences.load();
      this.#error = null;
    } catch (error) {
      this.#error = error;
    }
    this.show();
  }

  #choose(tab, category) {
    this.#tab = tab;
    this.#category = category;
    for (const each of this.tabs) {
      const isChosen = each.id === `tab-${tab}`;
      each.setAttribute("aria-selected", String(isChosen));
      each.tabIndex = isChosen ? 0 : -1;
    }
    this.items.setAttribute("aria-labelledby", `tab-${tab}`);
    this.items.scrollTop = 0;
    if (tab === "unread") this.session.items.reset(tab, category);
    this.#load();
    this.show();
  }

  async #load(more = false) {
    if (this.session.state !== "in" || (more && this.#loading)) return;
    const loading = this.session.load(this.#tab, this.#category, { more });
    this.#loading = loading;
    try {
      await loading;
      this.#error = null;
    } catch (error) {
      this.#error = error;
      if (error instanceof Refused) console.warn(`postbell-inbox: ${error.message}`, error.remedy ?? "");
    }
    if (this.#loading === loading) this.#loading = null;
    this.show();
    // Observed anew, it tells also of an end that has been in view all the time: an observer reports
    // changes only, and who scrolls fast is at the new end before it looks.
    this.end.unobserve(this.more);
    this.end.observe(this.more);
  }

  #retry() {
    if (this.items.hidden) this.#showPreferences(true);
    else this.#load();
  }

  async #loadCategories() {
    if (this.#hasCategories || this.session.state !== "in") return;
    try {
      const { categories } = await this.session.gateway.ask("GET", "v1/catalogue");
      this.#hasCategories = true;
      this.filter.append(...categories.map(({ category }) =>
        make("option", { value: category }, this.words.category(category))));
      this.filter.hidden = categories.length < 2;
    } catch {
      // Without a filter the list is as good.
    }
  }

  #noteSeen(items) {
    const fresh = items.filter((item) => !item.seen_at && !this.#seen.has(item.id)).map((item) => item.id);
    if (!fresh.length || document.visibilityState !== "visible") return;
    for (const id of fresh) this.#seen.add(id);
    this.session.mark("seen", fresh);
  }

  #tick() {
    for (const time of this.list.querySelectorAll("time")) time.textContent = this.words.since(time.dateTime);
  }

  #onKey = (event) => {
    if (event.key === "z" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      this.#takeOffer();
      return;
    }
    const isTab = this.tabs.includes(event.target);
    const isRtl = getComputedStyle(this.dialog).direction === "rtl";
    const onwards = isRtl ? "ArrowLeft" : "ArrowRight";
    const steps = isTab ? { [onwards]: 1, [isRtl ? "ArrowRight" : "ArrowLeft"]: -1 } : { ArrowDown: 1, ArrowUp: -1 };
    const stops = isTab ? this.tabs : [...this.list.querySelectorAll('[data-deed="open"]')];
    const inList = isTab || this.items.contains(event.target) || event.target === this.dialog;
    const here = isTab ? stops.indexOf(event.target) : stops.indexOf(event.target.closest(".item")?.querySelector('[data-deed="open"]'));
    const to = event.key === "Home" ? 0 : event.key === "End" ? stops.length - 1 : here + (steps[event.key] ?? NaN);
    if (!inList || !stops.length || Number.isNaN(to)) return;
    event.preventDefault();
    const stop = stops[isTab ? (to + stops.length) % stops.length : Math.max(0, Math.min(to, stops.length - 1))];
    stop.focus();
    if (isTab) stop.click();
  };

  #onClose = () => {
    clearInterval(this.#clock);
    removeEventListener("resize", this.place);
    this.live.textContent = "";
    this.#endOffer();
    this.act.closed();
  };
}
