"""Corrections that name the old value, the new one or the question; and what only looks like one."""

from __future__ import annotations

from time import process_time

import pytest
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st

from bot.messages import Command, Given, OpenQuestion
from bot.understanding.reader import Reader
from tests.understanding.questions import (
    BEHALF,
    CHECK,
    CONFIRM,
    EMAIL,
    EXHAUSTED,
    FACTS,
    NAME,
    NOW,
    PHONE,
    REMEDY,
    STORY,
    SUBJECT,
)

DATE = OpenQuestion("happened_on", "date", True)
EFFECT = OpenQuestion("effect", "text", True)
POST = OpenQuestion("contact_post", "text", True)
REPRESENTATIVE = OpenQuestion("representative_name", "text", True)
TOLD = (
    Given(STORY, "My tutor shouted at me on 12 March.", "My tutor shouted at me on 12 March."),
    Given(DATE, "2026-03-12", "Thursday 12 March 2026"),
    Given(EFFECT, "I lost nine weeks", "I lost nine weeks"),
    Given(POST, "4 High Street, Ely", "4 High Street, Ely"),
    Given(PHONE, "+441628427120", "+441628427120"),
    Given(EMAIL, "jo.stevens@example.org", "jo.stevens@example.org"),
    Given(BEHALF, "self", "For myself"),
    Given(NAME, "Jo Stevens", "Jo Stevens"),
)

CORRECTED = [
    ("not March, May", {"happened_on": "2026-05-12"}),
    ("not March but May", {"happened_on": "2026-05-12"}),
    ("It was May, not March", {"happened_on": "2026-05-12"}),
    ("May not March", {"happened_on": "2026-05-12"}),
    ("I said March but I meant May", {"happened_on": "2026-05-12"}),
    ("sorry, not the 12th, the 13th", {"happened_on": "2026-03-13"}),
    ("it was the thirteenth, not the 12th", {"happened_on": "2026-03-13"}),
    ("the year is 2025, not 2026", {"happened_on": "2025-03-12"}),
    ("change the date to 13 April 2026", {"happened_on": "2026-04-13"}),
    ("please change the date from March to May", {"happened_on": "2026-05-12"}),
    ("can you change the date to last Tuesday", {"happened_on": "2026-11-17"}),
    ("it's Stephens, not Stevens", {"complainant_name": "Jo Stephens"}),
    ("It's not Stevens, it's Stephens", {"complainant_name": "Jo Stephens"}),
    ("no, it isn’t Stevens, it’s Stephens", {"complainant_name": "Jo Stephens"}),
    ("Stephens not Stevens", {"complainant_name": "Jo Stephens"}),
    ("Stevens should be Stephens", {"complainant_name": "Jo Stephens"}),
    ("you have Stevens, it should be Stephens", {"complainant_name": "Jo Stephens"}),
    ("my name is Stephens, not Stevens", {"complainant_name": "Jo Stephens"}),
    ("change Stevens to Stephens", {"complainant_name": "Jo Stephens"}),
    ('Change "Jo" to "Joanna" please', {"complainant_name": "Joanna Stevens"}),
    ("change my name to Joanna Bell-Smith", {"complainant_name": "Joanna Bell-Smith"}),
    ("I'd like to change my surname to Bell", {"complainant_name": "Bell"}),
    ("sorry, I meant Joanna Bell", {"complainant_name": "Joanna Bell"}),
    ("sorry I meant Stephens", {"complainant_name": "Jo Stephens"}),
    ("*Stephens", {"complainant_name": "Jo Stephens"}),
    ("actually Stephens", {"complainant_name": "Jo Stephens"}),
    ("change my e-mail to jo@example.org", {"contact_email": "jo@example.org"}),
    ("jo@example.org, not jo.stevens@example.org", {"contact_email": "jo@example.org"}),
    ("change my phone number to 01628 427121", {"contact_phone": "+441628427121"}),
    ("change my address to 5 High Street, Ely", {"contact_post": "5 High Street, Ely"}),
    ("not High Street, Low Street", {"contact_post": "4 Low Street, Ely"}),
    ("change nine weeks to ten weeks", {"effect": "I lost ten weeks"}),
    ("for someone else, not for myself", {"on_behalf_of": "other"}),
    ("change who it is for to someone else", {"on_behalf_of": "other"}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "corrections"), CORRECTED)
@pytest.mark.parametrize("question", [SUBJECT, EXHAUSTED, CHECK])
def test_a_correction_puts_the_answer_right_that_it_names(
    reader: Reader, text: str, corrections: dict[str, str], question: OpenQuestion
) -> None:
    read = reader.read(text, question, now=NOW, facts=FACTS, given=TOLD)
    assert (read.corrections, read.answer, read.command) == (corrections, None, None)


@pytest.mark.parametrize(
    "text",
    ["not a refund, an apology", "it's rubbish, not fit for purpose", "not good enough, do better", "may I not",
     "not in March but whenever it suits you", "change my grade to a pass", "replace my tutor with somebody else",
     "the mark should be higher", "it should be obvious", "I meant what I said", "*", "* * *", "not , ", "change to"],
)  # fmt: skip
@pytest.mark.parametrize("question", [SUBJECT, CHECK, REMEDY])
def test_what_names_no_earlier_answer_corrects_none(
    reader: Reader, text: str, question: OpenQuestion
) -> None:
    read = reader.read(text, question, now=NOW, facts=FACTS, given=(*TOLD[:2], TOLD[5], TOLD[2]))
    assert read.corrections == {}


class TestAtAFreeQuestion:
    @pytest.mark.parametrize(
        "text", ["it's Stephens, not Stevens", "change my name to Jo Stephens", "change Stevens to Stephens"]
    )
    def test_only_a_change_that_names_its_question_or_the_last_answer_is_one(
        self, reader: Reader, text: str
    ) -> None:
        read = reader.read(text, REMEDY, now=NOW, facts=FACTS, given=TOLD)
        assert (read.corrections, read.exact) == ({"complainant_name": "Jo Stephens"}, True)

    @pytest.mark.parametrize(
        "text",
        [
            "not March, May",
            "sorry, I meant Stephens",
            "change nine weeks to ten weeks",
            "*Stephens",
            "the date is wrong",
        ],
    )
    def test_anything_less_is_the_answer(self, reader: Reader, text: str) -> None:
        read = reader.read(text, REMEDY, now=NOW, facts=FACTS, given=TOLD)
        assert (read.answer, read.corrections) == (text, {})

    def test_what_was_not_given_yet_is_not_changed(self, reader: Reader) -> None:
        for text in ("change my name", "change my name to Jo Bell"):
            assert reader.read(text, REMEDY, now=NOW, facts=FACTS, given=TOLD[:1]).answer == text


class TestTheOtherOne:
    @pytest.mark.parametrize(
        "text", ["no, the other one", "the other one", "sorry, the other way round", "No the opposite"]
    )
    def test_it_is_the_other_of_the_two_that_were_offered_last(self, reader: Reader, text: str) -> None:
        for question in (NAME, EXHAUSTED, SUBJECT):
            read = reader.read(text, question, now=NOW, facts=FACTS, given=TOLD[:-1])
            assert read.corrections == {"on_behalf_of": "other"}, question.id

    def test_after_anything_else_it_is_nothing(self, reader: Reader) -> None:
        assert reader.read("the other one", EXHAUSTED, now=NOW, facts=FACTS, given=TOLD).corrections == {}


class TestWhatIsWrongWithoutWhatIsRight:
    @pytest.mark.parametrize(
        ("text", "target"),
        [
            ("you have got my surname wrong", "complainant_name"),
            ("the date is wrong", "happened_on"),
            ("there's a typo in my email", "contact_email"),
            ("I've misspelt my name", "complainant_name"),
            ("wrong phone number", "contact_phone"),
            ("not March, 31 February", "happened_on"),
            ("change the date to the day of the rain", "happened_on"),
        ],
    )
    def test_it_is_asked_anew(self, reader: Reader, text: str, target: str) -> None:
        read = reader.read(text, CHECK, now=NOW, facts=FACTS, given=TOLD)
        assert (read.command, read.target, read.corrections) == (Command.CHANGE, target, {})


def test_a_representative_has_a_name_of_their_own(reader: Reader) -> None:
    told = (
        Given(BEHALF, "other", "For someone else"),
        Given(REPRESENTATIVE, "Ann Lea", "Ann Lea"),
        Given(NAME, "Beth Lea", "Beth Lea"),
    )
    for text, name in (
        ("change my name to Ann Leigh", "representative_name"),
        ("change her name to Ann Leigh", "complainant_name"),
    ):
        read = reader.read(text, CHECK, now=NOW, facts=FACTS, given=told)
        assert read.corrections == {name: "Ann Leigh"}
    assert (
        reader.read("change my name", CHECK, now=NOW, facts=FACTS, given=told).target == "representative_name"
    )


def test_a_no_with_a_correction_is_no_plain_no(reader: Reader) -> None:
    for question in (EXHAUSTED, CONFIRM):
        read = reader.read("no, it's Stephens, not Stevens", question, now=NOW, facts=FACTS, given=TOLD)
        assert (read.answer, read.corrections) == (None, {"complainant_name": "Jo Stephens"})


@pytest.mark.parametrize(
    ("question", "text", "answer"),
    [
        (DATE, "not the 12th, the 13th of March 2026", "2026-03-13"),
        (EMAIL, "jo@example.org, not joe@example.org", "jo@example.org"),
        (SUBJECT, "a certificate, not an exam result", "certificate"),
    ],
)
def test_the_new_one_of_two_is_the_answer_where_nothing_was_given_yet(
    reader: Reader, question: OpenQuestion, text: str, answer: str
) -> None:
    assert reader.read(text, question, now=NOW, facts=FACTS).answer == answer


@drawn(
    text=st.text(max_size=120), question=st.sampled_from([SUBJECT, EXHAUSTED, CHECK, CONFIRM, REMEDY, DATE])
)
@settings(deadline=None, max_examples=200)
def test_no_text_makes_it_raise_whatever_was_given(reader: Reader, text: str, question: OpenQuestion) -> None:
    reader.read(text, question, now=NOW, facts=FACTS, given=TOLD)


@pytest.mark.parametrize(
    "unit",
    ["not ", "x \n ", "not a, ", "no sorry ", "change to ", "it's x not ", "*", "a" * 40 + " should be "],
)
def test_a_long_message_costs_little(reader: Reader, unit: str) -> None:
    text = (unit * 16384)[:16384]
    begun = process_time()
    reader.read(text, SUBJECT, now=NOW, facts=FACTS, given=TOLD)
    assert process_time() - begun < 0.6
    begun = process_time()
    reader.read(text[:299], SUBJECT, now=NOW, facts=FACTS, given=TOLD)
    assert process_time() - begun < 0.1
