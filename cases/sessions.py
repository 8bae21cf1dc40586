"""Sessions of staff: who a browser belongs to, until when. The browser holds 256 random bits, we hold their SHA-256.

A session ends after a time without a page, after a time in any case, when its owner signs out, and when what they may
do changes. A sign-in always begins a new one. Who is away at the identity provider stands in a row of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy import Connection, bindparam

from cases import audit
from cases.models import staff_accounts, staff_sessions, staff_sign_ins
from cases.prepared import Prepared
from cases.staff import Account, end_sessions, hash_of

How = Literal["password", "provider"]
SIGNED_IN, SIGNED_OUT = "staff.signed_in", "staff.signed_out"
# A session in use writes that it is once a minute.
SEEN_EVERY = timedelta(minutes=1)
# How long somebody may be away at the identity provider.
AWAY = timedelta(minutes=10)
LONGEST_DEVICE = 64


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a session lasts: without a page, and at most."""

    idle: timedelta = timedelta(minutes=30)
    absolute: timedelta = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Session:
    """A session that is good now, and whose it is. `handle` names it in a list, and opens nothing."""

    account: Account
    token_hash: str
    how: str
    device: str
    began_at: datetime
    seen_at: datetime
    expires_at: datetime

    @property
    def handle(self) -> str:
        """By what it is named on a page."""
        return self.token_hash[:16]


@dataclass(frozen=True, slots=True)
class Away:
    """What was agreed when somebody went to the identity provider."""

    nonce: str
    verifier: str
    back: str


_PARTS = tuple(staff_sessions.c[name] for name in "token_hash how device began_at seen_at expires_at".split())
_WHOSE = tuple(staff_accounts.c[name] for name in Account.__dataclass_fields__)
_JOINED = staff_sessions.join(
    staff_accounts,
    sa.and_(
        staff_accounts.c.organisation == staff_sessions.c.organisation,
        staff_accounts.c.id == staff_sessions.c.account_id,
    ),
)
_FIND = Prepared(
    sa.select(*_PARTS, *_WHOSE)
    .select_from(_JOINED)
    .where(
        staff_sessions.c.organisation == bindparam("in_organisation"),
        staff_sessions.c.token_hash == bindparam("of_hash"),
    )
)


def begin(
    conn: Connection, account: Account, token: str, how: How, device: str, now: datetime, limits: Limits
) -> None:
    """A new session for `token`, which nobody else knows. Sessions that are over are cleared away."""
    conn.execute(
        staff_sessions.delete().where(
            staff_sessions.c.organisation == account.organisation, staff_sessions.c.expires_at <= now
        )
    )
    conn.execute(
        staff_sessions.insert(),
        {
            "organisation": account.organisation,
            "token_hash": hash_of(token),
            "account_id": account.id,
            "how": how,
            "device": device[:LONGEST_DEVICE],
            "began_at": now,
            "seen_at": now,
            "expires_at": now + limits.absolute,
        },
    )
    here = (staff_accounts.c.organisation == account.organisation, staff_accounts.c.id == account.id)
    conn.execute(staff_accounts.update().where(*here).values(signed_in_at=now))
    event = audit.Event(SIGNED_IN, account.id, "staff", caller=account.id)
    audit.append(conn, account.organisation, now, [event])


def find(conn: Connection, organisation: str, token: str, now: datetime, limits: Limits) -> Session | None:
    """The session of a browser; None where it is unknown or over, or its owner may sign in no more."""
    row = _FIND.first(conn, {"in_organisation": organisation, "of_hash": hash_of(token)})
    if row is None:
        return None
    found = _session(row)
    if found.account.disabled_at is not None or found.expires_at <= now or found.seen_at + limits.idle <= now:
        return None
    return found


def is_worn(session: Session, now: datetime) -> bool:
    """Whether it is time to write down that the session is used."""
    return now - session.seen_at >= SEEN_EVERY


def seen(conn: Connection, session: Session, now: datetime) -> None:
    """Write down that the session is used."""
    conn.execute(staff_sessions.update().where(*_is(session)).values(seen_at=now))


def end(conn: Connection, session: Session, now: datetime) -> None:
    """Sign out of this browser."""
    conn.execute(staff_sessions.delete().where(*_is(session)))
    _tell(conn, session, now)


def end_everywhere(conn: Connection, session: Session, now: datetime) -> None:
    """Sign out of every browser."""
    end_sessions(conn, session.account.organisation, session.account.id)
    _tell(conn, session, now)


def end_other(conn: Connection, session: Session, handle: str, now: datetime) -> bool:
    """Sign out of one of one's own browsers, by its handle; False where there is none such."""
    theirs = (
        staff_sessions.c.organisation == session.account.organisation,
        staff_sessions.c.account_id == session.account.id,
        sa.func.substr(staff_sessions.c.token_hash, 1, 16) == handle,
    )
    gone = conn.execute(staff_sessions.delete().where(*theirs)).rowcount > 0
    if gone:
        _tell(conn, session, now)
    return gone


def of_account(conn: Connection, account: Account, now: datetime, limits: Limits) -> list[Session]:
    """Somebody's sessions that are good now, the latest used first."""
    theirs = (
        staff_sessions.c.organisation == account.organisation,
        staff_sessions.c.account_id == account.id,
        staff_sessions.c.expires_at > now,
        staff_sessions.c.seen_at > now - limits.idle,
    )
    query = sa.select(*_PARTS, *_WHOSE).select_from(_JOINED).where(*theirs)
    return [_session(tuple(row)) for row in conn.execute(query.order_by(staff_sessions.c.seen_at.desc()))]


def go_away(conn: Connection, organisation: str, state: str, browser: str, away: Away, now: datetime) -> None:
    """Somebody goes to the identity provider with `state`, from the browser that holds `browser`."""
    over = (staff_sign_ins.c.organisation == organisation, staff_sign_ins.c.expires_at <= now)
    conn.execute(staff_sign_ins.delete().where(*over))
    row = {
        "organisation": organisation,
        "state_hash": hash_of(state),
        "browser_hash": hash_of(browser),
        "nonce": away.nonce,
        "verifier": away.verifier,
        "back": away.back,
        "expires_at": now + AWAY,
    }
    conn.execute(staff_sign_ins.insert(), row)


def come_back(conn: Connection, organisation: str, state: str, browser: str, now: datetime) -> Away | None:
    """What was agreed under this state; None where it is unknown, used, too old, or of another browser."""
    here = (
        staff_sign_ins.c.organisation == organisation,
        staff_sign_ins.c.state_hash == hash_of(state),
        staff_sign_ins.c.browser_hash == hash_of(browser),
        staff_sign_ins.c.expires_at > now,
    )
    row = conn.execute(sa.select(staff_sign_ins).where(*here)).first()
    if row is None:
        return None
    # Two that come back at once with one state: whoever deletes the row has it.
    if conn.execute(staff_sign_ins.delete().where(*here)).rowcount != 1:
        return None
    return Away(row.nonce, row.verifier, row.back)


def _tell(conn: Connection, session: Session, now: datetime) -> None:
    account = session.account
    event = audit.Event(SIGNED_OUT, account.id, "staff", caller=account.id)
    audit.append(conn, account.organisation, now, [event])


def _is(session: Session) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        staff_sessions.c.organisation == session.account.organisation,
        staff_sessions.c.token_hash == session.token_hash,
    )


def _session(row: tuple[Any, ...]) -> Session:
    parts = dict(zip((column.name for column in _PARTS), row, strict=False))
    whose = dict(zip((column.name for column in _WHOSE), row[len(_PARTS) :], strict=True))
    return Session(Account(**{**whose, "roles": tuple(whose["roles"])}), **parts)
