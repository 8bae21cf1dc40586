"""What is taken for a command at a free-text question is echoed, and "undo" makes it the answer that it was."""

from __future__ import annotations

import pytest

from tests.conversations.slots import standing
from tests.desk import Person
from tests.turn.test_interview import SETTLED, STORY

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    "said", ["skip", "I need help", "later", "back", "pause", "why?", "what happens next?"]
)
async def test_words_that_were_the_answer_after_all_are_kept_verbatim(person: Person, said: str) -> None:
    await person.says(STORY, SETTLED)
    assert person.asked == "effect"
    await person.say(said)
    assert f'We took "{said}" as an instruction' in person.texts
    await person.say("undo")
    assert standing(person).draft["answers"]["effect"] == said
    assert person.asked == "desired_remedy"


async def test_a_fresh_start_can_be_undone(person: Person) -> None:
    await person.says(STORY, SETTLED, "It cost me a job", "start over")
    assert person.asked == "story"
    await person.say("undo")
    answers = standing(person).draft["answers"]
    assert answers["effect"] == "It cost me a job"
    assert answers["story"] == STORY


async def test_undo_reaches_no_further_than_the_last_message(person: Person) -> None:
    await person.says(STORY, SETTLED, "later", "An apology")
    assert standing(person).draft["answers"] == {
        **standing(person).draft["answers"],
        "effect": None,
        "desired_remedy": "An apology",
    }
    await person.say("undo")
    assert person.asked == "desired_remedy"
    assert standing(person).draft["answers"]["effect"] is None


async def test_a_button_is_no_answer_and_is_not_echoed(person: Person) -> None:
    await person.says(STORY, SETTLED, "/skip")
    assert "We took" not in person.texts


async def test_a_bare_no_to_what_may_be_nothing_is_not_echoed(person: Person) -> None:
    await person.says(
        STORY, SETTLED, "/skip", "/skip", "for myself", "Jo Bell", "/SetSlots(preferred_contact=none)"
    )
    assert person.asked == "adjustments"
    await person.say("no")
    assert "We took" not in person.texts
