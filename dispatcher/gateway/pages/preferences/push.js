// Letting this browser be pushed to: for who has a session. A mail's link opens no devices.

import { Pushes } from "../inbox/pushes.js";
import { ask } from "./api.js";
import { say, told } from "./said.js";

const WORKER = "/postbell-worker.js";

export const canAllowPushes = () => !told.token && isSecureContext && "PushManager" in window && "serviceWorker" in navigator;

/** Asks for the permission, and tells the gateway of the browser. Throws an Error with a sentence. */
export async function allowPushes() {
  const pushes = new Pushes({ ask: (method, path, body) => ask(method, `/${path}`, body) }, WORKER);
  await pushes.state().catch(() => { throw new Error(say("push.none")); });
  if (await pushes.allow() !== "on") throw new Error(say("push.denied"));
}
