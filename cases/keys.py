"""API keys: how other systems say who they are. A key belongs to one organisation and may do what its scopes say.

    hearout.<organisation>.<prefix>.<secret>     as it is given out, once

`secret` is 256 random bits. We keep their SHA-256, which is enough for what nobody can guess; a slow hash is for
passwords. The prefix names the key in lists and in the audit trail, and opens nothing.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, get_args

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field, field_validator
from sqlalchemy import Connection, bindparam

from cases import audit
from cases.models import api_keys
from cases.prepared import Prepared
from policy_rules.errors import Refusal, hint

Scope = Literal[
    "cases:read",
    "cases:write",
    "cases:restricted",
    "notes:read",
    "notes:write",
    "evidence:read",
    "evidence:write",
]
SCOPES: tuple[Scope, ...] = get_args(Scope)
BEGINS = "hearout."
SECRET_BYTES, PREFIX_BYTES = 32, 5
RANDOM_BYTES = SECRET_BYTES + PREFIX_BYTES
LONGEST_DAYS = 3650
# A key that works all day writes when it was used once a minute.
USED_EVERY = timedelta(minutes=1)
ADDED, REVOKED = "key.added", "key.revoked"
_TOKEN = re.compile(r"hearout\.([a-z][a-z0-9_]{0,63})\.([a-z2-7]{8})\.([A-Za-z0-9_-]{43})")
# Compared with where there is no such key, so that both take the same time.
_NOBODY = "0" * 64


class NoSuchKey(Refusal):
    status = 404
    kind = "unknown-key"
    title = "No such key"


class NewKey(BaseModel):
    """What a key is to be. It expires after `days`; null is never."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    organisation: str = Field(min_length=1, max_length=64)
    name: str = Field(min_length=1, max_length=100, pattern=r"\S", description="What uses it.")
    scopes: tuple[str, ...] = Field(min_length=1, max_length=len(SCOPES))
    days: int | None = Field(default=365, ge=1, le=LONGEST_DAYS)

    @field_validator("scopes")
    @classmethod
    def _known(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for scope in value:
            if scope not in SCOPES:
                raise ValueError(f"'{scope[:40]}' is not a scope; {hint(scope, SCOPES)}")
        return tuple(scope for scope in SCOPES if scope in value)


@dataclass(frozen=True, slots=True)
class Presented:
    """What a caller's key says: whose it is, its name, and the hash of its secret."""

    organisation: str
    prefix: str
    hash: str


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key that is good now."""

    organisation: str
    prefix: str
    name: str
    scopes: tuple[str, ...]
    last_used_at: datetime | None


_KEY = Prepared(
    sa.select(*(api_keys.c[n] for n in "hash name scopes expires_at last_used_at revoked_at".split())).where(
        api_keys.c.organisation == bindparam("organisation"), api_keys.c.prefix == bindparam("prefix")
    )
)


def add(conn: Connection, wanted: NewKey, random: bytes, now: datetime) -> str:
    """Keep a new key and return it as it is given out. `random` are RANDOM_BYTES bytes that nobody knows."""
    if len(random) != RANDOM_BYTES:
        raise ValueError(f"a key is made of {RANDOM_BYTES} random bytes")
    prefix = base64.b32encode(random[:PREFIX_BYTES]).decode().lower()
    secret = base64.urlsafe_b64encode(random[PREFIX_BYTES:]).decode().rstrip("=")
    row = {
        "organisation": wanted.organisation,
        "prefix": prefix,
        "hash": _hash(secret),
        "name": wanted.name,
        "scopes": list(wanted.scopes),
        "created_at": now,
        "expires_at": None if wanted.days is None else now + timedelta(days=wanted.days),
    }
    conn.execute(api_keys.insert(), row)
    audit.append(conn, wanted.organisation, now, [audit.Event(ADDED, prefix, "staff")])
    return f"{BEGINS}{wanted.organisation}.{prefix}.{secret}"


def presented(token: str) -> Presented | None:
    """What a token says, None where it is not formed like a key."""
    found = _TOKEN.fullmatch(token)
    return None if found is None else Presented(found[1], found[2], _hash(found[3]))


def find(conn: Connection, given: Presented, now: datetime) -> ApiKey | None:
    """The key, if it is one of ours and good now: unknown, wrong, expired and revoked ones are alike."""
    row = _KEY.first(conn, {"organisation": given.organisation, "prefix": given.prefix})
    kept, name, scopes, expires_at, last_used_at, revoked_at = row or (_NOBODY, "", (), None, None, None)
    is_it = hmac.compare_digest(given.hash, kept) and row is not None
    if not is_it or revoked_at is not None or (expires_at is not None and expires_at <= now):
        return None
    return ApiKey(given.organisation, given.prefix, name, tuple(scopes), last_used_at)


def is_worn(key: ApiKey, now: datetime) -> bool:
    """Whether it is time to write down that the key is used."""
    return key.last_used_at is None or now - key.last_used_at >= USED_EVERY


def used(conn: Connection, key: ApiKey, now: datetime) -> None:
    """Write down that the key was used."""
    conn.execute(api_keys.update().where(*_of(key.organisation, key.prefix)).values(last_used_at=now))


def revoke(conn: Connection, organisation: str, prefix: str, now: datetime) -> bool:
    """End a key for good; False when it was revoked before. NoSuchKey (404)."""
    row = conn.execute(sa.select(api_keys.c.revoked_at).where(*_of(organisation, prefix))).first()
    if row is None:
        raise NoSuchKey(f"There is no key '{prefix[:40]}' of '{organisation[:40]}'.", where="prefix")
    if row.revoked_at is not None:
        return False
    conn.execute(api_keys.update().where(*_of(organisation, prefix)).values(revoked_at=now))
    audit.append(conn, organisation, now, [audit.Event(REVOKED, prefix, "staff")])
    return True


def listing(conn: Connection, organisation: str | None = None) -> list[dict[str, Any]]:
    """Every key as JSON, the oldest first, without what opens anything."""
    shown = [column for column in api_keys.c if column.name != "hash"]
    query = sa.select(*shown).order_by(api_keys.c.organisation, api_keys.c.created_at, api_keys.c.prefix)
    if organisation is not None:
        query = query.where(api_keys.c.organisation == organisation)
    return [{n: _text(v) for n, v in row._asdict().items()} for row in conn.execute(query)]


def _of(organisation: str, prefix: str) -> tuple[sa.ColumnElement[bool], ...]:
    return api_keys.c.organisation == organisation, api_keys.c.prefix == prefix


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _text(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
