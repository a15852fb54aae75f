// What is said, in the page's language: words, numbers and times.

const words = JSON.parse(document.getElementById("told").textContent);
/** Every channel, in the order in which they are listed. */
export const CHANNELS = JSON.parse(document.body.dataset.channels).all;
const lang = document.documentElement.lang;
const plural = new Intl.PluralRules(lang);
const number = new Intl.NumberFormat(lang);
const percent = new Intl.NumberFormat(lang, { style: "percent", maximumFractionDigits: 1 });
const moment = new Intl.DateTimeFormat(lang, { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit" });
const longAgo = new Intl.DateTimeFormat(lang, { dateStyle: "medium", timeStyle: "medium" });
const clock = new Intl.DateTimeFormat(lang, { timeStyle: "medium" });
const day = new Intl.DateTimeFormat(lang, { day: "numeric", month: "short", timeZone: "UTC" });
const span = new Intl.NumberFormat(lang, { maximumFractionDigits: 1 });

export function say(name, values = {}) {
  return (words[name] ?? name).replace(/\{(\w+)\}/g, (_, key) => values[key] ?? "");
}

export const sayCount = (name, count, values = {}) =>
  say(`${name}.${plural.select(count)}` in words ? `${name}.${plural.select(count)}` : `${name}.other`, { ...values, count: number.format(count) });

export const countOf = value => number.format(value ?? 0);
export const shareOf = value => value === null ? "–" : percent.format(value);
export const millisecondsOf = value => value === null ? "–" : `${span.format(value)} ms`;
export function momentOf(value) {
  if (!value) return "–";
  const at = new Date(value);
  return (at.getFullYear() === new Date().getFullYear() ? moment : longAgo).format(at);
}
export const timeOf = value => clock.format(value);
export const dayOf = value => day.format(new Date(`${value}T00:00:00Z`));

/** How long it is from one time to another: 3 min. */
export function lengthOf(from, to) {
  const seconds = Math.max(0, (new Date(to) - new Date(from)) / 1000);
  for (const [unit, size] of [["day", 86400], ["hour", 3600], ["minute", 60]]) {
    if (seconds >= size) return new Intl.NumberFormat(lang, { style: "unit", unit, unitDisplay: "short", maximumFractionDigits: 1 }).format(seconds / size);
  }
  return new Intl.NumberFormat(lang, { style: "unit", unit: "second", unitDisplay: "short", maximumFractionDigits: 0 }).format(seconds);
}

export const channelOf = channel => words[`channel.${channel}`] ?? channel;
export const stateOf = state => words[`state.${state}`] ?? state;
/** What a timeline calls a step, such as `attempt: sent`. */
export const stepOf = what => words[`step.${what}`] ?? what;

// The gateway explains in English. In another language what we know is said by name, and what a
// provider said is left as it is.
const isEnglish = lang === "en";

export const whyOf = line => isEnglish ? line.why : words[`why.${line.reason}`] ?? line.reason;
/** Why it was decided so. */
export const decidedWhyOf = line => whyOf({ why: line.decision_why, reason: line.decision_reason });
/** Why something is in its state; null where the decision alone says it. */
export const stateWhyOf = line => line.state_reason ? whyOf({ why: line.state_why, reason: line.state_reason }) : null;
export const wayOutOf = line => isEnglish || !line.way_out ? line.way_out
  : words[`way.${line.reason}`] ?? words[`way_of.${line.state}`] ?? line.way_out;
