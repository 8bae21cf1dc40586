"""The cases that are kept, decided again under a draft: read page by page, so that nobody's turn waits behind it.

It blocks, and takes a thread of its own. The newest cases are looked at first; when the time is over it stops, and
says how many there are that it did not look at.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from cases.models import cases
from cases.store import Store
from policy_rules.compiled import CompiledPack
from policy_rules.replay import CLASSES_KEPT, PastCase, Replay, Replayed

PAGE = 100
_LONGEST_CHAIN = 8

# (hash of the pack that decided a case, its receipt) -> that pack.
Governed = Callable[[str | None, datetime], CompiledPack]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is replayed: an organisation's cases, for at most so many seconds. `names_restricted`: whoever asks may
    know of restricted cases; else these are counted only. `recent_from` counts apart what came since."""

    organisation: str
    seconds: float
    names_restricted: bool = False
    recent_from: datetime | None = None


_QUERY = sa.select(
    cases.c.created_at,
    cases.c.reference,
    cases.c.received_at,
    cases.c.first_told_at,
    cases.c.policy_sha256,
    cases.c.restricted,
    cases.c.record["facts"].as_string().label("facts"),
    cases.c.record["escalated_from"].as_string().label("escalated_from"),
)


def replay(store: Store, wanted: Wanted, new: CompiledPack, governed: Governed) -> Replayed:
    """What would have become of the cases under `new`."""
    began = time.monotonic()
    run = Replay(new, recent_from=wanted.recent_from)
    run.found.cases = store.read_sync(lambda conn: count(conn, wanted.organisation))
    packs: dict[Any, CompiledPack] = {}
    facts: dict[str, dict[str, str]] = {}
    after: tuple[datetime, str] | None = None
    while time.monotonic() - began < wanted.seconds:
        reading = time.monotonic()
        rows = store.read_sync(lambda conn, after=after: _page(conn, wanted.organisation, after))  # type: ignore[misc]
        run.found.longest_page = max(run.found.longest_page, time.monotonic() - reading)
        for row, original in rows:
            # By hash where that is one of ours; what it falls back to depends on the receipt.
            at = row.policy_sha256 or row.received_at
            old = packs.get(at)
            if old is None:
                old = governed(row.policy_sha256, row.received_at)
                if old.sha256 == row.policy_sha256:
                    packs[at] = old
            text = row.facts or "{}"
            if text not in facts:
                if len(facts) >= CLASSES_KEPT:
                    facts.clear()
                facts[text] = _facts(text)
            hidden = bool(row.restricted) and not wanted.names_restricted
            past = (row.received_at, row.first_told_at, original, hidden)
            run.take(PastCase(row.reference, facts[text], *past), old, text)
        if len(rows) < PAGE:
            break
        after = (rows[-1][0].created_at, rows[-1][0].reference)
        # Whoever waits for this processor goes first.
        time.sleep(0)
    found = run.result()
    # Of those that came while it ran, some were not counted before.
    found.cases = max(found.cases, found.looked_at)
    found.seconds = time.monotonic() - began
    return found


def state(conn: Connection, organisation: str) -> tuple[int, datetime | None]:
    """How many cases there are, and when one last changed: as long as this is the same, so is a replay."""
    query = sa.select(sa.func.max(cases.c.updated_at)).where(cases.c.organisation == organisation)
    return count(conn, organisation), conn.execute(query).scalar()


def count(conn: Connection, organisation: str) -> int:
    """How many cases the organisation has."""
    query = sa.select(sa.func.count()).select_from(cases).where(cases.c.organisation == organisation)
    return int(conn.execute(query).scalar_one())


def _page(conn: Connection, organisation: str, after: tuple[datetime, str] | None) -> list[tuple[Any, Any]]:
    """The next cases, the newest first, each with when the first case of its matter was received."""
    query = _QUERY.where(cases.c.organisation == organisation)
    if after is not None:
        at = sa.literal(after[0], cases.c.created_at.type), sa.literal(after[1])
        query = query.where(sa.tuple_(cases.c.created_at, cases.c.reference) < sa.tuple_(*at))
    rows = conn.execute(query.order_by(cases.c.created_at.desc(), cases.c.reference.desc()).limit(PAGE)).all()
    return [
        (row, _original(conn, organisation, row.escalated_from) if row.escalated_from else None)
        for row in rows
    ]


def _original(conn: Connection, organisation: str, reference: str | None) -> datetime | None:
    """When the first case of a matter was received, from the one before."""
    found = None
    for _ in range(_LONGEST_CHAIN):
        if reference is None:
            break
        query = sa.select(
            cases.c.received_at, cases.c.record["escalated_from"].as_string().label("before")
        ).where(cases.c.organisation == organisation, cases.c.reference == reference)
        row = conn.execute(query).first()
        if row is None:
            break
        found, reference = row.received_at, row.before
    return found


def _facts(text: str) -> dict[str, str]:
    """The facts of a record as the rules take them."""
    return {
        name: str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in json.loads(text).items()
        if value is not None
    }
