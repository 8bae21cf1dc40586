"""The fact vocabulary: every name and value that any organisation's rules may speak of.

All values are text here; a Boolean fact holds "true" or "false". Dates are not enumerable, so the rules never
test them: they only feed the sums in `deadlines`.
"""

from __future__ import annotations

from dataclasses import dataclass

BOOLEAN = ("true", "false")


@dataclass(frozen=True, slots=True)
class FactType:
    """One fact of the vocabulary; `values` is empty for a date. `default` is what `assume` takes."""

    name: str
    values: tuple[str, ...]
    default: str | None
    asked_of: str = "complainant"

    @property
    def is_date(self) -> bool:
        return not self.values

    @property
    def is_boolean(self) -> bool:
        return self.values == BOOLEAN


def _fact(name: str, values: str, default: str | None, asked_of: str = "complainant") -> FactType:
    return FactType(name, tuple(values.split()), default, asked_of)


def _boolean(name: str, default: str, asked_of: str = "complainant") -> FactType:
    return FactType(name, BOOLEAN, default, asked_of)


_VOCABULARY = (
    _fact("nature", "complaint enquiry feedback compliment appeal", "complaint"),
    _fact(
        "complainant_type",
        "member registered_student learner apprentice delegate employer_customer learning_organisation "
        "business_centre_customer staff service_user public",
        "public",
    ),
    _fact(
        "subject",
        "service product qualification_assessment exam_result study_centre member_conduct staff_member director "
        "business_centre membership_application system_delivery process_support certificate data_protection other",
        "service",
    ),
    _fact("channel", "chat email phone voicemail in_person post via_staff social_media", "chat", "derived"),
    _fact("on_behalf_of", "self other", "self"),
    _fact("representative_basis", "consent deceased unable none", "none"),
    _boolean("centre_procedure_exhausted", "false"),
    _boolean("serious", "false", "staff"),
    _boolean("needs_investigation", "true", "staff"),
    _boolean("under_disciplinary_scheme", "false", "staff"),
    _boolean("apprenticeship", "false"),
    _fact("stage_reached", "none informal stage_1 stage_2 final", "none"),
    _fact("confidentiality", "none asked anonymous", "none"),
    _fact("previous_response_at", "", None),
    _fact("previous_response_by", "md manager staff_member director chief_executive chair", None),
    _fact("nation", "england wales scotland northern_ireland", "england"),
)

VOCABULARY: dict[str, FactType] = {fact.name: fact for fact in _VOCABULARY}
