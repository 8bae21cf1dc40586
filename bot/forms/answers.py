"""What a question's page sends back, as the text of a message, or what is wrong with it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from bot.messages import OpenQuestion

UNKNOWN = "?"
SKIP = "/skip"


@dataclass(frozen=True, slots=True)
class Told:
    """The message, or the wording key of the problem. `value` is the answer as it would be kept, None for a skip."""

    text: str = ""
    value: str | None = None
    problem: str | None = None


def told(question: OpenQuestion, fields: Mapping[str, str], today: date) -> Told:
    """The answer that was posted for a question; `today` is the person's own date."""
    if "skip" in fields:
        return Told(SKIP)
    match question.kind:
        case "choice" | "yes_no" | "check" | "confirm":
            return _chosen(question, fields.get("answer", ""))
        case "date":
            return _day(question, fields, today)
        case _:
            return _written(question, fields.get("answer", ""))


def slots(values: Mapping[str, str]) -> str:
    """A message that sets answers, whatever characters they hold."""
    return f"/inform{json.dumps(dict(values), ensure_ascii=False)}"


def _chosen(question: OpenQuestion, answer: str) -> Told:
    if answer == UNKNOWN and question.optional:
        return Told(SKIP)
    if answer not in {value for value, _ in question.choices}:
        return Told(problem="choose_one")
    return Told(f"/SetSlots({question.id}={answer})", answer)


def _written(question: OpenQuestion, answer: str) -> Told:
    text = answer.replace("\r\n", "\n")
    if not text.strip():
        if question.optional:
            return Told(SKIP)
        return Told(problem="write_story" if question.id == "story" else "write_something")
    # Words that look like a button's message are words here.
    return Told(slots({question.id: text}) if text.lstrip().startswith("/") else text, text)


def _day(question: OpenQuestion, fields: Mapping[str, str], today: date) -> Told:
    parts = [fields.get(name, "").strip() for name in ("day", "month", "year")]
    if not any(parts):
        return Told(SKIP) if question.optional else Told(problem="date_missing")
    if not all(part.isascii() and part.isdigit() and len(part) <= 4 for part in parts):
        return Told(problem="date_missing")
    day, month, year = (int(part) for part in parts)
    try:
        # Who writes 26 means 2026.
        found = date(year + 2000 if year < 100 else year, month, day)
    except ValueError:
        return Told(problem="date_unreal")
    if found > today:
        return Told(problem="date_future")
    return Told(f"/SetSlots({question.id}={found.isoformat()})", found.isoformat())
