"""Checks of one pack's clocks and duties that need no case: a rule for months, extensions, kinds that they name."""

from __future__ import annotations

from collections.abc import Iterator

from policy_rules.deadlines import BEFORE_RECEIPT, PROMISED_BY
from policy_rules.errors import hint
from policy_rules.pack import Clock, Duty, Pack, Unit

Location = tuple[str | int, ...]
Finding = tuple[Location, str]


def check_clocks(pack: Pack) -> Iterator[Finding]:
    """What is wrong with a pack's periods, with the place where it stands and the cure."""
    for i, clock in enumerate(pack.clocks):
        here: Location = ("clocks", i)
        yield from _months(pack, clock, here)
        yield from _extension(pack, clock, (*here, "extension"))
        yield from _switches(clock, here)
    kinds = list(dict.fromkeys(clock.kind for clock in pack.clocks))
    for i, duty in enumerate(pack.duties):
        yield from _months(pack, duty, ("duties", i))
        yield from _duty(duty, kinds, ("duties", i))


def _units(part: Clock | Duty) -> Iterator[tuple[Unit | None, Location]]:
    yield part.unit, ("unit",)
    if isinstance(part, Clock):
        if part.latest is not None:
            yield part.latest.unit, ("latest", "unit")
        if part.extension is not None:
            yield part.extension.unit, ("extension", "unit")


def _months(pack: Pack, part: Clock | Duty, here: Location) -> Iterator[Finding]:
    for unit, place in _units(part):
        if unit == "month" and pack.calendar.month_end is None:
            yield (
                (*here, *place),
                f"'{part.id}' counts months, and no rule says where a month from the 31st ends; "
                "add 'month_end: last_day' or 'month_end: next_day' to 'calendar'.",
            )


def _extension(pack: Pack, clock: Clock, here: Location) -> Iterator[Finding]:
    extension = clock.extension
    if extension is None:
        return
    if clock.by != "organisation":
        yield here, "only a promise of the organisation is extended; give a window its 'discretion' instead."
    if (extension.amount is None) != (extension.unit is None):
        yield here, "give both 'amount' and 'unit', or neither."
    if extension.amount is None and not extension.needs_consent:
        yield here, "an extension with no 'amount' has no end; limit it, or say 'needs_consent: \"true\"'."
    if extension.unit == "hour":
        yield (*here, "unit"), "an extension moves a day; count it in days, weeks or months."
    if extension.contact is not None and extension.contact not in pack.contacts:
        cure = hint(extension.contact, pack.contacts)
        yield (*here, "contact"), f"unknown contact '{extension.contact}'; {cure}"


def _switches(clock: Clock, here: Location) -> Iterator[Finding]:
    if PROMISED_BY.get(clock.from_event) == clock.kind:
        yield (*here, "from"), f"'{clock.id}' waits for itself; let it run from 'received'."
    if clock.or_later == clock.from_event:
        yield (
            (*here, "or_later"),
            f"'or_later' names the event of 'from' again ({clock.from_event}); remove it.",
        )
    if clock.may_stop and clock.unit == "hour":
        yield (
            (*here, "may_stop"),
            f"'{clock.id}' counts hours, and only whole days can be stopped; remove it.",
        )
    if clock.early_exit and clock.by != "organisation":
        yield (*here, "early_exit"), "an early exit is what the organisation resolves; remove 'by' or this."
    if clock.discretion and (clock.by != "complainant" or clock.from_event not in BEFORE_RECEIPT):
        yield (
            (*here, "discretion"),
            "discretion is for a complainant's window from "
            f"{' or '.join(BEFORE_RECEIPT)}; a later window is left to a person already.",
        )


def _duty(duty: Duty, kinds: list[str], here: Location) -> Iterator[Finding]:
    for field, kind in (("with", duty.together_with), ("if_missed", duty.if_missed)):
        if kind is not None and kind not in kinds:
            yield (*here, field), f"unknown kind of clock '{kind}'; {hint(kind, kinds)}"
    if duty.together_with is not None and (duty.amount is not None or "from_event" in duty.model_fields_set):
        yield (
            (*here, "with"),
            f"'{duty.id}' is due with a clock; it has no 'amount' and no 'from' of its own.",
        )
