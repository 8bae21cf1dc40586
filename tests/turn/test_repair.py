"""A conversation survives what people do: two matters at once, corrections in passing, words after the end."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.turn import Desk
from cases.outbox import claim
from tests.desk import Clock, Person

pytestmark = pytest.mark.anyio
STORY = "The parcel with my course books came three weeks late, and nobody answered my e-mails about it."
ANSWERED = "The parcel with my course books came three weeks late, and your reply about it was no use to me."
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


class TestNothingIsLost:
    async def test_a_greeting_is_no_story(self, person: Person) -> None:
        await person.says("hi", "hello")
        assert person.asked == "story"
        await person.say(STORY)
        assert person.record()["narrative"] == STORY

    async def test_more_of_the_story_where_a_choice_was_asked_is_kept_with_the_complaint(
        self, person: Person
    ) -> None:
        more = "Then on the phone the manager told me that the parcel had been thrown away."
        await person.says(ANSWERED, "/SetSlots(nature=complaint, subject=service)")
        assert person.asked == "stage_reached"
        await person.say(more)
        assert "added to your complaint" in person.texts
        await person.say(SETTLED)
        await person.skip_to("check_answers")
        assert more in person.texts
        await person.say("send")
        assert person.record()["answers"]["added_words"] == more

    async def test_a_cue_in_passing_never_undoes_what_was_confirmed(self, person: Person) -> None:
        await person.says(STORY, "/SetSlots(nature=complaint, subject=director)")
        await person.say("nobody answers my e-mails about it and the service was very poor")
        await person.say(SETTLED.replace("subject=service, ", ""))
        assert person.record()["facts"]["subject"] == "director"

    async def test_going_back_never_takes_the_story(self, person: Person) -> None:
        await person.says(STORY, "/back", "/back", "/back")
        assert person.record()["narrative"] == STORY
        assert person.asked != "story"

    async def test_changing_the_story_keeps_it(self, person: Person) -> None:
        await person.says(STORY, SETTLED)
        await person.skip_to("check_answers")
        await person.say("change what happened")
        assert person.record()["narrative"] == STORY

    @pytest.mark.parametrize("said", ["don't send it", "I changed my mind", "edit", "null"])
    async def test_a_wish_that_nothing_be_sent_is_no_further_word(self, person: Person, said: str) -> None:
        await person.says(STORY, SETTLED)
        await person.skip_to("check_answers")
        await person.say(said)
        assert "Nothing has been sent" in person.texts
        assert "added_words" not in person.record()["answers"]

    async def test_a_change_is_asked_for_at_once(self, person: Person) -> None:
        await person.says(STORY, SETTLED, "It cost me a client")
        assert person.asked == "desired_remedy"
        await person.say("/SetSlots(complainant_name=Jo)")
        await person.skip_to("check_answers")
        await person.say("change my name")
        assert person.asked == "complainant_name"

    async def test_a_phone_number_given_beside_an_email_is_kept(self, person: Person) -> None:
        await person.says(STORY, SETTLED)
        await person.skip_to("preferred_contact")
        await person.say("ann@example.org")
        await person.skip_to("check_answers")
        await person.say("/SetSlots(contact_phone=01628 427120)")
        await person.say("send")
        assert person.record()["complainant"]["phone"] == "01628 427120"
        assert person.record()["complainant"]["email"] == "ann@example.org"

    @pytest.mark.parametrize(
        ("said", "flag"), [("withdraw my complaint", "asked_to_withdraw"), ("/human", "asked_for_a_person")]
    )
    async def test_a_wish_after_filing_reaches_the_case(
        self, person: Person, desk: Desk, clock: Clock, said: str, flag: str
    ) -> None:
        await person.says(STORY, SETTLED)
        await person.skip_to("check_answers")
        await person.says("send", said)
        assert flag in person.record()["flags"]
        assert "case.updated" in [kind for kind, _ in handed_over(desk, clock)]

    async def test_an_address_that_is_none_is_refused_even_from_a_form(self, person: Person) -> None:
        await person.says(STORY, SETTLED, "/SetSlots(contact_email=notanemail, preferred_contact=email)")
        await person.skip_to("check_answers")
        assert "notanemail" not in person.texts
