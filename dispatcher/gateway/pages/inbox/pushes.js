// Whether this browser is told while no page is open, and how it is allowed to (Push API).

import { Refused } from "./gateway.js";

export class Pushes {
  #key = null;

  /** `workerUrl` is a script of the page's own origin; null where there is none. */
  constructor(gateway, workerUrl) {
    this.gateway = gateway;
    this.workerUrl = workerUrl;
  }

  /** "none" where there can be no pushes, "denied", "off" or "on". Throws Refused or Away. */
  async state() {
    if (!this.workerUrl || !isSecureContext || !("PushManager" in self) || !("serviceWorker" in navigator)) return "none";
    try {
      this.#key ??= (await this.gateway.ask("GET", "v1/push/key")).key;
    } catch (error) {
      if (error instanceof Refused) return "none";
      throw error;
    }
    if (Notification.permission === "denied") return "denied";
    return Notification.permission === "granted" && await this.#subscription() ? "on" : "off";
  }

  /** Asks the person, and tells the gateway of the browser. The state thereafter. */
  async allow() {
    if (await Notification.requestPermission() !== "granted") return this.state();
    await navigator.serviceWorker.register(this.workerUrl);
    const { pushManager } = await navigator.serviceWorker.ready;
    const old = await pushManager.getSubscription();
    // Of another key it would never be reached.
    if (old && !isFor(old, this.#key)) await old.unsubscribe();
    const subscription = await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: this.#key });
    await this.gateway.ask("PUT", "v1/push/subscriptions", subscription);
    return this.state();
  }

  /** Tells the gateway again of a browser that is subscribed: it may have lost it, or be another's. */
  async renew() {
    const subscription = await this.#subscription();
    if (subscription) await this.gateway.ask("PUT", "v1/push/subscriptions", subscription);
  }

  async refuse() {
    const subscription = await this.#subscription();
    if (!subscription) return;
    const query = new URLSearchParams({ endpoint: subscription.endpoint });
    await subscription.unsubscribe();
    await this.gateway.ask("DELETE", `v1/push/subscriptions?${query}`).catch((error) => {
      // It is gone already.
      if (!(error instanceof Refused)) throw error;
    });
  }

  async #subscription() {
    const registration = await navigator.serviceWorker.getRegistration(this.workerUrl);
    const subscription = await registration?.pushManager.getSubscription();
    return subscription && this.#key && isFor(subscription, this.#key) ? subscription : null;
  }
}

function isFor(subscription, key) {
  const bytes = new Uint8Array(subscription.options.applicationServerKey ?? []);
  const written = btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
  return written === key.replace(/=+$/, "");
}
