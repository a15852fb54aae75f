// Letting this browser be pushed to: for who has a session. A mail's link opens no devices.

import { Pushes } from "../inbox/pushes.js";
import { ask } from "./api.js";
import { say, told } from "./said.js";

const WORKER = "/postbell-worker.js";

export const canAllowPushes = () => !told.token && isSecureContext && "PushManager" in window && "serviceWorker" in navigator;

/** Tells the gateway again of a browser that is subscribed: its worker may have had no session to do it. */
export async function renewPushes() {
  if (!canAllowPushes() || Notification.permission !== "granted") return;
  const pushes = pushesHere();
  if (await pushes.state() === "on") await pushes.renew();
}

/** Asks for the permission, and tells the gateway of the browser. Throws an Error with a sentence. */
export async function allowPushes() {
  const pushes = pushesHere();
  await pushes.state().catch(() => { throw new Error(say("push.none")); });
  if (await pushes.allow() !== "on") throw new Error(say("push.denied"));
}

const pushesHere = () => new Pushes({ ask: (method, path, body) => ask(method, `/${path}`, body) }, WORKER);
