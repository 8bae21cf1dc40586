"""Which parts of two packs differ, part by part: what an author changed, as opposed to whom it changes anything for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from policy_rules.names import SECTIONS, fact_values, known_facts
from policy_rules.pack import Pack
from policy_rules.words import listed

# Fields that are read by people and decide nothing.
WORDING = {"clause", "says", "readings", "chosen", "rival", "name", "title", "version", "because", "sha256"}
WORDING |= {"approved_on", "opens", "closes", "days", "bank_holidays"}
BY_ID = (*SECTIONS, "readings", "properties", "questions")
# A clock's `opens` decides which route a window leads to; only the hours' are a time of day.
DECIDING = {"clocks": {"opens"}}


@dataclass(frozen=True, slots=True)
class PartChange:
    """One part that was added, removed, moved or changed (`fields`); `wording` if people only read what changed."""

    section: str
    id: str
    change: str
    fields: tuple[str, ...] = ()
    wording: bool = False

    def as_json(self) -> dict[str, Any]:
        return {"section": self.section, "id": self.id, "change": self.change, "fields": list(self.fields)}

    def as_text(self) -> str:
        what = f"'{self.id}'" if self.id else "it"
        fields = f" ({', '.join(self.fields)})" if self.fields else ""
        return f"{self.section}: {what} {self.change}{fields}"


def part_changes(old: Pack, new: Pack) -> list[PartChange]:
    """Every part that differs, in the order of the file; examples are no part of a policy."""
    found: list[PartChange] = []
    for section in ("organisation", "source", "calendar", "hours"):
        found += _changed(section, "", getattr(old, section), getattr(new, section))
    found += _named("contacts", old.contacts, new.contacts)
    found += _named("facts", old.facts, new.facts)
    if old.ask_order != new.ask_order:
        found.append(PartChange("ask_order", "", "changed"))
    for section in ("impossible", "officers"):
        if getattr(old, section) != getattr(new, section):
            found.append(PartChange(section, "", "changed"))
    for section in BY_ID:
        was, now = ({part.id: part for part in getattr(pack, section)} for pack in (old, new))
        found += _named(section, was, now)
        found += _moved(section, list(was), list(now))
    return found


def _named(section: str, old: Mapping[str, BaseModel], new: Mapping[str, BaseModel]) -> Iterator[PartChange]:
    only_read = section in ("readings",)
    for name in old:
        if name not in new:
            yield PartChange(section, name, "removed", wording=only_read)
        else:
            yield from _changed(section, name, old[name], new[name])
    for name in new:
        if name not in old:
            yield PartChange(section, name, "added", wording=only_read)


def _changed(section: str, name: str, old: BaseModel | None, new: BaseModel | None) -> Iterator[PartChange]:
    if old == new:
        return
    if old is None or new is None:
        yield PartChange(section, name, "added" if old is None else "removed", wording=section == "hours")
        return
    fields = tuple(f for f in type(old).model_fields if getattr(old, f) != getattr(new, f))
    wording = set(fields) <= WORDING - DECIDING.get(section, set())
    yield PartChange(section, name, "changed", fields, wording)


def _moved(section: str, old: list[str], new: list[str]) -> Iterator[PartChange]:
    """The parts that stand elsewhere among those that both packs have: the fewest that explain the new order."""
    both = set(old) & set(new)
    before, after = ([name for name in names if name in both] for names in (old, new))
    kept = _longest_common(before, after)
    for name in after:
        if name not in kept:
            # Only routes and escalations are read from the top; the order of the others is the author's.
            ordered = section in ("routes", "escalations")
            yield PartChange(section, name, "moved", wording=not ordered)


def _longest_common(first: list[str], second: list[str]) -> set[str]:
    if first == second:
        return set(first)
    best: list[list[list[str]]] = [[[] for _ in range(len(second) + 1)] for _ in range(len(first) + 1)]
    for i, a in enumerate(first):
        for j, b in enumerate(second):
            longer = max(best[i][j + 1], best[i + 1][j], key=len)
            best[i + 1][j + 1] = [*best[i][j], a] if a == b else longer
    return set(best[-1][-1])


def fact_notes(old: Pack, new: Pack) -> list[str]:
    """What was added to or taken from the facts, and what a pack makes of a value that it does not know."""
    found = []
    for name in dict.fromkeys([*known_facts(old), *known_facts(new)]):
        if name not in old.facts and name not in new.facts:
            continue
        was, now = (fact_values(p, name) if name in known_facts(p) else () for p in (old, new))
        if name in known_facts(old) and name in known_facts(new):
            for pack, lacks, has in (("old", was, now), ("new", now, was)):
                gone = [value for value in has if value not in lacks]
                if gone:
                    many = len(gone) > 1
                    found.append(
                        f"{name}: the {pack} pack does not know {listed(gone, 'and')}; there "
                        f"{'they count' if many else 'it counts'} as any value that no rule names."
                    )
        else:
            pack = "old" if name not in known_facts(old) else "new"
            found.append(f"{name}: the {pack} pack does not know this fact, and decides without it.")
        found += _offered(old, new, name)
    return found


def _offered(old: Pack, new: Pack, name: str) -> Iterator[str]:
    """The choices that a person is offered, where both packs use the fact."""
    if name not in old.facts or name not in new.facts:
        if name in known_facts(old) and name in known_facts(new):
            yield f"{name}: {'used now' if name in new.facts else 'no longer used'}."
        return
    was, now = (p.facts[name].values or fact_values(p, name) for p in (old, new))
    added, removed = [v for v in now if v not in was], [v for v in was if v not in now]
    tested = {v for part in new.routes for v in _named_values(part.when.get(name))}
    for value in added:
        named = "" if value in tested else "; no route of the new pack names it"
        yield f"{name}: people may now choose '{value}'{named}."
    for value in removed:
        yield f"{name}: people may no longer choose '{value}'."


def _named_values(test: Any) -> tuple[str, ...]:
    values: tuple[str, ...] = test if isinstance(test, tuple) else getattr(test, "values", ())
    return values
