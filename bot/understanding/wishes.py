"""What a story says of its effect and of the remedy that is wanted: the person's own words, with their place.

Read clause by clause: a clause that opens like a wish, or tells of harm done, is proposed as it stands. It is put to
the person as a quotation, so a clause too many costs a "no", and one too few costs a question.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from bot.messages import Proposal
from bot.understanding.effects import FAMILY, find_effect, last_run
from bot.understanding.names import name_at
from bot.understanding.tokens import tokens_of

_LONGEST = 8000  # characters that are looked through; the rest of a very long story is read by people
_LATE = 0.4  # of the clauses: an order ("put it back to Monday") is a wish only after what happened was told
_FEWEST = 3  # words of a wish; with fewer behind it, the whole clause is what is wanted

_WHO = rf"(?:i|we|she|he|they|my (?:\w+ )?(?:{FAMILY}))"
_SOFT = r"(?:\s+(?:just|only|really|simply|now|therefore|also|still|honestly|basically|do|would|should|wud|very much))*"
# "I want to complain" opens a complaint; it is no wish for anything.
_NO_WISH = re.compile(
    r"\s+(?:this\s+(?:as|to\s+be)\s+an?\s+(?:formal\s+)?complaint|to\s+(?:formally\s+|also\s+)*(?:complain|make|raise"
    r"|report|tell|speak|talk|appeal|register|lodge|file|submit|say|bring|give|express|add|ask|start|point|mention"
    r"|explain|escalate|take\s+(?:it|this|that|my\s+complaint|the\s+matter)\s+(?:further|higher|on)|put\s+in|thank|inform|remain|stay|keep|be\s+anonymous|dispute|challenge|query)\b|you\s+to\s+know"
    r"|(?:my\s+name|to\s+talk|a\s+person|someone|me\s+to)\b(?!\s+(?:to|who|senior|else|higher)))",
    re.IGNORECASE,
)
_ASK_FOR_NOTHING = (
    r"(?!(?:note|find|see|be\s+(?:aware|advised|kind)|(?:accept|treat|consider|take|regard)\s+this|do(?:n['’]?t|\s+not)"
    r"|excuse|forgive|help|reply|contact\s+me|call\s+me|ring\s+me|phone\s+me|e-?mail\s+me|write\s+to\s+me|let\s+me\s+know"
    r"|thanks?|sir|madam|open|register|log|pass\s+(?:this|it)|read|look\s+at\s+the\s+attached)\b)"
)
_DO = (
    r"(?:refund|reimburse|compensate|repay|pay|send|resend|post|issue|reissue|replace|re-?mark|remark|review|reconsider"
    r"|apologi[sz]e|say\s+sorry|explain|correct|amend|put\s+(?:it|this|things|me|her|him|my)|cancel|waive|extend|reinstate"
    r"|return|remove|delete|stop|investigate|look\s+(?:into|at)|sort|fix|change|arrange|give|let|tell|confirm|ring|call"
    r"|contact|check|honou?r|upgrade|release|provide|restore|allow|write|chase|train|discipline|withdraw|move|assign|e-?mail\s+(?:it|them|the|my|a)\b)"
)
# What an order begins with; "put" and "let" may be past ("put the phone down on me", "let me down").
_ORDER = (
    r"(?:refund|reimburse|compensate|repay|pay|send|resend|issue|reissue|replace|re-?mark|review|reconsider|apologi[sz]e"
    r"|say\s+sorry|explain|correct|amend|put\s+(?!the\s+phone|down\b)|cancel|waive|extend|reinstate|return|remove|delete|stop"
    r"|investigate|look\s+(?:into|at|again)|sort|fix|mend|change|arrange|give\s+(?!yoursel)|let\s+(?!(?:me|us|her|him|them)?\s*down)|tell|check"
    r"|honou?r|release|provide|restore|allow|write\s+off|withdraw|move|assign|mark|take|accept|swap|print|find|get|make|drop"
    r"|undo|add|update|lift|call\s+off|clear|wipe|void|scrap|tear\s+up|e-?mail\s+(?:me|us)\s+(?:a|an|the|my)\b|post\s+(?:me|us|it)|listen|admit|own\s+up|credit|close|open|reopen|pull|run|start|set|keep|treat|train|sack|award|assess|leave)"
)
_THINGS = (
    r"(?:refund|apology|explanation|re-?mark|resit|re-?sit|replacement|compensation|reimbursement|new\s+certificate"
    r"|new\s+(?:tutor|assessor|coach|trainer)|certificate|money\s+back|money|fee|written\s+(?:answer|apology|explanation)"
    r"|review|answer|credit(?:\s+note)?|extension|sorry|letter|card|goodwill\s+(?:gesture|payment)|second\s+(?:look|opinion|marking))"
)
_WISH = re.compile(
    rf"\b(?:(?:all|what|the\s+only\s+thing|only\s+thing)\s+(?:that\s+)?{_WHO}(?:'d|’d|'m|’m|\s+am|\s+are|'re|’re)?{_SOFT}\s*"
    rf"(?:want|wants|ask|asks|asking|need|needs|expect|like|would\s+like|am\s+asking|are\s+asking|after|seek)\b"
    rf"|{_WHO}(?:'d|’d)?{_SOFT}\s+(?:want|wants|like|would\s+like|wud\s+like|expects?|demands?|requests?|requires?|needs?"
    rf"|seeks?|insists?|prefer|settle\s+for|appreciate|be\s+(?:grateful|glad|happy|pleased|obliged|satisfied)(?=\s+(?:for|if|to|with))"
    rf"|hope(?=\s+(?:you|for|that\s+you))|(?:am|are|is|'m|’m)\s+(?:asking|looking|hoping|seeking|requesting|after)"
    rf"|asks?\s+(?:for|that|you))\b(?!\s+(?:better|nothing))"
    rf"|{_WHO}(?:'d|’d|\s+would|\s+should|\s+must)\s+(?:\w+ly\s+)?ask\s+(?:for|that|you|to|the)\b"
    rf"|(?:i'm|i’m|im|we're|we’re)\s+(?:just\s+)?(?:asking|looking|hoping|seeking|requesting|after)\b"
    rf"|(?:id|wed)\s+(?:just\s+|really\s+)?(?:like|want|appreciate)\b"
    rf"|(?<!to )(?:want|need|would\s+like|would\s+appreciate|demand|expecting|requesting)\s+(?:a|an|my|full|the)\s+"
    rf"(?:\w+\s+){{0,3}}{_THINGS}\b"
    rf"|(?<=\band )(?:want|wants|would\s+like|demand|expect)\b|just\s+want\b|wants\s+\w+ing\b"
    rf"|(?:please|pls|plz|kindly)\s+(?:can|could|will|would)\s+(?:you|someone|somebody)\b"
    rf"|(?:please|pls|plz|kindly)\s+(?:just\s+|to\s+)?{_ASK_FOR_NOTHING}(?:{_DO}|[a-z]{{3,}})\b"
    rf"|(?:can|could|will|would)\s+(?:you|someone|somebody|u)\s+(?:please\s+|pls\s+|just\s+|at\s+least\s+|kindly\s+)*{_DO}\b"
    rf"|(?:you|they|he|she|someone|cim|cipfa|cmi|cqm|cms|it|this|the\s+\w+|my\s+\w+)\s+(?:really\s+)?"
    rf"(?:should|must|ought\s+to|needs?\s+to|has\s+to|have\s+to)\s+(?:be\s+)?(?:\w+ly\s+)?{_DO}(?:d|ed|ned)?\b"
    rf"|(?:a|an|my|full|the)\s+(?:\w+\s+){{0,2}}{_THINGS}\s+(?:would|is\s+(?:all|what|the\s+least))\b"
    rf"|to\s+put\s+(?:it|this|things)\s+right|i\s+(?:want|wd\s+like|'d\s+like)\b)",
    re.IGNORECASE,
)
# Signs that count only after the story: an order, a thing alone, what should be done.
_LATE_WISH = re.compile(
    rf"(?:^\W*(?:(?:just|now|so|then|and|first|firstly|secondly|at\s+the\s+very\s+least|at\s+least|all\s+i\s+ask|either|or)\W+)*"
    rf"(?:{_ORDER}\b|(?:(?:a|an|full|some)\s+(?:(?!late\b)\w+\s+){{0,3}}?)?{_THINGS}\s*,?\s+(?:back|and|by|in|sent|for|from|to|please|plus|within)\b)"
    rf"|\b(?:should|must|ought\s+to|needs\s+to|has\s+to)\s+(?:now\s+|all\s+|both\s+)?be\s+(?:\w+ly\s+)?\w+(?:ed|en|ght"
    rf"|aid|ut|ade|ack|ent)\b|\bneeds?\s+(?:a|an|her|his|their)\s+(?:\w+\s+)+(?:back|instead)\b"
    rf"|\bis\s+(?:all\s+(?:that\s+)?(?:i|we|he|she)|the\s+(?:very\s+)?(?:least|minimum))\b|\bwould\s+(?:do\s+(?:it|me|nicely)|be\s+(?:a\s+start|enough)|satisfy"
    rf"|put\s+(?:it|this|things)\s+right)\b|\bthat['’]?s\s+(?:it|all)\s*$)",
    re.IGNORECASE,
)
_LOOSE_END = re.compile(r"\s+(?:and|so|but|because|then|cos)\W*$", re.IGNORECASE)


def _told(text: str, start: int, end: int) -> Proposal:
    """Words as they are read back: without the "and" that would have gone on."""
    loose = _LOOSE_END.search(text[start:end])
    end = end if loose is None else start + loose.start()
    return Proposal(text[start:end], start, end)


# A clause ends at a stop, or, where somebody dictates without any, where another thing is begun.
_END = re.compile(
    r"[.!?;](?=\s|$)|\n|\s(?=(?:my\s+(?:full\s+)?name(?:'s|\s+is)|my\s+(?:e-?mail|mobile|phone|number|address)|you\s+can"
    r"\s+(?:reach|contact|ring|call|e-?mail|phone)|(?:many\s+|kind\s+)?(?:thanks|regards)|thank\s+you|yours\s+(?:sincerely"
    r"|faithfully)|diolch|cheers|contact\s+me|reach\s+me)\b)",
    re.IGNORECASE,
)
_THEN = re.compile(
    r"\s(?:and|so|but)\s+(?=(?:i|we|all\s+i|please|pls|want|wants|would\s+like|demand|expect)\s)",
    re.IGNORECASE,
)
# Where somebody goes on and on without a stop, these begin another thing too.
_BREATH = re.compile(
    r"\s(?=(?:i\s+(?:would|wud|just|only|now|really)\s+(?:like|want)|i\s+want|we\s+want|id\s+like|please|pls|all\s+i|what\s+i\s+want"
    r"|just\s+want|because\s+of\s+(?:this|it)|i\s+(?:have|had|am|was|lost|cannot|cant|can't|haven't|havent)|she\s+(?:is|was|has|wont|says)"
    r"|he\s+(?:is|was|has|wont|lives)|now\s+(?:i|she|he|we|all))\s)",
    re.IGNORECASE,
)
_ONE_BREATH = 24  # words


def find_wishes(text: str) -> dict[str, Proposal]:
    """`effect`, `desired_remedy` and `why_dissatisfied`, each the clause or the run of clauses that tells it.

    Nothing where none does. Why an answer did not satisfy is told behind the answer.
    """
    text = text[:_LONGEST]
    wishes: list[tuple[int, int]] = []
    told: list[tuple[int, int]] = []
    clauses = list(_clauses(text))
    for number, (start, end) in enumerate(clauses):
        wish = _wish(text, start, end, late=number >= len(clauses) * _LATE and number > 0)
        if wish is not None:
            wishes.append((wish, end))
        told.append((start, wish if wish is not None else end))
    remedy = last_run(text, wishes)
    effect = find_effect(text, told, None if remedy is None else remedy[0])
    spans = {
        "effect": effect,
        "desired_remedy": remedy,
        "why_dissatisfied": _reason(text, [place for place in told if not _overlap(place, effect)]),
    }
    return {name: _told(text, *span) for name, span in spans.items() if span is not None}


# That somebody is not content says nothing of why.
_ONLY_UNHAPPY = re.compile(
    r"\W*(?:(?:and|but|so)\s+)?(?:i|we)(?:['’]m|['’]re|\s+am|\s+are|\s+do|\s+can)?\s*(?:not|n['’]t|un)\W*(?:at all )?"
    r"(?:happy|satisfied|content|accept\w*|agree\w*)(?:\s+\w+){0,4}\W*",
    re.IGNORECASE,
)
_FEWEST_OF_REASONS = 25  # words of a story; who says less is asked
_NEAR_ANSWER = 4  # clauses: what is said further on is said of something else
_EARLY = ("effect", "desired_remedy")
_MOST_NAMES = 3  # words
_LONGEST_EARLY = 600  # characters; more is kept with the story as it stands


def told_early(
    text: str, proposals: Mapping[str, Proposal], *, answered: bool = False
) -> dict[str, Proposal]:
    """What a message tells where it was not asked: a wish or an effect, or a name and nothing else."""
    if len(text) > _LONGEST_EARLY:
        return {}
    found = {name: one for name, one in find_wishes(text).items() if name in _EARLY}
    if not found and not proposals and not answered and 2 <= len(text.split()) <= _MOST_NAMES:
        tokens = tokens_of(text)
        name = name_at(tokens, 0, least=2)
        if name is not None and name.end >= len(text.rstrip(" .,!")):
            found["complainant_name"] = Proposal(name.value, name.start, name.end)
    return found


# An answer that was had, and what somebody says who does not take it.
_AN_ANSWER = re.compile(
    r"\b(?:repl(?:y|ied)|respon(?:se|ded)|answer(?:ed)?|letter|outcome|decision|findings?|conclu(?:ded|sion)"
    r"|(?:you|he|she|they) (?:says?|said|found|have found|tells?|told me))\b",
    re.IGNORECASE,
)
_DISSENT = re.compile(
    r"n['’]t\b|\b(?:not|never|without|ignor\w*|wrong|untrue|unfair|miss(?:es|ed)|no mention|nothing|disagree|proof"
    r"|instead|despite|only|just|whitewash|contradict\w*|refus\w+|fails?|dont|doesnt|didnt)\b",
    re.IGNORECASE,
)


def _overlap(place: tuple[int, int], other: tuple[int, int] | None) -> bool:
    return other is not None and place[0] < other[1] and other[0] < place[1]


def _reason(text: str, told: list[tuple[int, int]]) -> tuple[int, int] | None:
    """The clauses, beside the first that tells of an answer, that say what is wrong with it."""
    if len(text.split()) < _FEWEST_OF_REASONS:
        return None
    first = next((number for number, (s, e) in enumerate(told) if _AN_ANSWER.search(text, s, e)), len(told))
    run: tuple[int, int] | None = None
    for place in told[first : first + _NEAR_ANSWER]:
        if _DISSENT.search(text, *place) is None:
            continue
        if run is None:
            run = place
        elif not re.search(r"\w|\n\s*\n", text[run[1] : place[0]]):
            run = run[0], place[1]
    if run is None or _ONLY_UNHAPPY.fullmatch(text, *run) is not None:
        return None
    return run[0], run[0] + len(text[slice(*run)].rstrip(" ,;:-"))


def _wish(text: str, start: int, end: int, *, late: bool) -> int | None:
    """Where the wish of a clause begins; "I need it for a job" gives way to what is then asked for."""
    found = [match for match in _WISH.finditer(text, start, end) if not _only_complains(text, match, end)]
    asked = [match for match in found if not _NEED.search(match.group())] or found
    if asked:
        bare = len(text[asked[0].end() : end].split()) < _FEWEST and not _NEED.search(asked[0].group())
        short = len(text[start : asked[0].start()].split()) > 1 and len(text[start:end].split()) < _ONE_BREATH
        return start if bare and short and late else asked[0].start()
    if not late or _ONLY_COMPLAINS.search(text, start, end):
        return None
    # A pattern's "^" is the beginning of the text, so the clause is cut out for it.
    return start if _LATE_WISH.search(text[start:end]) is not None else None


_NEED = re.compile(r"\bneeds?$", re.IGNORECASE)
_NEED_TO = re.compile(r"\s+to\s+(?!know|hear|see|have|get|be\s+(?:told|given|paid|sent|put))", re.IGNORECASE)
_EXPECT = re.compile(r"expects?$", re.IGNORECASE)
_SUPPOSES = re.compile(
    r"\s+(?:(?:it|that|this|there)(?:['’]s|\s+is)\b|you\s+(?:get|know|hear|think|have|see)\b|so\b)",
    re.IGNORECASE,
)
_ONLY_COMPLAINS = re.compile(r"\b(?:want|wish|like)\s+to\s+(?:complain|appeal|report)\b", re.IGNORECASE)


def _only_complains(text: str, wish: re.Match[str], end: int) -> bool:
    """Whether what is wanted is to complain, to be heard, or a person: nothing that puts a thing right."""
    if _NEED.search(wish.group()) and _NEED_TO.match(text, wish.end(), end):
        return True
    if _EXPECT.search(wish.group()) and _SUPPOSES.match(text, wish.end(), end):
        return True
    return _NO_WISH.match(text, wish.end(), end) is not None


def _clauses(text: str) -> Iterator[tuple[int, int]]:
    """The clauses, each without the white space around it."""
    start = 0
    ends = [match.start() for match in _END.finditer(text)]
    for end in [*ends, len(text)]:
        yield from _parts(text, start, end)
        start = end
        while start < len(text) and text[start] in ".!?;\n":
            start += 1


def _parts(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """A clause, cut before "and I ...": two things may be told in one breath."""
    cuts = {match.end() for match in _THEN.finditer(text, start, end)}
    if len(text[start:end].split()) > _ONE_BREATH:
        cuts |= {match.end() for match in _BREATH.finditer(text, start, end)}
    for first, last in zip([start, *sorted(cuts)], [*sorted(cuts), end], strict=True):
        said = text[first:last]
        kept = re.sub(r"\s(?:and|so|but)\s*$", "", said.rstrip())
        begin = first + len(said) - len(said.lstrip(" ,:-"))
        if kept.strip():
            yield begin, first + len(kept)
