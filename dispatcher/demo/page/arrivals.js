// What reached people: the inbox, and mails, texts and pushes that were caught.

import { ask, byId, chosen, fill, make, press, time } from "./dom.js";
import { nameOf } from "./people.js";

const HABITS = {
  inbox: "What the role postbell_reader may see of you. The bell above has the same, from the gateway.",
  mails: "Caught on this machine; none of them leaves it.",
  texts: "Posted by the webhook provider to this page, signed; no phone has them.",
  pushes: "Decrypted as the phones of the demo would. The bell can push to this browser as well.",
};
const state = { email: null };

const inboxPath = () => `/api/inbox/${chosen().split("/").map(encodeURIComponent).join("/")}`;
const isWebAddress = (link) => /^https?:\/\//.test(link ?? "");
// Each text begins where its own script does.
const AUTO = { dir: "auto" };
const link = (action) => make("a", { ...AUTO, href: action.link, target: "_blank", rel: "noopener" }, action.label);

export function lookAtArrivals() {
  return Promise.all([lookAtInbox(), lookAtMails(), lookAtTexts(), lookAtPushes()]);
}

export function forget() {
  byId("items").replaceChildren();
  byId("held").replaceChildren();
}

function deed(label, name, action) {
  return make("button", { type: "button", "data-deed": name, onclick: async () => { await action(); await lookAtInbox(); } }, label);
}

function item(it) {
  const mark = (verb) => ask(`${inboxPath()}/${verb}`, { items: [it.id] });
  const isQuiet = it.read_at || it.is_muted;
  return make(isQuiet ? "article.card.item" : "article.card.item.unread", {},
    make("h4", AUTO, it.title), time(it.created_at), make("p", AUTO, it.body),
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
  state.email = inbox.email;
}

async function lookAtMails() {
  const { are_caught: areCaught, mails } = await ask("/api/mails");
  show("mail", mails, (mail) => mail.to === state.email, mailRow,
    areCaught ? "No mail yet." : "Mails go to the mail server that you named, not to this page.");
}

async function lookAtTexts() {
  show("text", await ask("/api/texts"), (text) => text.person === chosen(), textRow,
    "No text yet. Escalate a ticket; or be Hélène, to whom an installment is due.");
}

async function lookAtPushes() {
  show("push", await ask("/api/pushes"), (push) => push.person === chosen(), pushRow,
    "No push yet. Have a card declined, or a support ticket answered.");
}

function show(kind, things, isMine, build, nothing) {
  const shown = things.filter((thing) => !byId("only-mine").checked || isMine(thing));
  byId(`${kind}-count`).textContent = shown.length;
  byId(`${kind}-count`).hidden = !shown.length;
  fill(byId(`${kind}-list`), shown, (thing) => String(thing.number), build, nothing);
}

function mailRow(mail) {
  return make("button.card.mail", { type: "button", "data-deed": "open", onclick: () => openMail(mail) },
    make("b", AUTO, mail.subject), make("span", {}, `to ${mail.to}`, time(mail.received_at)));
}

function textRow(text) {
  const who = text.person ? nameOf(...text.person.split("/")) : text.to;
  const segments = text.segments === 1 ? "one segment" : `${text.segments} segments`;
  return make("article.card.text", {},
    make("p.bubble", AUTO, text.text),
    make("span.foot", {}, `to ${who}, ${text.to} · ${segments}`, time(text.received_at)));
}

function pushRow(push) {
  return make("article.card.push", {},
    make("b", AUTO, push.title), make("p", AUTO, push.body),
    make("span.foot", {}, `to ${push.to}'s phone`, time(push.received_at)));
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
  press(document.querySelectorAll("[data-part]"), (button) => button.dataset.part === part);
}

function showBox(box) {
  press(document.querySelectorAll("[data-box]"), (button) => button.dataset.box === box);
  for (const part of document.querySelectorAll("[data-of]")) part.hidden = part.dataset.of !== box;
  byId("only").hidden = box === "inbox";
  byId("arrivals-habit").textContent = HABITS[box];
}

byId("read-all").addEventListener("click", async () => { await ask(`${inboxPath()}/read-all`, {}); await lookAtInbox(); });
byId("only-mine").addEventListener("change", lookAtArrivals);
byId("mail").addEventListener("close", () => byId("mail-html").removeAttribute("src"));
for (const button of document.querySelectorAll("[data-part]")) button.addEventListener("click", () => showPart(button.dataset.part));
for (const button of document.querySelectorAll("[data-box]")) button.addEventListener("click", () => showBox(button.dataset.box));
showBox("inbox");
