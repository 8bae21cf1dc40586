"""The promised days of a complaint as a calendar file (RFC 5545) for whoever complained."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from bot.dialogue import outcome
from bot.dialogue.context import Context

MEDIA_TYPE = "text/calendar; charset=utf-8"


def has_days(context: Context, record: Mapping[str, Any]) -> bool:
    """Whether the case promises any day at all."""
    return any(True for _ in _promised(context, record))


def diary(context: Context, records: Iterable[Mapping[str, Any]], made_at: datetime) -> bytes:
    """One all-day event for each promise of these cases, said as the page says it."""
    # Few ask for a calendar file: it is loaded for the first who does.
    from icalendar import Calendar, Event

    calendar = Calendar()
    calendar.add("prodid", "-//Hearout//Complaint//EN")
    calendar.add("version", "2.0")
    for record in records:
        for kind, day, says in _promised(context, record):
            event = Event()
            event.add("uid", f"{record['reference']}.{kind}@{record['organisation']}.hearout")
            event.add("dtstamp", made_at)
            event.add("dtstart", day)
            event.add("dtend", day + timedelta(days=1))
            event.add("summary", f"{context.compiled.pack.organisation.short_name}: {says}")
            event.add("description", record["reference"])
            event.add("transp", "TRANSPARENT")
            calendar.add_component(event)
    return bytes(calendar.to_ical())


def _promised(context: Context, record: Mapping[str, Any]) -> Iterable[tuple[str, date, str]]:
    decision = record.get("decision")
    if decision is not None and record["state"] in ("filed", "informal"):
        yield from outcome.promises(context, decision)
