"""What the tests of the register and of cases share: filing what they need, and a page's version."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

from cases import events
from policy_rules.decide import decide, parse_facts
from policy_rules.shelf import PackShelf
from tests.api.registered import RECEIVED, decision, file
from tests.console.office import Colleague, Office

REAL = {"nature": "complaint", "subject": "service", "stage_reached": "none"}


def due_on(day: date, kind: str = "acknowledge") -> dict[str, Any]:
    """A decision whose promise of that kind runs out on that day."""
    made = decision()
    clocks = [{**c, "due": day.isoformat()} if c["kind"] == kind else c for c in made["clocks"]]
    return {**made, "clocks": clocks}


def file_due(here: Office, reference: str, days: int, organisation: str = "cqm", **record: Any) -> None:
    """A case whose acknowledgement is due in so many days."""
    made = due_on(here.clock().date() + timedelta(days=days))
    file(here.store, reference, organisation, decision={**made, "organisation": organisation}, **record)


def version_of(page: Any) -> str:
    """The version that a form sends back."""
    found = re.search(r'name="version" value="(\d+)"', page.text)
    assert found is not None, page.text
    return found[1]


def do(who: Colleague, reference: str, act: str, **typed: Any) -> Any:
    """Open the page of an act and send its form."""
    version = version_of(who.get(f"/cases/{reference}/{act}"))
    return who.post(f"/cases/{reference}/{act}", **{"version": version, **typed})


def told(here: Office, reference: str) -> list[str]:
    """The kinds of the case's events."""
    return [e["kind"] for e in here.store.read_sync(lambda conn: events.listing(conn, "cqm", reference))]


def decided() -> dict[str, Any]:
    """A record as the policy in use decides it."""
    pack = PackShelf().get("cqm")
    made = decide(pack, parse_facts(pack, REAL), RECEIVED, assume=True)
    found = made.as_json()
    return {
        "decision": found,
        "facts": REAL,
        "assumed": found["assumed"],
        "calendar_version": found["calendar_version"],
    }
