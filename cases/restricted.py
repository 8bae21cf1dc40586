"""Which cases only those who deal with them may open, and why. Worked out when a case is filed, by rules that err
towards restricting: whoever deals with it sees the reasons, and nobody is refused or sent elsewhere because of them.

`member_conduct`, `disciplinary_scheme` and `about_director` follow from the facts, `confidentiality` from the wish of
the person; `special_category` from words of the kinds of article 9 of the UK GDPR, and `risk_of_harm` from its flag.
`told_together` marks a case that shares its conversation with one that is restricted: whoever opens it reads both.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from cases.record import CaseFiling, CaseRecord
from policy_rules.statute import statutory_clocks

TOLD_TOGETHER = "told_together"
# Stems, so that few words cover many. English and Welsh; a word too many restricts a case that need not be.
_SPECIAL = re.compile(
    r"\b("
    # health and disability
    r"disab\w+|anabl\w+|dyslexi\w*|dyspraxi\w*|dyscalculi\w*|autis\w*|awtis\w*|adhd|epilep\w+|diabet\w+|cancer\w*"
    r"|canser|depress(?:ion|ed)|anxiety|gorbryder|iselder|bipolar|schizo\w+|ptsd|mental health|iechyd meddwl|pregnan\w+"
    r"|beichiog\w*|miscarr\w+|surgery|hospital\w*|ysbyty|diagnos\w+|medication|meddyginiaeth|chemotherap\w+|wheelchair"
    r"|hiv|sick(?:ness)? (?:note|leave|pay)|fit note|long covid|(?:my|her|his|their) (?:gp|doctor|consultant|illness)"
    # race and ethnic origin
    r"|racis[tm]\w*|racial\w*|hiliol\w*|ethnic\w*|(?:my|her|his|their) (?:race|skin colou?r)|asylum|refugee\w*"
    # religion and belief
    r"|religio\w+|crefydd\w*|muslim\w*|islam\w*|jewish|judaism|antisemit\w+|christian\w*|catholic\w*|hindu\w*|sikh\w*"
    r"|buddhis\w+|atheis\w+|ramadan|hijab"
    # sex life and orientation
    r"|gay|lesbian\w*|bisexual\w*|transgender\w*|lgbt\w*|hoyw|homophobi\w+|transphobi\w+|sexual\w*|rhywiol\w*"
    # politics, unions, crime, biometrics
    r"|trade union\w*|undeb llafur|union rep\w*|political (?:opinion|belief|view)s?|criminal (?:record|conviction)s?"
    r"|convicted of|dbs (?:check|certificate)|biometric\w*|fingerprint\w*|genetic\w*"
    r")\b",
    re.IGNORECASE,
)


def marked(record: CaseRecord) -> CaseRecord:
    """The record with the reasons for which it is restricted; a reason that it has already stays."""
    reasons = tuple(dict.fromkeys([*record.restricted_because, *_reasons(record)]))
    return record.model_copy(update={"restricted": bool(reasons), "restricted_because": list(reasons)})


def prepared(filing: CaseFiling) -> CaseFiling:
    """The filing as it enters the register: restricted where it must be, and with the clocks that the law adds."""
    record = marked(filing.record)
    if record.received_at is not None and record.state in ("filed", "informal"):
        statutory = statutory_clocks(record.facts, record.received_at)
        record = record.model_copy(update={"statutory_clocks": statutory})
    return CaseFiling(record, filing.event)


def together(filings: Iterable[CaseFiling]) -> list[CaseFiling]:
    """The filings of one conversation, each prepared: where one is restricted, all are."""
    made = [prepared(filing) for filing in filings]
    if not any(filing.record.restricted for filing in made):
        return made
    return [filing if filing.record.restricted else _told_together(filing) for filing in made]


def _told_together(filing: CaseFiling) -> CaseFiling:
    because = {"restricted": True, "restricted_because": [TOLD_TOGETHER]}
    return replace(filing, record=filing.record.model_copy(update=because))


def speaks_of_special_category(text: str) -> bool:
    """Whether a text names something that the law protects specially."""
    return _SPECIAL.search(text) is not None


def _reasons(record: CaseRecord) -> Iterator[str]:
    facts = record.facts
    if facts.get("subject") == "member_conduct":
        yield "member_conduct"
    if str(facts.get("under_disciplinary_scheme")).lower() == "true":
        yield "disciplinary_scheme"
    if facts.get("subject") == "director":
        yield "about_director"
    if record.confidentiality in ("asked", "anonymous"):
        yield "confidentiality"
    # What somebody needs in order to take part says something of their health, whatever the words.
    if record.adjustments or any(speaks_of_special_category(text) for text in _words(record)):
        yield "special_category"
    if "risk_of_harm" in record.flags:
        yield "risk_of_harm"


def _words(record: CaseRecord) -> Iterator[str]:
    told = (record.narrative, record.effect, record.desired_remedy, record.previous_steps)
    yield from (text for text in told if text)
    yield from (value for value in record.answers.values() if isinstance(value, str))
