// Brings cards up to date as the server tells of them, and presses buttons without leaving the page.

const feed = document.getElementById("feed");
const cards = document.getElementById("cards");
const status = document.getElementById("status");
const dialog = document.querySelector("dialog");
const MOST = 40;

function say(text) {
  status.textContent = text;
  status.hidden = !text;
}

/** Puts a card on top, or in the place of its former self; what was unfolded stays so. */
function show(html) {
  const card = document.createRange().createContextualFragment(html).firstElementChild;
  const old = document.getElementById(card.id);
  if (old) {
    card.querySelector("details")?.toggleAttribute("open", old.querySelector("details")?.open ?? false);
    old.replaceWith(card);
  } else {
    cards.prepend(card);
    cards.children[MOST]?.remove();
  }
}

let news = null;

/** Follows what happens: all cards first, and then each that changes. */
function follow() {
  news = new EventSource("/news");
  news.addEventListener("cards", (event) => {
    cards.innerHTML = JSON.parse(event.data);
    if (status.dataset.lost) say("");
    delete status.dataset.lost;
  });
  news.addEventListener("card", (event) => show(JSON.parse(event.data)));
  news.addEventListener("end", () => {
    news.close();
    say("The demo has ended. Start it again and reload this page.");
  });
  news.addEventListener("error", () => {
    status.dataset.lost = true;
    say("The connection to the demo is lost. This page tries again by itself.");
  });
}

/** A page of ours, fetched and read. */
async function read(address, options) {
  const answer = await fetch(address, options);
  return { answer, page: new DOMParser().parseFromString(await answer.text(), "text/html") };
}

async function press(form) {
  // Not disabled: it would lose the focus.
  if (form.ariaBusy === "true") return;
  form.ariaBusy = "true";
  try {
    const { answer, page } = await read(form.action, { method: "POST" });
    say(answer.ok ? "" : (page.getElementById("status") ?? page.body).textContent);
    const { top } = feed.getBoundingClientRect();
    feed.scrollTop = 0;
    if (answer.ok && (top < 0 || top > innerHeight * 0.5)) feed.scrollIntoView({ behavior: "smooth" });
  } catch {
    say("Nothing was pressed: the demo does not answer.");
  } finally {
    form.ariaBusy = "false";
  }
}

/** The main part of another page of ours, in the dialog. */
async function openDialog(link) {
  try {
    const { page } = await read(link.href);
    const found = page.querySelector("main.note") ?? page.getElementById("status") ?? page.body;
    found.hidden = false;
    dialog.lastElementChild.replaceChildren(...found.childNodes);
    dialog.showModal();
  } catch {
    say("The demo does not answer.");
  }
}

document.addEventListener("submit", (event) => {
  if (event.target.method !== "post") return;
  event.preventDefault();
  dialog.close();
  press(event.target);
});
document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-dialog]");
  if (link && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    openDialog(link);
  } else if (event.target === dialog || event.target === dialog.firstElementChild) {
    dialog.close();
  }
});
document.querySelector("#who select").addEventListener("change", (event) => event.target.form.submit());
// A browser has few connections to one host: a window that nobody sees needs none.
document.addEventListener("visibilitychange", () => {
  news?.close();
  if (!document.hidden) follow();
});
if (!document.hidden) follow();
