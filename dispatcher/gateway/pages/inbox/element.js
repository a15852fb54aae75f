// <postbell-inbox>: a bell with a count, and the inbox behind it.
//
// Attributes: token-url (the application's endpoint that signs a token; without it the session's
// cookie lets people in), locale, strings (JSON), theme (light or dark), preferences-url
// (a page of the application's, instead of the form in the panel and the gateway's page),
// worker-url, title-badge, no-toasts.
// Events: postbell:unread {unread}, postbell:notification (a frame of the stream), postbell:open
// {item, address}, which may be cancelled.

import { icon, make } from "./dom.js";
import { MOST_COUNTED } from "./items.js";
import { Panel } from "./panel.js";
import { Pushes } from "./pushes.js";
import { Session } from "./session.js";
import { style } from "./style.js";
import { Toasts } from "./toasts.js";
import { wordsFor } from "./words.js";

/** Where the gateway is: above the folder that this was loaded from. */
const GATEWAY = `${import.meta.url.split("/assets/")[0]}/`;

/** Buttons of a mouse, as events name them. */
const MIDDLE = 1;
const RIGHT = 2;

const sheet = new CSSStyleSheet();
sheet.replaceSync(style);

export class PostbellInbox extends HTMLElement {
  static observedAttributes = ["locale", "strings", "token-url"];

  #session = null;
  #words = null;
  #locale = null;
  #panel = null;
  #toasts = null;
  #pushes = null;
  #unread = null;

  constructor() {
    super();
    this.attachShadow({ mode: "open" }).adoptedStyleSheets = [sheet];
  }

  connectedCallback() {
    this.#start();
  }

  disconnectedCallback() {
    this.#stop();
  }

  attributeChangedCallback(name, before, after) {
    if (!this.#session || before === after) return;
    this.#stop();
    this.#start();
  }

  /** How many are unread; 100 stands for more than 99. */
  get unread() {
    return this.#session?.items.unread ?? 0;
  }

  /** Opens the panel. */
  open() {
    if (this.#panel && !this.#panel.isOpen) this.#bell.click();
  }

  close() {
    this.#panel?.close();
  }

  /** Ends the session, forgets what was kept in this browser, and pushes nothing to it any more. */
  async logout() {
    this.#panel?.close();
    await this.#pushes?.refuse().catch(() => {});
    await this.#session?.logOut();
  }

  get #bell() {
    return this.shadowRoot.querySelector(".bell");
  }

  #start() {
    const session = new Session(GATEWAY, this.getAttribute("token-url"));
    this.#session = session;
    session.addEventListener("change", () => this.#show());
    session.addEventListener("notification", ({ detail }) => this.#ring(detail));
    session.addEventListener("failed", () => this.#panel?.announce(this.#words.say("undone")));
    session.start();
  }

  #stop() {
    this.#panel?.close();
    this.#session?.stop();
    this.#session = this.#words = this.#locale = this.#panel = this.#unread = null;
    this.#showInTitle("");
    this.shadowRoot.replaceChildren();
  }

  // Speaks the person's language, and so waits until it is known whose this is.
  async #show() {
    const session = this.#session;
    // What was still on its way when the bell was taken from the page.
    if (!session) return;
    const locale = (this.getAttribute("locale") ?? session.person?.locale ?? this.#locale ?? navigator.language).replaceAll("_", "-");
    if (locale !== this.#locale) {
      this.#locale = locale;
      const words = await wordsFor(locale, this.#ownTexts()).catch(() => null);
      if (session !== this.#session || locale !== this.#locale) return;
      if (words === null) {
        this.#locale = null;
        return;
      }
      this.#words = words;
      this.#build();
    }
    if (!this.#words) return;
    this.#showCount(session.items.unread);
    this.#panel.show();
  }

  #ownTexts() {
    try {
      return JSON.parse(this.getAttribute("strings") ?? "{}");
    } catch {
      console.error("postbell-inbox: strings is not JSON, such as {\"title\": \"News\"}.");
      return {};
    }
  }

  #build() {
    const session = this.#session;
    const bell = make("button.bell", {
      type: "button", part: "bell", "aria-haspopup": "dialog", "aria-expanded": "false", lang: this.#words.language,
      onclick: () => this.#open(bell),
    }, icon("bell"), make("span.badge", { part: "badge", "aria-hidden": "true" }));
    const act = {
      open: (item, address, event) => this.#follow(item, address, event),
      closed: () => bell.setAttribute("aria-expanded", "false"),
      preferencesUrl: this.getAttribute("preferences-url") ?? `${GATEWAY}preferences`,
      ownPreferences: this.hasAttribute("preferences-url"),
      preferences: (event) => this.#openPreferences(event),
      allowPushes: () => this.#turnPushes(),
    };
    this.#panel?.close();
    this.#panel = new Panel(session, this.#words, act);
    this.#toasts = new Toasts(this.#words, act);
    const isOurs = new URL(GATEWAY).origin === location.origin;
    this.#pushes = new Pushes(session.gateway, this.getAttribute("worker-url") ?? (isOurs ? `${GATEWAY}postbell-worker.js` : null));
    this.shadowRoot.replaceChildren(bell, this.#panel.dialog, this.#toasts.region);
    if (session.state === "in") this.#pushes.state().then((state) => state === "on" && this.#pushes.renew()).catch(() => {});
  }

  #open(bell) {
    bell.setAttribute("aria-expanded", "true");
    this.#panel.open(bell);
    this.#showPushes();
  }

  #showCount(unread) {
    const shown = unread >= MOST_COUNTED ? "99+" : String(unread);
    const badge = this.shadowRoot.querySelector(".badge");
    badge.textContent = shown;
    badge.hidden = !unread;
    this.#bell.setAttribute("aria-label", unread ? this.#words.say("bell", { count: unread, shown }) : this.#words.say("bell"));
    if (unread === this.#unread) return;
    this.#unread = unread;
    this.#showInTitle(unread ? `(${shown}) ` : "");
    this.#tell("unread", { unread });
  }

  #showInTitle(count) {
    if (this.hasAttribute("title-badge")) document.title = count + document.title.replace(/^\(\d+\+?\) /, "");
  }

  #ring(notification) {
    if (!this.#tell("notification", notification, true)) return;
    if (!this.#words || document.visibilityState !== "visible") return;
    if (this.#panel.isOpen) this.#panel.announce(notification.title);
    else if (!this.hasAttribute("no-toasts")) this.#toasts.add(notification);
  }

  // To an item's page, or to nowhere: either way it is read.
  #follow(item, address, event) {
    if (event.button === RIGHT) return;
    // A notification has an id of its own, and that of its item if there is one.
    const id = "item_id" in item ? item.item_id : item.id;
    const known = id && this.#session.items.get(String(id));
    if (id && !known?.read_at) this.#session.mark("read", [String(id)]);
    if (!this.#tell("open", { item, address }, true)) event.preventDefault();
    else if (address && event.button !== MIDDLE && !event.ctrlKey && !event.metaKey) this.#panel.close();
  }

  // The page at the gateway has a login of its own: the application's token begins a session there.
  async #openPreferences(event) {
    const { gateway } = this.#session;
    if (!gateway.tokenUrl || this.hasAttribute("preferences-url")) return;
    event.preventDefault();
    const token = await gateway.token().catch(() => "");
    const field = (name, value) => make("input", { type: "hidden", name, value });
    const form = make("form", { action: `${GATEWAY}login`, method: "post", target: "_blank", hidden: true },
      field("token", token), field("to", "/preferences"));
    this.shadowRoot.append(form);
    form.submit();
    form.remove();
  }

  async #showPushes() {
    const button = this.#panel.pushes;
    const state = await this.#pushes.state().catch(() => "none");
    button.hidden = state === "none";
    button.disabled = state === "denied";
    button.textContent = this.#words.say({ on: "push.refuse", off: "push.allow", denied: "push.denied", none: "push.allow" }[state]);
    button.dataset.state = state;
  }

  async #turnPushes() {
    const button = this.#panel.pushes;
    button.disabled = true;
    try {
      if (button.dataset.state === "on") await this.#pushes.refuse();
      else await this.#pushes.allow();
    } catch (error) {
      console.warn(`postbell-inbox: ${error.message}`);
      this.#panel.announce(this.#words.say("push.failed"));
    }
    await this.#showPushes();
  }

  #tell(name, detail, cancelable = false) {
    return this.dispatchEvent(new CustomEvent(`postbell:${name}`, { detail, bubbles: true, composed: true, cancelable }));
  }
}

if (!customElements.get("postbell-inbox")) customElements.define("postbell-inbox", PostbellInbox);
