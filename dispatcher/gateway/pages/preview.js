// Adds to the preview: what is chosen and written is shown at once, and events are found by a word.

const form = document.getElementById("bench");
const area = document.getElementById("payload");
const search = document.getElementById("search");
let waiting, asking, channel = form?.querySelector(".tabs [aria-current]")?.value;

/** Parts of the page that depend on what the form says. */
const PARTS = ["shown", "payload-faults", "numbers", "status"];

async function show() {
  clearTimeout(waiting);
  asking?.abort();
  asking = new AbortController();
  const fields = new URLSearchParams(new FormData(form));
  fields.set("channel", channel);
  try {
    const answer = await fetch(form.action, { method: "POST", body: fields, signal: asking.signal });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    // Too often: the next change asks again.
    if (answer.status === 429) return;
    // Another page says why nothing can be shown: the browser goes there.
    if (!page.getElementById("shown")) return form.submit();
    draw(page);
    for (const name of ["payload", "to", "event"]) fields.delete(name);
    history.replaceState(null, "", `${form.action}?${new URLSearchParams([["event", form.elements.event.value], ...fields])}`);
  } catch (error) {
    // Asked anew meanwhile, or offline: what is seen is what was said last.
    if (error.name !== "AbortError" && !(error instanceof TypeError)) throw error;
  }
}

function draw(page) {
  const focus = document.activeElement.id;
  for (const part of PARTS) document.getElementById(part).replaceChildren(...page.getElementById(part).childNodes);
  area.ariaInvalid = page.getElementById("payload").ariaInvalid;
  scrollNumbers();
  if (focus.startsWith("tab-")) document.getElementById(focus)?.focus();
}

const scrollNumbers = () => { document.getElementById("numbers").scrollTop = area.scrollTop; };

form?.addEventListener("input", event => {
  if (event.target.id === "to") return;
  clearTimeout(waiting);
  waiting = setTimeout(show, event.target.id === "payload" || event.target.id === "locale" ? 300 : 0);
});
form?.addEventListener("submit", event => {
  // Sending a test, and opening a mail, are pages of their own.
  if (event.submitter?.hasAttribute("formaction")) return;
  event.preventDefault();
  channel = event.submitter?.value ?? channel;
  show();
});
area?.addEventListener("scroll", scrollNumbers);

search.addEventListener("input", () => {
  const word = search.value.trim().toLowerCase();
  for (const each of document.querySelectorAll(".events li")) each.hidden = !each.textContent.toLowerCase().includes(word);
  for (const each of document.querySelectorAll(".events section")) each.hidden = !each.querySelector("li:not([hidden])");
});
document.documentElement.dataset.ready = "true";
