"""What a reply tells a face beside its texts: answers to lay out, how many questions are left, the end in parts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from bot.turn import Desk
from tests.desk import Person, open_desk

pytestmark = pytest.mark.anyio
STORIES = (
    "My parcel of books came three weeks late and nobody answered my e-mails. It cost me my exam. I want a refund.",
    "My late father was a learner with you. His certificate never came.",
    "I want to know when the office opens.",
)
LONGEST = 40


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with open_desk(tmp_path_factory.mktemp("faces")) as desk:
        yield desk


def first_choice(person: Person) -> str:
    question = person.custom("question")
    assert question is not None
    if question["kind"] in ("text", "email", "phone", "file", "date"):
        return "/skip"
    return f"/SetSlots({question['id']}={question['choices'][0]['value']})"


@pytest.mark.parametrize("organisation", ["cim", "cipfa", "cmi", "cqm", "cms"])
@pytest.mark.parametrize("story", STORIES)
async def test_the_questions_said_to_be_left_are_those_that_come(
    shipped: Desk, organisation: str, story: str
) -> None:
    person, promised, asked = Person(shipped, organisation), list[tuple[int, int]](), 0
    await person.says("hello", story)
    while person.asked not in ("check_answers", None):
        question: dict[str, Any] = person.custom("question") or {}
        if "left" in question:
            promised.append((asked, question["left"]))
        asked += 1
        assert asked < LONGEST
        await person.say(first_choice(person))
    # As many as were promised came, and no more, before the answers were checked.
    assert [(at, asked - at - 1) for at, _ in promised] == promised
    assert promised[-1][1] == 0


async def test_what_is_to_be_confirmed_and_checked_stands_in_parts(shipped: Desk) -> None:
    person = Person(shipped, "cim")
    await person.says("hello", STORIES[1])
    question = person.custom("question") or {}
    assert question["kind"] == "confirm"
    assert {line["id"]: line["value"] for line in question["answers"]}[
        "representative_basis"
    ] == "They have died"
    while person.asked != "check_answers":
        await person.say(first_choice(person))
    lines = (person.custom("question") or {})["answers"]
    by_id = {line["id"]: line for line in lines}
    assert by_id["story"] == {"id": "story", "label": "What happened", "value": STORIES[1], "change": False}
    assert by_id["effect"]["change"]
    # The same, in the same order, as the text that is read out.
    assert [line for line in person.texts.splitlines() if ": " in line and "change" not in line][
        : len(lines)
    ] == [f"{line['label']}: {line['value']}" for line in lines]
    await person.say("/change(effect)")
    assert person.asked == "effect"


async def test_the_end_says_which_texts_it_covers_and_what_no_decision_says(shipped: Desk) -> None:
    person = Person(shipped, "cim")
    await person.says("hello", STORIES[1])
    while person.asked is not None:
        await person.say(first_choice(person))
    texts = [entry["text"] for entry in person.last.entries if "text" in entry] if person.last else []
    outcome = person.outcome
    assert 0 < outcome["covers"] <= len(texts)
    assert outcome["reference"] in texts[-outcome["covers"]]
    # Whatever a face would lose by leaving those texts out stands in the decision, or in the notes.
    for note in outcome["notes"]:
        assert note in "\n".join(texts[-outcome["covers"] :])
    withdrawn = Person(shipped, "cim")
    await withdrawn.says("hello", STORIES[0], "/withdraw")
    assert withdrawn.outcome["notes"] == [withdrawn.texts.splitlines()[-1]]
