"""Faults to plant in the dialogue, each with the words of the rule that a walk must find broken."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from bot.dialogue import asking, context, outcome, talk
from bot.dialogue.draft import Draft, How

Plant = Callable[[pytest.MonkeyPatch], None]


def _after_each_answer(patch: pytest.MonkeyPatch, fault: Callable[[Draft, str], None]) -> None:
    right = Draft.set

    def wrong(draft: Draft, name: str, value: str | None, how: How) -> None:
        right(draft, name, value, how)
        fault(draft, name)

    patch.setattr(Draft, "set", wrong)


def forgets_an_answer(patch: pytest.MonkeyPatch) -> None:
    def fault(draft: Draft, name: str) -> None:
        if name == "desired_remedy":
            draft.answers.pop("effect", None)

    _after_each_answer(patch, fault)


def overwrites_an_answer(patch: pytest.MonkeyPatch) -> None:
    def fault(draft: Draft, name: str) -> None:
        if name == "desired_remedy" and "effect" in draft.answers:
            draft.answers["effect"] = "It annoyed me"

    _after_each_answer(patch, fault)


def tidies_the_story(patch: pytest.MonkeyPatch) -> None:
    def fault(draft: Draft, name: str) -> None:
        if name == "story" and draft.answers["story"]:
            draft.answers["story"] = draft.answers["story"].capitalize()

    _after_each_answer(patch, fault)


def asks_what_was_answered(patch: pytest.MonkeyPatch) -> None:
    right = context.visible

    def wrong(found: context.Context, draft: Draft) -> dict[str, str | None]:
        answers = right(found, draft)
        if "desired_remedy" in answers:
            answers.pop("effect", None)
        return answers

    patch.setattr(context, "visible", wrong)


def asks_two_questions(patch: pytest.MonkeyPatch) -> None:
    right = asking.ask

    def wrong(*given: Any) -> str:
        return right(*given) + " And is there anything else?"

    patch.setattr(talk, "ask", wrong)


def asks_again_for_ever(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(talk, "MAX_REASKS", 1_000_000)


def promises_a_date_of_its_own(patch: pytest.MonkeyPatch) -> None:
    right = outcome.dates

    def wrong(found: context.Context, decision: Mapping[str, Any]) -> Iterator[str]:
        yield from right(found, decision)
        yield "You should hear from us by Friday 5 March 2027."

    patch.setattr(outcome, "dates", wrong)


def gives_an_address_of_its_own(patch: pytest.MonkeyPatch) -> None:
    right = outcome.person_message
    patch.setattr(outcome, "person_message", lambda found: right(found) + "\nE-mail: help@complaints.example")


FAULTS: dict[Plant, str] = {
    forgets_an_answer: "the answer to 'effect' was forgotten",
    overwrites_an_answer: "the answer to 'effect' was changed and nothing was said of it",
    tidies_the_story: "the story is not in the person's own words",
    asks_what_was_answered: "'effect' is asked although it was answered",
    asks_two_questions: "a reply puts 2 questions",
    asks_again_for_ever: "was put again 3 times in a row",
    promises_a_date_of_its_own: "2027-03-05'] in no decision",
    gives_an_address_of_its_own: "'help@complaints.example'] in no pack",
}
