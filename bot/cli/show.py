"""Decisions and cases as lines for a person at a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

LABEL = 16


def day_in_words(iso: str | None) -> str:
    """`2026-12-30` as Wednesday 30 December 2026."""
    if iso is None:
        return "not fixed yet"
    day = date.fromisoformat(iso)
    return f"{day:%A} {day.day} {day:%B %Y}"


def decision_lines(name: str, decision: dict[str, Any]) -> Iterator[str]:
    """A Decision, or what is certain of an unsettled one, in its JSON shape -> lines."""
    yield name
    if not decision["settled"]:
        yield _line("Still to ask", ", ".join(decision["needs"]))
    for label, key in (("Disposition", "disposition"), ("Handler", "handler"), ("Stage", "stage_name")):
        value = decision.get(key) or (decision.get("stage") if key == "stage_name" else None)
        if value:
            yield _line(label, str(value).replace("_", " ") if key != "handler" else value)
    for clock in decision.get("clocks", ()):
        unit = clock["unit"].replace("_", " ") + ("" if clock["amount"] == 1 else "s")
        when = f"{day_in_words(clock['due'])} ({clock['amount']} {unit}, {clock['force']}; {clock['clause']})"
        yield _line(clock["kind"].replace("_", " ").capitalize(), when)
    for duty in decision.get("duties", ()):
        due = f" by {day_in_words(duty['due'])}" if duty["due"] else ""
        yield _line("Duty", f"{duty['kind'].replace('_', ' ')}{due} ({duty['clause']})")
    if decision.get("escalate_to"):
        within = f", within {decision['escalate_within']}" if decision.get("escalate_within") else ""
        yield _line("Next", f"{decision['escalate_to']}{within}")
    for kind, value in (decision.get("contact") or {}).items():
        if value:
            yield _line(f"Contact ({kind})", ", ".join(str(value).splitlines()))
    for warning in decision.get("warnings", ()):
        yield _line("Warning", warning["says"])
    if decision.get("assumed"):
        yield _line("Assumed", ", ".join(decision["assumed"]))
    for reason in decision.get("reasons", ()):
        yield _line("Because", f"{reason['says']} ({reason['clause']})")
    yield _line("Policy", f"{decision['policy_version']}, {decision['policy_sha256'][:12]}")


def case_lines(cases: list[dict[str, Any]]) -> Iterator[str]:
    """The register as a table: reference, state, dates, handler."""
    if not cases:
        yield "Nothing has been told yet."
        return
    yield f"{'Reference':<18}{'State':<12}{'Acknowledge by':<16}{'Respond by':<12}Handler"
    for case in cases:
        acknowledge, respond = case["acknowledge_by"] or "-", case["respond_by"] or "-"
        yield f"{case['reference']:<18}{case['state']:<12}{acknowledge:<16}{respond:<12}{case['handler'] or '-'}"


def record_lines(record: dict[str, Any]) -> Iterator[str]:
    """A case record with its messages, for reading."""
    yield f"{record['reference']} · {record['organisation']} · {record['state']}"
    for name, value in record.items():
        if name in ("reference", "organisation", "state", "messages", "decision") or value in (
            None,
            [],
            {},
            "",
        ):
            continue
        label = name.replace("_", " ").capitalize()
        if isinstance(value, dict):
            yield f"  {label}"
            for inner, text in value.items():
                if text not in (None, [], {}, ""):
                    yield f"    {inner.replace('_', ' ')}: {_one(text)}"
        else:
            yield f"  {label}: {_one(value)}"
    if record.get("decision"):
        yield from decision_lines("  Decision", record["decision"])
    yield "  Messages"
    for message in record["messages"]:
        yield f"    {message['seq']:>3} {message['role']} {message['at']}"
        for line in message["text"].splitlines() or [""]:
            yield f"        {line}"


def _one(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _line(label: str, text: str) -> str:
    return f"  {label:<{LABEL}}{text}"
