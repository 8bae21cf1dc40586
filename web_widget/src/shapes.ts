// What passes between the face and the server; bot/channels/websocket.py describes it.

export interface Choice { value: string; label: string }
export interface Line { id: string; label: string; value: string; change: boolean }
export interface Question {
  id: string;
  kind: "text" | "choice" | "yes_no" | "date" | "email" | "phone" | "file" | "check" | "confirm";
  optional: boolean;
  choices?: Choice[];
  /** What is to be confirmed or checked, one by one. */
  answers?: Line[];
  /** How many questions come after this one before the answers are checked, where that is certain. */
  left?: number;
}
export interface Clock {
  kind: string; by: string; due: string | null; amount: number; unit: string; force: string; clause: string;
}
export interface Decision {
  disposition: string;
  handler?: string | null;
  clocks?: Clock[];
  contact?: Record<string, string | null>;
  escalate_to?: string | null;
  escalate_within?: string | null;
}
export interface Outcome {
  state: string;
  reference: string;
  decision: Decision | null;
  linked?: { reference: string; decision?: Decision | null }[];
  /** Sentences to show beside the decision; `covers` of the last texts say the same in words. */
  notes?: string[];
  covers?: number;
}
/** The language of a reply, and the passages that are in another one. */
export interface Marks { reference: string; lang?: string; languages?: string[]; parts?: Record<string, string[]>; terms?: Record<string, string> }
export interface Button { title: string; payload: string }
export interface Entry {
  text?: string;
  buttons?: Button[];
  custom?: { question?: Question; outcome?: Outcome; conversation?: Marks };
}
export interface Problem { type: string; status: number; detail: string; retry_after?: number }

export interface Reply { type: "reply"; seq: number; in_reply_to: string | null; entries: Entry[]; said?: { id: string; text: string } }
export type Frame =
  | { type: "welcome"; resume: string; conversation: { reference: string }; seq: number }
  | { type: "ack"; id: string; seq: number }
  | { type: "error"; id?: string; problem: Problem }
  | { type: "pong" }
  | Reply;

/** What the server tells of an organisation; `words` are in `language`. */
export interface Settings {
  org: string;
  name: string;
  short: string;
  language: string;
  languages: string[];
  reach: [string, string][];
  hours: string | null;
  leave_to: string | null;
  colours: [string, string];
  words: Record<string, string>;
}

/** A part of the conversation as this tab remembers it: a reply, or something that the person said. */
export type Part =
  | { entries: Entry[]; lang: string }
  | { id: string; text: string; shown: string; state: "sending" | "received" | "not_sent"; to: string | null };
export interface Message { id: string; text: string }
