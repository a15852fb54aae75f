// One of a person's tabs leads, and tells the others: the elected holds a Web Lock, and when its tab
// closes, the browser gives the lock to the next.

export class Tabs {
  #channel = null;
  #stopping = new AbortController();
  #release = null;

  /** `name` is the same in the tabs that share. `lead` begins to lead, `hear` takes a message. */
  constructor(name, { lead, rest, hear }) {
    this.name = name;
    this.lead = lead;
    this.rest = rest;
    this.hear = hear;
  }

  start() {
    this.#channel = "BroadcastChannel" in self ? new BroadcastChannel(this.name) : null;
    this.#channel?.addEventListener("message", (event) => this.hear(event.data));
    this.#stand();
    // A page in the back-forward cache is not there, and must not lead.
    addEventListener("pagehide", this.#hide);
    addEventListener("pageshow", this.#show);
  }

  stop() {
    removeEventListener("pagehide", this.#hide);
    removeEventListener("pageshow", this.#show);
    this.#stopping.abort();
    this.#resign();
    this.#channel?.close();
    this.#channel = null;
  }

  /** To the other tabs. */
  say(message) {
    this.#channel?.postMessage(message);
  }

  get isLeading() {
    return this.#release !== null;
  }

  #stand() {
    if (!navigator.locks) {
      // Only on https and localhost are there locks. Each tab is on its own then.
      this.#begin(() => {});
      return;
    }
    this.#stopping = new AbortController();
    const { signal } = this.#stopping;
    navigator.locks
      .request(this.name, { signal }, () => new Promise((release) => this.#begin(release)))
      .catch(() => {});
  }

  #begin(release) {
    this.#release = release;
    this.lead();
  }

  #resign() {
    if (!this.#release) return;
    this.rest();
    this.#release();
    this.#release = null;
  }

  #hide = (event) => {
    if (!event.persisted) return;
    this.#stopping.abort();
    this.#resign();
  };

  #show = (event) => {
    if (event.persisted) this.#stand();
  };
}
