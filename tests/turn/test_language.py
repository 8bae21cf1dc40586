"""The language of a conversation: off where it is not switched on, changed at any time where it is, and nothing lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.dialogue.letters import reminder
from bot.overlay import OUR_NOTICE, OUR_NOTICE_CY, HelpLine, Overlay, PrivacyNotice
from bot.turn import Desk, context_of
from tests.conversations.slots import standing
from tests.desk import Clock, Person, open_desk
from tests.turn.test_takeover import Office

pytestmark = pytest.mark.anyio
STORY = "The parcel with my course books came three weeks late, and nobody answered my e-mails about it."
SETTLED = "/SetSlots(nature=complaint, subject=service, stage_reached=none, complainant_type=member, on_behalf_of=self)"
BOTH = Overlay(languages=("en", "cy"))


def desk_with(folder: Path, overlay: Overlay) -> Any:
    return open_desk(folder, clock=Clock(), overlay=overlay)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """CIM with Welsh switched on."""
    with desk_with(tmp_path, BOTH) as opened:
        yield opened


@pytest.fixture
def person(desk: Desk) -> Person:
    return Person(desk, "cim")


def conversation_of(person: Person) -> dict[str, Any]:
    found = person.custom("conversation")
    assert found is not None
    return found


@pytest.mark.parametrize(
    "asked", ["/language(cy)", '/language{"target": "cy"}', "Cymraeg", "/language(fr)", "/language"]
)
async def test_a_language_that_is_not_switched_on_is_refused_politely(tmp_path: Path, asked: str) -> None:
    with desk_with(tmp_path, Overlay()) as desk:
        person = Person(desk, "cim")
        await person.says(STORY, SETTLED)
        await person.say(asked)
        assert "CIM offers this conversation in: English." in person.texts
        assert person.asked == "effect"
        assert "How has this affected you?" in person.texts
        assert standing(person).draft.get("language", "en") == "en"
        assert person.custom("conversation") is None


async def test_where_one_language_is_offered_replies_have_the_shape_that_they_had(tmp_path: Path) -> None:
    with desk_with(tmp_path, Overlay()) as desk:
        person = Person(desk, "cim", begin_in="cy")
        first = await person.say("hello")
        assert person.custom("conversation") == {"reference": first.reference}
        assert "This is the complaints service" in person.texts


@pytest.mark.parametrize("asked", ["/language(cy)", "Cymraeg", "cymraeg.", "yn Gymraeg os gwelwch yn dda"])
async def test_the_same_question_is_put_again_in_the_other_language_and_back(
    person: Person, asked: str
) -> None:
    await person.says(STORY, SETTLED)
    before = standing(person).draft["answers"]
    await person.say(asked)
    assert person.asked == "effect"
    assert person.texts.endswith("Sut mae hyn wedi effeithio arnoch chi?")
    assert "Mae'r sgwrs hon yn Gymraeg." in person.texts
    assert conversation_of(person) | {"reference": ""} == {
        "reference": "",
        "lang": "cy",
        "languages": ["en", "cy"],
    }
    assert standing(person).draft["answers"] == before
    await person.say("/language(en)")
    assert person.texts.endswith("How has this affected you?")
    assert conversation_of(person)["lang"] == "en"
    assert standing(person).draft["answers"] == before


async def test_a_typed_name_is_echoed_and_can_be_taken_back_as_the_answer(person: Person) -> None:
    await person.says(STORY, SETTLED)
    await person.say("Cymraeg")
    assert 'Cymerwyd "Cymraeg" fel cyfarwyddyd' in person.texts
    await person.say("dadwneud")
    assert standing(person).draft["answers"]["effect"] == "Cymraeg"
    assert "Taken back." in person.texts
    assert person.texts.endswith("What would you like CIM to do to put things right?")


async def test_a_question_with_choices_has_them_in_the_language(person: Person) -> None:
    await person.says(STORY, "/language(cy)", "/SetSlots(confirm_facts=false)", "/SetSlots(nature=complaint)")
    assert person.asked == "subject"
    assert person.last is not None
    (asked,) = [entry for entry in person.last.entries if entry.get("buttons")]
    titles = [button["title"] for button in asked["buttons"]]
    assert titles[3] == "Tystysgrif"
    assert "Dydw i ddim yn gwybod" in titles
    await person.say("tystysgrif")
    assert standing(person).draft["answers"]["subject"] == "certificate"


@pytest.mark.parametrize(
    ("said", "kept"),
    [("ydy", "complaint"), ("Ydy.", "complaint"), ("Ie, mae hynny'n gywir", "complaint"), ("Nac ydy", None)],
)
async def test_yes_and_no_are_read_in_welsh(person: Person, said: str, kept: str | None) -> None:
    await person.says(STORY, "/language(cy)")
    assert person.asked == "confirm_facts"
    assert person.texts.endswith("Ydy hynny'n gywir?")
    await person.say(said)
    assert standing(person).draft["answers"].get("nature") == kept


async def test_a_conversation_begins_in_the_language_that_its_face_is_in(person: Person) -> None:
    person.begin_in = "cy"
    await person.say("hello")
    assert "Gwasanaeth cwynion The Chartered Institute of Marketing (CIM) yw hwn." in person.texts
    assert OUR_NOTICE_CY in person.texts
    assert OUR_NOTICE not in person.texts
    assert conversation_of(person)["parts"] == {"en": ["The Chartered Institute of Marketing"]}
    person.begin_in = "en"
    await person.say("Collwyd fy nhystysgrif ac nid oes neb yn ateb.")
    assert conversation_of(person)["lang"] == "cy", "only the first message sets it"


@pytest.mark.parametrize("asked", ["fr", "", None])
async def test_a_language_that_nobody_offers_begins_in_the_organisations_own(
    person: Person, asked: str | None
) -> None:
    person.begin_in = asked
    await person.say("hello")
    assert conversation_of(person)["lang"] == "en"


async def test_an_organisation_may_speak_welsh_first(tmp_path: Path) -> None:
    with desk_with(tmp_path, Overlay(languages=("cy", "en"))) as desk:
        person = Person(desk, "cms")
        await person.say("")
        assert conversation_of(person)["lang"] == "cy"
        await person.says("Daeth y llyfrau dair wythnos yn hwyr.", "english")
        assert conversation_of(person)["lang"] == "en"


@pytest.mark.parametrize("text", ["Cymraeg", "/language(cy)", "in Welsh please"])
async def test_who_begins_with_the_name_of_a_language_is_greeted_in_it(person: Person, text: str) -> None:
    await person.say(text)
    assert person.asked == "story"
    assert "Cymerwyd" not in person.texts
    assert "This is" not in person.texts
    assert person.texts.startswith("Gwasanaeth cwynion")


async def test_what_the_policy_says_stays_in_its_words_and_is_named_as_english(person: Person) -> None:
    await person.says(STORY, SETTLED, "/language(cy)")
    await person.skip_to("check_answers")
    await person.say("Cewch")
    assert person.last is not None
    assert person.last.state == "filed"
    assert "Mae'n mynd at: Relevant department manager." in person.texts
    assert "erbyn dydd Mercher 23 Rhagfyr 2026" in person.texts
    assert "Relevant department manager" in conversation_of(person)["parts"]["en"]
    assert person.record()["language"] == "cy"


async def test_a_face_that_lays_the_decision_out_is_given_its_terms_in_welsh(desk: Desk) -> None:
    person = Person(desk, "cms", begin_in="cy")
    await person.says(STORY, SETTLED)
    await person.skip_to("check_answers")
    await person.say("anfon")
    assert person.outcome["decision"]["escalate_within"] == "10 working days"
    assert conversation_of(person)["terms"] == {
        "10 working days": "10 diwrnod gwaith",
        "escalate": "Mynd â'r mater ymhellach",
    }
    assert "Yna bydd gennych 10 diwrnod gwaith" in person.texts


async def test_after_the_end_the_dates_are_told_in_the_language_that_is_chosen_then(person: Person) -> None:
    await person.says(STORY, SETTLED)
    await person.skip_to("check_answers")
    await person.says("send it", "/language(cy)")
    assert "Dylech gael ateb erbyn" in person.texts
    assert "Gallwch siarad â pherson yn CIM." in person.texts
    await person.say("English")
    assert "You should have an answer by" in person.texts
    record = person.record()
    assert (record["state"], record["language"]) == ("filed", "en"), (
        "the case keeps the language it was filed in"
    )


async def test_a_withdrawn_complaint_is_opened_again_by_the_welsh_word(person: Person) -> None:
    await person.says(STORY, "/language(cy)", "tynnu'n ôl")
    assert person.last is not None
    assert person.last.state == "withdrawn"
    await person.say("dadwneud")
    assert person.last.state == "draft"
    assert "Mae eich cwyn ar agor eto" in person.texts


async def test_who_has_been_taken_over_can_still_change_the_language(person: Person, desk: Desk) -> None:
    await person.says(STORY, SETTLED)
    office = Office(desk)
    await office.take_over(person)
    await person.say("/language(cy)")
    assert "R. Ahmed o CIM wedi cymryd y sgwrs hon drosodd" in person.texts
    await office.do(person, act="giveback")
    assert "Sut mae hyn wedi effeithio arnoch chi?" in office.shown
    shown = [
        e["custom"]["conversation"]
        for e in office.frames[-1]["entries"]
        if "conversation" in e.get("custom", {})
    ]
    assert [one["lang"] for one in shown] == ["cy"]


async def test_help_is_shown_in_welsh_and_so_is_the_reminder(person: Person, desk: Desk) -> None:
    await person.says(STORY, SETTLED, "/language(cy)", "Dw i eisiau marw")
    assert "Gwasanaethau brys: 999" in person.texts
    assert person.last is not None
    subject, text = reminder(context_of(desk, "cim", "cy", person.last.reference), 14)
    assert subject == f"Eich cyfeirnod gyda CIM: {person.last.reference}"
    assert "Ar ôl 14 diwrnod heb neges" in text
    assert person.record()["language"] == "cy", "the letter is written in the language that the record names"


async def test_a_notice_that_nobody_has_put_into_welsh_is_shown_as_it_is_and_named(tmp_path: Path) -> None:
    notice = PrivacyNotice(version="2", text="We keep what you write for six years.")
    with desk_with(tmp_path, Overlay(languages=("en", "cy"), privacy_notice=notice)) as desk:
        person = Person(desk, "cim", begin_in="cy")
        await person.say("")
        assert "We keep what you write for six years." in person.texts
        assert "We keep what you write for six years." in conversation_of(person)["parts"]["en"]


def test_an_organisation_gives_its_own_welsh() -> None:
    notice = PrivacyNotice(text="We keep it.", text_cy="Rydym yn ei gadw.")
    assert notice.said_in("cy") == ("Rydym yn ei gadw.", "cy")
    assert notice.said_in("en") == ("We keep it.", "en")
    assert HelpLine(name="Mind", phone="1").named_in("cy") == "Mind"


async def test_a_conversation_goes_on_in_english_when_welsh_is_switched_off(tmp_path: Path) -> None:
    with desk_with(tmp_path, BOTH) as desk:
        person = Person(desk, "cim", begin_in="cy")
        await person.says(STORY, SETTLED)
        desk.overlays = lambda organisation: Overlay()
        await person.say("It cost me a job.")
        assert person.texts.endswith("What would you like CIM to do to put things right?")
        assert standing(person).draft["answers"]["effect"] == "It cost me a job."


async def test_a_promise_of_an_organisations_own_has_its_name_in_welsh(desk: Desk) -> None:
    person = Person(desk, "cmi", begin_in="cy")
    await person.says(
        STORY, "/SetSlots(nature=enquiry, subject=certificate, complainant_type=learning_organisation)"
    )
    await person.skip_to("check_answers")
    await person.say("anfon")
    assert conversation_of(person)["terms"] == {"issue_certificate": "Cyhoeddi'r dystysgrif"}
    assert "Cyhoeddi'r dystysgrif: erbyn dydd" in person.texts


@pytest.mark.parametrize(
    ("story", "own"),
    [
        (
            "Ni chafodd fy merch y llyfrau a dalwyd amdanynt, ac nid oes neb wedi ateb ei negeseuon i chi.",
            False,
        ),
        ("Ni chefais i'r llyfrau a delais amdanynt, ac nid oes neb wedi ateb fy negeseuon i chi.", True),
    ],
)
async def test_a_welsh_story_of_somebody_else_is_not_supposed_to_be_ones_own(
    person: Person, story: str, own: bool
) -> None:
    person.begin_in = "cy"
    await person.say(story)
    assert ("ar eich rhan eich hun" in person.texts) is own
