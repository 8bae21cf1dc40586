"""One-time codes by which somebody proves that a case is theirs, and the sessions that they open.

Asking is the same for every reference: a row is written, whether there is such a case or not, and whoever asked is
answered. Only then, in a transaction of its own, is looked whom it is for (`settle`), and an outbox row made for them;
the code itself is made when that row is delivered (`issue`). So a code is never at rest in the clear, and nobody who
asks can read from the answer, or from its time, whether a case exists.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from cases import audit, outgoing
from cases.models import case_codes, case_sessions, cases
from policy_rules.errors import Refusal

# The kind of the outbox row; its detail names the asking that it answers.
KIND = "code.asked"
DIGITS = 8
TRIES = 5
# A code works for so long after it went out; an asking is answered for so long, however slow the mail is.
CODE_LASTS = timedelta(minutes=10)
ASKED_LASTS = timedelta(minutes=30)
SESSION_LASTS = timedelta(minutes=60)
# So many askings for one reference with one address in so long.
LIMITS: Sequence[tuple[timedelta, int]] = ((timedelta(minutes=15), 3), (timedelta(days=1), 10))
_KEPT = timedelta(days=1)
_SWEEP = 50
# Of eight digits a plain hash would tell the code within a second to who has read the table.
_COST = {"n": 2**12, "r": 8, "p": 1}


class TooManyCodes(Refusal):
    """The same for a reference that is nobody's: it counts what was asked, not what was sent."""

    status = 429
    kind = "too-many-codes"
    title = "Too many codes were asked for"


@dataclass(frozen=True, slots=True)
class Asking:
    """What somebody asks with. `key_hash` is of their browser's secret; `address` is None for the one on file."""

    organisation: str
    id: str
    reference: str
    key_hash: str
    address: str | None
    language: str


@dataclass(frozen=True, slots=True)
class Checked:
    """What a try has brought: the case that is open now, or how many tries are left with this code."""

    reference: str | None
    left: int = 0


def address_hash(address: str) -> str:
    """What is kept of an address: the same for every way to write it that mail programs take for one."""
    return hashlib.sha256(address.strip().casefold().encode()).hexdigest()


def code_hash(asking_id: str, code: str) -> str:
    """What is kept of a code. It takes some 10 ms, so not on the thread that writes."""
    digits = "".join(letter for letter in code if letter.isdigit())
    return hashlib.scrypt(digits.encode(), salt=asking_id.encode(), dklen=32, **_COST).hex()


def ask(conn: Connection, asking: Asking, now: datetime) -> None:
    """Keep that a code was asked for. Raises TooManyCodes. Whether there is such a case is not looked at."""
    _sweep(conn, asking.organisation, now)
    kept = None if asking.address is None else address_hash(asking.address)
    same = (
        case_codes.c.organisation == asking.organisation,
        case_codes.c.case_reference == asking.reference,
        case_codes.c.address_hash.is_(None) if kept is None else case_codes.c.address_hash == kept,
    )
    for within, most in LIMITS:
        asked = sa.select(sa.func.count()).where(*same, case_codes.c.asked_at > now - within)
        if conn.execute(asked).scalar_one() >= most:
            raise TooManyCodes(
                "Codes for this reference were asked for too often. Wait a while, or reach a person.",
                where="reference",
            )
    row = {
        "organisation": asking.organisation,
        "id": asking.id,
        "case_reference": asking.reference,
        "key_hash": asking.key_hash,
        "address_hash": kept,
        "language": asking.language,
        "asked_at": now,
        "tries": 0,
    }
    conn.execute(case_codes.insert(), row)


def unsettled(conn: Connection, organisation: str, now: datetime) -> list[str]:
    """The askings that nobody has looked into yet: the newest, and what a crash has left."""
    query = sa.select(case_codes.c.id).where(
        case_codes.c.organisation == organisation,
        case_codes.c.asked_at > now - ASKED_LASTS,
        case_codes.c.settled_at.is_(None),
    )
    return list(conn.execute(query.order_by(case_codes.c.asked_at).limit(_SWEEP)).scalars())


def settle(conn: Connection, organisation: str, asking_id: str, now: datetime) -> bool:
    """Look whom an asking is for, and put the mail with their code into the outbox; whether there is such a person."""
    here = (case_codes.c.organisation == organisation, case_codes.c.id == asking_id)
    mine = case_codes.update().where(*here, case_codes.c.settled_at.is_(None)).values(settled_at=now)
    row = conn.execute(mine.returning(case_codes.c.case_reference, case_codes.c.address_hash)).first()
    if row is None:
        return False
    record = _record(conn, organisation, row.case_reference)
    on_file = str((record.get("complainant") or {}).get("email") or "")
    if not on_file or row.address_hash not in (None, address_hash(on_file)):
        return False
    detail = {"asking": asking_id}
    outgoing.put(
        conn,
        organisation,
        row.case_reference,
        KIND,
        outgoing.TO_PERSON,
        now,
        about=asking_id,
        detail=detail,
    )
    audit.append(conn, organisation, now, [audit.Event(KIND, row.case_reference, "complainant")])
    return True


@dataclass(frozen=True, slots=True)
class Issued:
    """For whom a code is: the language that they asked in."""

    language: str


def issue(conn: Connection, organisation: str, asking_id: str, hashed: str, now: datetime) -> Issued | None:
    """Let this code, and no earlier one of the same asking, open the case; None where that is over or was used."""
    values = {"code_hash": hashed, "sent_at": now}
    live = _live(organisation, asking_id, now)
    row = conn.execute(
        case_codes.update().where(*live).values(values).returning(case_codes.c.language)
    ).first()
    return None if row is None else Issued(row.language)


def check(
    conn: Connection,
    organisation: str,
    asking_id: str,
    key_hash: str,
    hashed: str,
    token_hash: str,
    now: datetime,
) -> Checked:
    """One try with a code (as `code_hash` has it): the right one is burnt and opens a session under `token_hash`.

    `key_hash` is of the browser that asked; from any other the right code opens nothing, and counts as a try.
    """
    tried = case_codes.update().where(*_live(organisation, asking_id, now), case_codes.c.tries < TRIES)
    columns = (case_codes.c[name] for name in "case_reference key_hash code_hash sent_at tries".split())
    row = conn.execute(tried.values(tries=case_codes.c.tries + 1).returning(*columns)).first()
    if row is None:
        return Checked(None)
    fresh = row.sent_at is not None and now < row.sent_at + CODE_LASTS
    right = hmac.compare_digest(row.code_hash or "", hashed) and hmac.compare_digest(row.key_hash, key_hash)
    if not (right and fresh):
        return Checked(None, TRIES - row.tries)
    here = (case_codes.c.organisation == organisation, case_codes.c.id == asking_id)
    conn.execute(case_codes.update().where(*here).values(used_at=now, code_hash=None))
    open_session(conn, organisation, row.case_reference, token_hash, now)
    return Checked(row.case_reference)


def open_session(conn: Connection, organisation: str, reference: str, token_hash: str, now: datetime) -> None:
    """Let whoever holds the secret of `token_hash` see the case for a while."""
    row = {
        "organisation": organisation,
        "token_hash": token_hash,
        "case_reference": reference,
        "opened_at": now,
        "expires_at": now + SESSION_LASTS,
    }
    conn.execute(case_sessions.insert(), row)
    audit.append(conn, organisation, now, [audit.Event("case.opened", reference, "complainant")])


def opened(conn: Connection, organisation: str, token_hash: str, now: datetime) -> str | None:
    """The case that a session shows; None once its time is over, or the case is erased."""
    query = sa.select(case_sessions.c.case_reference).where(
        *_session(organisation, token_hash), case_sessions.c.expires_at > now
    )
    found: str | None = conn.execute(query).scalar()
    return found


def end_session(conn: Connection, organisation: str, token_hash: str) -> None:
    """Let nobody see anything by it any more."""
    conn.execute(case_sessions.delete().where(*_session(organisation, token_hash)))


def _session(organisation: str, token_hash: str) -> tuple[sa.ColumnElement[bool], ...]:
    return case_sessions.c.organisation == organisation, case_sessions.c.token_hash == token_hash


def _live(organisation: str, asking_id: str, now: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        case_codes.c.organisation == organisation,
        case_codes.c.id == asking_id,
        case_codes.c.asked_at > now - ASKED_LASTS,
        case_codes.c.used_at.is_(None),
    )


def _record(conn: Connection, organisation: str, reference: str) -> dict[str, Any]:
    here = (cases.c.organisation == organisation, cases.c.reference == reference)
    return dict(conn.execute(sa.select(cases.c.record).where(*here)).scalar() or {})


def _sweep(conn: Connection, organisation: str, now: datetime) -> None:
    """Forget what is over; some at a time, so that nobody pays for many."""
    old = sa.select(case_codes.c.id).where(
        case_codes.c.organisation == organisation, case_codes.c.asked_at <= now - _KEPT
    )
    gone = case_codes.c.id.in_(old.limit(_SWEEP))
    conn.execute(case_codes.delete().where(case_codes.c.organisation == organisation, gone))
    over = (case_sessions.c.organisation == organisation, case_sessions.c.expires_at <= now)
    conn.execute(case_sessions.delete().where(*over))
