// Which categories come by which channels: the short form of the preferences page.

import { make } from "./dom.js";

export class Preferences {
  #boxes = new Map();

  /** `failed` is called when a choice could not be saved. */
  constructor(gateway, words, failed) {
    this.gateway = gateway;
    this.words = words;
    this.failed = failed;
    this.element = make("div.choices", { part: "choices" });
  }

  /** Throws Refused or Away. */
  async load() {
    const { channels, categories } = await this.gateway.ask("GET", "v1/catalogue");
    if (!this.#boxes.size) {
      await this.words.add("channels");
      this.#build(channels, categories);
    }
    for (const { category, events } of categories) {
      for (const channel of channels) {
        const ways = events.flatMap((event) => event.channels).filter((way) => way.channel === channel);
        const box = this.#boxes.get(`${category} ${channel}`);
        const on = ways.filter((way) => way.is_on).length;
        box.checked = on === ways.length;
        box.indeterminate = on > 0 && on < ways.length;
        box.disabled = ways.every((way) => way.is_forced);
        box.hidden = !ways.length;
      }
    }
  }

  #build(channels, categories) {
    const { words } = this;
    // No line ends inside "E-mail".
    const name = (channel) => words.say(`channel.${channel}`).replaceAll("-", "\u2011");
    const box = (category, channel) => {
      const made = make("input", {
        type: "checkbox", "aria-label": `${words.category(category)}: ${name(channel)}`,
        onchange: () => this.#choose({ category, channel }, made.checked),
      });
      this.#boxes.set(`${category} ${channel}`, made);
      return made;
    };
    this.element.replaceChildren(make("p", {}, words.say("choices")), make("table", {},
      make("thead", {}, make("tr", {}, make("td"), ...channels.map((channel) => make("th", { scope: "col" }, name(channel))))),
      make("tbody", {}, ...categories.map(({ category }) => make("tr", {},
        make("th", { scope: "row" }, words.category(category)),
        ...channels.map((channel) => make("td", {}, make("label", {}, box(category, channel)))))))));
  }

  async #choose(scope, isOn) {
    // Also where something broader is off, which stays off for the rest.
    const change = isOn ? { kind: "only", ...scope } : { kind: "switch", ...scope, enabled: false };
    try {
      await this.gateway.ask("POST", "v1/preferences/changes", { changes: [change] });
    } catch {
      this.failed();
    }
    await this.load().catch(() => {});
  }
}
