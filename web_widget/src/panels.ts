// What stands behind the two buttons at the top: how to reach a person, and how to save or change what was said.
import { button, changer, make, terms, way } from "./dom";
import type { Part, Settings } from "./shapes";
import { lastLine, lastText, questionOf } from "./transcript";
import type { Say } from "./words";

export interface Acts {
  say: Say;
  settings: Settings;
  parts: Part[];
  ended: boolean;
  reference: string | null;
  link: string | null;
  keeping: boolean;
  send(text: string, shown: string): void;
  download(): void;
  keep(keeping: boolean): void;
  forget(): void;
  files: HTMLElement | null;
}

export function personPanel({ say, settings, send }: Acts): Node[] {
  const reach = settings.reach.map(([kind, value]): [string, Node | string] => [say(kind), way(kind, value)]);
  const parts: Node[] = [make("p", {}, say(reach.length ? "person_lead" : "person_none"))];
  if (reach.length) parts.push(terms(reach));
  if (settings.hours) parts.push(make("p", { class: "hint" }, settings.hours));
  parts.push(button(say("person_ask"), () => send("/human", say("person_ask")), { class: "choice" }));
  return parts;
}

export function morePanel(acts: Acts): Node[] {
  const { say } = acts, parts: Node[] = [];
  const part = (title: string, ...content: Node[]) => parts.push(make("section", {}, make("h2", {}, say(title)), ...content));
  if (!acts.ended) part("answers", answersSoFar(acts));
  if (acts.link) part("later", make("p", {}, say("later_lead"), ` ${say("reference")}: `, make("strong", {}, acts.reference ?? "")), make("p", { class: "hint" }, say("later_warning")), privateLink(acts, acts.link));
  if (acts.files) part("files_after", acts.files);
  part("record", button(say("record_text"), acts.download, { class: "choice" }));
  if (!acts.ended) part("device", ...onThisDevice(acts), make("p", {}, button(say("withdraw"), () => acts.send("/withdraw", say("withdraw")), { class: "link" })));
  // Explained before it is needed.
  if (acts.settings.leave_to) part("leave", make("p", {}, say("leave_lead")));
  return parts;
}

/** Every answer with a way to change it: those of the last read-back, and what was answered since. */
function answersSoFar({ say, parts, send }: Acts): Node {
  const found = new Map<string, { label: string; value: string; change: boolean }>();
  let asked: { id: string; kind: string; label: string } | null = null;
  for (const part of parts) {
    if ("entries" in part) {
      const question = questionOf(part.entries);
      asked = question ? { id: question.id, kind: question.kind, label: lastLine(lastText(part.entries)?.text ?? "").replace(/\?.*/, "?") } : null;
      if (question?.kind === "check") found.clear();
      if (question?.kind !== "confirm") question?.answers?.forEach((line) => found.set(line.id, line));
      else confirmed = question.answers ?? [];
    } else if (asked?.id === part.to && part.state !== "not_sent") {
      if (asked.kind === "confirm" && part.text.includes("=true")) confirmed.forEach((line) => found.set(line.id, line));
      if (part.text.startsWith("/change(")) found.delete(part.text.slice(8, -1));
      if (ANSWERS.test(part.text) && !["confirm", "check"].includes(asked.kind)) {
        found.set(asked.id, { label: asked.label, value: part.text === "/skip" ? say("not_given") : part.shown, change: asked.id !== "story" });
      }
    }
  }
  if (!found.size) return make("p", { class: "hint" }, say("answers_none"));
  return terms([...found].map(([id, line]) => [
    line.label,
    make("span", { class: "value" }, line.value),
    ...(line.change
      ? [changer(say, line.label, (shown) => send(`/change(${id})`, shown))]
      : []),
  ]), "terms answers");
}
let confirmed: { id: string; label: string; value: string; change: boolean }[] = [];
// A command or a question to us is no answer.
const ANSWERS = /^(?!\/(?!SetSlots|skip))/;

function privateLink({ say }: Acts, link: string): Node {
  const block = make("div", {}), told = make("p", { role: "status", class: "hint" });
  const show = () => {
    const field = make("input", { id: "link", readonly: "", value: link });
    const copy = button(say("copy"), () => {
      navigator.clipboard.writeText(link).then(() => (told.textContent = say("copied")), () => {
        field.select();
        told.textContent = say("copy_by_hand");
      });
    }, { class: "choice" });
    block.replaceChildren(make("label", { for: "link" }, say("link")), field, copy, told);
    field.focus();
    field.select();
  };
  // Shown only when it is asked for: somebody may be looking on.
  block.append(button(say("later_show"), show, { class: "choice" }));
  return block;
}

function onThisDevice({ say, keeping, keep, forget }: Acts): Node[] {
  const box = make("input", { type: "checkbox", id: "device-not" });
  box.checked = !keeping;
  box.onchange = () => keep(!box.checked);
  return [
    make("div", { class: "tick" }, box, make("label", { for: "device-not" }, say("device_not"))),
    make("p", { class: "hint" }, say("device_lead")),
    make("p", {}, button(say("device_end"), forget, { class: "link" })),
  ];
}

