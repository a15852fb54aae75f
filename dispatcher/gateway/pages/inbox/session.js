// One person's inbox in one tab: who it is, what they have, and what happens meanwhile.
//
// It tells by events: "change" (show anew), "notification" (detail: the frame), "failed" (a mark was
// taken back).

import { Cache } from "./cache.js";
import { Away, Gateway, Refused } from "./gateway.js";
import { Items } from "./items.js";
import { Stream } from "./stream.js";
import { Tabs } from "./tabs.js";

const PAGE = 30;
/** As many ids as the gateway takes at once. */
const MOST_MARKED = 100;
const PAUSE = 2000;
const LONGEST_PAUSE = 30_000;
const AHEAD = 1500;
// A page that loads within a minute of another goes on where that was.
const FRESH = 60_000;
const REMEMBERED = 50;
/** Items of a list that are shown without a connection. */
const KEPT = 20;

export class Session extends EventTarget {
  #cache;
  #tabs = null;
  #stream = null;
  #timer = null;
  #failures = 0;
  #ahead = null;
  #run = 0;
  #position = null;
  #told = [];
  #isSending = false;
  #isStale = true;
  #wasOnline = false;
  #isMissing = false;

  /** "starting", "in" or "out". */
  state = "starting";
  isOnline = false;
  person = null;
  items = new Items();

  constructor(address, tokenUrl) {
    super();
    this.gateway = new Gateway(address, tokenUrl);
    this.#cache = new Cache(address);
  }

  async start() {
    const run = ++this.#run;
    addEventListener("online", this.#nudge);
    document.addEventListener("visibilitychange", this.#look);
    try {
      const person = await this.gateway.ask("GET", "v1/profile");
      if (run === this.#run) this.#begin(person);
    } catch (error) {
      if (run !== this.#run) return;
      if (error instanceof Refused) {
        this.#end(error);
        return;
      }
      // To a script, a gateway that does not allow the page looks like none.
      if (!this.#failures) console.warn(`postbell-inbox: ${error.message} Does POSTBELL_ALLOWED_ORIGINS have ${location.origin}?`);
      const last = this.#cache.person;
      // Somebody else's things are not shown to who is here now.
      if (last && !this.person && [null, subject(last)].includes(this.gateway.subject)) {
        this.person = last;
        this.#recall();
      }
      this.#changed();
      this.#later();
    }
  }

  stop() {
    this.#run += 1;
    removeEventListener("online", this.#nudge);
    document.removeEventListener("visibilitychange", this.#look);
    clearTimeout(this.#timer);
    clearTimeout(this.#ahead);
    this.#tabs?.stop();
    this.#rest();
    this.#tabs = null;
    this.isOnline = false;
  }

  /** Ends the session, here and in the other tabs. */
  async logOut() {
    this.#tabs?.say({ kind: "out" });
    this.#end(null);
    // Also where a token lets people in: the way to the preferences has begun a session.
    try {
      await new Gateway(this.gateway.address).ask("DELETE", "v1/session");
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
    }
  }

  /** Loads a list, or goes on with it. Throws Refused or Away. */
  async load(tab, category, { more = false } = {}) {
    const { cursor } = this.items.list(tab, category);
    const query = new URLSearchParams({ tab, limit: PAGE });
    if (category) query.set("category", category);
    if (more && cursor) query.set("cursor", cursor);
    const items = this.items;
    if (!more) this.#isStale = false;
    try {
      items.take(tab, category, more ? cursor : null, await this.gateway.ask("GET", `v1/inbox?${query}`));
      this.#failures = 0;
    } catch (error) {
      this.#isMissing = error instanceof Away;
      if (this.#isMissing) this.#later();
      throw error;
    }
    this.#changed();
  }

  /** Whether something came since the lists were loaded. */
  get isStale() {
    return this.#isStale;
  }

  /** `verb` is seen, read, unread, archive, unarchive, pin or unpin. At once here, and soon there. */
  mark(verb, ids) {
    for (let at = 0; at < ids.length; at += MOST_MARKED) {
      this.items.pending.push({ verb, items: ids.slice(at, at + MOST_MARKED) });
    }
    this.#changed();
    this.#send();
  }

  /** Marks all as read. Returns what takes it back, for exactly those that were unread. */
  readAll() {
    const { pending, unread, unreadIds } = this.items;
    const mark = { verb: "read", items: null };
    pending.push(mark);
    this.#changed();
    this.#send();
    return () => {
      const at = pending.indexOf(mark);
      // Nobody has heard of it yet.
      if (at > 0 || (at === 0 && !this.#isSending)) pending.splice(at, 1);
      else pending.push({ verb: "unread", items: unreadIds, unread, undoes: mark });
      this.#changed();
      this.#send();
    };
  }

  #begin(person) {
    const isSame = this.person && subject(this.person) === subject(person);
    if (!isSame) this.items = new Items();
    this.person = person;
    if (!isSame) this.#recall();
    this.state = "in";
    this.#tabs?.stop();
    this.#tabs = new Tabs(`postbell ${this.gateway.address} ${subject(person)}`, {
      lead: () => this.#lead(), rest: () => this.#rest(), hear: (message) => this.#hear(message),
    });
    this.#tabs.start();
    this.#tabs.say({ kind: "hello" });
    this.#count();
    this.#changed();
  }

  #recall() {
    const kept = this.#cache.load(this.person);
    this.items.recall(kept);
    this.#told = kept.told ?? [];
    if (Date.now() - (kept.position?.at ?? 0) < FRESH) this.#position = kept.position.id;
  }

  #end(error) {
    this.stop();
    this.#cache.clear();
    this.gateway.forget();
    this.items = new Items();
    this.person = null;
    this.#position = null;
    this.state = "out";
    if (error) console.warn(`postbell-inbox: ${error.message}`, error.remedy ?? "");
    // Somebody may log in on another tab, and come back to this one.
    document.addEventListener("visibilitychange", this.#look);
    this.#changed();
  }

  #lead() {
    const who = this.gateway.subject;
    this.#stream = new Stream(this.gateway, {
      frame: (name, data, position) => this.#tell({ kind: "frame", name, data, position }),
      position: (position) => this.#tell({ kind: "position", position }),
      open: () => this.#tell({ kind: "online", isOnline: true }),
      lost: () => this.#tell({ kind: "online", isOnline: false }),
      refused: (error) => this.#end(error),
      check: () => this.#check(who),
    });
    this.#stream.run(this.#position);
    this.#loadAhead();
  }

  #rest() {
    this.#stream?.stop();
    this.#stream = null;
  }

  // Whoever is logged in by now may be somebody else, whose news are none of this inbox's.
  async #check(who) {
    if (this.gateway.tokenUrl) await this.gateway.token();
    const isSame = this.gateway.tokenUrl
      ? who === null || this.gateway.subject === who
      : subject(await this.gateway.ask("GET", "v1/profile")) === subject(this.person);
    if (isSame) return;
    this.stop();
    this.#cache.clear();
    this.#position = null;
    this.start();
  }

  #tell(message) {
    this.#hear(message);
    this.#tabs?.say(message);
  }

  #hear(message) {
    switch (message.kind) {
      case "frame":
        this.#position = message.position ?? this.#position;
        this.#take(message.name, message.data);
        break;
      case "position":
        this.#position = message.position;
        this.#save();
        break;
      case "online":
        this.#connect(message.isOnline);
        break;
      case "hello":
        if (this.#tabs?.isLeading) this.#tabs.say({ kind: "online", isOnline: this.isOnline });
        break;
      case "out":
        this.#end(null);
        break;
    }
  }

  #connect(isOnline) {
    // Missed notifications are told; what else happened to the inbox meanwhile is not.
    if (isOnline && !this.isOnline && (this.#wasOnline || this.#isMissing)) this.#distrust();
    this.isOnline = isOnline;
    this.#wasOnline ||= isOnline;
    if (isOnline) this.#send();
    this.#changed();
  }

  // So that the panel has something to show at once, and without a connection. One tab is enough, and
  // not all people at the same time.
  #loadAhead() {
    clearTimeout(this.#ahead);
    if (!this.#tabs?.isLeading) return;
    this.#ahead = setTimeout(() => {
      if (this.#isStale && this.state === "in") this.load("all", "").catch(() => {});
    }, AHEAD * (0.5 + Math.random()));
  }

  #distrust() {
    this.#isMissing = false;
    this.items.distrust();
    this.#isStale = true;
    this.#loadAhead();
  }

  #take(name, data) {
    if (name === "notification") {
      const id = String(data.item_id ?? `notification ${data.id}`);
      if (!this.#told.includes(id)) {
        this.#told = [id, ...this.#told].slice(0, REMEMBERED);
        this.dispatchEvent(new CustomEvent("notification", { detail: data }));
      }
      this.#save();
      return;
    }
    if (name === "reset") {
      // After a crash of the database an id may be another notification's.
      this.#told = [];
      this.#distrust();
      this.#count();
    } else if (name === "state" && this.items.change(data)) {
      this.#isStale = true;
      this.#loadAhead();
    }
    this.#changed();
  }

  async #count() {
    const items = this.items;
    try {
      items.unread = (await this.gateway.ask("GET", "v1/counts")).unread;
      this.#changed();
    } catch {
      // The stream tells it as soon as it is there.
    }
    this.#send();
  }

  // One after the other: "read" and "unread" in the wrong order would be the opposite.
  async #send() {
    if (this.#isSending || this.state !== "in") return;
    this.#isSending = true;
    const items = this.items;
    try {
      while (items.pending.length) {
        const [mark] = items.pending;
        const what = mark.undoes ? { read_at: mark.undoes.read_at } : mark.items ? { items: mark.items } : { all: true };
        mark.read_at = (await this.gateway.ask("POST", `v1/inbox/${mark.verb}`, what)).read_at;
        items.confirm();
        this.#failures = 0;
        this.#changed();
      }
    } catch (error) {
      if (error instanceof Refused) {
        items.pending.shift();
        this.dispatchEvent(new CustomEvent("failed", { detail: error }));
        this.#changed();
      }
      this.#later();
    } finally {
      this.#isSending = false;
    }
  }

  #later() {
    const run = this.#run;
    const pause = Math.min(PAUSE * 2 ** this.#failures, LONGEST_PAUSE);
    this.#failures += 1;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => { if (run === this.#run) this.#again(); }, pause * (0.5 + Math.random() / 2));
  }

  // What could not be done before.
  #again() {
    if (this.state === "starting") {
      this.start();
      return;
    }
    if (this.#isMissing) {
      this.#distrust();
      this.#changed();
    }
    this.#send();
  }

  #nudge = () => {
    this.#failures = 0;
    this.#stream?.nudge();
    this.#again();
  };

  #look = () => {
    if (document.visibilityState !== "visible") return;
    if (this.state === "out") this.start();
    else this.#nudge();
  };

  #changed() {
    this.#save();
    this.dispatchEvent(new Event("change"));
  }

  #save() {
    if (this.state !== "in") return;
    this.#cache.save(this.person, {
      items: this.items.kept(KEPT), unread: this.items.unread, pending: this.items.pending, told: this.#told,
      position: this.#position && { id: this.#position, at: Date.now() },
    });
  }
}

function subject(person) {
  return JSON.stringify([person.tenant_id, person.recipient_id]);
}
