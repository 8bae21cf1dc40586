"""Reading a tracker's slots: the same names for our own turn and for somebody else's assistant.

Either `facts` holds the facts together, or each fact stands in a slot of its own name.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from policy_rules.compiled import CompiledPack
from policy_rules.decide import parse_facts, parse_instant


def facts_of(compiled: CompiledPack, slots: Mapping[str, Any]) -> dict[str, str]:
    """The facts of a tracker; UnknownFact and UnknownValue name the nearest right one."""
    given = slots.get("facts")
    if given is None:
        given = {name: slots[name] for name in compiled.accepted if slots.get(name) is not None}
    return parse_facts(compiled, given)


def instant_of(slots: Mapping[str, Any], name: str) -> datetime | None:
    """An instant slot; BadInstant where it has no offset."""
    value = slots.get(name)
    return None if value is None else parse_instant(value, name)
