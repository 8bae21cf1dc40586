"""What a slot's name stands for: an answer or a fact, how the conversation stands, or a field of the case record."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cases import conversations, register
from cases.record import CaseRecord
from policy_rules.errors import nearest
from tests.desk import Person

STANDING = ("state", "reference", "requested_slot", "linked", "flags")
PARTS = ("decision", "record")


class UnknownSlot(LookupError):
    """No slot has this name."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a conversation stands on disk: its draft as it was stored, and the record that the register shows.

    Somebody who was sent elsewhere and came back has an open draft beside the record of the redirection.
    """

    draft: Mapping[str, Any]
    record: Mapping[str, Any]
    state: str
    asked: str | None


def standing(person: Person) -> Standing:
    """Read from the database, by the person's key and by the reference."""
    key_hash = hashlib.sha256(person.sender.encode()).hexdigest()
    assert person.last is not None
    reference = person.last.reference
    found, record = person.desk.store.read_sync(
        lambda conn: (
            conversations.find(conn, person.organisation, key_hash),
            register.show(conn, reference),
        )
    )
    assert found is not None, "nothing was stored"
    return Standing(found.data, record, found.state, person.asked)


def value_of(person: Person, now: Standing, name: str) -> str | None:
    """The slot as text, None where it is not set. Raises UnknownSlot."""
    head, _, rest = name.partition(".")
    if head in PARTS and rest:
        return _text(_within(now.record["decision"] if head == "decision" else now.record, rest))
    known = _standing_slots(now)
    if name in known:
        return known[name]()
    compiled = person.desk.packs.get(person.organisation)
    questions = person.desk.runner.questions(compiled)
    if name in compiled.accepted or questions.get(name) is not None:
        return _text(now.draft.get("answers", {}).get(name))
    if name in CaseRecord.model_fields:
        return _text(now.record[name])
    names = [*known, *questions.ids(), *CaseRecord.model_fields]
    close = nearest(name, names)
    raise UnknownSlot(f"there is no slot '{name}'" + (f"; did you mean '{close}'" if close else ""))


def _standing_slots(now: Standing) -> dict[str, Callable[[], str | None]]:
    return {
        "state": lambda: now.state,
        "reference": lambda: _text(now.record["reference"]),
        "requested_slot": lambda: now.asked,
        "linked": lambda: _text(now.record["linked"]),
        "flags": lambda: _text(now.draft.get("flags")),
    }


def _within(found: Any, path: str) -> Any:
    """`clocks.respond.due`: keys of mappings; in a list of mappings, the one of this `kind`, else those kinds."""
    for step in path.split("."):
        if isinstance(found, list):
            found = next((one for one in found if isinstance(one, dict) and one.get("kind") == step), None)
        elif isinstance(found, dict):
            if step not in found:
                raise UnknownSlot(f"there is no '{step}' in '{path}'; there are {', '.join(found)}")
            found = found[step]
        else:
            return None
    if isinstance(found, list) and all(isinstance(one, dict) and "kind" in one for one in found):
        return [one["kind"] for one in found]
    return found


def _text(value: Any) -> str | None:
    """As files write it: true and false, lists with commas, null for what is not there or empty."""
    if value is None or value in ([], {}):
        return None
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)
    return json.dumps(value, sort_keys=True) if isinstance(value, dict) else str(value)
