// The demo's page. It asks for news once a second; all text goes in as text, never as HTML.

const EVERY = 1000;
const byId = (id) => document.getElementById(id);
const state = { houses: [], names: new Map(), email: null };

// Elements: make("p.class", {attribute: value}, ...children).
function make(what, attributes, ...children) {
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

// Brings a list up to date. What has not changed keeps its element, and so its focus.
function fill(container, things, keyOf, build, nothing) {
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
    if (!known && !isFirst) child.classList.add("fresh");
    return child;
  });
  if (!children.length && nothing) {
    const empty = old.get("empty") ?? make("p.empty", {}, nothing);
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

async function ask(path, body) {
  const request = body === undefined
    ? {}
    : { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  const answer = await fetch(path, { ...request, signal: AbortSignal.timeout(5000) });
  if (!answer.ok) throw new Error(await answer.text());
  return answer.json();
}

const chosen = () => byId("person").value;
const inboxPath = () => `/api/inbox/${chosen().split("/").map(encodeURIComponent).join("/")}`;
const nameOf = (house, id) => state.names.get(`${house}/${id}`) ?? id ?? "nobody";
const isWebAddress = (link) => /^https?:\/\//.test(link ?? "");

function since(instant) {
  const seconds = Math.max(0, (Date.now() - new Date(instant)) / 1000);
  if (seconds < 5) return "now";
  if (seconds < 60) return `${Math.floor(seconds)} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  return new Date(instant).toLocaleString([], { dateStyle: "short", timeStyle: "short" });
}

const time = (instant) => make("time", { datetime: instant, title: new Date(instant).toLocaleString() }, since(instant));
const link = (action) => make("a", { href: action.link, target: "_blank", rel: "noopener" }, action.label);

function deed(label, name, action) {
  return make("button", { type: "button", "data-deed": name, onclick: async () => { await action(); await lookAtInbox(); } }, label);
}

function item(it) {
  const mark = (verb) => ask(`${inboxPath()}/${verb}`, { items: [it.id] });
  const isQuiet = it.read_at || it.is_muted;
  return make(isQuiet ? "article.card.item" : "article.card.item.unread", {},
    make("h4", {}, it.title), time(it.created_at), make("p", {}, it.body),
    make("div.deeds", {},
      ...it.actions.filter((action) => isWebAddress(action.link)).map(link),
      it.read_at ? deed("Mark unread", "mark", () => mark("unread")) : deed("Mark read", "mark", () => mark("read")),
      deed("Archive", "archive", () => mark("archived")),
      it.is_muted ? make("span.chip", {}, "muted: not counted") : null));
}

function heldBack(row) {
  return make("li.card.held", {}, make(`span.chip.${row.tone}`, {}, `${row.channel} ${row.state}`), " ",
    make("b", {}, row.event), " ", row.sentence);
}

function mailRow(mail) {
  return make("button.card.mail", { type: "button", "data-deed": "open", onclick: () => openMail(mail) },
    make("b", {}, mail.subject), make("span", {}, `to ${mail.to}`, time(mail.received_at)));
}

function decision(house, row) {
  const why = [row.sentence, row.ms == null ? "" : `${row.ms} ms`].filter(Boolean).join(" ");
  return make("li", { title: row.way_out || null },
    make("span", {}, nameOf(house, row.recipient_id)), make("span", {}, row.channel ?? ""),
    make(`span.chip.${row.tone}`, {}, row.state),
    make("small", {}, why, make("span.rung", {}, row.rung ? ` · rung ${row.rung}` : "")));
}

function moment(it) {
  const isBack = it.rolled_back_by != null;
  return make("article.card.moment", {},
    make("div.line", {}, make("b", {}, it.title ?? "Emitted by somebody else"),
      make(isBack ? "span.chip.bad" : "span.chip.good", {}, isBack ? "rolled back" : "committed")),
    isBack ? make("p.event", {}, `${it.rolled_back_by}: nobody hears of it.`) : null,
    ...it.events.flatMap((event) => [
      make("p.event", {}, [`event ${event.id}`, event.event, event.detail].filter(Boolean).join(" · ")),
      make("ul.decisions", {}, ...event.decisions.map((row) => decision(event.tenant_id, row)))]));
}

async function lookAtHouses() {
  const houses = await ask("/api/houses");
  if (JSON.stringify(houses) === JSON.stringify(state.houses)) return;
  state.houses = houses;
  const before = chosen() || decodeURIComponent(location.hash.slice(1));
  byId("person").replaceChildren(...houses.map((house) =>
    make("optgroup", { label: house.name }, ...house.people.map((person) => {
      state.names.set(`${house.id}/${person.id}`, person.name);
      return make("option", { value: `${house.id}/${person.id}` }, person.name);
    }))));
  if (state.names.has(before)) byId("person").value = before;
}

async function lookAtInbox() {
  const whose = chosen();
  const inbox = await ask(inboxPath());
  if (whose !== chosen()) return;
  fill(byId("items"), inbox.items, (it) => it.id, item, "Nothing here yet.");
  fill(byId("held"), inbox.held_back, (row) => row.id, heldBack);
  byId("held-title").hidden = !inbox.held_back.length;
  byId("read-all").disabled = !inbox.unread;
  for (const badge of document.querySelectorAll("[data-unread]")) {
    badge.hidden = !inbox.unread;
    badge.textContent = inbox.unread > 99 ? "99+" : inbox.unread;
    badge.setAttribute("aria-label", `${inbox.unread} unread`);
  }
  document.title = inbox.unread ? `(${inbox.unread}) Postbell demo` : "Postbell demo";
  state.email = inbox.email;
}

async function lookAtMails() {
  const { are_caught: areCaught, mails } = await ask("/api/mails");
  const isMine = (mail) => !byId("only-mine").checked || mail.to === state.email;
  const shown = mails.filter(isMine);
  byId("mail-count").textContent = shown.length;
  byId("mail-count").hidden = !shown.length;
  fill(byId("mail-list"), shown, (mail) => String(mail.number), mailRow,
    areCaught ? "No mail yet." : "Mails go to POSTBELL_SMTP_URL, not to this page.");
}

async function lookAtEvents() {
  fill(byId("event-list"), await ask("/api/events"), (it) => it.key, moment, "Nothing has happened yet.");
}

async function openMail(mail) {
  const whole = await ask(`/api/mails/${mail.number}`);
  byId("mail-subject").textContent = whole.subject;
  byId("mail-people").textContent = `${whole.from} → ${whole.to}`;
  byId("mail-source").href = `/mails/${mail.number}.eml`;
  byId("mail-text").textContent = whole.text;
  byId("mail-html").src = `/mails/${mail.number}.html`;
  showPart(whole.has_html ? "html" : "text");
  byId("mail").showModal();
}

function showPart(part) {
  byId("mail-html").hidden = part !== "html";
  byId("mail-text").hidden = part !== "text";
  for (const button of document.querySelectorAll("[data-part]")) button.ariaPressed = button.dataset.part === part;
}

function showView(view) {
  document.body.dataset.view = view;
  for (const button of document.querySelectorAll("nav button")) button.ariaPressed = button.dataset.view === view;
}

async function look() {
  if (document.hidden) return;
  try {
    await lookAtHouses();
    await Promise.all([lookAtInbox(), lookAtMails(), lookAtEvents()]);
    byId("connection").hidden = true;
  } catch (error) {
    console.warn(error);
    byId("connection").hidden = false;
  }
  for (const element of document.querySelectorAll("time")) element.textContent = since(element.dateTime);
}

byId("person").addEventListener("change", () => {
  history.replaceState(null, "", `#${encodeURIComponent(chosen())}`);
  byId("items").replaceChildren();
  byId("held").replaceChildren();
  look();
});
byId("read-all").addEventListener("click", async () => { await ask(`${inboxPath()}/read-all`, {}); look(); });
byId("only-mine").addEventListener("change", lookAtMails);
byId("mail-close").addEventListener("click", () => byId("mail").close());
byId("mail").addEventListener("close", () => byId("mail-html").removeAttribute("src"));
byId("mail").addEventListener("click", (event) => { if (event.target === byId("mail")) byId("mail").close(); });
for (const button of document.querySelectorAll("[data-part]")) button.addEventListener("click", () => showPart(button.dataset.part));
for (const button of document.querySelectorAll("nav button")) button.addEventListener("click", () => showView(button.dataset.view));
document.addEventListener("visibilitychange", look);

for (;;) {
  await look();
  await new Promise((resume) => setTimeout(resume, EVERY));
}
