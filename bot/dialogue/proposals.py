"""What a message suggests beside its answer: proposed facts, their confirmation, and corrections of earlier answers."""

from __future__ import annotations

import re
from collections.abc import Mapping

from bot.dialogue.asking import label, shown
from bot.dialogue.context import INFORMAL, Context, Step
from bot.dialogue.draft import RISK_OF_HARM, Draft, How
from bot.dialogue.summary import IN_THEIR_WORDS, NAMES
from bot.messages import Proposal, Understood
from policy_rules.questions import PERSON_FACTS

CHECK = "check_answers"
CONTACTS = {"contact_email": "email", "contact_phone": "phone", "contact_post": "post"}
_LIMITED = ("asked", "anonymous")
_FIRST_PERSON = re.compile(r"\b(I|I'm|I've|Im|Ive|my|me|mine|we|we're|we've|us|our)\b", re.IGNORECASE)
# In Welsh "i" is any word's neighbour: a story of one's daughter or client is nobody's own for its sake.
_WELSH_OTHER = re.compile(
    r"\bfy (merch|mab|mam|nhad|ng[wŵ]r|ngwraig|mhartner|mhlentyn|mrawd|chwaer|wyres|[wŵ]yr|nai|nith|ffrind|nghleient"
    r"|nghydweithiwr|ngweithiwr)\b",
    re.IGNORECASE,
)
# Only where the open question was not answered: a person who says so is putting an earlier answer right.
CORRECTING = re.compile(
    r"^\W*(no|actually|sorry|correction)\b|\b(i meant|should be|should have been|change (it|that|my)|not right)\b",
    re.I,
)
# Words of somebody who has had an answer: then how far it came is asked, not supposed. Silence is no answer.
_UNANSWERED = re.compile(
    r"\b(no|not|never|nobody|no one|without|(has|have|did|do|does|wo|could|ca)n['’]?t|cannot|nothing|still waiting for"
    r"|awaiting|wait(ing)? for|want|expect|need|(would|i'd|i’d) like|asking for|hope for|demand)\b[^.!?;\n]{0,40}?"
    r"\b(repl\w+|respon\w+|answer\w*|explanation|acknowledg\w*|back)\b",
    re.IGNORECASE,
)
_ANSWERED = re.compile(
    r"\b(repl(y|ies|ied)|respon(se|ses|ded|d)|answer(ed|s)?|appeal\w*|escalat\w*|stage|findings?|upheld|outcome"
    r"|(final|formal|written|previous|first|second|earlier|last|dismiss|reject|close|your|their|his|her|the) (answer"
    r"|decision|letter|complaint)|decision|complained|complaint (was|has been|to|in|of|about it)|rejected|dismissed"
    r"|chief executive|chair|ombudsman|investigat\w*|second time (i|we|of) (have )?\w*(complain|writ|ask)\w*"
    r"|wrote back|got back|told me (that|no))\b",
    re.IGNORECASE,
)
# Who answered a call, and a machine that did, gave no answer to a complaint.
_NO_ANSWER = re.compile(
    r"\b(who|that|which|whoever) (finally |eventually |then )?(answer(s|ed)?|repl(ies|ied)|responded)\b"
    r"|\banswer(s|ed|ing)? (the|my|your|our|a|any|no) (phone|call|calls|telephone|door|questions?|machine|e-?mails?)\b"
    r"|\b(automat(ic|ed)|auto|out[- ]of[- ]office) (repl(y|ies)|respon(se|ses)|answers?)\b|\banswer ?phone\b",
    re.IGNORECASE,
)
_SHORT = 12  # words; nobody tells in so few that they write for somebody else, and leaves it at that


# What is put to most people to be confirmed, whatever their story.
SUPPOSED = {
    "nature": "complaint",
    "on_behalf_of": "self",
    "stage_reached": "none",
    "confidentiality": "none",
}
# Where a complaint is about somebody, whether names may be used is asked outright, and never supposed.
_ABOUT_SOMEBODY = ("staff_member", "director", "member_conduct", "data_protection", "other", "malpractice")


def keep(context: Context, draft: Draft, step: Step, name: str, value: str, how: How) -> None:
    """Keep an answer; a death is met with one sentence, the first time it is said."""
    if name == "confidentiality" and value in _LIMITED and draft.answers.get(name) != value:
        step.says.append(context.words.say(f"limits.{value}"))
    if (name, value) == ("representative_basis", "deceased") and draft.answers.get(name) != value:
        step.says.append(context.words.say("notices.condolence"))
    draft.set(name, value, how)


def confirm(context: Context, draft: Draft, step: Step, yes: bool) -> None:
    """Settle what was proposed: kept after a yes, asked one by one after a no."""
    proposed = dict(draft.proposed)
    behalf = draft.answers.get("on_behalf_of") or proposed.get("on_behalf_of")
    for name, value in proposed.items():
        if name in NAMES and behalf != "other":
            continue  # it turned out to be about themselves: see `Talk._settle_names`
        if yes:
            keep(context, draft, step, name, value, "confirmed")
        elif name not in draft.declined:
            draft.declined.append(name)
    if not yes and "complainant_name" in proposed:
        # What was wrong in it nobody knows; the writer's own name is theirs whoever it is about.
        draft.represented_name = None
    draft.proposed = {}


def suppose(context: Context, draft: Draft, story: str, complains: bool | None = None) -> None:
    """What most stories are, to be confirmed: a complaint, the teller's own, and told for the first time.

    Nobody has to use the word "complaint". `complains` says whether the story likely is one: a question that is
    ("Is it normal to wait nine weeks?") is supposed to be; what may be praise is asked about, a complaint being the
    first that is offered. What the story itself suggests takes the place of these.
    """
    words = story.split()
    mere_question = story.rstrip().endswith("?") and len(words) < 30
    facts = context.compiled.pack.facts
    supposed = not mere_question if complains is None else complains
    if "nature" in facts and "nature" not in draft.answers and supposed:
        draft.proposed.setdefault("nature", SUPPOSED["nature"])
        if "stage_reached" in facts and not _ANSWERED.search(
            _NO_ANSWER.sub(" ", _UNANSWERED.sub(" ", story))
        ):
            draft.proposed.setdefault("stage_reached", SUPPOSED["stage_reached"])
    own = _FIRST_PERSON.search(story) is not None or len(words) <= _SHORT
    if "on_behalf_of" not in draft.answers and own and not _WELSH_OTHER.search(story):
        draft.proposed.setdefault("on_behalf_of", SUPPOSED["on_behalf_of"])


def corrects(draft: Draft, chosen: Mapping[str, str | None]) -> bool:
    """Whether what was chosen on a page puts a proposal right; then the others stand as they were shown."""
    return any(value is not None and draft.proposed.get(n, value) != value for n, value in chosen.items())


def amends(draft: Draft, said: Mapping[str, Proposal]) -> bool:
    """Whether a message names another value for something that was proposed, or kept from the story unasked."""
    return bool(_amended(draft, _whose(draft, said)))


def _amended(draft: Draft, said: Mapping[str, Proposal]) -> dict[str, Proposal]:
    known = {**draft.answers, **draft.proposed}
    return {name: p for name, p in said.items() if known.get(name) not in (None, p.value)}


# What a "no" is about where it names no other value: that alone is asked, and the rest stands as it was shown.
_DOUBTS = (
    ("subject", re.compile(r"\b(about|to do with|regarding|concerns|mainly|ynghylch)\b", re.I)),
    ("on_behalf_of", re.compile(r"\b(behalf|for (myself|me|my|someone|somebody|him|her|them))\b", re.I)),
    ("stage_reached", re.compile(r"\b(answer\w*|repl\w+|respon\w+|heard back|wrote back)\b", re.I)),
)


def doubts(draft: Draft, text: str) -> str | None:
    """The one proposal that a "no" with more words is about, as far as its words tell."""
    return next((name for name, said in _DOUBTS if name in draft.proposed and said.search(text)), None)


def doubt(context: Context, draft: Draft, step: Step, name: str) -> None:
    """Ask one of the proposals, and keep the rest."""
    del draft.proposed[name]
    draft.declined.append(name)
    confirm(context, draft, step, True)


def amend(context: Context, draft: Draft, step: Step, said: Mapping[str, Proposal]) -> None:
    """Put right what a message corrects of the proposals, and keep the rest: it was shown, and nobody objected."""
    said = _whose(draft, said)
    wrong = _amended(draft, said)
    others = {name: p for name, p in said.items() if name not in wrong and name not in draft.proposed}
    for name in wrong:
        draft.proposed.pop(name, None)
    confirm(context, draft, step, True)
    for name, proposal in wrong.items():
        keep(context, draft, step, name, proposal.value, "said")
        step.says.append(_changed(context, draft, name, proposal.value))
    for name, proposal in others.items():
        propose(context, draft, step, name, proposal)


def _changed(context: Context, draft: Draft, name: str, value: str) -> str:
    return context.words.say(
        "corrections.changed",
        label=label(context, draft, name),
        value=shown(context, name, value, draft.whom()),
    )


def _whose(draft: Draft, said: Mapping[str, Proposal]) -> dict[str, Proposal]:
    """What a message says, with the names as the questions have them: of two people where one writes for the other."""
    if draft.whom() == "self":
        return {name: p for name, p in said.items() if name != "represented_name"}
    named = {"complainant_name": "representative_name", "represented_name": "complainant_name"}
    return {named.get(name, name): p for name, p in said.items()}


def says_the_same(draft: Draft, said: Mapping[str, Proposal]) -> bool:
    """Whether a message only repeats what was proposed, which is a yes in other words."""
    proposed, said = draft.proposed, _whose(draft, said)
    return bool(proposed) and all(proposed.get(name) == p.value for name, p in said.items())


def correct(
    context: Context, draft: Draft, step: Step, understood: Understood, said: Mapping[str, Proposal]
) -> bool:
    """Put earlier answers right where a message says that they are wrong, and say so; True where any was.

    A cue in passing never undoes what the person confirmed: it takes words that correct, or the last question.
    """
    if understood.answer is not None or not (draft.pending == CHECK or CORRECTING.search(understood.text)):
        return False
    wrong = {
        name: proposal.value
        for name, proposal in _whose(draft, said).items()
        if draft.answers.get(name) not in (None, proposal.value)
        or (draft.pending == CHECK and name in CONTACTS and draft.answers.get(name) is None)
    }
    for name, value in wrong.items():
        draft.set(name, value, "said")
        if name in CONTACTS and draft.answers.get("preferred_contact") != CONTACTS[name]:
            draft.set("preferred_contact", CONTACTS[name], "said")
        step.says.append(_changed(context, draft, name, value))
    return bool(wrong)


def propose(context: Context, draft: Draft, step: Step, name: str, proposal: Proposal) -> None:
    """A fact seen in passing is proposed; a name or address is kept, and checked before sending."""
    compiled = context.compiled
    if name == "relation":
        draft.relation = proposal.value
        return
    if name in draft.answers or name == draft.pending == "story":
        return
    if name in compiled.accepted:
        if name in compiled.pack.facts and compiled.asked_of(name) == "staff":
            draft.set(name, proposal.value, "proposed")
            draft.flags.append(f"story_suggests_{name}")
        elif name in compiled.pack.facts or name in PERSON_FACTS:
            draft.proposed[name] = proposal.value
        elif name == "confidentiality":
            # No rule of this policy turns on it; it is kept for the people who deal with the case.
            keep(context, draft, step, name, proposal.value, "proposed")
    elif name == "complainant_name":
        draft.own_name = proposal.value
    elif name == "represented_name":
        draft.represented_name = proposal.value
    elif name in IN_THEIR_WORDS and RISK_OF_HARM in draft.flags and draft.pending != "story":
        return  # "I just want it to end" is no remedy to be read back
    elif name in IN_THEIR_WORDS:
        draft.proposed[name] = proposal.value
    elif context.questions.get(name) is not None:
        draft.set(name, proposal.value, "proposed")
        if name in CONTACTS and "preferred_contact" not in draft.answers:
            draft.set("preferred_contact", CONTACTS[name], "proposed")


def _names_may_be_used(draft: Draft) -> bool:
    """Whether that may be supposed: nobody is complained of who could bear a grudge, and nobody may be in danger."""
    subject = draft.proposed.get("subject", draft.answers.get("subject"))
    open_still = "confidentiality" not in {*draft.answers, *draft.declined}
    return open_still and subject not in (None, *_ABOUT_SOMEBODY) and RISK_OF_HARM not in draft.flags


def worth_confirming(draft: Draft, needs: tuple[str, ...]) -> dict[str, str]:
    """What is proposed and still open; nothing where confirming it would save no question."""
    wanted = {*needs, *PERSON_FACTS}
    if draft.proposed.get("nature", draft.answers.get("nature")) not in INFORMAL:
        wanted.update(IN_THEIR_WORDS)
    if draft.proposed.get("confidentiality") in _LIMITED:
        # No question may turn on it, but nobody's wish is dropped.
        wanted.add("confidentiality")
    kept = {n: v for n, v in draft.proposed.items() if n in wanted and n not in draft.answers}
    if kept.get("confidentiality") == SUPPOSED["confidentiality"]:
        del kept["confidentiality"]  # supposed before, beside what is settled now
    if not kept or (len(kept) == 1 and kept.items() <= SUPPOSED.items()):
        # A supposition alone saves no question, and comes better in its own place.
        return {}
    if "confidentiality" in needs and _names_may_be_used(draft):
        kept.setdefault("confidentiality", SUPPOSED["confidentiality"])
    if kept.get("on_behalf_of") == "other":
        names = zip(NAMES, (draft.represented_name, draft.own_name), strict=True)
        kept |= {n: v for n, v in names if v is not None and n not in draft.answers}
    return kept
