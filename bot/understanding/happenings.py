"""Which of the days in a story is the one on which it happened, and which the one on which an answer came.

The nearest telling word decides: before the day in its clause ("my exam on 3 March"), else after it ("On 3 March I sat
the exam"). That somebody rang, wrote or complained on a day says neither.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from enum import IntEnum

from bot.understanding.days.page import Day
from bot.understanding.tokens import Tokens


class Told(IntEnum):
    """What a word says of the day beside it; of two days that it happened on, the higher one is it."""

    NOTHING = 0  # that somebody rang or wrote, was born or joined
    BARE = 1  # nothing is said of it, and most stories with one day are of that day
    BEGUN = 2  # what somebody then waited for: paid, applied, "since 3 March"
    EVENT = 3
    HAPPENED = 4
    DATED = 5  # an answer of that day
    RECEIVED = 6  # an answer that came on it


_WORDS = {
    Told.HAPPENED: "happened occurred incident accident",
    Told.EVENT: """exam exams examination assessment course class lesson session workshop webinar event conference
        meeting visit interview induction viva test seminar lecture tutorial appointment review sat attended cancelled
        canceled postponed injured assaulted charged refused shouted swore attacked crashed froze failed insulted
        humiliated rude missed closed shut fell tripped slipped hit debited billed overcharged bullied touched absent
        locked removed suspended expelled lost deleted screamed yelled mocked threatened threw thrown turned walked
        cut evicted disconnected lunch dinner ceremony graduation gala talk briefing congress forum summit masterclass
        bootcamp residential hearing panel exhibition fair inspection observation practical mock resit""",
    Told.BEGUN: "paid applied submitted ordered uploaded posted handed bought",
    Told.NOTHING: """rang called phoned wrote emailed mailed messaged texted complained chased asked contacted spoke
        spoken requested reported raised appealed escalated reminded born birth dob joined enrolled registered started
        began deadline due expires expired expiry complaint email sent promised invoice written ringing calling
        chasing emailing writing complaining appeal said told admitted rung call calls emails messages message chaser
        reminder died death funeral birthday renewed joining retired wedding holiday expiring valid""",
    Told.DATED: "reply response answer decision outcome rejection findings letter",
    Told.RECEIVED: "replied responded answered upheld dismissed rejected",
}
_TOLD = {word: told for told, words in _WORDS.items() for word in words.split()}
_LOOK_BACK = 12  # tokens
_LOOK_AHEAD = 12
_PARTS = frozenset(("and", "but", "because", "although", "though", "which"))
_NO = frozenset(
    "no not never without nobody awaiting waiting wait want expect expecting need await chasing t cannot".split()
)
_WRITTEN = ("dated", "figures", "feast")
_ABOUT = frozenset(("for", "about", "to", "re", "regarding", "of"))
# "Not satisfied with your reply" tells of a reply; "I have had no reply" does not.
_NOT_CONTENT = frozenset(
    "satisfied happy accept agree against with understand address deal disagree dispute".split()
)
# "I was told", "he sent": what was done to somebody, and not what they did about it.
_DONE_TO = frozenset(("told", "asked", "said", "sent", "mailed"))
_PASSIVE = frozenset(("was", "were", "been", "being", "got"))
_OF_IT = frozenset(
    """team office department desk board body staff fee fees materials notes provider leader tutor coordinator
    manager director result results link page number details officer""".split()
)
_THEM = frozenset(("me", "us", "her", "him", "them"))
_ON_PHONE = frozenset(
    ("back", "about", "to", "on", "at", "from", "and", "again", ".", ",", "", "but", "twice")
)
_MINE = frozenset(("i", "we"))
_THEIRS = frozenset(
    """you they he she your their his her the it md ceo team manager someone somebody cim cipfa cmi cqm cms""".split()
)
_CAME = frozenset("came arrived received got had reached landed".split())
_LETTER_OF = frozenset("your their his her final stage from outcome decision rejection refusal".split())
_ANSWERING = frozenset(word for word in _WORDS[Told.RECEIVED].split())
_NEVER_ON = frozenset("by until till before after from between to through".split())


def told_days(tokens: Tokens, days: Sequence[Day], today: date) -> tuple[list[Day], list[Day]]:
    """The days that are plainly the one on which it happened, and the one on which an answer came.

    Two that are equally plain are both given back: which of them was meant is not ours to say.
    """
    others = frozenset(at for day in days for at in range(day.first, day.last))
    told = [
        (day, _told(tokens, day, others))
        for day in days
        if day.day <= today and _one_day(day) and not _joined(tokens, day, days)
    ]
    events = [(day, what) for day, what in told if Told.BARE <= what <= Told.HAPPENED]
    # Who gives one day by its date tells of it; "last week on Tuesday" and "the 12th" are then said of something else.
    written = [one for one in events if one[0].kind in _WRITTEN]
    events = written or events
    answers = [(day, what) for day, what in told if what >= Told.DATED]
    return _plainest(events), _plainest(answers)


def _plainest(told: list[tuple[Day, Told]]) -> list[Day]:
    most = max((what for _, what in told), default=None)
    return [day for day, what in told if what is most]


def _one_day(day: Day) -> bool:
    """Whether the words mean the day itself: "two months ago" is said of a time."""
    return not day.vague


_JOINERS = frozenset(("or", "and", "to", "until", "till", "through", "-", "–", "/", ","))
_FILLERS = frozenset(("on", "the", "maybe", "again", "then"))


def _joined(tokens: Tokens, day: Day, days: Sequence[Day]) -> bool:
    """Whether a day is one of a list or a range, "12 or 14 March", so that it is not the day."""
    for other in days:
        if other is day:
            continue
        first, last = (day.last, other.first) if day.first < other.first else (other.last, day.first)
        between = [word for word in tokens.words[first:last] if word not in _FILLERS]
        if last - first <= 4 and len(between) <= 1 and _JOINERS.issuperset(between):
            return True
    return False


def _told(tokens: Tokens, day: Day, others: frozenset[int]) -> Told:
    lead = tokens.at(day.first - 1)
    lead = tokens.at(day.first - 2) if lead in ("the", "about", "around") else lead
    # "It is now 20 November" only says what day it is.
    if lead in _NEVER_ON or (lead in ("is", "now") and day.kind == "dated"):
        return Told.NOTHING
    before = _before(tokens, day.first, others)
    if before is Told.EVENT and day.kind not in _WRITTEN and _to_come(tokens, day.first):
        return Told.NOTHING
    if lead == "dated" and before is not None and before < Told.DATED:
        return Told.NOTHING
    if lead == "since":
        words = tokens.words[max(0, day.first - _LOOK_BACK) : day.first]
        heard = not {
            "member",
            "fellow",
            "heard",
            "reply",
            "replied",
            "response",
            "contact",
            "word",
        }.isdisjoint(words)
        return Told.NOTHING if heard else Told.BEGUN
    if before is Told.RECEIVED and lead in ("of", "dated"):
        return Told.DATED
    if before is not None:
        return before
    after = _after(tokens, day.last)
    # "About yesterday" and "dated 3 March" tell of no event.
    bare = Told.NOTHING if lead in ("dated", "of", "for") else Told.BARE
    return bare if after is None else after


def _to_come(tokens: Tokens, end: int) -> bool:
    """Whether somebody has an event before them: "I've got an interview on Friday", "my exam is on Monday"."""
    words = tokens.words[max(0, end - 8) : end]
    has = any(
        one in ("have", "got", "ve") and words[at + 1 : at + 2] in (["a"], ["an"], ["my"], ["another"])
        for at, one in enumerate(words)
    )
    return has and not {"had", "did", "was", "were", "been"} & {*words}


def _before(tokens: Tokens, end: int, others: frozenset[int]) -> Told | None:
    """What the nearest telling word before a day says, within its clause; beyond another day only an answer does."""
    crossed = False
    for at in range(end - 1, max(-1, end - 1 - _LOOK_BACK), -1):
        word = tokens.words[at]
        crossed = crossed or at in others
        told = _meaning(tokens, at)
        if told is not None:
            return told if not crossed or told >= Told.DATED else None
        if word in ("it", "this", "that") and tokens.at(at + 1) == "was" and at + 4 >= end:
            return Told.HAPPENED
        came = word == "which" and not _CAME.isdisjoint(tokens.words[at + 1 : end])
        # "His reply, which we got on 6 November": the day is the reply's.
        if (word in _PARTS and not came) or tokens.breaks(at):
            return None
    return None


def _after(tokens: Tokens, start: int) -> Told | None:
    """What the first telling word after a day says, within its sentence."""
    for at in range(start, min(start + _LOOK_AHEAD, len(tokens.words))):
        if tokens.breaks(at) and at > start:
            return None
        told = _meaning(tokens, at)
        if told is not None:
            return told
    return None


def _meaning(tokens: Tokens, at: int) -> Told | None:
    """What one word says, beside the words around it; None for a word that says nothing of a day."""
    word = tokens.words[at]
    if (
        word in ("turn", "show")
        and tokens.at(at + 1) == "up"
        and not _NO.isdisjoint(tokens.words[max(0, at - 3) : at])
    ):
        return Told.EVENT
    if word == "took":
        return Told.HAPPENED if tokens.at(at + 1) == "place" else Told.EVENT
    if word == "place" and tokens.at(at - 1) in ("took", "taken"):
        return Told.HAPPENED
    told = _TOLD.get(word)
    if told is None:
        return _back(tokens, at)
    before = tokens.words[max(0, at - 5) : at]
    if tokens.at(at + 1) in _OF_IT:
        return None  # "your exams team" is no exam
    if word == "called" and tokens.at(at + 1) in _THEM and tokens.at(at + 2) not in _ON_PHONE:
        return Told.EVENT
    if word in ("complaint", "appeal") and not _ANSWERING.isdisjoint(before[-3:]):
        return None  # "you rejected my complaint": the verb says more
    if told is Told.NOTHING:
        done = word in _DONE_TO and (not _PASSIVE.isdisjoint(before[-2:]) or _who(tokens, at) in _THEIRS)
        return Told.EVENT if done else _wrote(tokens, at) if word == "wrote" else told
    if told is Told.EVENT and not _ABOUT.isdisjoint(before[-3:]):
        # "I paid for the course": the day is that of the paying.
        verbs = [_TOLD[one] for one in before if one in _TOLD and _TOLD[one] <= Told.BEGUN]
        return verbs[-1] if verbs else told
    if told >= Told.DATED and not _NO.isdisjoint(before) and _NOT_CONTENT.isdisjoint(before):
        return Told.NOTHING
    if told is Told.DATED:
        return _letter(tokens, at)
    if told is Told.RECEIVED:
        return Told.NOTHING if _who(tokens, at) in _MINE else told
    return told


def _who(tokens: Tokens, at: int) -> str:
    """The nearest person before a verb, as a word."""
    for place in range(at - 1, max(-1, at - 6), -1):
        if tokens.breaks(place + 1):
            return ""
        if tokens.words[place] in _MINE or tokens.words[place] in _THEIRS:
            return tokens.words[place]
    return ""


def _wrote(tokens: Tokens, at: int) -> Told:
    """Tell "they wrote to me" and "she wrote back" are answers; "I wrote" is none."""
    after = tokens.words[at + 1 : at + 3]
    answered = after[:1] == ["back"] or after in (["to", "me"], ["to", "us"])
    return Told.RECEIVED if answered and _who(tokens, at) not in _MINE else Told.NOTHING


def _back(tokens: Tokens, at: int) -> Told | None:
    """Read "he got back to me", "you came back to us"."""
    if tokens.words[at] == "back" and tokens.words[at + 1 : at + 3] in (["to", "me"], ["to", "us"]):
        negated = not _NO.isdisjoint(tokens.words[max(0, at - 5) : at])
        return Told.NOTHING if negated or _who(tokens, at) in _MINE else Told.RECEIVED
    return None


def _letter(tokens: Tokens, at: int) -> Told:
    """An answer's noun: of a day, or received on it; "a letter" or "the decision to cancel" is none."""
    before = tokens.words[max(0, at - 4) : at]
    after = tokens.words[at + 1 : at + 8]
    if tokens.words[at] == "letter" and _LETTER_OF.isdisjoint([*before, *after[:3]]):
        return Told.NOTHING
    came = not _CAME.isdisjoint(tokens.words[max(0, at - 5) : at]) or not _CAME.isdisjoint(after)
    return Told.RECEIVED if came else Told.DATED
