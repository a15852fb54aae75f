// Elements, made of text alone: nothing from a message ever becomes markup.

const SVG = "http://www.w3.org/2000/svg";

/** make("p.class", {attribute: value, onclick: …}, ...children); null attributes are left out. */
export function make(what, attributes = {}, ...children) {
  const [tag, ...classes] = what.split(".");
  const element = document.createElement(tag);
  if (classes.length) element.className = classes.join(" ");
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

const ICONS = {
  bell: "M5.500 16.500h13l-1.500-2.200V10a5 5 0 0 0-10 0v4.300zM10 19.500a2.200 2.200 0 0 0 4 0",
  check: "m5 12.500 4.500 4.500L19 7.500",
  dot: "M12 7a5 5 0 1 0 0 10 5 5 0 0 0 0-10z",
  archive: "M4 5h16v4H4zM5.500 9v10h13V9M10 13h4",
  unarchive: "M4 5h16v4H4zM5.500 9v10h13V9M12 17v-5m-2.500 2.500L12 12l2.500 2.500",
  pin: "M9 4h6l-.5 6.500 3 3.500h-11l3-3.500zM12 14v6",
  back: "m14 6-6 6 6 6",
  close: "m6.500 6.500 11 11m0-11-11 11",
  all: "m2.500 12.500 4.500 4.500L16 8M12 16l1.500 1L22 8",
};

/** A button that shows a drawing instead of its name. */
export function tool(drawing, title, onclick, attributes = {}) {
  return make("button.deed", { type: "button", part: "deed", title, "aria-label": title, onclick, ...attributes }, icon(drawing));
}

/** A drawing that is not read out. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  const path = document.createElementNS(SVG, "path");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

/**
 * Calls `remove` after so many milliseconds; whoever points at the element, or has the focus in it,
 * is not hurried. Returns what does it at once.
 */
export function linger(element, time, remove) {
  let timer;
  const hold = () => clearTimeout(timer);
  const done = () => { hold(); remove(); };
  const release = () => { hold(); timer = setTimeout(done, time); };
  for (const name of ["pointerenter", "focusin"]) element.addEventListener(name, hold);
  for (const name of ["pointerleave", "focusout"]) element.addEventListener(name, release);
  release();
  return done;
}

/** An address that a click may follow; null for others, such as javascript: */
export function webAddress(link) {
  return /^https?:\/\//i.test(link ?? "") ? link : null;
}

/**
 * Brings a list up to date. What looks as before keeps its element; what is built anew keeps the
 * focus, on the control of the same `data-deed`.
 */
export function fill(container, things, build) {
  const focused = container.getRootNode().activeElement;
  const inside = container.contains(focused);
  const key = inside ? focused.closest("[data-key]")?.dataset.key : null;
  const place = [...container.children].findIndex((child) => child.dataset.key === key);
  const old = new Map([...container.children].map((child) => [child.dataset.key, child]));
  const children = things.map(({ id, look, thing }) => {
    const known = old.get(id);
    if (known?.look === look) return known;
    const child = build(thing);
    child.dataset.key = id;
    child.look = look;
    return child;
  });
  const isSame = children.length === container.children.length
    && children.every((child, at) => child === container.children[at]);
  if (isSame) return;
  container.replaceChildren(...children);
  if (!inside || container.contains(container.getRootNode().activeElement)) return;
  // Of what is gone, the focus goes to what took its place.
  const next = children.find((child) => child.dataset.key === key) ?? children[Math.min(place, children.length - 1)];
  const deed = next?.querySelector(`[data-deed="${focused.dataset.deed}"]`) ?? next?.querySelector("[data-deed]");
  (deed ?? container.parentElement).focus();
}
