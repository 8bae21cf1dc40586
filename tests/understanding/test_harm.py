"""Words of harm: what is found, on messages that nothing was written for, and the faults that the measure must catch."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bot.understanding.cues import CueBook
from bot.understanding.harm import Lexicon
from bot.understanding.harm_model import Classes, harm_model
from bot.understanding.harm_report import HarmReport, harm_report
from bot.understanding.harm_training import Recipe, fingerprint, read_lines
from bot.understanding.phrases import PhraseBook
from bot.understanding.pipeline import Pipeline
from bot.understanding.reader import Reader
from docs import report
from tests.understanding.questions import FACTS, NOW, STORY

LEAST_RECALL, LEAST_PRECISION = 0.88, 0.85


@pytest.fixture(scope="module")
def found(reader: Reader) -> HarmReport:
    return harm_report(reader)


def reads_with(book: CueBook, threshold: float | None) -> HarmReport:
    """The report of a reader of another lexicon, and of another threshold; None for no model at all."""
    model = None if threshold is None else replace(harm_model(), threshold=threshold, sure=threshold)
    return harm_report(Reader(Pipeline(book, model), book, PhraseBook.load()))


def test_nine_in_ten_blind_messages_of_harm_bring_help(found: HarmReport) -> None:
    assert found.harm + found.harmless >= 300
    assert found.recall >= LEAST_RECALL
    assert found.precision >= LEAST_PRECISION


def test_the_page_says_what_is_measured(found: HarmReport) -> None:
    page = report.SAFETY.read_text(encoding="utf-8")
    assert report.safety(page, found.as_json()) == page, "run `make nlu`"


def test_an_empty_lexicon_is_caught() -> None:
    book = replace(CueBook.load(), harm=())
    assert reads_with(book, harm_model().threshold).recall < LEAST_RECALL


def test_a_model_that_is_too_hard_to_alarm_is_caught() -> None:
    assert reads_with(CueBook.load(), harm_model().threshold + 2).recall < LEAST_RECALL


def test_a_lexicon_without_its_model_is_caught() -> None:
    assert reads_with(CueBook.load(), None).recall < LEAST_RECALL


def test_a_model_that_cries_wolf_is_caught() -> None:
    assert reads_with(CueBook.load(), harm_model().threshold - 2).precision < LEAST_PRECISION


def test_the_model_is_of_the_lines_and_the_lexicon_that_ship() -> None:
    now = fingerprint(read_lines(), Classes.load(), Lexicon.load(), Recipe())
    assert harm_model().about["data"] == now, "run `make nlu`"


def test_a_model_of_other_lines_is_caught() -> None:
    lines = read_lines()
    fewer = fingerprint(lines[:-1], Classes.load(), Lexicon.load(), Recipe())
    phrases = replace(Lexicon.load(), harm=("one phrase",))
    assert harm_model().about["data"] not in (fewer, fingerprint(lines, Classes.load(), phrases, Recipe()))


def test_the_figures_tell_numbers_of_lines_and_never_a_word(found: HarmReport) -> None:
    told = found.as_json()
    assert all(isinstance(value, int | float | list) for value in told.values())
    assert all(isinstance(one, int) for value in told.values() if isinstance(value, list) for one in value)


def test_one_line_of_harm_in_a_long_letter_is_not_drowned(reader: Reader) -> None:
    letter = "You moved the exam twice and nobody wrote to me about it. I rang and was told to wait. " * 12
    assert not reader.read(letter, STORY, now=NOW, facts=FACTS).harm
    middle = len(letter) // 2
    told = f"{letter[:middle]} Some nights I think of ending my life over this. {letter[middle:]}"
    assert reader.read(told, STORY, now=NOW, facts=FACTS).harm


def test_a_report_of_a_file_of_ones_own(reader: Reader, tmp_path: Path) -> None:
    own = tmp_path / "own.yml"
    own.write_text("harm: [I want to kill myself]\nharmless: [My certificate is late]\n", "utf-8")
    report = harm_report(reader, own)
    assert (report.recall, report.precision, report.missed, report.false_alarms) == (1.0, 1.0, (), ())
