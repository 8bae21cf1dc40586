"""What is read back before anything is sent: each answer, in the order in which it was asked."""

from __future__ import annotations

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions import packs
from actions.slots import instant_of


class ReadBack(Action):
    """Slots organisation, received_at and answers {id: text or null} -> `read_back` [{id, value}], null for "not
    given"."""

    def name(self) -> str:
        return "action_read_back"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        compiled = packs.pack(tracker.slots["organisation"], instant_of(tracker.slots, "received_at"))
        answers: dict[str, str | None] = tracker.slots.get("answers") or {}
        order = [question.id for question in packs.questions(compiled).order]
        place = order.index("facts")
        order[place : place + 1] = [fact for fact in compiled.pack.ask_order if fact not in order]
        known = [name for name in order if name in answers]
        known += [name for name in answers if name not in known]
        lines = [{"id": name, "value": answers[name]} for name in known]
        return [SlotSet("read_back", lines)]
