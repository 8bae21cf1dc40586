// The face's own words, in the language of the page.

export type Say = (name: string, parts?: Record<string, string | number>) => string;

/** Speaks from a table; a name that the table lacks is shown as itself, so that it is seen. */
export function sayer(table: Record<string, string>): Say {
  return (name, parts = {}) =>
    (table[name] ?? name).replace(/\{(\w+)\}/g, (whole, part: string) => String(parts[part] ?? whole));
}

// Browsers bring no Welsh of their own: asked for it, Chromium answers in American English.
const NAMES: Record<string, { before: string; days: string[]; months: string[] }> = {
  en: {
    before: "",
    days: "Sunday Monday Tuesday Wednesday Thursday Friday Saturday".split(" "),
    months: "January February March April May June July August September October November December".split(" "),
  },
  cy: {
    before: "dydd ",
    days: "Sul Llun Mawrth Mercher Iau Gwener Sadwrn".split(" "),
    months: "Ionawr Chwefror Mawrth Ebrill Mai Mehefin Gorffennaf Awst Medi Hydref Tachwedd Rhagfyr".split(" "),
  },
};

/** A date in words, from its weekday, its day or its month on: "Wednesday 30 December 2026". */
export function worded(date: Date, language: string, from: "weekday" | "day" | "month"): string {
  const names = NAMES[language] ?? NAMES.en!;
  const month = `${names.months[date.getUTCMonth()]} ${date.getUTCFullYear()}`;
  const day = `${date.getUTCDate()} ${month}`;
  return from === "month" ? month : from === "day" ? day : `${names.before}${names.days[date.getUTCDay()]} ${day}`;
}

/** "2026-12-30" as "Wednesday 30 December 2026". */
export function inWords(iso: string, language: string): string {
  return worded(new Date(`${iso}T00:00:00Z`), language, "weekday");
}
