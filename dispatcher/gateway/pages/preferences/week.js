// Quiet hours on a week: a row for the day on which a window starts, until noon of the next day.

import { foreseeing } from "./foreseeing.js";
import { h, place, settled } from "./dom.js";
import { dayOf, INTERRUPTING, say } from "./said.js";
import { drawForm } from "./week_form.js";
import { windowOf, clock, spanOf, changeOf, MOST, DAY, STEP } from "./window.js";

const DAYS = [1, 2, 3, 4, 5, 6, 7];
const NIGHT = { start: 22 * 60, end: 31 * 60 };

export function drawWeek(container, outlook, { make }) {
  const windows = new Map(outlook.quiet_hours.map(each => [each.day, windowOf(each)]));
  const usual = outlook.quiet_hours[0] ?? { channels: INTERRUPTING, time_zone: null };
  const zone = usual.time_zone ?? outlook.time_zone;
  const example = h("p", { class: "example", id: "week-example", "aria-live": "polite" }, " ");
  const foreseen = foreseeing(example);
  const now = minuteOfWeek(zone);
  place(container,
    h("div", { class: "week", role: "group", "aria-label": say("week.title") },
      h("div", { class: "hours", "aria-hidden": "true" },
        [0, 6, 12, 18, 24, 30].map(hour => h("span", { class: `h${hour}` }, clock(hour * 60)))),
      DAYS.map(row)),
    example,
    drawForm(outlook, { make, foreseen, usual }));
  // Where they are is said by properties: the policy allows no style in the markup.
  for (const each of container.querySelectorAll("[data-x]")) moveTo(each, each.dataset);

  function row(day) {
    const window = windows.get(day);
    const track = h("div", { class: "track", "data-day": day });
    if (now.day === day) track.append(h("span", { class: "now", "data-x": now.minute, "aria-hidden": "true" }));
    if (window) track.append(bar(day, window, track));
    track.addEventListener("pointerdown", event => {
      if (event.target === track) drawNew(day, track, event);
    });
    return h("div", { class: "day", role: "group", "aria-label": say("week.day", { day: dayOf(day), span: window ? spanOf(window) : say("week.free") }) },
      h("span", { class: "name", "aria-hidden": "true" }, h("span", { class: "whole" }, dayOf(day)), h("span", { class: "short" }, dayOf(day).slice(0, 3))), track,
      window
        ? h("button", { id: `week-free-${day}`, type: "button", class: "small", "aria-label": say("week.remove", { day: dayOf(day) }), onclick: () => save(day, null) }, "×")
        : h("button", { id: `week-add-${day}`, type: "button", class: "small", "aria-label": say("week.add", { day: dayOf(day) }), onclick: () => save(day, NIGHT) }, "+"));
  }

  function bar(day, window, track) {
    const element = h("div", { class: "bar", "data-x": window.start, "data-to": window.end }, spanMark(window));
    const handles = ["start", "end"].map(edge => h("button", {
      id: `week-${day}-${edge}`, type: "button", class: `edge ${edge}`, role: "slider",
      "aria-label": say(`week.${edge}`, { day: dayOf(day) }), "aria-orientation": "horizontal",
      "aria-valuemin": 0, "aria-valuemax": MOST, "aria-valuenow": window[edge], "aria-valuetext": clock(window[edge]),
    }));
    element.append(...handles);
    const later = settled(shape => save(day, shape), 700);
    let shape = window;
    const show = next => {
      shape = next;
      moveTo(element, { x: shape.start, to: shape.end });
      element.querySelector(".span").replaceWith(spanMark(shape));
      handles.forEach(handle => {
        const edge = handle.classList.contains("start") ? "start" : "end";
        handle.setAttribute("aria-valuenow", shape[edge]);
        handle.setAttribute("aria-valuetext", clock(shape[edge]));
      });
      foreseen([changeOf([day], shape, ofDay(day))]);
    };
    handles.forEach((handle, number) => {
      const edge = number ? "end" : "start";
      handle.addEventListener("keydown", event => {
        const by = { ArrowLeft: -STEP, ArrowDown: -STEP, ArrowRight: STEP, ArrowUp: STEP, PageDown: -60, PageUp: 60 }[event.key];
        if (event.key === "Delete" || event.key === "Backspace") save(day, null);
        else if (by) {
          show(bounded({ ...shape, [edge]: shape[edge] + by }));
          later(shape);
        } else return;
        event.preventDefault();
      });
    });
    element.addEventListener("pointerdown", event => {
      const edge = handles.indexOf(event.target.closest(".edge"));
      const from = minuteAt(track, event);
      const former = shape;
      dragging(element, event, moved => {
        const by = minuteAt(track, moved) - from;
        show(bounded(edge === 0 ? { ...former, start: former.start + by }
          : edge === 1 ? { ...former, end: former.end + by }
            : { start: former.start + by, end: former.end + by }, edge < 0));
      }, () => { if (shape !== former) save(day, shape); });
    });
    return element;
  }

  function drawNew(day, track, event) {
    const from = Math.min(minuteAt(track, event), DAY - STEP);
    const element = h("div", { class: "bar" }, spanMark({ start: from, end: from }));
    let shape = null;
    // A day has one window: drawing another draws it anew.
    dragging(track, event, moved => {
      const to = minuteAt(track, moved);
      if (Math.abs(to - from) < STEP) return;
      shape = bounded({ start: Math.min(from, to), end: Math.max(from, to) });
      track.querySelector(".bar")?.remove();
      track.append(element);
      moveTo(element, { x: shape.start, to: shape.end });
      element.querySelector(".span").replaceWith(spanMark(shape));
      foreseen([changeOf([day], shape, ofDay(day))]);
    }, () => { if (shape) save(day, shape); });
  }

  function ofDay(day) {
    return outlook.quiet_hours.find(each => each.day === day) ?? usual;
  }

  function save(day, shape) {
    const headline = shape ? say("done.quiet", { days: dayOf(day), span: spanOf(shape) }) : say("done.loud", { days: dayOf(day) });
    make([changeOf([day], shape, ofDay(day))], headline);
  }
}

const spanMark = ({ start, end }) =>
  h("span", { class: "span", "data-short": `${shortest(start)}–${shortest(end)}` }, spanOf({ start, end }));

const shortest = minute => clock(minute).replace(":00", "");

/** Within a day from where it starts, on that day; moved as a whole, it keeps its length. */
function bounded({ start, end }, isMoved = false) {
  if (isMoved) {
    const length = end - start;
    const first = Math.max(0, Math.min(start, DAY - STEP, MOST - length));
    return { start: first, end: first + length };
  }
  const first = Math.max(0, Math.min(start, DAY - STEP));
  return { start: first, end: Math.max(first + STEP, Math.min(end, MOST, first + DAY)) };
}

function minuteAt(track, { clientX }) {
  const { left, width } = track.getBoundingClientRect();
  return Math.round(((clientX - left) / width) * MOST / STEP) * STEP;
}

function moveTo(element, { x, to }) {
  element.style.setProperty("--x", `${(Number(x) / MOST) * 100}%`);
  if (to !== undefined) element.style.setProperty("--to", `${(Math.min(Number(to), MOST) / MOST) * 100}%`);
}

function dragging(element, event, move, end) {
  if (event.button) return;
  element.setPointerCapture(event.pointerId);
  const over = new AbortController();
  const { signal } = over;
  element.addEventListener("pointermove", move, { signal });
  element.addEventListener("pointerup", () => { over.abort(); end(); }, { signal });
  element.addEventListener("pointercancel", () => over.abort(), { signal });
}

/** The weekday and the minute that it is now in a zone. */
function minuteOfWeek(timeZone) {
  const parts = Object.fromEntries(new Intl.DateTimeFormat("en", {
    weekday: "short", hour: "numeric", minute: "numeric", hourCycle: "h23", timeZone,
  }).formatToParts(new Date()).map(({ type, value }) => [type, value]));
  return { day: ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"].indexOf(parts.weekday) + 1, minute: Number(parts.hour) * 60 + Number(parts.minute) };
}
