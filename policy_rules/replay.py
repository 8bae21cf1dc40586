"""Cases of the past under other rules: which would have gone elsewhere, which would have had other days.

What is decided of a case depends on which rules hold for it and on some days, and on nothing else. So cases are
compared by these, once for each combination: a hundred thousand cases make some thousands of decisions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from policy_rules.compiled import CompiledPack, Match
from policy_rules.deadlines import local_date
from policy_rules.decide import decide
from policy_rules.decision import Decision, Needs
from policy_rules.words import plain

ELSEWHERE, DATES, OTHERWISE = "elsewhere", "dates", "otherwise"
MOST_LISTED, MOST_EXAMPLES, MOST_KINDS = 25, 5, 40
DECISIONS_KEPT = 100_000
# More would only be in the way of whoever tidies memory: real cases share their facts with many others.
CLASSES_KEPT = 5_000
_NO_DAY = "no day"


@dataclass(frozen=True, slots=True)
class PastCase:
    """A case as far as the rules look at it. `facts` are text; `hidden`: it is counted, and not named."""

    reference: str
    facts: Mapping[str, str]
    received_at: datetime
    first_told_at: datetime | None = None
    original_received_at: datetime | None = None
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Field:
    """Something of a decision that would have been different, in words."""

    name: str
    was: str
    would_be: str


@dataclass(frozen=True, slots=True)
class Worked:
    """A case of the past under both; `fields` are what differs. No reference where it is not to be named."""

    reference: str | None
    received_on: date
    facts: Mapping[str, str]
    fields: tuple[Field, ...]


@dataclass(slots=True)
class Kind:
    """Cases that would have changed in the same way. `recent` of `count` are of the last days that were asked for."""

    what: str
    sort: str
    count: int = 0
    recent: int = 0
    hidden: int = 0
    references: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Replayed:
    """What a replay found. A case may be of several kinds; it is counted once in `elsewhere`, `dates`, `otherwise`.

    `looked_at` of `cases` were decided both ways; `unread` of these hold facts that their own rules do not take,
    `assumed` an answer that the new rules do not know. `seconds` it took; `longest_page` is the longest that one
    reading of the database took, for whoever waits behind it.
    """

    cases: int = 0
    looked_at: int = 0
    recent: int = 0
    unread: int = 0
    assumed: int = 0
    changed: dict[str, int] = field(default_factory=lambda: dict.fromkeys((ELSEWHERE, DATES, OTHERWISE), 0))
    changed_recent: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys((ELSEWHERE, DATES, OTHERWISE), 0)
    )
    kinds: list[Kind] = field(default_factory=list)
    examples: list[Worked] = field(default_factory=list)
    seconds: float = 0.0
    combinations: int = 0
    longest_page: float = 0.0

    @property
    def whole(self) -> bool:
        """Whether every case was looked at."""
        return self.looked_at == self.cases

    @property
    def same(self) -> bool:
        """Whether none of those that were looked at would have changed."""
        return not any(self.changed.values())


@dataclass(frozen=True, slots=True)
class _Class:
    """What a decision depends on, beside the days: the rules that apply under each pack, and what they ask of dates."""

    old: CompiledPack
    facts: tuple[Mapping[str, str], Mapping[str, str]]
    assumed: bool
    rules: tuple[tuple[str, ...], tuple[str, ...]]
    # Both decide alike on every day.
    same: bool
    # A period in hours depends on more than the day.
    exact: bool


@dataclass(frozen=True, slots=True)
class _Compared:
    fields: tuple[Field, ...]
    kinds: tuple[tuple[str, str], ...]
    sorts: frozenset[str]


_SAME = _Compared((), (), frozenset())


class Replay:
    """Takes cases one by one, each with the pack that decided it. `recent_from` counts apart what came since."""

    def __init__(self, new: CompiledPack, *, recent_from: datetime | None = None) -> None:
        self.new = new
        self.found = Replayed()
        self._recent_from = recent_from
        self._classes: dict[Any, _Class | None] = {}
        # By the conditions that hold: what follows from them.
        self._alike: dict[Any, tuple[Any, bool, bool] | None] = {}
        self._compared: dict[Any, _Compared] = {}
        self._kinds: dict[tuple[str, str], Kind] = {}
        self._examples: dict[tuple[tuple[str, str], ...], Worked] = {}
        self._day: Callable[[datetime], date] = lru_cache(maxsize=65_536)(
            lambda at: local_date(at, new.calendar)
        )

    def take(self, case: PastCase, old: CompiledPack, key: str) -> None:
        """Decide a case both ways. `key` stands for its facts: cases of one key have the same."""
        found = self.found
        found.looked_at += 1
        recent = self._recent_from is not None and case.received_at >= self._recent_from
        found.recent += recent
        at = (id(old), key)
        if at not in self._classes:
            if len(self._classes) >= CLASSES_KEPT:
                self._classes.clear()
            self._classes[at] = self._class_of(old, case.facts)
        of = self._classes[at]
        if of is None:
            found.unread += 1
            return
        found.assumed += of.assumed
        if of.same:
            return
        compared = self._compare(case, of)
        for sort in compared.sorts:
            found.changed[sort] += 1
            found.changed_recent[sort] += recent
        for kind in compared.kinds:
            self._count(kind, case, recent=recent)
        if compared.fields and compared.kinds not in self._examples and len(self._examples) < MOST_KINDS:
            self._examples[compared.kinds] = Worked(
                None if case.hidden else case.reference,
                self._day(case.received_at),
                case.facts,
                compared.fields,
            )

    def result(self) -> Replayed:
        """What was found so far; the kinds with the most cases first."""
        found = self.found
        found.kinds = sorted(self._kinds.values(), key=lambda kind: (-kind.count, kind.what))
        shown = sorted(
            self._examples.items(), key=lambda item: -max(self._kinds[kind].count for kind in item[0])
        )
        found.examples = [worked for _, worked in shown[:MOST_EXAMPLES]]
        found.combinations = len(self._compared)
        return found

    def _count(self, kind: tuple[str, str], case: PastCase, *, recent: bool) -> None:
        counted = self._kinds.get(kind)
        if counted is None:
            counted = self._kinds[kind] = Kind(kind[1], kind[0])
        counted.count += 1
        counted.recent += recent
        if case.hidden:
            counted.hidden += 1
        elif len(counted.references) < MOST_LISTED:
            counted.references.append(case.reference)

    def _class_of(self, old: CompiledPack, given: Mapping[str, str]) -> _Class | None:
        """None where the case's own rules do not take its facts."""
        own, lost_own = _known(old, given)
        draft, lost = _known(self.new, given)
        if lost_own:
            return None
        wholes = (old.with_defaults(own), self.new.with_defaults(draft))
        # What applies follows from which conditions hold; most cases share these with others.
        at = (id(old), old.alive(wholes[0]), self.new.alive(wholes[1]))
        if at not in self._alike:
            self._alike[at] = self._applying(old, wholes)
        found = self._alike[at]
        return None if found is None else _Class(old, (own, draft), bool(lost), *found)

    def _applying(
        self, old: CompiledPack, wholes: tuple[Mapping[str, str], Mapping[str, str]]
    ) -> tuple[Any, bool, bool] | None:
        """The rules that apply to a case, whether both decide alike on every day, and whether hours count."""
        matches = (old.match(wholes[0]), self.new.match(wholes[1]))
        if matches[0] is None or matches[1] is None:
            return None
        parts = (_parts(matches[0]), _parts(matches[1]))
        rules = (tuple([part.id for part in parts[0]]), tuple([part.id for part in parts[1]]))
        same = [_terms(part) for part in parts[0]] == [_terms(part) for part in parts[1]]
        exact = _counts_hours(old) or _counts_hours(self.new)
        return rules, same and _same_house(old, self.new), exact

    def _compare(self, case: PastCase, of: _Class) -> _Compared:
        instants = (case.received_at, case.first_told_at or case.received_at, case.original_received_at)
        days: tuple[Any, ...] = tuple(None if at is None else self._day(at) for at in instants)
        if of.exact:
            days = instants
        dated = (of.facts[0].get("previous_response_at"), of.facts[0].get("stage_reached"))
        key = (id(of.old), of.rules, dated, days)
        found = self._compared.get(key)
        if found is None:
            if len(self._compared) >= DECISIONS_KEPT:
                self._compared.clear()
            found = self._compared[key] = self._decided(case, of)
        return found

    def _decided(self, case: PastCase, of: _Class) -> _Compared:
        both = [
            decide(
                pack,
                facts,
                case.received_at,
                assume=True,
                first_told_at=case.first_told_at,
                original_received_at=case.original_received_at,
            )
            for pack, facts in zip((of.old, self.new), of.facts, strict=True)
        ]
        was, would_be = both
        if isinstance(was, Needs) or isinstance(would_be, Needs):
            raise LookupError("no default settles a case of the past")
        return compare(was, would_be)


def compare(was: Decision, would_be: Decision) -> _Compared:
    """What differs between two decisions of one case, in words, and of which kind that is."""
    fields, kinds = [], []
    for name, before, after in _routing(was, would_be):
        if before != after:
            fields.append(Field(name, before, after))
            kinds.append((ELSEWHERE, f"{name}: {before}, would be {after}"))
    for name, one, other in _days(was, would_be):
        if one != other:
            fields.append(Field(name, _day_words(one), _day_words(other)))
            kinds.append((DATES, f"{name}: {_moved(one, other)}"))
    for name, before, after in _rest(was, would_be):
        if before != after:
            fields.append(Field(name, before, after))
            kinds.append((OTHERWISE, f"{name}: {before}, would be {after}"))
    if not fields:
        return _SAME
    return _Compared(tuple(fields), tuple(kinds), frozenset(sort for sort, _ in kinds))


def _routing(was: Decision, would_be: Decision) -> list[tuple[str, str, str]]:
    pairs = [("What is done", "disposition"), ("Who answers", "handler"), ("Stage", "stage")]
    found = [(name, _said(getattr(was, at)), _said(getattr(would_be, at))) for name, at in pairs]
    contacts = [
        ", ".join(text for text in side.contact.values() if text) or "none" for side in (was, would_be)
    ]
    return [*found, ("Contact", contacts[0], contacts[1])]


def _days(was: Decision, would_be: Decision) -> list[tuple[str, Any, Any]]:
    """The days of clocks and duties by kind: a day, no day yet, or nothing where it does not apply."""
    sides = []
    for side in (was, would_be):
        days: dict[str, Any] = {plain(clock.kind).capitalize(): clock.due or _NO_DAY for clock in side.clocks}
        days |= {f"{plain(duty.kind).capitalize()} (duty)": duty.due or _NO_DAY for duty in side.duties}
        sides.append(days)
    return [(name, sides[0].get(name), sides[1].get(name)) for name in dict.fromkeys([*sides[0], *sides[1]])]


def _rest(was: Decision, would_be: Decision) -> list[tuple[str, str, str]]:
    warned = [", ".join(sorted({plain(w.kind) for w in side.warnings})) or "none" for side in (was, would_be)]
    limits = [
        "; ".join(f"{plain(c.kind)} {c.amount} {plain(c.unit or '')} {c.force}".strip() for c in side.clocks)
        or "none"
        for side in (was, would_be)
    ]
    # A day that moved says it already.
    limits = limits if [c.due for c in was.clocks] == [c.due for c in would_be.clocks] else ["", ""]
    return [
        ("Who is next", _said(was.escalate_to), _said(would_be.escalate_to)),
        ("Time to take it further", _said(was.escalate_within), _said(would_be.escalate_within)),
        ("Limits", limits[0], limits[1]),
        ("Warnings", warned[0], warned[1]),
    ]


def _said(value: str | None) -> str:
    return plain(value) if value else "nobody named" if value is None else "none"


def _day_words(value: Any) -> str:
    if isinstance(value, date):
        return f"{value:%A} {value.day} {value:%B %Y}"
    return "not promised" if value is None else "no day until something happens"


def _moved(one: Any, other: Any) -> str:
    if one is None:
        return "would be promised, and was not"
    if other is None:
        return "would not be promised any more"
    if isinstance(one, date) and isinstance(other, date):
        return "an earlier day" if other < one else "a later day"
    return "would wait for something else"


def _parts(match: Match) -> list[Any]:
    """Everything that applies to a case."""
    found = [match.route, match.escalation, *match.clocks, *match.duties, *match.warnings, match.window]
    return [part for part in found if part is not None]


# What of a rule is only read, or has done its work once the rule applies.
_READ = {"id", "clause", "says", "readings", "when", "routes"}


def _terms(part: Any) -> tuple[str, str]:
    return type(part).__name__, part.model_dump_json(exclude=_READ)


def _same_house(old: CompiledPack, new: CompiledPack) -> bool:
    """Whether what decides beside the rules is the same: days off, contacts, the review of the policy."""
    houses = [(side.pack.calendar, side.pack.contacts, side.pack.source.next_review) for side in (old, new)]
    return houses[0] == houses[1]


def _known(compiled: CompiledPack, given: Mapping[str, str]) -> tuple[dict[str, str], int]:
    """The facts that a pack takes, and how many it tests but does not take with their value."""
    found: dict[str, str] = {}
    lost = 0
    for name, value in given.items():
        allowed = compiled.accepted.get(name)
        if allowed is None or (allowed and value not in allowed):
            lost += 1
        else:
            found[name] = value
    return found, lost


def _counts_hours(compiled: CompiledPack) -> bool:
    units = {clock.unit for clock in compiled.pack.clocks} | {duty.unit for duty in compiled.pack.duties}
    return "hour" in units
