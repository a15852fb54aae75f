// Letting this browser be pushed to: for who has a session. A mail's link opens no devices.

import { addBrowser, pushKey } from "./preferences_api.js";
import { say, told } from "./preferences_said.js";

export const canAllowPushes = () =>
  !told.token && "serviceWorker" in navigator && "PushManager" in window && Notification.permission !== "denied";

/** Asks for the permission, and tells the gateway of the browser. Throws an Error with a sentence. */
export async function allowPushes() {
  if (await Notification.requestPermission() !== "granted") throw new Error(say("push.denied"));
  const { key } = await pushKey();
  if (!key) throw new Error(say("push.none"));
  await navigator.serviceWorker.register("/postbell-worker.js");
  const worker = await navigator.serviceWorker.ready;
  const subscription = await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
  const { endpoint, keys } = subscription.toJSON();
  await addBrowser({ endpoint, keys });
}
