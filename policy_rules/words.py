"""Cases and outcomes in plain words: "a complaint about a study centre whose own procedure was not used"."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from policy_rules.facts import BOOLEAN

# One box of cases: for each fact that matters, the values that it may have.
Box = Mapping[str, Sequence[str]]

_NOUNS = {
    "complaint": "a complaint",
    "enquiry": "an enquiry",
    "feedback": "feedback",
    "compliment": "a compliment",
    "appeal": "an appeal",
}
# Fact -> what comes before its values, what comes before those that are left out (empty: the values are always
# listed), and the values in words.
_PHRASES: dict[str, tuple[str, str, dict[str, str]]] = {
    "subject": (
        "about ",
        "about anything but ",
        {
            "service": "the service",
            "product": "a product",
            "qualification_assessment": "a qualification or assessment",
            "exam_result": "an exam result",
            "study_centre": "a study centre",
            "member_conduct": "a member's conduct",
            "staff_member": "a member of staff",
            "director": "a director",
            "business_centre": "the Business Centre",
            "membership_application": "a membership application",
            "system_delivery": "a system or its delivery",
            "process_support": "help with a process",
            "certificate": "a certificate",
            "data_protection": "personal data",
            "other": "something else",
        },
    ),
    "complainant_type": (
        "from ",
        "from anybody but ",
        {
            "member": "a member",
            "registered_student": "a registered student",
            "learner": "a learner",
            "apprentice": "an apprentice",
            "delegate": "a delegate",
            "employer_customer": "an employer",
            "learning_organisation": "a learning organisation",
            "business_centre_customer": "a Business Centre customer",
            "staff": "a member of staff",
            "service_user": "a service user",
            "public": "the public",
        },
    ),
    "channel": (
        "",
        "except ",
        {
            "chat": "by chat",
            "email": "by e-mail",
            "phone": "by phone",
            "voicemail": "by voicemail",
            "in_person": "in person",
            "post": "by post",
            "via_staff": "through a member of staff",
            "social_media": "on social media",
        },
    ),
    "on_behalf_of": ("", "", {"self": "made for oneself", "other": "made for somebody else"}),
    "representative_basis": (
        "",
        "except ",
        {
            "consent": "with that person's consent",
            "deceased": "for somebody who has died",
            "unable": "for somebody who cannot complain",
            "none": "without that person's consent",
        },
    ),
    "centre_procedure_exhausted": (
        "",
        "",
        {
            "true": "where the study centre's own procedure was used",
            "false": "where the study centre's own procedure was not used",
        },
    ),
    "serious": ("", "", {"true": "that is serious", "false": "that is not serious"}),
    "needs_investigation": (
        "",
        "",
        {"true": "that needs investigation", "false": "that needs no investigation"},
    ),
    "under_disciplinary_scheme": (
        "",
        "",
        {"true": "under the disciplinary scheme", "false": "outside the disciplinary scheme"},
    ),
    "apprenticeship": (
        "",
        "",
        {"true": "about an apprenticeship", "false": "about no apprenticeship"},
    ),
    "stage_reached": (
        "",
        "",
        {
            "none": "before any answer",
            "informal": "raised only informally",
            "stage_1": "after one formal answer",
            "stage_2": "after two formal answers",
            "final": "after the final answer",
        },
    ),
    "confidentiality": (
        "",
        "except ",
        {"none": "not in confidence", "asked": "in confidence", "anonymous": "without a name"},
    ),
    "previous_response_by": (
        "last answered by ",
        "not last answered by ",
        {
            "md": "the Managing Director",
            "manager": "a manager",
            "staff_member": "a member of staff",
            "director": "a director",
            "chief_executive": "the Chief Executive",
            "chair": "the Chair",
        },
    ),
    "nation": (
        "in ",
        "outside ",
        {
            "england": "England",
            "wales": "Wales",
            "scotland": "Scotland",
            "northern_ireland": "Northern Ireland",
        },
    ),
}
# These stand close to the noun; what follows is set off by a comma.
_CLOSE = ("subject", "complainant_type", "centre_procedure_exhausted", "apprenticeship")
_ROLES = set(
    "manager secretary centre team director procedure procedures executive chair office department policy scheme"
    " member staff board head body institute organisation service unit panel committee".split()
)


def listed(words: Iterable[str], last: str = "or") -> str:
    """`a, b or c`."""
    found = list(words)
    return found[0] if len(found) == 1 else f"{', '.join(found[:-1])} {last} {found[-1]}" if found else ""


def plain(name: str) -> str:
    return name.replace("_", " ")


def value_phrase(fact: str, value: str) -> str | None:
    """A value of the vocabulary as it stands in a sentence: `a study centre`; None where it has no words of its own."""
    if fact == "nature":
        return _NOUNS.get(value)
    return _PHRASES[fact][2].get(value) if fact in _PHRASES else None


def box_words(box: Box, values: Mapping[str, Sequence[str]]) -> str:
    """A box of cases as a noun phrase; `values` are all the values of each fact. An empty box is any case."""
    nature = box.get("nature")
    text = _noun(nature, values.get("nature", ())) if nature else "anything"
    about_centre = tuple(box.get("subject", ())) == ("study_centre",)
    for fact, chosen in sorted(box.items(), key=lambda cell: cell[0] not in _CLOSE):
        if fact == "nature":
            continue
        phrase = _phrase(fact, chosen, values[fact])
        if about_centre and fact == "centre_procedure_exhausted":
            phrase = phrase.replace("where the study centre's own", "whose own")
        text += (" " if fact in _CLOSE else ", ") + phrase
    return text


def _noun(chosen: Sequence[str], every: Sequence[str]) -> str:
    left_out = [value for value in every if value not in chosen]
    if len(left_out) < len(chosen):
        return f"anything but {listed(_NOUNS.get(v, plain(v)) for v in left_out)}"
    return listed(_NOUNS.get(value, plain(value)) for value in chosen)


def _phrase(fact: str, chosen: Sequence[str], every: Sequence[str]) -> str:
    left_out = [value for value in every if value not in chosen]
    short = len(left_out) < len(chosen) and bool(left_out)
    if fact not in _PHRASES:
        if set(every) == set(BOOLEAN):
            return f"where '{plain(fact)}' is {'so' if 'true' in chosen else 'not so'}"
        shown = listed(plain(v) for v in (left_out if short else chosen))
        return f"where {plain(fact)} is {'not ' if short else ''}{shown}"
    before, instead, words = _PHRASES[fact]
    if short and instead:
        return instead + listed(words.get(v, plain(v)) for v in left_out)
    return before + listed(words.get(v, plain(v)) for v in chosen)


def somebody(handler: str, names: Iterable[str] = ()) -> str:
    """A handler within a sentence: `the Relevant department manager`, but `Ofqual`. `names` are proper names."""
    words = [word.strip(".,()").lower() for word in handler.split()]
    if handler in set(names) or not words or words[0] in ("the", "a", "an"):
        return handler
    return f"the {handler}" if _ROLES & set(words) else handler


# (disposition, handler, stage, stage name) of a route, or None where no route takes the case.
Outcome = tuple[str, str | None, str | None, str | None] | None


def outcome_words(outcome: Outcome, names: Iterable[str], *, stage: bool = False) -> str:
    """What is done with a case, to stand after "was" or "would be"."""
    if outcome is None:
        return "taken by no rule"
    disposition, handler, step, step_name = outcome
    who = somebody(handler, names) if handler else ""
    said = {
        "accept": f"answered by {who}",
        "signpost": f"sent to {who}",
        "accept_and_signpost": f"answered by {who} and shown another door as well",
        "refer_internal": f"passed on to {who}",
        "close_no_further_action": "closed with no further action",
    }[disposition]
    if stage:
        shown = step_name or (plain(step) if step else None)
        said += f" ({shown})" if shown else " (at no stage)"
    return said


def capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]
