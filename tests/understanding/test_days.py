"""Days in running text: those that a careful reader would note, and none where there is none."""

from __future__ import annotations

import hashlib
from datetime import datetime
from pathlib import Path
from time import thread_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.understanding.days import FutureDateError, find_dates, read_date
from bot.understanding.phrases import DATA
from bot.understanding.scoring import judged, score_dates
from bot.understanding.spans import Span
from tests.understanding.questions import NOW

SEEN = [Path(__file__).parent / "dates_seen.yml", Path(__file__).parent / "dates_tricky.yml"]
BLIND = DATA / "dates_held_out.yml"
BLIND_SHA256 = "d9307184568a28a4fefe7307f721a85ee37b23179c05005b34a7512538f6e61d"


@pytest.mark.parametrize(
    ("text", "days", "found"),
    [case for file in SEEN for case in judged(file)],
    ids=lambda value: " ".join(sorted(value)) if isinstance(value, set) else str(value)[:60],
)
def test_a_sentence_is_read_as_it_was_written_to_be(text: str, days: set[str], found: set[str]) -> None:
    assert found == days, text


def test_the_blind_set_is_unchanged() -> None:
    assert hashlib.sha256(BLIND.read_bytes()).hexdigest() == BLIND_SHA256, (
        "nlu_data/dates_held_out.yml is never edited: it would no longer be blind"
    )


def test_days_are_found_in_sentences_that_nobody_tuned_on() -> None:
    """Only the counts are shown, so that the set stays blind."""
    score = score_dates(BLIND)
    assert score.found >= 0.95, score
    assert score.mistaken <= 0.02, score


class TestTheScore:
    def test_a_finder_that_misses_is_seen(self) -> None:
        score = score_dates(SEEN[0], lambda text, now: find_dates(text, now)[1:])
        assert score.found < 0.3
        assert score.wrong == 0

    def test_a_finder_that_reads_figures_as_dates_is_seen(self) -> None:
        def reads_too_much(text: str, now: datetime) -> list[Span]:
            return [*find_dates(text, now), Span("1999-01-01", 0, 1)]

        assert score_dates(SEEN[0], reads_too_much).mistaken > 0.5


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("On Tuesday, 3rd March 2026, I rang.", "Tuesday, 3rd March 2026"),
        ("I rang two weeks ago yesterday and wept", "two weeks ago yesterday"),
        ("İ rang on the 3rd of March.", "3rd of March"),
        ("the Friday before last", "Friday before last"),
        ("it was 3/3/26.", "3/3/26"),
        ("the day after Boxing Day", "the day after Boxing Day"),
    ],
)
def test_a_day_has_the_place_of_the_words_that_name_it(text: str, said: str) -> None:
    (span,) = find_dates(text, NOW)
    assert text[span.start : span.end] == said


@pytest.mark.parametrize(
    ("answer", "day"),
    [
        ("the 12th", "2026-11-12"),
        ("12th", "2026-11-12"),
        ("3/3", "2026-03-03"),
        ("march 3", "2026-03-03"),
        ("3 march", "2026-03-03"),
        ("three march", "2026-03-03"),
        ("3 may", "2026-05-03"),
        ("may 3", "2026-05-03"),
        ("Tuesday", "2026-11-17"),
        ("tues", "2026-11-17"),
        ("about three weeks ago", "2026-10-30"),
        ("the third of march i think", "2026-03-03"),
        ("the Friday before last", "2026-11-06"),
        ("03 03 2026", "2026-03-03"),
        ("just before Christmas, 20 December", "2025-12-20"),
    ],
)
def test_an_answer_may_be_curt(answer: str, day: str) -> None:
    assert read_date(answer, NOW) == day


@pytest.mark.parametrize(
    "answer",
    [
        "between 3 and 7 March",
        "3rd or 4th March",
        "a few weeks ago",
        "over a year ago",
        "in March",
        "Mondays",
    ],
)
def test_an_answer_that_names_no_one_day_is_none(answer: str) -> None:
    assert read_date(answer, NOW) is None


@pytest.mark.parametrize("answer", ["next week", "next Tuesday", "in three weeks", "in two days"])
def test_a_time_to_come_is_told_apart_from_no_time(answer: str) -> None:
    with pytest.raises(FutureDateError):
        read_date(answer, NOW)


@given(text=st.text(alphabet="0123456789/.-: ,'thndrsofmaychjulweko\n", max_size=80))
@settings(deadline=None, max_examples=300)
def test_no_text_makes_it_raise_and_every_place_is_in_the_text(text: str) -> None:
    for span in find_dates(text, NOW):
        assert 0 <= span.start < span.end <= len(text)
        datetime.fromisoformat(span.value)


@pytest.mark.parametrize(
    "unit",
    ["3 march ", "the 3rd and ", "on the 12th, ", "3, ", "12/", "3-", "twenty ", "a week ", "last ", "Tuesday ", "the day ",
     "3rd of the ", "slash ", "oh three ", "may ", "1st", "the ", "christmas ", "new year ", "st ", "3 3 2026 ", "' ", "ago "],
)  # fmt: skip
def test_sixteen_kilobytes_of_anything_is_read_in_time(unit: str) -> None:
    text = (unit * 16384)[:16384]
    begun = thread_time()
    find_dates(text, NOW)
    assert thread_time() - begun < 0.3
