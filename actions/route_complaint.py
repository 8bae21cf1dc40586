"""Where a complaint goes and by when: what is still to be asked, and the decision once nothing is."""

from __future__ import annotations

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions import packs
from actions.slots import facts_of, instant_of
from policy_rules.decide import decide
from policy_rules.questions import PERSON_FACTS, needs_of_person


class RouteComplaint(Action):
    """Slots organisation, received_at and facts -> `needs` and `decision`.

    `needs` names the facts to ask of the person, in order. `decision` is the whole Decision JSON, open facts at
    their defaults, once only who is writing can still change it; else null.
    """

    def name(self) -> str:
        return "action_route_complaint"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        slots = tracker.slots
        compiled = packs.pack(slots["organisation"])
        facts = facts_of(compiled, slots)
        needs = needs_of_person(compiled, facts, tuple(slots.get("skipped") or ()))
        received_at = instant_of(slots, "received_at")
        decision = None
        if received_at is not None and not [fact for fact in needs if fact not in PERSON_FACTS]:
            decision = decide(
                compiled,
                facts,
                received_at,
                assume=True,
                first_told_at=instant_of(slots, "first_told_at"),
                original_received_at=instant_of(slots, "original_received_at"),
            ).as_json()
        return [SlotSet("needs", needs), SlotSet("decision", decision)]
