"""The blind set is what it was when it was written, before any training line: a figure over it means nothing else."""

from __future__ import annotations

import hashlib
from pathlib import Path

from bot.understanding.examples import read_examples
from bot.understanding.intents import INTENTS, TRAINING_LINES
from bot.understanding.phrases import DATA

HELD_OUT = DATA / "held_out.yml"
SHA256 = "69bdab3bfaa4edf05189e32f113c2496b4e5cfd478eb3a586d4f24f2ae204abf"


def test_the_blind_set_is_unchanged() -> None:
    assert hashlib.sha256(HELD_OUT.read_bytes()).hexdigest() == SHA256, (
        "nlu_data/held_out.yml is never edited: it would no longer be blind"
    )


def test_it_asks_for_every_intent_alike() -> None:
    labels = [example.label for example in read_examples(HELD_OUT, INTENTS)]
    assert {name: labels.count(name) for name in INTENTS} == dict.fromkeys(INTENTS, 18)


def test_no_blind_line_of_any_length_is_a_training_line() -> None:
    """Of a few words, two people may well write the same; the count alone is told, as no blind line is ever shown."""
    blind, taught = _longer(HELD_OUT), _longer(TRAINING_LINES)
    shared = len(blind & taught)
    assert shared == 0


def _longer(path: Path) -> set[str]:
    plain = (" ".join(e.text.casefold().split()).strip(" .!?") for e in read_examples(path, INTENTS))
    return {text for text in plain if len(text.split()) > 8}
