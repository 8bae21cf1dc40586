"""Cases to tell events of: a small real pack's calendar, clocks that may stop and be extended, and short ways to tell."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import Any

from cases import clock_moves, events, repeats
from cases.clock_moves import ClockRow
from cases.events import Writer
from cases.store import Store
from cases.told import KINDS
from policy_rules.compiled import CompiledPack
from policy_rules.shelf import PackShelf
from tests.cases.builders import NOW, REFERENCE, a_decision, file_a_case

SYSTEM = Writer("Case system", "system", "abcdefgh")
RECEIVED = NOW  # Thursday 24 December 2026, 16:45
EXTENSION = {
    "amount": 10,
    "unit": "working_day",
    "times": 1,
    "needs_reason": True,
    "needs_consent": False,
    "must_tell": ["the reason"],
    "latest_day": "2027-02-09",
}


@cache
def pack() -> CompiledPack:
    return PackShelf().get("cqm")


def decided() -> dict[str, Any]:
    """A decision with a window of the complainant's that begins with the answer."""
    decision = a_decision()
    acknowledge, respond, escalate = decision["clocks"]
    return {**decision, "clocks": [acknowledge, respond, {**escalate, "from": "response_received"}]}


def flexible(**changes: Any) -> dict[str, Any]:
    """A decision whose promise to respond may stop and be extended."""
    decision = decided()
    acknowledge, respond, escalate = decision["clocks"]
    respond = {**respond, "may_stop": True, "extension": EXTENSION, **changes}
    return {**decision, "clocks": [acknowledge, respond, escalate]}


def file(store: Store, **record: Any) -> None:
    file_a_case(store, **{"decision": decided(), **record})


def tell(
    store: Store,
    kind: str,
    at: datetime | None = None,
    now: datetime | None = None,
    key: str | None = None,
    seen: frozenset[int] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """Tell an event, by default a minute after it happened; the answer's body."""
    happened = at or datetime(2026, 12, 29, 10, 0, tzinfo=UTC)
    told = KINDS[kind].validate_python({"kind": kind, "at": happened, **more})
    asked = request(key or f"{kind} {happened} {more}", repeats.fingerprint_of(f"{kind}{more}".encode()))
    answer = store.write_sync(
        lambda conn: events.tell(conn, asked, seen, told, SYSTEM, now or happened, pack())
    )
    return answer.body


def request(key: str, fingerprint: str = "f", reference: str = REFERENCE) -> repeats.Request:
    return repeats.Request("cqm", SYSTEM.caller or "", key, fingerprint, reference)


def clocks(store: Store) -> dict[str, ClockRow]:
    rows = store.read_sync(lambda conn: clock_moves.rows_of(conn, "cqm", REFERENCE))
    return clock_moves.by_kind(rows)


def at(day: int, hour: int = 10, minute: int = 0, month: int = 12, second: int = 0) -> datetime:
    """An instant in December 2026, or in a month of 2027."""
    return datetime(2026 if month == 12 else 2027, month, day, hour, minute, second, tzinfo=UTC)
