"""Every slip of an author's hand that can be made systematically in a pack: its kind, where, and the broken document."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from policy_rules.names import SECTIONS

Document = dict[str, Any]
Slip = tuple[str, str, Document]

MISSPELT_NAME = "misspelt value, fact, contact, unit, route or word of the model"
MISSPELT_TEXT = "misspelt role, body or kind (free text)"
SECOND_CLOCK = "second clock of a kind"
CONDITION_DROPPED = "condition dropped"
CONDITION_WIDENED = "value added to a condition"
CONDITION_NARROWED = "value taken from a condition"
RULE_DELETED = "rule deleted"
RULE_MOVED = "rule moved to the top"
VALUE_ADDED = "fact value added"
AMOUNT_CHANGED = "amount changed"
KINDS = (
    MISSPELT_NAME,
    SECOND_CLOCK,
    CONDITION_DROPPED,
    RULE_DELETED,
    RULE_MOVED,
    VALUE_ADDED,
    MISSPELT_TEXT,
    CONDITION_WIDENED,
    CONDITION_NARROWED,
    AMOUNT_CHANGED,
)
CLOSED = ("contact", "unit", "disposition", "stage", "from", "force", "by", "first_day")
FREE = ("handler", "to", "kind")


def misspelt(word: str) -> str:
    """Two neighbouring letters change places; a word of one letter is doubled."""
    for i in range(1, len(word) - 1):
        if word[i] != word[i + 1]:
            return word[:i] + word[i + 1] + word[i] + word[i + 2 :]
    return word + word[-1]


def with_section(document: Document, section: str) -> Document:
    """A copy whose one section may be changed."""
    return {**document, section: copy.deepcopy(document[section])}


def every_rule(document: Document) -> Iterator[tuple[str, int, dict[str, Any]]]:
    for section in SECTIONS:
        for place, rule in enumerate(document.get(section) or ()):
            yield section, place, rule


def changed(document: Document, section: str, place: int, path: tuple[Any, ...], value: Any) -> Document:
    """A copy in which one thing of one rule has another value; None takes it away."""
    found = with_section(document, section)
    inner = found[section][place]
    for step in path[:-1]:
        inner = inner[step]
    if value is None:
        del inner[path[-1]]
    else:
        inner[path[-1]] = value
    return found


def slips(document: Document) -> Iterator[Slip]:
    """Every slip of every kind in one pack."""
    for section, place, rule in every_rule(document):
        name = f"{section}: {rule['id']}"
        yield from _misspelt(document, section, place, rule, name)
        yield from _conditions(document, section, place, rule, name)
        yield from _whole_rule(document, section, place, rule, name)
        if "amount" in rule:
            more = str(int(rule["amount"]) + 1)
            yield AMOUNT_CHANGED, name, changed(document, section, place, ("amount",), more)
    for fact, own in document["facts"].items():
        if own and own.get("values"):
            found = with_section(document, "facts")
            found["facts"][fact]["values"].append("brand_new")
            yield VALUE_ADDED, f"facts: {fact}", found


def _misspelt(
    document: Document, section: str, place: int, rule: dict[str, Any], name: str
) -> Iterator[Slip]:
    for field in CLOSED:
        if isinstance(rule.get(field), str):
            found = changed(document, section, place, (field,), misspelt(rule[field]))
            yield MISSPELT_NAME, f"{name}.{field}", found
    for field in FREE:
        if isinstance(rule.get(field), str):
            kind = MISSPELT_NAME if section == "warnings" else MISSPELT_TEXT
            yield kind, f"{name}.{field}", changed(document, section, place, (field,), misspelt(rule[field]))
    for field in ("routes", "opens"):
        for i, route in enumerate(rule.get(field) or ()):
            found = changed(document, section, place, (field, i), misspelt(route))
            yield MISSPELT_NAME, f"{name}.{field}", found
    for fact, test in (rule.get("when") or {}).items():
        found = with_section(document, section)
        when = found[section][place]["when"]
        when[misspelt(fact)] = when.pop(fact)
        yield MISSPELT_NAME, f"{name}.when.{fact}", found
        path: tuple[Any, ...] = ("when", fact, "not") if isinstance(test, dict) else ("when", fact)
        for i, value in enumerate(test["not"] if isinstance(test, dict) else test):
            found = changed(document, section, place, (*path, i), misspelt(value))
            yield MISSPELT_NAME, f"{name}.when.{fact}={value}", found


def _conditions(
    document: Document, section: str, place: int, rule: dict[str, Any], name: str
) -> Iterator[Slip]:
    for fact, test in (rule.get("when") or {}).items():
        yield CONDITION_DROPPED, f"{name}.{fact}", changed(document, section, place, ("when", fact), None)
        path: tuple[Any, ...] = ("when", fact, "not") if isinstance(test, dict) else ("when", fact)
        values = list(test["not"] if isinstance(test, dict) else test)
        if len(values) > 1:
            found = changed(document, section, place, path, values[1:])
            yield CONDITION_NARROWED, f"{name}.{fact}", found
        own = (document["facts"].get(fact) or {}).get("values") or ["true", "false"]
        other = next((value for value in own if value not in values), None)
        if other is not None:
            yield (
                CONDITION_WIDENED,
                f"{name}.{fact}",
                changed(document, section, place, path, [*values, other]),
            )


def _whole_rule(
    document: Document, section: str, place: int, rule: dict[str, Any], name: str
) -> Iterator[Slip]:
    found = with_section(document, section)
    del found[section][place]
    yield RULE_DELETED, name, found
    if section in ("routes", "escalations") and place > 0:
        found = with_section(document, section)
        found[section].insert(0, found[section].pop(place))
        yield RULE_MOVED, name, found
    if section == "clocks":
        found = with_section(document, section)
        more = str(int(rule["amount"]) + 1)
        found[section].append({**rule, "id": f"{rule['id']}_again", "amount": more})
        yield SECOND_CLOCK, name, found
