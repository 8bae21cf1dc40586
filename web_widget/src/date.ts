// A date as three fields: no calendar to leaf through, and a month and a year are enough.
import { make } from "./dom";
import { type Say, worded } from "./words";

export interface DateFields {
  group: HTMLElement;
  first: HTMLElement;
  empty(): boolean;
  /** The answer; null when the numbers are no date. */
  read(question: string): { text: string; shown: string } | null;
}

export function dateFields(prompt: string, say: Say, language: string): DateFields {
  const group = make("fieldset", { id: "group", class: "date", "aria-describedby": "date-hint" },
    make("legend", { class: "hidden" }, prompt), make("p", { class: "hint", id: "date-hint" }, say("date_hint")));
  const fields = ["day", "month", "year"].map((name) => {
    const input = make("input", { id: name, inputmode: "numeric", maxlength: name === "year" ? "4" : "2", autocomplete: "off", class: name });
    group.append(make("div", {}, make("label", { for: name }, say(name)), input));
    return input;
  });
  return {
    group,
    first: fields[0]!,
    empty: () => fields.every((field) => !field.value.trim()),
    read(question) {
      const [day, month, year] = fields.map((field) => field.value.trim()) as [string, string, string];
      if (!/^(\d{1,2})?$/.test(day) || !/^\d{1,2}$/.test(month) || !/^\d{4}$/.test(year)) return null;
      const date = new Date(Date.UTC(+year, +month - 1, +(day || 1)));
      if (date.getUTCMonth() !== +month - 1 || date.getUTCDate() !== +(day || 1)) return null;
      if (!day) {
        // A month is read in English, whatever the language of the conversation.
        return { text: worded(date, "en", "month"), shown: worded(date, language, "month") };
      }
      const shown = worded(date, language, "day");
      return { text: `/SetSlots(${question}=${date.toISOString().slice(0, 10)})`, shown };
    },
  };
}
