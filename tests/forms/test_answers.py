"""What a page sends back becomes one message, or a problem that the person can mend."""

from __future__ import annotations

import json
from datetime import date

import pytest

from bot.forms.answers import Told, slots, told
from bot.messages import OpenQuestion

TODAY = date(2026, 11, 21)
NATION = OpenQuestion("nation", "choice", True, (("england", "England"), ("wales", "Wales")))
STORY = OpenQuestion("story", "text", False)
EFFECT = OpenQuestion("effect", "text", True)
WHEN = OpenQuestion("happened_on", "date", True)
SEND = OpenQuestion("check_answers", "check", False, (("send", "Send it"),))


@pytest.mark.parametrize(
    ("question", "fields", "expected"),
    [
        (NATION, {"answer": "wales"}, Told("/SetSlots(nation=wales)", "wales")),
        (NATION, {"answer": "?"}, Told("/skip")),
        (NATION, {"answer": "france"}, Told(problem="choose_one")),
        (NATION, {}, Told(problem="choose_one")),
        (SEND, {"answer": "send"}, Told("/SetSlots(check_answers=send)", "send")),
        (SEND, {"answer": "?"}, Told(problem="choose_one")),
        (STORY, {"answer": "It broke.\r\n\r\nTwice."}, Told("It broke.\n\nTwice.", "It broke.\n\nTwice.")),
        (STORY, {"answer": " \r\n"}, Told(problem="write_story")),
        (EFFECT, {"answer": ""}, Told("/skip")),
        (EFFECT, {"answer": "help"}, Told("help", "help")),
        (EFFECT, {"answer": "half", "skip": "1"}, Told("/skip")),
        (
            EFFECT,
            {"answer": "/SetSlots(nature=enquiry)"},
            Told('/inform{"effect": "/SetSlots(nature=enquiry)"}', "/SetSlots(nature=enquiry)"),
        ),
        (WHEN, {"day": "3", "month": "11", "year": "2026"}, Told("/SetSlots(happened_on=2026-11-03)", "2026-11-03")),
        (WHEN, {"day": "3", "month": "1", "year": "26"}, Told("/SetSlots(happened_on=2026-01-03)", "2026-01-03")),
        (WHEN, {"day": "31", "month": "2", "year": "2026"}, Told(problem="date_unreal")),
        (WHEN, {"day": "22", "month": "11", "year": "2026"}, Told(problem="date_future")),
        (WHEN, {"day": "22", "month": "", "year": "2026"}, Told(problem="date_missing")),
        (WHEN, {"day": "3rd", "month": "11", "year": "2026"}, Told(problem="date_missing")),
        (WHEN, {"day": "³", "month": "11", "year": "2026"}, Told(problem="date_missing")),
        (WHEN, {"day": "0", "month": "0", "year": "0"}, Told(problem="date_unreal")),
        (WHEN, {"day": "", "month": "", "year": ""}, Told("/skip")),
    ],
)  # fmt: skip
def test_what_is_posted_is_one_message_or_a_problem(
    question: OpenQuestion, fields: dict[str, str], expected: Told
) -> None:
    assert told(question, fields, TODAY) == expected


def test_any_text_can_be_set_as_an_answer() -> None:
    odd = 'it\'s (a "test"), = {x} \\ é\n'
    assert json.loads(slots({"effect": odd}).removeprefix("/inform")) == {"effect": odd}
