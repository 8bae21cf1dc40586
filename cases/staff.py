"""Who of an organisation's staff may sign in, and in which roles. An account belongs to one organisation.

An account is made by an invitation, whose link is good once and for some days, or by the first sign-in through the
organisation's own identity provider. A change of what somebody may do ends their sessions: what they hold from before
opens nothing any more.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, get_args

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, EmailStr, Field, field_validator
from sqlalchemy import Connection

from cases import audit
from cases.models import staff_accounts, staff_sessions
from policy_rules.errors import Refusal, hint

Role = Literal[
    "staff",
    "restricted_cases",
    "rules_editor",
    "rules_approver",
    "privacy_officer",
    "auditor",
    "api_client",
]
ROLES: tuple[Role, ...] = get_args(Role)
INVITED, JOINED, DISABLED, ROLES_CHANGED = "staff.invited", "staff.joined", "staff.disabled", "staff.roles"
PASSWORD_CHANGED = "staff.password"  # noqa: S105 - the name of an event
SECRET_BYTES, ID_BYTES = 32, 12
LONGEST_EMAIL, LONGEST_NAME, LONGEST_DAYS = 254, 200, 30


class NoSuchStaff(Refusal):
    status = 404
    kind = "unknown-staff"
    title = "No such member of staff"


class UnknownRole(Refusal):
    kind = "unknown-role"
    title = "No such role"


@dataclass(frozen=True, slots=True)
class Account:
    """A member of staff. `id` names nobody, and is what the audit trail keeps."""

    organisation: str
    id: str
    email: str
    name: str
    roles: tuple[str, ...]
    password_hash: str | None
    disabled_at: datetime | None


class Gone(BaseModel):
    """Who is to be let in no more."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    organisation: str = Field(min_length=1, max_length=64)
    email: EmailStr = Field(max_length=LONGEST_EMAIL)


class Invitation(Gone):
    """Who is invited, to which roles, and for how many days the link is good."""

    roles: tuple[str, ...] = Field(min_length=1, max_length=len(ROLES))
    name: str = Field(default="", max_length=LONGEST_NAME)
    days: int = Field(default=3, ge=1, le=LONGEST_DAYS)

    @field_validator("roles")
    @classmethod
    def _known(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        try:
            return known_roles(value)
        except UnknownRole as refusal:
            raise ValueError(refusal.detail) from None


_ACCOUNT = tuple(staff_accounts.c[name] for name in Account.__dataclass_fields__)


def normal(email: str) -> str:
    """An address as accounts hold it."""
    return email.strip().lower()


def known_roles(roles: Iterable[str]) -> tuple[str, ...]:
    """The roles, each once and in our order. UnknownRole (422) names the nearest right one."""
    given = list(roles)
    for role in given:
        if role not in ROLES:
            raise UnknownRole(
                f"'{role[:40]}' is not a role; {hint(role, ROLES)}",
                where="role",
                found=role[:40],
                allowed=ROLES,
            )
    return tuple(role for role in ROLES if role in given)


def invite(
    conn: Connection,
    organisation: str,
    email: str,
    roles: Iterable[str],
    random: bytes,
    now: datetime,
    until: datetime,
    *,
    name: str = "",
) -> str:
    """Make an account, or invite the one of this address again with these roles; the secret of its link, this once.

    `random` are SECRET_BYTES + ID_BYTES bytes that nobody knows. An account that was disabled is open again once the
    link was used.
    """
    if len(random) != SECRET_BYTES + ID_BYTES:
        raise ValueError(f"an invitation is made of {SECRET_BYTES + ID_BYTES} random bytes")
    secret, address = random[ID_BYTES:].hex(), normal(email)
    held = by_email(conn, organisation, address)
    wanted = known_roles(roles)
    values = {"invite_hash": hash_of(secret), "invite_until": until, "roles": list(wanted)}
    if held is None:
        account_id = random[:ID_BYTES].hex()
        fixed = {"organisation": organisation, "id": account_id, "email": address, "created_at": now}
        conn.execute(staff_accounts.insert(), {**fixed, "name": name or address, **values})
    else:
        account_id = held.id
        conn.execute(staff_accounts.update().where(*_is(organisation, account_id)).values(values))
        if set(held.roles) != set(wanted):
            end_sessions(conn, organisation, account_id)
    audit.append(conn, organisation, now, [audit.Event(INVITED, account_id, "staff")])
    return secret


def invited_by(conn: Connection, wanted: Invitation, random: bytes, now: datetime) -> str:
    """`invite`, from what a command or a program asks for."""
    until = now + timedelta(days=wanted.days)
    return invite(
        conn, wanted.organisation, wanted.email, wanted.roles, random, now, until, name=wanted.name.strip()
    )


def invited(conn: Connection, organisation: str, secret: str, now: datetime) -> Account | None:
    """Whom a link invites; None where it is unknown, used or too old."""
    query = sa.select(*_ACCOUNT).where(
        staff_accounts.c.organisation == organisation,
        staff_accounts.c.invite_hash == hash_of(secret),
        staff_accounts.c.invite_until > now,
    )
    return _account(conn.execute(query).first())


def join(
    conn: Connection, organisation: str, secret: str, password_hash: str, name: str, now: datetime
) -> Account | None:
    """Use a link: keep the password, open the account. None where the link is good no longer."""
    found = invited(conn, organisation, secret, now)
    if found is None:
        return None
    values = {
        "password_hash": password_hash,
        "name": name or found.name,
        "invite_hash": None,
        "invite_until": None,
        "disabled_at": None,
    }
    unused = (*_is(organisation, found.id), staff_accounts.c.invite_hash == hash_of(secret))
    # Two who use one link at once: the second changes no row.
    if conn.execute(staff_accounts.update().where(*unused).values(values)).rowcount != 1:
        return None
    end_sessions(conn, organisation, found.id)
    audit.append(conn, organisation, now, [audit.Event(JOINED, found.id, "staff", caller=found.id)])
    return find(conn, organisation, found.id)


def find(conn: Connection, organisation: str, account_id: str) -> Account | None:
    """The account of that id."""
    return _account(conn.execute(sa.select(*_ACCOUNT).where(*_is(organisation, account_id))).first())


def by_email(conn: Connection, organisation: str, email: str) -> Account | None:
    """The account of that address, disabled or not."""
    here = (staff_accounts.c.organisation == organisation, staff_accounts.c.email == normal(email))
    return _account(conn.execute(sa.select(*_ACCOUNT).where(*here)).first())


def set_password(conn: Connection, account: Account, password_hash: str, now: datetime) -> None:
    """Keep another password; every session ends."""
    here = _is(account.organisation, account.id)
    conn.execute(staff_accounts.update().where(*here).values(password_hash=password_hash))
    end_sessions(conn, account.organisation, account.id)
    event = audit.Event(PASSWORD_CHANGED, account.id, "staff", caller=account.id)
    audit.append(conn, account.organisation, now, [event])


def disable(conn: Connection, organisation: str, email: str, now: datetime) -> bool:
    """Let somebody in no more, from now on; False when it was so before. NoSuchStaff (404)."""
    found = by_email(conn, organisation, email)
    if found is None:
        raise NoSuchStaff(f"'{organisation[:40]}' has no member of staff {email[:80]}.", where="email")
    gone = {"disabled_at": now, "invite_hash": None, "invite_until": None}
    changed = found.disabled_at is None
    if changed:
        conn.execute(staff_accounts.update().where(*_is(organisation, found.id)).values(gone))
        audit.append(conn, organisation, now, [audit.Event(DISABLED, found.id, "staff")])
    end_sessions(conn, organisation, found.id)
    return changed


def from_provider(
    conn: Connection,
    organisation: str,
    identity: tuple[str, str],
    email: str,
    name: str,
    roles: Iterable[str] | None,
    random: bytes,
    now: datetime,
    *,
    proven: bool,
) -> Account | None:
    """The account of who signed in at the identity provider as `identity`: (issuer, subject).

    `roles` are what the provider says; None leaves those of the account. An invited address is bound to the first
    identity that shows it `proven`, and to no other later. None where nobody of that identity or address may sign in.
    """
    issuer, subject = identity
    known = (
        staff_accounts.c.organisation == organisation,
        staff_accounts.c.issuer == issuer,
        staff_accounts.c.subject == subject,
    )
    given = None if roles is None else known_roles(roles)
    held = _account(conn.execute(sa.select(*_ACCOUNT).where(*known)).first())
    if held is None and proven:
        unbound = (staff_accounts.c.issuer.is_(None), staff_accounts.c.email == normal(email))
        query = sa.select(*_ACCOUNT).where(staff_accounts.c.organisation == organisation, *unbound)
        held = _account(conn.execute(query).first())
    if held is None:
        if not given or by_email(conn, organisation, email) is not None:
            return None
        held = _new(conn, organisation, identity, email, name, given, random, now)
    if held.disabled_at is not None:
        return None
    # An invitation that was not used is used by this: its link opens nothing any more.
    kept = held.roles if given is None else given
    values = {
        "issuer": issuer,
        "subject": subject,
        "roles": list(kept),
        "name": name or held.name,
        "invite_hash": None,
        "invite_until": None,
    }
    conn.execute(staff_accounts.update().where(*_is(organisation, held.id)).values(values))
    if set(kept) != set(held.roles):
        end_sessions(conn, organisation, held.id)
        event = audit.Event(ROLES_CHANGED, held.id, "system")
        audit.append(conn, organisation, now, [event])
    return find(conn, organisation, held.id) if kept else None


def _new(
    conn: Connection,
    organisation: str,
    identity: tuple[str, str],
    email: str,
    name: str,
    roles: tuple[str, ...],
    random: bytes,
    now: datetime,
) -> Account:
    account_id = random[:ID_BYTES].hex()
    conn.execute(
        staff_accounts.insert(),
        {
            "organisation": organisation,
            "id": account_id,
            "email": normal(email),
            "name": name or email,
            "roles": list(roles),
            "issuer": identity[0],
            "subject": identity[1],
            "created_at": now,
        },
    )
    audit.append(conn, organisation, now, [audit.Event(JOINED, account_id, "system")])
    found = find(conn, organisation, account_id)
    assert found is not None  # noqa: S101 - it was made a line ago
    return found


def listing(conn: Connection, organisation: str | None = None) -> list[dict[str, Any]]:
    """Every account as JSON, without what opens anything; by organisation and address."""
    shown = "organisation id email name roles created_at signed_in_at disabled_at".split()
    query = sa.select(
        *(staff_accounts.c[column] for column in shown),
        staff_accounts.c.password_hash.is_not(None).label("password"),
        staff_accounts.c.subject.is_not(None).label("provider"),
        staff_accounts.c.invite_until,
    ).order_by(staff_accounts.c.organisation, staff_accounts.c.email)
    if organisation is not None:
        query = query.where(staff_accounts.c.organisation == organisation)
    return [{n: _text(v) for n, v in row._asdict().items()} for row in conn.execute(query)]


def end_sessions(conn: Connection, organisation: str, account_id: str, but: str | None = None) -> int:
    """End every session of somebody, except the one of this hash; how many there were."""
    theirs = [staff_sessions.c.organisation == organisation, staff_sessions.c.account_id == account_id]
    if but is not None:
        theirs.append(staff_sessions.c.token_hash != but)
    return conn.execute(staff_sessions.delete().where(*theirs)).rowcount


def hash_of(secret: str) -> str:
    """What is kept of a secret that nobody can guess."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _is(organisation: str, account_id: str) -> tuple[sa.ColumnElement[bool], ...]:
    return staff_accounts.c.organisation == organisation, staff_accounts.c.id == account_id


def _account(row: Any) -> Account | None:
    return None if row is None else Account(**{**row._asdict(), "roles": tuple(row.roles)})


def _text(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
