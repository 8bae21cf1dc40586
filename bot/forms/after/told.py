"""A case in words, for the person whose it is: where it stands, what was promised, what has happened, what comes next.

Nothing of it is anybody's opinion: states and days are those of the case, its clocks and its events. What staff note
beside a case, and the words of the complaint itself, are not shown.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from bot.dialogue.context import NOT_OURS, Context
from cases.afterwards import COMPLAINANT, Standing
from cases.clock_moves import ClockRow
from policy_rules.deadlines import local_date

CLOCKS = (
    "acknowledge",
    "respond",
    "inform_of_action",
    "resolve_aim",
    "written_record",
    "statutory_acknowledge",
)
_EVENTS = (
    "acknowledged recorded responded resolved fulfilled closed reopened paused resumed extended"
).split()
_ANSWERED = ("responded", "resolved")


@dataclass(frozen=True, slots=True)
class Promise:
    """One thing that was promised: what, by when, and what became of it, each a sentence or a part of one."""

    what: str
    when: str
    notes: list[str]
    open: bool


@dataclass(frozen=True, slots=True)
class Told:
    """A case in words."""

    stands: list[str]
    next: list[str]
    promises: list[Promise] = field(default_factory=list)
    history: list[tuple[str, str]] = field(default_factory=list)
    handler: str | None = None
    linked: list[str] = field(default_factory=list)
    contact: list[tuple[str, str]] = field(default_factory=list)


def told(context: Context, seen: Standing, now: datetime) -> Told:
    """What may be told of a case that nothing has to be withheld of."""
    calendar, decision = context.compiled.calendar, seen.record.decision or {}
    today = local_date(now, calendar)
    ours = decision.get("disposition") not in NOT_OURS
    promises = [_promise(context, row, today) for row in seen.clocks if row.by == "organisation"]
    contact = [(kind, value) for kind, value in (decision.get("contact") or {}).items() if value]
    return Told(
        stands=[*_stands(context, seen)],
        next=[*_next(context, seen, today)],
        promises=promises,
        history=[*_history(context, seen)],
        handler=decision.get("handler") if ours or seen.record.state == "signposted" else None,
        linked=[*_linked(context, seen)],
        contact=[(kind, value) for kind, value in contact if kind in ("email", "phone", "post", "url")],
    )


def answered(seen: Standing) -> bool:
    """Whether there is an answer that the person may take further, and has not."""
    if seen.taken_further is not None:
        return False
    if seen.closing is not None:
        return seen.closing["outcome"] in ("upheld", "partly_upheld", "not_upheld", "resolved")
    return seen.progress == "responded"


def window_of(seen: Standing) -> date | None:
    """The last day on which the person may take the answer further; None where there is none, or no answer."""
    days = [row.due for row in seen.clocks if row.by == "complainant" and row.due is not None]
    return max(days) if days and answered(seen) else None


def _stands(context: Context, seen: Standing) -> Iterator[str]:
    say, record = context.words.say, seen.record
    if record.received_at is not None:
        day = local_date(record.received_at, context.compiled.calendar)
        yield say("after.received", date=context.words.date(day))
    if record.state in ("withdrawn", "signposted"):
        yield say(f"after.state_{record.state}")
        return
    if record.state == "informal" and seen.progress == "received":
        yield say("after.state_informal")
        return
    yield say(f"after.state_{seen.progress}")
    if seen.closing is not None:
        yield say(f"after.outcome_{seen.closing['outcome']}")


def _next(context: Context, seen: Standing, today: date) -> Iterator[str]:
    """What comes next and by when; the nearest day first, then the person's own window."""
    words, say = context.words, context.words.say
    if seen.record.state == "withdrawn":
        yield say("after.withdrawn_next")
        return
    if (seen.record.decision or {}).get("disposition") in NOT_OURS:
        yield say("outcome.all_the_same") if seen.record.state != "signposted" else say("outcome.come_back")
        return
    owed = [row for row in seen.clocks if row.is_open]
    for row in owed:
        if row.due is not None and row.state != "paused":
            late = f" {say('after.overdue')}" if row.due < today else ""
            yield say("after.owed", what=_what(context, row), date=words.date(row.due)) + late
    if not any(row.due is not None for row in owed):
        key = "closed_next" if seen.progress == "closed" else "nothing_owed" if seen.clocks else "no_date"
        yield say(f"after.{key}")
    if (last := window_of(seen)) is not None:
        yield say("after.window" if today <= last else "after.window_over", date=words.date(last))


def _promise(context: Context, row: ClockRow, today: date) -> Promise:
    words, say, calendar = context.words, context.words.say, context.compiled.calendar
    when = say("after.by", date=words.date(row.due)) if row.due is not None else say("after.no_date")
    notes = []
    if row.promised is not None and row.promised != row.due:
        notes.append(say("after.first_said", date=words.date(row.promised)))
    if row.extended_reason:
        notes.append(say("after.why_later", reason=row.extended_reason))
    if row.met_at is not None:
        key = "done_on" if row.state == "met" else "done_late"
        notes.append(say(f"after.{key}", date=words.date(local_date(row.met_at, calendar))))
    elif row.state == "stopped":
        notes.append(say("after.no_longer"))
    elif row.state == "paused":
        notes.append(say("after.standing_still"))
    elif row.due is not None and row.due < today:
        notes.append(say("after.overdue"))
    return Promise(_what(context, row), when, notes, row.is_open)


def _what(context: Context, row: ClockRow) -> str:
    if row.kind in CLOCKS:
        return context.words.say(f"after.clock_{row.kind}")
    return context.words.clock_name(row.kind)


def _history(context: Context, seen: Standing) -> Iterator[tuple[str, str]]:
    """Day and event, the first one first."""
    words, calendar = context.words, context.compiled.calendar
    if seen.record.received_at is not None:
        day = local_date(seen.record.received_at, calendar)
        yield words.date(day), words.say("after.event_received")
    for event in seen.events:
        if event["kind"] in _EVENTS:
            day = local_date(datetime.fromisoformat(event["at"]), calendar)
            yield words.date(day), words.say(f"after.event_{_kind(event)}")


def _kind(event: dict[str, Any]) -> str:
    kind = str(event["kind"])
    if event["by"] == COMPLAINANT.name:
        return {"closed": "withdrawn", "reopened": "reopened_by_you"}.get(kind, kind)
    return kind


def _linked(context: Context, seen: Standing) -> Iterator[str]:
    for reference in seen.record.linked:
        key = "earlier" if reference == seen.record.escalated_from else "later"
        key = "taken_further" if reference == seen.taken_further else key
        yield context.words.say(f"after.{key}", reference=reference)
