"""From events to promised dates. Every instant is aware; every result is a local date of the pack's zone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from policy_rules.calendar import WorkingCalendar
from policy_rules.errors import ExtensionRefused
from policy_rules.pack import Clock, Duty, Event

# An event that has not happened yet has no entry; a clock that runs from it has no date yet.
Events = Mapping[Event, datetime | date]

# What happened before anybody complained: a window from there says whether this complaint came in time.
BEFORE_RECEIPT: tuple[Event, ...] = ("happened", "known_about")
# An event that is itself promised, and the kind of the clock that promises it: what waits for it has an outer bound.
PROMISED_BY: Mapping[Event, str] = {"acknowledged": "acknowledge"}
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Stop:
    """Local days on which a clock stands still, both ends included; `last` is None while nobody knows it."""

    first: date
    last: date | None = None

    def covers(self, day: date) -> bool:
        return self.first <= day and (self.last is None or day <= self.last)


def local_date(moment: datetime | date, calendar: WorkingCalendar) -> date:
    """The day on which an instant falls where the organisation is; a plain date is kept."""
    return moment.astimezone(calendar.zone).date() if isinstance(moment, datetime) else moment


def start_of(part: Clock | Duty, events: Events, calendar: WorkingCalendar) -> datetime | date | None:
    """The event that a part runs from: of two, the later of those that are known. None while there is none."""
    start = events.get(part.from_event)
    if not isinstance(part, Clock) or part.or_later is None:
        return start
    other = events.get(part.or_later)
    if start is None or other is None:
        return other if start is None else start
    return max(start, other, key=lambda moment: local_date(moment, calendar))


def due(
    part: Clock | Duty, events: Events, calendar: WorkingCalendar, stopped: Sequence[Stop] = ()
) -> date | None:
    """The last day of a clock or duty, or None while its event has not happened.

    `stopped` moves a clock that declares `may_stop`, and no other part: a day on which it stands still is not
    counted. None, too, while it stands still and nobody knows until when.
    """
    start = start_of(part, events, calendar)
    if start is None or part.amount is None or part.unit is None:
        return None
    if part.unit == "hour":
        begun = start if isinstance(start, datetime) else datetime.combine(start, time.max, calendar.zone)
        return local_date(begun + timedelta(hours=part.amount), calendar)
    first = local_date(start, calendar)
    last = calendar.add(first, part.amount, part.unit, first_day=part.first_day)
    if not stopped or not isinstance(part, Clock) or not part.may_stop:
        return last
    return _past_stops(first if part.first_day == "same" else first + ONE_DAY, last, part, calendar, stopped)


def _past_stops(
    first: date, last: date, clock: Clock, calendar: WorkingCalendar, stopped: Sequence[Stop]
) -> date | None:
    """`last`, moved on by one counted day for each counted day from `first` to `last` that is stopped."""

    def counted(day: date) -> bool:
        return clock.unit != "working_day" or calendar.is_working(day)

    def is_stopped(day: date) -> bool:
        return any(stop.covers(day) for stop in stopped)

    first = min(first, last)
    period = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    owed = sum(1 for day in period if counted(day) and is_stopped(day))
    while owed:
        last += ONE_DAY
        if any(stop.last is None and stop.first <= last for stop in stopped):
            return None
        if counted(last) and not is_stopped(last):
            owed -= 1
    return last


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


@dataclass(frozen=True, slots=True)
class Extended:
    """A promise that was moved: its new last day, what the person must be told, and whose contact they are given."""

    due: date
    must_tell: tuple[str, ...]
    contact: str | None


def extension_limit(clock: Clock, first_promised: date, calendar: WorkingCalendar) -> date | None:
    """The last day to which a clock may be moved; None where it has no extension, or no limit but consent."""
    extension = clock.extension
    if extension is None or extension.amount is None or extension.unit is None:
        return None
    return calendar.add(first_promised, extension.amount, extension.unit)


def extend(
    clock: Clock,
    promised: Sequence[date],
    to: date,
    *,
    on: date,
    calendar: WorkingCalendar,
    reason: str = "",
    agreed: bool = False,
) -> Extended:
    """Move a promise to the day `to`, as its policy allows; ExtensionRefused (422) says why it does not.

    `promised` are the last days promised so far, the first one first; `on` is the local day of the decision to
    extend, `agreed` whether the complainant agrees.
    """
    extension = clock.extension
    if extension is None:
        raise _refused("the policy has no extension for it", clock)
    if extension.times is not None and len(promised) > extension.times:
        raise _refused(f"it has been extended {len(promised) - 1} times, which is the limit", clock)
    current = promised[-1]
    if on > current:
        raise _refused(f"it ran out on {current}, and a promise is extended before it is broken", clock)
    if to <= current:
        raise _refused(f"{to} is no later than {current}, which is promised already", clock)
    limit = extension_limit(clock, promised[0], calendar)
    if limit is not None and to > limit:
        raise _refused(f"{limit} is the last day that the policy allows", clock)
    if extension.needs_reason and not reason.strip():
        raise _refused("a reason must be given", clock)
    if extension.needs_consent and not agreed:
        raise _refused("the complainant has to agree", clock)
    return Extended(to, extension.must_tell, extension.contact)


def _refused(why: str, clock: Clock) -> ExtensionRefused:
    return ExtensionRefused(f"'{clock.id}' cannot be extended: {why}.", where=clock.id)
