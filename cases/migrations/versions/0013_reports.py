"""What reports need of cases that changed or were erased, and the lessons that were reviewed for them."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_CASE = ("organisation", "case_reference")
_LONDON = ZoneInfo("Europe/London")
_SENT = ("filed", "signposted", "informal")


def upgrade() -> None:
    op.create_table(
        "report_past",
        sa.Column("organisation", sa.String(length=64), nullable=False),
        sa.Column("case_reference", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("data", sa.JSON(none_as_null=True), nullable=False),
        _of_case("report_past"),
        sa.PrimaryKeyConstraint(*_CASE, "number", name=op.f("pk_report_past")),
    )
    kept = op.create_table(
        "report_kept",
        sa.Column("organisation", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("history", sa.JSON(none_as_null=True), nullable=False),
        sa.PrimaryKeyConstraint("organisation", "id", name=op.f("pk_report_kept")),
    )
    op.create_table(
        "report_lessons",
        sa.Column("organisation", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("learned_on", sa.Date(), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reviewed_by", sa.String(length=64), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("organisation", "id", name=op.f("pk_report_lessons")),
    )
    op.create_index(
        op.f("ix_report_lessons_organisation_learned_on"), "report_lessons", ["organisation", "learned_on"]
    )
    op.create_table(
        "report_reviews",
        sa.Column("organisation", sa.String(length=64), nullable=False),
        sa.Column("case_reference", sa.String(length=64), nullable=False),
        sa.Column("event", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("lesson_id", sa.String(length=32), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        _of_case("report_reviews"),
        sa.PrimaryKeyConstraint(*_CASE, "event", name=op.f("pk_report_reviews")),
    )
    # A report asks in which state something was at an instant, by its reference.
    op.create_index(op.f("ix_audit_organisation_reference"), "audit", ["organisation", "reference"])
    rows = list(_erased_before(op.get_bind()))
    if rows:
        op.bulk_insert(kept, rows)


def downgrade() -> None:
    op.drop_index(op.f("ix_audit_organisation_reference"), table_name="audit")
    for table in ("report_reviews", "report_lessons", "report_kept", "report_past"):
        op.drop_table(table)


def _of_case(table: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_organisation_case_reference_cases")
    return sa.ForeignKeyConstraint(list(_CASE), ["cases.organisation", "cases.reference"], name=name)


def _erased_before(connection: sa.Connection) -> Iterable[dict[str, Any]]:
    """Of what was erased until now a tombstone is there: its day and its coded facts, which is what can be counted."""
    tombstones = sa.table(
        "tombstones",
        *(sa.column(name) for name in "organisation conversation_reference state channel stage".split()),
        sa.column("received_on", sa.Date()),
        sa.column("erased_at", sa.DateTime(timezone=True)),
        sa.column("facts", sa.JSON()),
        sa.column("reference"),
    )
    query = sa.select(tombstones).order_by(tombstones.c.organisation, tombstones.c.reference)
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for row in connection.execute(query):
        told = _midnight(row.received_on)
        history = found.setdefault(
            (row.organisation, row.conversation_reference),
            {
                "organisation": row.organisation,
                "id": uuid.uuid4().hex,
                "erased_at": row.erased_at,
                "history": {
                    "opened_at": told,
                    "told_at": told,
                    "face": None,
                    "states": [],
                    "cases": [],
                    "steps": [],
                },
            },
        )["history"]
        if row.state in _SENT:
            history["cases"].append({"from": told, "versions": [[None, _counted(row, told)]], "events": []})
        else:
            history["states"].append([told, row.state])
    return found.values()


def _counted(row: Any, told: str) -> dict[str, Any]:
    facts = row.facts or {}
    return {
        "state": row.state,
        "channel": row.channel,
        "received_at": told,
        **{name: facts.get(name) for name in ("nature", "subject", "complainant_type")},
        "stage": row.stage,
        "sent_to": None,
        "represented": None,
        "adjustments": None,
        "clocks": [],
    }


def _midnight(day: date | None) -> str:
    """The beginning of a local day, which is all that is known of when it was received."""
    known = day or date(1970, 1, 1)
    return datetime(known.year, known.month, known.day, tzinfo=_LONDON).astimezone(UTC).isoformat()
