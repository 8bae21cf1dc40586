"""What the phone page shows: every question that can still matter, in order, each with what is read aloud."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.console.phone_draft import AGREED, LIVE, NOT_READ_BACK, ZONE, Sitting
from bot.console.phone_words import spelled
from bot.dialogue import asking, outcome
from bot.dialogue.context import NOT_OURS, Routing, is_informal, open_question, visible
from bot.dialogue.draft import POSSIBLE_HARM, RISK_OF_HARM, Draft
from bot.dialogue.talk import CHECK, CONFIRM, Talk
from bot.turn import routing_of
from policy_rules.questions import FACTS, PERSON_FACTS, Question, holds

# They have their own places on the page: the top, and what is read back.
_ELSEWHERE = ("story", CONFIRM, CHECK, "contact_phone", "member_number")
_LINES = frozenset("complainant_name representative_name about_whom centre_name qualification".split())
_SAID = {"phone": "calling", "in_person": "speaking"}
# With more choices than this, typing the first letters is quicker than the arrow keys.
MOST_RADIOS = 5


@dataclass(slots=True)
class Block:
    """One question. `control` is radios, select, line, area, email or date; `state` is answered, skipped, suggested
    or open; `before` is read out before it."""

    id: str
    control: str
    script: str
    why: str
    label: str
    choices: list[tuple[str, str]] = field(default_factory=list)
    value: str = ""
    state: str = "open"
    optional: bool = True
    before: list[str] = field(default_factory=list)
    spelled: list[str] = field(default_factory=list)


@dataclass(slots=True)
class PhonePage:
    """The whole page; `left` counts the questions with no answer yet, `agreed` is yes, no or ""."""

    story: str
    blocks: list[Block]
    read_back: list[dict[str, Any]]
    fields: dict[str, str]
    live: bool
    agreed: str
    agreed_at: str
    required: list[str]
    help: list[str] = field(default_factory=list)

    @property
    def left(self) -> int:
        """How many questions of the page have no answer yet."""
        return sum(block.state == "open" for block in self.blocks)


async def page_of(sitting: Sitting) -> PhonePage:
    """The page of a draft as it stands."""
    draft = sitting.draft
    shadow = _as_if_confirmed(draft)
    talk = Talk(sitting.context, shadow, sitting.desk.clock())
    routing = await routing_of(sitting.desk, talk)
    asked = _relevant(sitting, shadow, routing)
    blocks = [_block(sitting, question, shadow, routing) for question in asked]
    answers = await _read_back(sitting, shadow)
    known = draft.answers.get(AGREED)
    agreed = "" if known is None else "no" if known == NOT_READ_BACK else "yes"
    at = datetime.fromisoformat(known).astimezone(ZONE).strftime("%H:%M") if known and agreed == "yes" else ""
    required = ["story", *(b.id for b in blocks if not b.optional or b.id == "still_complain")]
    story, live = draft.answers.get("story") or "", draft.channel in LIVE
    return PhonePage(
        story, blocks, answers, _fields(draft, sitting), live, agreed, at, required, _help(sitting)
    )


def _help(sitting: Sitting) -> list[str]:
    """Whom to name at once where the words tell of harm, or may."""
    if not {RISK_OF_HARM, POSSIBLE_HARM} & set(sitting.draft.flags):
        return []
    words = sitting.context.words
    lines = [words.say("notices.help_line", who=n, contact=c) for n, c in sitting.context.help_lines]
    return [words.say("notices.help"), *lines]


def _spoken(text: str, channel: str) -> str:
    """A question as it is said: nobody on the phone is writing."""
    verb = _SAID.get(channel)
    return text if verb is None else text.replace("writing for", f"{verb} for")


def _as_if_confirmed(draft: Draft) -> Draft:
    """The draft with what the story suggests taken as said: the page shows it chosen, to be checked with the caller."""
    shadow = draft.model_copy(deep=True)
    for name, value in draft.proposed.items():
        shadow.answers[name] = value
    shadow.proposed = {}
    return shadow


def _relevant(sitting: Sitting, draft: Draft, routing: Routing) -> list[Question]:
    """The questions that can still change something, and those that were answered, in the order of the interview."""
    context = sitting.context
    standing, informal = visible(context, draft), is_informal(context, draft)
    elsewhere = routing.decision is not None and routing.decision["disposition"] in NOT_OURS
    found: list[Question] = []
    for question in context.questions.order:
        name = question.id
        if name == FACTS:
            found += _facts(sitting, draft, routing)
        elif name in _ELSEWHERE or name == _of_the_caller(draft):
            continue
        elif name == "second_matter":
            found += [question] if draft.second is not None else []
        elif name == "still_complain":
            found += [question] if elsewhere else []
        elif not question.asked or (informal and not question.informal):
            continue
        elif holds(question.when, standing):
            found.append(question)
    return found


def _facts(sitting: Sitting, draft: Draft, routing: Routing) -> list[Question]:
    """Facts in the pack's order: those that the rules still need, and those that were given."""
    context = sitting.context
    pack = context.compiled.pack
    names = [
        name
        for name in pack.ask_order
        if name not in PERSON_FACTS and (name in routing.needs or name in draft.answers)
    ]
    names += [name for name in routing.needs if name not in names and name not in PERSON_FACTS]
    return [q for name in names if name != "channel" and (q := context.questions.get(name)) is not None]


def _of_the_caller(draft: Draft) -> str:
    """The question that the caller's name at the top answers."""
    return "representative_name" if draft.answers.get("on_behalf_of") == "other" else "complainant_name"


def _block(sitting: Sitting, question: Question, draft: Draft, routing: Routing) -> Block:
    context, name = sitting.context, question.id
    asked = open_question(context, draft, question)
    value = draft.answers.get(name)
    real = sitting.draft
    state = "suggested" if name in real.proposed or real.how.get(name) == "proposed" else "answered"
    if name not in draft.answers:
        state = "open"
    elif value is None or real.how.get(name) == "skipped":
        state, value = "skipped", None
    script = asking.ask(context, draft, question)
    block = Block(
        id=name,
        control=_control(question),
        script=_spoken(script.replace("\n", " "), real.channel),
        why=context.words.question(name, "why") or "",
        label=asking.label(context, draft, name),
        choices=list(asked.choices),
        value=value or "",
        state=state,
        optional=question.optional,
    )
    if name == "preferred_contact":
        block.script = context.words.say("form.preferred_contact")
    if name == "representative_basis" and draft.whom() == "deceased":
        block.before = [context.words.say("notices.condolence")]
    if name == "contact_email":
        block.spelled = spelled(block.value)
    if name == "still_complain" and routing.decision is not None:
        block.before = [t for part in outcome.signpost(context, routing.decision) for t in part.split("\n")]
        block.choices = [("true", "Send it all the same"), ("false", "Record it, send nothing")]
    return block


def _control(question: Question) -> str:
    match question.kind:
        case "choice" | "yes_no":
            return "radios" if len(question.values or ("true", "false")) <= MOST_RADIOS else "select"
        case "email" | "date":
            return question.kind
        case _:
            return "line" if question.id in _LINES else "area"


async def _read_back(sitting: Sitting, draft: Draft) -> list[dict[str, Any]]:
    """Every answer as it will be sent."""
    talk = Talk(sitting.context, draft, sitting.desk.clock())
    ran = await sitting.desk.runner.run("action_read_back", talk.to_read_back())
    lines = [line for line in ran.slots["read_back"] if line["id"] != AGREED]
    return asking.to_check(sitting.context, draft, lines)


def _fields(draft: Draft, sitting: Sitting) -> dict[str, str]:
    """What stands at the top: how it came, when, who it is and how they are reached."""
    at = datetime.fromisoformat(draft.received_at) if draft.received_at else sitting.desk.clock()
    here = at.astimezone(ZONE)
    other = draft.answers.get("on_behalf_of", draft.proposed.get("on_behalf_of")) == "other"
    name = draft.answers.get("representative_name" if other else "complainant_name")
    return {
        "channel": draft.channel,
        "received_on": here.date().isoformat(),
        "received_time": here.strftime("%H:%M"),
        "caller_name": name or "",
        "caller_phone": draft.answers.get("contact_phone") or "",
        "member_number": draft.answers.get("member_number") or "",
    }
