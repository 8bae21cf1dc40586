// <hearout-chat>: a complaint, told once. In the frame's page it takes over what the server drew; as an element of
// another page (`src` is the address of the form) it draws itself inside a shadow root.
import "./style.css";
import { AnswerForm, type Asked } from "./answer";
import { Connection, type State } from "./connection";
import { button, download } from "./dom";
import { Files } from "./files";
import { Memory } from "./memory";
import { type Acts, morePanel, personPanel } from "./panels";
import { record } from "./record";
import type { Message, Problem, Reply, Settings } from "./shapes";
import { shell, type Shell, speak } from "./shell";
import { asking, lastText, marksOf, type Mine, outcomeOf, questionOf, type Told, Transcript } from "./transcript";
import { type Say, sayer } from "./words";

const KEY_MARK = "#key=", ENDED = ["filed", "signposted", "informal", "withdrawn"], STYLE = "hearout-chat.css";
const READING_AFTER = 700;
const newId = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

class HearoutChat extends HTMLElement {
  #base = "";
  #settings!: Settings;
  #say!: Say;
  #shell!: Shell;
  #memory!: Memory;
  #connection!: Connection;
  #transcript!: Transcript;
  #form!: AnswerForm;
  #files!: Files;
  #asked: Asked = { question: undefined, buttons: [], prompt: "" };
  #ended = false;
  #opened: HTMLButtonElement | null = null;
  #reading = 0;
  #lastFocus: Element | null = null;
  /** The origin of the website whose loader opened the frame. */
  #host: string | null = null;

  connectedCallback(): void {
    const given = document.getElementById("hearout-settings"), source = this.getAttribute("src");
    if (source) void this.#inline(new URL(source, location.href).href.replace(/\/complain\/?([?#].*)?$/, ""));
    else if (given) {
      this.#base = location.origin + location.pathname.replace(/\/widget$/, "");
      if (parent !== window) this.#host = new URLSearchParams(location.search).get("from");
      this.#begin(this, JSON.parse(given.textContent ?? "") as Settings);
    }
  }

  disconnectedCallback(): void {
    this.#connection?.end();
  }

  async #inline(base: string): Promise<void> {
    this.#base = base;
    const answer = await fetch(`${base}/widget.json${this.lang ? `?lang=${this.lang}` : ""}`, { credentials: "omit" });
    const settings = (await answer.json()) as Settings;
    const root = this.attachShadow({ mode: "open" });
    const style = document.createElement("link");
    style.rel = "stylesheet";
    style.href = import.meta.url.replace(/[^/]*$/, STYLE);
    root.append(style);
    this.style.setProperty("--accent-light", settings.colours[0]);
    this.style.setProperty("--accent-dark", settings.colours[1]);
    this.#begin(root, settings);
  }

  // --- begin -------------------------------------------------------------------------------------------------------

  #begin(root: HTMLElement | ShadowRoot, settings: Settings): void {
    this.#settings = settings;
    this.#say = sayer(settings.words);
    this.#memory = new Memory(settings.org);
    const made = (this.#shell = shell(root));
    // Opened by itself, this is the whole page; in a frame it is a part of one.
    if (root === this && parent === window) this.setAttribute("role", "main");
    this.#transcript = new Transcript(made.log, () => this.#settings, () => this.#say, () => this.#download());
    this.#files = new Files(this.#base, () => this.#memory.kept.key, () => this.#say);
    this.#form = new AnswerForm(made.form, made.ask, made.send, made.alert, {
      say: () => this.#say,
      language: () => this.#settings.language,
      draftOf: (question) => this.#memory.drafts[question] ?? "",
      draft: (question, text) => this.#memory.draft(question, text),
      answer: (text, shown) => this.#answer(text, shown),
      files: () => this.#files,
    });
    made.person.onclick = () => this.#toggle(made.person);
    made.more.onclick = () => this.#toggle(made.more);
    made.leave.onclick = () => this.#leave();
    made.back.onclick = () => this.#answer("/back", this.#say("back"));
    made.why.onclick = () => this.#answer("/why", this.#say("why"));
    root.addEventListener("keydown", (event) => (event as KeyboardEvent).key === "Escape" && this.#escape());
    root.addEventListener("focusin", () => (this.#lastFocus = (root as unknown as DocumentOrShadowRoot).activeElement ?? document.activeElement));
    addEventListener("focus", () => document.activeElement === document.body && this.#shell.name.focus());
    this.#speak();
    this.#takeKey();
    this.#recall();
    this.#connection = new Connection(this.#base, this.#memory, {
      state: (state, tries) => this.#tell(state, tries),
      welcomed: () => this.#speak(),
      acknowledged: (id) => this.#mark(id, "received"),
      reply: (reply) => this.#told(reply),
      refused: (problem, lost) => this.#refused(problem, lost),
      slowDown: () => (made.status.textContent = this.#say("too_fast")),
      gone: () => this.#gone(),
    }, () => this.#settings.language);
    this.#connection.open();
    // Whoever opened the frame begins where it says who this is; what was typed by then is not left.
    if (this.#host && document.activeElement === document.body) made.name.focus({ preventScroll: true });
  }

  #speak(): void {
    speak(this.#shell, this.#settings, this.#say, this.#memory.kept.reference);
    this.lang = this.#settings.language;
    const others = this.#settings.languages.filter((language) => language !== this.#settings.language);
    this.#shell.languages.replaceChildren(...others.map((language) =>
      button(this.#say(`language_${language}`), () => void this.#changeLanguage(language), { lang: language })));
  }

  /** A private link: its key leaves the address bar, so that it stays out of the history and of pictures. */
  #takeKey(): void {
    if (this.shadowRoot || !location.hash.startsWith(KEY_MARK)) return;
    const key = decodeURIComponent(location.hash.slice(KEY_MARK.length));
    history.replaceState(null, "", location.pathname + location.search);
    if (key === this.#memory.kept.key) return;
    this.#memory.forget();
    this.#memory.kept.key = key;
    this.#transcript.note(this.#say("welcome_back"));
  }

  /** Show what this tab remembers; it was read out when it came, and is not read out again. */
  #recall(): void {
    const { log } = this.#shell, { said } = this.#memory.kept;
    if (!said.length) return;
    log.setAttribute("aria-live", "off");
    for (const part of said) {
      if ("entries" in part) {
        this.#transcript.told(part);
        this.#ask(part);
      } else this.#transcript.mine(part);
    }
    this.#put();
    this.#toEnd(log.lastElementChild);
    setTimeout(() => log.removeAttribute("aria-live"), 1000);
  }

  // --- what comes in -------------------------------------------------------------------------------------------------

  #tell(state: State, tries: number): void {
    const { status } = this.#shell;
    if (state === "open" || state === "posting") status.textContent = "";
    else if (state === "connecting") status.textContent = this.#say(tries ? "reconnecting" : "connecting");
    else if (tries > 1) status.textContent = this.#say("offline");
    this.dataset.state = state;
  }

  #told(reply: Reply): void {
    const { kept } = this.#memory;
    clearTimeout(this.#reading);
    if (["open", "posting"].includes(this.dataset.state ?? "")) this.#shell.status.textContent = "";
    if (reply.said) this.#heardElsewhere(reply.said);
    const mine = kept.said.findLast((part): part is Mine => "id" in part);
    const near = innerHeight + scrollY > document.documentElement.scrollHeight - 300;
    const part: Told = { entries: reply.entries, lang: this.#settings.language };
    kept.said.push(part);
    const held = this.#holdsFocus(this.#shell.form), writing = this.#form.writing;
    const turn = this.#transcript.told(part);
    this.#ask(part);
    this.#memory.seal(this.#ended);
    this.#put();
    const { lang } = marksOf(reply.entries);
    if (lang && lang !== this.#settings.language && this.#settings.languages.includes(lang)) void this.#speakIn(lang);
    // The first words are read from the top, where it says whose they are.
    if (mine || (near && kept.said.length > 1)) this.#toEnd(turn);
    if (writing) this.#form.focus();
    else if (held) this.#moveOn(turn);
  }

  /** What was said in another window, or on another device, belongs into this conversation too. */
  #heardElsewhere({ id, text }: { id: string; text: string }): void {
    const { said } = this.#memory.kept;
    if (said.some((part) => "id" in part && part.id === id)) return;
    const shown = this.#asked.buttons.find((choice) => choice.payload === text)?.title ?? (text.startsWith("/") ? this.#nameOf(text) : text);
    const part: Mine = { id, text, shown, state: "received", to: this.#asked.question?.id ?? null };
    said.push(part);
    this.#transcript.mine(part);
  }

  #nameOf(command: string): string {
    const name = /^\/(\w+)/.exec(command)?.[1] ?? "";
    const value = /=([^)]*)\)$/.exec(command)?.[1];
    return value ?? ({ back: this.#say("back"), why: this.#say("why"), human: this.#say("person_ask"), skip: this.#say("skip"), withdraw: this.#say("withdraw"), change: this.#say("change") }[name] ?? command);
  }

  #ask(part: Told): void {
    const question = questionOf(part.entries), text = lastText(part.entries)?.text ?? "";
    const outcome = outcomeOf(part.entries);
    if (outcome) this.#ended = ENDED.includes(outcome.state);
    else if (question) this.#ended = false;
    this.#asked = { question, buttons: part.entries.findLast((entry) => entry.buttons)?.buttons ?? [], prompt: question ? asking(text, question.kind) : "" };
  }

  #put(): void {
    this.#form.show(this.#asked);
    this.#shell.quiet.hidden = !this.#asked.question;
    this.#shell.back.hidden = this.#asked.question?.id === "story";
    this.#shell.form.dataset.kind = this.#asked.question?.kind ?? "more";
  }

  #mark(id: string, state: Mine["state"]): void {
    const part = this.#memory.kept.said.find((found): found is Mine => "id" in found && found.id === id);
    if (!part || part.state === state) return;
    part.state = state;
    this.#transcript.mark(part);
  }

  #refused(problem: Problem, lost: Message): void {
    clearTimeout(this.#reading);
    this.#shell.status.textContent = "";
    this.#mark(lost.id, "not_sent");
    this.#form.restore(lost.text);
    this.#form.problem(problem.detail);
  }

  /** The key opens nothing here: begin anew, and keep what was being written, sent or not. */
  #gone(): void {
    const lost = this.#memory.kept.pending.filter((message) => !message.text.startsWith("/")).map((message) => message.text);
    const drafts = this.#memory.drafts;
    this.#memory.forget();
    const story = [drafts.story, ...lost].filter(Boolean).join("\n\n");
    this.#memory.draft("story", story);
    this.#shell.log.replaceChildren();
    this.#transcript.note(this.#say("gone"));
    this.#connection.open();
  }

  // --- what the person does --------------------------------------------------------------------------------------------

  #answer(text: string, shown: string): boolean {
    const { kept } = this.#memory;
    if (kept.pending.length) {
      this.#shell.status.textContent = this.#say("still_sending");
      return false;
    }
    this.#close(false);
    const part: Mine = { id: newId(), text, shown, state: "sending", to: this.#asked.question?.id ?? null };
    kept.said.push(part);
    this.#toEnd(this.#transcript.mine(part));
    this.#reading = setTimeout(() => {
      if (["open", "posting"].includes(this.dataset.state ?? "")) this.#shell.status.textContent = this.#say("reading");
    }, READING_AFTER);
    this.#connection.send({ id: part.id, text });
    return true;
  }

  #toggle(opener: HTMLButtonElement): void {
    if (this.#opened === opener) return this.#close();
    this.#close(false);
    const { panel, person } = this.#shell, acts = this.#acts();
    panel.replaceChildren(...(opener === person ? personPanel(acts) : morePanel(acts)));
    panel.setAttribute("aria-label", opener.textContent ?? "");
    panel.hidden = false;
    opener.setAttribute("aria-expanded", "true");
    this.#opened = opener;
    panel.scrollIntoView({ block: "nearest" });
  }

  #close(focus = true): void {
    const opener = this.#opened;
    if (!opener) return;
    const inside = this.#holdsFocus(this.#shell.panel);
    this.#shell.panel.hidden = true;
    opener.setAttribute("aria-expanded", "false");
    this.#opened = null;
    if (focus || inside) opener.focus();
  }

  #acts(): Acts {
    const { kept } = this.#memory;
    return {
      say: this.#say,
      settings: this.#settings,
      parts: kept.said,
      ended: this.#ended,
      reference: kept.reference,
      link: kept.key && `${this.#base}/widget${KEY_MARK}${kept.key}`,
      keeping: this.#memory.keeping,
      send: (text, shown) => {
        if (this.#answer(text, shown)) this.#form.focus();
      },
      download: () => this.#download(),
      keep: (keeping) => this.#memory.keep(keeping),
      forget: () => this.#startAnew(),
      files: kept.key && this.#asked.question?.kind !== "file" ? this.#files.control() : null,
    };
  }

  #download(): void {
    const { said, reference } = this.#memory.kept;
    const text = record(said, reference, this.#settings, this.#say, new Date());
    download(`${reference ?? this.#say("record_name")}.txt`, "text/plain", text);
  }

  #startAnew(): void {
    this.#close();
    this.#memory.forget();
    this.#ended = false;
    this.#asked = { question: undefined, buttons: [], prompt: "" };
    this.#shell.log.replaceChildren();
    this.#connection.open();
    this.#speak();
  }

  /** Quick exit: nothing stays here, and another page takes the place of this one at once. */
  #leave(): void {
    this.#memory.forget();
    this.#connection.end();
    this.#shell.log.replaceChildren();
    (top ?? window).location.replace(this.#settings.leave_to!);
  }

  #escape(): void {
    if (this.#opened) this.#close();
    else if (this.#host) parent.postMessage({ hearout: "close" }, this.#host);
  }

  async #changeLanguage(language: string): Promise<void> {
    if (this.#memory.kept.pending.length) {
      this.#shell.status.textContent = this.#say("still_sending");
      return;
    }
    await this.#speakIn(language);
    this.#answer(`/language(${language})`, this.#say(`language_${language}`));
    this.#shell.languages.querySelector("button")?.focus();
  }

  /** Let the face speak another language; what stands in the log stays, so that it is not all read out again. */
  async #speakIn(language: string): Promise<void> {
    const answer = await fetch(`${this.#base}/widget.json?lang=${language}`, { credentials: "omit" }).catch(() => null);
    if (!answer?.ok) return;
    this.#settings = (await answer.json()) as Settings;
    this.#say = sayer(this.#settings.words);
    this.#close(false);
    this.#speak();
    this.#put();
  }

  // --- focus and place ---------------------------------------------------------------------------------------------------

  #holdsFocus(element: HTMLElement): boolean {
    const active = (element.getRootNode() as Document | ShadowRoot).activeElement;
    return element.contains(active) || (active === document.body && element.contains(this.#lastFocus));
  }

  /** Whoever stood on a control that is gone is taken to the next; on a screen that is touched, to the question itself. */
  #moveOn(turn: HTMLElement): void {
    const title = this.#ended ? [...this.#shell.log.querySelectorAll<HTMLElement>(".outcome h2")].at(-1) : null;
    const asked = matchMedia("(pointer: coarse)").matches ? turn.querySelector<HTMLElement>(".question") : null;
    if (title ?? asked) (title ?? asked)!.focus({ preventScroll: true });
    else this.#form.focus();
  }

  #toEnd(turn: Element | null): void {
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (!this.shadowRoot) document.documentElement.style.scrollPaddingTop = `${this.#shell.top.offsetHeight + 16}px`;
    turn?.scrollIntoView({ block: "start", behavior: calm ? "auto" : "smooth" });
  }
}

customElements.define("hearout-chat", HearoutChat);
