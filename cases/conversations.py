"""A conversation: one versioned row and the messages said in it. Pure functions of a connection.

`commit_turn` writes everything that a turn brings about. The store commits it as one, so that a message is never
kept without its answer, nor a reference given without its case and the rows that hand it over.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, bindparam
from sqlalchemy.dialects import postgresql, sqlite

from cases import audit, escalation
from cases.filing import ReferenceTaken, StaleConversation, hand_over, is_case, write_case
from cases.models import consents, conversations, messages, refuse_nul
from cases.prepared import Prepared
from cases.record import CaseFiling, ConsentRequest
from policy_rules.errors import Refusal

__all__ = [
    "CommittedTurn",
    "Conversation",
    "DuplicateMessage",
    "MessageIdTooLong",
    "ReferenceTaken",
    "StaleConversation",
    "StoredMessage",
    "StoredReply",
    "TurnWrite",
    "commit_turn",
    "find",
    "load",
    "messages_after",
    "replies_to",
    "transcript",
]

MESSAGE_ID_LENGTH = 200


@dataclass(frozen=True, slots=True)
class StoredReply:
    """What was answered to a message: `entries` as they went out, `seq` the number of that reply."""

    seq: int
    entries: list[dict[str, Any]]


class DuplicateMessage(Exception):
    """This message id was answered before; `stored` is that answer, and nothing was written."""

    def __init__(self, stored: StoredReply) -> None:
        super().__init__("the message was answered before")
        self.stored = stored


class MessageIdTooLong(Refusal):
    kind = "message-id-too-long"
    title = "The message id is too long"


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation as it was last committed. `last_seq` is the number of its newest message."""

    organisation: str
    id: str
    reference: str
    state: str
    version: int
    channel: str
    recorded_by: str | None
    data: dict[str, Any]
    privacy_version: str | None
    created_at: datetime
    first_told_at: datetime | None
    updated_at: datetime
    last_seq: int


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """One message, verbatim; `entries` only with the assistant's."""

    seq: int
    role: str
    text: str
    at: datetime
    message_id: str | None
    entries: list[dict[str, Any]] | None
    in_reply_to: int | None


@dataclass(frozen=True, slots=True)
class TurnWrite:
    """Everything that one turn brings about. `expected_version` is the version that was read, 0 creates.

    `said` is verbatim, "" when nobody said anything (an opening). `first_told_at` counts the first time only.
    Each of `cases` is handed to each of `targets`, and so is the draft for each of `calls` (kinds of delivery), since
    somebody should look before it is filed; `consent` is the link that stands in the cases. `before` is the
    conversation as it was read, None for a new one: from it the audit trail knows what this turn changed.
    """

    organisation: str
    conversation_id: str
    key_hash: str
    reference: str
    expected_version: int
    state: str
    channel: str
    recorded_by: str | None
    data: dict[str, Any]
    privacy_version: str | None
    first_told_at: datetime | None
    message_id: str
    said: str
    said_role: str
    reply_text: str
    entries: list[dict[str, Any]]
    at: datetime
    cases: tuple[CaseFiling, ...] = ()
    targets: tuple[str, ...] = ()
    calls: tuple[str, ...] = ()
    consent: ConsentRequest | None = None
    before: Conversation | None = None


@dataclass(frozen=True, slots=True)
class CommittedTurn:
    """`seq` numbers the assistant's reply; `version` is the conversation's new one."""

    seq: int
    version: int


# Statements are built once: SQLAlchemy then finds their compiled form again by identity.
_COLUMNS = (
    "organisation id reference state version channel recorded_by data privacy_version created_at first_told_at"
    " updated_at last_seq"
).split()
_FIND = Prepared(
    sa.select(*(conversations.c[name] for name in _COLUMNS)).where(
        conversations.c.organisation == bindparam("organisation"),
        conversations.c.key_hash == bindparam("key_hash"),
    )
)
_said, _answer = messages.alias("said"), messages.alias("answer")
_REPLY = Prepared(
    sa.select(_answer.c.seq, _answer.c.entries)
    .select_from(_said)
    .join(
        _answer,
        sa.and_(
            _answer.c.organisation == _said.c.organisation,
            _answer.c.conversation_id == _said.c.conversation_id,
            _answer.c.seq == _said.c.seq + 1,
            _answer.c.in_reply_to == _said.c.seq,
        ),
    )
    .where(
        _said.c.organisation == bindparam("organisation"),
        _said.c.conversation_id == bindparam("conversation_id"),
        _said.c.message_id == bindparam("message_id"),
    )
)
_AFTER = (
    sa.select(*(messages.c[name] for name in "seq role text at message_id entries in_reply_to".split()))
    .where(
        messages.c.organisation == bindparam("organisation"),
        messages.c.conversation_id == bindparam("conversation_id"),
        messages.c.seq > bindparam("seq"),
    )
    .order_by(messages.c.seq)
)
_NEW = (*_COLUMNS, "key_hash")
_CREATE = {
    dialect: Prepared(
        insert(conversations).on_conflict_do_nothing().returning(conversations.c.last_seq), _NEW
    )
    for dialect, insert in (("sqlite", sqlite.insert), ("postgresql", postgresql.insert))
}
_ADVANCE = Prepared(
    conversations.update()
    .where(
        conversations.c.organisation == bindparam("in_organisation"),
        conversations.c.id == bindparam("in_conversation"),
        conversations.c.version == bindparam("expected"),
        ~sa.exists()
        .where(
            messages.c.organisation == bindparam("in_organisation"),
            messages.c.conversation_id == bindparam("in_conversation"),
            messages.c.message_id == bindparam("known_message"),
        )
        .correlate(conversations),
    )
    .values(
        state=bindparam("new_state"),
        version=conversations.c.version + 1,
        channel=bindparam("new_channel"),
        recorded_by=bindparam("new_recorded_by"),
        data=bindparam("new_data"),
        privacy_version=bindparam("new_privacy_version"),
        first_told_at=sa.func.coalesce(conversations.c.first_told_at, bindparam("told_at")),
        updated_at=bindparam("now"),
        last_seq=conversations.c.last_seq + 2,
    )
    .returning(conversations.c.last_seq)
)
_SAY = Prepared(
    messages.insert(),
    "organisation conversation_id at seq role text message_id entries in_reply_to".split(),
)


def find(conn: Connection, organisation: str, key_hash: str) -> Conversation | None:
    """The conversation that a secret (by its SHA-256, hex) names, or None."""
    row = _FIND.first(conn, {"organisation": organisation, "key_hash": key_hash})
    return None if row is None else Conversation(*row)


def replies_to(
    conn: Connection, organisation: str, conversation_id: str, message_id: str
) -> StoredReply | None:
    """The answer that this message id has had, or None."""
    where = {"organisation": organisation, "conversation_id": conversation_id, "message_id": message_id}
    row = _REPLY.first(conn, where)
    return None if row is None else StoredReply(*row)


def load(
    conn: Connection, organisation: str, key_hash: str, message_id: str
) -> tuple[Conversation | None, StoredReply | None]:
    """What a turn begins with, in one look: the conversation, and the answer that this message id has had."""
    found = find(conn, organisation, key_hash)
    return found, None if found is None else replies_to(conn, organisation, found.id, message_id)


def messages_after(
    conn: Connection, organisation: str, conversation_id: str, seq: int
) -> list[StoredMessage]:
    """Every message numbered above `seq`, in order, from either side."""
    where = {"organisation": organisation, "conversation_id": conversation_id, "seq": seq}
    return [StoredMessage(*row) for row in conn.execute(_AFTER, where)]


def transcript(conn: Connection, organisation: str, conversation_id: str) -> list[StoredMessage]:
    """What was said by everyone, in order; openings in which nobody said anything are left out."""
    said = messages_after(conn, organisation, conversation_id, 0)
    return [message for message in said if message.text or message.role == "assistant"]


def commit_turn(conn: Connection, turn: TurnWrite) -> CommittedTurn:
    """Write the turn whole. Raises StaleConversation, ReferenceTaken, or DuplicateMessage with the stored reply.

    Text or data with U+0000 raises NulCharacter. Whatever is raised, nothing of the turn stays.
    """
    if len(refuse_nul(turn.message_id, "message_id")) > MESSAGE_ID_LENGTH:
        raise MessageIdTooLong(
            f"A message id has at most {MESSAGE_ID_LENGTH} characters.", where="message_id"
        )
    seq = _create(conn, turn) if turn.expected_version == 0 else _advance(conn, turn)
    _SAY.many(conn, _both_messages(turn, seq))
    replaced = {
        filing.record.reference
        for filing in turn.cases
        if write_case(conn, filing, turn.conversation_id, turn.targets, turn.at)
    }
    for filing in turn.cases:
        escalation.link_back(conn, filing.record, turn.targets, turn.at)
    for kind in turn.calls:
        hand_over(conn, turn.organisation, turn.reference, kind, turn.targets, turn.at)
    if turn.consent is not None:
        asked = {
            "token_hash": turn.consent.token_hash,
            "expires_at": turn.consent.expires_at,
            "asked_at": turn.at,
        }
        owner = {"organisation": turn.organisation, "conversation_id": turn.conversation_id}
        conn.execute(consents.insert(), {**owner, **asked})
    # Last, since it locks the organisation's chain until the commit.
    audit.append(conn, turn.organisation, turn.at, _events(turn, replaced))
    return CommittedTurn(seq, turn.expected_version + 1)


def _create(conn: Connection, turn: TurnWrite) -> int:
    """Insert the conversation; the number of its first reply."""
    row = {
        "organisation": turn.organisation,
        "id": turn.conversation_id,
        "key_hash": turn.key_hash,
        "reference": turn.reference,
        "state": turn.state,
        "version": 1,
        "channel": turn.channel,
        "recorded_by": turn.recorded_by,
        "data": turn.data,
        "privacy_version": turn.privacy_version,
        "created_at": turn.at,
        "first_told_at": turn.first_told_at,
        "updated_at": turn.at,
        "last_seq": 2,
    }
    made = _CREATE[conn.dialect.name].first(conn, row)
    if made is not None:
        if is_case(conn, turn.organisation, turn.reference):
            raise ReferenceTaken
        return int(made[0])
    other = find(conn, turn.organisation, turn.key_hash)
    if other is None:
        raise ReferenceTaken
    _raise_if_answered(conn, turn, other.id)
    raise StaleConversation


def _advance(conn: Connection, turn: TurnWrite) -> int:
    """Move the conversation to its next version; the number of the reply."""
    row = _ADVANCE.first(
        conn,
        {
            "in_organisation": turn.organisation,
            "in_conversation": turn.conversation_id,
            "expected": turn.expected_version,
            "known_message": turn.message_id,
            "new_state": turn.state,
            "new_channel": turn.channel,
            "new_recorded_by": turn.recorded_by,
            "new_data": turn.data,
            "new_privacy_version": turn.privacy_version,
            "told_at": turn.first_told_at,
            "now": turn.at,
        },
    )
    if row is None:
        _raise_if_answered(conn, turn, turn.conversation_id)
        raise StaleConversation
    return int(row[0])


def _events(turn: TurnWrite, replaced: Set[str]) -> list[audit.Event]:
    """What the audit trail keeps of the turn; nothing of one that only goes on with a draft."""
    actor: audit.Actor = "staff" if turn.said_role == "staff" else "complainant"
    before, events = turn.before, []
    if turn.expected_version == 0:
        events.append(audit.Event(audit.OPENED, turn.reference, actor))
    if turn.first_told_at is not None and (before is None or before.first_told_at is None):
        story = audit.digest_of(turn.said, turn.conversation_id)
        events.append(audit.Event(audit.STORY, turn.reference, actor, story))
    if turn.state != ("draft" if before is None else before.state) and not turn.cases:
        action = audit.REOPENED if turn.state == "draft" else f"conversation.{turn.state}"
        events.append(audit.Event(action, turn.reference, actor))
    for filing in turn.cases:
        reference = filing.record.reference
        record = audit.digest_of(filing.record.as_json(), turn.conversation_id)
        if reference in replaced:
            events.append(audit.Event(audit.REPLACED, reference, actor, record))
        events.append(audit.Event(filing.kind, reference, actor, record))
    return events


def _raise_if_answered(conn: Connection, turn: TurnWrite, conversation_id: str) -> None:
    stored = replies_to(conn, turn.organisation, conversation_id, turn.message_id)
    if stored is not None:
        raise DuplicateMessage(stored)


def _both_messages(turn: TurnWrite, seq: int) -> list[dict[str, Any]]:
    shared = {"organisation": turn.organisation, "conversation_id": turn.conversation_id, "at": turn.at}
    said = {"seq": seq - 1, "role": turn.said_role, "text": turn.said, "message_id": turn.message_id}
    reply = {"seq": seq, "role": "assistant", "text": turn.reply_text, "message_id": None}
    return [
        {**shared, **said, "entries": None, "in_reply_to": None},
        {**shared, **reply, "entries": turn.entries, "in_reply_to": seq - 1},
    ]
