"""What a text is made of, as numbers: hashed words, pairs of words and pieces of words.

Training and serving share this module, so that both see the same. A feature is a 32-bit hash, which needs no table of
strings; pieces are hashed for the whole text at once in numpy. Nothing here raises on any text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

Keys = NDArray[np.uint32]
Floats = NDArray[np.float32]

VERSION = 1  # goes up with every change that gives a text other features: the weights are then trained anew
_LONGEST = (
    4096  # characters that are read of the beginning; and a quarter of that of the end of a longer text
)
_APOSTROPHES = str.maketrans(
    {"’": "'", "‘": "'", "ʼ": "'", "`": "'", "´": "'", "“": '"', "”": '"', "–": "-", "—": "-"}
)
_INVISIBLE = re.compile(r"[\u00ad\u200b-\u200f\u202a-\u202e\u2060\ufeff]")
_DIGIT = re.compile(r"\d")
_REPEATED = re.compile(r"(\S)\1{3,}")
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*|[?!]|[^\w\s.,;:'\"()/-]")
_PRIME = np.uint64(0x9E3779B97F4A7C15)
_MIX = np.uint64(0xBF58476D1CE4E5B9)
_SHIFT, _HALF = np.uint64(31), np.uint64(32)
_SPACE = 32


@dataclass(frozen=True, slots=True)
class FeatureSettings:
    """Which features are made: words and sequences of up to `words` of them; pieces of `chars_from` to `chars_to`
    characters within a word and the space on either side of it; the mean of the word vectors, times `vectors`
    hundredths (0: none)."""

    words: int = 2
    chars_from: int = 2
    chars_to: int = 5
    vectors: int = 70

    def as_json(self) -> dict[str, Any]:
        """These settings and the version of this module."""
        return {**asdict(self), "version": VERSION}

    @classmethod
    def from_json(cls, raw: dict[str, Any]) -> FeatureSettings:
        """Settings as a weights file holds them; ValueError when another version of this module made them."""
        if raw.get("version") != VERSION:
            raise ValueError(f"features of version {raw.get('version')}; this is version {VERSION}")
        return cls(**{field.name: int(raw[field.name]) for field in fields(cls)})


def normal(text: str) -> str:
    """Lower case, plain quotation marks, every digit 0, at most three of a sign in a row, single spaces."""
    if len(text) > _LONGEST:
        text = f"{text[: _LONGEST * 3 // 4]} {text[-_LONGEST // 4 :]}"
    text = _INVISIBLE.sub("", text).lower().translate(_APOSTROPHES)
    text = _REPEATED.sub(r"\1\1\1", _DIGIT.sub("0", text))
    return " ".join(text.split())


def words_of(plain: str) -> list[str]:
    """The words of a normal text, with ?, ! and signs such as emoji as words of their own."""
    return _WORD.findall(plain)


def keys_of(words: Sequence[str], most: int) -> Keys:
    """The hash of every word, then of every sequence of two, and so on up to `most` words; with repeats."""
    single = np.array([crc32(word.encode("utf-8", "surrogatepass")) for word in words], np.uint64)
    runs = [_mixed(single, 1)]
    joined = single
    for size in range(2, most + 1):
        joined = joined[:-1] * _PRIME + single[size - 1 :]
        runs.append(_mixed(joined, size))
    return np.concatenate(runs)


def char_keys(plain: str, least: int, most: int) -> Keys:
    """The hash of every piece of `least` to `most` characters that lies within one word and the spaces around it."""
    padded = f" {plain.replace(' ', '  ')} ".encode("utf-32-le", "surrogatepass")
    codes = np.frombuffer(padded, np.uint32).astype(np.uint64)
    # Between two words stand two spaces, one of each; no piece may hold both.
    gaps = (codes[:-1] == _SPACE) & (codes[1:] == _SPACE)
    rolled, whole = codes, np.ones(len(codes), np.bool_)
    runs: list[Keys] = []
    for size in range(2, most + 1):
        rolled = rolled[:-1] * _PRIME + codes[size - 1 :]
        whole = whole[:-1] & ~gaps[size - 2 :]
        if size >= least:
            runs.append(_mixed(rolled[whole], 16 + size))
    return np.concatenate(runs)


def _mixed(hashes: NDArray[np.uint64], salt: int) -> Keys:
    """32 well mixed bits of each; `salt` keeps the kinds of feature apart."""
    mixed = (hashes + np.uint64(salt)) * _MIX
    mixed = (mixed ^ (mixed >> _SHIFT)) * _PRIME
    return (mixed >> _HALF).astype(np.uint32)


@dataclass(frozen=True, slots=True)
class Seen:
    """The keys of a text, with repeats: its single words, all words and sequences of them, and its pieces."""

    single: Keys
    words: Keys
    pieces: Keys


_NONE = np.empty(0, np.uint32)


def seen_in(text: str, settings: FeatureSettings) -> Seen:
    """Every feature of a text."""
    plain = normal(text)
    if not plain:
        return Seen(_NONE, _NONE, _NONE)
    words = words_of(plain)
    keys = keys_of(words, settings.words)
    return Seen(keys[: len(words)], keys, char_keys(plain, settings.chars_from, settings.chars_to))
