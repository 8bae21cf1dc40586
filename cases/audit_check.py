"""Walks the audit chains and says in plain words where the first link of each is broken.

A chain alone shows what was changed, removed or moved within it. Whoever can rewrite the whole of it, heads
included, is caught only against heads that were exported before, to a place that they cannot write to. What the
entries tell of is looked at too: stories, case records and versions of the rules must still be what was stored.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from cases.audit import ERASED, GENESIS, STORY, Head, digest_of, hash_of
from cases.audit import heads as heads_of
from cases.models import audit, cases, conversations, messages
from cases.rulebook import KEPT, PUBLISHED, reference_of, versions

# Rows in memory at a time: chains only grow.
_AT_ONCE = 1000


class UnreadableHeads(ValueError):
    """A file of exported heads is not one; the message says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Break:
    """Where a chain is first broken: the organisation, the number of the entry, and what is wrong."""

    organisation: str
    number: int
    what: str

    def as_text(self) -> str:
        return f"{self.organisation}, entry {self.number}: {self.what}"


@dataclass(frozen=True, slots=True)
class Report:
    """How many entries each chain has, and where chains are broken; no more than one break a chain."""

    entries: dict[str, int]
    breaks: list[Break]


@dataclass(slots=True)
class _Told:
    """What a chain says was stored: entry number and digest by reference, of what was not erased since."""

    stories: dict[str, tuple[int, str]] = field(default_factory=dict)
    records: dict[str, tuple[int, str]] = field(default_factory=dict)
    rules: dict[str, tuple[int, str]] = field(default_factory=dict)

    def take(self, entry: Mapping[str, Any]) -> None:
        action, reference, digest = entry["action"], entry["reference"], entry["digest"]
        if action == ERASED:
            self.stories.pop(reference, None)
            self.records.pop(reference, None)
        elif digest is not None and action == STORY:
            self.stories[reference] = (entry["number"], digest)
        elif digest is not None and action in (KEPT, PUBLISHED):
            self.rules[reference] = (entry["number"], digest)
        elif digest is not None:
            self.records[reference] = (entry["number"], digest)


def verify(conn: Connection, exported: Mapping[str, Head] | None = None) -> Report:
    """Walk every chain, and every one that `exported` says there was."""
    exported, kept = exported or {}, heads_of(conn)
    entries, breaks = dict.fromkeys([*kept, *exported], 0), []
    told: dict[str, _Told] = {}
    for organisation, chain in groupby(_entries(conn), lambda row: str(row.organisation)):
        told[organisation] = _Told()
        entries[organisation], broken = _walk(chain, exported.get(organisation), told[organisation])
        if broken is not None:
            breaks.append(Break(organisation, *broken))
    whole = set(entries) - {found.organisation for found in breaks}
    for organisation in sorted(whole):
        count = entries[organisation]
        ends = _end(count, kept.get(organisation), exported.get(organisation))
        broken = ends or _first_changed(conn, organisation, told.get(organisation, _Told()))
        if broken is not None:
            breaks.append(Break(organisation, *broken))
    return Report(dict(sorted(entries.items())), sorted(breaks, key=lambda found: found.organisation))


def export(heads: Mapping[str, Head], at: datetime) -> str:
    """The heads as a file to keep elsewhere."""
    listed = {name: {"number": head.number, "hash": head.hash} for name, head in heads.items()}
    return json.dumps({"exported_at": at.isoformat(), "heads": listed}, indent=2)


def parse_heads(text: str) -> dict[str, Head]:
    """Heads as `export` wrote them; raises UnreadableHeads."""
    try:
        listed = json.loads(text)["heads"].items()
        found = {str(name): Head(head["number"], head["hash"]) for name, head in listed}
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise UnreadableHeads("it is not a file that `hearout audit head` wrote") from error
    for name, head in found.items():
        if not (isinstance(head.number, int) and isinstance(head.hash, str) and head.number >= 0):
            raise UnreadableHeads(f"the head of '{name}' has no number and hash")
    return found


def _entries(conn: Connection) -> Iterator[Row[Any]]:
    query = sa.select(audit).order_by(audit.c.organisation, audit.c.number)
    yield from conn.execute(query.execution_options(yield_per=_AT_ONCE))


def _walk(
    chain: Iterator[Row[Any]], exported: Head | None, told: _Told
) -> tuple[int, tuple[int, str] | None]:
    """How many entries there are, and the first that is broken."""
    count, previous, broken = 0, GENESIS, None
    for row in chain:
        entry = row._asdict()
        broken = broken or _link(entry, count, previous, exported)
        count, previous = count + 1, entry["hash"]
        if broken is None:
            told.take(entry)
    return count, broken


def _link(
    entry: Mapping[str, Any], before: int, previous: str, exported: Head | None
) -> tuple[int, str] | None:
    number = entry["number"]
    if number != before + 1:
        return before + 1, f"it is missing; entry {number} comes next."
    if entry["hash"] != hash_of(entry):
        return number, "it was changed: its hash is not that of what it says."
    if entry["previous"] != previous:
        after = f"entry {before}" if before else "the start of the chain"
        return number, f"it does not follow on {after}: one of the two was replaced."
    if exported is not None and number == exported.number and entry["hash"] != exported.hash:
        return (
            number,
            "it is not the entry that was exported: the chain was written anew up to here or before.",
        )
    return None


def _end(count: int, kept: Head | None, exported: Head | None) -> tuple[int, str] | None:
    """Entries that are missing from the end, which the links cannot show."""
    if exported is not None and count < exported.number:
        return count + 1, f"it is missing: when the head was exported there were {exported.number} entries."
    if kept is None:
        return (count, "the chain has no head: it was removed.") if count else None
    if count < kept.number:
        return count + 1, f"it is missing: the head of the chain names entry {kept.number} as the newest."
    return (count, f"the head names entry {kept.number} as the newest.") if count > kept.number else None


def _first_changed(conn: Connection, organisation: str, told: _Told) -> tuple[int, str] | None:
    """The first entry whose story or case record is not there as it was stored."""
    found = [
        *_differing(told.stories, _stored_stories(conn, organisation), "the story", "told"),
        *_differing(told.records, _stored_records(conn, organisation), "the record", "filed"),
        *_differing(told.rules, _stored_rules(conn, organisation), "the version", "published"),
    ]
    return min(found, default=None)


def _differing(
    told: Mapping[str, tuple[int, str]], stored: Mapping[str, set[str]], what: str, done: str
) -> Iterator[tuple[int, str]]:
    for reference, (number, digest) in told.items():
        if reference not in stored:
            yield (
                number,
                f"{what} of {reference} that was {done} then is gone, and no entry says that it was erased.",
            )
        elif digest not in stored[reference]:
            yield number, f"{what} of {reference} is not what was {done} then: it was changed since."


def _stored_stories(conn: Connection, organisation: str) -> dict[str, set[str]]:
    """The digests of what was said at the instant of each story, by reference."""
    query = (
        sa.select(audit.c.reference, messages.c.conversation_id, messages.c.text)
        .join(
            conversations,
            sa.and_(
                conversations.c.organisation == audit.c.organisation,
                conversations.c.reference == audit.c.reference,
            ),
        )
        .join(
            messages,
            sa.and_(
                messages.c.organisation == audit.c.organisation,
                messages.c.conversation_id == conversations.c.id,
                messages.c.at == audit.c.at,
                messages.c.message_id.is_not(None),
            ),
        )
        .where(audit.c.organisation == organisation, audit.c.action == STORY)
    )
    found: dict[str, set[str]] = {}
    for reference, conversation_id, text in conn.execute(query.execution_options(yield_per=_AT_ONCE)):
        found.setdefault(reference, set()).add(digest_of(text, conversation_id))
    return found


def _stored_rules(conn: Connection, organisation: str) -> dict[str, set[str]]:
    """The digests of the versions of the rules; of one that was changed, something else."""
    found = versions(conn, organisation)
    return {reference_of(one.number): {one.digest if one.intact else ""} for one in found}


def _stored_records(conn: Connection, organisation: str) -> dict[str, set[str]]:
    query = sa.select(cases.c.reference, cases.c.conversation_id, cases.c.record).where(
        cases.c.organisation == organisation
    )
    rows = conn.execute(query.execution_options(yield_per=_AT_ONCE))
    return {row.reference: {digest_of(row.record, row.conversation_id)} for row in rows}
