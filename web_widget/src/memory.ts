// What this tab remembers, so that a reload loses nothing. Only in the tab's own storage, and not even there for whoever
// does not want it; emptied when the complaint is sent or forgotten.
import type { Message, Part } from "./shapes";

interface Kept {
  key: string | null;
  seen: number;
  reference: string | null;
  said: Part[];
  pending: Message[];
}

const nothing = (): Kept => ({ key: null, seen: 0, reference: null, said: [], pending: [] });

export class Memory {
  /** Whether the person lets us keep it on this device. */
  keeping = true;
  kept: Kept = nothing();
  drafts: Record<string, string> = {};
  #sealed = false;
  readonly #place: string;

  constructor(organisation: string) {
    this.#place = `hearout:${organisation}`;
    this.keeping = this.#read("not") === null;
    this.kept = { ...nothing(), ...(this.#read("") as Partial<Kept> | null) };
    this.drafts = (this.#read("drafts") as Record<string, string> | null) ?? {};
  }

  save(): void {
    this.#write("", this.kept);
  }

  /** What is being written in answer to a question, until it is sent. */
  draft(question: string, text: string): void {
    if (text) this.drafts[question] = text;
    else delete this.drafts[question];
    this.#write("drafts", this.drafts);
  }

  keep(keeping: boolean): void {
    this.keeping = keeping;
    if (keeping) {
      this.#try((storage) => storage.removeItem(`${this.#place}:not`));
      this.save();
      this.#write("drafts", this.drafts);
    } else {
      this.erase();
      // That nothing be kept is the one thing to keep.
      this.#try((storage) => storage.setItem(`${this.#place}:not`, "1"));
    }
  }

  /** The complaint is sent, or is not any more: nothing of it stays on the device, though it stays on the screen. */
  seal(sealed: boolean): void {
    this.#sealed = sealed;
    if (sealed) this.erase();
  }

  erase(): void {
    this.#try((storage) => {
      storage.removeItem(this.#place);
      storage.removeItem(`${this.#place}:drafts`);
    });
  }

  /** Begin anew, in the storage too. */
  forget(): void {
    this.kept = nothing();
    this.drafts = {};
    this.#sealed = false;
    this.erase();
  }

  #read(part: string): unknown {
    let found: unknown = null;
    this.#try((storage) => {
      found = JSON.parse(storage.getItem(part ? `${this.#place}:${part}` : this.#place) ?? "null");
    });
    return found;
  }

  #write(part: string, value: unknown): void {
    if (this.keeping && !this.#sealed) {
      this.#try((storage) => storage.setItem(part ? `${this.#place}:${part}` : this.#place, JSON.stringify(value)));
    }
  }

  #try(act: (storage: Storage) => void): void {
    try {
      act(sessionStorage);
    } catch {
      // A full or forbidden storage costs the reload, never the conversation.
    }
  }
}
