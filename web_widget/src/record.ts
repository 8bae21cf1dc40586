// The conversation as a text file, for the person to keep.
import type { Part, Settings } from "./shapes";
import { inWords, type Say } from "./words";

export function record(parts: Part[], reference: string | null, settings: Settings, say: Say, now: Date): string {
  const lines = [settings.name, inWords(now.toISOString().slice(0, 10), settings.language)];
  if (reference) lines.push(`${say("reference")}: ${reference}`);
  for (const part of parts) {
    if ("entries" in part) {
      const texts = part.entries.flatMap((entry) => entry.text ?? []);
      lines.push("", `${settings.short}: ${texts.join("\n\n")}`);
    } else {
      lines.push("", `${say("you_said")} ${part.shown}${part.state === "received" ? "" : ` [${say(part.state)}]`}`);
    }
  }
  return `${lines.join("\n").replace(/\r?\n/g, "\r\n")}\r\n`;
}
