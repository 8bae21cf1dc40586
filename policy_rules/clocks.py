"""The clocks and duties of one case, with their dates, as a Decision shows them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from policy_rules.calendar import FIRST_YEAR, LAST_YEAR, WorkingCalendar
from policy_rules.compiled import CompiledPack, Match
from policy_rules.deadlines import (
    BEFORE_RECEIPT,
    PROMISED_BY,
    Events,
    due,
    extension_limit,
    local_date,
    start_of,
    window,
)
from policy_rules.decision import Caution, DueClock, DueDuty, DueExtension
from policy_rules.errors import BadInstant, UnknownEvent, unknown
from policy_rules.pack import Clock, Duty, Event, Extension

# What a request may tell of, beside the receipts that it has fields for: `acknowledged_at` and so on.
GIVEN_EVENTS: tuple[Event, ...] = (
    "acknowledged",
    "response_received",
    "response_dated",
    "transferred",
    "resolved",
    "happened",
    "known_about",
)
OUTSIDE = "outside_window"


def parse_events(compiled: CompiledPack, given: Mapping[str, Any], where: str = "events") -> Events:
    """JSON events (`{"acknowledged_at": "2026-12-29"}`, dates or instants) by name; null has not happened.

    UnknownEvent (422) names the nearest right name, BadInstant (422) what is wrong with a time.
    """
    names: dict[str, Event] = {f"{event}_at": event for event in GIVEN_EVENTS}
    events: dict[Event, datetime | date] = {}
    for name, value in given.items():
        if name not in names:
            raise unknown(UnknownEvent, "event", name, names, f"{where}.{name}")
        if value is not None:
            events[names[name]] = _parse_moment(value, f"{where}.{name}")
    return events


def _parse_moment(value: Any, where: str) -> datetime | date:
    text = value if isinstance(value, str) else ""
    moment: datetime | date | None
    try:
        moment = date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or (isinstance(moment, datetime) and moment.tzinfo is None):
        raise BadInstant(
            "Give a date like 2026-11-30, or an instant with an offset like 2026-11-30T09:00:00+00:00.",
            where=where,
            found=str(value)[:60],
        )
    if not FIRST_YEAR <= moment.year < LAST_YEAR:
        raise BadInstant(f"The year {moment.year} cannot be used.", where=where, found=text[:60])
    return moment


def due_clocks(clocks: Sequence[Clock], events: Events, compiled: CompiledPack) -> tuple[DueClock, ...]:
    """The clocks of one case in the order given; one that waits is bounded by the promise that it waits for."""
    calendar = compiled.calendar
    if not compiled.waits:
        return tuple([_due_clock(clock, events, {}, calendar) for clock in clocks])
    bounds: dict[Event, datetime | date] = {}
    for event, kind in PROMISED_BY.items():
        promised = next((due(clock, events, calendar) for clock in clocks if clock.kind == kind), None)
        if promised is not None:
            bounds[event] = promised
    return tuple([_due_clock(clock, events, bounds, calendar) for clock in clocks])


def _due_clock(clock: Clock, events: Events, bounds: Events, calendar: WorkingCalendar) -> DueClock:
    """`bounds` are the last days of events that are promised and have not happened."""
    last, latest, both = due(clock, events, calendar), None, None
    if last is None:
        latest = due(clock, bounds, calendar)
    elif clock.latest is not None and (start := start_of(clock, events, calendar)) is not None:
        both = window(clock, local_date(start, calendar), calendar)
        last, latest = both.last_day, both.latest_day
    return DueClock(
        kind=clock.kind,
        by=clock.by,
        due=last,
        amount=clock.amount,
        unit=clock.unit,
        from_event=clock.from_event,
        first_day=clock.first_day,
        force=clock.force,
        clause=clock.clause,
        two_readings=clock.latest is not None,
        last_day=both.last_day if both else None,
        latest_day=latest,
        extension=_extension(clock, clock.extension, last, calendar) if clock.extension else None,
        or_later=clock.or_later,
        may_stop=clock.may_stop,
        early_exit=clock.early_exit,
        discretion=clock.discretion,
    )


def _extension(
    clock: Clock, allowed: Extension, last: date | None, calendar: WorkingCalendar
) -> DueExtension:
    """How far this clock may be moved: to which day, once its own last day is known and the policy has a limit."""
    return DueExtension(
        amount=allowed.amount,
        unit=allowed.unit,
        times=allowed.times,
        needs_reason=allowed.needs_reason,
        needs_consent=allowed.needs_consent,
        must_tell=allowed.must_tell,
        latest_day=extension_limit(clock, last, calendar) if last is not None else None,
    )


def due_duties(
    duties: Iterable[Duty], clocks: tuple[DueClock, ...], events: Events, compiled: CompiledPack
) -> tuple[DueDuty, ...]:
    """The duties of one case; `clocks` are its clocks, for the duties that are due together with one."""
    return tuple([_due_duty(duty, clocks, events, compiled) for duty in duties])


def _due_duty(duty: Duty, clocks: tuple[DueClock, ...], events: Events, compiled: CompiledPack) -> DueDuty:
    if duty.together_with is None and duty.if_missed is None:
        return DueDuty(duty.kind, due(duty, events, compiled.calendar), duty.clause)
    last = due(duty, events, compiled.calendar)
    if duty.together_with is not None:
        last = next((clock.due for clock in clocks if clock.kind == duty.together_with), None)
    return DueDuty(duty.kind, last, duty.clause, duty.together_with, duty.if_missed)


def after_exit(match: Match, events: Events, compiled: CompiledPack) -> Match:
    """What is left of a case that was resolved in time to leave the policy: the exit, and nothing that it turns off."""
    exit_taken = taken_exit(match.clocks, events, compiled)
    if exit_taken is None:
        return match
    return replace(match, clocks=(exit_taken,), duties=(), silences=())


def taken_exit(clocks: Iterable[Clock], events: Events, compiled: CompiledPack) -> Clock | None:
    """The early exit of a case that was resolved by its last day."""
    resolved = events.get("resolved")
    if resolved is None:
        return None
    for clock in clocks:
        if clock.early_exit:
            last = due(clock, events, compiled.calendar)
            if last is not None and local_date(resolved, compiled.calendar) <= last:
                return clock
    return None


def too_late(match: Match, events: Events, compiled: CompiledPack, received: date) -> list[Caution]:
    """A warning for each window from before the complaint that was over when it was received."""
    found = []
    for clock in match.clocks:
        if clock.by != "complainant" or clock.from_event not in BEFORE_RECEIPT:
            continue
        last = due(clock, events, compiled.calendar)
        if last is not None and received > last:
            allowed = "may still take it" if clock.discretion else "decides whether to take it"
            says = f"This came after {last.isoformat()}, the last day to complain. A person {allowed}."
            found.append(
                Caution(OUTSIDE, OUTSIDE, says, clock.clause, last_day=last, discretion=clock.discretion)
            )
    return found
