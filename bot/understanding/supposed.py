"""What is supposed of a rich story whose words do not say it, and confirmed: that it complains, and of the service."""

from __future__ import annotations

import re
from collections.abc import Mapping

from bot.messages import Proposal
from bot.understanding.cues import Sighting

SERVICE = "service"
# Met in passing, these are a part of the service; anything else that is met may be what it is about.
_OF_THE_SERVICE = frozenset((SERVICE, "product", "system_delivery", "process_support"))
_NAMED = frozenset(("about_whom", "centre_name"))
_WISHES = frozenset(("effect", "desired_remedy"))
# What only somebody who was wronged wishes for.
_MENDED = re.compile(
    r"\b(apolog\w+|sorry|refund\w*|money back|reimburse\w*|compensat\w+|put (it |this |that |things )?right"
    r"|held? to account|accountable|ymddiheur\w+|ad-?dal\w+|iawndal)\b",
    re.IGNORECASE,
)


# "What are you going to do about it?" asks nothing that an answer to an enquiry would tell.
_DEMANDS = re.compile(
    r"\b(?:what (?:are|r) (?:you|u|ya) (?:going to |gonna |)(?:do|doing) about (?:it|this|that|him|her|them)"
    r"|how (?:is|can|could) (?:this|that|it) (?:be )?(?:right|fair|allowed|acceptable|legal)"
    r"|is (?:this|that) (?:how|the way) you"
    r"|how dare|do you think (?:this|that|it)['’]?s? (?:is )?(?:ok|okay|acceptable|right|fair))\b",
    re.IGNORECASE,
)


def of_the_service(sighting: Sighting, proposals: Mapping[str, Proposal]) -> bool:
    """Whether nothing is met in a story, nobody and no place, that it may be about rather than the service."""
    met = [seen for seen in sighting.seen if seen.fact == "subject"]
    own = all(seen.value in _OF_THE_SERVICE and (not seen.plain or seen.value == SERVICE) for seen in met)
    return own and _NAMED.isdisjoint(proposals)


# "I can't do this any more" is said of oneself, and makes nobody a representative.
_OWN = re.compile(r"\b(?:i|we)\W*$", re.IGNORECASE)


def of_oneself(text: str, proposals: Mapping[str, Proposal]) -> set[str]:
    """What was taken of somebody who cannot complain, and is said of the writer: to be dropped."""
    basis = proposals.get("representative_basis")
    if basis is None or basis.value != "unable" or _OWN.search(text[: basis.start]) is None:
        return set()
    behalf = proposals.get("on_behalf_of")
    same = behalf is not None and (behalf.start, behalf.end) == (basis.start, basis.end)
    return {"representative_basis", "on_behalf_of"} if same else {"representative_basis"}


def mends(text: str, proposals: Mapping[str, Proposal]) -> bool:
    """Whether a story reproaches us, or names what would mend it: with what it did, or as only the wronged wish."""
    wish = proposals.get("desired_remedy")
    wished = wish is not None and (proposals.keys() >= _WISHES or _MENDED.search(wish.value) is not None)
    return wished or _DEMANDS.search(text) is not None
