"""The days around a change of the rules: what is received then, by which rules, and which days it is promised."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from policy_rules.calendar import WorkingCalendar
from policy_rules.compiled import CompiledPack
from policy_rules.decide import decide
from policy_rules.decision import Decision
from policy_rules.words import plain

LAST_MINUTES, MORNING, NOON = time(23, 58), time(9), time(12)
LOOK_AHEAD = 400


@dataclass(frozen=True, slots=True)
class Edge:
    """A receipt near the change; `new`: the new rules govern it. `days` maps each promise to its day under the old
    and the new rules, None where there is none."""

    received_at: datetime
    what: str
    new: bool
    days: Mapping[str, tuple[date | None, date | None]]


def edges(
    old: CompiledPack, new: CompiledPack, facts: Mapping[str, str], effective_from: datetime
) -> list[Edge]:
    """One case received on each of the days that tell the old rules from the new ones."""
    found = []
    for at, what in receipts(effective_from, new.calendar):
        both = [_days(pack, facts, at) for pack in (old, new)]
        names = dict.fromkeys([*both[0], *both[1]])
        days = {name: (both[0].get(name), both[1].get(name)) for name in names}
        found.append(Edge(at, what, at >= effective_from, days))
    return found


def receipts(effective_from: datetime, calendar: WorkingCalendar) -> list[tuple[datetime, str]]:
    """The instants that are tried, and what is special about each; in order, no day twice but the first."""
    zone = calendar.zone
    first = effective_from.astimezone(zone).date()
    chosen: dict[datetime, str] = {}
    for day, clock, what in _receipts(first, calendar):
        at = datetime.combine(day, clock, zone)
        if not any(known.date() == day for known in chosen):
            chosen[at] = what
    if effective_from.astimezone(zone).time() > time():
        # It begins in the middle of a day.
        chosen[effective_from.astimezone(zone)] = "from the approval on"
    return sorted(chosen.items())


def _receipts(first: date, calendar: WorkingCalendar) -> Iterator[tuple[date, time, str]]:
    one = timedelta(days=1)
    yield first - one, LAST_MINUTES, f"the last minutes before{_kind(first - one, calendar)}"
    yield first, MORNING, f"the first day{_kind(first, calendar)}"
    working = calendar.on_or_after(first + one)
    yield working, MORNING, "the next working day"
    days = [first + timedelta(days=number) for number in range(LOOK_AHEAD)]
    weekend = next((day for day in days if day.weekday() >= 5), None)
    if weekend is not None:
        yield weekend, NOON, f"a {weekend:%A}"
    holiday = next((day for day in days[1:] if day.weekday() < 5 and not calendar.is_working(day)), None)
    if holiday is not None:
        yield holiday, NOON, "the next bank holiday"


def _kind(day: date, calendar: WorkingCalendar) -> str:
    if calendar.is_working(day):
        return ""
    return ", at a weekend" if day.weekday() >= 5 else ", a bank holiday"


def _days(pack: CompiledPack, facts: Mapping[str, str], at: datetime) -> dict[str, date | None]:
    known = {
        name: value
        for name, value in facts.items()
        if name in pack.accepted and (not pack.accepted[name] or value in pack.accepted[name])
    }
    decision = decide(pack, known, at, assume=True)
    if not isinstance(decision, Decision):
        return {}
    return {
        plain(clock.kind).capitalize(): clock.due for clock in decision.clocks if clock.by == "organisation"
    }
