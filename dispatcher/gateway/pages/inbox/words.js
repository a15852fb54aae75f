// What the component says, and how it says numbers and times.

const KNOWN = ["en", "fr"];
const UNITS = [["year", 31_536_000], ["month", 2_592_000], ["week", 604_800], ["day", 86_400], ["hour", 3600], ["minute", 60]];

export class Words {
  #texts;
  #plural;
  #since;
  #moment;

  /** `own` are texts that replace ours, by name. */
  constructor(texts, language, locale, own = {}) {
    this.language = language;
    this.#texts = { ...texts, ...own };
    this.#plural = new Intl.PluralRules(language);
    this.#since = new Intl.RelativeTimeFormat(locale, { numeric: "auto", style: "short" });
    this.#moment = new Intl.DateTimeFormat(locale, { dateStyle: "full", timeStyle: "short" });
  }

  /** A text, with {blanks} filled in; of several forms that for `count`. */
  say(name, blanks = {}) {
    const form = "count" in blanks ? `${name}.${this.#plural.select(Number(blanks.count))}` : name;
    const text = this.#texts[form] ?? this.#texts[`${name}.other`] ?? this.#texts[name] ?? name;
    return text.replace(/\{(\w+)\}/g, (_, blank) => blanks.shown ?? blanks[blank] ?? "");
  }

  /** A category's name: ours, or what the application calls it. */
  category(key) {
    return this.#texts[`category.${key}`] ?? key.charAt(0).toUpperCase() + key.slice(1).replaceAll("_", " ");
  }

  /** Adds the texts of another file, such as channels. */
  async add(name) {
    this.#texts = { ...await textsOf(name, this.language), ...this.#texts };
  }

  /** "5 min. ago" */
  since(instant) {
    const seconds = Math.min(0, (new Date(instant) - Date.now()) / 1000);
    for (const [unit, length] of UNITS) {
      if (-seconds >= length) return this.#since.format(Math.ceil(seconds / length), unit);
    }
    return this.#since.format(0, "second");
  }

  /** In full, for who wants to know exactly. */
  moment(instant) {
    return this.#moment.format(new Date(instant));
  }
}

/** Words for a locale such as fr-CA. `own` may be in a language that we do not speak. */
export async function wordsFor(locale, own) {
  const language = KNOWN.find((each) => locale.toLowerCase().split("-")[0] === each) ?? "en";
  return new Words(await textsOf("inbox", language), language, supported(locale), own);
}

async function textsOf(name, language) {
  // Beside the one script that all modules become.
  return (await fetch(new URL(`${name}.${language}.json`, import.meta.url))).json();
}

function supported(locale) {
  try {
    const [known] = Intl.getCanonicalLocales(locale);
    // Who says no region is where the browser is.
    return navigator.language.startsWith(`${known}-`) ? navigator.language : known ?? "en";
  } catch {
    return "en";
  }
}
