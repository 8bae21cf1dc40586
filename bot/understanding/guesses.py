"""What a message may be that is neither an answer nor a known phrase: a likelihood, and a cue that speaks for it too.

Nothing here decides alone. A guess is made only where a closed question was not answered, or nothing is asked any more;
it needs a cue in the words, such as the form of a question, beside a share that few wrong guesses reach. It is said
what was guessed, and it can be undone. What would end or restart a complaint is only named.

The least shares are from the training lines alone, by cross-validation: `tests/understanding/test_guesses.py`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from bot.messages import Aside, Command, OpenQuestion, Proposal, Understood
from bot.understanding.intents import Classifier, Ranking

_QUESTION = re.compile(
    r"\?|^\W*(?:(?:and|so|but|sorry|ok|okay|please|um|er|hi|hello|well|right|just)\b\W*)*"
    r"(?:what|whats|when|whens|where|wheres|who|whos|why|how|hows|which|is|are|am|do|does|did|will|would|can|could|should"
    r"|shall|may|must|has|have|any|tell me|remind me|let me know|explain)\b",
    re.IGNORECASE,
)
_PERSON = re.compile(
    r"\b(?:persons?|people|humans?|some(?:one|body)|any(?:one|body)|real|agent|advis[eo]rs?|operator|staff|team|manager"
    r"|colleague|speak|talk|chat to|ring|call|phone|live|actual)\b",
    re.IGNORECASE,
)
_THANKS = re.compile(
    r"\b(?:thank\w*|thanx|thx|ta|cheers|diolch|appreciat\w*|grateful|much obliged|kind of you)\b", re.I
)
_LATER = re.compile(
    r"\b(?:later|tomorrow|tonight|now|bye|goodbye|another (?:day|time)|come back|be back|saved?|pause|break|stop"
    r"|finish|carry on|continue|leave it|got to|gotta|have to go|off|next|weekend|morning|evening|after|resume|hold)\b",
    re.IGNORECASE,
)
_NAMELESS = re.compile(
    r"\b(?:anonym\w*|anon|confiden\w*|secret|private\w*|identi\w*|nameless"
    r"|(?:keep|leave|hide|without|not|n['’]t|dont|rather|no|wont|cant|never|remove|withh?old)\b[^.!?]{0,40}\bnames?"
    r"|between us|who i am|know it was me"
    r"|know it['’]?s me|tell (?:him|her|them|my)|find out|off the record|discree?t\w*|keep me out)\b",
    re.IGNORECASE,
)
_LEAVE_OUT = re.compile(
    r"\b(?:(?:(?:do|does|did|could|can|would)(?:n['’]?t| not)|can['’]?t|cannot|dont|cant|couldnt|never) (?:\w+ ){0,2}?"
    r"(?:know|remember|recall|say|tell you|think of|have (?:that|it|one|the|my))|no (?:idea|clue|memory|recollection)"
    r"|not (?:\w+ )?(?:sure|certain)|unsure|forg[eo]t(?:ten)?|skip|rather not|prefer not|leave (?:it|that|this)|dunno"
    r"|search me|who knows|beats me|next (?:one|question)|move on|come back to (?:it|that))\b",
    re.IGNORECASE,
)
_MENDING = re.compile(
    r"\b(?:wrong|mistake|typo|correct\w*|change|amend|edit|fix|meant|error|back|previous|last|misspel\w*|instead|undo|redo"
    r"|put (?:that|it) right|earlier)\b",
    re.IGNORECASE,
)
_ANYTHING = re.compile("")
_SWEARING = re.compile(
    r"\b(?:f+u+c+k+\w*|f\*+k?\w*|fck\w*|wtf|stfu|shit\w*|bullshit|bollocks|cunt\w*|twats?|wank\w*|tossers?|bastards?"
    r"|bitch\w*|arse\w*|dick ?heads?|pricks?|idiots?|idiotic|morons?|moronic|imbeciles?|cretins?|muppets?|clowns?"
    r"|pillocks?|numpt\w+|(?:piss|sod|bugger|eff|naff) off|shut up|get lost|get stuffed|drop dead|screw you|damn you"
    r"|(?:you(?:['’]?re| are)?|u r|ur|what an?|this is|stupid|thick|dumb|useless|pathetic|rubbish|bloody|crap) "
    r"(?:\w+ ){0,2}?(?:stupid|useless|pathetic|thick|dumb|crap|rubbish|bot|machine|robot|question|joke|disgrace"
    r"|waste of space))\b",
    re.IGNORECASE,
)
_LONGEST_INSULT = 12  # words; whoever says more tells something as well


@dataclass(frozen=True, slots=True)
class _Act:
    """Intents that come to the same, the least share of all thirty that they must have, and the cue that must be there.

    `makes` is what was understood then, None for the question that was asked likeliest; `most` is the most words.
    """

    intents: tuple[str, ...]
    least: float
    cue: re.Pattern[str]
    makes: Understood | None = None
    most: int = 60


_ASKED = {
    "ask_why_needed": Aside.WHY_ASKED,
    "ask_deadline": Aside.DEADLINE,
    "ask_policy_process": Aside.PROCESS,
    "ask_status_of_my_complaint": Aside.STATUS,
}
_ACTS = (
    _Act(tuple(_ASKED), 0.5, _QUESTION),
    _Act(("speak_to_human",), 0.4, _PERSON, Understood("", command=Command.HUMAN)),
    _Act(("save_and_come_back_later", "goodbye"), 0.4, _LATER, Understood("", command=Command.PAUSE)),
    _Act(("dont_know_skip",), 0.15, _LEAVE_OUT, Understood("", command=Command.SKIP), 16),
    _Act(("thanks",), 0.5, _THANKS, Understood("", aside=Aside.THANKS), 20),
    _Act(("greeting",), 0.6, _ANYTHING, Understood("", aside=Aside.HELLO), 12),
    _Act(("withdraw_cancel",), 0.5, _ANYTHING, Understood("", wanted=Command.WITHDRAW)),
    _Act(("restart",), 0.5, _ANYTHING, Understood("", wanted=Command.RESTART)),
    _Act(("correct_previous_answer",), 0.4, _MENDING, Understood("", wanted=Command.CHANGE)),
    _Act(("abuse_insult",), 0.6, _ANYTHING, Understood("", problem="insult")),
)
_FEWEST = 2  # words: of one alone any guess is wild
_NAMELESS_SHARE = 0.3
# Not to know somebody's name is no wish to keep one's own.
_ANOTHERS_NAME = re.compile(
    r"\b(?:his|her|their|the|its|whose|what(?:['’]?s| is) (?:he|she)) (?:\w+ )?names?\b", re.IGNORECASE
)
_POLICY = re.compile(
    r"\b(?:policy|policies|document|booklet|leaflet|pdf|copy|charter|rules|written down)\b", re.IGNORECASE
)


class Guesser:
    """Guesses by the classifier that it is given; keeps nothing of what it reads."""

    def __init__(self, classifier: Classifier) -> None:
        self._classifier = classifier

    def guess(self, text: str, question: OpenQuestion | None) -> Understood | None:
        """What `text` may be at a closed question, or at none; None where nothing is likely enough."""
        words = len(text.split())
        if words < _FEWEST:
            return None
        ranking = self._classifier.classify(text, question)
        shares = {name: share * ranking.covered for name, share in ranking.scores}
        likely = [
            (sum(shares.get(name, 0.0) for name in act.intents), act)
            for act in _ACTS
            if words <= act.most and act.cue.search(text)
        ]
        likely = [(share, act) for share, act in likely if share >= act.least]
        if not likely:
            return _nameless(text, shares.get("make_it_anonymous_confidential", 0.0))
        _, act = max(likely, key=lambda pair: pair[0])
        return replace(act.makes or Understood("", aside=_asked(text, shares)), text=text, guessed=True)

    def opening(self, text: str) -> Opening:
        """What a story likely is, by its beginning: a letter says soon what it is about."""
        beginning = text if len(text) <= _BEGINNING else text[:_BEGINNING].rsplit(" ", 1)[0]
        return opening(self._classifier.classify(beginning, _STORY), text)


def insults(text: str) -> bool:
    """Whether a short message swears or jeers at somebody."""
    return len(text.split()) <= _LONGEST_INSULT and _SWEARING.search(text) is not None


def _asked(text: str, shares: Mapping[str, float]) -> Aside:
    likeliest = max(_ASKED, key=lambda name: shares.get(name, 0.0))
    aside = _ASKED[likeliest]
    return Aside.POLICY if aside is Aside.PROCESS and _POLICY.search(text) else aside


def _nameless(text: str, share: float) -> Understood | None:
    """A wish that no name be used: proposed, never decided."""
    if share < _NAMELESS_SHARE or not _NAMELESS.search(text) or _ANOTHERS_NAME.search(text):
        return None
    wish = {"confidentiality": Proposal("asked", 0, len(text))}
    return Understood(text, guessed=True, proposals=wish)


# ------------------------------------------------------------------------------------------------ how a story opens

_STORY = OpenQuestion("story", "text", optional=False)
_COMPLAINTS = (
    "make_complaint",
    "make_complaint_about_member_conduct",
    "complaint_about_study_centre",
    "dispute_exam_result",
    "staff_grievance",
    "legal_threat",
)
_INFORMAL = ("enquiry", "compliment", "suggestion")
_A_COMPLAINT, _NOT_ONE = 0.5, 0.4
# What a cue calls a question or praise is put as one where the classifier says the same, or it is named so outright.
_SURELY = 0.6
# Less will do where next to nothing speaks for a complaint.
_LIKELY, _HARDLY = 0.4, 0.1
_NAMED = re.compile(
    r"\b(?:question|query|enquiry|feedback|suggestion|suggest|compliment|praise)\b", re.IGNORECASE
)
_NATURES = {"enquiry": "enquiry", "compliment": "compliment", "suggestion": "feedback"}
_BEGINNING = 500  # characters
_FEWEST_OF_A_STORY = 10  # words; fewer do not say what they are about but by a cue
# What is none of the organisation's own service, by its intents, and how much may speak for them all the same.
_OF_OTHERS = (
    "make_complaint_about_member_conduct",
    "complaint_about_study_centre",
    "dispute_exam_result",
    "staff_grievance",
    "data_protection_request",
)
_MOST_OF_OTHERS = 0.3
_FEWEST_OF_SERVICE = 30  # words; who says little leaves open what it is about
_DENIES = re.compile(
    r"\b(?:nothing to do with|(?:no|not an?|not my|without) complaints?"
    r"|not (?:want |going |here |trying )?(?:to )?(?:be )?complain|not about)"
    r"|(?:n['’]t|\bdont) (?:want to |mean to )?complain|n['’]t about",
    re.IGNORECASE,
)
# fact, value, intent, least share among the openings
_FACTS = (
    ("subject", "member_conduct", "make_complaint_about_member_conduct", 0.6),
    ("subject", "study_centre", "complaint_about_study_centre", 0.5),
    ("subject", "exam_result", "dispute_exam_result", 0.5),
    ("subject", "data_protection", "data_protection_request", 0.6),
    ("complainant_type", "staff", "staff_grievance", 0.6),
    ("on_behalf_of", "other", "on_behalf_of_someone", 0.6),
)


@dataclass(frozen=True, slots=True)
class Opening:
    """What a story likely is. `facts` are to be proposed where nothing in its words says otherwise.

    `complains` is True where it is likely a complaint, None where nothing is known. False where it may as well be
    praise, an idea or a question: nothing is supposed then, and the first choice that is offered is a complaint.
    `surely` tells the natures other than a complaint that may be proposed where a cue speaks for one.
    `of_service` says that nothing points to anybody's conduct, a centre or a mark: such a complaint is of the service.
    """

    facts: Mapping[str, str]
    complains: bool | None
    surely: tuple[str, ...] = ()
    of_service: bool = False


def opening(ranking: Ranking, text: str) -> Opening:
    """What the ranking of a story's openings comes to."""
    shares = dict(ranking.scores)
    named = _NAMED.search(text) is not None
    wronged = sum(shares.get(name, 0.0) for name in _COMPLAINTS)
    least = _SURELY if wronged > _HARDLY else _LIKELY
    surely = tuple(n for intent, n in _NATURES.items() if named or shares.get(intent, 0.0) >= least)
    if sum(shares.get(name, 0.0) for name in _INFORMAL) >= _NOT_ONE:
        return Opening({}, False, surely)
    if _DENIES.search(text):
        return Opening({}, None, surely)
    complains = wronged >= _A_COMPLAINT
    if len(text.split()) < _FEWEST_OF_A_STORY:
        return Opening({}, True if complains else None, surely)
    facts = {fact: value for fact, value, intent, least in _FACTS if shares.get(intent, 0.0) >= least}
    elsewhere = sum(shares.get(name, 0.0) for name in _OF_OTHERS)
    of_service = elsewhere < _MOST_OF_OTHERS and len(text.split()) >= _FEWEST_OF_SERVICE
    return Opening(facts, True if complains else None, of_service=of_service)
