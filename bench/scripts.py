"""The conversation that load is measured with: twelve turns from the story to the filed case, each reply checked."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic_core import from_json

from policy_rules.compiled import CompiledPack
from policy_rules.questions import PERSON_FACTS, holds
from policy_rules.shelf import PackShelf

STORY = (
    "I paid for the autumn course in September and nothing came. I have written three times since the 3rd of "
    "November and rang twice, and nobody could tell me where my books are or when the first session is."
)
FILED = "filed"


@dataclass(frozen=True, slots=True)
class Line:
    """A message, and what must be open after it: a question's id, or `filed`."""

    says: str
    then: str


def script(compiled: CompiledPack) -> tuple[Line, ...]:
    """Twelve turns that file a plain complaint with this organisation, most of them in the person's own words."""
    return (
        Line(STORY, "confirm_facts"),
        Line(settled(compiled), "effect"),
        Line("I have lost six weeks and cannot sit the test in January with the others.", "desired_remedy"),
        Line("I would like the books sent by courier and half of the fee returned.", "on_behalf_of"),
        Line("When will I hear from you?", "on_behalf_of"),
        Line("It is for myself", "complainant_name"),
        Line("Jane Hartley", "preferred_contact"),
        Line("by e-mail please", "contact_email"),
        Line("jane.hartley@example.org", "adjustments"),
        Line("I am deaf, so please do not telephone.", "evidence"),
        Line("no", "check_answers"),
        Line("send", FILED),
    )


def settled(compiled: CompiledPack) -> str:
    """The payload that answers all that this organisation asks of the case, facts as `assume` would take them."""
    known: dict[str, str] = {}
    for fact in compiled.pack.ask_order:
        value = compiled.default(fact, known)
        if fact not in PERSON_FACTS and value is not None and compiled.asked_of(fact) == "complainant":
            known[fact] = value
    known.pop("channel", None)
    for question in compiled.pack.questions:
        if question.kind == "text" and holds(question.when, known):
            known[question.id] = "Sam Carter"
    return f"/SetSlots({', '.join(f'{fact}={value}' for fact, value in known.items())})"


def scripts(shelf: PackShelf) -> dict[str, tuple[Line, ...]]:
    """The script of each organisation on the shelf, by its id."""
    return {organisation: script(shelf.get(organisation)) for organisation in shelf.ids()}


def open_after(body: bytes) -> str | None:
    """What a reply leaves open: the id of its question, the state of its outcome, or None for neither."""
    found = None
    for entry in from_json(body):
        custom = entry.get("custom", {})
        if "question" in custom:
            found = custom["question"]["id"]
        elif "outcome" in custom:
            found = custom["outcome"]["state"]
    return found
