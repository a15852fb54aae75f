// Elements, lists and questions to the server. All text goes in as text, never as HTML.

export const byId = (id) => document.getElementById(id);
export const chosen = () => byId("person").value;

/** make("p.class", {attribute: value}, ...children); a name that begins with "on" is a listener. */
export function make(what, attributes, ...children) {
  const [tag, ...classes] = what.split(".");
  const element = document.createElement(tag);
  element.className = classes.join(" ");
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value != null) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child != null));
  return element;
}

/** Brings a list up to date. What has not changed keeps its element, and so its focus. */
export function fill(container, things, keyOf, build, nothing) {
  const old = new Map([...container.children].map((child) => [child.dataset.key, child]));
  const isFirst = old.size === 0;
  const focused = document.activeElement?.dataset.deed;
  const focusedKey = document.activeElement?.closest("[data-key]")?.dataset.key;
  const children = things.map((thing) => {
    const key = keyOf(thing);
    const looks = JSON.stringify(thing);
    const known = old.get(key);
    if (known?.looks === looks) return known;
    const child = build(thing);
    child.dataset.key = key;
    child.looks = looks;
    // What the visitor unfolded stays so.
    if (known?.querySelector("details[open]")) child.querySelector("details")?.setAttribute("open", "");
    if (!known && !isFirst) child.classList.add("fresh");
    return child;
  });
  if (!children.length && nothing) {
    const empty = old.get("empty") ?? make("p.empty", {});
    empty.textContent = nothing;
    empty.dataset.key = "empty";
    children.push(empty);
  }
  const same = children.length === container.children.length
    && children.every((child, index) => child === container.children[index]);
  if (same) return;
  container.replaceChildren(...children);
  if (focused && focusedKey) {
    container.querySelector(`[data-key="${CSS.escape(focusedKey)}"] [data-deed="${focused}"]`)?.focus();
  }
}

/** JSON of the server; a body is posted. Throws what the server says. */
export async function ask(path, body) {
  const request = body === undefined
    ? {}
    : { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  const answer = await fetch(path, { ...request, signal: AbortSignal.timeout(15_000) });
  if (!answer.ok) throw new Error(await answer.text());
  return answer.json();
}

export function since(instant) {
  const seconds = Math.max(0, (Date.now() - new Date(instant)) / 1000);
  if (seconds < 5) return "now";
  if (seconds < 60) return `${Math.floor(seconds)} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  return new Date(instant).toLocaleString([], { dateStyle: "short", timeStyle: "short" });
}

export const time = (instant) =>
  make("time", { datetime: instant, title: new Date(instant).toLocaleString() }, since(instant));

/** Of several buttons, the one that is on. */
export function press(buttons, isOn) {
  for (const button of buttons) button.ariaPressed = isOn(button);
}
