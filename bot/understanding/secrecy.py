"""A wish told within a story that a name be kept back: beyond the cues, which ask for whole turns of phrase."""

from __future__ import annotations

import re

from bot.messages import Proposal

_LONGEST = 8000  # characters that are looked through

_NOT = (
    r"(?:don['’]?t|do not|doesn['’]?t|not|never|no ?(?:one|body)|can['’]?t|cannot|mustn['’]?t|must not|won['’]?t"
    r"|without|shouldn['’]?t|should not|nothing)"
)
_TELL = (
    r"(?:know\w*|find\w* out|found out|tell\w*|told|pass\w*|shar\w+|mention\w*|disclos\w+|reveal\w*|us(?:e|ing)|show\w*"
    r"|learns?|hear\w*|let|put|giv\w+|say\w*|nam\w+|out|link\w*)"
)
_ME = (
    r"(?:my (?:\w+ )?(?:names?|identity|details)|who (?:i am|told|complained|raised|said|reported|wrote|it (?:is|was))"
    r"|(?:it|this|that) (?:was|is|came from|come from|comes from) me|it['’]?s me|(?:that )?i(?:['’]?ve| have)? "
    r"(?:complained|told|reported|raised|wrote|grassed|got in touch)|which (?:learner|student|member|one)|traced?"
    r"|traceable)"
)
_ASKED = re.compile(
    rf"\b(?:(?:strict(?:ly|est)?|treat\w*|keep|kept|handled?|held|remain|in) (?:\w+ ){{0,4}}?(?:confiden\w+|secret"
    rf"|discreet\w*|between us)|between (?:us|ourselves|you and me)|off the record"
    rf"|(?:keep|leave|kept|left|stays?) (?:\w+ ){{0,3}}?(?:my (?:\w+ )?(?:name|identity|details)|me|us) "
    rf"(?:out of (?:it|this|that)|off (?:it|this)|back|hidden)"
    r"|(?:confidential(?:ly)?|in confidence),? please|please,? (?:in confidence|confidential(?:ly)?)"
    rf"|(?:hide|withhold|redact|conceal) (?:\w+ ){{0,2}}?my (?:\w+ )?(?:name|identity|details)"
    rf"|{_NOT} (?:\w+[\s,]+){{0,6}}?{_TELL}(?: (?:[\w'’]+[\s,]+){{0,8}}?|\s+){_ME})\b",
    re.IGNORECASE,
)
_ANONYMOUS = re.compile(
    r"\b(?:an+on[yi]m(?:ous(?:ly)?|ity|us)|nameless|unnamed"
    r"|(?:rather not|sooner not|not going to|prefer not to|don['’]?t want to|do not want to|do not wish to|won['’]?t"
    r"|will not) (?:be (?:named|identified)|(?:say|give|tell|leave|disclose|reveal) (?:you )?"
    r"(?:who i am|my (?:\w+ )?name)|identify myself))\b",
    re.IGNORECASE,
)
# "An anonymous caller" and "the marking is anonymous" wish for nothing.
_OF_OTHERS = re.compile(r"\b(?:an|the|was|were|is|are|marking|marked|some)\W+$", re.IGNORECASE)
_OWN = re.compile(
    r"\b(?:stay|remain|be|make|made|keep|kept|this|it|me|complain|report|anonymity)\W+(?:\w+\W+)?$",
    re.IGNORECASE,
)


def find_wish(text: str) -> Proposal | None:
    """`anonymous` or `asked`, with its place; None where nothing of the kind is wished for."""
    text = text[:_LONGEST]
    for match in _ANONYMOUS.finditer(text):
        lead = text[max(0, match.start() - 30) : match.start()]
        if " " in match.group() or _OWN.search(lead) or not _OF_OTHERS.search(lead):
            return Proposal("anonymous", match.start(), match.end())
    found = _ASKED.search(text)
    return None if found is None else Proposal("asked", found.start(), found.end())
