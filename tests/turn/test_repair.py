"""A conversation survives what people do: two matters at once, corrections in passing, words after the end."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.turn import Desk
from cases.outbox import claim
from tests.desk import Clock, Person

pytestmark = pytest.mark.anyio
STORY = "The parcel with my course books came three weeks late, and nobody answered my e-mails about it."
SETTLED = "/SetSlots(nature=complaint, subject=service, stage_reached=none)"
BOTH = (
    "My study centre, Northgate College, closed without a word. I have been through the centre's own complaints "
    "procedure. Also, my certificate has not arrived after five months."
)


def handed_over(desk: Desk, clock: Clock) -> list[tuple[str, str]]:
    lease = timedelta(seconds=60)
    rows = desk.store.write_sync(
        lambda conn: claim(conn, clock.now + timedelta(hours=1), limit=20, lease=lease)
    )
    return sorted((row.kind, row.case_reference) for row in rows)


class TestTwoMatters:
    @pytest.fixture
    def person(self, desk: Desk) -> Person:
        desk.packs = type(desk.packs)()  # the shipped packs: the small one knows no certificates
        desk.runner = type(desk.runner)(desk.packs)
        return Person(desk, "cim")

    async def noticed(self, person: Person) -> None:
        await person.says(BOTH, "yes")
        assert person.asked == "second_matter"
        assert "A certificate" in person.texts

    async def test_they_become_two_cases_that_name_each_other(
        self, person: Person, desk: Desk, clock: Clock
    ) -> None:
        await self.noticed(person)
        await person.say("yes")
        await person.skip_to("check_answers")
        await person.say("send")
        outcome = person.outcome
        (linked,) = outcome["linked"]
        assert linked["reference"] != outcome["reference"]
        assert linked["reference"] in person.texts
        first = person.record()
        assert first["facts"]["subject"] == "study_centre"
        assert first["linked"] == [linked["reference"]]
        assert {reference for _, reference in handed_over(desk, clock)} == {
            outcome["reference"],
            linked["reference"],
        }
        assert linked["decision"]["handler"] == "Relevant department manager"

    async def test_a_person_who_sees_one_matter_has_one_case(
        self, person: Person, desk: Desk, clock: Clock
    ) -> None:
        await self.noticed(person)
        await person.say("no")
        await person.skip_to("check_answers")
        await person.say("send")
        assert person.outcome["linked"] == []
        assert len(handed_over(desk, clock)) == 1


class TestCorrections:
    async def test_several_in_one_message_are_made_and_said(self, person: Person) -> None:
        await person.says(STORY, SETTLED)
        await person.skip_to("preferred_contact")
        await person.say("ann@example.org")
        await person.skip_to("check_answers")
        await person.say(
            "sorry, my email is ann.lee@example.org and it is about a study centre, my study centre, Northgate"
        )
        assert "Changed. E-mail: ann.lee@example.org." in person.texts
        assert "Changed. What it is about: A study centre." in person.texts

    async def test_an_answer_to_a_free_question_corrects_nothing(self, person: Person) -> None:
        await person.says(STORY, SETTLED)
        assert person.asked == "effect"
        await person.say("My study centre, Northgate, had to refund me because of you.")
        await person.skip_to("check_answers")
        assert "What it is about: The service I received" in person.texts


class TestAfterFiling:
    async def filed(self, person: Person) -> str:
        await person.says(STORY, SETTLED)
        await person.skip_to("check_answers")
        await person.say("send")
        return str(person.outcome["reference"])

    async def test_words_are_added_to_the_case_and_handed_over(
        self, person: Person, desk: Desk, clock: Clock
    ) -> None:
        reference = await self.filed(person)
        before = person.record()
        clock.forward(days=3)
        await person.say("I found the delivery note: it is dated 3 March.")
        after = person.record()
        assert "added to your case" in person.texts
        assert after["answers"]["added_words"] == "I found the delivery note: it is dated 3 March."
        assert after["decision"] == before["decision"]
        assert after["received_at"] == before["received_at"]
        assert handed_over(desk, clock) == [("case.filed", reference), ("case.updated", reference)]

    @pytest.mark.parametrize("said", ["thank you", "ok", "Bye!"])
    async def test_thanks_are_no_addition(self, person: Person, desk: Desk, clock: Clock, said: str) -> None:
        await self.filed(person)
        await person.say(said)
        assert [kind for kind, _ in handed_over(desk, clock)] == ["case.filed"]


class TestConfidentiality:
    @pytest.mark.parametrize(
        ("value", "says"), [("asked", "others learn who raised it"), ("anonymous", "unable to answer")]
    )
    async def test_its_limits_are_said_before_anything_is_sent(
        self, person: Person, value: str, says: str
    ) -> None:
        await person.says(STORY, f"/SetSlots(confidentiality={value})")
        assert says in person.texts
        await person.say(SETTLED)
        await person.skip_to("check_answers")
        await person.say("send")
        assert person.record()["confidentiality"] == value

    async def test_it_is_taken_from_the_story_where_no_rule_asks_for_it(self, person: Person) -> None:
        await person.say(STORY + " Please keep my name out of this.")
        assert "try to keep this confidential" in person.texts
