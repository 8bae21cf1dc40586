"""Learns a linear classifier from labelled utterances: `python -m bot.understanding.training`.

The only module with scikit-learn, which the server never loads. What it writes is scored by `linear` with numpy.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack
from sklearn.linear_model import LogisticRegression

from bot.understanding.examples import BrokenExamples, Example, fingerprint, read_examples
from bot.understanding.features import FeatureSettings, Floats, Keys, seen_in
from bot.understanding.intents import INTENTS, OUT_OF_SCOPE, PHRASINGS, TRAINING_LINES, WEIGHTS
from bot.understanding.linear import Block, LinearModel, Table, near
from bot.understanding.phrasings import without
from bot.understanding.vectors import word_vectors


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to learn: which features, those met in fewer than `rarest` utterances left out, how freely (`c`);
    and how much of what is read rightly may be `lost` to a threshold."""

    features: FeatureSettings = field(default_factory=FeatureSettings)
    rarest: tuple[int, int] = (1, 2)
    c: float = 10.0
    lost: float = 0.02
    tolerance: float = 0.01

    def as_json(self) -> dict[str, Any]:
        """Everything that the weights depend on beside the data."""
        return {**asdict(self), "features": self.features.as_json(), "rarest": list(self.rarest)}

    def sha256(self) -> str:
        """The hash of these settings, in hex."""
        return hashlib.sha256(json.dumps(self.as_json(), sort_keys=True).encode()).hexdigest()


def table_of(texts: Sequence[Keys], rarest: int) -> Table:
    """Count in how many texts each key is met; smooth idf, as scikit-learn's TfidfTransformer has it."""
    met, counts = np.unique(np.concatenate([np.unique(keys) for keys in texts]), return_counts=True)
    kept = counts >= rarest
    idf = np.log((1 + len(texts)) / (1 + counts[kept])) + 1
    # What serving reads from the file has this precision.
    return Table(met[kept], idf.astype(np.float16).astype(np.float32))


def matrix_of(table: Table, texts: Sequence[Keys]) -> csr_matrix:
    """One row a text."""
    rows = [table.found(keys) for keys in texts]
    ends = np.cumsum([0, *(len(places) for places, _ in rows)])
    values = np.concatenate([values for _, values in rows])
    places = np.concatenate([places for places, _ in rows])
    return csr_matrix((values, places, ends), shape=(len(texts), len(table.keys)))


def learn(texts: Sequence[str], labels: Sequence[str], recipe: Recipe) -> LinearModel:
    """A model of these examples; `labels` may be any words, at least two of them."""
    settings = recipe.features
    seen = [seen_in(text, settings) for text in texts]
    words = table_of([one.words for one in seen], recipe.rarest[0])
    pieces = table_of([one.pieces for one in seen], recipe.rarest[1])
    parts = [matrix_of(words, [one.words for one in seen]), matrix_of(pieces, [one.pieces for one in seen])]
    vectors = word_vectors() if settings.vectors else None
    if vectors is not None:
        parts.append(csr_matrix(np.array([near(one.single, words, vectors, settings) for one in seen])))
    # Few enough passes that it cannot learn every line by heart; that is also where left out lines are read best.
    classifier = LogisticRegression(
        C=recipe.c, class_weight="balanced", solver="sag", tol=recipe.tolerance, max_iter=1000, random_state=0
    )
    classifier.fit(hstack(parts).tocsr(), np.array(labels))
    weights, bias = _every_label(classifier.coef_, classifier.intercept_)
    first, second = len(words.keys), len(words.keys) + len(pieces.keys)
    return LinearModel(
        labels=tuple(map(str, classifier.classes_)),
        settings=settings,
        words=Block(words, weights[:first]),
        pieces=Block(pieces, weights[first:second]),
        near=weights[second:],
        bias=bias,
        about={"vectors": vectors.sha256} if vectors is not None else {},
        vectors=vectors,
    )


def _every_label(weights: NDArray[np.float64], bias: NDArray[np.float64]) -> tuple[Floats, Floats]:
    """Weights (features x labels): of two labels scikit-learn tells only the second, as the odds between them."""
    if len(weights) == 1:
        weights, bias = np.vstack([-weights, weights]) / 2, np.concatenate([-bias, bias]) / 2
    return np.ascontiguousarray(weights.T, np.float32), bias.astype(np.float32)


def out_of_fold(
    texts: Sequence[str], labels: Sequence[str], recipe: Recipe, folds: int = 3
) -> tuple[tuple[str, ...], Floats]:
    """The labels, and each text's logits by a model that never saw it. The same every time."""
    fold = np.array([crc32(text.encode("utf-8", "surrogatepass")) % folds for text in texts])
    names = tuple(sorted(set(labels)))
    logits = np.zeros((len(texts), len(names)), np.float32)
    for number in range(folds):
        here = np.flatnonzero(fold != number)
        model = learn([texts[int(i)] for i in here], [labels[int(i)] for i in here], recipe)
        if model.labels != names:
            raise ValueError("a label has too few examples to be left out of a part of them")
        for i in np.flatnonzero(fold == number):
            logits[i] = model.logits(texts[int(i)])
    return names, logits


def raised(
    names: Sequence[str], logits: Floats, labels: Sequence[str], outside: str, lost: float
) -> tuple[float, float]:
    """How far the score of `outside` may be raised so that no more than `lost` of what is read rightly is lost to it.

    With it, how much of `outside` is then caught. Both are figures over texts that the models never saw.
    """
    place = names.index(outside)
    true = np.array([names.index(label) for label in labels])
    others = np.delete(logits, place, axis=1)
    before = logits[:, place] - others.max(axis=1)
    best = np.where(others.argmax(axis=1) >= place, others.argmax(axis=1) + 1, others.argmax(axis=1))
    right = np.sort(before[best == true])[::-1]
    shift = max(0.0, -float(right[int(lost * len(right))]))
    return shift, float((before[true == place] + shift > 0).mean())


def train(examples: Sequence[Example], recipe: Recipe, outside: str | None = None) -> LinearModel:
    """A model that says what it was made from.

    `outside` is the label of what belongs to no other: its threshold is tuned on texts left out, and kept as its bias.
    """
    texts, labels = [e.text for e in examples], [e.label for e in examples]
    model = learn(texts, labels, recipe)
    model.about.update(
        {
            "data": fingerprint(examples),
            "settings": recipe.sha256(),
            "recipe": recipe.as_json(),
            "examples": len(examples),
        }
    )
    if outside is not None:
        shift, caught = raised(*out_of_fold(texts, labels, recipe), labels, outside, recipe.lost)
        model.bias[model.labels.index(outside)] += shift
        model.about["tuned"] = {"outside": outside, "raised": round(shift, 4), "caught": round(caught, 4)}
    return model


def intent_examples() -> list[Example]:
    """What the intents are learnt from: the training lines, and the phrasings that are not among them."""
    lines = read_examples(TRAINING_LINES, INTENTS)
    return [*lines, *without(read_examples(PHRASINGS, INTENTS), lines)]


def main(arguments: Sequence[str] | None = None) -> int:
    """Train and write; 1 when the examples cannot be used."""
    parser = argparse.ArgumentParser(prog="python -m bot.understanding.training", description=__doc__)
    parser.add_argument("--data", type=Path, help="file or folder of examples; without it, the intents")
    parser.add_argument("--out", type=Path, default=WEIGHTS, help="the weights file to write")
    parser.add_argument("--outside", help="the label of what belongs to no other: it has a tuned threshold")
    chosen = parser.parse_args(arguments)
    began = time.perf_counter()
    try:
        if chosen.data is None:
            examples, chosen.outside = intent_examples(), OUT_OF_SCOPE
        else:
            examples = read_examples(chosen.data)
    except BrokenExamples as broken:
        sys.stderr.write(f"{broken}\n")
        return 1
    model = train(examples, Recipe(), chosen.outside)
    model.save(chosen.out)
    size = chosen.out.stat().st_size / 2**20
    sys.stdout.write(
        f"{chosen.out.name}: {len(examples)} examples of {len(model.labels)} labels, {size:.1f} MiB, "
        f"{time.perf_counter() - began:.0f} s\n"
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
