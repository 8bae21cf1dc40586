"""Where a complaint goes and by when: what is still to be asked, and the decision once nothing is."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions import packs
from actions.slots import facts_of, instant_of
from policy_rules.compiled import CompiledPack
from policy_rules.deadlines import local_date
from policy_rules.decide import decide
from policy_rules.questions import PERSON_FACTS, needs_of_person

# Decisions are read, never changed, by whoever is handed one.
KEPT = 4096
_DECIDED: dict[tuple[Any, ...], dict[str, Any]] = {}


class RouteComplaint(Action):
    """Slots organisation, received_at and facts -> `needs` and `decision`.

    `needs` names the facts to ask of the person, in order. `decision` is the whole Decision JSON, open facts at
    their defaults, once only who is writing can still change it; else null, or with `partial` the unsettled one.
    """

    def name(self) -> str:
        return "action_route_complaint"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        slots = tracker.slots
        received_at = instant_of(slots, "received_at")
        compiled = packs.pack(slots["organisation"], received_at)
        facts = facts_of(compiled, slots)
        needs = needs_of_person(compiled, facts, tuple(slots.get("skipped") or ()))
        decision = None
        if received_at is not None and not [fact for fact in needs if fact not in PERSON_FACTS]:
            others = tuple(instant_of(slots, name) for name in ("first_told_at", "original_received_at"))
            decision = _decided(compiled, facts, received_at, *others)
        elif received_at is not None and slots.get("partial"):
            decision = decide(compiled, facts, received_at).as_json()
        return [SlotSet("needs", needs), SlotSet("decision", decision)]


def _decided(
    compiled: CompiledPack,
    facts: dict[str, str],
    received_at: datetime,
    first_told_at: datetime | None,
    original_received_at: datetime | None,
) -> dict[str, Any]:
    """The Decision JSON. Most turns change no fact, so what the day before made of the same case is kept."""
    instants = (received_at, first_told_at, original_received_at)
    days = tuple(None if at is None else local_date(at, compiled.calendar) for at in instants)
    # A period in hours depends on more than the day.
    exact = instants if _counts_hours(compiled) else ()
    key = (compiled.sha256, frozenset(facts.items()), days, exact)
    found = _DECIDED.get(key)
    if found is None:
        if len(_DECIDED) >= KEPT:
            _DECIDED.clear()
        found = _DECIDED[key] = decide(
            compiled,
            facts,
            received_at,
            assume=True,
            first_told_at=first_told_at,
            original_received_at=original_received_at,
        ).as_json()
    return found


def _counts_hours(compiled: CompiledPack) -> bool:
    units = {clock.unit for clock in compiled.pack.clocks} | {duty.unit for duty in compiled.pack.duties}
    return "hour" in units
