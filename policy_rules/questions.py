"""The questions of an interview: the shared list, the pack's own, and which of them this pack asks."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, TypeAdapter

from policy_rules.compiled import CompiledPack
from policy_rules.facts import BOOLEAN, VOCABULARY
from policy_rules.loader import read_yaml
from policy_rules.names import fact_values
from policy_rules.pack import Condition
from policy_rules.space import accepts

Kind = Literal["text", "choice", "yes_no", "date", "email", "phone", "file", "check", "confirm"]
FACTS = "facts"
# Asked in the interview's own place, after the story and the facts, whatever the pack's order says.
PERSON_FACTS = ("on_behalf_of", "representative_basis")
OTHER = "other"


class Question(BaseModel):
    """One question. `values` are what may be chosen; `when` tests facts and earlier answers."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    id: str
    kind: Kind = "text"
    values: tuple[str, ...] = ()
    optional: bool = True
    informal: bool = False
    asked: bool = True
    when: Condition = {}


@cache
def shared_questions() -> tuple[Question, ...]:
    """The list in `questions.yml`, in interview order."""
    path = Path(__file__).with_name("questions.yml")
    document, _ = read_yaml(path.read_text("utf-8"), path.name)
    return TypeAdapter(tuple[Question, ...]).validate_python(document)


def fact_question(compiled: CompiledPack, name: str) -> Question:
    """How a fact is asked: its kind from its values, which are those that the pack tells apart."""
    pack = compiled.pack
    own = next((q for q in pack.questions if q.id == name), None)
    fact = VOCABULARY.get(name)
    if fact is not None and fact.is_date:
        return Question(id=name, kind="date")
    listed = pack.facts[name].values if name in pack.facts else ()
    values = listed or fact_values(compiled.pack, name)
    if set(values) == set(BOOLEAN):
        return Question(id=name, kind="yes_no", values=BOOLEAN)
    return Question(id=name, kind="choice", values=values, when=own.when if own else {})


def _placed(fact: Question, listed: Question) -> Question:
    """A fact that has a place of its own in the shared list keeps that place's condition."""
    return fact.model_copy(update={"when": listed.when, "informal": listed.informal})


class Questions:
    """The questions of one pack, by id and in order."""

    def __init__(self, compiled: CompiledPack) -> None:
        self._compiled = compiled
        self.order: list[Question] = []
        facts = {name: fact_question(compiled, name) for name in {**VOCABULARY, **compiled.pack.facts}}
        own = [q for q in compiled.pack.questions if q.kind is not None and q.id not in facts]
        for question in shared_questions():
            fact = facts.get(question.id)
            self.order.append(question if fact is None else _placed(fact, question))
            if question.id == "still_complain":
                self.order += [
                    Question(
                        id=q.id,
                        kind=q.kind or "text",
                        values=tuple(q.labels),
                        optional=q.optional,
                        when=q.when,
                    )
                    for q in own
                ]
        self._by_id = {**facts, **{question.id: question for question in self.order}}

    def get(self, question_id: str) -> Question | None:
        return self._by_id.get(question_id)

    def ids(self) -> list[str]:
        return [name for name in self._by_id if name != FACTS]


def holds(when: Condition, answers: Mapping[str, str | None]) -> bool:
    """Whether a question's condition holds; an unanswered fact holds no condition."""
    for name, test in when.items():
        value = answers.get(name)
        if value is None or not accepts(test, value):
            return False
    return True


def needs_of_person(compiled: CompiledPack, known: Mapping[str, str], skipped: tuple[str, ...]) -> list[str]:
    """The facts that a complainant is still to be asked, in the pack's order.

    Facts asked of staff, or derived, stand at their defaults here; so do those that the person could not say, and
    those that another answer implies (an apprentice's complaint is about an apprenticeship).
    """
    assumed = dict(known)
    for fact in compiled.tested:
        if fact in assumed:
            continue
        implied = any(holds(special.when, known) for special in compiled.pack.facts[fact].default_when)
        if implied or fact in skipped or compiled.asked_of(fact) != "complainant":
            value = compiled.default(fact, assumed)
            if value is not None:
                assumed[fact] = value
    needs = compiled.needs(assumed)
    return [f for f in needs if f not in skipped and compiled.asked_of(f) == "complainant"]
