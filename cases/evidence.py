"""A file comes to a conversation, or is taken back: its row, the transcript, the audit trail, who has the case.

A file is added, or taken back, as a remark is made: the conversation moves to its next version, so that a turn that
files the case meanwhile is taken anew and sees it. Pure functions of a connection; the files stand in cases.vault.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import Connection

from cases import audit, case_row
from cases.conversations import Conversation
from cases.files import Kept, listed, of_conversation
from cases.filing import hand_over
from cases.models import cases, evidence
from cases.record import CaseRecord
from cases.remarks import Remark, remark


class TooManyFiles(Exception):
    """The conversation holds as many files as it may."""


class AlreadyThere(Exception):
    """A case system sent a file again; `kept` is the one that there is, and nothing was written."""

    def __init__(self, kept: Kept) -> None:
        super().__init__("the file is there already")
        self.kept = kept


def add(
    conn: Connection,
    before: Conversation,
    kept: Kept,
    said: str,
    targets: tuple[str, ...],
    most: int,
    caller: str | None = None,
) -> None:
    """Keep the row, say so in the transcript, and tell the receivers of a case that was handed over before.

    `caller` is the case system that sent it, else it is the complainant. Raises TooManyFiles when the conversation
    holds `most` already, AlreadyThere when a case system sends again what there is, and StaleConversation when it has
    moved on since `before` was read; what is infected counts for nothing, is listed, and is sent to nobody.
    """
    there = of_conversation(conn, before.organisation, before.id)
    same = (file for file in there if (file.name, file.sha256) == (kept.name, kept.sha256))
    if caller is not None and (found := next(same, None)) is not None:
        raise AlreadyThere(found)
    if kept.scan != "infected" and sum(file.scan != "infected" for file in there) >= most:
        raise TooManyFiles
    # Without entries: the face that sent it has its own answer.
    remark(conn, before, Remark("system", said), kept.at)
    conn.execute(evidence.insert(), asdict(kept))
    action = audit.EVIDENCE_QUARANTINED if kept.scan == "infected" else audit.EVIDENCE_ADDED
    events = [_event(action, before, kept)]
    events += _refile(conn, before, targets, kept.at)
    if caller is not None:
        events = [replace(event, actor="system", caller=caller) for event in events]
    audit.append(conn, before.organisation, kept.at, events)


def take_back(
    conn: Connection, before: Conversation, evidence_id: str, said: str, at: datetime
) -> Kept | None:
    """Forget a file of a draft; None where there is none, or where the case has been sent with it.

    Raises StaleConversation when the conversation has moved on since `before` was read.
    """
    there = {file.id: file for file in of_conversation(conn, before.organisation, before.id)}
    kept = there.get(evidence_id)
    if kept is None or kept.scan == "infected" or before.state not in ("draft", "abandoned"):
        return None
    remark(conn, before, Remark("system", said), at)
    here = (evidence.c.organisation == kept.organisation, evidence.c.id == kept.id)
    conn.execute(evidence.delete().where(*here))
    audit.append(conn, before.organisation, at, [_event(audit.EVIDENCE_REMOVED, before, kept)])
    return kept


def _refile(
    conn: Connection, conversation: Conversation, targets: tuple[str, ...], at: datetime
) -> list[audit.Event]:
    """Write the files into the records of the cases there are, and tell those who have them."""
    files = of_conversation(conn, conversation.organisation, conversation.id)
    mine = (
        cases.c.organisation == conversation.organisation,
        cases.c.conversation_id == conversation.id,
    )
    events: list[audit.Event] = []
    for row in conn.execute(sa.select(cases.c.reference, cases.c.state, cases.c.record).where(*mine)).all():
        record = listed(CaseRecord.model_validate(row.record), files).as_json()
        case_row.replace(conn, conversation.organisation, row.reference, record, at)
        # What was only signposted was handed to nobody, and so is this.
        if row.state != "signposted":
            hand_over(conn, conversation.organisation, row.reference, "case.updated", targets, at)
        digest = audit.digest_of(record, conversation.id)
        events.append(audit.Event(audit.REPLACED, row.reference, "complainant", digest))
        events.append(audit.Event("case.updated", row.reference, "complainant", digest))
    return events


def _event(action: str, conversation: Conversation, kept: Kept) -> audit.Event:
    digest = audit.digest_of({"id": kept.id, "sha256": kept.sha256}, conversation.id)
    return audit.Event(action, conversation.reference, "complainant", digest)
