"""A letter that staff have sent: put into the outbox as it is to read, whatever becomes of the case meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from cases import audit, outgoing, watch
from cases.effects import CaseAt
from cases.events import Writer
from policy_rules.errors import Refusal

SENT = "letter.sent"


class NoWay(Refusal):
    status = 409
    kind = "no-way-to-person"
    title = "No letter can reach this person"


def clocks_of(conn: Connection, organisation: str, reference: str) -> list[dict[str, Any]]:
    """The clocks as a letter tells of them."""
    return watch.standing(conn, organisation, reference)


def require_way(record: Mapping[str, Any], *, can_mail: bool) -> str:
    """How the letter goes: outgoing.TO_PERSON or TO_STAFF, for print. NoWay (409) where there is none."""
    to = outgoing.way_to(record, can_mail=can_mail)
    if to is None:
        person = record.get("complainant") or {}
        why = (
            "This server has no mail server to send by."
            if person.get("email") and not can_mail
            else "They gave no address for letters, or want none: reach them as they asked."
        )
        raise NoWay(why, where="act")
    return to


def send(
    conn: Connection,
    case: CaseAt,
    kind: str,
    note: str,
    writer: Writer,
    at: datetime,
    *,
    can_mail: bool,
    expected: str | None = None,
) -> None:
    """Put the letter on its way, once for each version of the case, with the staff's own words in it.

    `expected` is the day by which staff expect to answer (ISO). `case` is locked. NoWay (409) where nobody could have
    it.
    """
    to = require_way(case.record, can_mail=can_mail)
    clocks = clocks_of(conn, case.organisation, case.reference)
    detail = {"note": note, "clocks": clocks, **({"expected": expected} if expected else {})}
    outgoing.put(
        conn,
        case.organisation,
        case.reference,
        f"{outgoing.LETTER}{kind}",
        to,
        at,
        about=str(case.version),
        detail=detail,
    )
    entry = audit.Event(SENT, case.reference, writer.actor, caller=writer.caller)
    audit.append(conn, case.organisation, at, [entry])
