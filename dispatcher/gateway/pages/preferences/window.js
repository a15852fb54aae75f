// A quiet window in minutes since the midnight before it starts, as it is drawn.

import { say } from "./said.js";

export const DAY = 24 * 60;
/** Until noon of the next day. */
export const MOST = 36 * 60;
export const STEP = 15;

const minutes = written => Number(written.slice(0, 2)) * 60 + Number(written.slice(3, 5));

/** From `22:00:00` and `07:00:00`; what does not end later ends on the next day. */
export function windowOf({ starts, ends }) {
  const start = minutes(starts);
  const end = minutes(ends);
  return { start, end: end > start ? end : end + DAY };
}

/** The time on the wall: `07:00`, also of the next day. */
export function clock(minute) {
  const ofDay = ((minute % DAY) + DAY) % DAY;
  return `${String(Math.floor(ofDay / 60)).padStart(2, "0")}:${String(ofDay % 60).padStart(2, "0")}`;
}

/** `22:00 – 07:00`, or that it is all day. */
export function spanOf({ start, end }) {
  const isAllDay = start % DAY === 0 && end - start === DAY;
  return isAllDay ? say("week.all_day") : say("week.span", { start: clock(start), end: clock(end) });
}

/** The change that sets it on days; null removes what is there. */
export function changeOf(days, window, { channels, time_zone: timeZone }) {
  return {
    kind: "quiet_hours", days, channels, time_zone: timeZone,
    starts: window && clock(window.start), ends: window && clock(window.end),
  };
}
