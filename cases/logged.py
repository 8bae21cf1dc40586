"""Drafts that staff write down for somebody: those that are open, who has had them in hand, and giving one up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from cases import audit
from cases.events import NoSuchCase, Writer
from cases.models import audit as trail
from cases.models import conversations
from cases.references import UnknownReference
from cases.register import draft_record
from cases.remarks import Found, advance, conversation_of
from policy_rules.errors import Refusal

BEGUN, OPENED, LOGGED = "draft.begun", "draft.opened", "complaint.logged"
MOST = 200


class NotOpen(Refusal):
    status = 409
    kind = "draft-not-open"
    title = "This draft cannot be given up"


@dataclass(frozen=True, slots=True)
class OpenDraft:
    """A draft in a list; `data` is what the interview remembers of it. `mine`: who asks began it."""

    reference: str
    updated_at: datetime
    recorded_by: str
    data: dict[str, Any]
    mine: bool


def open_drafts(
    conn: Connection,
    organisation: str,
    account_id: str | None,
    *,
    others: bool = False,
    restricted: bool = False,
) -> list[OpenDraft]:
    """The unfinished ones that this member of staff began to write down, the latest touched first.

    With `others` those of colleagues too; `restricted` is whether theirs that would make a restricted case are shown.
    """
    mine = _had_by(account_id, (BEGUN,))
    query = (
        sa.select(*(conversations.c[name] for name in conversations.c.keys()), mine.label("mine"))  # noqa: SIM118 - its columns
        .where(
            conversations.c.organisation == organisation,
            conversations.c.recorded_by.is_not(None),
            conversations.c.state == "draft",
            *(() if others else (mine,)),
        )
        .order_by(conversations.c.updated_at.desc())
        .limit(MOST)
    )
    return [
        OpenDraft(row.reference, row.updated_at, row.recorded_by, row.data, bool(row.mine))
        for row in conn.execute(query)
        if row.mine or restricted or not is_restricted(conn, row)
    ]


def is_restricted(conn: Connection, draft: Any) -> bool:
    """Whether the case that this row of conversations would make is one that few may open."""
    return bool(draft_record(conn, draft)["restricted"])


def row_of(conn: Connection, organisation: str, reference: str) -> Any:
    """The row of conversations of that reference. sa.exc.NoResultFound where there is none."""
    here = (conversations.c.organisation == organisation, conversations.c.reference == reference)
    return conn.execute(sa.select(conversations).where(*here)).one()


def has_had(conn: Connection, organisation: str, reference: str, account_id: str | None) -> bool:
    """Whether this member of staff began the draft, or opened it while they might: they go on with it."""
    query = sa.select(_had_by(account_id, (BEGUN, OPENED))).where(
        conversations.c.organisation == organisation, conversations.c.reference == reference
    )
    return bool(conn.execute(query).scalar())


def _had_by(account_id: str | None, actions: tuple[str, ...]) -> sa.ColumnElement[bool]:
    return sa.exists().where(
        trail.c.organisation == conversations.c.organisation,
        trail.c.reference == conversations.c.reference,
        trail.c.action.in_(actions),
        trail.c.caller == account_id,
    )


def written_down(conn: Connection, organisation: str, reference: str) -> Found:
    """The conversation that staff of this organisation wrote down. NoSuchCase (404): also where somebody wrote it
    themselves, or it is another organisation's."""
    try:
        found = conversation_of(conn, reference)
    except UnknownReference:
        raise missing(reference) from None
    here = found.conversation
    if here.organisation != organisation or here.recorded_by is None or here.reference != reference:
        raise missing(reference)
    return found


def missing(reference: str) -> NoSuchCase:
    """The one answer for whatever is not to be opened."""
    return NoSuchCase(f"There is no draft {reference[:60]}.", where="reference")


def tell(
    conn: Connection, organisation: str, reference: str, action: str, writer: Writer, at: datetime
) -> None:
    """Keep in the audit trail that a member of staff began, opened or filed it."""
    event = audit.Event(action, reference, writer.actor, caller=writer.caller)
    audit.append(conn, organisation, at, [event])


def give_up(conn: Connection, found: Found, writer: Writer, at: datetime) -> None:
    """A draft that was begun by mistake: it is handed to nobody, and kept as long as drafts are.

    NotOpen (409) where it is logged, or given up. StaleConversation when it has moved on since it was read.
    """
    _turn(conn, found, "draft", "abandoned", audit.ABANDONED, writer, at)


def take_up(conn: Connection, found: Found, writer: Writer, at: datetime) -> None:
    """Go on with a draft that was given up. Refusals as of `give_up`."""
    _turn(conn, found, "abandoned", "draft", audit.REOPENED, writer, at)


def _turn(
    conn: Connection, found: Found, was: str, to: str, action: str, writer: Writer, at: datetime
) -> None:
    draft = found.conversation
    if draft.state != was:
        said = "given up already" if draft.state == "abandoned" else "not open any more"
        raise NotOpen(f"It is {said if was == 'draft' else 'not given up'}.", where="reference")
    values = {
        "state": to,
        "version": draft.version + 1,
        "updated_at": at,
        "data": {**draft.data, "state": to, "missing": []},
    }
    advance(conn, draft, values)
    tell(conn, draft.organisation, draft.reference, action, writer, at)
