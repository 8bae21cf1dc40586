"""Proofs over every case that a clock or duty that hangs on another clock has that clock to hang on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from policy_rules.compiled import CompiledPack
from policy_rules.deadlines import PROMISED_BY
from policy_rules.pack import Limited
from policy_rules.space import Node


@dataclass(frozen=True, slots=True)
class Hanging:
    """A part that hangs on nothing in the case shown. Without its date (`unsound`) a duty says nothing."""

    section: str
    place: int
    says: str
    case: dict[str, str]
    unsound: bool


def hanging(compiled: CompiledPack, possible: Node) -> Iterator[Hanging]:
    """Every duty or clock that needs a clock of some kind in a case that has none."""
    for i, clock in enumerate(compiled.pack.clocks):
        kind = PROMISED_BY.get(clock.from_event)
        if kind is not None and (case := _without(compiled, possible, clock, kind)) is not None:
            says = f"'{clock.id}' waits until it is {clock.from_event}, and no clock promises to {kind} in such a case."
            yield Hanging("clocks", i, says, case, unsound=False)
    for i, duty in enumerate(compiled.pack.duties):
        for kind, why in ((duty.together_with, "is due with"), (duty.if_missed, "follows on a broken")):
            if kind is not None and (case := _without(compiled, possible, duty, kind)) is not None:
                says = f"'{duty.id}' {why} '{kind}', and no clock of that kind runs in such a case."
                yield Hanging("duties", i, says, case, unsound=True)


def _without(compiled: CompiledPack, possible: Node, part: Limited, kind: str) -> dict[str, str] | None:
    """A possible case in which the part applies and no clock of the kind does."""
    space, roots = compiled.space, compiled.part_roots
    running = space.either(roots[clock.id] for clock in compiled.pack.clocks if clock.kind == kind)
    return space.witness(space.both(possible, roots[part.id], space.negate(running)))
