"""A case tried under a draft: what would be asked, what would come out, and keeping it as a worked example."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from policy_rules.compiled import CompiledPack
from policy_rules.decision import Decision
from policy_rules.edits.editing import Put
from policy_rules.edits.places import find
from policy_rules.examples import decide_example, outcome
from policy_rules.facts import VOCABULARY
from policy_rules.lint import SOME_DAY
from policy_rules.questions import needs_of_person

# What a new example says of its outcome.
USUAL = (
    "disposition", "handler", "stage", "stage_name", "acknowledge_by", "respond_by", "clocks", "duties",
    "escalate_to", "warnings",
)  # fmt: skip
MOST_QUESTIONS = 40


@dataclass(frozen=True, slots=True)
class AskedFact:
    """A question that the rules ask of a person, and the answer with which the next one was found."""

    fact: str
    answer: str
    given: bool


def interview(compiled: CompiledPack, facts: Mapping[str, str]) -> list[AskedFact]:
    """The questions about facts that somebody is asked, in order, who answers what `facts` say, else the default."""
    known: dict[str, str] = {}
    found: list[AskedFact] = []
    for fact, value in facts.items():
        if compiled.asked_of(fact) != "complainant":
            known[fact] = value
    while len(found) < MOST_QUESTIONS:
        needs = needs_of_person(compiled, known, ())
        if not needs:
            break
        fact = needs[0]
        answer = facts.get(fact) or compiled.default(fact, known) or _some(compiled, fact)
        found.append(AskedFact(fact, answer, fact in facts))
        known[fact] = answer
    return found


def _some(compiled: CompiledPack, fact: str) -> str:
    if fact in VOCABULARY and VOCABULARY[fact].is_date:
        return SOME_DAY
    return compiled.accepted[fact][0]


def expected(
    decision: Decision, fields: Iterable[str] = USUAL, contact: Iterable[str] = ()
) -> dict[str, Any]:
    """What an example says must come out, where this decision is right."""
    got = outcome(decision, contact)
    found = {name: _plain(got[name]) for name in fields if name in got}
    left_out = [name for name in ("stage_name", "escalate_to") if found.get(name) is None]
    return {name: value for name, value in found.items() if name not in left_out}


def expected_now(compiled: CompiledPack, name: str) -> dict[str, Any] | None:
    """What comes out of one of the pack's examples now, under the names that it compares; None where there is none."""
    example = next((e for e in compiled.pack.examples if e.name == name), None)
    if example is None:
        return None
    got = outcome(decide_example(compiled, example), example.expect.contact or {})
    return {field: _plain(got[field]) for field in example.expect.model_fields_set}


def expect_edit(compiled: CompiledPack, document: Mapping[str, Any], name: str) -> Put | None:
    """The edit by which an example expects what comes out now; its fields keep their order."""
    now = expected_now(compiled, name)
    part = find(document, "examples", name)
    if now is None or not isinstance(part, dict):
        return None
    was = part.get("expect") or {}
    return Put(("examples", name, "expect"), {field: now[field] for field in [*was, *now] if field in now})


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, (tuple, list)):
        return [_plain(inner) for inner in value]
    return value
