"""A linear classifier over hashed features: its file, and its scores. numpy alone; training is in `training`.

The labels are whatever it was trained on: thirty intents, or harm and harmless. The file is an `.npz` without pickle.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bot.understanding.features import FeatureSettings, Floats, Keys, seen_in
from bot.understanding.vectors import WordVectors, word_vectors

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Table:
    """The known features of one kind: their `keys`, ascending, and how telling each is."""

    keys: Keys
    idf: Floats

    def found(self, keys: Keys) -> tuple[NDArray[np.intp], Floats]:
        """The places of the known ones of a text's keys, and their values: 1 + log(count) by idf, of length 1."""
        met, counts = np.unique(keys, return_counts=True)
        places = np.searchsorted(self.keys, met)
        places[places == len(self.keys)] = 0
        here = self.keys[places] == met
        places, counts = places[here], counts[here]
        values = (1 + np.log(counts)).astype(np.float32) * self.idf[places]
        length = float(np.sqrt(values @ values))
        return places, values / np.float32(length or 1.0)

    def telling(self, keys: Keys) -> Floats:
        """The idf of each key; one that was never met tells most."""
        places = np.searchsorted(self.keys, keys)
        places[places == len(self.keys)] = 0
        return np.where(self.keys[places] == keys, self.idf[places], self.idf.max()).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Block:
    """The known features of one kind, and their `weights` (features x labels)."""

    table: Table
    weights: Floats


def near(single: Keys, words: Table, vectors: WordVectors, settings: FeatureSettings) -> Floats:
    """The mean of a text's word vectors, each by how telling its word is, of the length that the settings say."""
    return vectors.mean(single, words.telling(single)) * np.float32(settings.vectors / 100)


@dataclass(frozen=True, slots=True)
class LinearModel:
    """What was learnt. `words` and `pieces` are hashed features; `near` (dimensions x labels) weighs the mean of the
    word vectors, or is empty. `about` says what it was made from, by hash, and holds figures that were `tuned`."""

    labels: tuple[str, ...]
    settings: FeatureSettings
    words: Block
    pieces: Block
    near: Floats
    bias: Floats
    about: dict[str, Any]
    vectors: WordVectors | None

    def logits(self, text: str) -> Floats:
        """A score for each label, in the order of `labels`; any real number."""
        seen = seen_in(text, self.settings)
        total = self.bias.copy()
        for block, keys in ((self.words, seen.words), (self.pieces, seen.pieces)):
            places, values = block.table.found(keys)
            total += values @ block.weights[places]
        if self.vectors is not None:
            total += near(seen.single, self.words.table, self.vectors, self.settings) @ self.near
        return total

    def probabilities(self, text: str) -> Floats:
        """The logits as shares that add up to 1."""
        return softmax(self.logits(text))

    def save(self, path: Path) -> None:
        """Write the file; weights as int8 with one scale a feature, everything else as small as costs nothing."""
        arrays: dict[str, NDArray[Any]] = {
            "bias": self.bias.astype(np.float32),
            "near": self.near.astype(np.float16),
        }
        for number, block in enumerate((self.words, self.pieces)):
            scale = np.maximum(np.abs(block.weights).max(axis=1, keepdims=True), 1e-6) / 127
            arrays |= {
                f"keys_{number}": block.table.keys,
                f"idf_{number}": block.table.idf.astype(np.float16),
                f"scale_{number}": scale.astype(np.float16),
                f"weights_{number}": np.rint(block.weights / scale.astype(np.float16))
                .clip(-127, 127)
                .astype(np.int8),
            }
        head = {
            "format": FORMAT,
            "labels": self.labels,
            "features": self.settings.as_json(),
            "about": self.about,
        }
        arrays["head"] = np.frombuffer(json.dumps(head, sort_keys=True).encode(), np.uint8)
        with path.open("wb") as file:
            np.savez_compressed(file, **arrays)  # type: ignore[arg-type]

    @classmethod
    def load(cls, path: Path) -> LinearModel:
        """Read a file that `save` wrote; raises OSError, or ValueError with the cure when it is of another version."""
        with np.load(path, allow_pickle=False) as arrays:
            head = json.loads(arrays["head"].tobytes())
            try:
                if head.get("format") != FORMAT:
                    raise ValueError(f"format {head.get('format')}; this is {FORMAT}")
                settings = FeatureSettings.from_json(head["features"])
            except ValueError as error:
                raise ValueError(f"{path.name} does not fit this code ({error}): run `make nlu`") from None
            return cls(
                labels=tuple(head["labels"]),
                settings=settings,
                words=_block(arrays, 0),
                pieces=_block(arrays, 1),
                near=arrays["near"].astype(np.float32),
                bias=arrays["bias"],
                about=head["about"],
                vectors=word_vectors() if settings.vectors else None,
            )


def _block(arrays: Mapping[str, NDArray[Any]], number: int) -> Block:
    scale = arrays[f"scale_{number}"].astype(np.float32)
    return Block(
        Table(arrays[f"keys_{number}"], arrays[f"idf_{number}"].astype(np.float32)),
        arrays[f"weights_{number}"].astype(np.float32) * scale,
    )


def softmax(logits: Floats) -> Floats:
    """Shares that add up to 1."""
    raised: Floats = np.exp(logits - logits.max())
    shares: Floats = raised / raised.sum()
    return shares
