"""Paths into what is handed over: `complainant.name`, `evidence.0.name`, `decision.clocks[kind=respond].due`.

The roots are the fields of the published case record, and `delivery` with id, kind, organisation and reference.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from cases.record import CaseRecord
from handoff.target import Delivery
from policy_rules.errors import nearest

_STEP = re.compile(r"([A-Za-z0-9_-]+)(?:\[([A-Za-z0-9_-]+)=([^\[\]]+)\])?")
ROOTS = (*CaseRecord.model_fields, "delivery")


class BadPath(ValueError):
    """A path that leads nowhere in any case record; the message says what is allowed."""


def context_of(item: Delivery) -> dict[str, Any]:
    """What paths lead into."""
    delivery = {
        "id": item.id,
        "kind": item.kind,
        "organisation": item.organisation,
        "reference": item.reference,
    }
    return {**item.record, "delivery": delivery}


def check(path: str, also: Sequence[str] = ()) -> str:
    """The path itself; raises BadPath unless it is well written and begins at a root, or at one of `also`."""
    steps = _steps(path)
    roots = (*ROOTS, *also)
    first = steps[0][0]
    if first not in roots:
        meant = nearest(first, roots)
        hint = f"did you mean '{meant}'?" if meant else f"allowed: {', '.join(sorted(roots))}."
        raise BadPath(f"'{path}' begins with '{first}', which no case record has; {hint}")
    return path


def look_up(context: Any, path: str) -> Any:
    """What stands there; None where the way ends early."""
    value = context
    for name, key, wanted in _steps(path):
        value = _child(value, name)
        if key:
            rows = value if isinstance(value, list) else []
            value = next((row for row in rows if str(_child(row, key)) == wanted), None)
    return value


def as_text(value: Any) -> str:
    """A value as a person writes it; nothing is an empty text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(filter(None, map(as_text, value)))
    if isinstance(value, Mapping):
        return "; ".join(f"{name}: {as_text(inner)}" for name, inner in value.items() if as_text(inner))
    return str(value)


def _steps(path: str) -> list[tuple[str, str, str]]:
    # A dot inside brackets belongs to the value.
    parts = re.split(r"\.(?![^\[]*\])", path)
    found = [_STEP.fullmatch(part) for part in parts]
    if not all(found):
        raise BadPath(
            f"'{path}' is not a path; write it like complainant.name or decision.clocks[kind=respond].due"
        )
    return [(match[1], match[2] or "", match[3] or "") for match in found if match]


def _child(value: Any, name: str) -> Any:
    if isinstance(value, Mapping):
        return value.get(name)
    if isinstance(value, list) and name.isdigit() and int(name) < len(value):
        return value[int(name)]
    return None
