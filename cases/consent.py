"""The person represented agrees to somebody writing for them, or refuses: by a link, or by a letter that staff record.

No clock is touched: the organisation's time runs whether they agree or not.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy import Connection

from cases import audit, case_row
from cases.conversations import Conversation
from cases.filing import hand_over
from cases.models import cases, consents, conversations
from cases.record import CaseFiling, CaseRecord, ConsentRequest
from cases.remarks import Remark, remark

Answer = Literal["given", "refused"]
_COLUMNS = [conversations.c[name] for name in Conversation.__dataclass_fields__]


@dataclass(frozen=True, slots=True)
class Terms:
    """Under which address the links of a server begin, and how long they last."""

    address: str = "http://127.0.0.1:8000"
    lasts: timedelta = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a link asks about: the conversation and the records of its cases, the first one first."""

    conversation: Conversation
    records: tuple[CaseRecord, ...]

    @property
    def answer(self) -> Answer | None:
        """What was answered; None while an answer is awaited."""
        found = {record.representation.consent for record in self.records}
        return None if "pending" in found else "refused" if "refused" in found else "given"


def ask(
    filings: Sequence[CaseFiling], terms: Terms, token: str, now: datetime
) -> tuple[tuple[CaseFiling, ...], ConsentRequest | None]:
    """The filings with the link in those that need consent, and what is kept of it; None when none does.

    `token` is 128 random bits in letters that an address may hold.
    """
    if not any(filing.record.representation.consent == "pending" for filing in filings):
        return tuple(filings), None
    linked = tuple(_with_link(filing, terms, token) for filing in filings)
    return linked, ConsentRequest(hash_of(token), now + terms.lasts)


def _with_link(filing: CaseFiling, terms: Terms, token: str) -> CaseFiling:
    record = filing.record
    if record.representation.consent != "pending":
        return filing
    link = f"{terms.address.rstrip('/')}/{record.organisation}/consent/{token}"
    return replace(filing, record=_changed(record, consent_link=link))


def find(conn: Connection, organisation: str, token: str, now: datetime) -> Asked | None:
    """What the token asks about; None when there is no such token or its time is over."""
    query = (
        sa.select(*_COLUMNS)
        .join(
            consents,
            sa.and_(
                consents.c.organisation == conversations.c.organisation,
                consents.c.conversation_id == conversations.c.id,
            ),
        )
        .where(
            consents.c.organisation == organisation,
            consents.c.token_hash == hash_of(token),
            consents.c.expires_at > now,
        )
    )
    row = conn.execute(query).first()
    return None if row is None else asked_of(conn, Conversation(*row))


def asked_of(conn: Connection, conversation: Conversation) -> Asked | None:
    """The cases of a conversation that is held for somebody else; None when nobody's consent is needed."""
    query = (
        sa.select(cases.c.record)
        .where(cases.c.organisation == conversation.organisation, cases.c.conversation_id == conversation.id)
        .order_by(cases.c.reference != conversation.reference, cases.c.reference)
    )
    records = [CaseRecord.model_validate(row.record) for row in conn.execute(query)]
    represented = tuple(r for r in records if r.representation.consent not in (None, "not_needed"))
    return Asked(conversation, represented) if represented else None


def record_answer(
    conn: Connection,
    asked: Asked,
    answer: Answer,
    said: str,
    targets: tuple[str, ...],
    at: datetime,
    *,
    by_staff: bool = False,
) -> bool:
    """Keep the answer: records replaced, receivers told, `said` in the transcript; False when nothing changes.

    The person answers once; a later letter that staff record may still change it. Raises StaleConversation when the
    conversation has moved on since `asked` was read.
    """
    if asked.answer == answer or (asked.answer is not None and not by_staff):
        return False
    # Without entries: what the person represented says is for the organisation, not for the representative's face.
    remark(conn, asked.conversation, Remark("system", said), at)
    actor: audit.Actor = "staff" if by_staff else "complainant"
    events = []
    for record in asked.records:
        kept = _changed(record, consent=answer, consent_link=None).as_json()
        case_row.replace(conn, record.organisation, record.reference, kept, at)
        # What was only signposted was handed to nobody, and so is this.
        if record.state != "signposted":
            hand_over(conn, record.organisation, record.reference, f"case.consent_{answer}", targets, at)
        digest = audit.digest_of(kept, asked.conversation.id)
        events.append(audit.Event(audit.REPLACED, record.reference, actor, digest))
        events.append(audit.Event(f"case.consent_{answer}", record.reference, actor, digest))
    audit.append(conn, asked.conversation.organisation, at, events)
    return True


def hash_of(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def _changed(record: CaseRecord, **changes: Any) -> CaseRecord:
    stands = record.representation.model_copy(update=changes)
    return record.model_copy(update={"representation": stands})
