"""How a case ended: the outcome, what was put right, why it came to it, what was learned. One row for a closed case.

The words are lists of our own, so that reports can count them; what an organisation would add is told in the texts
beside. Reopening takes the row away, and the case's events keep what it said.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, Self, get_args

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from sqlalchemy import Connection

from cases.models import closings

Outcome = Literal[
    "upheld",
    "partly_upheld",
    "not_upheld",
    "resolved",
    "withdrawn",
    "not_pursued",
    "out_of_scope",
    "duplicate",
]
Remedy = Literal[
    "apology",
    "explanation",
    "decision_changed",
    "assessment_reviewed",
    "put_right",
    "refund",
    "payment",
    "process_changed",
    "training",
    "none",
    "other",
]
Cause = Literal[
    "communication",
    "delay",
    "staff_conduct",
    "wrong_information",
    "service_quality",
    "assessment",
    "decision",
    "administration",
    "system_fault",
    "fees",
    "accessibility",
    "policy",
    "third_party",
    "other",
    "unknown",
]
OUTCOMES, REMEDIES, CAUSES = get_args(Outcome), get_args(Remedy), get_args(Cause)
# These end a case with an answer to what was complained of; the others end it without one.
ANSWERED: frozenset[str] = frozenset({"upheld", "partly_upheld", "not_upheld", "resolved"})
FOUND: frozenset[str] = frozenset({"upheld", "partly_upheld"})
LONGEST = 4000


class Closing(BaseModel):
    """What is recorded when a case is closed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    outcome: Outcome = Field(
        description="`resolved`: settled with the person without a finding. withdrawn, not_pursued, out_of_scope and "
        "duplicate end a case without an answer."
    )
    remedies: tuple[Remedy, ...] = Field(
        default=(),
        max_length=len(REMEDIES),
        description="What was given; `none` alone says that nothing was.",
    )
    remedy_given: str | None = Field(
        default=None, max_length=LONGEST, description="The same in words, such as an amount."
    )
    cause: Cause | None = Field(
        default=None, description="The root cause; needed where the complaint was upheld, in part or whole."
    )
    cause_found: str | None = Field(default=None, max_length=LONGEST, description="The cause in words.")
    lesson: str | None = Field(
        default=None,
        max_length=LONGEST,
        description="What was learned, and what is done so that it stays away.",
    )
    failure_in_assessment: bool = Field(
        default=False,
        description="The complaint uncovered a failure in an assessment process: an awarding body then looks for "
        "others who were affected.",
    )

    @field_validator("remedies")
    @classmethod
    def _each_once(cls, value: tuple[Remedy, ...]) -> tuple[Remedy, ...]:
        if len(set(value)) != len(value):
            raise ValueError("must name each remedy once")
        if "none" in value and len(value) > 1:
            raise ValueError("must be 'none' alone, or what was given")
        return value

    @model_validator(mode="after")
    def _is_whole(self) -> Self:  # noqa: N804 - called on the whole, as mode after is
        if self.outcome in FOUND and self.cause is None:
            raise ValueError("needs a cause where the complaint was upheld; 'unknown' is one")
        if self.failure_in_assessment and self.outcome not in ANSWERED:
            raise ValueError("cannot have found a failure in an assessment when it ended without an answer")
        return self

    @property
    def answers(self) -> bool:
        """Whether the complaint was answered by it."""
        return self.outcome in ANSWERED


def write(
    conn: Connection, organisation: str, reference: str, closing: Closing, by: str, at: datetime
) -> None:
    """Keep how a case ended; it must not be closed already."""
    details = closing.model_dump(include={"remedy_given", "cause_found", "lesson"})
    conn.execute(
        closings.insert(),
        {
            "organisation": organisation,
            "case_reference": reference,
            "closed_at": at,
            "by": by,
            "outcome": closing.outcome,
            "remedies": list(closing.remedies),
            "cause": closing.cause,
            "details": details,
            "failure_in_assessment": closing.failure_in_assessment,
        },
    )


def remove(conn: Connection, organisation: str, reference: str) -> None:
    """Forget how a case ended, since it has not."""
    conn.execute(closings.delete().where(*_of(organisation, reference)))


def find(conn: Connection, organisation: str, reference: str) -> dict[str, Any] | None:
    """How a case ended, as JSON; None while it is open."""
    row = conn.execute(sa.select(closings).where(*_of(organisation, reference))).first()
    if row is None:
        return None
    return {
        "closed_at": row.closed_at.isoformat(),
        "by": row.by,
        "outcome": row.outcome,
        "remedies": row.remedies,
        "cause": row.cause,
        **row.details,
        "failure_in_assessment": row.failure_in_assessment,
    }


def _of(organisation: str, reference: str) -> tuple[sa.ColumnElement[bool], ...]:
    return closings.c.organisation == organisation, closings.c.case_reference == reference
