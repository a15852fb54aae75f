// What a website's service worker does with what Postbell pushes.
self.addEventListener("push", (event) => {
  const { title, navigate, ...options } = event.data.json().notification;
  event.waitUntil(
    self.registration.showNotification(title, { ...options, data: { ...options.data, navigate } }),
  );
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(self.clients.openWindow(event.notification.data.navigate));
});
