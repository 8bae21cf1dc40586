// One conversation over the WebSocket. What is typed is kept until the server says that it is on disk, survives a
// reload of the page, and is sent again under its own id after a break. Only text nodes are ever made: no HTML.

const chat = document.getElementById("chat");
const organisation = chat.dataset.organisation;
const at = (id) => document.getElementById(id);
const log = at("log"), status = at("status"), form = at("answer"), box = at("box"), choices = at("choices");

const LONG = new Set(["story", "effect", "desired_remedy", "adjustments", "evidence", "previous_steps", "second_matter"]);
const FILL_IN = { complainant_name: "name", contact_email: "email", contact_phone: "tel", contact_post: "street-address" };
const HINTS = { date: "For example 3 March 2026.", email: "For example name@example.org.", phone: "With the area code." };
const CLOCKS = {
  acknowledge: "They say it has arrived by", respond: "They answer by", inform_of_action: "They say what will be done by",
  resolve_aim: "They aim to settle it by", written_record: "A written record by",
};
const WAYS = { phone: "Phone", email: "E-mail", post: "Post", url: "Web" };
// Words of a policy that promise less than "will".
const SOFT = new Set(["aims", "normally", "where_possible"]);
const SLOWEST = 15000;
// Other fragments are places on the page.
const KEY_MARK = "#key=";
// The server's refusals that no second try can mend.
const LOST = "https://hearout.example/problems/unknown-conversation";

// --- what this tab remembers ---------------------------------------------------------------------------------

const place = `hearout:${organisation}`;
const fresh = () => ({ key: null, seen: 0, reference: null, said: [], pending: [], draft: "" });
let kept = recall();

function recall() {
  try {
    return { ...fresh(), ...JSON.parse(sessionStorage.getItem(place) || "{}") };
  } catch {
    return fresh();
  }
}
function keep() {
  try {
    sessionStorage.setItem(place, JSON.stringify(kept));
  } catch {
    // A full or forbidden storage costs the reload, never the conversation.
  }
}
function newId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");
}

// --- the page --------------------------------------------------------------------------------------------------

function make(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

const LINK = /(https?:\/\/[^\s<>()]+[^\s<>().,;:!?'"])|([\w.+-]+@[\w-]+(?:\.[\w-]+)+)/g;
function paragraph(text, className) {
  const p = make("p", className);
  let done = 0;
  for (const found of text.matchAll(LINK)) {
    p.append(text.slice(done, found.index));
    const a = make("a", "", found[0]);
    a.href = found[1] ? found[0] : `mailto:${found[0]}`;
    a.rel = "noopener noreferrer";
    p.append(a);
    done = found.index + found[0].length;
  }
  p.append(text.slice(done));
  return p;
}

// What leads up to a question stays plain; only its last line is the question.
function paragraphs(text, asks) {
  const cut = asks ? text.trimEnd().lastIndexOf("\n") : -1;
  if (cut < 0) return [paragraph(text, asks ? "question" : "")];
  return [paragraph(text.slice(0, cut), ""), paragraph(text.slice(cut + 1), "question")];
}

function inView(element) {
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  element.scrollIntoView({ block: "nearest", behavior: calm ? "auto" : "smooth" });
}

function showMine(id, text, state) {
  const turn = make("div", "turn mine");
  turn.dataset.id = id;
  const words = make("div", "words");
  words.append(make("span", "visually-hidden", "You said: "), make("p", "", text));
  turn.append(words, make("p", "state", state));
  log.append(turn);
}
function markMine(id, state, refused = false) {
  const turn = log.querySelector(`[data-id="${CSS.escape(id)}"]`);
  if (!turn) return;
  turn.classList.toggle("refused", refused);
  turn.querySelector(".state").textContent = state;
}

function showReply(entries) {
  const turn = make("div", "turn theirs");
  const question = entries.findLast((entry) => entry.custom && entry.custom.question)?.custom.question;
  const asked = question ? entries.findLast((entry) => entry.text) : null;
  let outcome = null, buttons = [];
  for (const entry of entries) {
    if (entry.text) turn.append(...paragraphs(entry.text, entry === asked));
    if (entry.buttons) buttons = entry.buttons;
    if (entry.custom && entry.custom.outcome) outcome = entry.custom.outcome;
    if (entry.custom && entry.custom.conversation) setReference(entry.custom.conversation.reference);
  }
  if (turn.childElementCount) log.append(turn);
  if (outcome && outcome.state !== "draft") log.append(outcomeCard(outcome));
  ask(question, buttons);
}

function ask(question, buttons) {
  // Whoever stood on a choice that goes away is taken to the next thing to answer with; nobody else is moved.
  const moved = choices.contains(document.activeElement);
  choices.replaceChildren();
  for (const button of buttons) {
    const element = make("button", button.payload === "/skip" ? "secondary" : "", button.title);
    element.type = "button";
    element.addEventListener("click", () => say(button.payload, button.title));
    choices.append(element);
  }
  choices.hidden = buttons.length === 0;
  const kind = question ? question.kind : "text";
  const long = Boolean(question) && kind === "text" && LONG.has(question.id);
  box.classList.toggle("long", long);
  box.rows = long ? 6 : 2;
  box.inputMode = { email: "email", phone: "tel" }[kind] || "text";
  box.autocomplete = (question && FILL_IN[question.id]) || "off";
  box.dataset.long = long ? "yes" : "";
  at("box-label").textContent = !question ? "Anything else" : buttons.length ? "Or in your own words" : "Your answer";
  at("box-hint").textContent = HINTS[kind] || (long ? "Take the room you need. Press Send when you have finished." : "");
  for (const button of form.querySelectorAll("[data-asked]")) button.hidden = !question;
  if (moved) (choices.querySelector("button") || box).focus();
}

function inWords(iso) {
  const [year, month, day] = iso.split("-").map(Number);
  const date = new Date(Date.UTC(year, month - 1, day));
  const part = (options) => new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", ...options }).format(date);
  return `${part({ weekday: "long" })} ${part({ day: "numeric", month: "long", year: "numeric" })}`;
}

const TITLES = { filed: "Your complaint is filed", signposted: "Where to take this", informal: "Passed on", withdrawn: "Withdrawn" };
function outcomeCard(outcome) {
  const card = make("section", "outcome");
  const passed = outcome.state === "filed" && outcome.decision?.disposition === "refer_internal";
  const title = make("h2", "", passed ? TITLES.informal : TITLES[outcome.state] || "What happens now");
  const big = make("p", "big", "Reference ");
  big.append(make("strong", "", outcome.reference));
  const list = make("dl");
  const row = (term, value, small) => {
    const dd = make("dd");
    dd.append(make("strong", "", value));
    if (small) dd.append(make("span", "", small));
    list.append(make("dt", "", term), dd);
  };
  const decision = outcome.decision;
  if (decision) {
    if (decision.handler) row(outcome.state === "signposted" ? "Goes to" : "Answered by", decision.handler);
    for (const clock of decision.clocks || []) {
      if (clock.by !== "organisation" || !clock.due) continue;
      const unit = clock.unit.replaceAll("_", " ") + (clock.amount === 1 ? "" : "s");
      const aim = SOFT.has(clock.force) ? ", as an aim" : "";
      const how = `${clock.amount ? `${clock.amount} ${unit}` : "The same day"}${aim}; policy: ${clock.clause}`;
      row(CLOCKS[clock.kind] || `${clock.kind.replaceAll("_", " ")} by`, inWords(clock.due), how);
    }
    if (outcome.state === "signposted") {
      for (const [kind, name] of Object.entries(WAYS)) if (decision.contact?.[kind]) row(name, decision.contact[kind]);
    }
    if (decision.escalate_to) row("If that does not help", decision.escalate_to, decision.escalate_within && `Within ${decision.escalate_within}`);
  }
  for (const linked of outcome.linked || []) row("Second matter", typeof linked === "string" ? linked : linked.reference);
  card.append(title, big);
  if (list.childElementCount) card.append(list);
  return card;
}

function setReference(reference) {
  kept.reference = reference;
  at("reference-value").textContent = reference;
  at("reference").hidden = false;
}
function setKey(key) {
  kept.key = key;
  at("link").value = `${location.origin}${location.pathname}${KEY_MARK}${key}`;
  at("later").hidden = false;
}

// --- the socket: connecting -> open -> waiting -> connecting ... ------------------------------------------------

let socket = null, state = "closed", tries = 0, timer = 0, quietly = 0;

function connect() {
  clearTimeout(timer);
  state = "connecting";
  if (tries) status.textContent = "The connection was lost. Trying again…";
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  socket = new WebSocket(`${scheme}://${location.host}/${organisation}/ws`);
  const mine = socket;
  mine.onopen = () => mine.send(JSON.stringify({ type: "hello", resume: kept.key, last_seen: kept.seen }));
  mine.onmessage = (event) => mine === socket && take(JSON.parse(event.data));
  mine.onclose = () => mine === socket && wait();
}
function wait() {
  state = "waiting";
  tries += 1;
  if (tries > 1) status.textContent = "There is no connection. What you type is kept, and sent as soon as there is one.";
  const delay = Math.min(SLOWEST, 400 * 2 ** Math.min(tries, 6)) * (0.7 + 0.6 * Math.random());
  timer = setTimeout(connect, delay);
}
addEventListener("online", () => state === "waiting" && connect());
addEventListener("pageshow", (event) => event.persisted && state !== "open" && connect());

function take(frame) {
  if (frame.type === "welcome") {
    state = "open";
    tries = 0;
    status.textContent = "";
    setKey(frame.resume);
    setReference(frame.conversation.reference);
    form.hidden = false;
    for (const message of kept.pending) transmit(message);
  } else if (frame.type === "ack") {
    kept.pending = kept.pending.filter((message) => message.id !== frame.id);
    const said = kept.said.find((part) => part.id === frame.id);
    if (said) said.state = "Received";
    markMine(frame.id, "Received");
  } else if (frame.type === "reply") {
    settle();
    if (frame.seq > kept.seen) {
      kept.seen = frame.seq;
      kept.said.push({ entries: frame.entries });
      showReply(frame.entries);
      // The end of what is new, and the thing to answer with when it fits.
      inView(log.lastElementChild);
      if (!form.hidden) inView(form);
    }
  } else if (frame.type === "error") {
    refused(frame.problem, frame.id);
  }
  keep();
}

function refused(problem, id) {
  settle();
  if (problem.type === LOST) {
    // The key opens nothing here: begin anew, and keep what was being typed.
    kept = { ...fresh(), draft: box.value };
    log.replaceChildren();
    status.textContent = "That conversation is not here any more, so this is a new one.";
    socket.send(JSON.stringify({ type: "hello", resume: null, last_seen: 0 }));
    return;
  }
  if (problem.status === 429 || problem.status === 409) {
    status.textContent = "Too fast for us. Your message is kept and sent again in a moment.";
    setTimeout(() => state === "open" && kept.pending.forEach(transmit), (problem.retry_after || 2) * 1000);
    return;
  }
  status.textContent = problem.detail;
  if (id === undefined) return;
  const lost = kept.pending.find((message) => message.id === id);
  kept.pending = kept.pending.filter((message) => message.id !== id);
  const said = kept.said.find((part) => part.id === id);
  if (said) said.state = "Not sent";
  markMine(id, "Not sent", true);
  if (lost && !box.value && !lost.text.startsWith("/")) box.value = lost.text;
}

function say(text, shown) {
  const message = { id: newId(), text };
  kept.pending.push(message);
  kept.said.push({ id: message.id, mine: shown ?? text, state: "Sending…" });
  keep();
  showMine(message.id, shown ?? text, "Sending…");
  inView(log.lastElementChild);
  if (state === "open") transmit(message);
  quietly = quietly || setTimeout(() => { status.textContent = "Reading your answer…"; }, 800);
}
function transmit(message) {
  if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ type: "message", id: message.id, text: message.text }));
}
function settle() {
  clearTimeout(quietly);
  quietly = 0;
  if (state === "open") status.textContent = "";
}

// --- what a person does ---------------------------------------------------------------------------------------

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const text = box.value.trim();
  box.focus();
  if (!text) return;
  box.value = "";
  kept.draft = "";
  say(text);
});
box.addEventListener("keydown", (event) => {
  // Enter sends a short answer; a long one keeps its paragraphs, and Ctrl or Cmd with Enter sends it.
  if (event.key !== "Enter" || event.isComposing || event.shiftKey) return;
  if (!box.dataset.long || event.ctrlKey || event.metaKey) {
    event.preventDefault();
    form.requestSubmit();
  }
});
box.addEventListener("input", () => { kept.draft = box.value; keep(); });
for (const button of form.querySelectorAll("[data-payload]")) {
  button.addEventListener("click", () => say(button.dataset.payload, button.textContent.trim()));
}
at("copy").addEventListener("click", async () => {
  const link = at("link");
  try {
    await navigator.clipboard.writeText(link.value);
    status.textContent = "The private link is copied.";
  } catch {
    link.select();
    status.textContent = "The link is selected: copy it with your keyboard.";
  }
});
at("forget").addEventListener("click", () => {
  sessionStorage.removeItem(place);
  location.replace(location.pathname);
  location.reload();
});

// --- begin -----------------------------------------------------------------------------------------------------

const brought = location.hash.startsWith(KEY_MARK) ? location.hash.slice(KEY_MARK.length) : "";
if (brought) {
  // A private link: its key leaves the address bar, so that it stays out of the history and of screenshots.
  history.replaceState(null, "", location.pathname);
  if (brought !== kept.key) {
    kept = { ...fresh(), key: brought };
    log.append(make("p", "note", "Welcome back. Everything you said is kept; here is what you were told."));
  }
}
for (const part of kept.said) {
  if (part.entries) showReply(part.entries);
  else showMine(part.id, part.mine, part.state);
}
if (kept.reference) setReference(kept.reference);
box.value = kept.draft;
connect();
