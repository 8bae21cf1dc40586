"""The shape of a policy pack: one organisation's policy as data.

A condition (`when`) maps a fact to the values that satisfy it, either a list or `{not: [...]}`; an absent fact is
not tested. Every rule cites its `clause` (heading and item of the published policy) and `says` in our own words
what the policy requires.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

Disposition = Literal[
    "accept", "signpost", "accept_and_signpost", "refer_internal", "close_no_further_action"
]
Stage = Literal["single", "stage_1", "stage_2", "stage_3", "final", "appeal"]
Unit = Literal["working_day", "calendar_day", "week", "month", "hour"]
Force = Literal["must", "will", "should", "aims", "where_possible", "normally"]
MonthEnd = Literal["last_day", "next_day"]
Event = Literal[
    "received",
    "original_received",
    "first_told",
    "stage_began",
    "response_received",
    "response_dated",
    "acknowledged",
    "transferred",
    "resolved",
    "happened",
    "known_about",
]
AskedOf = Literal["complainant", "staff", "derived"]
WarningKind = Literal["outside_window", "stale_contact", "conflict", "review_overdue"]


class Excluded(BaseModel):
    """`{not: [...]}`: any value but these."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    values: tuple[str, ...] = Field(alias="not", min_length=1)


def _absent(value: Any) -> bool:
    """Whether a field says nothing. Fields that came later are left out then, so that older packs keep their hash."""
    return value is None or value is False


Condition = dict[str, Excluded | Annotated[tuple[str, ...], Field(min_length=1)]]


class Part(BaseModel):
    """What all parts share: nothing unknown is accepted, nothing changes after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Cited(Part):
    """A part with a name, a place in the policy, and what that place requires in our own words."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    clause: str = Field(min_length=1)
    says: str = Field(min_length=1)
    readings: tuple[str, ...] = ()


class Organisation(Part):
    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    name: str
    short_name: str


class Source(Part):
    """The published document that the pack was read from; `sha256` is that of its text as received."""

    title: str
    version: str
    approved_on: date | None = None
    next_review: date | None = None
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class CalendarSpec(Part):
    nations: tuple[Literal["england", "wales", "scotland", "northern_ireland"], ...] = Field(min_length=1)
    timezone: str = "Europe/London"
    closures: tuple[date, ...] = ()
    # Where a month from the 31st ends if that month is shorter: on its own last day, or on the day after it.
    month_end: MonthEnd | None = Field(default=None, exclude_if=_absent)


class Hours(Cited):
    """When people answer: local times of the calendar's zone; `bank_holidays` says whether they are worked."""

    opens: str = Field(pattern=r"^\d\d:\d\d$")
    closes: str = Field(pattern=r"^\d\d:\d\d$")
    days: tuple[str, ...]
    bank_holidays: Literal["open", "closed"]


class Stale(Part):
    since: date
    says: str


class Contact(Part):
    """How to reach somebody; null where the policy prints nothing. `checked_on` null means as published."""

    name: str
    clause: str
    says: str
    email: str | None = None
    phone: str | None = None
    post: str | None = None
    url: str | None = None
    checked_on: date | None = None
    stale: Stale | None = None
    readings: tuple[str, ...] = ()


class DefaultWhen(Part):
    when: Condition
    value: str


class Fact(Part):
    """How this pack uses a fact. `values` are those it tells apart (empty: all); unlisted ones are `other`.

    `default` is what `assume` takes; `dont_know` is the value that "I don't know" stands for, where there is one.
    """

    values: tuple[str, ...] = ()
    asked_of: AskedOf | None = None
    default: str | None = None
    dont_know: str | None = None
    default_when: tuple[DefaultWhen, ...] = ()


class Impossible(Part):
    when: Condition
    because: str


class Route(Cited):
    """First match wins. `contact` names one of the pack's contacts; `stage` is null where no stage runs."""

    when: Condition = {}
    disposition: Disposition
    handler: str | None = None
    stage: Stage | None = None
    stage_name: str | None = None
    contact: str = "complaints"


class Limited(Cited):
    """A part that applies only on some routes (`routes`; empty: all of them) and in some cases (`when`)."""

    routes: tuple[str, ...] = ()
    when: Condition = {}


class Escalation(Limited):
    """Who is next after the handler; first match wins. `within` is in the policy's words."""

    to: str
    within: str | None = None
    contact: str | None = None


class Period(Part):
    amount: int = Field(ge=0)
    unit: Unit


class Extension(Part):
    """How far a promise may be moved: in all at most `amount` of `unit` past its first day, at most `times` times.

    Without an amount there is no limit but what the person agrees to. `must_tell` lists what they are told with the
    new day, `contact` names one of the pack's contacts that they are given.
    """

    amount: int | None = Field(default=None, ge=1)
    unit: Unit | None = None
    times: int | None = Field(default=None, ge=1)
    needs_reason: bool = False
    needs_consent: bool = False
    must_tell: tuple[str, ...] = ()
    contact: str | None = None
    clause: str = Field(min_length=1)
    says: str = Field(min_length=1)


class Clock(Limited):
    """A promised time, or the complainant's own window (`by` complainant).

    `opens` names the routes that the window leads to: on those, `previous_response_at` shows whether it was
    kept. `latest` is the rival reading of a window where the policy leaves two.

    `or_later` names a second event: the clock runs from the later of the two. `may_stop`: days may be declared on
    which it stands still. `early_exit`: a matter resolved by its last day leaves the policy, and every other clock
    and duty falls away. `discretion`: a person may take what comes after the window.
    """

    kind: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    by: Literal["organisation", "complainant"] = "organisation"
    from_event: Event = Field(alias="from")
    amount: int = Field(ge=0, le=1000)
    unit: Unit
    first_day: Literal["next", "same"] = "next"
    force: Force
    opens: tuple[str, ...] = ()
    latest: Period | None = None
    or_later: Event | None = Field(default=None, exclude_if=_absent)
    extension: Extension | None = Field(default=None, exclude_if=_absent)
    may_stop: bool = Field(default=False, exclude_if=_absent)
    early_exit: bool = Field(default=False, exclude_if=_absent)
    discretion: bool = Field(default=False, exclude_if=_absent)


class Silence(Limited):
    """A kind of promise that the policy does not make, said out loud."""

    kind: str


class Duty(Limited):
    """Something the organisation must do; with an amount it has a due date.

    `with` names a kind of clock and makes the duty due together with it. `if_missed` names a kind of clock, too: the
    duty arises only once that promise is broken.
    """

    kind: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    from_event: Event = Field(default="received", alias="from")
    amount: int | None = None
    unit: Unit | None = None
    first_day: Literal["next", "same"] = "next"
    together_with: str | None = Field(default=None, alias="with", exclude_if=_absent)
    if_missed: str | None = Field(default=None, exclude_if=_absent)


class Warn(Limited):
    """Something a person must see before acting on the decision."""

    kind: WarningKind


class Reading(Part):
    """An ambiguity of the policy: what we take it to mean, and the rival that we did not take."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    clause: str
    chosen: str
    rival: str


class PackQuestion(Part):
    """A question of the organisation's own, or its own words for one of the shared questions."""

    id: str
    text: str | None = None
    why: str | None = None
    kind: Literal["text", "choice", "yes_no", "date", "email", "phone"] | None = None
    labels: dict[str, str] = {}
    when: Condition = {}
    optional: bool = True


class Expect(Part):
    """What the policy says must come out; only what is given is compared, `clocks` and `duties` as whole sets."""

    disposition: Disposition
    handler: str | None
    stage: Stage | None
    acknowledge_by: date | None
    respond_by: date | None
    stage_name: str | None = None
    clocks: dict[str, date | None] | None = None
    duties: dict[str, date | None] | None = None
    escalate_to: str | None = None
    escalate_within: str | None = None
    contact: dict[str, str | None] | None = None
    warnings: tuple[str, ...] | None = None
    last_day: date | None = None
    latest_day: date | None = None
    # By kind of clock: the outer bound of one that waits for an event, and how far one may be extended.
    latest_days: dict[str, date] | None = None
    extendable_to: dict[str, date] | None = None


class Example(Part):
    """A worked case; `because` gives the reasoning from the policy, `second` marks an independent derivation.

    `events` are what has happened since or before (`acknowledged_at`, `happened_at` ...), as in a request.
    """

    name: str
    facts: dict[str, str]
    received_at: str
    first_told_at: str | None = None
    original_received_at: str | None = None
    events: dict[str, str] = {}
    expect: Expect
    because: str
    story: str | None = None
    second: bool = False


def _no_repeats(values: tuple[str, ...]) -> tuple[str, ...]:
    if len({str(value) for value in values}) != len(values):
        raise ValueError("the same name stands twice")
    return values


class Outcomes(Part):
    """A test of what comes out. A list holds where any of its names does; several fields hold together.

    `clocks`, `duties` and `warnings` are kinds, and hold where one of them applies; the others are of the route.
    """

    route: tuple[str, ...] = ()
    disposition: tuple[Disposition, ...] = ()
    handler: tuple[str, ...] = ()
    stage: tuple[Stage, ...] = ()
    contact: tuple[str, ...] = ()
    clocks: tuple[str, ...] = ()
    duties: tuple[str, ...] = ()
    warnings: tuple[WarningKind, ...] = ()


class Property(Part):
    """What must hold in every case where `when` does, whatever the rules become: `never` or `always` this.

    `unless` names outcomes that excuse it. It is proved over all cases, and a pack that breaks it is refused.
    """

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    says: str = Field(min_length=1)
    when: Condition = {}
    never: Outcomes | None = None
    always: Outcomes | None = None
    unless: Outcomes | None = None


class Pack(Part):
    """One organisation's policy. See `docs/add-an-organisation.md` for a guided tour."""

    organisation: Organisation
    source: Source
    calendar: CalendarSpec
    hours: Hours | None = None
    contacts: dict[str, Contact]
    facts: dict[str, Fact]
    ask_order: Annotated[tuple[str, ...], BeforeValidator(tuple), BeforeValidator(_no_repeats)]
    impossible: tuple[Impossible, ...] = ()
    # Role -> the subject that would make its holder the person complained of.
    officers: dict[str, str] = {}
    routes: tuple[Route, ...] = Field(min_length=1)
    escalations: tuple[Escalation, ...] = ()
    clocks: tuple[Clock, ...] = ()
    silent: tuple[Silence, ...] = ()
    duties: tuple[Duty, ...] = ()
    warnings: tuple[Warn, ...] = ()
    properties: tuple[Property, ...] = ()
    readings: tuple[Reading, ...] = ()
    questions: tuple[PackQuestion, ...] = ()
    examples: tuple[Example, ...] = ()
