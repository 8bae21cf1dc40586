"""How long conversations are kept, and which of them are due to go. Time is an argument.

A conversation with cases is over when each of them is: closed by the organisation, withdrawn, signposted or informal;
its time runs from the last of these. One without a case is over when nothing was said in it for a while. What a hold
keeps, and what has not reached everybody that it was to be handed to, stays and is counted as kept back.
"""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy import Connection

from cases import audit, case_row
from cases.erasure import Erased, erase
from cases.files import listed
from cases.models import cases, closings, conversations, evidence, holds, outbox
from cases.record import CaseRecord

# So many go in one transaction: somebody's turn may be waiting behind it.
PAGE = 50
What = Literal["case", "draft", "evidence"]


@dataclass(frozen=True, slots=True)
class Periods:
    """How long an organisation keeps what; None is for ever."""

    closed_months: int | None = None
    drafts_days: int | None = 90
    evidence_months: int | None = None


@dataclass(frozen=True, slots=True)
class Due:
    """A conversation whose time is over, or whose evidence's is; `since` is when it ended."""

    what: What
    organisation: str
    conversation_id: str
    reference: str
    since: datetime


@dataclass(frozen=True, slots=True)
class KeptBack:
    """Due, and not to go for now: `why` is hold, or handover."""

    reference: str
    why: Literal["hold", "handover"]


_HELD = sa.exists().where(
    holds.c.organisation == conversations.c.organisation, holds.c.conversation_id == conversations.c.id
)
# Aliases: within a query that joins the cases, a condition on "any case of the conversation" must not mean its own row.
_any, _closing = cases.alias("any_case"), closings.alias("any_closing")
_ANY = (_any.c.organisation == conversations.c.organisation, _any.c.conversation_id == conversations.c.id)
# Looked up once and not case by case, since the outbox is found by state. Rows of other kinds, such as a warning for a
# date to come, do not matter here.
_UNDELIVERED = sa.select(outbox.c.organisation, outbox.c.case_reference).where(
    outbox.c.state.in_(("pending", "leased", "dead")), outbox.c.kind.startswith("case.", autoescape=True)
)
_ON_ITS_WAY = sa.exists().where(*_ANY, sa.tuple_(_any.c.organisation, _any.c.reference).in_(_UNDELIVERED))
_OPEN = sa.exists().where(
    *_ANY,
    _any.c.state == "filed",
    sa.or_(
        _any.c.progress != "closed",
        ~sa.exists().where(
            _closing.c.organisation == _any.c.organisation, _closing.c.case_reference == _any.c.reference
        ),
    ),
)
_HAS_FILES = sa.exists().where(
    evidence.c.organisation == conversations.c.organisation,
    evidence.c.conversation_id == conversations.c.id,
)


def due(conn: Connection, organisation: str, now: datetime, periods: Periods, most: int = PAGE) -> list[Due]:
    """What may go now, cases first, then drafts, then evidence alone; at most `most` of them."""
    found: list[Due] = []
    for what, query in _queries(organisation, now, periods):
        rest = query.where(~_HELD, ~_ON_ITS_WAY) if what != "draft" else query.where(~_HELD)
        for row in conn.execute(rest.limit(most - len(found))):
            found.append(Due(what, organisation, row.id, row.reference, row.since))
        if len(found) >= most:
            break
    return found


def kept_back(conn: Connection, organisation: str, now: datetime, periods: Periods) -> list[KeptBack]:
    """What is due and stays all the same; whole conversations only."""
    found: list[KeptBack] = []
    for what, query in _queries(organisation, now, periods):
        if what == "evidence":
            continue
        found += [KeptBack(row.reference, "hold") for row in conn.execute(query.where(_HELD))]
        if what == "case":
            waiting = query.where(~_HELD, _ON_ITS_WAY)
            found += [KeptBack(row.reference, "handover") for row in conn.execute(waiting)]
    return found


def purge(conn: Connection, found: Sequence[Due], at: datetime) -> Erased:
    """Erase what `due` found in one organisation; the files in the result are for Vault.remove once this is on disk.

    Raises cases.erasure.OnHold when a hold was placed meanwhile: nothing is erased then, and `due` knows better.
    """
    if not found:
        return Erased(())
    organisation = found[0].organisation
    whole = [one.conversation_id for one in found if one.what != "evidence"]
    erased = erase(conn, organisation, whole, "retention", at) if whole else Erased(())
    files = list(erased.files)
    for one in found:
        if one.what == "evidence":
            files += _forget_files(conn, one, at)
    return Erased(erased.references, tuple(files), erased.receivers, erased.rows)


def months_before(now: datetime, months: int) -> datetime:
    """The same day and time so many months earlier; the month's last day where it has no such day."""
    years, month = divmod(now.year * 12 + now.month - 1 - months, 12)
    last = calendar.monthrange(years, month + 1)[1]
    return now.replace(year=years, month=month + 1, day=min(now.day, last))


def _queries(organisation: str, now: datetime, periods: Periods) -> list[tuple[What, sa.Select[Any]]]:
    queries: list[tuple[What, sa.Select[Any]]] = []
    if periods.closed_months is not None:
        queries.append(("case", _ended(organisation, months_before(now, periods.closed_months))))
    if periods.drafts_days is not None:
        queries.append(("draft", _silent(organisation, now - timedelta(days=periods.drafts_days))))
    if periods.evidence_months is not None:
        over = _ended(organisation, months_before(now, periods.evidence_months))
        queries.append(("evidence", over.where(_HAS_FILES)))
    return queries


def _ended(organisation: str, before: datetime) -> sa.Select[Any]:
    """Conversations with cases, all of which ended by then."""
    mine = (
        cases.c.organisation == conversations.c.organisation,
        cases.c.conversation_id == conversations.c.id,
    )
    closed = (closings.c.organisation == cases.c.organisation, closings.c.case_reference == cases.c.reference)
    ended_at = sa.func.max(sa.func.coalesce(closings.c.closed_at, conversations.c.updated_at))
    return (
        sa.select(conversations.c.id, conversations.c.reference, ended_at.label("since"))
        .join(cases, sa.and_(*mine))
        .outerjoin(closings, sa.and_(*closed))
        .where(conversations.c.organisation == organisation, conversations.c.state != "draft", ~_OPEN)
        .group_by(conversations.c.organisation, conversations.c.id, conversations.c.reference)
        .having(ended_at <= before)
        .order_by(ended_at)
    )


def _silent(organisation: str, before: datetime) -> sa.Select[Any]:
    """Conversations that never became a case, and in which nothing was said since then."""
    made = sa.exists().where(*_ANY)
    return (
        sa.select(conversations.c.id, conversations.c.reference, conversations.c.updated_at.label("since"))
        .where(conversations.c.organisation == organisation, conversations.c.updated_at <= before, ~made)
        .order_by(conversations.c.updated_at)
    )


def _forget_files(conn: Connection, one: Due, at: datetime) -> list[tuple[str, str]]:
    """Take the files out of the rows and the records; the case stays."""
    mine = (evidence.c.organisation == one.organisation, evidence.c.conversation_id == one.conversation_id)
    gone = list(conn.execute(sa.select(evidence.c.id).where(*mine)).scalars())
    conn.execute(evidence.delete().where(*mine))
    here = (cases.c.organisation == one.organisation, cases.c.conversation_id == one.conversation_id)
    events = [audit.Event(audit.EVIDENCE_REMOVED, one.reference, "system")]
    for row in conn.execute(sa.select(cases.c.reference, cases.c.record).where(*here)).all():
        record = listed(CaseRecord.model_validate(row.record), ()).as_json()
        case_row.replace(conn, one.organisation, row.reference, record, at)
        digest = audit.digest_of(record, one.conversation_id)
        events.append(audit.Event(audit.REPLACED, row.reference, "system", digest))
    audit.append(conn, one.organisation, at, events)
    return [(one.organisation, evidence_id) for evidence_id in gone]
