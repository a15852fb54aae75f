// What scripts add to pages that work without them: forms and links are answered in place.

const parser = new DOMParser();
// One after the other: what is sent next is answered by what holds then.
let waiting = Promise.resolve();
let redrawn = () => {};
/** The address of what is shown, without its #part. */
let shown = here();
/** A question was answered, or left: its step in the history is being taken back. */
let isLeaving = false;

function here() {
  return location.pathname + location.search;
}

/**
 * Forms that are sent by POST, and links to the page's own address, inside `[data-live]` elements
 * (each with an id) load no page: these elements take the content that they have in the answer.
 * Another address is a step that the browser's Back button takes back; so is an open dialog.
 * `drawn` is called now and after each answer.
 */
export function live(drawn = () => {}) {
  document.addEventListener("submit", event => {
    const { target: form, submitter } = event;
    if (form.method !== "post" || !form.closest("[data-live]")) return;
    event.preventDefault();
    // Some browsers for touch screens focus no button that is pressed.
    submitter?.focus({ preventScroll: true });
    const undo = turn(submitter);
    request(form.getAttribute("action"), { body: new URLSearchParams(new FormData(form, submitter)), form }).catch(undo);
  });
  document.addEventListener("click", event => {
    const link = event.target.closest("[data-live] a[href]");
    if (!link || link.dataset.closes || event.button || event.metaKey || event.ctrlKey || event.shiftKey) return;
    if (new URL(link.href).pathname !== location.pathname) return;
    event.preventDefault();
    request(link.href, { isStep: true }).then(() => document.querySelector(link.hash || null)?.scrollIntoView({ block: "nearest" }), () => {});
  });
  addEventListener("popstate", move);
  redrawn = () => {
    modal();
    drawn();
  };
  redrawn();
}

/**
 * Sends `body`, or asks for the address; shows the answer. Rejects where it is no page of this kind.
 * What was typed stays, except in `form`, which was sent. `isStep`: Back leads here again.
 */
export function request(address, { body, form, isStep = false } = {}) {
  const asked = new URL(address, location.href);
  asked.hash = "";
  const answer = waiting.then(async () => {
    document.documentElement.setAttribute("aria-busy", "true");
    try {
      const { page, url } = await load(asked, body);
      const typed = typedOutside(form);
      const asks = page.querySelector("[data-live] dialog");
      show(page);
      typed.forEach(put => put());
      arrive(url, isStep || Boolean(asks), Boolean(asks));
    } catch (error) {
      tell(error.message, true);
      throw error;
    } finally {
      document.documentElement.removeAttribute("aria-busy");
    }
  });
  waiting = answer.catch(() => {});
  return answer;
}

/** Keeps the address of what is shown. A question that was answered, or left, is no step any more. */
function arrive(url, isStep, asks = false) {
  const { pathname, search } = new URL(url, location.href);
  shown = pathname + search;
  if (history.state?.asks && !asks) {
    isLeaving = true;
    history.back();
  } else if (isStep && here() !== shown) history.pushState({ asks }, "", url);
  else history.replaceState(history.state, "", url);
}

/** Back or Forward was pressed, or a question was left. */
function move() {
  if (isLeaving) history.replaceState(null, "", shown);
  else if (here() !== shown) request(location.href).catch(() => {});
  isLeaving = false;
}

/** The page that answers, as a document, and its address. Throws an Error with a sentence. */
export async function load(address, body) {
  let answer;
  try {
    answer = await fetch(address, body && { method: "POST", body });
  } catch {
    throw new Error(document.body.dataset.offline);
  }
  const page = parser.parseFromString(await answer.text(), "text/html");
  if (regions().every(each => page.getElementById(each.id))) return { page, url: body && !answer.redirected ? location.href : answer.url };
  const said = [...page.querySelectorAll("main :is(h1, p)")].map(each => each.textContent);
  throw new Error(said.join(". ") || document.body.dataset.offline);
}

/** Tells a sentence where the page tells what was done: in `#told-of`. */
export function tell(sentence, isFault = false) {
  const said = document.createElement("div");
  said.className = isFault ? "told fault" : "told";
  if (isFault) said.setAttribute("role", "alert");
  said.append(Object.assign(document.createElement("p"), { textContent: sentence }));
  document.getElementById("told-of").replaceChildren(said);
}

const regions = () => [...document.querySelectorAll("[data-live]")];

/** Shows a page's content in place; what had the focus has it again, by its id, or the first field that is wrong. */
function show(page) {
  const active = document.activeElement;
  const focused = active?.closest("dialog")?.querySelector("[data-closes]")?.dataset.closes ?? active?.id;
  for (const each of regions()) each.replaceChildren(...document.adoptNode(page.getElementById(each.id)).childNodes);
  document.title = page.title;
  (document.querySelector("[data-live] [aria-invalid]") ?? document.getElementById(focused))?.focus();
  redrawn();
}

/** The fields that were changed, each as a function that puts its value into the field that is there then. */
function typedOutside(form) {
  return [...document.querySelectorAll("[data-live] :is(input, select)")]
    .filter(field => field.id && field.form !== form && isChanged(field))
    .map(({ id, value, checked }) => () => Object.assign(document.getElementById(id) ?? {}, { value, checked }));
}

const isChanged = field => field.options
  ? [...field.options].some(each => each.selected !== each.defaultSelected)
  : field.value !== field.defaultValue || field.checked !== field.defaultChecked;

/** Turns a switch before the answer is there; the function that turns it back. */
function turn(button) {
  const state = button?.getAttribute("aria-checked");
  if (!state || "asks" in button.dataset) return () => {};
  button.setAttribute("aria-checked", String(state !== "true"));
  return () => button.setAttribute("aria-checked", state);
}

/** Has an open dialog keep the keyboard inside; leaving it is following its link with `data-closes`. */
function modal() {
  const dialog = document.querySelector("[data-live] dialog[open]");
  if (!dialog || dialog.matches(":modal")) return;
  const leave = dialog.querySelector("[data-closes]");
  leave.addEventListener("click", event => {
    event.preventDefault();
    dialog.close();
  });
  dialog.addEventListener("close", () => {
    dialog.remove();
    arrive(leave.href, false);
    document.getElementById(leave.dataset.closes)?.focus();
  });
  dialog.removeAttribute("open");
  dialog.showModal();
}
