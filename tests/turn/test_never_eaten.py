"""A real answer is never eaten: whatever is typed at a free question is stored word for word, or one "undo" stores it.

Hypothesis writes the answers; the turn, the rules and the database are the real ones.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from bot.messages import Command, Given, OpenQuestion, Understood
from bot.turn import Desk
from bot.understanding.examples import read_examples
from bot.understanding.intents import ANSWERS, INTENTS, OPENINGS, TRAINING_LINES
from bot.understanding.payloads import read_payload
from bot.understanding.phrases import PhraseBook, canonical, is_blank
from bot.understanding.reader import Reader, Said
from tests.conversations.slots import standing
from tests.databases import migrated_database
from tests.desk import Clock, Person, open_desk
from tests.understanding.conftest import reader
from tests.understanding.questions import BEHALF, EMAIL, FACTS, NAME, NOW, REMEDY, STORY

__all__ = ["reader"]

TOLD = "The branch dinner on 12 March 2026 was cancelled and my money has not come back."
# What is answered before each free question is asked; names and addresses among it, so that corrections can tempt.
BEFORE = {
    "about_whom": "subject=staff_member",
    "centre_name": "subject=study_centre, centre_procedure_exhausted=true, nation=england",
    "effect": "subject=service",
    "desired_remedy": "subject=service, effect=It cost me a day",
    "representative_name": "subject=service, effect=none, desired_remedy=none, on_behalf_of=other, "
    "representative_basis=consent",
    "complainant_name": "subject=service, effect=none, desired_remedy=none, on_behalf_of=self",
    "contact_post": "subject=service, effect=none, desired_remedy=none, on_behalf_of=self, complainant_name=Jo Stevens, "
    "preferred_contact=post",
    "adjustments": "subject=service, effect=none, desired_remedy=none, on_behalf_of=self, complainant_name=Jo Stevens, "
    "contact_email=jo@example.org, preferred_contact=email",
    "evidence": "subject=service, effect=none, desired_remedy=none, on_behalf_of=self, complainant_name=Jo Stevens, "
    "contact_email=jo@example.org, preferred_contact=email, adjustments=none",
}
FREE = ("story", *BEFORE)
# A bare no to these is kept as nothing given.
_NO_IS_NOTHING = (
    "about_whom",
    "centre_name",
    "representative_name",
    "complainant_name",
    "adjustments",
    "evidence",
)
_NOTHING = (
    "none",
    "nothing",
    "nothing really",
    "nothing else",
    "n a",
    "not applicable",
    "i have none",
    "i have nothing",
)

LOOKS_LIKE_SOMETHING = st.sampled_from(
    [
        "/nonsense", "/ I was told", "/SetSlots(", "/SetSlots subject=x", "/skip(", "/inform{\"a\": [1]}", "//", "/",
        "jo@example.org", "my e-mail is jo@example.org", "020 7946 0018", "12 March 2026", "12/03/2026", "yesterday",
        '{"refund": "150.00"}', "[1, 2, 3]", "null", "undefined", "true", "1", "the second one", "a complaint",
        "skip", "Skip the queue, they said", "back", "go back to the old fee", "human", "human error", "pause", "stop",
        "stop charging me", "withdraw", "withdraw the accusation", "restart", "restart my course", "send", "send it",
        "send my certificate", "change my name", "change my name to Jo Bell", "change the date to 5 May", "undo",
        "change my grade to a pass", "not March, May", "it's Stephens, not Stevens", "mornings, not afternoons",
        "no, the other one", "*Stephens", "sorry, I meant Jo", "why?", "when will I hear?", "what happens next?",
        "what is the policy?", "what do you mean?", "How long must I wait for an answer", "Why was I charged?",
        "thanks", "thank you for nothing", "hello", "hello there", "are you there?", "hi", "ok", "yes", "no", "none",
        "I don't know", "I do not know why they did it", "anonymous", "keep my name out of it", "I want it anonymous",
        "I have another complaint", "fuck off", "you idiots", "😡", "👍", "nie wiem", "je ne sais pas", "我不知道怎么办",
        "cymraeg", "english", "I want to kill myself", "<b>bold</b>", "{name}", "%s", "\u202eabc", "a\nb", " spaced ",
        "English was my first exam", "Welsh", "person", "a person at the desk", "help", "send help", "cancel", "bye",
    ]
)  # fmt: skip
_PIECES = st.sampled_from(
    "skip back human withdraw stop change my name email to not sorry it's no yes undo why when send the date 12 March "
    "Stevens Stephens thanks hello / { } ? ! , . - ' é 🙂 nie le the I was told and never again".split(" ")
)
ANYTHING = st.one_of(
    LOOKS_LIKE_SOMETHING,
    st.lists(_PIECES, min_size=1, max_size=14).map(" ".join),
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=60),
)


@pytest.fixture(scope="module")
def desk() -> Iterator[Desk]:
    folder = Path(tempfile.mkdtemp(prefix="hearout-"))
    try:
        with migrated_database("sqlite", folder) as url, open_desk(folder, None, Clock(), url) as opened:
            yield opened
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@given(question=st.sampled_from(FREE), text=ANYTHING)
@example(question="effect", text="/nonsense")
@example(question="complainant_name", text="I want it anonymous")
@example(question="adjustments", text="it's Stephens, not Stevens")
@example(question="desired_remedy", text="change my name to Jo Bell")
@example(question="story", text="hello there")
@settings(
    deadline=None, max_examples=200, suppress_health_check=list(HealthCheck), derandomize=True, database=None
)
def test_whatever_is_typed_at_a_free_question_is_stored_or_one_undo_stores_it(
    desk: Desk, question: str, text: str
) -> None:
    assert asyncio.run(_kept(desk, question, text)), (question, text)


async def _kept(desk: Desk, question: str, text: str) -> bool:
    if is_blank(text) or _is_a_selection(text) or _is_a_bare_no(question, text):
        return True
    person = Person(desk, "cim")
    await person.say("hello")
    if question != "story":
        facts = "nature=complaint, stage_reached=none, complainant_type=member"
        await person.says(TOLD, f"/SetSlots({facts}, {BEFORE[question]})")
    assert person.asked == question, person.asked
    await person.say(text)
    if _stored(person, question) == text:
        return True
    # Only at the story, what is no more than a greeting goes without the echo: it is greeted.
    said = text.strip().strip('"')
    echoed = (
        f'We took "{said}" as an instruction' in person.texts
        or f'We kept "{said}" as a way to reach you' in person.texts
        or (question == "story" and "Please say what has happened" in person.texts)
    )
    await person.say("undo")
    return echoed and _stored(person, question) == text


def _stored(person: Person, question: str) -> str | None:
    if standing(person).state != "draft":
        return None
    found: str | None = standing(person).draft.get("answers", {}).get(question)
    return found


def _is_a_selection(text: str) -> bool:
    """What a button sends: it is no text at all."""
    payload = read_payload(text)
    return payload is not None and not payload.bad


def _is_a_bare_no(question: str, text: str) -> bool:
    bare = _PHRASES.answer(text) == "false" or canonical(text) in _NOTHING
    return question in _NO_IS_NOTHING and bare


_PHRASES = PhraseBook.load()


class Forgetful(Reader):
    """A fault: what is taken for a command is not marked as what could have been the answer."""

    def _free_text(self, said: Said) -> Understood:
        return replace(super()._free_text(said), exact=False)


class Eager(Reader):
    """A fault: any message that begins with a command is that command."""

    def _free_text(self, said: Said) -> Understood:
        command = self._phrases.command(said.text.split()[0])
        return Understood(said.text, command=command) if command is not None else super()._free_text(said)


class Tidy(Reader):
    """A fault: answers are trimmed."""

    def _free_text(self, said: Said) -> Understood:
        read = super()._free_text(said)
        return read if read.answer is None else replace(read, answer=read.answer.strip())


class Clever(Reader):
    """A fault: the classifier is asked at a free question as well."""

    def _free_text(self, said: Said) -> Understood:
        guess = self._guess(said.text, said.question)
        return guess or super()._free_text(said)


@pytest.mark.parametrize("faulty", [Forgetful, Eager, Tidy, Clever])
def test_a_reader_that_eats_an_answer_is_found_out(desk: Desk, faulty: type[Reader]) -> None:
    right = desk.reader
    wrong = replace(desk, reader=faulty(right._pipeline, right._book, right._phrases, right._guesser))

    @given(question=st.sampled_from(FREE), text=ANYTHING)
    @settings(
        deadline=None,
        max_examples=200,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        derandomize=True,
        database=None,
    )
    def stored(question: str, text: str) -> None:
        assert asyncio.run(_kept(wrong, question, text)), (question, text)

    with pytest.raises(AssertionError):
        stored()


GIVEN = (
    Given(STORY, TOLD, TOLD),
    Given(OpenQuestion("happened_on", "date", True), "2026-03-12", "Thursday 12 March 2026"),
    Given(BEHALF, "self", "For myself"),
    Given(EMAIL, "jo.stevens@example.org", "jo.stevens@example.org"),
    Given(NAME, "Jo Stevens", "Jo Stevens"),
)


def test_no_line_that_tells_or_answers_something_is_taken_for_a_command(reader: Reader) -> None:
    """Two thousand lines as people write them, at a question for a remedy, after a name and a date were given."""
    told = (*OPENINGS, "affirm", "deny", "abuse_insult", "distress_risk_of_harm", "out_of_scope")
    taken: list[Any] = []
    lines = [one for one in read_examples(TRAINING_LINES, INTENTS) if one.label in told]
    for line in lines:
        read = reader.read(line.text, REMEDY, now=NOW, facts=FACTS, given=GIVEN)
        if read.answer != line.text:
            taken.append((line.label, line.text))
    assert len(lines) > 2000
    assert taken == []


def test_the_few_that_are_taken_are_commands_questions_to_us_or_changes(reader: Reader) -> None:
    few = 0
    for line in read_examples(TRAINING_LINES, INTENTS):
        read = reader.read(line.text, REMEDY, now=NOW, facts=FACTS, given=GIVEN)
        if read.answer is None:
            few += 1
            assert read.exact, line.text
            assert read.command or read.aside or read.corrections, line.text
            assert read.command is not Command.SEND
    assert few < 0.05 * 4225, (few, ANSWERS)
