"""Wordings of the phrase book are training lines of the intent that they mean, and of no other."""

from __future__ import annotations

from bot.understanding.examples import Example, read_examples
from bot.understanding.intents import INTENTS, PHRASINGS
from bot.understanding.phrasings import phrasings, without

BOOK = {
    "words": {"please": "please |"},
    "commands": {
        "skip": ["$please(skip|pass)"],
        "back": ["back"],
        "human": ["help me"],
        "withdraw": ["(stop|drop) it"],
        "restart": ["again"],
        "pause": ["(stop|save) it", "bye"],
        "send": ["send"],
    },
    "asides": {"why_asked": ["why"], "deadline": ["when"], "process": ["how"], "status": ["where"], "who_handles": ["who"]},
    "yes": ["yes"],
    "no": ["no"],
    "unknown": ["no idea", "pass"],
}  # fmt: skip


def test_each_list_of_the_book_is_its_intents_own() -> None:
    made = phrasings(BOOK)
    assert set(made["dont_know_skip"]) == {"please skip", "skip", "please pass", "pass", "no idea"}
    assert (made["affirm"], made["deny"], made["ask_deadline"]) == (["yes"], ["no"], ["when"])
    assert not any("send" in wordings or "who" in wordings for wordings in made.values())


def test_a_wording_that_is_doubtful_or_of_two_intents_is_left_out() -> None:
    made = phrasings({**BOOK, "no": ["no", "again"]})
    assert made["save_and_come_back_later"] == ["save it"]
    assert made["restart"] == []
    assert made["withdraw_cancel"] == ["drop it"]


def test_of_one_phrase_no_more_than_thirty_are_taken_and_always_the_same() -> None:
    many = {**BOOK, "yes": [f"({'|'.join(f'w{n}' for n in range(99))})"]}
    assert len(phrasings(many)["affirm"]) == 30
    assert phrasings(many) == phrasings(many)


def test_what_a_person_wrote_stands_with_its_own_intent() -> None:
    written = [Example("Forget it.", "goodbye", "a.yml", 1)]
    assert without([Example("forget  it.", "withdraw_cancel", "p.yml", 1)], written) == []


def test_the_committed_file_can_be_read() -> None:
    assert {example.label for example in read_examples(PHRASINGS, INTENTS)} >= {"affirm", "deny", "restart"}
