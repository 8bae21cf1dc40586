"""Study centres and training providers, by their names or by the way such names are made; proposals only."""

from __future__ import annotations

from bot.understanding.courses import widest
from bot.understanding.days.words import MONTHS, WEEKDAYS
from bot.understanding.gazetteer import Known
from bot.understanding.names import NOT_NAMES
from bot.understanding.spans import Span
from bot.understanding.tokens import Tokens

_CONNECT = frozenset(("and", "&", "of", "in", "for", "the", "to", "/", "-"))
_ORG = frozenset(
    "college academy university school centre center training learning education tutors tuition institute".split()
)
_GENERIC = frozenset(
    """study exam test testing assessment contact call business customer service services conference training
    learning distance education health sports leisure job shopping data city town medical approved accredited
    local examination exams enterprise careers community development professional personal online new old good
    bad very private further higher vocational centre center college academy university school institute
    tutors tuition sixth form royal national your our my the a an this that their his her its initial staff
    safeguarding mandatory induction management leadership team apprenticeship skills""".split()
)
_AT = frozenset(
    """at with by from through via against about called named joined attended attend attending enrolled is was to
    in""".split()
)
# Towns are no names of people, and part of the name of many a college.
_PLACES = frozenset(
    """london manchester birmingham leeds bristol cardiff edinburgh glasgow belfast swansea reading leicester
    nottingham sheffield liverpool england scotland wales ireland""".split()
)
_WORKS = frozenset("work works worked working employed teach teaches taught job lecture lecturer".split())
_PROVIDER = frozenset("centre center college provider academy".split())
_NOT_LOWER = frozenset(
    """law business primary secondary high catering agricultural art night evening summer driving technical
    grammar boarding first another same different other every each all any some no one day week local nearby
    big small previous former current my our your their his her its the a an this that which whose sixth form
    further higher university college school medical music drama dental nursing nursery infant junior middle
    public state private church sunday training old new""".split()
)


def find_centres(tokens: Tokens, known: list[Known]) -> list[Span]:
    """The study centres that a text names: "at Northgate College", "my study centre, Bridgewater Learning", "BPP"."""
    own = {at for one in known if one.kind == "not_centres" for at in range(one.first, one.last)}
    found = [
        Span(one.name, tokens.starts[one.first], tokens.ends[one.last - 1])
        for one in known
        if one.kind == "centres" and _is_centre(tokens, one)
    ]
    for at, word in enumerate(tokens.words):
        place = None
        if word in _ORG and at not in own:
            place = _made_name(tokens, at) or _small_name(tokens, at)
        if place is None and word in _PROVIDER:
            place = _introduced(tokens, at)
        if place is not None and not _employs(tokens, place[0]):
            said = tokens.said(*place)
            value = said if any(map(tokens.capital, range(*place))) else said.title()
            found.append(Span(value, tokens.starts[place[0]], tokens.ends[place[1] - 1]))
    return widest(found)


def _is_centre(tokens: Tokens, one: Known) -> bool:
    capitals = all(tokens.capital(at) or tokens.words[at] in _CONNECT for at in range(one.first, one.last))
    return (capitals or tokens.at(one.first - 1) in _AT) and not _employs(tokens, one.first)


def _employs(tokens: Tokens, first: int) -> bool:
    """Whether somebody only works there."""
    return not _WORKS.isdisjoint(tokens.words[max(0, first - 4) : first])


def _made_name(tokens: Tokens, at: int) -> tuple[int, int] | None:
    """Northgate College, Bridgewater Learning Ltd, University of Leeds, College of Marketing: with capitals."""
    if not tokens.capital(at):
        return None
    first, last = at, at + 1
    while first > 0 and at - first < 5 and not tokens.breaks(first) and _part(tokens, first - 1):
        first -= 1
    while first < at and tokens.words[first] in _NOT_FIRST:
        first += 1
    while last < len(tokens.words) and last - at < 5 and not tokens.breaks(last) and _part(tokens, last):
        last += 1
    while last > at + 1 and tokens.words[last - 1] in _NOT_FIRST:
        last -= 1
    words = [word for word in tokens.words[first:last] if word not in _CONNECT]
    nameless = all(word in _GENERIC or (word in NOT_NAMES and word not in _PLACES) for word in words)
    # "In Training" and "on Learning" are sentences, not places.
    course = tokens.at(first - 1) in ("in", "on") and tokens.words[at] in (
        "training",
        "learning",
        "education",
    )
    if nameless or course or len(words) < 2:
        return None
    lead = tokens.at(first - 2) if tokens.at(first - 1) == "the" else tokens.at(first - 1)
    return (first, last) if tokens.breaks(first) or lead in _LEADS else None


_NOT_FIRST = _CONNECT | frozenset(("at", "i", "my", "the", "our"))
_LEADS = _AT | frozenset((",", "(", ":", "centre", "center", "college", "provider", "and"))


def _part(tokens: Tokens, at: int) -> bool:
    """Whether a word can be part of a centre's name: a capital, or a small word between two."""
    word = tokens.words[at]
    if word in _CONNECT:
        return word not in ("-", "in", "to") and tokens.capital(at + 1) and tokens.capital(at - 1)
    if word in ("'", "’") or (word == "s" and tokens.at(at - 1) in ("'", "’")):
        return tokens.touches(at)
    return (
        tokens.capital(at) and word not in MONTHS and word not in WEEKDAYS and word not in ("dear", "i", "my")
    )


def _small_name(tokens: Tokens, at: int) -> tuple[int, int] | None:
    """Read "at northgate college", as a machine writes it down: only behind "at" and the like, of one or two words."""
    if tokens.words[at] not in ("college", "academy", "university") or tokens.capital(at):
        return None
    for first in (at - 1, at - 2):
        word = tokens.at(first)
        if not word.isalpha() or word in _NOT_LOWER or (word in NOT_NAMES and word not in _PLACES):
            return None
        if tokens.at(first - 1) in ("at", "from", "with", "attend", "attended"):
            return first, at + 1
    return None


def _introduced(tokens: Tokens, at: int) -> tuple[int, int] | None:
    """Read "my study centre, Bridgewater", "the college is called Northgate", "my provider (BPP)"."""
    start = at + 1
    if tokens.at(start) in ("is", "was") and tokens.at(start + 1) == "called":
        start += 2
    elif tokens.at(start) in (",", "(", "called", "named", "-", "–", "is", ":"):
        start += 1
    else:
        return None
    owned = not {"my", "our", "the", "her", "his"}.isdisjoint(tokens.words[max(0, at - 3) : at])
    word = tokens.at(start)
    if not owned or tokens.breaks(start) or not tokens.capital(start) or word in _GENERIC:
        return None
    if word in NOT_NAMES and word not in _PLACES:
        return None
    last = start
    while (
        last < len(tokens.words)
        and last - start < 6
        and _part(tokens, last)
        and (last == start or not tokens.breaks(last))
    ):
        last += 1
    named = tokens.at(start - 1) in ("called", "named", "is")
    closed = named or tokens.breaks(last) or tokens.at(last) in (",", ")")
    return (start, last) if closed and last > start else None
