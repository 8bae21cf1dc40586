"""Worked examples of a difference between two packs: one case decided by both, and what differs, in words."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from policy_rules.calendar import FIRST_YEAR, LAST_YEAR
from policy_rules.compiled import CompiledPack
from policy_rules.decide import CHECK_CONTACTS_EVERY, decide
from policy_rules.joint import Joint
from policy_rules.limits import Budget, Undecided
from policy_rules.words import Outcome, plain

# What a person or a case system sees of a Decision; its reasons are no consequence.
SEEN = (
    "disposition handler stage stage_name contact acknowledge_by respond_by clocks escalate_to escalate_within"
    " duties warnings"
).split()
_WORDS = ("clause", "says")
LOOK_AHEAD = 400
TRIALS, TRIAL_SECONDS = 2000, 1.0


@dataclass(frozen=True, slots=True)
class Example:
    """One case under both packs; `differs` maps each field of the Decision that differs to (old, new) as JSON."""

    facts: dict[str, str]
    received_at: datetime
    differs: dict[str, tuple[Any, Any]]

    def as_json(self) -> dict[str, Any]:
        return {
            "facts": dict(self.facts),
            "received_at": self.received_at.isoformat(),
            "was": {name: pair[0] for name, pair in self.differs.items()},
            "would_be": {name: pair[1] for name, pair in self.differs.items()},
        }


def differing_example(joined: Joint, facts: Mapping[str, str], received_at: datetime) -> Example:
    """The case decided by both packs on the stated receipt, or on the first one found where they differ.

    `differs` is empty only if no receipt that was tried shows a difference (a date that moves every few years).
    """
    first: Example | None = None
    for moment in (received_at, *_other_moments(joined, received_at)):
        for answered in _answers(joined, facts, moment):
            case = {**facts, **answered}
            differs = _differs(joined, case, moment)
            example = Example(case, moment, differs)
            if differs:
                return example
            first = first or example
    return first or Example(dict(facts), received_at, {})


def _differs(joined: Joint, facts: Mapping[str, str], moment: datetime) -> dict[str, tuple[Any, Any]]:
    shown = [_shown(side, facts, moment) for side in (joined.old, joined.new)]
    pairs = {name: (shown[0].get(name), shown[1].get(name)) for name in SEEN}
    differing = {name: pair for name, pair in pairs.items() if _bare(pair[0]) != _bare(pair[1])}
    return differing or {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def _shown(side: CompiledPack, facts: Mapping[str, str], moment: datetime) -> dict[str, Any]:
    try:
        return decide(side, facts, moment, assume=True).as_json()
    except LookupError:
        # An unsound pack may have no route for this case.
        return {}


def _bare(value: Any) -> Any:
    """A field without the words that people only read."""
    if isinstance(value, list):
        return [_bare(item) for item in value]
    if isinstance(value, dict):
        return {key: inner for key, inner in value.items() if key not in _WORDS}
    return value


def _answers(joined: Joint, facts: Mapping[str, str], moment: datetime) -> Iterator[dict[str, str]]:
    """Days on which the last answer may have come: a late escalation shows where a window differs."""
    yield {}
    whole = [side.with_defaults(facts) for side in (joined.old, joined.new)]
    matches = [side.match(w) for side, w in zip((joined.old, joined.new), whole, strict=True)]
    if any(match is not None and match.window is not None for match in matches):
        for days in range(1, 120):
            yield {"previous_response_at": (moment.date() - timedelta(days=days)).isoformat()}


def _other_moments(joined: Joint, received_at: datetime) -> Iterator[datetime]:
    """Receipts at which a difference of dates may show, likeliest first."""
    at = received_at.timetz()
    for day in _days_of_note(joined):
        if FIRST_YEAR < day.year < LAST_YEAR:
            yield datetime.combine(day, at)
    for days in range(1, LOOK_AHEAD):
        later = received_at + timedelta(days=days)
        if later.year < LAST_YEAR:
            yield later
    # Late on a summer evening two time zones may not agree on the day.
    yield datetime.combine(date(received_at.year, 7, 1), time(23, 30), UTC)
    yield datetime.combine(date(received_at.year, 7, 1), time(3, 30), UTC)


def _days_of_note(joined: Joint) -> Iterator[date]:
    sides = (joined.old, joined.new)
    for side in sides:
        if side.pack.source.next_review is not None:
            yield side.pack.source.next_review + timedelta(days=1)
        for contact in side.contacts.values():
            if contact.stale is not None:
                yield contact.stale.since
            if contact.checked_on is not None:
                yield contact.checked_on + CHECK_CONTACTS_EVERY + timedelta(days=1)
    if joined.old.pack.calendar != joined.new.pack.calendar:
        closed = [set(side.calendar.closures) for side in sides]
        for day in sorted(closed[0] ^ closed[1]):
            yield from (day - timedelta(days=back) for back in range(45))


# --- trying cases, where proof takes too long --------------------------------------------------------------------


def trial_groups(joined: Joint, received_at: datetime) -> dict[tuple[Outcome, Outcome], Example]:
    """One example for each pair of outcomes that differed among the cases tried: the packs' own, then random ones.

    For one second at most. Nothing found proves nothing.
    """
    found: dict[tuple[Outcome, Outcome], Example] = {}
    budget = Budget(TRIAL_SECONDS)
    try:
        for facts in _trial_cases(joined):
            budget.look()
            differs = _differs(joined, facts, received_at)
            if differs:
                pair = (_outcome(joined.old, facts), _outcome(joined.new, facts))
                found.setdefault(pair, Example(dict(facts), received_at, differs))
    except Undecided:
        pass
    return found


def _trial_cases(joined: Joint) -> Iterator[dict[str, str]]:
    new = joined.new
    facts = dict.fromkeys([*joined.old.tested, *new.tested])
    usual = {**joined.old.with_defaults({}), **new.with_defaults({})}
    usual = {fact: usual.get(fact, new.accepted[fact][0]) for fact in facts}
    for side in (joined.old, new):
        for example in side.pack.examples:
            yield {**usual, **{f: v for f, v in example.facts.items() if f in facts}}
    chance = random.Random(0)  # noqa: S311 - the same cases every time, and no secret
    for _ in range(TRIALS):
        yield {fact: chance.choice(new.accepted[fact]) for fact in facts}


def _outcome(side: CompiledPack, facts: Mapping[str, str]) -> Outcome:
    match = side.match(side.with_defaults(facts))
    if match is None:
        return None
    route = match.route
    return (route.disposition, route.handler, route.stage, route.stage_name)


# --- words -------------------------------------------------------------------------------------------------------


def aspect_words(name: str, was: Any, would_be: Any) -> tuple[str, str]:
    """Both states of one aspect (see `joint.aspects`), as noun phrases that differ."""
    sort = name.partition(" ")[0]
    if sort == "clock":
        return _several(was, _clock_words, "no time"), _several(would_be, _clock_words, "no time")
    if sort == "duty":
        return _several(was, _duty_words, "no duty"), _several(would_be, _duty_words, "no duty")
    if sort == "warning":
        return _several(was, str, "no warning"), _several(would_be, str, "no warning")
    if name == "last day":
        return _window_words(was), _window_words(would_be)
    if name == "escalation":
        return _next_words(was), _next_words(would_be)
    if name == "contact":
        return _address(was), _address(would_be)
    return _days(was), _days(would_be)


def _several(parts: Any, words: Any, none: str) -> str:
    return "; ".join(words(part) for part in parts) if parts else none


def _span_words(terms: dict[str, Any]) -> str:
    """How long something runs and how it is counted."""
    amount, unit = terms.get("amount"), terms.get("unit")
    text = f"{amount} {plain(unit)}{'' if amount == 1 else 's'}" if unit else "no time of its own"
    text += ", the first day counted" if terms.get("first_day") == "same" else ""
    if latest := dict(terms.get("latest", ())):
        text += f", or {latest['amount']} {plain(latest['unit'])}s under the other reading"
    if terms.get("days"):
        text += f", counted on {terms['days']}"
    return text + (f", in {terms['zone']}" if terms.get("zone") else "")


# Said in words of their own, or by the span.
_SAID = "amount unit first_day latest days zone from_event by force or_later".split()


def _others(terms: dict[str, Any]) -> str:
    """The terms that have no words of their own, as they stand in the pack."""
    return "".join(f", {plain(name)}: {_value(v)}" for name, v in terms.items() if name not in _SAID)


def _value(value: Any) -> str:
    if isinstance(value, tuple):
        pairs = all(isinstance(item, tuple) and len(item) == 2 for item in value)
        return " ".join(f"{plain(item[0])} {_value(item[1])}" if pairs else str(item) for item in value)
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _clock_words(part: Any) -> str:
    terms = dict(part)
    event = plain(terms.get("from_event", "received"))
    if terms.get("or_later"):
        event += f" or {plain(terms['or_later'])}, the later"
    whose = " for the complainant" if terms.get("by") == "complainant" else ""
    return f"{_span_words(terms)} from {event}{whose} ({plain(terms.get('force', ''))}){_others(terms)}"


def _window_words(part: Any) -> str:
    return f"{_span_words(dict(part))} after the answer{_others(dict(part))}" if part else "no last day"


def _duty_words(part: Any) -> str:
    terms = dict(part)
    if "amount" not in terms:
        return f"a duty without a date{_others(terms)}"
    return f"{_span_words(terms)} from {plain(terms.get('from_event', 'received'))}{_others(terms)}"


def _next_words(part: Any) -> str:
    if not part:
        return "nobody is next"
    to, within = part
    return f"{to} is next{f', within {within}' if within else ''}"


def _address(part: Any) -> str:
    return ", ".join(line for line in part or () if line) or "no address"


def _days(part: Any) -> str:
    if isinstance(part, date):
        return f"review due by {part.isoformat()}"
    return ", ".join(f"checked or out of date on {day.isoformat()}" for day in part or ()) or "none"
