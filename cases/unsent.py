"""Conversations that were begun and not sent, for staff: those that somebody should look at first, and all others.

What staff write down for a caller is not among them (cases.logged), nor is a mere greeting.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from cases import audit
from cases.events import NoSuchCase, Writer
from cases.listing import OF_MANY, BadCursor
from cases.models import conversations, messages
from cases.register import draft_record

LISTED, READ = "drafts.listed", "draft.read"
STATES = ("draft", "abandoned")
# The flags of the interview's draft that ask for somebody, the most pressing first.
PRESSING = ("risk_of_harm", "possible_harm", "asked_for_a_person")
# Of those that somebody should look at, so many are shown.
MOST_PRESSING = 200
# Read at once, while those that may be shown are looked for.
_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Unsent:
    """A conversation that was not sent. `record` is the case record that it would make; `waits` says that nobody has
    it in hand although it asks for somebody."""

    organisation: str
    reference: str
    conversation_id: str
    state: str
    data: dict[str, Any]
    record: dict[str, Any]
    created_at: datetime
    updated_at: datetime
    waits: bool

    @property
    def restricted(self) -> bool:
        """Whether only those who deal with such cases may open it."""
        return bool(self.record["restricted"])

    @property
    def pressing(self) -> int:
        """How pressing it is: a place in PRESSING, or its length where nothing is."""
        flags = self.data.get("flags") or ()
        return next((at for at, flag in enumerate(PRESSING) if flag in flags), len(PRESSING))


@dataclass(frozen=True, slots=True)
class Page:
    """`next` is what the page after this one comes after; None at the end."""

    found: list[Unsent]
    next: str | None


def _flagged() -> sa.ColumnElement[bool]:
    flags = sa.func.coalesce(conversations.c.data["flags"].as_string(), "")
    return sa.or_(*(flags.contains(f'"{flag}"', autoescape=True) for flag in PRESSING))


def _waits() -> sa.ColumnElement[bool]:
    """It asks for somebody, nobody has it in hand, and nothing was written to them since they last wrote."""
    said = messages.alias("said")
    here = (
        said.c.organisation == conversations.c.organisation,
        said.c.conversation_id == conversations.c.id,
    )
    last = {
        role: sa.select(sa.func.coalesce(sa.func.max(said.c.seq), 0))
        .where(*here, said.c.role == role, said.c.text != "")
        .scalar_subquery()
        for role in ("complainant", "staff")
    }
    in_hand = conversations.c.data["taken_over_by"].as_string()
    return sa.and_(_flagged(), in_hand.is_(None), last["staff"] < last["complainant"])


_WAITS = _waits()
_QUERY: sa.Select[Any] = sa.select(
    *(conversations.c[name] for name in conversations.c.keys()),  # noqa: SIM118 - its columns, by their names
    _WAITS.label("waits"),
)


def _unsent(organisation: str) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        conversations.c.organisation == organisation,
        conversations.c.state.in_(STATES),
        conversations.c.recorded_by.is_(None),
        sa.or_(conversations.c.first_told_at.is_not(None), _flagged()),
    )


def pressing(conn: Connection, organisation: str, *, restricted: bool) -> list[Unsent]:
    """Those that somebody should look at now, words of harm first, then the latest."""
    query = _QUERY.where(*_unsent(organisation), _WAITS).order_by(conversations.c.updated_at.desc())
    found = [_made(conn, row) for row in conn.execute(query.limit(MOST_PRESSING))]
    return sorted(_allowed(found, restricted), key=lambda one: one.pressing)


def page(
    conn: Connection,
    organisation: str,
    limit: int,
    *,
    restricted: bool,
    state: str | None = None,
    after: str | None = None,
) -> Page:
    """All others, the latest first; `state` is one of STATES. BadCursor (422) where `after` is no `next` of ours."""
    place = (conversations.c.updated_at, conversations.c.reference)
    found: list[Unsent] = []
    while len(found) <= limit:
        query = _QUERY.where(*_unsent(organisation), sa.not_(_WAITS))
        if state is not None:
            query = query.where(conversations.c.state == state)
        if after is not None:
            query = query.where(sa.tuple_(*place) < sa.tuple_(*_place_of(after)))
        rows = conn.execute(query.order_by(*(part.desc() for part in place)).limit(_AT_ONCE)).all()
        found += _allowed([_made(conn, row) for row in rows], restricted)
        if len(rows) < _AT_ONCE:
            break
        after = _cursor(rows[-1].updated_at, rows[-1].reference)
    shown = found[:limit]
    more = len(found) > limit
    return Page(shown, _cursor(shown[-1].updated_at, shown[-1].reference) if more else None)


def find(conn: Connection, organisation: str, reference: str) -> Unsent:
    """One of them. NoSuchCase (404): also where it was sent, where staff write it down, and of another organisation."""
    query = _QUERY.where(*_unsent(organisation), conversations.c.reference == reference)
    row = conn.execute(query).first()
    if row is None:
        raise missing(reference)
    return _made(conn, row)


def missing(reference: str) -> NoSuchCase:
    """The one answer for whatever is not to be opened."""
    return NoSuchCase(f"There is no unfinished conversation {reference[:60]}.", where="reference")


def listed(conn: Connection, organisation: str, writer: Writer, at: datetime) -> None:
    """Keep in the audit trail that they were listed."""
    _tell(conn, organisation, LISTED, OF_MANY, writer, at)


def opened(conn: Connection, found: Unsent, writer: Writer, at: datetime) -> None:
    """Keep in the audit trail that one was opened."""
    _tell(conn, found.organisation, READ, found.reference, writer, at)


def _tell(
    conn: Connection, organisation: str, action: str, reference: str, writer: Writer, at: datetime
) -> None:
    event = audit.Event(action, reference, writer.actor, caller=writer.caller)
    audit.append(conn, organisation, at, [event])


def _allowed(found: list[Unsent], restricted: bool) -> list[Unsent]:
    return [one for one in found if restricted or not one.restricted]


def _made(conn: Connection, row: Row[Any]) -> Unsent:
    return Unsent(
        organisation=row.organisation,
        reference=row.reference,
        conversation_id=row.id,
        state=row.state,
        data=row.data,
        record=draft_record(conn, row),
        created_at=row.created_at,
        updated_at=row.updated_at,
        waits=bool(row.waits),
    )


def _cursor(at: datetime, reference: str) -> str:
    return f"{at.isoformat()}~{reference}"


def _place_of(cursor: str) -> tuple[Any, ...]:
    at, mark, reference = cursor.partition("~")
    try:
        moment = datetime.fromisoformat(at)
        if moment.tzinfo is None or not mark or "\x00" in reference:
            raise ValueError
    except ValueError:
        raise BadCursor("Send the address of the page before, as it came.", where="after") from None
    return sa.literal(moment, conversations.c.updated_at.type), sa.literal(reference)
