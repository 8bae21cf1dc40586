"""A question as a page: its heading, its control with what was answered before, and what stands before it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.dialogue import asking, outcome
from bot.dialogue.asking import NOT_READ_BACK
from bot.dialogue.context import facts_of, open_question
from bot.dialogue.talk import CHECK, CONFIRM, Talk
from bot.forms.answers import UNKNOWN
from bot.forms.visit import Visit
from bot.messages import OpenQuestion
from bot.turn import Desk, routing_of
from policy_rules.questions import Question

# Answers of a line; all other texts have room for paragraphs.
_LINES = frozenset(
    "complainant_name representative_name about_whom centre_name qualification member_number".split()
)
_AUTOCOMPLETE = {
    "representative_name": "name",
    "contact_email": "email",
    "contact_phone": "tel",
    "contact_post": "street-address",
}
_HINTS = {
    "story": "form.story_hint",
    "about_whom": "form.about_hint",
    "effect": "form.own_words",
    "desired_remedy": "form.own_words",
    "contact_email": "form.email_hint",
    "contact_phone": "form.phone_hint",
}
# Rather tall, so that nobody thinks that a line is meant.
_ROWS = {"story": 12, "effect": 6, "desired_remedy": 6, "contact_post": 4}


@dataclass(frozen=True, slots=True)
class Line:
    """One answer as it is read back, with the address at which it is changed."""

    id: str
    label: str
    value: str
    change: str | None = None


@dataclass(slots=True)
class QuestionPage:
    """What the template of a question shows. `control` is text, lines, email, phone, date, radios, confirm, check or
    file; `before` are paragraphs that lead to the question; `value` is what stands in the control."""

    id: str
    control: str
    heading: str
    why: str
    optional: bool
    choices: list[tuple[str, str]] = field(default_factory=list)
    value: str = ""
    parts: dict[str, str] = field(default_factory=dict)
    before: list[str] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    hint: str = ""
    rows: int = 3
    autocomplete: str = ""
    title: str = ""


async def page_of(desk: Desk, visit: Visit, question: Question) -> QuestionPage:
    """The page of a question of this visit, filled in with the answer that stands."""
    asked = open_question(visit.context, visit.draft, question)
    page = _plain(visit, question, asked)
    if question.id == CONFIRM:
        page.heading = visit.context.words.say("form.confirm_title")
        page.lines = [_proposal(visit, name, value) for name, value in visit.draft.proposed.items()]
    elif question.id == CHECK:
        page.heading = visit.context.words.say("form.check_title")
        page.lines = await _read_back(desk, visit)
    elif question.id == "still_complain":
        await _elsewhere(desk, visit, page)
    elif question.id == "second_matter" and visit.draft.second is not None:
        page.before, page.heading = _in_two(asking.ask(visit.context, visit.draft, question))
    if question.id == "preferred_contact":
        page.heading = visit.context.words.say("form.preferred_contact")
    page.title = page.title or page.heading
    return page


def refill(page: QuestionPage, fields: Mapping[str, str]) -> None:
    """Put what was posted back into the control: nobody types anything twice."""
    page.value = fields.get("answer", "")
    page.parts = {name: fields.get(name, "") for name in ("day", "month", "year")}


def notices(visit: Visit, page: QuestionPage) -> list[str]:
    """What the newest reply says before its question, and the page does not say itself."""
    if visit.draft.pending != page.id:
        return []
    entries = visit.last_reply()
    texts = [entry["text"] for entry in entries if entry.get("text")]
    if any("question" in entry.get("custom", {}) for entry in entries):
        texts = texts[:-1]
    # That a question was left out need not be said on a page: the next one stands there.
    words = visit.context.words
    own = {words.say("check.intro"), words.say("commands.skipped"), *page.before}
    return [text for text in texts if text not in own and text.split("\n")[0] not in own]


def _plain(visit: Visit, question: Question, asked: OpenQuestion) -> QuestionPage:
    words, draft = visit.context.words, visit.draft
    standing = draft.answers.get(question.id, draft.proposed.get(question.id))
    page = QuestionPage(
        id=question.id,
        control=_control(question),
        heading=asking.ask(visit.context, draft, question) if question.id != CONFIRM else "",
        why=words.question(question.id, "why") or words.say("asides.why_default"),
        optional=question.optional,
        choices=list(asked.choices),
        value=standing or "",
        hint=words.say(_HINTS[question.id]) if question.id in _HINTS else "",
        rows=_ROWS.get(question.id, 4),
        autocomplete=_AUTOCOMPLETE.get(question.id, ""),
    )
    if page.control == "lines" and "? " in page.heading:
        # The question is the heading; what is said with it helps to answer.
        page.heading, _, more = page.heading.partition("? ")
        page.heading, page.hint = f"{page.heading}?", f"{more} {page.hint}".strip()
    if question.id == "complainant_name" and draft.answers.get("on_behalf_of") != "other":
        page.autocomplete = "name"
    if page.control == "radios" and question.optional and asked.unsure is None:
        unknown = "dont_know" if question.id in visit.context.compiled.accepted else "skip"
        page.choices.append((UNKNOWN, words.word(unknown)))
        if question.id in draft.answers and standing is None:
            page.value = UNKNOWN
    if page.control == "date" and standing:
        year, month, day = standing.split("-")
        page.parts = {"day": str(int(day)), "month": str(int(month)), "year": year}
    return page


def _control(question: Question) -> str:
    match question.kind:
        case "choice" | "yes_no":
            return "radios"
        case "text":
            return "text" if question.id in _LINES else "lines"
        case _:
            return question.kind


def _proposal(visit: Visit, name: str, value: str) -> Line:
    context, draft = visit.context, visit.draft
    shown = asking.shown(context, name, value, draft.whom())
    return Line(name, asking.label(context, draft, name), shown, visit.step(name))


async def _read_back(desk: Desk, visit: Visit) -> list[Line]:
    """Every answer that will be sent, in the order in which it was asked."""
    talk = Talk(visit.context, visit.draft, desk.clock())
    ran = await desk.runner.run("action_read_back", talk.to_read_back())
    listed: Sequence[Mapping[str, Any]] = ran.slots["read_back"]
    changeable = visit.answered()
    return [
        Line(
            line["id"],
            asking.label(visit.context, visit.draft, line["id"]),
            asking.shown(visit.context, line["id"], line["value"], visit.draft.whom()),
            visit.step(line["id"]) if line["id"] in changeable else None,
        )
        for line in listed
        if line["id"] not in NOT_READ_BACK
    ]


async def _elsewhere(desk: Desk, visit: Visit, page: QuestionPage) -> None:
    """Why this is for somebody else and where to go, before the question whether to send it all the same."""
    words = visit.context.words
    talk = Talk(visit.context, visit.draft, desk.clock())
    decision = (await routing_of(desk, talk)).decision
    if decision is not None:
        page.before = outcome.signpost(visit.context, decision)
    page.title = words.say("form.elsewhere_title")
    page.choices = [("true", words.say("form.elsewhere_yes")), ("false", words.say("form.elsewhere_no"))]


def _in_two(text: str) -> tuple[list[str], str]:
    """A text as the paragraphs that lead to its last line, and that line."""
    *before, last = text.split("\n")
    return before, last


def informal(visit: Visit) -> bool:
    """Whether no complaint is made of it."""
    return facts_of(visit.context, visit.draft).get("nature") in ("enquiry", "feedback", "compliment")
