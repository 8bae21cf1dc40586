"""The shapes of the cases API, as its description shows them. The values come from `cases`."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from cases.closing import Cause, Outcome, Remedy
from cases.listing import MOST
from cases.record import CaseRecord, State

Progress = Literal["received", "acknowledged", "responded", "closed"]
Instant = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
# The years for which bank holidays are known.
Day = Annotated[date, Field(ge=date(1990, 1, 1), le=date(2099, 12, 31))]


def _usable(moment: datetime) -> datetime:
    if not date(1990, 1, 1) <= moment.date() <= date(2099, 12, 31):
        raise ValueError("must lie between 1990 and 2099")
    return moment.astimezone(UTC)


Moment = Annotated[AwareDatetime, AfterValidator(_usable)]
Word = Annotated[str, Field(min_length=1, max_length=200)]


class CaseQuery(BaseModel):
    """What a list of cases is narrowed to, and how it is read."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    organisation: Annotated[str, Field(max_length=64)] | None = Field(
        default=None, description="Only its cases; a key sees those of its own alone."
    )
    state: State | None = Field(default=None, description="How the conversation ended.")
    progress: Progress | None = Field(default=None, description="How far the organisation has come with it.")
    disposition: Word | None = Field(default=None, description="Such as accept.")
    handler: Word | None = Field(default=None, description="Who answers, in the policy's words.")
    reference: Word | None = Field(default=None, description="A part of the reference.")
    received_from: Day | None = Field(default=None, description="Received on this local day or later.")
    received_to: Day | None = Field(default=None, description="Received on this local day or before.")
    due_before: Day | None = Field(
        default=None, description="Something that is still owed is due before this day."
    )
    updated_since: Moment | None = Field(
        default=None,
        description="Changed at this instant or later, with its offset: give the `as_of` that you had before.",
    )
    limit: int = Field(default=50, ge=1, le=MOST, description="How many cases a page holds at most.")
    cursor: str | None = Field(
        default=None, max_length=400, description="The `next` of the page before, with the same filters."
    )


class NextDue(BaseModel):
    """The nearest day by which something is owed."""

    kind: str = Field(examples=["acknowledge"])
    due: date


class CaseSummary(BaseModel):
    """A case in a list."""

    organisation: str
    reference: str
    conversation_reference: str
    state: State
    progress: Progress
    version: int
    received_at: Instant
    created_at: Instant
    updated_at: Instant = Field(description="Moves with `version`.")
    disposition: str | None
    handler: str | None
    stage: str | None
    acknowledge_by: date | None
    respond_by: date | None
    restricted: bool
    next_due: NextDue | None


class CasePage(BaseModel):
    """A page of cases, the newest first."""

    cases: list[CaseSummary]
    next: str | None = Field(description="The `cursor` of the page after this one; null at the end.")
    as_of: Instant = Field(
        description="Keep that of the first page, and give it as `updated_since` when you read the list the next time: "
        "nothing that changes in between is left out. It lies a little back, so what changed just before comes twice."
    )


class ClockOut(BaseModel):
    """One promise of a case, as it stands now."""

    model_config = ConfigDict(populate_by_name=True)

    kind: str = Field(examples=["respond"])
    by: Literal["organisation", "complainant"]
    state: Literal["running", "met", "missed", "paused", "stopped"] = Field(
        description="`missed` with `met_at`: done too late; without: not done yet. `stopped`: nothing is owed any more."
    )
    due: date | None = Field(
        description="The last day in force; null while the event that it runs from is to come."
    )
    promised: date | None = Field(
        description="The first day that was told, where another took its place; it is never un-told."
    )
    met_at: Instant | None
    paused_at: Instant | None
    extensions: int
    extended_reason: str | None
    from_: str | None = Field(alias="from", examples=["received"])
    clause: str | None


class MovedClock(ClockOut):
    """A clock that an event moved, and its state before."""

    was: str


class ClosingOut(BaseModel):
    """How a case ended."""

    closed_at: Instant
    by: str
    outcome: Outcome
    remedies: list[Remedy]
    remedy_given: str | None
    cause: Cause | None
    cause_found: str | None
    lesson: str | None
    failure_in_assessment: bool


class CaseOut(BaseModel):
    """A case whole: the published record as it was filed, and what has become of it since."""

    organisation: str
    reference: str
    version: int = Field(description="Moves with every change; it is the ETag.")
    progress: Progress
    clocks: list[ClockOut]
    closing: ClosingOut | None
    record: CaseRecord


class EventOut(BaseModel):
    """Something that has become of the case."""

    number: int
    kind: str
    at: Instant = Field(description="When it happened.")
    recorded_at: Instant = Field(description="When we were told.")
    by: str
    data: dict[str, Any] = Field(
        description="What was told of it, and for an extension what must be told on."
    )
    clocks: list[MovedClock]


class EventKept(EventOut):
    """An event that was taken, and how the case stands after it."""

    version: int
    progress: Progress


class EventList(BaseModel):
    """What has become of a case, the first event first."""

    events: list[EventOut]


class NoteIn(BaseModel):
    """Something to remember beside the case; the complainant is not shown it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    text: str = Field(min_length=1, max_length=10_000, pattern=r"\S")
    by: str | None = Field(
        default=None,
        min_length=1,
        max_length=200,
        pattern=r"\S",
        description="Who writes; the key's name, else.",
    )


class NoteKept(BaseModel):
    """A note that was taken."""

    number: int
    by: str
    at: Instant
    version: int


class NoteOut(BaseModel):
    """A note."""

    number: int
    text: str
    by: str
    at: Instant


class NoteList(BaseModel):
    """The notes of a case, the first one first."""

    notes: list[NoteOut]


class FileOut(BaseModel):
    """A file that was sent with the case."""

    id: str
    name: str
    type: str
    size: int
    sha256: str
    scan: Literal["clean", "unscanned", "infected"]
    at: Instant


class FileList(BaseModel):
    """The files of a case."""

    files: list[FileOut]


class KeyOut(BaseModel):
    """An API key, without what opens anything."""

    organisation: str
    prefix: str
    name: str
    scopes: list[str]
    created_at: Instant
    expires_at: Instant | None
    last_used_at: Instant | None
    revoked_at: Instant | None


class KeyMade(BaseModel):
    """A new key. It is shown this once."""

    key: str


class KeyRevoked(BaseModel):
    """`changed` is false when it was revoked before."""

    prefix: str
    changed: bool
