"""What goes out to people beside the case itself: letters at filing, warnings, chases. Each is an outbox row.

A row's id is made of what it is about, so whoever comes second finds its place taken: two workers that look at the same
time, or one that died between two steps, send it once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite

from cases.models import outbox

# The person themselves, and the mailbox of whoever handles the case. No target of an organisation can have these names:
# theirs hold no hyphen.
TO_PERSON, TO_STAFF = "to-person", "to-staff"
LETTER = "letter."
# What is sent of these is a letter about a complaint; an enquiry or a compliment is answered as it is.
_COMPLAINTS = ("complaint", "appeal")

Owed = tuple[str, str]
_INSERT = {
    "sqlite": sqlite.insert(outbox).on_conflict_do_nothing().returning(outbox.c.id),
    "postgresql": postgresql.insert(outbox).on_conflict_do_nothing().returning(outbox.c.id),
}


def at_filing(record: Mapping[str, Any], *, can_mail: bool) -> tuple[Owed, ...]:
    """The letters that a case owes when it is filed, as (kind of the outbox row, target).

    By e-mail to who gave an address and did not choose otherwise; to staff, for print, where a letter by post is
    wanted. While the person represented has not agreed, whoever writes for them is told that it arrived, and no more.
    """
    nature = (record.get("facts") or {}).get("nature", "complaint")
    if record.get("state") != "filed" or nature not in _COMPLAINTS:
        return ()
    return tuple(_owed(record, can_mail=can_mail))


def _owed(record: Mapping[str, Any], *, can_mail: bool) -> Iterator[Owed]:
    consent = (record.get("representation") or {}).get("consent")
    withheld = consent in ("pending", "refused")
    if (to := way_to(record, can_mail=can_mail)) is not None:
        yield f"{LETTER}{'receipt' if withheld else 'acknowledgement'}", to
    duties = (record.get("decision") or {}).get("duties") or []
    if not withheld and any(duty["kind"] == "written_record" for duty in duties):
        # It is owed whether we know how it can reach them or not: then staff see to it.
        yield f"{LETTER}written_record", to or TO_STAFF
    if consent == "pending":
        yield f"{LETTER}consent_request", TO_STAFF


def way_to(record: Mapping[str, Any], *, can_mail: bool) -> str | None:
    """How a letter reaches whoever wrote: TO_PERSON by e-mail, TO_STAFF for print; None where no way was given."""
    person = record.get("complainant") or {}
    prefers = person.get("preferred_contact")
    if person.get("email") and prefers in (None, "email"):
        return TO_PERSON if can_mail else None
    return TO_STAFF if person.get("post") and prefers in (None, "post") else None


def put(
    conn: Connection,
    organisation: str,
    reference: str,
    kind: str,
    target: str,
    at: datetime,
    *,
    about: str = "",
    detail: Mapping[str, Any] | None = None,
) -> bool:
    """Put one row into the outbox; False when it was there before. `about` tells rows of one kind and case apart."""
    named = "/".join((kind, reference, about))
    row = {
        "organisation": organisation,
        "id": hashlib.sha256(named.encode()).hexdigest()[:32],
        "case_reference": reference,
        "kind": kind,
        "target": target,
        "state": "pending",
        "attempts": 0,
        "due_at": at,
        "created_at": at,
        "detail": None if detail is None else dict(detail),
    }
    return conn.execute(_INSERT[conn.dialect.name], row).scalar() is not None


def put_letters(
    conn: Connection, organisation: str, reference: str, letters: Sequence[Owed], at: datetime
) -> None:
    """The letters of a filing, in its transaction."""
    for kind, target in letters:
        put(conn, organisation, reference, kind, target, at)
