// The conversation as it is read: one node added for each part, in order, inside a log that is there from the start.
import { hidden, make, tongued } from "./dom";
import { receipt } from "./outcome";
import type { Entry, Marks, Part, Settings } from "./shapes";
import type { Say } from "./words";

export type Told = Extract<Part, { entries: unknown }>;
export type Mine = Extract<Part, { id: string }>;

export class Transcript {
  constructor(
    private readonly log: HTMLElement, private readonly settings: () => Settings, private readonly say: () => Say,
    private readonly keep: () => void,
  ) {}

  /** A reply; the place to scroll to. */
  told({ entries, lang }: Told): HTMLElement {
    const marks = marksOf(entries), question = questionOf(entries), outcome = outcomeOf(entries);
    const turn = make("div", { class: "turn theirs", lang: marks.lang ?? lang });
    const asked = question && lastText(entries);
    for (const entry of shownTexts(entries)) turn.append(...paragraphs(entry.text!, entry === asked ? question!.kind : null, marks));
    turn.firstElementChild?.prepend(hidden(`${this.say()("assistant_said")} `));
    if (turn.hasChildNodes()) this.log.append(turn);
    if (!outcome || outcome.state === "draft") return turn;
    const card = receipt(outcome, this.settings(), this.say(), marks, this.keep);
    this.log.append(card);
    return turn.hasChildNodes() ? turn : card;
  }

  mine(part: Mine): HTMLElement {
    const words = make("p", { class: "words" }, hidden(`${this.say()("you_said")} `), part.shown);
    const turn = make("div", { class: "turn mine", "data-id": part.id }, words, make("p", { class: "state" }));
    this.log.append(turn);
    this.mark(part);
    return turn;
  }

  /** What has become of something that the person said. */
  mark({ id, state }: Mine): void {
    const turn = this.log.querySelector(`[data-id="${CSS.escape(id)}"]`);
    if (!turn) return;
    turn.setAttribute("data-state", state);
    turn.querySelector(".state")!.textContent = this.say()(state);
  }

  note(text: string): void {
    this.log.append(make("p", { class: "note" }, text));
  }
}

export const questionOf = (entries: Entry[]) => entries.findLast((entry) => entry.custom?.question)?.custom?.question;
export const outcomeOf = (entries: Entry[]) => entries.findLast((entry) => entry.custom?.outcome)?.custom?.outcome;
export const lastText = (entries: Entry[]) => entries.findLast((entry) => entry.text);
export const marksOf = (entries: Entry[]): Marks =>
  entries.find((entry) => entry.custom?.conversation)?.custom?.conversation ?? { reference: "" };

/** The last line of a text: of one that asks, the question itself. */
export const lastLine = (text: string): string => text.trimEnd().split("\n").at(-1)!;

/** What a question asks: of what is to be confirmed only the last sentence, since the rest is a statement. */
export function asking(text: string, kind: string): string {
  const line = lastLine(text);
  return line.slice(cutOf(line, kind)).trimStart();
}

const cutOf = (line: string, kind: string | null): number => (kind === "confirm" ? Math.max(0, line.slice(0, -1).search(/[^.!?]*$/)) : 0);

/** The texts, without those whose content is laid out: the answers to check, and the end. */
function shownTexts(entries: Entry[]): Entry[] {
  const texts = entries.filter((entry) => entry.text), question = questionOf(entries), outcome = outcomeOf(entries);
  if (outcome?.notes && outcome.covers) return texts.slice(0, -outcome.covers);
  if (question?.kind !== "check" || !question.answers) return texts;
  // What introduces the answers is enough; the question itself stands below them.
  return [...texts.slice(0, -2), { text: texts.at(-2)!.text!.split("\n")[0]! }];
}

// What leads up to a question stays plain; only its last line, of what is to be confirmed its last sentence, asks.
function paragraphs(text: string, kind: string | null, { parts }: Marks): HTMLElement[] {
  const lines = text.trimEnd().split("\n"), last = kind === null ? "" : lines.pop()!;
  const cut = cutOf(last, kind);
  const before = [...lines, ...(cut > 0 ? [last.slice(0, cut).trimEnd()] : [])].join("\n");
  const found: HTMLElement[] = before ? [make("p", cut > 0 ? { class: "understood" } : {}, ...tongued(before, parts))] : [];
  if (last) found.push(make("p", { class: "question", tabindex: "-1" }, ...tongued(last.slice(cut).trimStart(), parts)));
  return found;
}
