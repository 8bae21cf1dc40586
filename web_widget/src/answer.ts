// What the person answers with: the control that fits the question, and always a place for their own words.
import { dateFields } from "./date";
import { button, changer, make, terms } from "./dom";
import { Files } from "./files";
import type { Button, Question } from "./shapes";
import type { Say } from "./words";

export interface Desk {
  say(): Say;
  language(): string;
  draftOf(question: string): string;
  draft(question: string, text: string): void;
  /** Send an answer; `shown` is how the person sees it. False while an earlier one is under way. */
  answer(text: string, shown: string): boolean;
  files(): Files;
}

/** What is asked now. */
export interface Asked { question: Question | undefined; buttons: Button[]; prompt: string }
type Answer = { text: string; shown: string } | { problem: string; at: HTMLElement };

const LONG = ["story", "effect", "desired_remedy", "adjustments", "previous_steps", "evidence", "contact_post"];
const SHORT = ["complainant_name", "representative_name", "member_number", "centre_name", "qualification", "about_whom"];
const FILL_IN: Record<string, string> = {
  complainant_name: "name", contact_email: "email", contact_phone: "tel", contact_post: "street-address",
};
const MOST = 16_384, NEARLY = 14_000;
const octets = (text: string) => new TextEncoder().encode(text).length;

export class AnswerForm {
  #asked: Asked = { question: undefined, buttons: [], prompt: "" };
  #read: () => Answer = () => this.#text();
  #box: HTMLTextAreaElement | HTMLInputElement;
  #main: HTMLElement | undefined;
  #skip: HTMLElement | undefined;
  #begun = false;
  readonly #counter = make("p", { class: "hint", id: "room" });

  constructor(
    private readonly form: HTMLFormElement, private readonly ask: HTMLElement, private readonly sender: HTMLButtonElement,
    private readonly alert: HTMLElement, private readonly desk: Desk,
  ) {
    this.#box = ask.querySelector("textarea") ?? this.#textarea("", true);
    this.#main = this.#box;
    if (!this.#box.value) this.#box.value = desk.draftOf("story");
    sender.type = "submit";
    sender.onclick = (event) => event.detail < 2;
    form.noValidate = true;
    form.onsubmit = (event) => {
      event.preventDefault();
      this.#submit();
    };
    form.addEventListener("input", () => this.#typed());
    form.onkeydown = (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target instanceof HTMLTextAreaElement) form.requestSubmit();
    };
  }

  /** Whether somebody is in the middle of a sentence. */
  get writing(): boolean {
    return this.#box.value !== "" && this.#box.matches(":focus");
  }

  get id(): string {
    return this.#asked.question?.id ?? (this.#begun ? "more" : "story");
  }

  /** The first thing to answer with. */
  get first(): HTMLElement {
    return this.#main ?? this.#box;
  }

  /** Put a question. What was typed so far stays, if it is the same one. */
  show(asked: Asked): void {
    const before = this.#box, typed = before.isConnected ? before.value : "", was = this.id;
    const going = before.isConnected && this.#asked.question === undefined && asked.question?.id === "story";
    this.#asked = asked;
    this.#begun = true;
    this.#problem("");
    this.#skip?.remove();
    const { question } = asked, say = this.desk.say();
    this.#read = () => this.#text();
    this.sender.textContent = say(!question || isLong(question) ? "send" : "continue");
    this.sender.hidden = false;
    this.form.hidden = false;
    if (going && before instanceof HTMLTextAreaElement) {
      // The box that stood there from the start, perhaps with words in it already.
      before.setAttribute("aria-label", asked.prompt);
      this.#hint(before, storyHint(say));
      if (!before.value) before.value = this.desk.draftOf("story");
      this.#main = before;
      this.#typed();
      return;
    }
    this.ask.replaceChildren(...this.#controls(asked));
    // What is being written stays when something comes meanwhile that asks for nothing else.
    if (!question || this.id === was) this.#box.value ||= typed;
    this.#typed();
  }

  /** Give a text back that could not be sent. */
  restore(text: string): void {
    if (!this.#box.value && !text.startsWith("/")) this.#box.value = text;
    this.#typed();
  }

  problem(text: string): void {
    this.#problem(text, this.first);
  }

  focus(): void {
    this.first.focus({ preventScroll: true });
  }

  // --- controls ----------------------------------------------------------------------------------------------------

  #controls(asked: Asked): Node[] {
    const { question, prompt, buttons } = asked, say = this.desk.say();
    const skip = buttons.find((choice) => choice.payload === "/skip");
    if (!question) {
      this.#box = this.#textarea(say("add"), true);
      this.#main = this.#box;
      return [make("label", { for: "box" }, say("add")), this.#box, make("p", { class: "hint", id: "hint" }, say("add_hint"))];
    }
    const parts: Node[] = [];
    const { left } = question;
    if (left !== undefined) parts.push(make("p", { class: "hint left" }, say(left > 1 ? "left" : left ? "left_one" : "left_none", { count: left })));
    switch (question.kind) {
      case "choice":
        parts.push(this.#radios(prompt, buttons), this.#own(say("own_words"), say("own_words_label")));
        return parts;
      case "yes_no":
      case "confirm":
        parts.push(this.#buttons(prompt, buttons), this.#own(say("own_words"), say("own_words_label")));
        this.sender.hidden = true;
        return parts;
      case "check":
        parts.push(this.#check(question, prompt, buttons), this.#own(say("add"), say("add")));
        this.sender.hidden = true;
        return parts;
      case "date":
        parts.push(this.#date(prompt), this.#own(say("date_words"), say("own_words_label")));
        break;
      case "file":
        parts.push(this.#files(prompt));
        break;
      default:
        parts.push(this.#plain(question, prompt));
    }
    if (skip) {
      this.#skip = button(skip.title, () => this.#send(skip.payload, skip.title), { class: "second" });
      this.sender.after(this.#skip);
    }
    return parts;
  }

  #plain(question: Question, prompt: string): Node {
    const short = SHORT.includes(question.id) || question.kind === "email" || question.kind === "phone";
    if (short) {
      const type = question.kind === "email" ? "email" : question.kind === "phone" ? "tel" : "text";
      this.#box = make("input", { type, id: "box", autocomplete: FILL_IN[question.id] ?? "off" });
    } else {
      this.#box = this.#textarea("", isLong(question));
      if (question.id in FILL_IN) this.#box.autocomplete = FILL_IN[question.id] as AutoFill;
    }
    this.#box.setAttribute("aria-label", prompt);
    this.#box.value = this.desk.draftOf(question.id);
    this.#main = this.#box;
    const block = make("div", {}, this.#box);
    if (question.id === "story") this.#hint(this.#box, storyHint(this.desk.say()));
    return block;
  }

  #textarea(label: string, long: boolean): HTMLTextAreaElement {
    const box = make("textarea", { id: "box", rows: long ? "6" : "3", class: long ? "long" : "", autocomplete: "off" });
    if (label) box.setAttribute("aria-label", label);
    return box;
  }

  #hint(box: HTMLElement, text: string): void {
    const found = this.ask.querySelector("#hint") ?? make("p", { class: "hint", id: "hint" });
    found.textContent = text;
    box.after(found);
    box.setAttribute("aria-describedby", "hint");
  }

  /** A place for their own words beside a control, shut until it is wanted. */
  #own(summary: string, label: string): HTMLElement {
    this.#box = this.#textarea("", false);
    const draft = this.desk.draftOf(this.id), closed = this.sender;
    this.#box.value = draft;
    const own = make("details", { class: "own" }, make("summary", {}, summary),
      make("label", { for: "box" }, label), this.#box);
    const buttons = ["yes_no", "confirm", "check"].includes(this.#asked.question!.kind);
    own.ontoggle = () => {
      if (buttons) closed.hidden = !own.open;
      if (own.open && own.contains(document.activeElement)) this.#box.focus();
    };
    own.open = draft !== "";
    return own;
  }

  #radios(prompt: string, buttons: Button[]): HTMLElement {
    const group = make("fieldset", { id: "group", class: "radios" }, make("legend", { class: "hidden" }, prompt));
    buttons.forEach((choice, i) => {
      const radio = make("input", { type: "radio", name: "choice", id: `choice-${i}`, value: choice.payload });
      radio.onchange = () => this.#problem("");
      const last = choice.payload === "/skip" ? { class: "unsure" } : {};
      group.append(make("div", last, radio, make("label", { for: radio.id }, choice.title)));
    });
    this.#main = group.querySelector("input")!;
    this.#read = () => {
      const own = this.#words();
      if (own) return own;
      const chosen = group.querySelector<HTMLInputElement>("input:checked");
      const found = buttons.find((choice) => choice.payload === chosen?.value);
      return found ? { text: found.payload, shown: found.title } : { problem: "choose_first", at: this.#main! };
    };
    return group;
  }

  #buttons(prompt: string, buttons: Button[]): HTMLElement {
    const group = make("fieldset", { id: "group" }, make("legend", { class: "hidden" }, prompt));
    const row = make("div", { class: "choices" });
    buttons.forEach((choice) => row.append(button(choice.title, () => this.#send(choice.payload, choice.title),
      { class: choice.payload === "/skip" ? "second" : "choice" })));
    group.append(row);
    this.#main = row.querySelector("button") ?? undefined;
    return group;
  }

  #check(question: Question, prompt: string, buttons: Button[]): HTMLElement {
    const say = this.desk.say();
    const rows = (question.answers ?? []).map((line): [string, ...(Node | string)[]] => [
      line.label,
      make("span", { class: "value" }, line.value),
      ...(line.change
        ? [changer(say, line.label, (shown) => this.#send(`/change(${line.id})`, shown))]
        : []),
    ]);
    const list = terms(rows, "terms answers");
    const block = make("section", { class: "check" }, make("h2", { tabindex: "-1" }, say("check")), list,
      make("p", { class: "question" }, prompt), make("p", { class: "hint" }, say("not_sent_yet")));
    const row = make("div", { class: "choices" });
    buttons.forEach((choice) => row.append(button(choice.title, () => this.#send(choice.payload, choice.title), { class: "first" })));
    block.append(row);
    this.#main = block.querySelector("h2")!;
    return block;
  }

  #date(prompt: string): HTMLElement {
    const fields = dateFields(prompt, this.desk.say(), this.desk.language());
    this.#main = fields.first;
    this.#read = () => {
      const own = this.#words();
      if (own) return own;
      const found = fields.read(this.id);
      return found ?? { problem: fields.empty() ? "answer_first" : "date_bad", at: fields.first };
    };
    return fields.group;
  }

  #files(prompt: string): HTMLElement {
    this.#box = this.#textarea(prompt, false);
    this.#box.value = this.desk.draftOf(this.id);
    const files = this.desk.files(), chooser = files.control();
    this.#main = this.#box;
    this.#read = () => {
      const names = files.names.join(", "), said = this.#box.value.trim();
      const text = [said, names && this.desk.say()("files_done", { names })].filter(Boolean).join("\n");
      return text ? { text, shown: text } : { problem: "answer_first", at: this.#box };
    };
    return make("div", {}, this.#box, chooser);
  }

  // --- sending -----------------------------------------------------------------------------------------------------

  #words(): Answer | null {
    const own = this.#box.closest("details");
    return own?.open && this.#box.value.trim() ? this.#text() : null;
  }

  #text(): Answer {
    const text = this.#box.value.trim(), over = octets(text) - MOST;
    if (!text) return { problem: "answer_first", at: this.#box };
    if (over > 0) return { problem: "too_long", at: this.#box };
    return { text, shown: text };
  }

  #submit(): void {
    const answer = this.#read();
    if ("problem" in answer) {
      this.#problem(this.desk.say()(answer.problem, { count: octets(this.#box.value.trim()) - MOST }), answer.at);
      answer.at.focus();
      return;
    }
    this.#send(answer.text, answer.shown);
  }

  #send(text: string, shown: string): void {
    if (!this.desk.answer(text, shown)) return;
    this.#problem("");
    if (!text.startsWith("/")) this.#box.value = "";
    this.desk.draft(this.id, this.#box.value);
  }

  #typed(): void {
    if (this.id !== "more") this.desk.draft(this.id, this.#box.value);
    const used = octets(this.#box.value);
    const near = used > NEARLY;
    if (near) this.#box.after(this.#counter);
    else this.#counter.remove();
    const text = near ? this.desk.say()(used > MOST ? "too_long" : "room_left", { count: Math.abs(MOST - used) }) : "";
    if (this.#counter.textContent !== text) this.#counter.textContent = text;
  }

  #problem(text: string, at?: HTMLElement): void {
    this.alert.textContent = text;
    this.alert.hidden = !text;
    for (const field of this.ask.querySelectorAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
    if (text) at?.setAttribute("aria-invalid", "true");
  }
}

function storyHint(say: Say): string {
  return matchMedia("(pointer: fine)").matches ? `${say("story_hint")} ${say("key_hint")}` : say("story_hint");
}

function isLong(question: Question): boolean {
  return question.kind === "text" && LONG.includes(question.id);
}
