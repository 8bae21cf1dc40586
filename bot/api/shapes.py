"""The shapes of the decisions API, as its description shows them. The values come from `policy_rules.decision`."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from policy_rules.clocks import GIVEN_EVENTS

INSTANT = "2026-12-24T16:45:00+00:00"


class DecisionRequest(BaseModel):
    """A case as far as it is known."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={
            "examples": [
                {
                    "facts": {"nature": "complaint", "subject": "exam_result"},
                    "received_at": INSTANT,
                    "assume": True,
                }
            ]
        },
    )

    facts: dict[str, Any] = Field(
        description="Facts by name: words of the vocabulary or of the organisation's pack, JSON booleans, "
        "and dates as ISO dates or RFC 3339 instants. null means unknown."
    )
    received_at: str = Field(
        description="When the complaint was received (an escalation: when that was), RFC 3339 with an offset.",
        json_schema_extra={"format": "date-time"},
        examples=[INSTANT],
    )
    assume: bool = Field(
        default=False,
        description="Take the pack's default for each unknown fact, and list them in `assumed`.",
    )
    first_told_at: str | None = Field(
        default=None, description="When the story was first told.", json_schema_extra={"format": "date-time"}
    )
    original_received_at: str | None = Field(
        default=None,
        description="On an escalation: when the complaint was first received.",
        json_schema_extra={"format": "date-time"},
    )
    events: dict[str, Any] = Field(
        default_factory=dict,
        description="What else has happened, as dates or RFC 3339 instants, for the clocks that run from it: "
        + ", ".join(f"`{event}_at`" for event in GIVEN_EVENTS)
        + ". null means not yet.",
        examples=[{"acknowledged_at": INSTANT}],
    )


class Extension(BaseModel):
    """How a promise may be moved. Without an amount its only limit is what the person agrees to."""

    amount: int | None
    unit: Literal["working_day", "calendar_day", "week", "month"] | None
    times: int | None
    needs_reason: bool
    needs_consent: bool
    must_tell: list[str] = Field(description="What the person is told with the new day.")
    latest_day: date | None = Field(description="The limit, once `due` is known.")


class Clock(BaseModel):
    """A promised time. `due` ends at 23:59:59 local time; null while the event that it runs from is to come."""

    model_config = ConfigDict(populate_by_name=True)

    kind: str = Field(examples=["acknowledge"])
    by: Literal["organisation", "complainant"]
    due: date | None
    amount: int
    unit: Literal["working_day", "calendar_day", "week", "month", "hour"]
    from_: str = Field(alias="from", examples=["received"])
    first_day: Literal["next", "same"]
    force: Literal["must", "will", "should", "aims", "where_possible", "normally"]
    clause: str
    last_day: date | None = Field(default=None, description="Only where the policy leaves two readings.")
    latest_day: date | None = Field(
        default=None,
        description="Where the policy leaves two readings, the later one; on a clock that waits for another promise, "
        "its last day if that promise is kept on its own last day.",
    )
    extension: Extension | None = Field(default=None, description="Only where the policy allows one.")
    or_later: str | None = Field(
        default=None, description="A second event: the clock runs from the later one."
    )
    may_stop: bool = Field(default=False, description="Days may be declared on which it stands still.")
    early_exit: bool = Field(
        default=False, description="What is resolved by then leaves the policy; other clocks and duties end."
    )
    discretion: bool = Field(default=False, description="A person may take what comes after this window.")


class Duty(BaseModel):
    """Something that the organisation must do."""

    model_config = ConfigDict(populate_by_name=True)

    kind: str = Field(examples=["written_record"])
    due: date | None
    clause: str
    with_: str | None = Field(
        default=None, alias="with", description="The kind of clock that it is due with."
    )
    if_missed: str | None = Field(
        default=None, description="The kind of clock whose breach brings this duty about."
    )


class Contact(BaseModel):
    """Where the person turns now; null where the policy prints nothing."""

    email: str | None
    phone: str | None
    post: str | None
    url: str | None


class Reason(BaseModel):
    """A rule that applied, its clause, and what it requires in our own words."""

    rule: str
    clause: str
    says: str


class WhyNot(BaseModel):
    """A rule that stood before the one that applied, and why it did not."""

    rule: str
    because: str


class DecisionWarning(BaseModel):
    """Something that a person must see before acting."""

    kind: Literal["outside_window", "stale_contact", "conflict", "review_overdue"]
    last_day: date | None
    latest_day: date | None = None
    discretion: bool = Field(default=False, description="The policy lets a person take it all the same.")
    says: str


class SettledDecision(BaseModel):
    """What the policy says of the case."""

    organisation: str
    settled: Literal[True]
    needs: list[str] = Field(max_length=0)
    disposition: Literal[
        "accept", "signpost", "accept_and_signpost", "refer_internal", "close_no_further_action"
    ]
    handler: str | None
    stage: Literal["single", "stage_1", "stage_2", "stage_3", "final", "appeal"] | None
    stage_name: str | None
    acknowledge_by: date | None
    respond_by: date | None
    clocks: list[Clock]
    escalate_to: str | None
    escalate_within: str | None
    contact: Contact
    duties: list[Duty]
    reasons: list[Reason]
    why_not: list[WhyNot]
    assumed: list[str]
    warnings: list[DecisionWarning]
    policy_version: str
    policy_sha256: str
    calendar_version: str
    readings: list[str]


class OpenDecision(BaseModel):
    """Facts that can still change the outcome, and what is certain whatever they are. Open keys are absent."""

    organisation: str
    settled: Literal[False]
    needs: list[str] = Field(min_length=1, description="Facts, in asking order.")
    disposition: str | None = None
    handler: str | None = None
    stage: str | None = None
    stage_name: str | None = None
    acknowledge_by: date | None = None
    respond_by: date | None = None
    clocks: list[Clock] | None = None
    escalate_to: str | None = None
    escalate_within: str | None = None
    contact: Contact | None = None
    duties: list[Duty] | None = None
    policy_version: str
    policy_sha256: str
    calendar_version: str


class NamedContact(Contact):
    """A contact of the organisation, or of a body that its policy names."""

    name: str


class Hours(BaseModel):
    """When people answer, in local time."""

    opens: str = Field(examples=["09:00"])
    closes: str = Field(examples=["17:00"])
    days: list[str]
    bank_holidays: Literal["open", "closed"]


class OrganisationOut(BaseModel):
    """An organisation that complaints can be made to."""

    id: str
    name: str
    short_name: str
    contacts: dict[str, NamedContact]
    hours: Hours | None


class Problem(BaseModel):
    """What was wrong, where, and what to do about it (RFC 9457)."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(description="Names the kind of problem; stable.", json_schema_extra={"format": "uri"})
    title: str
    status: int
    detail: str
    where: str | None = Field(default=None, description="The place in the request, such as facts.subject.")
    found: str | None = Field(default=None, description="What stood there.")
    nearest: str | None = Field(default=None, description="What was most likely meant.")
    allowed: list[str] | None = Field(default=None, description="What may stand there.")
    request_id: str | None = Field(default=None, description="Names this request in the server's log.")
