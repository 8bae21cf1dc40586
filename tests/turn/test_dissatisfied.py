"""Nobody has to use the word "complaint": dissatisfaction, told as a story, becomes a complaint.

The set is frozen and blind. It is only scored: no line of it is shown, not even where one fails.
"""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.messages import OpenQuestion, Proposal, Understood
from bot.turn import Desk
from bot.understanding.phrases import DATA, read_yaml
from bot.understanding.reader import Reader
from tests.databases import migrated_database
from tests.desk import Clock, Person, open_desk

DISSATISFIED = DATA / "dissatisfied.yml"
SHA256 = "b17bb6bcd6ead49a092a5d055b138aa18f3c7354484526d34504d49c655f5a95"
ORGANISATIONS = ("cim", "cipfa", "cmi", "cqm", "cms")
LEAST = 0.99
_MOST_TURNS = 30


@pytest.fixture(scope="module")
def desk() -> Iterator[Desk]:
    folder = Path(tempfile.mkdtemp(prefix="hearout-"))
    try:
        with (
            migrated_database("sqlite", folder) as url,
            open_desk(folder, None, Clock(), url) as opened,
        ):
            yield opened
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def test_the_blind_set_is_unchanged() -> None:
    assert hashlib.sha256(DISSATISFIED.read_bytes()).hexdigest() == SHA256, "it is never edited"


def test_dissatisfaction_without_the_word_becomes_a_complaint_or_a_logged_concern(desk: Desk) -> None:
    """Each message to one organisation in turn; a message that fails is named by its number alone."""
    messages = _messages()
    assert len(messages) >= 150
    failed = _failing(desk, messages)
    assert len(failed) <= (1 - LEAST) * len(messages), failed


class Credulous(Reader):
    """The fault that the scorer is there to catch: whatever ends like a question is an enquiry."""

    def read(self, text: str, question: OpenQuestion | None, **rest: Any) -> Understood:
        understood = super().read(text, question, **rest)
        if question is None or question.id != "story" or not text.endswith("?"):
            return understood
        asked = {"nature": Proposal("enquiry", 0, len(text)), "subject": Proposal("service", 0, len(text))}
        return replace(understood, proposals=asked)


def test_a_reader_that_takes_questions_for_enquiries_is_caught(desk: Desk) -> None:
    reader = desk.reader
    credulous = Credulous(reader._pipeline, reader._book, reader._phrases, reader._guesser)
    messages = _messages()
    assert len(_failing(replace(desk, reader=credulous), messages)) > (1 - LEAST) * len(messages)


def _messages() -> list[str]:
    messages: list[str] = read_yaml(DISSATISFIED)["messages"]
    return messages


def _failing(desk: Desk, messages: list[str]) -> list[int]:
    return [
        number
        for number, text in enumerate(messages)
        if not asyncio.run(_complains(desk, ORGANISATIONS[number % len(ORGANISATIONS)], text))
    ]


async def _complains(desk: Desk, organisation: str, text: str) -> bool:
    """Whether a complaint is put to be confirmed, or whoever takes what is offered first ends with one that is sent."""
    person = Person(desk, organisation)
    await person.says("hello", text)
    question = person.custom("question")
    if question is not None and question.get("proposed", {}).get("nature") in ("complaint", "appeal"):
        return True
    for _ in range(_MOST_TURNS):
        question = person.custom("question")
        if question is None:
            break
        await person.say(_offered_first(question))
    record = person.record()
    return record["state"] == "filed" and record["facts"].get("nature", "complaint") in (
        "complaint",
        "appeal",
    )


def _offered_first(question: dict[str, Any]) -> str:
    """The first of the choices, as its button sends it; what has none is left out."""
    choices = question.get("choices")
    return f"/SetSlots({question['id']}={choices[0]['value']})" if choices else "/skip"
