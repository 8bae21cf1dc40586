// How it ended, to keep: the reference, every promised date in words, who deals with it and how to reach them.
import { calendar } from "./calendar";
import { button, download, make, terms, tongued, way } from "./dom";
import type { Clock, Decision, Marks, Outcome, Settings } from "./shapes";
import { inWords, type Say } from "./words";

type Row = [string, ...(Node | string)[]];

const NAMED = ["acknowledge", "respond", "inform_of_action", "resolve_aim", "written_record"];
// Words of a policy that promise less than "will".
const SOFT = ["aims", "normally", "where_possible"];
const WAYS = ["email", "phone", "post", "url"];
const NOT_OURS = ["signpost", "close_no_further_action"];

export function receipt(outcome: Outcome, settings: Settings, say: Say, marks: Marks, keep: () => void): HTMLElement {
  const { decision, state, reference } = outcome;
  const passedOn = state === "informal" || (state === "filed" && decision?.disposition === "refer_internal");
  const card = make("section", { class: "outcome", lang: settings.language },
    make("h2", { tabindex: "-1" }, say(passedOn ? "informal" : state)),
    make("p", { class: "big" }, `${say("reference")} `, make("strong", {}, reference)));
  if (state !== "withdrawn" && decision) {
    const rows = rowsOf(decision, state, settings, say, marks);
    if (rows.length) card.append(terms(rows));
  }
  for (const note of outcome.notes ?? []) card.append(make("p", { lang: marks.lang ?? settings.language }, ...tongued(note, marks.parts)));
  for (const other of outcome.linked ?? []) {
    card.append(make("h3", {}, say("linked")), make("p", { class: "big" }, `${say("reference")} `, make("strong", {}, other.reference)));
    if (other.decision) card.append(terms(rowsOf(other.decision, "linked", settings, say, marks)));
  }
  if (state === "withdrawn") return card;
  card.append(make("p", { class: "hint" }, say("keep_reference")));
  const events = [outcome, ...(outcome.linked ?? [])].flatMap((matter) => dated(matter.decision).map((clock) => ({
    kind: clock.kind,
    day: clock.due!,
    reference: matter.reference,
    title: say("calendar_event", { short: settings.short, what: nameOf(clock, say, marks.terms), reference: matter.reference }),
  })));
  const add = button(say("calendar"), () => download(`${reference}.ics`, "text/calendar", calendar(events, new Date())), { class: "choice" });
  card.append(make("div", { class: "choices" }, ...(events.length ? [add] : []), button(say("record_text"), keep, { class: "choice" })));
  return card;
}

const dated = (decision: Decision | null | undefined): Clock[] => (decision?.clocks ?? []).filter((clock) => clock.due);

function rowsOf(decision: Decision, state: string, settings: Settings, say: Say, { parts, terms: words = {} }: Marks): Row[] {
  const rows: Row[] = dated(decision).map((clock) => [nameOf(clock, say, words), ...dayOf(clock, settings, say)]);
  const elsewhere = NOT_OURS.includes(decision.disposition);
  // Sent although its place is elsewhere: the organisation has it now, and its own address is the one to turn to.
  const ours = elsewhere && state === "filed";
  if (decision.handler && !ours) rows.push([say(elsewhere ? "goes_to" : "who"), ...tongued(decision.handler, parts)]);
  const reach = ours ? settings.reach : WAYS.flatMap((kind): [string, string][] => {
    const value = decision.contact?.[kind];
    return value ? [[kind, value]] : [];
  });
  if (reach.length) rows.push([say("reach"), ...reach.map(([kind, value]) => make("p", {}, way(kind, value)))]);
  if (decision.escalate_to && !ours) {
    const within = decision.escalate_within;
    rows.push([say("after"), ...tongued(decision.escalate_to, parts),
      ...(within ? [make("small", {}, ...tongued(say("within", { time: words[within] ?? within }), parts))] : [])]);
  }
  return rows;
}

function nameOf(clock: Clock, say: Say, words: Record<string, string> = {}): string {
  const kind = words[clock.kind] ?? clock.kind.replaceAll("_", " ");
  if (clock.by !== "organisation") return say("your_date", { kind });
  return NAMED.includes(clock.kind) ? say(clock.kind) : say("other_date", { kind: kind[0]!.toUpperCase() + kind.slice(1) });
}

function dayOf(clock: Clock, settings: Settings, say: Say): (Node | string)[] {
  const day = make("strong", {}, inWords(clock.due!.slice(0, 10), settings.language));
  return SOFT.includes(clock.force) ? [day, make("small", {}, say("aim"))] : [day];
}
