"""The interview as a person meets it: what is asked, what is never asked, and what may be changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.turn import Desk
from tests.desk import MINI, Clock, Person, open_desk

pytestmark = pytest.mark.anyio
STORY = "The parcel with my course books came three weeks late, and nobody answered my e-mails about it."
# Somebody who has had an answer is asked which; of others it is supposed that they have had none.
ANSWERED = "The parcel with my course books came three weeks late, and your reply about it was no use to me."
SETTLED = "/SetSlots(nature=complaint, subject=service, stage_reached=none)"


async def test_only_facts_that_still_matter_are_asked(person: Person) -> None:
    await person.says(ANSWERED, "/SetSlots(nature=complaint, subject=service)")
    assert person.asked == "stage_reached"
    await person.say("/SetSlots(stage_reached=none)")
    assert person.asked == "effect"


async def test_a_question_needs_no_complaint_procedure_and_is_passed_on(person: Person) -> None:
    await person.says("Where can I see my timetable?", "/SetSlots(nature=enquiry)")
    assert person.asked == "complainant_name"
    await person.skip_to("check_answers")
    await person.say("send")
    assert person.outcome["state"] == "informal"
    assert person.outcome["decision"]["disposition"] == "refer_internal"


async def test_proposed_facts_are_confirmed_in_one_question_and_refused_ones_are_asked(
    person: Person,
) -> None:
    await person.say(STORY)
    assert person.asked == "confirm_facts"
    question = person.custom("question")
    assert question is not None
    assert question["proposed"]["nature"] == "complaint"
    assert question["choices"] == [{"value": "true", "label": "Yes"}, {"value": "false", "label": "No"}]
    await person.say("no")
    assert person.asked == "nature"


async def test_nothing_optional_stands_in_the_way_of_filing(person: Person) -> None:
    await person.says(STORY, "/skip")
    await person.skip_to("check_answers")
    await person.say("send")
    assert person.outcome["state"] == "filed"
    assert "subject" in person.outcome["decision"]["assumed"]


async def test_the_story_itself_cannot_be_skipped(person: Person) -> None:
    await person.says("hello", "/skip")
    assert person.asked == "story"
    assert "needed" in person.texts


class TestSignpost:
    async def sent_away(self, person: Person) -> None:
        await person.says(
            STORY, "/SetSlots(nature=complaint, subject=study_centre, centre_procedure_exhausted=false)"
        )
        assert person.asked == "still_complain"

    async def test_it_says_why_where_and_what_comes_after(self, person: Person) -> None:
        await self.sent_away(person)
        assert "the study centre" in person.texts
        assert '"Centres"' in person.texts
        assert "the next step is: Mini" in person.texts

    async def test_it_is_recorded_even_when_nothing_is_sent(self, person: Person) -> None:
        await self.sent_away(person)
        await person.say("no")
        assert person.outcome["state"] == "signposted"
        assert person.outcome["decision"]["disposition"] == "signpost"
        assert person.record()["state"] == "signposted"
        assert person.record()["narrative"] == STORY

    async def test_somebody_who_went_away_can_come_back_and_complain_here(self, person: Person) -> None:
        await self.sent_away(person)
        await person.says("no", "I still want to complain to you")
        assert person.asked == "centre_name"
        await person.skip_to("check_answers")
        await person.say("send")
        assert person.outcome["state"] == "filed"
        assert person.record()["state"] == "filed"

    async def test_a_person_can_complain_here_all_the_same(self, person: Person) -> None:
        await self.sent_away(person)
        await person.say("yes")
        assert person.asked == "centre_name"
        await person.skip_to("check_answers")
        await person.say("send")
        assert person.outcome["state"] == "filed"
        assert person.record()["still_complain"] is True


class TestSomebodyElse:
    async def test_a_death_is_met_with_one_sentence_and_no_question_of_consent(self, person: Person) -> None:
        await person.says(STORY, SETTLED)
        await person.skip_to("on_behalf_of")
        await person.says("/SetSlots(on_behalf_of=other)", "/SetSlots(representative_basis=deceased)")
        assert "sorry for your loss" in person.texts
        assert person.asked == "representative_name"
        await person.say("Ann Lee")
        assert person.asked == "complainant_name"
        assert "the person who died" in person.texts
        await person.say("Tom Lee")
        await person.skip_to("check_answers")
        await person.say("send")
        record = person.record()
        assert record["complainant"]["name"] == "Tom Lee"
        assert record["representation"]["representative_name"] == "Ann Lee"
        assert record["representation"]["consent"] == "not_needed"

    async def test_a_death_told_in_the_story_is_met_the_same_way(self, person: Person) -> None:
        await person.say(
            "My son was your learner. He died in October and you still write to him about his reviews."
        )
        await person.say("yes")
        assert "sorry for your loss" in person.texts
        await person.skip_to("check_answers")
        assert "sorry for your loss" not in person.texts
        assert "Writing for: For someone else" in person.texts

    @pytest.mark.parametrize(("basis", "consent"), [("none", "pending"), ("consent", "given")])
    async def test_consent_may_follow_and_stops_nothing(
        self, person: Person, basis: str, consent: str
    ) -> None:
        await person.says(STORY, SETTLED, f"/SetSlots(on_behalf_of=other, representative_basis={basis})")
        await person.skip_to("check_answers")
        await person.say("send")
        assert person.outcome["state"] == "filed"
        assert person.record()["representation"]["consent"] == consent


class TestChanging:
    async def test_any_answer_can_be_changed_at_any_turn(self, person: Person) -> None:
        await person.says(STORY, SETTLED, "It cost me a client", "/SetSlots(effect=It cost me two clients)")
        await person.skip_to("check_answers")
        assert "It cost me two clients" in person.texts
        assert "It cost me a client" not in person.texts

    async def test_an_answer_that_is_cleared_is_asked_again(self, person: Person) -> None:
        await person.says(STORY, SETTLED)
        await person.skip_to("check_answers")
        await person.say("/SetSlots(complainant_name=null)")
        assert person.asked == "complainant_name"
        await person.say("Jo Bell")
        assert person.asked == "check_answers"
        assert "Name: Jo Bell" in person.texts

    async def test_back_returns_to_the_last_question(self, person: Person) -> None:
        await person.says(STORY, SETTLED, "It cost me a client")
        assert person.asked == "desired_remedy"
        await person.say("/back")
        assert person.asked == "effect"
        await person.say("It cost me my job")
        assert person.asked == "desired_remedy"

    async def test_back_at_the_very_beginning_says_so(self, person: Person) -> None:
        await person.says("hello", "/back")
        assert "nothing to go back to" in person.texts
        assert person.asked == "story"

    async def test_a_changed_mind_about_whom_it_is_for_drops_what_no_longer_applies(
        self, person: Person
    ) -> None:
        await person.says(STORY, SETTLED, "/SetSlots(on_behalf_of=other, representative_name=Ann)")
        await person.say("/SetSlots(on_behalf_of=self)")
        await person.skip_to("check_answers")
        assert "Ann" not in person.texts

    async def test_words_at_the_last_question_are_kept_and_sent(self, person: Person) -> None:
        await person.says(STORY, SETTLED)
        await person.skip_to("check_answers")
        await person.say("one more thing: the box was open when it arrived")
        assert person.asked == "check_answers"
        await person.say("send")
        assert person.record()["answers"]["added_words"] == "one more thing: the box was open when it arrived"

    async def test_restart_asks_for_the_story_again_and_keeps_what_was_written(self, person: Person) -> None:
        await person.says(STORY, SETTLED, "/restart")
        assert person.asked == "story"
        assert STORY in [m["text"] for m in person.record()["messages"]]


class TestLeaving:
    async def test_withdrawing_ends_it_and_undo_opens_it_again(self, person: Person) -> None:
        await person.says(STORY, SETTLED, "/withdraw")
        assert person.outcome["state"] == "withdrawn"
        assert person.outcome["decision"]["organisation"] == "mini"
        assert person.record()["state"] == "withdrawn"
        await person.say("undo")
        assert person.asked == "effect"
        assert person.record()["state"] == "draft"

    async def test_withdrawing_before_it_is_settled_says_what_is_certain(self, person: Person) -> None:
        await person.says(STORY, "/withdraw")
        assert person.outcome["decision"]["settled"] is False
        assert "subject" in person.outcome["decision"]["needs"]

    async def test_a_person_can_be_asked_for_at_any_question(self, person: Person) -> None:
        await person.says(STORY, SETTLED, "/human")
        assert "care@mini.example" in person.texts
        assert person.asked == "effect"

    async def test_pausing_saves_and_the_same_question_returns(self, person: Person) -> None:
        await person.says(STORY, SETTLED, "/pause")
        assert "saved" in person.texts
        assert person.asked == "effect"

    async def test_after_the_end_words_are_kept_and_the_person_told_where_to_turn(
        self, person: Person
    ) -> None:
        await person.says(STORY, SETTLED)
        await person.skip_to("check_answers")
        await person.says("send", "I forgot to say that it rained")
        assert person.asked is None
        assert "care@mini.example" in person.texts
        assert "I forgot to say that it rained" in [m["text"] for m in person.record()["messages"]]
        assert person.record()["state"] == "filed"


class TestNotUnderstood:
    async def test_a_question_is_put_again_twice_at_most_and_then_left(self, person: Person) -> None:
        await person.says(ANSWERED, "/SetSlots(nature=complaint, subject=service)")
        assert person.asked == "stage_reached"
        asked = []
        for _ in range(3):
            await person.say("purple elephants")
            asked.append(person.asked)
        assert asked == ["stage_reached", "stage_reached", "effect"]

    async def test_an_unknown_choice_names_the_nearest_and_changes_nothing(self, person: Person) -> None:
        await person.says(STORY, "/SetSlots(subject=servise)")
        assert 'The closest is "service"' in person.texts
        assert "servise" not in str(person.record()["facts"])

    async def test_a_name_that_is_no_question_is_said_to_be_none(self, person: Person) -> None:
        await person.says(STORY, "/SetSlots(sbject=service)")
        assert "no question called" in person.texts
        assert 'The closest is "subject"' in person.texts

    async def test_a_broken_selection_is_never_taken_as_an_answer(self, person: Person) -> None:
        await person.says("hello", "/SetSlots(subject=")
        assert person.asked == "story"
        assert person.record()["narrative"] is None


async def test_harm_brings_help_at_once_and_marks_the_case_while_the_interview_goes_on(
    person: Person,
) -> None:
    await person.say(
        "Since you failed my portfolio I want to kill myself. Nobody at the centre would listen to me."
    )
    assert "116 123" in person.texts
    assert person.asked is not None
    await person.say(SETTLED)
    await person.skip_to("check_answers")
    await person.say("send")
    assert "risk_of_harm" in person.record()["flags"]


class TestAnEditedPack:
    """A rule edit changes the interview, with no code."""

    async def questions(self, folder: Path, text: str, subject: str = "study_centre") -> list[str]:
        packs = folder / "packs"
        packs.mkdir()
        (packs / "mini.yml").write_text(text, "utf-8")
        with open_desk(folder, packs, Clock()) as desk:
            return await self._asked(desk, subject)

    async def _asked(self, desk: Desk, subject: str) -> list[str]:
        person = Person(desk, "mini")
        await person.says(STORY, f"/SetSlots(nature=complaint, subject={subject})")
        found = []
        while person.asked not in (None, "check_answers", "still_complain"):
            found.append(str(person.asked))
            await person.say("/skip")
        return found

    async def test_a_dropped_condition_is_no_longer_asked_for(self, tmp_path: Path) -> None:
        text = (MINI / "mini.yml").read_text("utf-8")
        slimmer = text.replace(
            'subject: [study_centre], centre_procedure_exhausted: ["false"]', "subject: [director]"
        )
        (tmp_path / "a").mkdir()
        (tmp_path / "b").mkdir()
        assert "centre_procedure_exhausted" in await self.questions(tmp_path / "a", text)
        assert "centre_procedure_exhausted" not in await self.questions(tmp_path / "b", slimmer)

    async def test_an_added_fact_is_asked_with_the_packs_own_words(self, tmp_path: Path) -> None:
        text = (MINI / "mini.yml").read_text("utf-8")
        text = text.replace(
            "  on_behalf_of: {}\n", "  on_behalf_of: {}\n  branch: {values: [north, south], default: north}\n"
        )
        text = text.replace("  - on_behalf_of\n", "  - branch\n  - on_behalf_of\n")
        text = text.replace(
            "routes: [first], to: The Director", "routes: [first], when: {branch: [south]}, to: The Director"
        )
        text += (
            "questions:\n  - {id: branch, text: Which branch was it?, labels: {north: North, south: South}}\n"
        )
        (tmp_path / "a").mkdir()
        assert "branch" in await self.questions(tmp_path / "a", text, "service")
