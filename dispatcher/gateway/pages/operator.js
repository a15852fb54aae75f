// Adds to the operator's pages: draws a view anew while somebody looks, and tells the server the
// time zone, which only the browser knows.

const view = document.getElementById("view");
const button = document.getElementById("live");
const every = Number(document.getElementById("main").dataset.every) * 1000;
let timer;

// Addresses of version 0.1: /operator#/deliveries?recipient=u1.
const [, former, query] = /^#\/([a-z-]+)\??(.*)$/.exec(location.hash) ?? [];
if (former) location.replace(`/operator${former === "overview" ? "" : `/${former}`}${query ? `?${query}` : ""}`);

const zone = `postbell_zone=${Intl.DateTimeFormat().resolvedOptions().timeZone}`;
if (!document.cookie.split("; ").includes(zone)) {
  document.cookie = `${zone}; path=/; max-age=31536000; samesite=lax`;
  if (document.cookie.includes(zone) && !former) location.reload();
}

async function refresh() {
  clearTimeout(timer);
  try {
    const answer = await fetch(location.href);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const drawn = page.getElementById("view");
    // The session is over: the page says so.
    if (answer.status === 401) location.reload();
    if (answer.ok && drawn && isWatched()) {
      show(drawn);
      document.getElementById("fresh").textContent = page.getElementById("fresh").textContent;
    }
  } catch {
    // The gateway cannot be reached: the time says how old the page is.
  }
  wait();
}

/** Not while a form of the view is being used. */
const isWatched = () => button.ariaPressed === "true" && !view.querySelector("details[open]:has(form), form :focus");

/** What is open stays open, and the keyboard stays where it is. */
function show(drawn) {
  const focus = placeOf(document.activeElement);
  for (const each of view.querySelectorAll("details[open]")) {
    const again = drawn.querySelector(`#${CSS.escape(each.id)}`);
    if (again) again.open = true;
  }
  view.replaceChildren(...drawn.childNodes);
  if (focus) view.querySelector(focus)?.focus({ preventScroll: true });
}

/** A selector that finds an element of the view, drawn anew; null for elements elsewhere. */
function placeOf(element) {
  if (!view.contains(element)) return null;
  if (element.id) return `#${CSS.escape(element.id)}`;
  const href = element.getAttribute("href");
  return href === null ? `#${CSS.escape(element.closest("[id]").id)} > ${element.localName}` : `a[href="${CSS.escape(href)}"]`;
}

function wait() {
  clearTimeout(timer);
  if (button?.ariaPressed === "true" && document.visibilityState === "visible") timer = setTimeout(refresh, every);
}

button?.addEventListener("click", () => {
  button.ariaPressed = String(button.ariaPressed !== "true");
  if (button.ariaPressed === "true") refresh();
  else clearTimeout(timer);
});
document.addEventListener("visibilitychange", wait);
wait();

// On a phone the views are wider than the screen.
const open = document.querySelector(".top [aria-current]");
if (open) open.closest("nav").scrollLeft = open.offsetLeft - 48;
document.documentElement.dataset.ready = "true";
