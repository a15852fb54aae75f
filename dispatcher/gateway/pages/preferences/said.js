// Sentences: of words, numbers, times, and of what the router would decide.

const told = JSON.parse(document.getElementById("told").textContent);
/** The channels that quiet hours may hold back, and those that they hold back by default. */
export const { quiet: QUIET_CHANNELS, interrupting: INTERRUPTING } = JSON.parse(document.body.dataset.channels);
const lang = document.documentElement.lang;
const plurals = new Intl.PluralRules(lang);
let zone;

/** The zone by which times are told from now on. */
export const tellTimesIn = timeZone => { zone = timeZone; };

/** The text of a name, with `{…}` filled in. */
export function say(name, values = {}) {
  const text = told.words[name] ?? name;
  return text.replace(/\{(\w+)\}/g, (whole, key) => values[key] ?? whole);
}

export const sayCount = (name, count, values = {}) =>
  say(`${name}.${plurals.select(count)}`, { count, ...values });

/** What an event, or a category, is called. */
export const labelOf = label => told.labels[label] ?? label;

export function categoryOf(category) {
  const known = told.words[`category.${category}`];
  return known ?? category.charAt(0).toUpperCase() + category.slice(1);
}

export const dayOf = day => say(`day.${day}`);

export function momentOf(written) {
  const moment = new Date(written);
  const isNear = Math.abs(moment - Date.now()) < 6 * 86400e3;
  const day = isNear ? { weekday: "long" } : { day: "numeric", month: "long", year: "numeric" };
  return new Intl.DateTimeFormat(lang, { ...day, hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: zone }).format(moment);
}

/** Whether something comes at once, silently, later or not at all, in words. */
function outcomeOf(outcome) {
  if (outcome.decision === "later") return say("outcome.later", { at: momentOf(outcome.due_at) });
  if (outcome.decision === "no") return say("outcome.no");
  return say(outcome.is_silent ? "outcome.silent" : "outcome.now");
}

export function differenceOf(difference, at) {
  return say(at ? "difference.at" : "difference", {
    event: labelOf(difference.label),
    channel: say(`channel.${difference.channel}`),
    before: outcomeOf(difference.before),
    after: outcomeOf(difference.after),
    at: at && momentOf(at),
  });
}

/** The example that says most: rather a message than what is kept in any case. */
export function exampleOf(effect) {
  if (!effect.differences.length) return say("difference.none");
  const first = effect.differences.find(each => QUIET_CHANNELS.includes(each.channel)) ?? effect.differences[0];
  const rest = effect.differences.length - 1;
  const example = say("example", { example: differenceOf(first, effect.at) });
  return rest ? `${example} ${sayCount("difference.more", rest)}` : example;
}

/** Why a channel of an event is as it is. */
export function whyOf(prospect, blocker) {
  if (blocker) return say("why.blocked", { what: scopeOf(blocker) });
  if (prospect.reason === "wanted") return say(prospect.choice ? "why.chosen" : "why.usual");
  if (prospect.reason === "quiet_hours") return say("why.quiet_hours", { at: momentOf(prospect.due_at) });
  return say(`why.${prospect.reason}`, { name: told.name });
}

/** What a choice or a mute is about. */
export function scopeOf(scope, labels = {}) {
  const what = scope.event ? labelOf(labels[scope.event] ?? scope.event)
    : scope.category ? categoryOf(scope.category)
      : scope.subject ? say("scope.subject", { subject: scope.subject })
        : scope.channel ? "" : say("scope.everything");
  const how = scope.channel ? say(`channel.${scope.channel}`) : "";
  return what && how ? say("scope.both", { what, how }) : what || how;
}

export { told };
