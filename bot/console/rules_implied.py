"""A fact that is taken from another answer: an apprentice's complaint is about an apprenticeship."""

from __future__ import annotations

from typing import Any

from bot.console.rules_words import special
from policy_rules.edits import Put
from policy_rules.edits.cells import fact_values, testable
from policy_rules.edits.names import fact_name, value_name
from policy_rules.edits.places import Document, get


def implied_rows(document: Document, fact: str) -> dict[str, Any]:
    """What is taken from which answer now, and what can be chosen."""
    path = ("facts", fact, "default_when")
    given = get(document, path)
    answers = [
        (f"{other}={value}", f"{fact_name(other)}: {value_name(other, value)}")
        for other in testable(document)
        if other != fact
        for value in fact_values(document, other)
    ]
    return {
        "rows": [special([entry]) for entry in given] if isinstance(given, list) else [],
        "answers": answers,
        "results": [(value, value_name(fact, value)) for value in fact_values(document, fact)],
    }


def implied_edit(sent: Any, document: Document, fact: str) -> tuple[Put | None, str]:
    """The edit that the rows ask for, and what is wrong with them."""
    path = ("facts", fact, "default_when")
    given = get(document, path)
    rows = list(given) if isinstance(given, list) else []
    dropped = {str(place) for place in sent.getlist("implied~drop")}
    kept = [row for place, row in enumerate(rows) if str(place) not in dropped]
    answer, value = str(sent.get("implied~when", "")), str(sent.get("implied~value", ""))
    if bool(answer) != bool(value):
        return None, "Choose both: the other answer, and what is taken from it."
    if answer:
        other, _, said = answer.partition("=")
        if other not in testable(document) or other == fact or said not in fact_values(document, other):
            return None, "This answer is not among the choices."
        if value not in fact_values(document, fact):
            return None, "This value is not among the choices."
        kept.append({"when": {other: [said]}, "value": value})
    return (None, "") if kept == rows else (Put(path, kept or None), "")
