"""The case record: the published JSON that every target receives, and that `hearout case show` prints.

Every key is always there; null always means "not given". `case.schema.json` is its JSON Schema, kept equal by a
test: a change of meaning is a new `schema_version`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, PlainSerializer

SCHEMA_VERSION: Literal["1"] = "1"

State = Literal["draft", "filed", "signposted", "informal", "withdrawn", "abandoned"]
Consent = Literal["not_needed", "given", "pending", "refused"]
Scan = Literal["clean", "unscanned", "infected"]


def _rfc3339(instant: datetime) -> str:
    return instant.isoformat()


Instant = Annotated[AwareDatetime, PlainSerializer(_rfc3339, return_type=str, when_used="json-unless-none")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_serialization_defaults_required=True)


class Complainant(_Part):
    """Who complains and how to reach them."""

    name: str | None = None
    type: str | None = Field(None, description="The fact complainant_type.")
    preferred_contact: str | None = None
    email: str | None = None
    phone: str | None = None
    post: str | None = None
    member_number: str | None = None


class Representation(_Part):
    """Whether the complaint is brought for somebody else, and with what right."""

    on_behalf_of: str | None = Field(None, description="self or other")
    basis: str | None = Field(None, description="consent, deceased, unable or none")
    representative_name: str | None = Field(None, description="Who writes; `complainant` is whom it is for.")
    consent: Consent | None = Field(
        None,
        description="Until it is given or not needed, nothing about the case is disclosed to the representative.",
    )
    consent_link: str | None = Field(
        None,
        description="While consent is pending: where the person represented agrees or refuses. For them alone.",
    )


class Evidence(_Part):
    """Something the person has to show: a file that was sent (then `id` is set), or in their words what there is."""

    id: str | None = Field(None, description="Names the file; targets that carry files use it.")
    description: str | None = None
    name: str | None = Field(None, description="What the person called it, with the ending of what it is.")
    type: str | None = Field(None, description="Media type, by what is in it.")
    size: int | None = Field(
        None, description="Bytes, as it is kept: pictures without where they were taken."
    )
    sha256: str | None = Field(None, description="Of the file as it is kept, hex.")
    scan: Scan | None = Field(
        None,
        description="clean; unscanned, where no scanner looked; or infected: then it is kept apart and not sent on.",
    )


class Policy(_Part):
    """The pack that decided: its version and the SHA-256 of its canonical JSON."""

    version: str | None = None
    sha256: str | None = None


class CaseRecord(_Part):
    """One case, as it stands when it is written."""

    schema_version: Literal["1"] = SCHEMA_VERSION
    organisation: str
    reference: str
    conversation_reference: str = Field(description="The reference that the person was given first.")
    linked: list[str] = Field(
        default=[],
        description="Cases that belong with it: from the same conversation, an earlier or a later stage of it, or "
        "linked by staff.",
    )
    escalated_from: str | None = Field(
        None, description="The answered case that the person takes further with this one."
    )
    possible_duplicates: list[str] = Field(
        default=[],
        description="Earlier cases of what seems to be the same person that may be about the same matter. Nothing "
        "follows from it: staff look, and link them or not.",
    )
    state: State
    channel: str | None = None
    received_at: Instant | None = Field(
        None, description="When the complaint counts as received; clocks run from it."
    )
    first_told_at: Instant | None = Field(None, description="When the story was first stored.")
    recorded_by: str | None = Field(None, description="The member of staff who wrote it down.")
    language: str | None = None
    complainant: Complainant = Complainant()
    representation: Representation = Representation()
    narrative: str | None = Field(None, description="The story, word for word.")
    effect: str | None = None
    desired_remedy: str | None = None
    happened_on: str | None = None
    about_whom: str | None = None
    centre_name: str | None = None
    qualification: str | None = None
    previous_steps: str | None = None
    adjustments: str | None = None
    evidence: list[Evidence] = []
    facts: dict[str, Any] = Field(default={}, description="Fact names and values that decided the route.")
    answers: dict[str, Any] = Field(default={}, description="Every other answer, by question id.")
    assumed: list[str] = Field(default=[], description="Facts that took their default.")
    still_complain: bool | None = Field(
        None, description="Sent elsewhere, the person complains here all the same."
    )
    flags: list[str] = []
    restricted: bool = Field(
        False, description="Whether only those who deal with the case may open it: see restricted_because."
    )
    restricted_because: list[str] = Field(
        default=[],
        description="member_conduct, disciplinary_scheme, about_director, confidentiality, special_category, "
        "risk_of_harm, told_together.",
    )
    confidentiality: str | None = Field(None, description="none, asked or anonymous")
    decision: dict[str, Any] | None = Field(
        None, description="The Decision, as the decisions endpoint gives it."
    )
    statutory_clocks: list[dict[str, Any]] = Field(
        default=[],
        description="What the law promises beside the policy, each in the shape of a Decision's clocks.",
    )
    policy: Policy = Policy()
    calendar_version: str | None = None
    privacy_notice_version: str | None = None
    filed_at: Instant | None = None
    missing: list[str] = Field(
        default=[], description="Of an abandoned draft: the questions that were still open, by id."
    )

    def as_json(self) -> dict[str, Any]:
        """Plain JSON values, every key present."""
        return self.model_dump(mode="json")


def case_schema() -> dict[str, Any]:
    """The JSON Schema of what `as_json` gives."""
    schema = CaseRecord.model_json_schema(mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def is_withheld(record: Mapping[str, Any]) -> bool:
    """Whether nothing about this case may be told to the representative who writes for somebody else."""
    return (record.get("representation") or {}).get("consent") in ("pending", "refused")


@dataclass(frozen=True, slots=True)
class ConsentRequest:
    """A link that is given out with a case; of its token only the SHA-256 (hex) is kept beside it."""

    token_hash: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class CaseFiling:
    """A case to be written with the turn that makes it, and the event that its receivers are told of.

    A second filing under the same reference replaces the record (a signposted person still complains).
    """

    record: CaseRecord
    event: str = ""
    # What goes out to people with it: cases.outgoing.
    letters: tuple[tuple[str, str], ...] = ()

    @property
    def kind(self) -> str:
        """The event's name: case.filed, case.signposted ..., unless `event` says otherwise."""
        return self.event or f"case.{self.record.state}"

    @property
    def amends(self) -> bool:
        """Whether it only adds to a case that was filed before; the decision is the one that was made then."""
        return self.event == "case.updated"

    @property
    def decision(self) -> Mapping[str, Any]:
        return self.record.decision or {}

    def clock_rows(self) -> list[dict[str, Any]]:
        """One row of the clocks table for each clock of the decision, and each that the law adds."""
        return [
            {
                "organisation": self.record.organisation,
                "case_reference": self.record.reference,
                "kind": clock["kind"],
                "by": clock["by"],
                "due": day(clock.get("due")),
                "amount": clock.get("amount"),
                "unit": clock.get("unit"),
                "from_event": clock.get("from"),
                "first_day": clock.get("first_day"),
                "force": clock.get("force"),
                "clause": clock.get("clause"),
                "state": "running",
                "calendar_version": self.record.calendar_version,
            }
            for clock in [*self.decision.get("clocks", []), *self.record.statutory_clocks]
        ]


# What `clock_rows` gives of each.
CLOCK_COLUMNS = (
    "organisation case_reference kind by due amount unit from_event first_day force clause state calendar_version"
).split()


def day(text: str | None) -> date | None:
    """The local date that a decision wrote in ISO form."""
    return None if text is None else date.fromisoformat(text)


# The question that fills each field; what is in neither list stays under `answers`.
_FIELD_OF_ANSWER = {
    "story": "narrative",
    **{
        name: name
        for name in (
            "effect",
            "desired_remedy",
            "happened_on",
            "about_whom",
            "centre_name",
            "qualification",
            "previous_steps",
            "adjustments",
        )
    },
}
_COMPLAINANT_OF_ANSWER = {
    "complainant_name": "name",
    "preferred_contact": "preferred_contact",
    "contact_email": "email",
    "contact_phone": "phone",
    "contact_post": "post",
    "member_number": "member_number",
}
_ELSEWHERE = {"representative_name", "evidence", "still_complain", "confirm_facts", "check_answers"}


def record_fields(facts: Mapping[str, Any], answers: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of CaseRecord that facts and answers (by question id, null or "" = not given) fill.

    Consent is `given` where the representative says so, `pending` where there is none yet, and not needed of a
    person who has died or cannot give it; later events settle it.
    """
    given = {name: value for name, value in answers.items() if value not in (None, "")}
    known = {*_FIELD_OF_ANSWER, *_COMPLAINANT_OF_ANSWER, *_ELSEWHERE}
    behalf, basis = facts.get("on_behalf_of"), facts.get("representative_basis")
    consent = None if behalf is None else "not_needed"
    if behalf == "other" and basis not in ("deceased", "unable"):
        consent = "given" if basis == "consent" else "pending"
    evidence = given.get("evidence")
    fields: dict[str, Any] = {field: given.get(name) for name, field in _FIELD_OF_ANSWER.items()}
    fields["complainant"] = {field: given.get(name) for name, field in _COMPLAINANT_OF_ANSWER.items()}
    fields["complainant"]["type"] = facts.get("complainant_type")
    fields["representation"] = {
        "on_behalf_of": behalf,
        "basis": basis,
        "representative_name": given.get("representative_name"),
        "consent": consent,
    }
    fields["evidence"] = [{"description": evidence}] if isinstance(evidence, str) else evidence or []
    fields["still_complain"] = {"true": True, "false": False}.get(str(given.get("still_complain")).lower())
    fields["confidentiality"] = facts.get("confidentiality")
    fields["facts"] = dict(facts)
    fields["answers"] = {name: value for name, value in given.items() if name not in known}
    return fields
