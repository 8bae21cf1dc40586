"""Lessons for the report: what was written at a closing is read by somebody, who writes what may be published of it.

The words of a case stay with the case. What goes into a report stands apart, names no case, and outlives it. One that
is changed or left out ends at that instant: a report as of before still has it.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from cases import audit
from cases.events import NoSuchCase, Writer
from cases.models import case_events, cases, report_lessons, report_reviews
from cases.reports.gather import beginning
from cases.reports.history import ZONE
from cases.reports.period import Period
from policy_rules.errors import Refusal

TAKEN, LEFT_OUT = "lesson.taken", "lesson.left_out"
LONGEST = 600


class NoWords(Refusal):
    kind = "lesson-without-words"
    title = "A lesson needs words"


@dataclass(frozen=True, slots=True)
class Lesson:
    """What was learned, in words that somebody has made fit to be read by everybody."""

    words: str
    learned_on: date
    subject: str | None


@dataclass(frozen=True, slots=True)
class ToReview:
    """What was written when a case was closed, and what became of it. `event` numbers the closing among its events;
    `decided` is None (nobody has looked), `taken` or `left_out`; `published` are the words in the report."""

    reference: str
    event: int
    closed_at: datetime
    subject: str | None
    words: str
    restricted: bool
    decided: str | None
    published: str | None


def published(conn: Connection, organisation: str, period: Period, as_of: datetime) -> list[Lesson]:
    """The lessons of closings in the period that were in the report at that instant, the first one first."""
    query = (
        sa.select(report_lessons.c.words, report_lessons.c.learned_on, report_lessons.c.subject)
        .where(
            report_lessons.c.organisation == organisation,
            report_lessons.c.learned_on.between(period.first, period.last),
            report_lessons.c.reviewed_at <= as_of,
            sa.or_(report_lessons.c.ended_at.is_(None), report_lessons.c.ended_at > as_of),
        )
        .order_by(report_lessons.c.learned_on, report_lessons.c.words)
    )
    return [Lesson(*row) for row in conn.execute(query)]


def to_review(conn: Connection, organisation: str, period: Period, *, restricted: bool) -> list[ToReview]:
    """What was learned at closings in the period, the newest first; those of restricted cases only where `restricted`.

    One that was reopened and closed again stands here once, with its last closing.
    """
    key = sa.and_(
        cases.c.organisation == case_events.c.organisation, cases.c.reference == case_events.c.case_reference
    )
    looked_at = sa.and_(
        report_reviews.c.organisation == case_events.c.organisation,
        report_reviews.c.case_reference == case_events.c.case_reference,
        report_reviews.c.event == case_events.c.number,
    )
    taken = sa.and_(
        report_lessons.c.organisation == report_reviews.c.organisation,
        report_lessons.c.id == report_reviews.c.lesson_id,
    )
    query = (
        sa.select(
            case_events.c.case_reference,
            case_events.c.number,
            case_events.c.at,
            case_events.c.data,
            cases.c.restricted,
            cases.c.record[("facts", "subject")].as_string().label("subject"),
            report_reviews.c.at.label("looked_at"),
            report_lessons.c.words,
        )
        .join(cases, key)
        .outerjoin(report_reviews, looked_at)
        .outerjoin(report_lessons, taken)
        .where(
            case_events.c.organisation == organisation,
            case_events.c.kind == "closed",
            case_events.c.at >= beginning(period.first),
            cases.c.progress == "closed",
        )
        .order_by(case_events.c.at.desc(), case_events.c.case_reference)
    )
    found: dict[str, ToReview] = {}
    for row in conn.execute(query):
        words = ((row.data.get("closing") or {}).get("lesson") or "").strip()
        if row.case_reference in found or row.at.astimezone(ZONE).date() not in period:
            continue
        if not words or (row.restricted and not restricted):
            continue
        found[row.case_reference] = _to_review(row, words)
    return list(found.values())


def _to_review(row: Any, words: str) -> ToReview:
    decided = None if row.looked_at is None else "taken" if row.words is not None else "left_out"
    place = (row.case_reference, row.number, row.at)
    return ToReview(*place, row.subject, words, row.restricted, decided, row.words)


def decide(
    conn: Connection,
    organisation: str,
    reference: str,
    event: int,
    words: str | None,
    writer: Writer,
    at: datetime,
) -> None:
    """Take a lesson into the report in these words, or leave it out (None); what was decided before ends.

    NoSuchCase (404) where there is no such closing; NoWords (422) where the words are empty or too many.
    """
    if words is not None:
        words = _checked(words)
    row = conn.execute(
        sa.select(case_events.c.at, cases.c.record[("facts", "subject")].as_string().label("subject"))
        .join(cases, sa.and_(cases.c.organisation == case_events.c.organisation,
                             cases.c.reference == case_events.c.case_reference))
        .where(
            case_events.c.organisation == organisation,
            case_events.c.case_reference == reference,
            case_events.c.number == event,
            case_events.c.kind == "closed",
        )
    ).first()  # fmt: skip
    if row is None:
        raise NoSuchCase(f"There is no closing {event} of {reference[:60]}.", where="reference")
    _end(conn, organisation, reference, event, at)
    lesson = None
    if words is not None:
        lesson = uuid.uuid4().hex
        values = {
            "organisation": organisation,
            "id": lesson,
            "learned_on": row.at.astimezone(ZONE).date(),
            "subject": row.subject,
            "words": words,
            "reviewed_at": at,
            "reviewed_by": writer.caller or "",
        }
        conn.execute(report_lessons.insert(), values)
    review = {"organisation": organisation, "case_reference": reference, "event": event}
    conn.execute(
        report_reviews.insert(), {**review, "lesson_id": lesson, "at": at, "by": writer.caller or ""}
    )
    action = LEFT_OUT if words is None else TAKEN
    audit.append(conn, organisation, at, [audit.Event(action, reference, writer.actor, caller=writer.caller)])


def _checked(words: str) -> str:
    kept = " ".join(words.split())
    if not kept:
        raise NoWords("Write what was learned, or leave it out.", where="words")
    if len(kept) > LONGEST:
        raise NoWords(f"Write {LONGEST} characters at most: it stands in a report.", where="words")
    return kept


def _end(conn: Connection, organisation: str, reference: str, event: int, at: datetime) -> None:
    here = (
        report_reviews.c.organisation == organisation,
        report_reviews.c.case_reference == reference,
        report_reviews.c.event == event,
    )
    before: Sequence[str] = list(conn.execute(sa.select(report_reviews.c.lesson_id).where(*here)).scalars())
    conn.execute(report_reviews.delete().where(*here))
    ended = [lesson for lesson in before if lesson is not None]
    if ended:
        mine = (report_lessons.c.organisation == organisation, report_lessons.c.id.in_(ended))
        conn.execute(report_lessons.update().where(*mine).values(ended_at=at))
