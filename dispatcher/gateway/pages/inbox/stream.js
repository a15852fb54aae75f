// The gateway's stream of server-sent events, read by fetch: an EventSource can neither show a token
// nor see a sign of life, and gives up for good when it is refused.

import { Refused } from "./gateway.js";

const FIRST_PAUSE = 1000;
const LONGEST_REST = 30_000;
// The gateway gives a sign of life every 25 seconds at the latest.
const SILENCE = 60_000;
const LOOK = 5000;

export class Stream {
  #stopping = new AbortController();
  #connection = null;
  #wake = () => {};
  #pause = FIRST_PAUSE;
  #failures = 0;
  #heardAt = 0;

  /**
   * `hear` has frame(name, data, position), position(position), open(), lost() and refused(error);
   * and check(), awaited before each try but the first.
   */
  constructor(gateway, hear) {
    this.gateway = gateway;
    this.hear = hear;
  }

  /** Goes on from a position, until stop(); null begins with what is new. */
  async run(position) {
    let last = position;
    const watch = setInterval(() => this.#look(), LOOK);
    try {
      for (let isFirst = true; !this.#stopping.signal.aborted; isFirst = false) {
        try {
          if (!isFirst) await this.hear.check();
          await this.#listen(last, (reached) => { last = reached; });
        } catch (error) {
          if (error instanceof Refused && error.status < 500) {
            this.hear.refused(error);
            return;
          }
        }
        if (this.#stopping.signal.aborted) return;
        this.hear.lost();
        await this.#rest();
      }
    } finally {
      clearInterval(watch);
    }
  }

  stop() {
    this.#stopping.abort();
    this.#connection?.abort();
    this.#wake();
  }

  /** Tries now: the network is back, or the machine has slept. */
  nudge() {
    this.#failures = 0;
    this.#wake();
  }

  async #listen(last, reached) {
    this.#connection = new AbortController();
    this.#heardAt = Date.now();
    const query = last ? `?last_event_id=${encodeURIComponent(last)}` : "";
    const answer = await this.gateway.open(`v1/stream${query}`, this.#connection.signal);
    const reader = answer.body.getReader();
    const decoder = new TextDecoder();
    let rest = "";
    let isOpen = false;
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      this.#heardAt = Date.now();
      const blocks = (rest + decoder.decode(value, { stream: true })).split("\n\n");
      rest = blocks.pop();
      for (const block of blocks) {
        if (!isOpen) this.hear.open();
        isOpen = true;
        this.#failures = 0;
        this.#take(block, reached);
      }
    }
  }

  // As the HTML standard reads them (9.2.6), of the forms that the gateway writes.
  #take(block, reached) {
    const fields = {};
    for (const line of block.split("\n")) {
      const [, name, value] = /^([^:]*):? ?(.*)$/.exec(line);
      if (name) fields[name] = value;
    }
    if (fields.retry) this.#pause = Number(fields.retry) || FIRST_PAUSE;
    if (fields.id) reached(fields.id);
    if (fields.data) this.hear.frame(fields.event, JSON.parse(fields.data), fields.id ?? null);
    else if (fields.id) this.hear.position(fields.id);
  }

  async #rest() {
    const pause = Math.min(this.#pause * 2 ** this.#failures, LONGEST_REST);
    this.#failures += 1;
    await new Promise((resolve) => {
      // Not all pages at once.
      const timer = setTimeout(resolve, pause * (0.5 + Math.random() / 2));
      this.#wake = () => { clearTimeout(timer); resolve(); };
    });
  }

  #look() {
    // A connection that broke while the machine slept says nothing of it.
    if (Date.now() - this.#heardAt > SILENCE) this.#connection?.abort();
  }
}
