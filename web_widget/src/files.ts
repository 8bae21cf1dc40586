// Documents and pictures, sent one after another as they are chosen; a failure never stands in the way of the complaint.
import { button, make } from "./dom";
import type { Problem } from "./shapes";
import type { Say } from "./words";

interface Limits { max_bytes: number; max_files: number; types: string[] }
interface Kept { id: string; name: string }
/** Where one file is told about: what has become of it, and what can be done. */
interface Place { lines: HTMLElement; line: HTMLElement; status: HTMLElement }

let count = 0;

export class Files {
  /** What the server has of this conversation. */
  #kept: Kept[] = [];
  #last: Promise<void> = Promise.resolve();

  constructor(private readonly base: string, private readonly key: () => string | null, private readonly say: () => Say) {}

  get names(): string[] {
    return this.#kept.map((file) => file.name);
  }

  /** A chooser with its limits said beforehand, and a line for each file; nothing where nothing can be sent. */
  control(): HTMLElement {
    const block = make("div", { class: "files", hidden: "" });
    void Promise.all([this.#get<Limits>("/limits"), this.#get<{ files: Kept[] }>("")]).then(([limits, found]) => {
      if (limits) this.#fill(block, limits, found?.files ?? this.#kept);
    });
    return block;
  }

  #fill(block: HTMLElement, limits: Limits, kept: Kept[]): void {
    const say = this.say(), lines = make("ul", { "aria-label": say("files_list"), hidden: "" }), status = make("p", { role: "status", class: "hidden" });
    const input = make("input", { type: "file", id: `files-${++count}`, multiple: "", accept: limits.types.join(",") });
    input.setAttribute("aria-describedby", `${input.id}-limits`);
    const types = limits.types.map((type) => type.replace(".", "").toUpperCase()).join(", ");
    const hint = say("files_limits", { count: limits.max_files, size: size(limits.max_bytes), types });
    block.append(make("label", { for: input.id }, say("files")), make("p", { class: "hint", id: `${input.id}-limits` }, hint), input, lines, status);
    block.hidden = false;
    const place = (): Place => {
      const line = make("li");
      lines.append(line);
      lines.hidden = false;
      return { lines, line, status };
    };
    this.#kept = kept;
    for (const file of kept) this.#added(file, place(), "");
    input.onchange = () => {
      for (const file of input.files ?? []) this.#queue(file, limits, place());
      input.value = "";
    };
  }

  #queue(file: File, limits: Limits, place: Place): void {
    const say = this.say(), named = { file: file.name, size: size(limits.max_bytes), count: limits.max_files };
    if (file.size > limits.max_bytes) return tell(place, say("file_large", named));
    tell(place, say("file_sending", named));
    this.#last = this.#last.then(() => this.#send(file, limits, place, named));
  }

  async #send(file: File, limits: Limits, place: Place, named: Record<string, string | number>): Promise<void> {
    const say = this.say(), body = new FormData();
    if (this.#kept.length >= limits.max_files) return tell(place, say("file_many", named));
    body.append("file", file, file.name);
    try {
      const answer = await this.#ask("", { method: "POST", body });
      if (!answer.ok) return tell(place, ((await answer.json()) as Problem).detail);
      const kept = (await answer.json()) as Kept;
      this.#kept.push(kept);
      this.#added(kept, place, say("file_added", { file: kept.name }));
    } catch {
      tell(place, say("file_failed", named), button(say("file_again", named), () => this.#queue(file, limits, place), { class: "link" }));
    }
  }

  #added(file: Kept, place: Place, said: string): void {
    const say = this.say(), named = { file: file.name };
    tell(place, say("file_added", named), button(say("file_remove", named), () => void this.#remove(file, place), { class: "link" }));
    place.status.textContent = said;
  }

  async #remove(file: Kept, place: Place): Promise<void> {
    const answer = await this.#ask(`/${encodeURIComponent(file.id)}`, { method: "DELETE" }).catch(() => null);
    if (!answer) return;
    if (answer.ok) {
      this.#kept = this.#kept.filter((other) => other !== file);
      // The place stays, so that whoever stands on it is not thrown out of the list.
      place.line.tabIndex = -1;
      place.line.focus();
      tell(place, this.say()("file_removed", { file: file.name }));
    } else tell(place, ((await answer.json()) as Problem).detail);
  }

  async #get<T>(path: string): Promise<T | null> {
    const answer = await this.#ask(path, {}).catch(() => null);
    return answer?.ok ? ((await answer.json()) as T) : null;
  }

  #ask(path: string, options: RequestInit): Promise<Response> {
    const headers = { Authorization: `Bearer ${this.key() ?? ""}` };
    return fetch(`${this.base}/evidence${path}`, { credentials: "omit", cache: "no-store", headers, ...options });
  }
}

function tell(place: Place, text: string, ...more: Node[]): void {
  place.line.replaceChildren(`${text} `, ...more);
  place.status.textContent = text;
}

function size(bytes: number): string {
  return bytes >= 1e6 ? `${Math.floor(bytes / 1e6)} MB` : `${Math.floor(bytes / 1000)} kB`;
}
