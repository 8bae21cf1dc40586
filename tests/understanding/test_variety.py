"""The training lines differ as people do, and each way in which they might not is seen."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from bot.understanding.examples import Example, read_examples
from bot.understanding.intents import INTENTS, TRAINING_LINES
from bot.understanding.variety import check, likeness, main, missing


def lines(count: int, long: int) -> list[Example]:
    """Lines that share little, `long` of them over 25 words."""
    chance = random.Random(7)  # noqa: S311 - the same lines every time
    made = []
    for number in range(count):
        words = ["".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=7)) for _ in range(26)]
        made.append(Example(" ".join(words[: 26 if number < long else 3]), "greeting", "a.yml", number + 5))
    return made


@pytest.fixture(scope="module")
def training() -> list[Example]:
    return read_examples(TRAINING_LINES, INTENTS)


def test_the_training_lines_are_many_long_enough_and_unlike(training: list[Example]) -> None:
    assert missing(training) == []
    assert check(training) == []


def test_lines_as_they_should_be_are_passed() -> None:
    assert check(lines(120, 30)) == []


def test_too_few_lines_are_seen() -> None:
    assert check(lines(119, 40)) == ["a.yml: greeting has 119 lines; it needs 120"]


def test_too_few_long_lines_are_seen() -> None:
    (finding,) = check(lines(120, 29))
    assert finding == "a.yml: greeting has 29 lines of over 25 words; a quarter of 120 must be"


def test_two_lines_by_one_template_are_seen_with_their_places(training: list[Example]) -> None:
    first = training[7]
    copied = Example(first.text.upper() + " pls", first.label, "planted.yml", 3)
    (finding,) = [finding for finding in check([*training, copied]) if "planted" in finding]
    assert finding.startswith(
        f"planted.yml:3 is too like line {first.line} of {first.file}, also {first.label}"
    )


def test_the_same_words_under_another_intent_are_the_readers_to_settle() -> None:
    here = lines(120, 30)
    assert check([*here, *(Example(e.text, "goodbye", "b.yml", e.line) for e in here)]) == []


def test_an_intent_without_a_line_is_seen(training: list[Example]) -> None:
    assert missing([e for e in training if e.label != "affirm"]) == ["affirm has no line"]


def test_likeness_counts_shared_pieces_twice_over_all() -> None:
    shared = likeness(["abcde", "ABCDEF", "xyz"])
    assert shared[0, 1] == pytest.approx(2 * 2 / (2 + 3))
    assert shared[0, 2] == 0
    assert shared[2, 2] == 1


def test_the_command_ends_with_1_where_anything_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "greeting.yml"
    file.write_text('version: "3.1"\nnlu:\n  - intent: greeting\n    examples: |\n      - hello\n')
    assert main([str(file)]) == 1
    assert "greeting has 1 lines" in capsys.readouterr().out
