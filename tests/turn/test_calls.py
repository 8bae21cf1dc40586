"""What must not wait until a complaint is sent: words of harm, and a wish for a person, reach the organisation at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot import turn
from bot.overlay import EmailHandoff, FolderHandoff, Overlay
from bot.turn import Desk
from cases import outbox
from handoff.target import Delivery
from handoff.targets.email import compose
from tests.desk import Person, open_desk

pytestmark = pytest.mark.anyio
DANGER = "Nobody answers me and since the exam I want to kill myself."
UNSURE = "I do not know how much longer I can take this"
STORY = "My certificate has not come and nobody answers my letters."
PLACES = Overlay(
    handoff=(FolderHandoff(target="folder"), EmailHandoff(target="email", to=("a@example.org",)))
)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with open_desk(tmp_path, overlay=PLACES) as desk:
        yield desk


@pytest.fixture
def person(desk: Desk) -> Person:
    return Person(desk, "cim")


def handed_over(desk: Desk) -> list[tuple[str, str]]:
    return sorted((row["kind"], row["target"]) for row in desk.store.read_sync(outbox.listing))


async def test_words_of_harm_reach_every_place_at_once_and_only_once(desk: Desk, person: Person) -> None:
    await person.say(DANGER)
    assert handed_over(desk) == [("draft.urgent", "email"), ("draft.urgent", "folder")]
    await person.say("I can't go on, I want to die")
    assert "116 123" in person.texts
    assert len(handed_over(desk)) == 2


async def test_help_is_told_in_full_and_then_in_one_line(person: Person) -> None:
    await person.say(DANGER)
    assert person.texts.count("\n") > 3
    full = person.texts
    await person.says("/skip", "I want to die")
    assert "Help is there at any time: Emergency services: 999, Samaritans: 116 123" in person.texts
    assert "Help is there at any time" not in full


async def test_what_only_may_tell_of_harm_brings_one_line_once_and_calls_nobody(
    desk: Desk, person: Person
) -> None:
    await person.says(STORY, "yes", "/SetSlots(subject=service, stage_reached=none, complainant_type=member)")
    assert person.asked == "effect"
    await person.say(UNSURE)
    read = desk.reader.read(UNSURE, None, now=desk.clock(), facts={})
    assert (read.harm, read.sure_of_harm) == (
        True,
        False,
    )  # choose other words here when the model has learnt more
    assert person.texts.count("116 123") == 1
    assert "In danger" not in person.texts
    await person.say(UNSURE)
    assert "116 123" not in person.texts
    assert handed_over(desk) == []
    assert person.record()["flags"] == ["possible_harm"]


async def test_a_wish_for_a_person_is_passed_on_with_the_story_that_it_belongs_to(
    desk: Desk, person: Person
) -> None:
    await person.says("hello", "/human")
    assert handed_over(desk) == []  # nothing was told yet
    await person.say(STORY)
    asked = [("draft.person_asked", "email"), ("draft.person_asked", "folder")]
    assert handed_over(desk) == asked
    await person.say("/human")
    assert handed_over(desk) == asked


async def test_whoever_asks_for_nothing_of_the_kind_is_handed_to_nobody(desk: Desk, person: Person) -> None:
    await person.says(STORY, "/skip", "the wait is killing me")
    assert handed_over(desk) == []


async def test_a_house_that_waits_until_the_end_is_caught(
    desk: Desk, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turn, "_CALLS", {})
    await person.say(DANGER)
    assert handed_over(desk) == []


async def test_the_letter_says_first_that_it_is_urgent(person: Person) -> None:
    await person.say(DANGER)
    record = person.record()
    item = Delivery("d" * 32, "draft.urgent", "cim", record["reference"], record)
    letter = compose(item, "hearout@example.org", ("a@example.org",))
    assert letter["Subject"].startswith("Urgent: ")
    assert letter["Importance"] == "high"
    body = letter.get_body(("plain",))
    assert body is not None
    assert body.get_content().startswith("URGENT")
    assert "not sent yet" in body.get_content()
