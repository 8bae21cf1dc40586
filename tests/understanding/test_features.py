"""A text always has the same features, in training and in serving, and no text has none that could raise."""

from __future__ import annotations

from time import thread_time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.understanding.features import FeatureSettings, char_keys, keys_of, normal, seen_in, words_of

SETTINGS = FeatureSettings()


def test_capitals_quotation_marks_digits_and_spaces_make_no_difference() -> None:
    assert normal("  It’s  DUE on 12/03/2026 \n“now”") == 'it\'s due on 00/00/000 "now"'
    assert normal("nooooooo!!!!!!!") == "nooo!!!"


def test_words_keep_question_marks_exclamations_and_signs() -> None:
    assert words_of(normal("Don't! Why me? 🙂 e-mail")) == ["don't", "!", "why", "me", "?", "🙂", "e", "mail"]


def test_a_sequence_of_words_is_a_feature_and_depends_on_their_order() -> None:
    one, other = keys_of(["not", "happy"], 2), keys_of(["happy", "not"], 2)
    assert len(one) == 3
    assert set(one[:2]) == set(other[:2])
    assert one[2] != other[2]


def test_pieces_stay_within_a_word_and_its_spaces() -> None:
    alone, pair = set(char_keys("ab", 2, 5)), set(char_keys("ab cd", 2, 5))
    # " a", "ab", "b ", " ab", "ab ", " ab ": as many again of the second word, and none of both.
    assert len(alone) == 6
    assert pair == alone | set(char_keys("cd", 2, 5))


def test_the_hashes_are_those_of_yesterday() -> None:
    """Weights hold these numbers: a change of them needs a new `features.VERSION`, and new weights."""
    assert keys_of(["complaint", "now"], 2).tolist() == [118237213, 3633175648, 3087414951]
    assert char_keys("a", 2, 3).tolist() == [2601288043, 4208255583, 3996328517]


def test_settings_of_another_version_are_refused() -> None:
    assert FeatureSettings.from_json(SETTINGS.as_json()) == SETTINGS
    with pytest.raises(ValueError, match="features of version 0"):
        FeatureSettings.from_json({**SETTINGS.as_json(), "version": 0})


@given(text=st.text(max_size=300))
@settings(deadline=None, max_examples=200)
def test_no_text_makes_it_raise(text: str) -> None:
    seen = seen_in(text, SETTINGS)
    assert seen.words.dtype == seen.pieces.dtype == np.uint32
    assert seen_in(text, SETTINGS).pieces.tolist() == seen.pieces.tolist()


@pytest.mark.parametrize("text", ["", " ", "\u200b", "\ud83d", "(", "\u0301", "🙂🙂", "?"])
def test_texts_of_almost_nothing_are_read(text: str) -> None:
    assert len(seen_in(text, SETTINGS).single) <= 3


@pytest.mark.parametrize("unit", ["a", "a ", "?", "\U0001f642", "ab cd ", "1"])
def test_sixteen_kilobytes_of_anything_are_read_in_time(unit: str) -> None:
    begun = thread_time()
    seen_in((unit * 16_384)[:16_384], SETTINGS)
    assert thread_time() - begun < 0.05


def test_of_a_very_long_text_the_beginning_and_the_end_count() -> None:
    long = "beginning " + "x " * 20_000 + "ending"
    words = set(keys_of(words_of(normal(long)), 1).tolist())
    assert {int(keys_of(["beginning"], 1)[0]), int(keys_of(["ending"], 1)[0])} <= words
