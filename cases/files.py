"""The files that were sent with conversations, as their rows tell of them, and how a case record lists them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import Connection, bindparam

from cases.models import evidence
from cases.prepared import Prepared
from cases.record import CaseFiling, CaseRecord, Evidence, Scan


@dataclass(frozen=True, slots=True)
class Kept:
    """One file as its row tells of it."""

    organisation: str
    id: str
    conversation_id: str
    name: str
    size: int
    sha256: str
    type: str
    scan: Scan
    at: datetime


_OF_CONVERSATION = Prepared(
    sa.select(*(evidence.c[name] for name in Kept.__dataclass_fields__))
    .where(
        evidence.c.organisation == bindparam("organisation"),
        evidence.c.conversation_id == bindparam("conversation_id"),
    )
    .order_by(evidence.c.at, evidence.c.id)
)


def of_conversation(conn: Connection, organisation: str, conversation_id: str) -> list[Kept]:
    """The files of a conversation, the oldest first."""
    where = {"organisation": organisation, "conversation_id": conversation_id}
    return [Kept(*row) for row in _OF_CONVERSATION.rows(conn, where)]


def bytes_kept(conn: Connection, organisation: str) -> int:
    """How many bytes of evidence an organisation has."""
    total = sa.select(sa.func.coalesce(sa.func.sum(evidence.c.size), 0))
    return int(conn.execute(total.where(evidence.c.organisation == organisation)).scalar_one())


def ids_kept(conn: Connection) -> set[tuple[str, str]]:
    """Organisation and id of every file that has a row."""
    return {
        (row.organisation, row.id) for row in conn.execute(sa.select(evidence.c.organisation, evidence.c.id))
    }


def erase(conn: Connection, organisation: str, conversation_id: str) -> list[str]:
    """Forget the rows of a conversation that is erased; the ids of its files, for Vault.remove once that is on disk."""
    mine = (evidence.c.organisation == organisation, evidence.c.conversation_id == conversation_id)
    gone = list(conn.execute(sa.select(evidence.c.id).where(*mine)).scalars())
    conn.execute(evidence.delete().where(*mine))
    return gone


def listed(record: CaseRecord, files: Sequence[Kept]) -> CaseRecord:
    """The record with these files, beside what the person says there is."""
    told = [entry for entry in record.evidence if entry.id is None]
    shown = [
        Evidence(id=f.id, name=f.name, type=f.type, size=f.size, sha256=f.sha256, scan=f.scan) for f in files
    ]
    return record.model_copy(update={"evidence": [*told, *shown]})


def in_filings(filings: Sequence[CaseFiling], files: Sequence[Kept]) -> tuple[CaseFiling, ...]:
    """The filings, each record with these files."""
    return tuple(replace(filing, record=listed(filing.record, files)) for filing in filings)
