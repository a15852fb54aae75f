// Brings cards up to date as the server tells of them, and presses buttons without leaving the page.

const main = document.querySelector("main");
const cards = document.getElementById("cards");
const status = document.getElementById("status");
const dialog = document.querySelector("dialog");
const MOST = 40;

function say(text) {
  status.textContent = text;
  status.hidden = !text;
}

/** Puts a card on top, or in the place of its former self; what was unfolded stays so. */
function show({ id, html }) {
  const template = document.createElement("template");
  template.innerHTML = html;
  const card = template.content.firstElementChild;
  const old = document.getElementById(id);
  if (old) {
    card.querySelector("details")?.toggleAttribute("open", old.querySelector("details")?.open ?? false);
    old.replaceWith(card);
    return;
  }
  card.classList.add("fresh");
  cards.prepend(card);
  while (cards.children.length > MOST) cards.lastElementChild.remove();
}

let news = null;
let version = main.dataset.version;
let isLost = false;

/** Follows what happens from the page's version on. */
function follow() {
  news = new EventSource(`/news?since=${version}`);
  news.addEventListener("card", (event) => {
    version = event.lastEventId;
    show(JSON.parse(event.data));
  });
  news.addEventListener("run", (event) => {
    // Another demo has begun at this address.
    if (event.data !== main.dataset.run) location.reload();
    if (isLost) say("");
    isLost = false;
  });
  news.addEventListener("end", () => {
    news.close();
    say("The demo has ended. Start it again and reload this page.");
  });
  news.addEventListener("error", () => {
    isLost = true;
    say("The connection to the demo is lost. This page tries again by itself.");
  });
}

async function press(form) {
  // Not disabled: it would lose the focus.
  if (form.ariaBusy === "true") return;
  form.ariaBusy = "true";
  try {
    const answer = await fetch(form.action, { method: "POST" });
    if (answer.status === 409) {
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      say(page.getElementById("status").textContent);
    } else if (answer.ok) {
      say("");
      cards.scrollTop = 0;
      if (cards.getBoundingClientRect().top < 0 || cards.getBoundingClientRect().top > innerHeight * 0.7) cards.scrollIntoView({ behavior: "smooth" });
    } else {
      say(await answer.text());
    }
  } catch {
    say("Nothing was pressed: the demo does not answer.");
  } finally {
    form.ariaBusy = "false";
  }
}

/** The main part of another page of ours, in the dialog. */
async function openDialog(link) {
  try {
    const page = new DOMParser().parseFromString(await (await fetch(link.href)).text(), "text/html");
    const found = page.querySelector("main.single") ?? page.getElementById("status") ?? page.body;
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
// The bell may ring for what was emitted elsewhere, such as by psql.
addEventListener("postbell:notification", () => fetch("/other-events", { method: "POST" }).catch(() => {}));
