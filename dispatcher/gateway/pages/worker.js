// The service worker of Postbell: shows what is pushed, also while no page is open. Register it as
// /postbell-worker.js, or load it from your own with importScripts().

self.addEventListener("push", (event) => {
  const { title, navigate, actions = [], data, ...options } = event.data.json().notification;
  const links = Object.fromEntries(actions.map(({ action, navigate: link }) => [action, link]));
  const shown = {
    ...options,
    actions: actions.map(({ action, title: label }) => ({ action, title: label })),
    data: { ...data, postbell: { navigate, links } },
  };
  event.waitUntil(self.registration.showNotification(title, shown));
});

self.addEventListener("notificationclick", (event) => {
  const ours = event.notification.data?.postbell;
  if (!ours) return;
  event.notification.close();
  event.waitUntil(show(ours.links[event.action] ?? ours.navigate));
});

// A window that has it open already comes to the front.
async function show(address) {
  if (!address) return;
  const windows = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  const open = windows.find((each) => each.url === address);
  await (open ? open.focus() : self.clients.openWindow(address));
}

self.addEventListener("pushsubscriptionchange", (event) => event.waitUntil(renew(event)));

// The browser replaced its subscription, or dropped one that has grown old. On the gateway's own address the
// session's cookie lets us tell it; without one, the next page that opens does.
async function renew({ oldSubscription: former, newSubscription }) {
  const { pushManager } = self.registration;
  const isOurs = self.location.pathname === "/postbell-worker.js";
  const options = former?.options ?? { userVisibleOnly: true, applicationServerKey: isOurs ? await key() : null };
  const current = newSubscription ?? await pushManager.getSubscription()
    ?? await pushManager.subscribe(options).catch(() => null);
  if (!isOurs) return;
  if (current) await tell("PUT", "", current);
  if (former && former.endpoint !== current?.endpoint) await tell("DELETE", `?${new URLSearchParams({ endpoint: former.endpoint })}`);
}

async function key() {
  const answer = await fetch("/v1/push/key");
  return answer.ok ? (await answer.json()).key : null;
}

function tell(method, query, body) {
  return fetch(`/v1/push/subscriptions${query}`, {
    method, body: body && JSON.stringify(body), headers: body ? { "Content-Type": "application/json" } : {},
  });
}
