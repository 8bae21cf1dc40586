"""What a story says that it did to the person: the clause that tells of harm, or the likeliest to tell of it.

A clause that says outright what it cost is taken. Where none does, each is weighed by what it speaks of: a life at
work, at home or in a bank account, somebody of the story's own, something that had to be done because of it, and a
place right before the wish, which is where most people tell it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

Place = tuple[int, int]

_MOST_WORDS = 70
_LONG_CLAUSE = 30
_ENOUGH = 2.5
_ENOUGH_OF_RICH = 2.0  # where a long story tells a wish too, most tell an effect before it
_RICH = 40  # words
_FOLLOWED = 3.0  # of a clause that says that it follows from what happened
_JOINED = 1.5  # of a clause that stands in one breath with such a one
_JOIN = re.compile(r"\W*(?:and|so|but)?\W*", re.IGNORECASE)
FAMILY = (
    r"son|daughter|wife|husband|mum|mam|mother|dad|father|brother|sister|partner|child|kids|children|family|client"
    r"|employee|lads?|team|staff|parents?|nan|gran"
)
_WHO = r"(?:i|we|she|he|they|my (?:\w+ )?(?:son|daughter|wife|husband|mum|mother|dad|father|client|employee))"
_IT = (
    r"(?:(?:all\s+(?:of\s+)?)?(?:this|it|that|which)|the\s+(?:\w+\s+)?(?:delay|stress|result|situation|experience|mistake"
    r"|error|worry|wait|uncertainty|comments?|letters?)|all\s+of\s+which)"
)
_ADV = r"(?:\s+(?:has|have|had|is|was|really|now|all|also|already|badly|seriously|completely|been|just|totally|even))*"
_HARM = (
    r"(?:cost|costing|costs|affected|affecting|affects|caused|causing|left|leaves|made\s+(?:me|us|her|him|them|my|it)"
    r"|making\s+(?:me|us|her|him)|ruined|meant|means|delayed|held\s+(?:me|us|her|him|my)|knocked|destroyed|upset|stressed"
    r"|worried|kept\s+me|stopped|stops|taken|set\s+(?:me|us|her|him|my)|hurt|damaged|wrecked|driv\w+|put\s+(?:me|us|her"
    r"|him|a\s+strain|my|so\s+much)|given\s+me|humiliat\w+|devastat\w+|broken|broke|prevented|distress\w*|wasted)"
)
_STATE = (
    r"(?:out\s+of\s+pocket|off\s+(?:work|sick)|in\s+tears|(?:very\s+|so\s+|really\s+|extremely\s+|too\s+)*(?:stressed|upset"
    r"|anxious|worried|embarrassed|humiliated|depressed|exhausted|heartbroken|distressed|devastated|ill|gutted|behind"
    r"|ashamed|frightened|scared|shaken|mortified|worn\s+out|at\s+my\s+wits)|unable\s+to|losing|missing\s+out"
    r"|crying|in\s+bits|struggling|unwell|not\s+(?:slept|been\s+able|sleeping|eating))"
)
# What says outright that somebody was harmed, and how.
_OUTRIGHT = re.compile(
    rf"\b(?:{_IT}{_ADV}(?:\s+\w+ly)?\s+{_HARM}\b"
    rf"|{_WHO}(?:'m|'ve|’ve|’m|'s)?{_ADV}\s+{_STATE}\b|(?:i'm|i’m|im|ive|i've|shes|hes|theyre)\s+(?:\w+\s+)?{_STATE}\b"
    rf"|(?:i|we|she|he|they)(?:'ve|’ve|'s)?{_ADV}\s+(?:lost|missed\s+out|missed\s+(?:a|my|the|two|three)|had\s+to\s+(?:pay"
    r"|take|tell|ask|rewrite|redo|hire|sell|cancel|turn|borrow|travel|buy|use|postpone|stop|give\s+up|work|resign|drop)|could\s*n[o']t\s+(?:sleep|start|work"
    r"|apply|take|eat|afford|face)|can(?:no|')?t\s+(?:sleep|start|work|apply|eat|afford|concentrate|progress|face)"
    r"|cried|paid\s+out|turned\s+down|wasted|barely\s+sle\w+|hardly\s+sle\w+)\b"
    r"|(?:losing|loss\s+of)\s+(?:my|a|the|out|£|sleep|confidence|wages|pay|income|earnings|work|days|money|faith|trust)"
    r"|my\s+(?:\w+\s+)?(?:health|confidence|anxiety|career|studies|family|marriage|sleep|business|job|nerves|promotion)"
    r"\s+(?:has|have|is|suffer\w*|are|was|were|depends|got|went|offer)\b"
    r"|(?:panic\s+attacks?|sleepless\s+nights|off\s+work\s+(?:sick\s+)?with))",
    re.IGNORECASE,
)
# What follows from it; with somebody of the story's own beside it, close to saying so.
_FOLLOWS = re.compile(
    r"\b(?:as\s+a\s+(?:direct\s+)?(?:result|consequence)|(?:be)?(?:cause|cos|coz|cuz)\s+of\s+(?:this|it|that|you|your|all)|(?:which|that|this)\s+means"
    r"|meaning\s+(?:that\s+)?(?:i|we|she|he)|so\s+now\s+(?:i|we|she|he)|consequently|the\s+upshot|in\s+the\s+end|ever\s+since"
    r"|since\s+(?:then|that\s+day)|without\s+(?:it|the|a|that)\s|over\s+(?:it|this)\b|thanks\s+to\s+(?:you|this)|since\s*$)",
    re.IGNORECASE,
)
_FELT = re.compile(
    r"\b(?:sick\s+with\s+worry|worried\s+sick|sleepless|stress\w*|anxi\w+|panic\w*|nightmares?|tears|cr(?:ying|ied)"
    r"|embarrass\w*|humiliat\w*|distress\w*|upset\w*|heartbr\w*|devastat\w*|exhaust\w*|degrad\w+|diminished|invisible"
    r"|robbed|asham\w+|afraid|frightened|scared|shaking|shaken|shook|mortified|dread\w*|sleep\w*|awake|lonely|worthless"
    r"|belittled|stupid|fool|small|confidence|felt|feel|feeling|lost\s+heart|heart\s+out|gone\s+quiet|nerves|jump\w*"
    r"|depress\w+|worst|numb|broken|hopeless|ill|sick)\b",
    re.IGNORECASE,
)
_LIFE = re.compile(
    r"(?:£\s?\d|\b(?:job|jobs|work|boss|employer|manager|director|learners?|promotion|promoted|bonus|wages?|pay|paid|pay\s+rise|salary|income"
    r"|earnings|rent|mortgage|savings|money|quid|pounds|bank|overdraft|overdrawn|debt|credit\s+card|bills?|visa|benefits"
    r"|career|contract|clients?|customers?|business|turnover|rival|role|post|posts|offer|placement|scholarship|funding"
    r"|doctor|gp|hospital|health|holiday|annual\s+leave|study\s+leave|evenings?|nights?|weekends?|weeks?\s+of|hours|days"
    r"|home|house|wedding|degree|university|year|months|budget|stairs|register\s+with|out\s+of\s+pocket|behind"
    r"|reputation|family)\b)",
    re.IGNORECASE,
)
_DONE = re.compile(
    r"\b(?:ha(?:ve|s|d)\s+(?:had\s+)?to|been\s+(?:obliged|forced|unable|told\s+by\s+my)|obliged\s+to|forced\s+to|left\s+(?:me|us"
    r"|her|him|with)|made\s+(?:me|us|her|him)|lost|losing|lose|gone|pulled|given\s+up|gave\s+up|turned\s+(?:away|down)"
    r"|missed|missing|can(?:no|['’])?t|cannot|can\s+not|won['’]?t|unable|not\s+been\s+able|have\s*n['’]t\s+been\s+able"
    r"|put(?:ting)?\s+(?:off|back|on\s+hold|a\s+block)|used\s+up|maxed|borrow\w*|knocked|drop(?:ped|s)|cancel(?:led)?\s+(?:my"
    r"|our|the|a)|stopped|wasted|let\s+(?:\w+\s+){1,2}(?:go|down)|held\s+(?:up|back|open)|no\s+(?:money|income|pay|wages)"
    r"|not\s+slept|haven['’]t\s+slept|signed\s+off|depends?\s+(?:up)?on|afford|haven['’]t\s+got|still\s+have\s+no|fallen"
    r"|fell|struggl\w+|barely|hardly|fail(?:ed)?\s+(?:the|my)|as\s+good\s+as|get\s+over|nowhere\s+near|not\s+forgiven"
    r"|frozen|docked|not\s+seen|going\s+without|gone\s+without|live\s+off|living\s+off|doesn['’]t\s+want|does\s+not\s+want|won['’]t)\b",
    re.IGNORECASE,
)
_OWN = re.compile(
    rf"\b(?:i|i['’]\w+|im|ive|id|me|my|mine|myself|we|we['’]\w+|us|our|she|he|her|him|his|hes|shes"
    rf"|the\s+(?:{FAMILY}))\b",
    re.IGNORECASE,
)
# What the other side did, who writes, and how they are reached, tell of no effect.
_TOLD = re.compile(
    r"^\W*(?:you|your|they|nobody|no\s+one|someone|somebody|the\s+(?:tutor|trainer|assessor|centre|office|woman|man|lady"
    r"|system|portal|invoice|email|letter)|when\s+(?:i|we)|(?:then|and|but)?\s*(?:i|we)\s+(?:rang|phoned|called|emailed|e-mailed"
    r"|wrote|asked|booked|bought|paid|sent|complained|raised|applied|attended|sat|took|handed|returned|reported|spoke"
    r"|submitted|received|enrolled|joined|renewed|signed\s+up|told))\b",
    re.IGNORECASE,
)
_WHO_WRITES = re.compile(
    r"@|\b(?:my\s+(?:full\s+)?name|(?:i\s+am|i['’]?m|i\s+was|i['’]?ve\s+been|i\s+have\s+been|we\s+are)\s+(?:an?\s+|the\s+|one\s+of"
    r"\s+|registered|currently|doing|studying|on\s+(?:your|the)|writing|complaining|a?\s*member)|on\s+behalf|(?:i|we)\s+(?:write|act"
    r"|represent|wish\s+to|work\s+(?:for|as|at))|dear\s|yours\s|regards|complain\b)",
    re.IGNORECASE,
)


_ONLY_OPENS = re.compile(
    r"\b(?:complaining|complain|complaint)\s+(?:is\s+)?(?:about|against)\b", re.IGNORECASE
)


def find_effect(text: str, told: Sequence[Place], wish: int | None) -> Place | None:
    """The clauses, of those `told`, that tell the effect; `wish` is where the wish begins, if one does.

    All are places [start, end) in the text.
    """
    outright = [
        _shortened(text, start, sign, end)
        for start, end in told
        if (sign := _outright(text, start, end)) is not None
    ]
    if outright:
        return last_run(text, outright)
    before = [start for start, end in told if wish is not None and end <= wish and end - start > 3]
    weights = [weigh(text[s:e]) + (1.0 if before and s == before[-1] else 0.0) for s, e in told]
    if weights:
        weights[0] -= 1.0  # a story begins with what happened, and many are nothing but that
    best = max(range(len(told)), key=lambda number: (weights[number], number), default=None)
    rich = wish is not None and len(text.split()) >= _RICH
    if best is None or weights[best] < (_ENOUGH_OF_RICH if rich else _ENOUGH):
        return None
    return last_run(text, _in_one_breath(text, told, weights, best))


def _outright(text: str, start: int, end: int) -> int | None:
    """Where a clause says outright what was done to somebody, or what followed for a life that it speaks of."""
    if _ONLY_OPENS.search(text, start, end) is not None:
        return None
    sign = _OUTRIGHT.search(text, start, end)
    if sign is None and weigh(text[start:end]) >= _FOLLOWED:
        sign = _FOLLOWS.search(text, start, end)
    return None if sign is None else sign.start()


def _in_one_breath(text: str, told: Sequence[Place], weights: Sequence[float], best: int) -> list[Place]:
    """The best clause and those joined to it: "I changed my locks, and I jump when the bell goes" is one effect."""
    parts = [_shortened(text, told[best][0], *told[best])]
    for number in range(best - 1, -1, -1):
        if weights[number] < _JOINED or not _JOIN.fullmatch(text[told[number][1] : parts[0][0]]):
            break
        parts.insert(0, told[number])
    for number in range(best + 1, len(told)):
        if weights[number] < _JOINED or not _JOIN.fullmatch(text[parts[-1][1] : told[number][0]]):
            break
        parts.append(told[number])
    return parts


def weigh(clause: str) -> float:
    """How likely a clause is to tell an effect; `_ENOUGH` is enough."""
    if len(clause.split()) < 4 or _WHO_WRITES.search(clause) is not None or clause.rstrip().endswith("?"):
        return 0.0
    own = _OWN.search(clause) is not None
    weight = 1.0 * own + 1.0 * (_FOLLOWS.search(clause) is not None)
    if own:
        weight += 1.0 * (_FELT.search(clause) is not None) + 1.0 * (_DONE.search(clause) is not None)
    weight -= 1.0 * (len(clause.split()) > _LONG_CLAUSE)
    weight += 0.75 * min(2, len({match.group().lower() for match in _LIFE.finditer(clause)}))
    return weight - 1.0 * (_TOLD.search(clause) is not None)


def _shortened(text: str, start: int, told: int, end: int) -> Place:
    """A clause without its trailing space; where somebody goes on without a stop, from the telling words on."""
    end = start + len(text[start:end].rstrip())
    if len(text[start:end].split()) <= _LONG_CLAUSE:
        return start, end
    kept = re.match(rf"\S+(?:\s+\S+){{0,{_LONG_CLAUSE}}}", text[told:end])
    return told, told + (kept.end() if kept is not None else 0)


def last_run(text: str, spans: Sequence[Place]) -> Place | None:
    """The last span, with those that stand right before it; wishes come at the end, and often in a row."""
    if not spans:
        return None
    start, end = spans[-1]
    for first, last in reversed(spans[:-1]):
        if re.fullmatch(r"[\s.,!?;:-]*(?:and|so|but)?\s*", text[last:start]) is None:
            break
        if len(text[first:end].split()) > _MOST_WORDS:
            break
        start = first
    return (start, end) if end - start >= 4 else None
