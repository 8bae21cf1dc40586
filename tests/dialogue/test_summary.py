"""What was understood is put in one natural sentence, and no sentence of it is too long."""

from __future__ import annotations

from itertools import product

import pytest

from bot.dialogue.catalogue import Catalogue, lint, words_of
from bot.dialogue.summary import MOST_QUOTED, summary
from bot.messages import Proposal
from bot.understanding.details import _RELATION, find_relation
from policy_rules.shelf import PackShelf

ORGANISATIONS = ("cim", "cipfa", "cmi", "cqm", "cms")


@pytest.fixture(scope="module")
def shelf() -> PackShelf:
    return PackShelf()


def spoken(shelf: PackShelf, organisation: str = "cim") -> Catalogue:
    return Catalogue(words_of("en"), shelf.get(organisation).pack)


@pytest.mark.parametrize(
    ("proposed", "relation", "sentence"),
    [
        (
            {"subject": "exam_result", "on_behalf_of": "other"},
            "daughter",
            "This is about an exam or assessment result, and you are writing for your daughter.",
        ),
        (
            {
                "nature": "complaint",
                "subject": "certificate",
                "on_behalf_of": "self",
                "complainant_type": "learner",
            },
            None,
            "This is a complaint about a certificate, and you are writing for yourself, as a learner.",
        ),
        (
            {"nature": "complaint", "on_behalf_of": "self"},
            None,
            "This is a complaint, and you are writing for yourself.",
        ),
        ({"on_behalf_of": "other"}, None, "You are writing for someone else."),
        ({"on_behalf_of": "other"}, "landlord", "You are writing for someone else."),
        (
            {"nature": "appeal", "stage_reached": "stage_1"},
            None,
            "This is an appeal. You have had one formal answer.",
        ),
        (
            {
                "nature": "complaint",
                "effect": "I lost  my job, sadly.",
                "desired_remedy": 'Say "sorry"? Yes!',
            },
            None,
            'This is a complaint. How it affected you, in your words: "I lost my job, sadly". '
            "What you would like, in your words: \"Say 'sorry' Yes!\".",
        ),
    ],
)
def test_facts_become_one_sentence(
    shelf: PackShelf, proposed: dict[str, str], relation: str | None, sentence: str
) -> None:
    assert summary(spoken(shelf), proposed, relation) == sentence


def test_a_packs_own_value_is_told_by_its_own_label(shelf: PackShelf) -> None:
    said = summary(spoken(shelf, "cqm"), {"subject": "malpractice"}, None)
    assert said == "What it is about: Malpractice or maladministration."


@pytest.mark.parametrize("organisation", ORGANISATIONS)
def test_no_sentence_is_too_long_whatever_was_understood(shelf: PackShelf, organisation: str) -> None:
    compiled, words = shelf.get(organisation), spoken(shelf, organisation)
    told = [("nature", ""), ("subject", ""), ("complainant_type", ""), ("on_behalf_of", "self")]
    values = [[v for v in compiled.accepted.get(name) or (given,) if v] or [given] for name, given in told]
    names = [name for name, _ in told]
    for chosen in product(*values):
        said = summary(words, {n: v for n, v in zip(names, chosen, strict=True) if v}, "granddaughter")
        assert lint(said + " Is that right?") == []


def test_every_relation_that_is_found_has_words(shelf: PackShelf) -> None:
    listed = _RELATION.pattern.split("(daughter")[1].split(")\\b")[0]
    for word in ("daughter" + listed).replace("fianc[eé]", "fiancé").split("|"):
        found = find_relation(f"I write for my {word} because", Proposal("other", 0, 5))
        assert found is not None, word
        assert spoken(shelf).phrase("relations", found.value), word


def test_long_words_are_shown_by_their_beginning(shelf: PackShelf) -> None:
    said = summary(spoken(shelf), {"effect": "it was bad and " * 60}, None)
    assert said.endswith(' ...".')
    assert len(said) < MOST_QUOTED + 60
