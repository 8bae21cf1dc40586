"""What is said: short sentences, one question a message, no key missing, dates in words."""

from __future__ import annotations

from datetime import date

import pytest

from bot.dialogue.catalogue import Catalogue, all_texts, catalogue_of, lint, words_of
from policy_rules.compiled import CompiledPack
from policy_rules.facts import VOCABULARY
from policy_rules.loader import load_pack
from policy_rules.names import fact_values
from policy_rules.questions import Questions
from policy_rules.shelf import SHIPPED, pack_files
from policy_rules.wording import Wording

PACKS = [CompiledPack(load_pack(path)) for path in pack_files(SHIPPED)]
IDS = [pack.pack.organisation.id for pack in PACKS]


def test_every_sentence_of_the_catalogue_is_short_and_asks_one_thing() -> None:
    assert [found for text in all_texts(words_of("en")) for found in lint(text)] == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("What happened? When was it?", "more than one question"),
        (" ".join(["word"] * 26) + ".", "26 words"),
    ],
)
def test_the_lint_finds_what_it_is_for(text: str, says: str) -> None:
    assert says in lint(text)[0]


@pytest.mark.parametrize(
    "text", ["See www.example.org. It helps.", "One. Two! Three?", " ".join(["word"] * 25) + "."]
)
def test_the_lint_lets_good_sentences_be(text: str) -> None:
    assert lint(text) == []


@pytest.mark.parametrize("pack", PACKS, ids=IDS)
def test_every_question_of_every_organisation_has_words(pack: CompiledPack) -> None:
    words = Catalogue(words_of("en"), pack.pack)
    for question in Questions(pack).order:
        if question.id != "facts":
            assert words.question(question.id), question.id
    for fact in pack.pack.facts:
        assert words.question(fact), fact
        assert lint(words.question(fact) or "") == []
        for value in pack.pack.facts[fact].values:
            assert words.label(fact, value)
            assert lint(words.statement(fact, value)) == []


@pytest.mark.parametrize("pack", PACKS, ids=IDS)
def test_the_packs_own_words_are_short_too(pack: CompiledPack) -> None:
    for question in pack.pack.questions:
        for text in (question.text, question.why):
            assert lint(text or "") == [], question.id


def test_every_value_of_the_vocabulary_has_a_label() -> None:
    labels = words_of("en")["labels"]
    for fact in VOCABULARY.values():
        if fact.values and not fact.is_boolean:
            assert set(fact.values) == set(labels[fact.name]), fact.name


def test_a_value_of_a_packs_own_is_shown_in_its_own_words() -> None:
    pack = PACKS[0]
    words = Catalogue(words_of("en"), pack.pack)
    assert words.label("branch", "north_east") == "North east"
    assert fact_values(pack.pack, "nature")


@pytest.mark.parametrize(
    ("day", "words"),
    [("2026-12-30", "Wednesday 30 December 2026"), ("2027-03-01", "Monday 1 March 2027")],
)
def test_dates_are_in_words(day: str, words: str) -> None:
    catalogue = Catalogue(words_of("en"), PACKS[0].pack)
    assert catalogue.date(day) == words
    assert catalogue.date(date.fromisoformat(day)) == words


def test_a_catalogue_is_made_once_for_each_version_of_a_pack_and_its_wording() -> None:
    pack, again = PACKS[0], CompiledPack(load_pack(pack_files(SHIPPED)[0]))
    wording = Wording(language="cy", organisation=pack.pack.organisation.id, times={"10 days": "10 diwrnod"})
    plain = catalogue_of("cy", pack, None)
    assert catalogue_of("cy", pack, None) is plain
    assert catalogue_of("en", pack, None) is not plain
    # The same text read again may be other objects, whose questions are told apart by identity.
    assert catalogue_of("cy", again, None) is not plain
    assert catalogue_of("cy", pack, wording).time("10 days") == "10 diwrnod"
    assert catalogue_of("cy", pack, None).time("10 days") == "10 days"
