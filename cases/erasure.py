"""Conversations are erased whole, with all their cases, or held back from it. Pure functions of a connection.

What belongs to a conversation is found from the tables' own keys, so a table that comes later is erased too; one that
names neither a conversation nor a case has to be listed in KEPT, with why. Of each case a tombstone is left. The audit
chain is not touched: it holds no personal data, and gets an entry that the rest is meant to be gone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from cases import audit
from cases.models import cases, conversations, evidence, holds, metadata, outbox, tombstones
from cases.remarks import conversation_of
from cases.reports import history, past

Because = Literal["retention", "request"]
HELD, LIFTED = "hold.placed", "hold.lifted"
_LONDON = ZoneInfo("Europe/London")

# Tables that stay as they are, and why nothing in them tells of a complainant.
KEPT: Mapping[str, str] = {
    "audit": "references and keyed digests only; the chain must go on verifying",
    "audit_heads": "numbers and hashes",
    "tombstones": "counts without a person",
    "report_kept": "coded values under a random id, so that old reports stay the same",
    "report_lessons": "words that somebody has made fit to be published; of no case",
    "rule_drafts": "rules that staff write",
    "rule_draft_revisions": "each step of them",
    "rule_versions": "rules as they were published",
    "receivers": "how a place that cases go to is faring",
    "api_keys": "keys of programs",
    "staff_accounts": "staff, not complainants: they go when somebody leaves",
    "staff_sign_ins": "a sign-in that is under way",
    "staff_sessions": "sessions of staff",
}
# Of the facts, those that reports count by; none of them can tell who it was.
_COUNTED = ("nature", "subject", "complainant_type", "nation", "stage_reached")


class OnHold(Exception):
    """A legal hold keeps these from being erased."""

    def __init__(self, references: Sequence[str]) -> None:
        listed = ", ".join(references)
        super().__init__(
            f"{listed}: a legal hold keeps it. Lift it first: hearout privacy release {references[0]}"
        )
        self.references = tuple(references)


@dataclass(frozen=True, slots=True)
class Hold:
    """Why a conversation and its cases must stay."""

    organisation: str
    reference: str
    why: str
    placed_by: str
    placed_at: datetime


@dataclass(frozen=True, slots=True)
class Erased:
    """What is gone: the references, the files still to be taken from the vault, and who has had a copy."""

    references: tuple[str, ...]
    files: tuple[tuple[str, str], ...] = ()
    receivers: tuple[str, ...] = ()
    rows: dict[str, int] = field(default_factory=dict)


def place_hold(
    conn: Connection, reference: str, why: str, by: str, at: datetime, *, caller: str | None = None
) -> bool:
    """Keep this case, and all of its conversation, from purge and erasure; False when it is held already.

    `caller` is who it is to the audit trail, if known. Raises cases.references.UnknownReference.
    """
    found = conversation_of(conn, reference).conversation
    key = {"organisation": found.organisation, "conversation_id": found.id}
    if conn.execute(sa.select(holds.c.reference).where(*_is(holds, key))).first() is not None:
        return False
    row = {**key, "reference": reference, "why": why, "placed_by": by, "placed_at": at}
    conn.execute(holds.insert(), row)
    audit.append(conn, found.organisation, at, [audit.Event(HELD, reference, "staff", caller=caller)])
    return True


def lift_hold(conn: Connection, reference: str, at: datetime, *, caller: str | None = None) -> bool:
    """Let go of it; False when it is not held. Raises cases.references.UnknownReference."""
    found = conversation_of(conn, reference).conversation
    key = {"organisation": found.organisation, "conversation_id": found.id}
    if conn.execute(holds.delete().where(*_is(holds, key))).rowcount == 0:
        return False
    audit.append(conn, found.organisation, at, [audit.Event(LIFTED, reference, "staff", caller=caller)])
    return True


def hold_of(conn: Connection, organisation: str, conversation_id: str) -> Hold | None:
    """What keeps a conversation and its cases, if anything does."""
    here = (holds.c.organisation == organisation, holds.c.conversation_id == conversation_id)
    row = conn.execute(sa.select(*(holds.c[name] for name in Hold.__dataclass_fields__)).where(*here)).first()
    return None if row is None else Hold(*row)


def holds_of(conn: Connection) -> list[Hold]:
    """Every hold there is, the oldest first."""
    query = sa.select(*(holds.c[name] for name in Hold.__dataclass_fields__)).order_by(holds.c.placed_at)
    return [Hold(*row) for row in conn.execute(query)]


def erase(
    conn: Connection,
    organisation: str,
    conversation_ids: Sequence[str],
    because: Because,
    at: datetime,
    *,
    caller: str | None = None,
) -> Erased:
    """Erase these conversations of one organisation, all or none; `caller` is who asks for it. Raises OnHold.

    The files in Erased.files are for Vault.remove once the transaction is on disk; ids that are gone count for nothing.
    """
    ids = list(conversation_ids)
    held = sa.select(holds.c.reference).where(
        holds.c.organisation == organisation, holds.c.conversation_id.in_(ids)
    )
    if references := list(conn.execute(held.order_by(holds.c.reference)).scalars()):
        raise OnHold(references)
    filed, opened = _cases(conn, organisation, ids), _conversations(conn, organisation, ids)
    named = {row.reference for row in filed} | {row.reference for row in opened}
    found = Erased(
        references=tuple(sorted(named)),
        files=tuple(_files(conn, organisation, ids)),
        receivers=tuple(_receivers(conn, organisation, named)),
    )
    past.keep(conn, organisation, history.live(conn, organisation, ids, as_of=None, steps=True), at)
    _overwriting(conn, on=True)
    for table in reversed(metadata.sorted_tables):
        where = _theirs(table, organisation, ids, sorted(named))
        if where is not None and (gone := conn.execute(table.delete().where(*where)).rowcount):
            found.rows[table.name] = gone
    _overwriting(conn, on=False)
    left = [_tombstone(row, because, at) for row in [*filed, *_without_case(opened, filed)]]
    if left:
        conn.execute(tombstones.insert(), left)
    actor: audit.Actor = "staff" if because == "request" else "system"
    audit.append(
        conn,
        organisation,
        at,
        [audit.Event(audit.ERASED, name, actor, caller=caller) for name in found.references],
    )
    return found


def place_of(table: sa.Table) -> str | None:
    """By which column a table's rows belong to a conversation or a case; None where they belong to none."""
    if table.name in KEPT:
        return None
    if table.name == "conversations":
        return "id"
    return next((n for n in ("conversation_id", "case_reference", "reference") if n in table.c), None)


def _theirs(
    table: sa.Table, organisation: str, ids: Sequence[str], references: Sequence[str]
) -> tuple[sa.ColumnElement[bool], ...] | None:
    column = place_of(table)
    if column is None:
        return None
    values = ids if column in ("id", "conversation_id") else references
    return table.c.organisation == organisation, table.c[column].in_(values)


def _is(table: sa.Table, values: Mapping[str, Any]) -> list[sa.ColumnElement[bool]]:
    return [table.c[name] == value for name, value in values.items()]


def _cases(conn: Connection, organisation: str, ids: Sequence[str]) -> list[Row[Any]]:
    query = sa.select(
        cases.c.organisation,
        cases.c.reference,
        cases.c.conversation_id,
        cases.c.conversation_reference,
        cases.c.state,
        cases.c.received_at,
        cases.c.disposition,
        cases.c.stage,
        cases.c.record,
    )
    here = (cases.c.organisation == organisation, cases.c.conversation_id.in_(ids))
    return list(conn.execute(query.where(*here)))


def _conversations(conn: Connection, organisation: str, ids: Sequence[str]) -> list[Row[Any]]:
    columns = (conversations.c[n] for n in "organisation reference id state channel first_told_at".split())
    here = (conversations.c.organisation == organisation, conversations.c.id.in_(ids))
    return list(conn.execute(sa.select(*columns).where(*here)))


def _without_case(opened: Iterable[Row[Any]], filed: Iterable[Row[Any]]) -> list[Row[Any]]:
    """The conversations that made no case but told something; a mere greeting leaves nothing to count."""
    made = {row.conversation_id for row in filed}
    return [row for row in opened if row.id not in made and row.first_told_at is not None]


def _tombstone(row: Row[Any], because: Because, at: datetime) -> dict[str, Any]:
    held = row._mapping
    record = held.get("record") or {}
    received = held.get("received_at") or held.get("first_told_at")
    facts = record.get("facts") or {}
    return {
        "organisation": row.organisation,
        "reference": row.reference,
        "conversation_reference": held.get("conversation_reference") or row.reference,
        "because": because,
        "erased_at": at,
        "state": row.state,
        "channel": held.get("channel") or record.get("channel") or "chat",
        "received_on": received.astimezone(_LONDON).date() if received else None,
        "disposition": held.get("disposition"),
        "stage": held.get("stage"),
        "facts": {name: facts[name] for name in _COUNTED if facts.get(name) is not None},
    }


def _files(conn: Connection, organisation: str, ids: Sequence[str]) -> Iterator[tuple[str, str]]:
    here = (evidence.c.organisation == organisation, evidence.c.conversation_id.in_(ids))
    for row in conn.execute(sa.select(evidence.c.id).where(*here)):
        yield organisation, row.id


def _receivers(conn: Connection, organisation: str, references: Iterable[str]) -> list[str]:
    """Who was given a copy: what is erased here has to be erased there too."""
    here = (
        outbox.c.organisation == organisation,
        outbox.c.case_reference.in_(sorted(references)),
        outbox.c.state == "delivered",
    )
    return list(conn.execute(sa.select(outbox.c.target).where(*here).distinct().order_by("target")).scalars())


def _overwriting(conn: Connection, *, on: bool) -> None:
    """SQLite leaves deleted words in the free pages of its file unless it is told to overwrite them."""
    if conn.dialect.name == "sqlite":
        conn.exec_driver_sql(f"PRAGMA secure_delete={'ON' if on else 'FAST'}")
