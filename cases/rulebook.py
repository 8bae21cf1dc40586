"""The versions of an organisation's rules: numbered, dated, approved by a second person, and never changed.

Version 1 is what stood in the pack's file when the first draft was published; it is in force since ever. Each further
one is in force from its `effective_from` until the next one is, of two from the same instant the higher number. What
is in force earlier than the approval is never moved: no version begins before it is published.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from cases import audit, drafts
from cases.drafts import Draft, sha256_of
from cases.events import NoSuchCase, Writer
from cases.models import cases, rule_versions
from policy_rules.editions import Edition
from policy_rules.errors import Refusal

KEPT, PUBLISHED, PUBLISHED_DRAFT = "rules.kept", "rules.published", "rules.draft_published"


class NoSuchVersion(Refusal):
    status = 404
    kind = "unknown-version"
    title = "No such version"


class SamePerson(Refusal):
    status = 403
    kind = "same-person"
    title = "Somebody else must approve it"


class ShownOther(Refusal):
    """What is asked to be approved is not what was shown."""

    status = 409
    kind = "not-what-was-shown"
    title = "The draft is not what you were shown"


class NotOnTop(Refusal):
    """The draft was made from another version than the one that it would follow."""

    status = 409
    kind = "base-has-moved"
    title = "The rules have changed since this draft was begun"


class BadDay(Refusal):
    kind = "bad-day"
    title = "The rules cannot change on that day"


@dataclass(frozen=True, slots=True)
class Version:
    """A version of the rules, as it was published. `effective_from` None: since ever. `author` and `approver` are
    account ids, None for what came from a file."""

    organisation: str
    number: int
    sha256: str
    digest: str
    text: str
    title: str
    author: str | None
    author_name: str
    approver: str | None
    approver_name: str
    approved_at: datetime
    effective_from: datetime | None
    reason: str
    source: str
    base: int | None
    draft_id: str | None
    again_of: int | None

    @property
    def edition(self) -> Edition:
        """As the shelf of packs takes it."""
        return Edition(self.number, self.text, self.effective_from, self.intact)

    @property
    def intact(self) -> bool:
        """Whether it is what was published: the digest is that of everything else."""
        return self.digest == digest_of({name: getattr(self, name) for name in _COVERED})


@dataclass(frozen=True, slots=True)
class First:
    """What stands in the pack's file while nothing is published: its text, and the hash of the pack in it."""

    text: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Shown:
    """What an approver was shown: the revision of the draft, the SHA-256 of its text, and which versions come later."""

    revision: int
    text_sha256: str
    later: Collection[int] = ()


_COLUMNS = tuple(rule_versions.c[name] for name in Version.__dataclass_fields__)
_COVERED = tuple(name for name in Version.__dataclass_fields__ if name != "digest")


def digest_of(values: Mapping[str, Any]) -> str:
    """SHA-256 over every column of a version but the digest, hex."""
    covered = {name: values[name] for name in _COVERED}
    for name in ("approved_at", "effective_from"):
        if covered[name] is not None:
            covered[name] = round(covered[name].timestamp() * 1_000_000)
    return hashlib.sha256(audit.canonical(covered)).hexdigest()


def reference_of(number: int) -> str:
    """How the audit trail names a version."""
    return f"rules/{number}"


def versions(conn: Connection, organisation: str) -> list[Version]:
    """Every version of the organisation, by number."""
    query = sa.select(*_COLUMNS).where(rule_versions.c.organisation == organisation)
    return _read(conn, query.order_by(rule_versions.c.number))


def version(conn: Connection, organisation: str, number: int) -> Version:
    """One version. NoSuchVersion (404)."""
    here = (rule_versions.c.organisation == organisation, rule_versions.c.number == number)
    found = _read(conn, sa.select(*_COLUMNS).where(*here))
    if not found:
        raise NoSuchVersion(f"There is no version {number} of these rules.", where="version")
    return found[0]


def unknown_to(conn: Connection, known: Mapping[str, int]) -> list[Version]:
    """The versions beyond those that are known, by organisation and number; `known` has the highest number of each."""
    newest = sa.select(rule_versions.c.organisation, sa.func.max(rule_versions.c.number)).group_by(
        rule_versions.c.organisation
    )
    found: list[Version] = []
    for organisation, number in conn.execute(newest.order_by(rule_versions.c.organisation)).all():
        seen = known.get(organisation, 0)
        if number > seen:
            here = (rule_versions.c.organisation == organisation, rule_versions.c.number > seen)
            found += _read(conn, sa.select(*_COLUMNS).where(*here).order_by(rule_versions.c.number))
    return found


def decided_with(conn: Connection, organisation: str, reference: str) -> tuple[str | None, datetime]:
    """The hash of the pack that a case was decided with, and when it was received. NoSuchCase (404)."""
    here = (cases.c.organisation == organisation, cases.c.reference == reference)
    row = conn.execute(sa.select(cases.c.policy_sha256, cases.c.received_at).where(*here)).first()
    if row is None:
        raise NoSuchCase(f"There is no case {reference[:60]}.", where="reference")
    return row.policy_sha256, row.received_at


def governing(known: Iterable[Version], at: datetime) -> Version | None:
    """The version in force at an instant; None where there is none yet."""
    begun = [v for v in known if v.effective_from is None or v.effective_from <= at]
    return max(begun, key=_order, default=None)


def coming(known: Iterable[Version], at: datetime) -> list[Version]:
    """The versions that come into force after an instant, and are not replaced before they do; the soonest first."""
    later = sorted((v for v in known if v.effective_from is not None and v.effective_from > at), key=_order)
    # Of two that come at the very same instant, the higher number takes the place of the other.
    return list({v.effective_from: v for v in later}.values())


def starts_at(day: date | None, zone: tzinfo, now: datetime, notice: timedelta = timedelta()) -> datetime:
    """When rules approved now are in force: from midnight of `day` in `zone`; None or today, from `now` plus `notice`.

    `notice` is how long other servers take to hear of it. BadDay (422) for a day that is over.
    """
    if day is None or day == now.astimezone(zone).date():
        return now + notice
    if day < now.astimezone(zone).date():
        raise BadDay(
            "That day is over. What was received before now keeps the rules of then: choose today or a later day.",
            where="effective_on",
        )
    return max(datetime.combine(day, time.min, zone), now + notice)


def publish(
    conn: Connection,
    organisation: str,
    draft_id: str,
    shown: Shown,
    sha256: str,
    effective_from: datetime,
    writer: Writer,
    now: datetime,
    *,
    first: First | None = None,
) -> Version:
    """Make the draft the organisation's next version, in force from `effective_from`; `writer` approves it.

    `sha256` is the hash of the pack in its text, which the caller has proved sound. `first` is kept as version 1
    where nothing was published before. Raises OutOfDate and NotOpen (409, of cases.drafts), ShownOther, SamePerson,
    NotOnTop and BadDay; then nothing is changed.
    """
    draft = drafts.locked(conn, organisation, draft_id, shown.revision)
    drafts.require(draft, "submitted")
    require_second_person(draft, drafts.editors(conn, organisation, draft_id), writer)
    if draft.text_sha256 != shown.text_sha256:
        raise ShownOther("Load the page again, and read what is there now.", where="sha256")
    if effective_from < now:
        raise BadDay("No rules can be in force before they are approved.", where="effective_on")
    known = versions(conn, organisation)
    if not known and first is not None:
        known = [_keep_first(conn, organisation, first, now)]
    require_on_top(draft, known, effective_from)
    later = {v.number for v in coming(known, effective_from)}
    if later != set(shown.later):
        raise ShownOther(
            "Another version was published meanwhile. Load the page again: it shows what comes when.",
            where="later",
        )
    made = _made(draft, max((v.number for v in known), default=0) + 1, sha256, effective_from, writer, now)
    _insert(conn, made)
    drafts.advance(
        conn,
        draft,
        "published",
        f"Approved it as version {made.number}.",
        writer,
        now,
        PUBLISHED_DRAFT,
        state="published",
    )
    _tell(conn, PUBLISHED, made, writer.caller, now)
    return made


def require_second_person(draft: Draft, editors: Collection[str], writer: Writer) -> None:
    """SamePerson (403) for who began the draft or ever changed it."""
    if not writer.caller or writer.caller == draft.author or writer.caller in editors:
        raise SamePerson("You have worked on this draft, so that somebody else must approve it.")


def require_on_top(draft: Draft, known: Sequence[Version], effective_from: datetime) -> None:
    """NotOnTop (409) unless the draft was made from the version that it follows: nothing is overwritten unseen."""
    before = governing(known, effective_from)
    number, text = (0, "") if before is None else (before.number, before.text)
    if draft.base != number:
        raise NotOnTop(
            f"It was made from version {draft.base}, and on that day it would follow version {number}. "
            "Somebody who edits rules brings the two together first; then it can be approved.",
            where="base",
        )
    if before is not None and draft.base_sha256 != sha256_of(text):
        raise NotOnTop(
            "It was made from rules that were changed since in their file. Somebody who edits rules brings the two "
            "together first; then it can be approved.",
            where="base",
        )


def _keep_first(conn: Connection, organisation: str, first: First, now: datetime) -> Version:
    """What the file holds, kept for good as version 1: whatever becomes of the file, cases stay under it."""
    values: dict[str, Any] = {
        "organisation": organisation,
        "number": 1,
        "sha256": first.sha256,
        "text": first.text,
        "title": "The rules as they came with the server",
        "author": None,
        "author_name": "",
        "approver": None,
        "approver_name": "",
        "approved_at": now,
        "effective_from": None,
        "reason": "",
        "source": "",
        "base": None,
        "draft_id": None,
        "again_of": None,
    }
    kept = Version(**values, digest=digest_of(values))
    _insert(conn, kept)
    _tell(conn, KEPT, kept, None, now)
    return kept


def _made(
    draft: Draft, number: int, sha256: str, effective_from: datetime, writer: Writer, now: datetime
) -> Version:
    values: dict[str, Any] = {
        "organisation": draft.organisation,
        "number": number,
        "sha256": sha256,
        "text": draft.text,
        "title": draft.title,
        "author": draft.author,
        "author_name": draft.author_name,
        "approver": writer.caller,
        "approver_name": writer.name,
        "approved_at": now,
        "effective_from": effective_from,
        "reason": draft.reason,
        "source": draft.source,
        "base": draft.base,
        "draft_id": draft.id,
        "again_of": draft.again_of,
    }
    return Version(**values, digest=digest_of(values))


def _insert(conn: Connection, made: Version) -> None:
    try:
        conn.execute(rule_versions.insert(), {name: getattr(made, name) for name in (*_COVERED, "digest")})
    except IntegrityError as error:
        raise NotOnTop(
            "Another version was published at the same moment. Load the page again, and look at both.",
            where="base",
        ) from error


def _tell(conn: Connection, action: str, made: Version, caller: str | None, now: datetime) -> None:
    actor: audit.Actor = "staff" if caller else "system"
    event = audit.Event(action, reference_of(made.number), actor, made.digest, caller=caller)
    audit.append(conn, made.organisation, now, [event])


def _order(one: Version) -> tuple[float, int]:
    return (one.effective_from.timestamp() if one.effective_from else float("-inf"), one.number)


def _read(conn: Connection, query: sa.Select[Any]) -> list[Version]:
    return [Version(**row._asdict()) for row in conn.execute(query)]
