"""What is held of a person: found by e-mail, telephone, name or reference, and gathered for them to read.

Finding proposes, a person confirms: each match says by what it was found, and only references that somebody names are
exported or erased. Everything is gathered from the tables' own keys, so that a table that comes later is in it too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy import Connection

from cases.erasure import place_of
from cases.models import cases, contact_changes, conversations, holds, messages, metadata
from cases.references import UnknownReference
from cases.register import draft_record
from cases.remarks import conversation_of

By = Literal["email", "phone", "name", "reference", "mentioned"]
# The last digits of a telephone number are the same with and without its country.
_DIGITS = 10
_FEWEST = 7
# What opens a conversation or proves consent is never given out, nor are reasons that are the organisation's own.
_SECRET = frozenset({"key_hash", "token_hash", "code_hash", "address_hash", "hash", "fingerprint"})
_OWN = frozenset({"holds", "idempotency_keys", "case_codes", "case_sessions", "person_marks"})


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whom a request is about; at least one of these is given."""

    email: str | None = None
    phone: str | None = None
    name: str | None = None
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """A conversation that may be theirs. `mentioned` is the weakest: somebody wrote the address or number in it."""

    organisation: str
    reference: str
    state: str
    name: str | None
    told_on: date | None
    by: tuple[By, ...]
    held: bool


def find(conn: Connection, wanted: Wanted) -> list[Match]:
    """Conversations that may be this person's, the oldest first. ValueError where nothing usable is given."""
    email, phone = _email(wanted.email), _phone(wanted.phone)
    name = _name(wanted.name)
    if wanted.phone and phone is None:
        raise ValueError(
            f"'{wanted.phone}' has too few digits for a telephone number; give at least {_FEWEST}"
        )
    if not (email or phone or name or wanted.reference):
        raise ValueError("say whom: an e-mail address, a telephone number, a name, or a reference")
    theirs = _of_reference(conn, wanted.reference)
    mentioned = _mentions(conn, email, phone)
    found = []
    for row in _everybody(conn):
        by: list[By] = []
        if email and email in {_email(one) for one in (row.email, row.draft_email)}:
            by.append("email")
        if phone and phone in {_phone(one) for one in (row.phone, row.draft_phone)}:
            by.append("phone")
        names = (row.name, row.draft_name, row.representative, row.draft_representative)
        if name and name in {_name(one) for one in names}:
            by.append("name")
        key = (row.organisation, row.id)
        if key == theirs:
            by.append("reference")
        if key in mentioned and not {"email", "phone"} & set(by):
            by.append("mentioned")
        if by:
            told = row.first_told_at.date() if row.first_told_at else None
            shown = row.name or row.draft_name
            found.append(Match(row.organisation, row.reference, row.state, shown, told, tuple(by), row.held))
    return _merged(found)


def export(conn: Connection, references: Sequence[str], at: datetime) -> dict[str, Any]:
    """Everything that is held under these references, as JSON. Raises UnknownReference."""
    seen: dict[tuple[str, str], dict[str, Any]] = {}
    for reference in references:
        found = conversation_of(conn, reference).conversation
        seen.setdefault((found.organisation, found.id), _gathered(conn, found.organisation, found.id))
    return {
        "form": 1,
        "exported_at": at.isoformat(),
        "references": [one["reference"] for one in seen.values()],
        "note": "Look through it before it is given out: it may name other people.",
        "conversations": list(seen.values()),
    }


def _gathered(conn: Connection, organisation: str, conversation_id: str) -> dict[str, Any]:
    here = (conversations.c.organisation == organisation, conversations.c.id == conversation_id)
    row = conn.execute(sa.select(conversations).where(*here)).one()
    mine = (cases.c.organisation == organisation, cases.c.conversation_id == conversation_id)
    filed = list(
        conn.execute(sa.select(cases.c.reference, cases.c.record).where(*mine).order_by("reference"))
    )
    names = sorted({row.reference, *(case.reference for case in filed)})
    said = (messages.c.organisation == organisation, messages.c.conversation_id == conversation_id)
    spoken = sa.select(messages.c.role, messages.c.text, messages.c.at).where(*said).order_by(messages.c.seq)
    return {
        "organisation": organisation,
        "reference": row.reference,
        "state": row.state,
        "channel": row.channel,
        "begun_at": row.created_at.isoformat(),
        "privacy_notice_version": row.privacy_version,
        "records": [dict(case.record) for case in filed] or [draft_record(conn, row)],
        "messages": [{"role": m.role, "text": m.text, "at": m.at.isoformat()} for m in conn.execute(spoken)],
        "rest": dict(_rest(conn, organisation, conversation_id, names)),
    }


def _rest(
    conn: Connection, organisation: str, conversation_id: str, references: Sequence[str]
) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """The rows of every other table: files, clocks, who was given a copy, letters, events, notes."""
    for table in metadata.sorted_tables:
        column = place_of(table)
        if column is None or table.name in _OWN or table.name in ("conversations", "cases", "messages"):
            continue
        values = [conversation_id] if column == "conversation_id" else references
        query = sa.select(table).where(table.c.organisation == organisation, table.c[column].in_(values))
        rows = [_plain(row._mapping) for row in conn.execute(query)]
        if rows:
            yield table.name, rows


def _plain(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {
        str(name): value.isoformat() if isinstance(value, datetime | date) else value
        for name, value in row.items()
        if name not in _SECRET and value is not None and not isinstance(value, bytes)
    }


def _everybody(conn: Connection) -> Any:
    """One row for each case, and for each conversation without one, with the names and contacts that it holds."""
    held = sa.exists().where(
        holds.c.organisation == conversations.c.organisation, holds.c.conversation_id == conversations.c.id
    )
    answers = conversations.c.data["answers"]
    record = cases.c.record
    query = (
        sa.select(
            conversations.c.organisation,
            conversations.c.id,
            conversations.c.reference,
            conversations.c.state,
            conversations.c.first_told_at,
            record["complainant", "name"].as_string().label("name"),
            record["complainant", "email"].as_string().label("email"),
            record["complainant", "phone"].as_string().label("phone"),
            record["representation", "representative_name"].as_string().label("representative"),
            answers["complainant_name"].as_string().label("draft_name"),
            answers["contact_email"].as_string().label("draft_email"),
            answers["contact_phone"].as_string().label("draft_phone"),
            answers["representative_name"].as_string().label("draft_representative"),
            held.label("held"),
        )
        .outerjoin(
            cases,
            sa.and_(
                cases.c.organisation == conversations.c.organisation,
                cases.c.conversation_id == conversations.c.id,
            ),
        )
        .order_by(conversations.c.created_at, conversations.c.organisation, conversations.c.reference)
    )
    return conn.execute(query)


def _mentions(conn: Connection, email: str | None, phone: str | None) -> set[tuple[str, str]]:
    """Where the address or the number stands in somebody's words."""
    found: set[tuple[str, str]] = set()
    theirs = messages.c.role.in_(("complainant", "staff"))
    columns = (messages.c.organisation, messages.c.conversation_id, messages.c.text)
    if email:
        query = sa.select(*columns).where(
            theirs, sa.func.lower(messages.c.text).contains(email, autoescape=True)
        )
        found |= {(row.organisation, row.conversation_id) for row in conn.execute(query)}
    if phone:
        # Written in any way: looked for digit by digit, in texts that hold its last digits at all.
        query = sa.select(*columns).where(theirs, messages.c.text.contains(phone[-3:], autoescape=True))
        found |= {
            (row.organisation, row.conversation_id)
            for row in conn.execute(query)
            if phone in re.sub(r"\D", "", row.text)
        }
    return found | _formerly(conn, email, phone)


def _formerly(conn: Connection, email: str | None, phone: str | None) -> set[tuple[str, str]]:
    """Where it was how to reach them, before they put it right."""
    of_case = (
        cases.c.organisation == contact_changes.c.organisation,
        cases.c.reference == contact_changes.c.case_reference,
    )
    query = sa.select(cases.c.organisation, cases.c.conversation_id, contact_changes.c.old).join(
        cases, sa.and_(*of_case)
    )
    return {
        (row.organisation, row.conversation_id)
        for row in conn.execute(query)
        if row.old and ((email and _email(row.old) == email) or (phone and _phone(row.old) == phone))
    }


def _of_reference(conn: Connection, reference: str | None) -> tuple[str, str] | None:
    if not reference:
        return None
    try:
        found = conversation_of(conn, reference).conversation
    except UnknownReference:
        return None
    return found.organisation, found.id


def _merged(found: Sequence[Match]) -> list[Match]:
    """One match a conversation: each of its cases may have been found by something else."""
    merged: dict[tuple[str, str], Match] = {}
    for one in found:
        key = (one.organisation, one.reference)
        before = merged.get(key)
        by = tuple(dict.fromkeys([*(before.by if before else ()), *one.by]))
        name = (before.name if before else None) or one.name
        merged[key] = Match(one.organisation, one.reference, one.state, name, one.told_on, by, one.held)
    return list(merged.values())


def _email(text: str | None) -> str | None:
    return text.strip().casefold() or None if text else None


def _phone(text: str | None) -> str | None:
    digits = re.sub(r"\D", "", text or "")
    return digits[-_DIGITS:] if len(digits) >= _FEWEST else None


def _name(text: str | None) -> str | None:
    return " ".join(text.casefold().split()) or None if text else None
