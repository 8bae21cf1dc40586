"""Qualifications, courses and modules, by their names or by the way such names are made; proposals only."""

from __future__ import annotations

from bot.understanding.days.words import CARDINALS, MONTHS, WEEKDAYS
from bot.understanding.gazetteer import Known
from bot.understanding.spans import Span
from bot.understanding.tokens import Tokens

_AWARDS = frozenset("award certificate diploma nvq apprenticeship btec hnc hnd degree".split())
_LOOSE = frozenset(
    "course qualification programme program".split()
)  # too little said without a title before them
_BEFORE_AWARD = frozenset(
    "extended foundation postgraduate professional higher national advanced introductory degree".split()
)
_CONNECT = frozenset(("and", "&", "of", "in", "for", "the", "to", "/", "-"))
_ENDS_TITLE = frozenset(
    """at with on from which that but because since i my we our you your was is has have had this last by when
    for so course qualification through via and or in the a an it they he she not never after before until to
    as if then who what where exam exams result results certificate tutor assessor assessment unit units
    module modules class classes centre there here about during were are been still now again please thanks
    yesterday today apprenticeship diploma award nvq would will can could should did do does me us them her
    his their started starting due paid cost costs took takes taught run runs""".split()
)
_AFTER_AND = frozenset(
    """leadership management mentoring social training assurance supervision finance accountancy accounting
    english maths digital development administration wellbeing learning technology design safety procurement
    support care""".split()
)
_WITHIN = frozenset(
    "health education care schools practice business construction sport the childcare engineering".split()
)
_SMALL = frozenset("in of and the for to".split())
_EXAM = frozenset(
    """exam exams examination module paper unit syllabus assessment assignment course resit sitting mark result
    script""".split()
)
_STUDIES = frozenset(
    "studying sitting doing taking passed failed sat study took towards completing studied for my the on".split()
)
_LONGEST = 9  # words of a title


def find_qualifications(tokens: Tokens, known: list[Known]) -> list[Span]:
    """The qualification, or else the module, that a text names; more than one where it names more."""
    found: list[Span] = []
    for at, word in enumerate(tokens.words):
        span = None
        if word in ("level", "lvl"):
            span = _of_level(tokens, at)
        elif word in _AWARDS:
            span = _award_in(tokens, at) or _before_apprenticeship(tokens, at)
        if span is not None:
            found.append(span)
    named = [
        _span(tokens, one.first, one.last, one.name)
        for one in known
        if _means_course(tokens, one, "qualifications")
    ]
    modules = [
        _span(tokens, one.first, one.last, one.name) for one in known if _means_course(tokens, one, "modules")
    ]
    return widest([*found, *named]) or widest(modules)


def _span(tokens: Tokens, first: int, last: int, value: str | None = None) -> Span:
    start, end = tokens.starts[first], tokens.ends[last - 1]
    return Span(_titled(tokens.text[start:end]) if value is None else value, start, end)


def _titled(said: str) -> str:
    """A title in small letters with its capitals; any other as it is written."""
    words = said.split()
    if any(word[0].isupper() for word in words):
        return " ".join(words)
    return " ".join(_capital(word) for word in words)


def _capital(word: str) -> str:
    if word in ("nvq", "btec", "hnc", "hnd", "hr", "it"):
        return word.upper()
    return word if word in _SMALL or word in ("apprenticeship", *_LOOSE) else word.capitalize()


def _of_level(tokens: Tokens, at: int) -> Span | None:
    """Level 5 Diploma in Management, level 3 team leader apprenticeship, NVQ level 2 in plumbing."""
    number = tokens.at(at + 1)
    if not ((number.isdecimal() and len(number) == 1) or CARDINALS.get(number, 99) <= 8):
        return None
    first, start = at, at + 2
    if tokens.at(at - 1) in _AWARDS:
        last = _title(tokens, start + 1) if tokens.at(start) == "in" else _title(tokens, start)
        return _span(tokens, at - 1, max(last, start)) if last > start or tokens.at(start) != "in" else None
    award = start
    while award < len(tokens.words) and award - start < 6 and tokens.words[award] not in _AWARDS | _LOOSE:
        if tokens.breaks(award) or tokens.words[award] in _ENDS_TITLE - {"and", "in", "for"}:
            return _level_in(tokens, at, start)
        award += 1
    word = tokens.at(award)
    if word in _LOOSE:
        return _span(tokens, first, award + 1) if award > start else None
    if word not in _AWARDS or award - start > 5:
        return _level_in(tokens, at, start)
    if tokens.at(award + 1) == "in":
        return _span(tokens, first, max(_title(tokens, award + 2), award + 1))
    return _span(tokens, first, award + 1)


def _level_in(tokens: Tokens, at: int, start: int) -> Span | None:
    """Level 5 in Management and Leadership: only with its capitals."""
    if tokens.at(start) != "in" or not tokens.capital(start + 1):
        return None
    last = _title(tokens, start + 1)
    return _span(tokens, at, last) if last > start + 1 else None


def _award_in(tokens: Tokens, at: int) -> Span | None:
    """Diploma in Professional Marketing; in small letters only where the gazetteer knows it."""
    if tokens.at(at + 1) != "in" or not tokens.capital(at + 2) or tokens.at(at - 1) in ("level",):
        return None
    last = _title(tokens, at + 2)
    if last == at + 2 or tokens.at(at - 1).isdecimal():
        return None
    first = at
    while tokens.at(first - 1) in _BEFORE_AWARD and first - 1 >= 0:
        first -= 1
    return _span(tokens, first, last)


def _before_apprenticeship(tokens: Tokens, at: int) -> Span | None:
    """Adult Care Worker apprenticeship, with its capitals."""
    if tokens.words[at] != "apprenticeship":
        return None
    first = at
    while first > 0 and at - first < 6 and not tokens.breaks(first) and _in_title(tokens, first - 1):
        first -= 1
    while first < at and not tokens.capital(first):
        first += 1
    if first < at and (
        tokens.words[first] in ("the", "my", "our", "your", "this", "a", "an", "i") or tokens.breaks(first)
    ):
        first += 1
    return _span(tokens, first, at + 1) if first < at else None


def _in_title(tokens: Tokens, at: int) -> bool:
    return tokens.capital(at) or tokens.words[at] in ("and", "&", "/", "-", "of")


def _title(tokens: Tokens, start: int) -> int:
    """Where a title ends that begins at `start`; `start` itself where none does."""
    at, capitals = start, tokens.capital(start)
    while at < len(tokens.words) and at - start < _LONGEST and not (at > start and tokens.breaks(at)):
        word = tokens.words[at]
        if at == start and (word in MONTHS or word in WEEKDAYS or not word.isalpha() or word in _ENDS_TITLE):
            return start
        if word in ("level", "lvl"):
            break
        if word == "in" and at > start and tokens.at(at + 1) not in _WITHIN:
            break  # "in Coaching in Corby" ends before the town
        if capitals and not tokens.capital(at) and not (word in _CONNECT and tokens.capital(at + 1)):
            break
        if not capitals and not _goes_on(tokens, at):
            break
        at += 1
    while at > start and tokens.words[at - 1] in _CONNECT:
        at -= 1
    # A capital may be that of a month, or of a word that goes on with the story.
    while at > start and (
        tokens.words[at - 1] in MONTHS or tokens.words[at - 1] in ("i", "my", "the", "you", "cim", "cmi")
    ):
        at -= 1
    return at


def _goes_on(tokens: Tokens, at: int) -> bool:
    word = tokens.words[at]
    if word == "and":
        return tokens.at(at + 1) in _AFTER_AND
    return word.isalpha() and word not in _ENDS_TITLE


def _means_course(tokens: Tokens, one: Known, kind: str) -> bool:
    """Whether a name of the gazetteer stands for the course, and not for a trade or for letters behind a name."""
    if one.kind != kind:
        return False
    before, after = tokens.at(one.first - 1), tokens.at(one.last)
    short = one.last - one.first == 1 and len(tokens.words[one.first]) <= 5
    examined = (
        after in _EXAM
        or tokens.at(one.last + 1) in _EXAM
        or tokens.at(one.first - 2) in _EXAM
        or before in _EXAM
    )
    if short:
        taken = before in _STUDIES or tokens.at(one.first - 2) in _STUDIES
        return after not in ("member", "members", "fellow", "qualified") and (
            examined or taken or kind == "modules"
        )
    if kind == "qualifications":
        return True
    return examined or all(
        tokens.capital(at) for at in range(one.first, one.last) if tokens.words[at] not in _CONNECT
    )


def widest(spans: list[Span]) -> list[Span]:
    """The spans without those that only repeat a part of another."""
    kept: list[Span] = []
    for span in sorted(spans, key=lambda one: -len(one.value)):
        said = span.value.casefold()
        overlaps = any(other.start < span.end and span.start < other.end for other in kept)
        if not overlaps and not any(said in other.value.casefold() for other in kept):
            kept.append(span)
    return kept
