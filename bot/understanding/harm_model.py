"""How much a message tells of danger where no phrase of the lexicon says so: numpy alone; `harm_training` learns it.

A long complaint may tell of a danger in one clause. So a message is weighed as a whole, and one, two and three clauses
at a time, and the most telling of these counts. What is weighed are words and pairs of them, pieces of words, and
classes of words (nlu_data/harm_words.yml) one by one, in sequence and near each other.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from bot.understanding.phrases import DATA, INVISIBLE, read_yaml

WEIGHTS = DATA / "harm.npz"
CLASSES = DATA / "harm_words.yml"
FORMAT = 1
KINDS = 3  # of features: words, classes, pieces

Keys = NDArray[np.uint32]
Hashes = NDArray[np.uint64]
Floats = NDArray[np.float64]
Places = NDArray[np.intp]
Run = tuple[
    Hashes, int, Places
]  # features of one kind before mixing, what sets the kind apart, where each ends

# Bounded before the @, and begun only where a word begins: a text without spaces must not be walked again and again.
_ADDRESS = re.compile(r"(?<!\S)\S{1,80}@\S+|https?://\S+|www\.\S+")
_TOKEN = re.compile(r"[^\W_]+(?:['&-][^\W_]+)*|[.!?;:\n]+|,|[^\w\s]")
_REPEATED = re.compile(r"(\w)\1{2,}")
_APOSTROPHES = str.maketrans("’‘ʼ`´", "'''''")
_BREAKS = frozenset(".!?;:\n")
_ENDINGS = ("'s", "s", "ing", "ed", "in")
_COMMAS = frozenset(",")
_JOINERS = frozenset("and but so because cos which".split())
# Words that are no class but keep their own place in a sequence; every other word is only "a word".
_KEPT = frozenset(
    "the a an of to in on and with at from for that this it its it's that's by as so but or than then about up down "
    "into round what how when where who which why all any more no like way own every each else very too against long "
    "under through while whether after during must really also same different old new first second third".split()
)
_MOST = 4_000  # tokens that are read: of a longer message the first three quarters and the last
_CLAUSE = 22  # tokens after which a clause without a stop ends at the next comma or joining word,
_LONGEST = 36  # and after which it ends in any case
_TOGETHER = 3  # clauses that are weighed together
_NEAR = 4  # classes that lie between two that are seen together, at most, and one more
_PIECES = range(3, 6)
_LEAST = 4  # words: what is shorter says too little to be weighed, and is left to the lexicon
_PRIME = np.uint64(0x9E3779B97F4A7C15)
_MIX = np.uint64(0xBF58476D1CE4E5B9)
_SHIFT, _HALF = np.uint64(31), np.uint64(32)


@dataclass(frozen=True, slots=True)
class Classes:
    """Which class each word is of. `known` maps a word to the hashes of its kind and of its group."""

    known: dict[str, tuple[int, int]]
    sha256: str

    @classmethod
    def load(cls, path: Path = CLASSES) -> Classes:
        """Read `path`; raises OSError, yaml.YAMLError or AttributeError where it is not as its head describes."""
        groups: dict[str, dict[str, str]] = read_yaml(path)
        known: dict[str, tuple[int, int]] = {}
        for group, kinds in groups.items():
            for kind, words in kinds.items():
                for word in words.split():
                    known.setdefault(word, (_hash(f"{group}.{kind}"), _hash(group)))
        said = json.dumps(groups, sort_keys=True).encode()
        return cls(known, hashlib.sha256(said).hexdigest())

    def of(self, word: str) -> tuple[int, int, bool]:
        """The hashes of a word's kind and group, and whether it is of a class at all."""
        found = self.known.get(word) or self._without_ending(word)
        if found is not None:
            return (*found, True)
        same = _hash("#" if word.isdigit() else word if word in _KEPT or not word[0].isalnum() else "_")
        return same, same, False

    def _without_ending(self, word: str) -> tuple[int, int] | None:
        for ending in _ENDINGS:
            if word.endswith(ending) and len(word) > len(ending) + 2:
                found = self.known.get(word[: -len(ending)])
                if found is not None:
                    return found
        if "-" in word or "&" in word:
            return next((self.known[part] for part in re.split("[-&]", word) if part in self.known), None)
        return None


@dataclass(frozen=True, slots=True)
class Looked:
    """A message as it is weighed. `ends` says where each feature ends: the number of a token and, for the second and
    the third kind, once and twice the number of tokens more. A window is [first token, token after the last)."""

    keys: Keys
    ends: Places
    windows: NDArray[np.intp]
    tokens: int


def tokens_of(text: str) -> list[str]:
    """Words, stops and signs in lower case; addresses of e-mail and of pages are left out."""
    plain = INVISIBLE.sub("", _ADDRESS.sub(" ", text)).lower().translate(_APOSTROPHES)
    tokens = _TOKEN.findall(_REPEATED.sub(r"\1\1", plain))
    return tokens if len(tokens) <= _MOST else tokens[: _MOST * 3 // 4] + tokens[-_MOST // 4 :]


def too_short(tokens: list[str]) -> bool:
    """Whether a message has too few words to be weighed."""
    return sum(token[0].isalnum() for token in tokens) < _LEAST


def look(tokens: list[str], classes: Classes) -> Looked:
    """Everything that is weighed in a message of at least one token."""
    clauses = _clauses(tokens)
    count = len(tokens)
    runs: list[Run] = []
    for number, kind in enumerate(
        (_words(tokens, clauses), _classes([classes.of(token) for token in tokens], clauses), _pieces(tokens))
    ):
        runs += [(hashes, salt, ends + number * count) for hashes, salt, ends in kind]
    # All at once: on a short message each step of numpy costs more than its numbers.
    salts = np.repeat(np.array([salt for _, salt, _ in runs], np.uint64), [len(ends) for _, _, ends in runs])
    keys = mixed(np.concatenate([hashes for hashes, _, _ in runs]) + salts)
    return Looked(keys, np.concatenate([ends for _, _, ends in runs]), _windows(clauses), count)


def _clauses(tokens: list[str]) -> NDArray[np.intp]:
    """The number of the clause that each token is of; a stop belongs to what it ends."""
    numbers, clause, length = [], 0, 0
    for word, following in zip(tokens, [*tokens[1:], ""], strict=True):
        numbers.append(clause)
        length += 1
        pauses = word in _COMMAS or following in _JOINERS
        if word[0] in _BREAKS or length >= _LONGEST or (pauses and length >= _CLAUSE):
            clause, length = clause + 1, 0
    return np.array(numbers, np.intp)


def _windows(clauses: NDArray[np.intp]) -> NDArray[np.intp]:
    """The whole message, and every one, two and three clauses in a row."""
    last = int(clauses[-1]) + 1
    starts = np.searchsorted(clauses, np.arange(last + 1))
    runs = {(0, len(clauses))}
    for size in range(1, min(_TOGETHER, last) + 1):
        runs.update(zip(starts[: last + 1 - size].tolist(), starts[size:].tolist(), strict=True))
    return np.array(sorted(runs), np.intp)


def _words(tokens: list[str], clauses: NDArray[np.intp]) -> Iterator[Run]:
    single = np.array([_hash(token) for token in tokens], np.uint64)
    places = np.arange(len(tokens))
    yield single, 1, places
    same = clauses[1:] == clauses[:-1]
    yield (single[:-1] * _PRIME + single[1:])[same], 2, places[1:][same]


def _classes(found: list[tuple[int, int, bool]], clauses: NDArray[np.intp]) -> Iterator[Run]:
    """Single classes; sequences of two and three kinds, and of two to four groups, that hold a class; and pairs of
    classes of one clause that are near each other, whatever stands between."""
    # Kinds above, groups below: what is done to one is done to the other.
    both = np.array([[kind for kind, _, _ in found], [group for _, group, _ in found]], np.uint64)
    classed = np.array([is_class for _, _, is_class in found], np.bool_)
    places = np.arange(len(found))
    at = places[classed]
    for row in range(2):
        yield both[row, at], 11 + row, at
    run, any_class = both, classed
    for size in (2, 3, 4):
        run = run[:, :-1] * _PRIME + both[:, size - 1 :]
        any_class = any_class[:-1] | classed[size - 1 :]
        kept = np.flatnonzero(any_class & (clauses[size - 1 :] == clauses[: max(0, len(clauses) - size + 1)]))
        if size < 4:
            yield run[0, kept], 20 + size, kept + size - 1
        yield run[1, kept], 30 + size, kept + size - 1
    met, clause = both[:, at], clauses[at]
    for apart in range(1, min(_NEAR, len(at) - 1) + 1):
        kept = np.flatnonzero(clause[apart:] == clause[:-apart])
        pairs = met[:, kept] * _PRIME + met[:, kept + apart]
        for row in range(2):
            yield pairs[row], 50 + row, at[kept + apart]


def _pieces(tokens: list[str]) -> Iterator[Run]:
    """Three to five characters in a row within a word and the spaces around it."""
    padded = [f" {token} " for token in tokens]
    codes = np.frombuffer("".join(padded).encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.uint64)
    owner = np.repeat(np.arange(len(tokens)), [len(one) for one in padded])
    rolled = codes
    for size in range(2, _PIECES.stop):
        rolled = rolled[:-1] * _PRIME + codes[size - 1 :]
        if size in _PIECES:
            within = owner[size - 1 :] == owner[: max(0, len(owner) - size + 1)]
            yield rolled[within], 16 + size, owner[size - 1 :][within]


def _hash(word: str) -> int:
    return crc32(word.encode("utf-8", "surrogatepass"))


def mixed(hashes: Hashes) -> Keys:
    """32 well mixed bits of each."""
    spread = hashes * _MIX
    spread = (spread ^ (spread >> _SHIFT)) * _PRIME
    return (spread >> _HALF).astype(np.uint32)


@dataclass(frozen=True, slots=True)
class HarmModel:
    """What was learnt: the known features, ascending, how telling each is (`idf`), and its weight.

    A message may tell of danger whose score reaches `threshold`, and does so surely from `sure` on. Both are harder to
    reach for a long one, by `penalty` for each doubling of the number of its windows. `about` holds the hash of what
    it learnt from and the figures measured.
    """

    keys: Keys
    idf: Floats
    weights: Floats
    bias: float
    threshold: float
    sure: float
    penalty: float
    about: dict[str, Any]
    classes: Classes

    def score(self, text: str) -> float:
        """How much the most telling part of a message tells of danger; -inf for one of too few words. Never raises."""
        tokens = tokens_of(text)
        return -np.inf if too_short(tokens) else self.of(look(tokens, self.classes))

    def of(self, looked: Looked) -> float:
        """The score of a message by its features.

        For each window and kind of feature it is the sum of the weights of what the window holds, by idf, where the
        idfs of the kind are scaled to length 1.
        """
        # In their order the keys of a long message are found in half the time: one after the other lies near.
        order = np.argsort(looked.keys)
        places = np.empty(len(order), np.intp)
        places[order] = np.searchsorted(self.keys, looked.keys[order])
        places[places == len(self.keys)] = 0
        idf = self.idf[places] * (self.keys[places] == looked.keys)
        size = KINDS * looked.tokens
        sums = np.zeros((2, KINDS, looked.tokens + 1))
        sums[0, :, 1:] = np.bincount(looked.ends, idf * self.weights[places], size).reshape(KINDS, -1)
        sums[1, :, 1:] = np.bincount(looked.ends, idf * idf, size).reshape(KINDS, -1)
        sums = sums.cumsum(axis=2)
        told, squares = sums[:, :, looked.windows[:, 1]] - sums[:, :, looked.windows[:, 0]]
        total = (told / np.sqrt(np.maximum(squares, 1e-9))).sum(axis=0)
        return float(total.max()) + self.bias - self.penalty * math.log2(len(looked.windows))

    def save(self, path: Path) -> None:
        """Write the file; half precision is enough."""
        head = {
            "format": FORMAT,
            "bias": self.bias,
            "threshold": self.threshold,
            "sure": self.sure,
            "penalty": self.penalty,
            "about": self.about,
        }
        with path.open("wb") as file:
            np.savez_compressed(
                file,
                keys=self.keys,
                idf=self.idf.astype(np.float16),
                weights=self.weights.astype(np.float16),
                head=np.frombuffer(json.dumps(head, sort_keys=True).encode(), np.uint8),
            )

    @classmethod
    def load(cls, path: Path = WEIGHTS) -> HarmModel:
        """Read a file that `save` wrote (20 ms); raises OSError, or ValueError with the cure for another format."""
        with np.load(path, allow_pickle=False) as arrays:
            head = json.loads(arrays["head"].tobytes())
            if head.pop("format") != FORMAT:
                raise ValueError(f"{path.name} is of another format than this code reads: run `make nlu`")
            keys, idf, weights = arrays["keys"], arrays["idf"].astype(float), arrays["weights"].astype(float)
        return cls(keys=keys, idf=idf, weights=weights, classes=Classes.load(), **head)


@cache
def harm_model() -> HarmModel:
    """The shipped model, read at its first use."""
    return HarmModel.load()
