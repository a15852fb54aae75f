// What has just come, for a moment, at the edge of the window; read out politely.

import { linger, make, tool, webAddress } from "./dom.js";

const SHOWN = 8000;
const MOST = 3;

export class Toasts {
  /** `act` has open(notification, address, event). */
  constructor(words, act) {
    this.words = words;
    this.act = act;
    this.region = make("div.toasts", {
      part: "toasts", role: "status", "aria-live": "polite", lang: words.language,
      popover: "showPopover" in HTMLElement.prototype ? "manual" : null,
    });
  }

  add(notification) {
    if (this.region.hidePopover && !this.region.matches(":popover-open")) this.region.showPopover();
    while (this.region.children.length >= MOST) this.region.firstElementChild.remove();
    this.region.append(this.#toast(notification));
  }

  #toast(notification) {
    const { title, body, link } = notification;
    const address = webAddress(link);
    const open = (event) => { this.act.open(notification, address, event); remove(); };
    const dismiss = this.words.say("dismiss");
    const toast = make("div.toast", { part: "toast" },
      make("div.text", {},
        make(address ? "a.title" : "strong.title", { href: address, onclick: address ? open : null }, make("bdi", {}, title)),
        make("p", {}, make("bdi", {}, body ?? ""))),
      tool("close", dismiss, () => remove(), { "aria-label": `${dismiss}: ${title}` }));
    const remove = linger(toast, SHOWN, () => {
      toast.remove();
      if (!this.region.children.length && this.region.hidePopover) this.region.hidePopover();
    });
    toast.addEventListener("keydown", (event) => { if (event.key === "Escape") remove(); });
    return toast;
  }
}
