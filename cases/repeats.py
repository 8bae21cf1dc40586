"""Requests that are sent again: the answer that the first one had, kept in the transaction of what it did.

So a request that was done and whose answer was lost (a crash, a broken line) is answered alike and done once. A key
stands for one request of one caller: another one under it is refused.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, bindparam
from sqlalchemy.dialects import postgresql, sqlite

from cases.models import idempotency_keys as kept
from cases.prepared import Prepared
from policy_rules.errors import Refusal

# Longer than anybody goes on trying, by the retry table of Standard Webhooks.
KEEPS = timedelta(hours=96)
_SWEEP = 100
_INSERT = {
    "sqlite": sqlite.insert(kept).on_conflict_do_nothing().returning(kept.c.key_hash),
    "postgresql": postgresql.insert(kept).on_conflict_do_nothing().returning(kept.c.key_hash),
}


class OtherRequest(Refusal):
    kind = "idempotency-key-reused"
    title = "This key stands for another request"


class StillRunning(Refusal):
    status = 409
    kind = "idempotency-key-in-use"
    title = "A request under this key is under way"


@dataclass(frozen=True, slots=True)
class Request:
    """One request of a caller. `fingerprint` is that of all that it asks; `key` as the caller wrote it."""

    organisation: str
    caller: str
    key: str
    fingerprint: str
    reference: str


@dataclass(frozen=True, slots=True)
class Answer:
    """`status` and JSON body of an answer; `again` when it is that of an earlier sending."""

    status: int
    body: dict[str, Any]
    again: bool = False


def fingerprint_of(*parts: bytes) -> str:
    """One hash of all parts, in their order and with their borders."""
    found = hashlib.sha256()
    for part in parts:
        found.update(len(part).to_bytes(8, "big") + part)
    return found.hexdigest()


_HERE = (
    kept.c.organisation == bindparam("in_organisation"),
    kept.c.caller == bindparam("in_caller"),
    kept.c.key_hash == bindparam("in_key"),
)
_FIND = Prepared(sa.select(kept.c.fingerprint, kept.c.status, kept.c.answer, kept.c.expires_at).where(*_HERE))


def find(conn: Connection, request: Request, now: datetime) -> Answer | None:
    """The answer that this request had; None when it is new. OtherRequest (422) when its key stands for another."""
    key = {"in_organisation": request.organisation, "in_caller": request.caller, "in_key": _hash(request.key)}
    row = _FIND.first(conn, key)
    if row is None:
        return None
    fingerprint, status, answer, expires_at = row
    if expires_at <= now:
        conn.execute(kept.delete().where(*_HERE), key)
        return None
    if fingerprint != request.fingerprint:
        raise OtherRequest(
            "This Idempotency-Key was sent with another request before; take a new one.",
            where="idempotency-key",
        )
    return Answer(status, answer, again=True)


def once(
    conn: Connection, request: Request, now: datetime, do: Callable[[], tuple[int, dict[str, Any]]]
) -> Answer:
    """Do it and keep its answer, or give the answer that it had. An answer is erased with its case.

    Call it with what the request changes locked, so that the same request at the same time waits for the first one.
    """
    if (had := find(conn, request, now)) is not None:
        return had
    if _hash(request.key).startswith("0"):
        # One request in sixteen sweeps, and takes more away than sixteen bring.
        _forget_old(conn, request.organisation, now)
    status, body = do()
    row = {
        "organisation": request.organisation,
        "caller": request.caller,
        "key_hash": _hash(request.key),
        "fingerprint": request.fingerprint,
        "case_reference": request.reference,
        "status": status,
        "answer": body,
        "expires_at": now + KEEPS,
    }
    if conn.execute(_INSERT[conn.dialect.name], row).scalar() is None:
        raise StillRunning("Another request under this Idempotency-Key is under way; wait for its answer.")
    return Answer(status, body)


def erase(conn: Connection, organisation: str, reference: str) -> None:
    """Forget the answers that were given about a case that is erased."""
    conn.execute(kept.delete().where(kept.c.organisation == organisation, kept.c.case_reference == reference))


def _forget_old(conn: Connection, organisation: str, now: datetime) -> None:
    """What is older than anybody goes on trying; some at a time, so that no request pays for many."""
    old = (
        sa.select(kept.c.caller, kept.c.key_hash)
        .where(kept.c.organisation == organisation, kept.c.expires_at <= now)
        .limit(_SWEEP)
    )
    rows = conn.execute(old).all()
    for row in rows:
        here = (
            kept.c.organisation == organisation,
            kept.c.caller == row.caller,
            kept.c.key_hash == row.key_hash,
        )
        conn.execute(kept.delete().where(*here))


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
