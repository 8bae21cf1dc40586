"""The worked examples of a pack: decided, and compared with what the policy says must come out."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from policy_rules.clocks import parse_events
from policy_rules.compiled import CompiledPack
from policy_rules.decide import decide, parse_facts, parse_instant
from policy_rules.decision import Decision, Needs
from policy_rules.pack import Example
from policy_rules.verify import Finding

_FIELDS = "disposition handler stage stage_name acknowledge_by respond_by escalate_to escalate_within".split()


def decide_example(compiled: CompiledPack, example: Example) -> Decision:
    """The decision of one example, open facts taking their defaults."""
    decision = decide(
        compiled,
        parse_facts(compiled, example.facts),
        parse_instant(example.received_at, "received_at"),
        assume=True,
        first_told_at=_instant(example.first_told_at, "first_told_at"),
        original_received_at=_instant(example.original_received_at, "original_received_at"),
        events=parse_events(compiled, example.events),
    )
    if isinstance(decision, Needs):
        raise LookupError(f"no default settles {', '.join(decision.needs)}")
    return decision


def _instant(text: str | None, where: str) -> Any:
    return None if text is None else parse_instant(text, where)


def outcome(decision: Decision, contact: Iterable[str]) -> dict[str, Any]:
    """What a decision says under the names of `Expect`; of the contact the keys that are wanted."""
    got: dict[str, Any] = {name: getattr(decision, name) for name in _FIELDS}
    got["clocks"] = {clock.kind: clock.due for clock in decision.clocks}
    got["duties"] = {duty.kind: duty.due for duty in decision.duties}
    got["latest_days"] = {c.kind: c.latest_day for c in decision.clocks if c.latest_day is not None}
    got["extendable_to"] = {
        c.kind: c.extension.latest_day
        for c in decision.clocks
        if c.extension is not None and c.extension.latest_day is not None
    }
    got["contact"] = {key: decision.contact[key] for key in contact if key in decision.contact}
    got["warnings"] = tuple(sorted(warning.kind for warning in decision.warnings))
    for name in ("last_day", "latest_day"):
        days: list[date] = [day for w in decision.warnings if (day := getattr(w, name)) is not None]
        got[name] = days[0] if days else None
    return got


def mismatches(decision: Decision, example: Example) -> list[str]:
    """How a decision differs from what an example expects, each as a sentence."""
    expect = example.expect
    got = outcome(decision, expect.contact or {})
    found = []
    for name in sorted(expect.model_fields_set):
        wanted = getattr(expect, name)
        if name == "warnings":
            wanted = tuple(sorted(wanted or ()))
        if got[name] != wanted:
            found.append(f"{name} should be {_show(wanted)} but is {_show(got[name])}")
    return found


def _show(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k}: {_show(v)}" for k, v in sorted(value.items())) + "}"
    if isinstance(value, tuple):
        return "[" + ", ".join(map(_show, value)) + "]"
    return value.isoformat() if isinstance(value, date) else "none" if value is None else str(value)


def check_examples(compiled: CompiledPack) -> list[Finding]:
    """Examples that do not come out, and parts of the pack that no example shows."""
    found = []
    shown: set[str] = set()
    for i, example in enumerate(compiled.pack.examples):
        decision = decide_example(compiled, example)
        shown.update(reason.rule for reason in decision.reasons)
        shown.update(decision.readings)
        for difference in mismatches(decision, example):
            says = f"the example '{example.name}' does not come out: {difference}."
            found.append(Finding("example", ("examples", i), says))
    for path, name in named_parts(compiled):
        if name not in shown:
            found.append(Finding("not_shown", path, f"no example shows '{name}'; add one that it changes."))
    return found


def named_parts(compiled: CompiledPack) -> list[tuple[tuple[str | int, ...], str]]:
    """Every rule, clock, duty, contact, silence, warning, reading and the hours, with its place."""
    pack = compiled.pack
    parts: list[tuple[tuple[str | int, ...], str]] = []
    for section in ("routes", "escalations", "clocks", "silent", "duties", "warnings", "readings"):
        parts += [((section, i), part.id) for i, part in enumerate(getattr(pack, section))]
    parts += [(("contacts", key), f"contact_{key}") for key in pack.contacts]
    if pack.hours is not None:
        parts.append((("hours",), pack.hours.id))
    return parts
