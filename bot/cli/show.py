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


def _line(label: str, text: str) -> str:
    return f"  {label:<{LABEL}}{text}"
