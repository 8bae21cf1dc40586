"""Whom a complaint is about, by name or else by role: a proposal, and only where what they did stands beside them.

A person who is merely met in a story, who answered, helped or was rung, is not whom it is about.
"""

from __future__ import annotations

from bot.understanding.names import TITLES, longest, name_at
from bot.understanding.spans import Span
from bot.understanding.tokens import Tokens

_HEADS = frozenset(
    """tutor trainer teacher assessor invigilator examiner marker moderator lecturer coach mentor receptionist
    chair chairman chairwoman chairperson director verifier iqa leader adviser advisor handler officer
    administrator treasurer secretary speaker salesman saleswoman salesperson rep representative consultant
    instructor facilitator supervisor manager administrator president""".split()
)
_BEFORE_HEAD = frozenset(
    """branch skills course programme program centre center membership exam exams internal external lead
    operations managing finance regional account customer service training apprenticeship learning workplace
    call sales vice deputy complaints and head area section quality development work-based""".split()
)
# "My manager" is the writer's own at work, more often than not.
_NOT_MINE = frozenset("manager supervisor leader director officer chair president".split())
_OWNERS = frozenset("my our your the a an his her their this that".split())
_MINE_FIRST = ("my", "our", "his", "her", "their")
_ON_THE = frozenset("phone telephone desk reception helpline line counter".split())
_PEOPLE = frozenset("man woman lady gentleman person guy lad girl bloke chap fellow".split())
# "The chap who answered": somebody whom the writer knows by a call.
_ON_A_CALL = frozenset("answered picked rang called phoned served dealt spoke".split())
# What somebody does who is complained about, or how they were.
_DEEDS = frozenset(
    """rude shouted shouts shouting swore swears sworn insulted insults humiliated mocked mocks laughed belittled
    bullied bullies bullying harassed harasses threatened threatens ignored ignores refused refuses lied lies
    misled cancelled cancels walked hung aggressive abusive dismissive unprofessional sarcastic patronising
    condescending unhelpful nasty racist sexist drunk late absent useless hopeless incompetent dishonest
    touched groped assaulted hit pushed grabbed discriminated picked vanished disappeared sleeps slept yelled
    screamed screams smirked sneered called accused tore threw failed fails never keeps kept unprepared lazy
    disinterested bored unfair biased inappropriate offensive cruel vile appalling awful terrible disgraceful
    disgusting abrupt curt blunt horrible arrogant snotty stroppy ignorant disrespectful unfriendly
    intimidating creepy sleazy pushy sighed tutted snapped barked sniggered lectured""".split()
)
_NEGATED = frozenset(("not", "n", "never", "doesnt", "didnt", "wont", "hasnt", "dont", "isnt", "wasnt"))
_FAILS_TO = frozenset(
    """turn turned show showed come came appear arrive reply respond mark help listen teach prepare know care
    bother attend give marked given taught explained looked read visited""".split()
)
_ABOUT = frozenset(("about", "against", "regarding", "concerning"))
_COMPLAINS = frozenset(
    "complain complaining complaint complaints grievance allegation report reporting".split()
)
_DENIES = frozenset(("not", "no", "never", "t", "dont", "without", "nothing", "isnt"))
_CONDUCT = frozenset(
    "conduct behaviour behavior attitude manner rudeness actions treatment comments remarks".split()
)
_BY = frozenset(
    """shouted sworn insulted humiliated mocked bullied harassed threatened ignored refused lied misled assaulted
    touched groped hit pushed attacked treated spoken yelled screamed belittled abused discriminated accused
    told called sent thrown""".split()
)


def find_accused(tokens: Tokens) -> list[Span]:
    """The person whom a story is about, by name, or else by role as it is written: "Mark Hill", "the branch chair"."""
    named: list[Span] = []
    roles: list[Span] = []
    for at, word in enumerate(tokens.words):
        if word in _HEADS or word in _PEOPLE:
            role = _role(tokens, at)
            if role is not None:
                name, end = _name_of(tokens, *role)
                if _is_about(tokens, role[0], end) or (name is not None and _suspect(tokens, role[0], end)):
                    (roles if name is None else named).append(name or _span(tokens, role[0], role[1]))
        elif word in TITLES and tokens.capital(at):
            name = name_at(tokens, at)
            if name is not None and _met(tokens, at):
                end = tokens.after(name.end)
                if _is_about(tokens, at, end) or _yours(tokens, end):
                    named.append(name)
        elif (name := _named_outright(tokens, at)) is not None:
            named.append(name)
    if named:
        return longest(named)
    return [roles[0]] if len({span.value.split()[-1].lower() for span in roles}) == 1 else roles


def find_dealt_with(tokens: Tokens) -> list[Span]:
    """Who of the organisation is told of, by role and name as it is written: "My coach Trish"; if it is one only."""
    found: dict[str, Span] = {}
    for at, word in enumerate(tokens.words):
        role = _role(tokens, at) if word in _HEADS and word not in _NOT_MINE else None
        if role is not None:
            name, _ = _name_of(tokens, *role)
            last = role[1] if name is None or name.end < tokens.ends[role[1] - 1] else tokens.after(name.end)
            found.setdefault(word, _span(tokens, role[0], last))
    return list(found.values()) if len(found) == 1 else []


def _named_outright(tokens: Tokens, at: int) -> Span | None:
    """Read "a complaint about Mark Hill", "a member called David Price", "one of your members, David Price,"."""
    word = tokens.words[at]
    if word == "name":
        return _by_name(tokens, at)
    if word in _ABOUT:
        complains = tokens.at(at - 1) in _COMPLAINS and _affirmed(tokens, at)
        return name_at(tokens, at + 1, least=2) if complains else None
    if word in ("called", "named"):
        return name_at(tokens, at + 1, least=2) if tokens.at(at - 1) in ("member", "members") else None
    if word in _YOURS and tokens.words[max(0, at - 2) : at][:1] in (["member"], ["fellow"], ["student"]):
        return _beside(tokens, at + 1)
    if word in _ONE_OF_YOURS and tokens.words[max(0, at - 3) : at] == ["one", "of", "your"]:
        return _beside(tokens, at + 1)
    if word not in ("member", "members") or "your" not in tokens.words[max(0, at - 3) : at]:
        return None
    if tokens.at(at + 1) != "," or not tokens.capital(at + 2):
        return _introduced_as_member(tokens, at)
    name = name_at(tokens, at + 2, least=2)
    if name is None or tokens.at(tokens.after(name.end)) not in (",", "has", "is", "was", "who"):
        return None
    return name


_LETTERS = frozenset("cpfa fcim mcim acim fcmi mcmi acmi cmgr chartered member fellow".split())


def _yours(tokens: Tokens, at: int) -> bool:
    """Whether somebody is told to be of the organisation: "Mr Hill, one of your directors", "Mr Hill, a CPFA who"."""
    if tokens.at(at) not in (",", "(", "-", "–"):
        return False
    if tokens.words[at + 1 : at + 4] == ["one", "of", "your"]:
        return True
    return tokens.at(at + 1) in ("a", "an", "your") and not _LETTERS.isdisjoint(tokens.words[at + 2 : at + 4])


_YOURS = frozenset("yours cim cipfa cmi cqm cms".split())
_ONE_OF_YOURS = frozenset(
    """directors managers trainers tutors assessors teachers coaches accountants marketers fellows consultants
    invigilators advisers advisors""".split()
)


def _beside(tokens: Tokens, at: int) -> Span | None:
    """Read "a member of yours, David Price," and "one of your directors, Mr Paul Ransome, promised"."""
    if tokens.at(at) not in (",", "(", "called", "named"):
        return None
    name = name_at(tokens, at + 1, least=2)
    after = 0 if name is None else tokens.after(name.end)
    # "I am a member of yours, Jane Hartley." signs.
    return None if name is None or (tokens.breaks(after + 1) and tokens.at(after) in (".", "")) else name


def _by_name(tokens: Tokens, at: int) -> Span | None:
    """Read "a man by the name of Mark Hill", and "his name is Mark" where a tutor or the like was told of before."""
    if tokens.words[max(0, at - 2) : at] == ["by", "the"] and tokens.at(at + 1) == "of":
        return name_at(tokens, at + 2)
    if tokens.at(at - 1) not in ("his", "her", "their") or tokens.at(at + 1) not in ("is", "was"):
        return None
    told = tokens.words[max(0, at - 40) : at]
    return None if _HEADS.isdisjoint(told) or not _FAMILY.isdisjoint(told) else name_at(tokens, at + 2)


_FAMILY = frozenset(
    "daughter son mother mum father dad wife husband partner brother sister client employee apprentice friend".split()
)
_HEADED = frozenset((",", "and", "that", "by", "about", "against"))


def _introduced_as_member(tokens: Tokens, at: int) -> Span | None:
    """Read "Mr Gareth Pugh, who is one of your members," and "David Price is one of your members"."""
    if tokens.words[max(0, at - 3) : at] != ["one", "of", "your"]:
        return None
    for first in range(at - 4, max(at - 16, -1), -1):
        name = name_at(tokens, first, least=2)
        headed = tokens.breaks(first) or tokens.at(first - 1) in _HEADED
        if name is not None and headed and tokens.at(tokens.after(name.end)) in (",", "is", "who", "("):
            return name
        if tokens.breaks(first):
            return None
    return None


def _affirmed(tokens: Tokens, at: int) -> bool:
    """Whether somebody does complain: "I have no complaint about" and "I do not want to complain about" say not."""
    return _DENIES.isdisjoint(tokens.words[max(0, at - 7) : at])


def _span(tokens: Tokens, first: int, last: int) -> Span:
    return Span(tokens.said(first, last), tokens.starts[first], tokens.ends[last - 1])


def _role(tokens: Tokens, at: int) -> tuple[int, int] | None:
    """A role with the word that says whose, "my skills coach", "the woman on the phone": where it begins and ends."""
    word, last = tokens.words[at], at + 1
    if word in _PEOPLE and tokens.at(at + 1) in ("who", "that") and tokens.at(at + 2) in _ON_A_CALL:
        last = at + 3
    elif word in _PEOPLE:
        if (
            tokens.words[at + 1 : at + 3] not in (["on", "the"], ["at", "the"], ["on", "your"])
            or tokens.at(at + 3) not in _ON_THE
        ):
            return None
        last = at + 4
    first = at
    while first > 0 and at - first < 3 and tokens.words[first - 1] in _BEFORE_HEAD:
        first -= 1
    owner = tokens.at(first - 1)
    if owner not in _OWNERS or (first == at and owner in _MINE_FIRST and word in _NOT_MINE):
        return None
    # "My son's tutor" and "your director's office" are of another.
    if tokens.at(last) in ("'", "’"):
        return None
    return first - 1, last


def _name_of(tokens: Tokens, first: int, at: int) -> tuple[Span | None, int]:
    """The name beside a role, "my tutor Mark Hill", "Mark Hill, my tutor", and where all of it ends."""
    start = at
    if tokens.at(start) in ("is", "was") and tokens.at(start + 1) == "called":
        start += 2
    elif tokens.at(start) in (",", "(", "called", "named", "-", "–"):
        start += 1
    name = None if tokens.breaks(start) else name_at(tokens, start)
    if name is not None:
        end = tokens.after(name.end)
        return name, end + (tokens.at(end) in (",", ")"))
    before = first - 1 if tokens.at(first - 1) in (",", "(") else first
    for size in (2, 1):
        name = name_at(tokens, before - size) if before >= size else None
        if name is not None and name.end == tokens.ends[before - 1]:
            return name, at + (tokens.at(at) in (",", ")"))
    return None, at


def _met(tokens: Tokens, at: int) -> bool:
    """Not whom the letter is to, nor who signs it."""
    before = tokens.words[max(0, at - 3) : at]
    return {"dear", "regards", "sincerely", "faithfully", "name", "am", "m"}.isdisjoint(before)


def _is_about(tokens: Tokens, first: int, end: int) -> bool:
    """Whether a person is complained about, did the deed, or had it done by them: the words on either side say."""
    before = [
        word
        for word in tokens.words[max(0, first - 6) : first]
        if word not in ("of", "the", "one", "your", "by")
    ]
    lead = tokens.words[max(0, first - 6) : first]
    if lead and lead[-1] in _ABOUT and not _COMPLAINS.isdisjoint(lead[-4:-1]):
        return _affirmed(tokens, first)
    if tokens.at(first - 1) == "of" and not _CONDUCT.isdisjoint(before[-2:]):
        return True
    if tokens.at(first - 1) == "by" and not _BY.isdisjoint(lead[-4:-1]):
        return True
    return _did(tokens, end)


# Whom somebody rang, asked or heard from, or who was kind, is named too; it is not about them.
_DEALT_WITH = frozenset(
    """asked told rang called phoned emailed wrote spoke spoken contacted chat reply replied letter email answer
    response from thank thanks met copied informed reported complained mentioned escalated praise recommend
    with""".split()
)
_KIND = frozenset(
    """brilliant lovely great helpful kind wonderful fantastic excellent supportive patient sympathetic
    apologised apologized sorry helped agreed agrees replied responded answered wrote confirmed said says told
    advised suggested explained recommended supports witnessed good superb marvellous amazing tried promised
    left retired died ill nice fine credit""".split()
)


def _suspect(tokens: Tokens, first: int, end: int) -> bool:
    """Whether somebody who is named beside their role is no mere help or correspondent."""
    before: list[str] = []
    for at in range(first - 1, max(first - 5, -1), -1):
        if tokens.breaks(at + 1):
            break
        before.append(tokens.words[at])
    after: list[str] = []
    for at in range(end, min(end + 7, len(tokens.words))):
        if tokens.breaks(at) and at > end:
            break
        after.append(tokens.words[at])
    return _DEALT_WITH.isdisjoint(before) and _KIND.isdisjoint(after)


def _did(tokens: Tokens, at: int) -> bool:
    """Whether a deed follows a person in the same clause: "was rude", "has never turned up", "did not show up"."""
    for place in range(at, min(at + 8, len(tokens.words))):
        word = tokens.words[place]
        if tokens.breaks(place) and place > at:
            return False
        if word in ("and", "but", "because", "said", "told", "when", "i", "we", "if", "to"):
            return False
        negated = word in _NEGATED or (word == "t" and tokens.at(place - 1) in ("'", "’"))
        if negated and word != "never":
            return not _FAILS_TO.isdisjoint(tokens.words[place + 1 : place + 4])
        if word in ("late", "called") and tokens.at(place + 1) in ("called", "back", "to"):
            return False
        if word in _DEEDS:
            return True
    return False
