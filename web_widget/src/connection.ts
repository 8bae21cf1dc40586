// The connection: one message under way at a time, sent again under its own id until the server says that it is on
// disk; replies once each, in order. Over a WebSocket, or by POST where no socket comes through.
//
//   connecting --welcome--> open --lost--> waiting --time--> connecting ...
//   connecting --no socket, but HTTP answers--> posting --time--> connecting
import type { Memory } from "./memory";
import type { Frame, Message, Problem, Reply } from "./shapes";

export type State = "connecting" | "open" | "posting" | "waiting" | "closed";

export interface Listener {
  /** The state changed; `tries` counts the attempts that failed since it was last open. */
  state(state: State, tries: number): void;
  welcomed(reference: string): void;
  acknowledged(id: string): void;
  reply(reply: Reply): void;
  refused(problem: Problem, lost: Message): void;
  slowDown(seconds: number): void;
  /** The key opens nothing any more. */
  gone(): void;
}

const FIRST_WAIT = 400, SLOWEST = 15_000, SILENCE = 8_000, IDLE = 25_000, LONG_ANSWER = 8;
// So many sockets that fail before their welcome, and POST is tried beside them.
const SOCKETS_TRIED = 2;
const AGAIN_BY_SOCKET = 120_000;
const LOST = "unknown-conversation";

export class Connection {
  #state: State = "closed";
  #tries = 0;
  #socket: WebSocket | null = null;
  #timer = 0;
  #watch = 0;
  #abort = new AbortController();

  constructor(
    private readonly base: string, private readonly memory: Memory, private readonly listener: Listener,
    private readonly language: () => string,
  ) {
    addEventListener("online", this.#hurry);
    addEventListener("pageshow", this.#hurry);
  }

  open(): void {
    this.close();
    this.#abort = new AbortController();
    this.#connect();
  }

  close(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#watch);
    this.#abort.abort();
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
    this.#state = "closed";
  }

  end(): void {
    this.close();
    removeEventListener("online", this.#hurry);
    removeEventListener("pageshow", this.#hurry);
  }

  /** Send a message; it is in `memory.kept.pending` until it is acknowledged. */
  send(message: Message): void {
    this.memory.kept.pending.push(message);
    this.memory.save();
    if (this.memory.kept.pending.length === 1) this.#next();
  }

  #hurry = (): void => {
    if (this.#state === "waiting") this.#connect();
  };

  #change(state: State): void {
    this.#state = state;
    this.listener.state(state, this.#tries);
  }

  #next(): void {
    const message = this.memory.kept.pending[0];
    if (!message || this.#state !== "open" || this.#socket?.readyState !== WebSocket.OPEN) return;
    this.#socket.send(JSON.stringify({ type: "message", ...message }));
    this.#expect();
  }

  /** Something must come now; a line that stays silent is dead, whatever the browser thinks of it. */
  #expect(): void {
    clearTimeout(this.#watch);
    this.#watch = setTimeout(() => this.#lost(this.#socket), SILENCE);
  }

  #relax(): void {
    clearTimeout(this.#watch);
    this.#watch = setTimeout(() => {
      this.#socket?.send('{"type":"ping"}');
      this.#expect();
    }, IDLE);
  }

  // --- the socket ------------------------------------------------------------------------------------------------

  #connect(): void {
    clearTimeout(this.#timer);
    this.#change("connecting");
    let socket: WebSocket;
    try {
      socket = new WebSocket(`${this.base.replace(/^http/, "ws")}/ws`);
    } catch {
      void this.#byPost();
      return;
    }
    this.#socket = socket;
    const { key, seen } = this.memory.kept;
    socket.onopen = () =>
      socket.send(JSON.stringify({ type: "hello", resume: key, last_seen: seen, language: this.language() }));
    socket.onmessage = (event) => {
      if (socket === this.#socket) this.#take(JSON.parse(String(event.data)) as Frame);
    };
    socket.onclose = () => this.#lost(socket);
    this.#expect();
  }

  #lost(socket: WebSocket | null): void {
    if (socket === null || socket !== this.#socket) return;
    this.#socket = null;
    socket.onclose = null;
    socket.close();
    clearTimeout(this.#watch);
    const greeted = this.#state === "open";
    this.#tries += 1;
    if (!greeted && this.#tries >= SOCKETS_TRIED) void this.#byPost();
    else this.#wait();
  }

  #wait(): void {
    this.#change("waiting");
    const delay = Math.min(SLOWEST, FIRST_WAIT * 2 ** Math.min(this.#tries - 1, 6)) * (0.7 + 0.6 * Math.random());
    this.#timer = setTimeout(() => this.#connect(), delay);
  }

  #take(frame: Frame): void {
    this.#relax();
    switch (frame.type) {
      case "welcome":
        this.#tries = 0;
        this.#welcome(frame.resume, frame.conversation.reference);
        this.#change("open");
        this.#next();
        break;
      case "ack":
        this.#acknowledge(frame.id);
        this.#next();
        break;
      case "reply":
        this.#reply(frame);
        break;
      case "error":
        if (this.#state !== "open") {
          // A hello that was refused is said again on a new socket, unless the key is no good at all.
          if (this.#refuse(frame.problem, undefined) || this.#state === "connecting") this.#lost(this.#socket);
        } else if (this.#refuse(frame.problem, frame.id)) {
          this.#timer = setTimeout(() => this.#next(), this.#pause(frame.problem));
          clearTimeout(this.#watch);
        } else this.#next();
    }
  }

  // --- what both ways have in common ---------------------------------------------------------------------------------

  #welcome(key: string, reference: string): void {
    this.memory.kept.key = key;
    this.memory.kept.reference = reference;
    this.memory.save();
    this.listener.welcomed(reference);
  }

  #acknowledge(id: string): void {
    this.memory.kept.pending = this.memory.kept.pending.filter((message) => message.id !== id);
    this.listener.acknowledged(id);
    this.memory.save();
  }

  /** Every reply is shown once, in order. When one runs ahead of another, all that is missing is asked for. */
  #reply(reply: Reply): void {
    const seen = this.memory.kept.seen;
    if (reply.seq <= seen) return;
    if (this.#behind !== null) this.#behind = true;
    else if (seen && reply.seq > seen + 2) void this.#catchUp();
    else this.#show(reply);
  }

  #show(reply: Reply): void {
    if (reply.seq <= this.memory.kept.seen) return;
    this.memory.kept.seen = reply.seq;
    if (reply.said) this.#acknowledge(reply.said.id);
    this.listener.reply(reply);
    this.memory.save();
  }

  /** Null while nothing is asked for; then whether another one came meanwhile. */
  #behind: boolean | null = null;
  async #catchUp(): Promise<void> {
    try {
      do {
        this.#behind = false;
        const { key, seen } = this.memory.kept;
        const found = await this.#post<{ replies: Reply[] }>("replies", { resume: key, last_seen: seen });
        found.replies.forEach((reply) => this.#show(reply));
      } while (this.#behind);
    } catch {
      // The next hello brings them.
      this.open();
    } finally {
      this.#behind = null;
    }
  }

  /** A refusal; true where the same message is to be sent again after a while. */
  #refuse(problem: Problem, id: string | undefined): boolean {
    if (problem.type.endsWith(LOST)) {
      this.listener.gone();
      return false;
    }
    if ([409, 429, 500, 502, 503, 504].includes(problem.status)) {
      this.listener.slowDown(this.#pause(problem) / 1000);
      return true;
    }
    const lost = this.memory.kept.pending.find((message) => message.id === id);
    this.memory.kept.pending = this.memory.kept.pending.filter((message) => message !== lost);
    if (lost) this.listener.refused(problem, lost);
    this.memory.save();
    return false;
  }

  #pause(problem: Problem): number {
    return (problem.retry_after ?? 2) * 1000;
  }

  // --- by POST ---------------------------------------------------------------------------------------------------------

  async #byPost(): Promise<void> {
    const ended = this.#abort.signal, until = Date.now() + AGAIN_BY_SOCKET;
    try {
      const { key, seen } = this.memory.kept;
      const hello = await this.#post<{ resume: string; conversation: { reference: string }; replies: Reply[] }>(
        "hello", { resume: key, last_seen: seen, language: this.language() });
      this.#welcome(hello.resume, hello.conversation.reference);
      hello.replies.forEach((reply) => this.#show(reply));
      this.#tries = 0;
      this.#change("posting");
      while (!ended.aborted && (Date.now() < until || this.memory.kept.pending.length)) await this.#exchange();
    } catch (failed) {
      if (ended.aborted) return;
      if (failed instanceof Refused && this.#refuse(failed.problem, this.memory.kept.pending[0]?.id)) {
        await new Promise((resolve) => setTimeout(resolve, this.#pause(failed.problem)));
      }
      if (ended.aborted) return;
      this.#tries = Math.max(this.#tries, SOCKETS_TRIED);
      this.#wait();
      return;
    }
    if (!ended.aborted) this.#connect();
  }

  /** Send what waits to be sent, else wait a while for what comes by itself. */
  async #exchange(): Promise<void> {
    const { key, pending, seen } = this.memory.kept, message = pending[0];
    if (message) {
      const found = await this.#post<{ id: string; replies: Reply[] }>("message", { resume: key, ...message });
      this.#acknowledge(found.id);
      // It may run ahead of what another window brought about.
      found.replies.forEach((reply) => this.#reply(reply));
      return;
    }
    // A message that is written meanwhile does not wait for the long answer.
    const look = new AbortController();
    const timer = setInterval(() => this.memory.kept.pending.length && look.abort(), 50);
    try {
      const found = await this.#post<{ replies: Reply[] }>(
        "replies", { resume: key, last_seen: seen, wait: LONG_ANSWER }, look.signal);
      found.replies.forEach((reply) => this.#show(reply));
    } catch (failed) {
      if (!look.signal.aborted) throw failed;
    } finally {
      clearInterval(timer);
    }
  }

  async #post<T>(what: string, body: unknown, stop?: AbortSignal): Promise<T> {
    const given = new AbortController();
    const end = () => given.abort();
    this.#abort.signal.addEventListener("abort", end);
    stop?.addEventListener("abort", end);
    const timer = setTimeout(end, (LONG_ANSWER * 1000) + SILENCE);
    try {
      const answer = await fetch(`${this.base}/${what}`, {
        method: "POST", body: JSON.stringify(body), signal: given.signal, credentials: "omit", cache: "no-store",
      });
      if (!answer.ok) {
        const problem = (await answer.json()) as Problem;
        const after = Number(answer.headers.get("Retry-After"));
        throw new Refused(after ? { ...problem, retry_after: after } : problem);
      }
      return (await answer.json()) as T;
    } finally {
      clearTimeout(timer);
      this.#abort.signal.removeEventListener("abort", end);
    }
  }
}

class Refused extends Error {
  constructor(readonly problem: Problem) {
    super(problem.detail);
  }
}
