"""Whether a document is laid out like a pack: lists where lists belong, words where words do.

What is wrong within that layout is for the grid to show and to mend. What is laid out otherwise has no cell there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from policy_rules.loader import Lines
from policy_rules.pack import Pack

_LAYOUT = ("model_type", "dict_type", "tuple_type", "list_type", "string_type", "model_attributes_type")
_WORDS = {"string_type": "one word or sentence", "tuple_type": "a list", "list_type": "a list"}


def misshapen(document: Mapping[str, Any], lines: Lines) -> list[str]:
    """Every place that is laid out otherwise, as a sentence with its line; what is only missing is none."""
    try:
        Pack.model_validate(document)
    except ValidationError as error:
        found = {}
        for problem in error.errors():
            if problem["type"] in _LAYOUT and problem.get("input") is not None:
                path = tuple(problem["loc"])
                named = [str(step) for step in path if isinstance(step, str) and step.isidentifier()]
                wanted = _WORDS.get(problem["type"], "a mapping, with a name for each entry")
                found[lines.line(path)] = f"Line {lines.line(path)}: '{'.'.join(named)}' must be {wanted}."
        return list(found.values())
    return []
