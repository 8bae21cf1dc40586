// The frame of the face: what is always there. The server may have made a part of it already; the rest is made here.
import { make } from "./dom";
import type { Settings } from "./shapes";
import type { Say } from "./words";

export interface Shell {
  name: HTMLElement; kind: HTMLElement; bar: HTMLElement; person: HTMLButtonElement; more: HTMLButtonElement;
  languages: HTMLElement; leave: HTMLButtonElement; panel: HTMLElement; top: HTMLElement;
  log: HTMLElement; status: HTMLElement; alert: HTMLElement; form: HTMLFormElement; ask: HTMLElement;
  send: HTMLButtonElement; quiet: HTMLElement; back: HTMLButtonElement; why: HTMLButtonElement;
}

export function shell(root: HTMLElement | ShadowRoot): Shell {
  const part = <K extends keyof HTMLElementTagNameMap>(parent: Node, tag: K, id: string, attributes: Record<string, string> = {}) => {
    const found = (root.querySelector(`#${id}`) as HTMLElementTagNameMap[K] | null) ?? make(tag, { id });
    for (const name in attributes) found.setAttribute(name, attributes[name]!);
    // In the order of the calls, wherever it stood.
    parent.appendChild(found);
    return found;
  };
  const press = { type: "button" };
  const who = part(root, "div", "who"), top = part(root, "div", "top");
  const name = part(who, root instanceof ShadowRoot ? "h2" : "h1", "name", { tabindex: "-1" }), kind = part(who, "p", "kind");
  const bar = part(top, "div", "bar"), shut = { ...press, "aria-expanded": "false", "aria-controls": "panel" };
  const body = part(root, "div", "body");
  const made = {
    top, name, kind, bar,
    person: part(bar, "button", "person", shut),
    more: part(bar, "button", "more", shut),
    languages: part(bar, "span", "languages"),
    leave: part(bar, "button", "leave", press),
    panel: part(top, "section", "panel", { hidden: "" }),
    log: part(body, "div", "log", { role: "log" }),
  };
  const form = part(body, "form", "form"), alert = part(form, "p", "alert", { role: "alert", hidden: "" });
  const ask = part(form, "div", "ask"), actions = part(form, "div", "actions");
  const send = part(actions, "button", "send"), quiet = part(actions, "div", "quiet");
  const status = part(body, "p", "status", { role: "status" });
  return {
    ...made, form, alert, ask, send, quiet, status,
    back: part(quiet, "button", "back", press), why: part(quiet, "button", "why", press),
  };
}

/** Put the words of one language on everything that stays. */
export function speak(made: Shell, settings: Settings, say: Say, reference: string | null): void {
  made.name.textContent = settings.name;
  made.kind.replaceChildren(say("automated"));
  if (reference) made.kind.append(make("br"), `${say("reference")} `, make("strong", {}, reference));
  made.person.textContent = say("person");
  made.more.textContent = say("more");
  made.leave.textContent = say("leave");
  made.leave.hidden = !settings.leave_to;
  made.leave.title = say("leave_lead");
  made.log.setAttribute("aria-label", say("conversation"));
  made.back.textContent = say("back");
  made.why.textContent = say("why");
}
