// What scripts add to the preference centre: no reload, hours that are drawn, pushes to this browser.

import { live, load, request, tell } from "./enhance.js";
import { Pushes } from "./inbox/pushes.js";

const WORKER = "/postbell-worker.js";
const part = id => document.getElementById(id);
const pushes = new Pushes({ ask }, WORKER);
let isRenewed = false;

live(() => {
  part("week").classList.add("drawn");
  for (const form of document.querySelectorAll("[data-foresee]")) foresee(form);
  offerPushes().catch(() => {});
  part("quiet-zone").addEventListener("focus", offerZones, { once: true });
});

/** Tells what a form would do, once nothing has been changed in it for a moment. */
function foresee(form) {
  const example = form.querySelector("output");
  let timer;
  form.addEventListener("change", () => {
    clearTimeout(timer);
    timer = setTimeout(async () => {
      const body = new URLSearchParams(new FormData(form));
      body.append("do", form.dataset.foresee);
      const { page } = await load(form.getAttribute("action"), body).catch(() => ({}));
      if (page) example.textContent = page.getElementById(example.id).textContent;
    }, 250);
  });
}

/** The time zones that the browser knows, the one it is in first. */
function offerZones() {
  const zones = document.createElement("datalist");
  zones.id = "zones";
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  zones.append(...new Set([here, ...Intl.supportedValuesOf("timeZone")].map(zone => new Option(zone))));
  part("quiet-zone").setAttribute("list", zones.id);
  part("quiet-zone").after(zones);
}

// Quiet hours are drawn on a day's track: 36 hours, in steps of 15 minutes.
const DAY = 24 * 60;
const MOST = 36 * 60;
const STEP = 15;
/** Minutes around the end of a bar that take it. */
const NEAR = 60;

document.addEventListener("pointerdown", event => {
  const track = event.target.closest(".track");
  if (!track || event.button) return;
  const from = minuteAt(track, event);
  const bar = track.querySelector(".bar") ?? document.createElementNS("http://www.w3.org/2000/svg", "rect");
  const old = { start: Number(bar.getAttribute("x")), length: Number(bar.getAttribute("width")) };
  const end = old.start + old.length;
  const grip = !old.length || from < old.start - NEAR || from > end + NEAR ? "new"
    : from < old.start + NEAR ? "start" : from > end - NEAR ? "end" : "whole";
  let shape = null;
  const over = new AbortController();
  track.setPointerCapture(event.pointerId);
  track.addEventListener("pointermove", moved => {
    const to = minuteAt(track, moved);
    if (!shape && Math.abs(to - from) < STEP) return;
    shape = grip === "new" ? between(Math.min(from, to), Math.max(from, to))
      : grip === "start" ? between(old.start + to - from, end)
        : grip === "end" ? between(old.start, end + to - from)
          : moving(old, to - from);
    bar.setAttribute("class", "bar");
    bar.setAttribute("x", shape.start);
    bar.setAttribute("width", shape.length);
    bar.setAttribute("height", 40);
    track.append(bar);
  }, { signal: over.signal });
  for (const last of ["pointerup", "pointercancel"]) {
    track.addEventListener(last, () => {
      over.abort();
      if (shape && last === "pointerup") draw(track, shape);
    }, { signal: over.signal });
  }
});

/** Within a day from where it starts, on that day. */
function between(from, to) {
  const start = Math.max(0, Math.min(from, DAY - STEP));
  return { start, length: Math.max(STEP, Math.min(to - start, MOST - start, DAY)) };
}

function moving({ start, length }, by) {
  return { start: Math.max(0, Math.min(start + by, DAY - STEP, MOST - length)), length };
}

/** The same as the form would send, for the day alone. */
function draw(track, { start, length }) {
  const form = part("quiet-form");
  const body = new URLSearchParams(new FormData(form));
  body.set("days", track.dataset.day);
  body.set("starts", clock(start));
  body.set("ends", clock(start + length));
  body.append("do", "quiet");
  request(form.getAttribute("action"), { body }).catch(() => {});
}

function clock(minute) {
  return new Date(minute * 60e3).toISOString().slice(11, 16);
}

function minuteAt(track, { clientX }) {
  const { left, right, width } = track.getBoundingClientRect();
  const across = document.documentElement.dir === "rtl" ? right - clientX : clientX - left;
  return Math.round((across / width) * MOST / STEP) * STEP;
}

/** Shows the button that lets this browser be pushed to, or stops it. */
async function offerPushes() {
  const button = part("allow");
  if (!button) return;
  const state = await pushes.state();
  button.hidden = state === "none";
  button.textContent = state === "on" ? button.dataset.stop : button.dataset.allow;
  // The gateway may have lost it: its worker may have had no session to tell.
  if (state === "on" && !isRenewed) await pushes.renew();
  isRenewed = true;
  button.addEventListener("click", async () => {
    const wasOn = await pushes.state() === "on";
    try {
      if (wasOn) await pushes.refuse();
      const now = wasOn ? "off" : await pushes.allow();
      await request(location.href);
      tell(wasOn ? button.dataset.stopped : now === "on" ? button.dataset.allowed : button.dataset.denied, !wasOn && now !== "on");
    } catch {
      tell(document.body.dataset.offline, true);
    }
  });
}

async function ask(method, path, body) {
  const headers = body ? { "Content-Type": "application/json" } : {};
  const answer = await fetch(`/${path}`, { method, headers, body: body && JSON.stringify(body) });
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.status === 204 ? null : answer.json();
}

// As in a text: but not while one is written.
document.addEventListener("keydown", event => {
  const undo = part("undo");
  if (!undo || event.key.toLowerCase() !== "z" || !(event.ctrlKey || event.metaKey) || event.target.matches("input, select")) return;
  event.preventDefault();
  undo.click();
});
