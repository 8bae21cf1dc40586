// Dates as a calendar file (RFC 5545): whole days, so that no time zone can move them.

export interface Event { kind: string; day: string; reference: string; title: string }

export function calendar(events: Event[], now: Date): string {
  const stamp = now.toISOString().replace(/[-:]|\.\d+/g, "");
  const lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Hearout//Complaint dates//EN", "CALSCALE:GREGORIAN"];
  for (const { kind, day, reference, title } of events) {
    lines.push(
      "BEGIN:VEVENT",
      `UID:${reference}-${kind}-${day}@hearout`,
      `DTSTAMP:${stamp}`,
      `DTSTART;VALUE=DATE:${compact(day, 0)}`,
      `DTEND;VALUE=DATE:${compact(day, 1)}`,
      `SUMMARY:${title.replace(/[\\;,]/g, "\\$&").replace(/\r?\n/g, "\\n")}`,
      "TRANSP:TRANSPARENT",
      "END:VEVENT",
    );
  }
  return [...lines, "END:VCALENDAR"].map(fold).join("\r\n") + "\r\n";
}

function compact(day: string, later: number): string {
  const date = new Date(`${day.slice(0, 10)}T00:00:00Z`);
  date.setUTCDate(date.getUTCDate() + later);
  return date.toISOString().slice(0, 10).replaceAll("-", "");
}

/** A line of at most 75 octets; what is over goes on the next, after a blank. */
function fold(line: string): string {
  let folded = "", octets = 0;
  for (const letter of line) {
    const size = new TextEncoder().encode(letter).length;
    if (octets + size > 75) {
      folded += "\r\n ";
      octets = 1;
    }
    folded += letter;
    octets += size;
  }
  return folded;
}
