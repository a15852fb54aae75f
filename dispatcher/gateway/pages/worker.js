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
