"""From events to promised dates. Every instant is aware; every result is a local date of the pack's zone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from policy_rules.calendar import WorkingCalendar
from policy_rules.pack import Clock, Duty, Event

# An event that has not happened yet has no entry; a clock that runs from it has no date yet.
Events = Mapping[Event, datetime | date]


def local_date(moment: datetime | date, calendar: WorkingCalendar) -> date:
    """The day on which an instant falls where the organisation is; a plain date is kept."""
    return moment.astimezone(calendar.zone).date() if isinstance(moment, datetime) else moment


def due(part: Clock | Duty, events: Events, calendar: WorkingCalendar) -> date | None:
    """The last day of a clock or duty, or None while its event has not happened."""
    start = events.get(part.from_event)
    if start is None or part.amount is None or part.unit is None:
        return None
    if part.unit == "hour":
        begun = start if isinstance(start, datetime) else datetime.combine(start, time.max, calendar.zone)
        return local_date(begun + timedelta(hours=part.amount), calendar)
    return calendar.add(local_date(start, calendar), part.amount, part.unit, first_day=part.first_day)


@dataclass(frozen=True, slots=True)
class Window:
    """A complainant's window once the answer is there: `last_day` is the safe reading, `latest_day` the rival."""

    last_day: date
    latest_day: date | None


def window(clock: Clock, answered: date, calendar: WorkingCalendar) -> Window:
    """When a window that began with an answer on `answered` ends, under each reading that the pack names."""
    last = calendar.add(answered, clock.amount, clock.unit, first_day=clock.first_day)
    if clock.latest is None:
        return Window(last, None)
    rival = calendar.add(answered, clock.latest.amount, clock.latest.unit, first_day=clock.first_day)
    return Window(min(last, rival), max(last, rival))
