// Elements, made without any HTML text: only nodes and text, so that no word of anybody can become markup.
import type { Say } from "./words";

type Attributes = Record<string, string>;

export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K, attributes: Attributes = {}, ...content: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const name in attributes) element.setAttribute(name, attributes[name]!);
  element.append(...content);
  return element;
}

export function button(text: string, press: () => void, attributes: Attributes = {}): HTMLButtonElement {
  const element = make("button", { type: "button", ...attributes }, text);
  // The second half of a double click must not press what has come to stand there meanwhile.
  element.onclick = (event) => event.detail > 1 || press();
  return element;
}

/** What changes one answer of a list; whoever listens hears which. */
export function changer(say: Say, label: string, act: (shown: string) => void): HTMLButtonElement {
  const change = button(say("change"), () => act(say("change_what", { label })), { class: "link" });
  change.append(hidden(` ${label}`));
  return change;
}

export function hidden(text: string): HTMLElement {
  return make("span", { class: "hidden" }, text);
}

/** Text in which passages of another language are marked as such. */
export function tongued(text: string, parts: Record<string, string[]> = {}): (Node | string)[] {
  for (const [lang, passages] of Object.entries(parts)) {
    for (const passage of passages) {
      const at = text.indexOf(passage), end = at + passage.length;
      if (at < 0 || /\w/.test(text[at - 1] ?? "") || /\w/.test(text[end] ?? "")) continue;
      return [...tongued(text.slice(0, at), parts), make("span", { lang }, ...linked(passage)), ...tongued(text.slice(end), parts)];
    }
  }
  return linked(text);
}

const LINK = /(https?:\/\/[^\s<>()]+[^\s<>().,;:!?'"])|([\w.+-]+@[\w-]+(?:\.[\w-]+)+)/g;

/** Text with its addresses as links. */
function linked(text: string): (Node | string)[] {
  const found: (Node | string)[] = [];
  let done = 0;
  for (const match of text.matchAll(LINK)) {
    found.push(text.slice(done, match.index), anchor(match[1] ? "url" : "email", match[0]));
    done = match.index + match[0].length;
  }
  return [...found, text.slice(done)];
}

function anchor(kind: string, value: string): HTMLElement {
  const place = kind === "url" ? value
    : kind === "email" ? `mailto:${value}`
    : `tel:${value.replace("(0)", "").replace(/[^\d+]/g, "")}`;
  return make("a", { href: place, rel: "noopener noreferrer", ...(kind === "url" ? { target: "_blank" } : {}) }, value);
}

/** A way to reach somebody: an e-mail address, a number or a web address as a link, a postal address as text. */
export function way(kind: string, value: string): Node | string {
  return kind === "post" || (kind === "url" && !/^https?:/.test(value)) ? value : anchor(kind, value);
}

/** A list of terms and what belongs to each. */
export function terms(rows: [string, ...(Node | string)[]][], className = "terms"): HTMLElement {
  return make("dl", { class: className },
    ...rows.map(([term, ...content]) => make("div", {}, make("dt", {}, term), make("dd", {}, ...content))));
}

/** Hand somebody a file that was made here. */
export function download(name: string, kind: string, text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type: `${kind};charset=utf-8` }));
  const link = make("a", { href: address, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
