"""Learns the model of harm and tunes its threshold: `python -m bot.understanding.harm_training`, run by `make nlu`.

With `bot.understanding.training` the only module with scikit-learn, which the server never loads.

A long complaint with a danger in one clause is dangerous, its other clauses are not. Where the danger is marked, as
[..](risk), only the windows over the mark are learnt as dangerous. Where it is not, the first round learns the whole
message, and the second the window that the first found most telling. Of a harmless message the second round learns
the window that looked most dangerous with the weight of all others.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from bot.understanding.cues import CueBook, Sighting
from bot.understanding.examples import read_examples
from bot.understanding.harm import Lexicon, without
from bot.understanding.harm_model import (
    KINDS,
    WEIGHTS,
    Classes,
    Floats,
    HarmModel,
    Keys,
    Looked,
    Places,
    look,
    tokens_of,
    too_short,
)
from bot.understanding.intents import HARM, INTENTS, TRAINING_LINES
from bot.understanding.phrases import DATA, read_yaml
from bot.understanding.pipeline import Pipeline

EXAMPLES = DATA / "harm_examples.yml"
OWN, INTENT = "own", "intent"
_MARK = re.compile(r"\[([^\[\]]+)\]\(risk\)")

See = Callable[[str], Sighting]


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to learn: features met in fewer messages than `rarest` left out, how freely (`c`), what a line of another
    intent weighs beside one of our own, and how the threshold is chosen."""

    rarest: int = 2
    c: float = 8.0
    intent_weight: float = 1.0
    penalty: float = 0.4
    precision: float = 0.8  # on our own lines, left out of training, which the threshold must keep,
    sure: float = 0.9  # and the one from which on the model is sure
    folds: int = 5
    rounds: int = 2


@dataclass(frozen=True, slots=True)
class Line:
    """One message: whether it tells of danger, where it is from, and which characters [start, end) tell it where that
    is marked."""

    text: str
    harm: bool
    source: str
    mark: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Figures:
    """How well messages that were left out of training are told apart, by model and lexicon together."""

    recall: float
    precision: float
    intent_recall: float  # of the lines of the intent of harm
    intent_false: float  # of the lines of all others

    def as_json(self) -> dict[str, float]:
        return {name: round(value, 4) for name, value in asdict(self).items()}


def read_lines(examples: Path = EXAMPLES, intents: Path = TRAINING_LINES) -> list[Line]:
    """Our own lines, and those of the intents; a line that stands among our own counts as what it is there."""
    raw: dict[str, list[str]] = read_yaml(examples)
    own = [
        line
        for label in ("harm", "harmless")
        for text in raw[label]
        if (line := _marked(text, label == "harm"))
    ]
    known = {line.text for line in own}
    others = [
        Line(example.text, example.label == HARM, INTENT)
        for example in read_examples(intents, INTENTS)
        if example.text not in known
    ]
    return [*own, *others]


def _marked(text: str, harm: bool) -> Line | None:
    plain = _MARK.sub(r"\1", text)
    found = _MARK.search(text)
    if found is None:
        return Line(plain, harm, OWN)
    return Line(plain, harm, OWN, (found.start(), found.start() + len(found[1])))


def fingerprint(lines: Iterable[Line], classes: Classes, lexicon: Lexicon, recipe: Recipe) -> str:
    """The sha256, in hex, of everything that the weights and the threshold depend on."""
    said = [
        sorted(f"{line.source}\t{line.harm}\t{line.mark}\t{line.text}" for line in lines),
        classes.sha256,
        [lexicon.harm, lexicon.harmless, sorted(lexicon.spelling.items())],
        asdict(recipe),
    ]
    return hashlib.sha256(json.dumps(said).encode("utf-8", "surrogatepass")).hexdigest()


class Learner:
    """The messages with their features; `fit` and `score` take the numbers of some of them.

    `texts` are the messages without the turns of phrase that are not weighed, character for character.
    """

    def __init__(self, lines: Sequence[Line], texts: Sequence[str], classes: Classes, recipe: Recipe) -> None:
        self.lines, self.recipe = lines, recipe
        tokens = [tokens_of(text) or ["."] for text in texts]
        self.marks = [_tokens_of_mark(line, text) for line, text in zip(lines, texts, strict=True)]
        self.looked: list[Looked] = [look(one, classes) for one in tokens]
        self.short = [too_short(one) for one in tokens]

    def table(self, some: Sequence[int]) -> tuple[Keys, Floats]:
        """The features met in at least `rarest` of some messages, with how telling each is, as precise as the file."""
        met = np.concatenate([np.unique(self.looked[i].keys) for i in some])
        keys, counts = np.unique(met, return_counts=True)
        kept = counts >= self.recipe.rarest
        idf = np.log((1 + len(some)) / (1 + counts[kept])) + 1
        return keys[kept], idf.astype(np.float16).astype(np.float64)

    def matrix(self, some: Sequence[int], keys: Keys, idf: Floats) -> csr_matrix:
        """One row a window, messages in order."""
        rows = [row for i in some for row in _rows(self.looked[i], keys, idf)]
        ends = np.cumsum([0, *(len(places) for places, _ in rows)])
        values, places = (np.concatenate([row[part] for row in rows]) for part in (1, 0))
        whole = csr_matrix((values, places, ends), shape=(len(rows), len(keys)))
        whole.sum_duplicates()
        return whole

    def fit(self, some: Sequence[int]) -> HarmModel:
        """A model of some of the messages; its threshold is 0."""
        keys, idf = self.table(some)
        matrix = self.matrix(some, keys, idf)
        goals = [self._first(i) for i in some]
        learnt = _regress(matrix, goals, self.recipe.c)
        for _ in range(self.recipe.rounds - 1):
            scores = np.split(learnt.decision_function(matrix), np.cumsum([len(goal) for goal in goals])[:-1])
            goals = [self._again(i, goal, score) for i, goal, score in zip(some, goals, scores, strict=True)]
            learnt = _regress(matrix, goals, self.recipe.c)
        weights, bias = learnt.coef_[0], float(learnt.intercept_[0])
        return HarmModel(keys, idf, weights, bias, 0.0, 0.0, self.recipe.penalty, {}, Classes({}, ""))

    def score(self, some: Sequence[int], model: HarmModel) -> Floats:
        """The score of each, as `HarmModel.score` gives it."""
        return np.array([-np.inf if self.short[i] else model.of(self.looked[i]) for i in some])

    def _weight(self, number: int) -> float:
        line = self.lines[number]
        return self.recipe.intent_weight if line.source == INTENT and not line.harm else 1.0

    def _first(self, number: int) -> Floats:
        """The signed weight of each window: how much it counts as dangerous (+) or as harmless (-); 0 is left out."""
        line, windows = self.lines[number], self.looked[number].windows
        whole = _is_whole(windows)
        if not line.harm:
            return np.full(len(windows), -self._weight(number) / len(windows))
        if (mark := self.marks[number]) is None:
            return np.where(whole, self._weight(number), 0.0)
        first, last = mark
        shared = np.maximum(0, np.minimum(windows[:, 1], last) - np.maximum(windows[:, 0], first))
        over = (shared > 0.6 * (windows[:, 1] - windows[:, 0])) & (shared > 0.4 * (last - first))
        told = np.where(whole, 0.25, np.where(over, 1.0, 0.0))
        beside = np.where(shared == 0, -0.3 / len(windows), 0.0)
        goal: Floats = np.where(told > 0, told / max(told.sum(), 1e-9), beside)
        return goal

    def _again(self, number: int, before: Floats, scores: Floats) -> Floats:
        """The windows of the next round, given what the last one made of them."""
        line, windows = self.lines[number], self.looked[number].windows
        if len(windows) == 1 or (line.harm and line.mark is not None):
            return before
        most = np.arange(len(windows)) == scores.argmax()
        if line.harm:
            goal: Floats = 0.4 * _is_whole(windows) + 0.6 * most
        else:
            goal = -self._weight(number) * (0.5 / len(windows) + 0.5 * most)
        return goal


def _tokens_of_mark(line: Line, text: str) -> tuple[int, int] | None:
    if line.mark is None:
        return None
    before, within = (len(tokens_of(part)) for part in (text[: line.mark[0]], text[slice(*line.mark)]))
    return before, before + within


def _is_whole(windows: NDArray[np.intp]) -> NDArray[np.bool_]:
    whole: NDArray[np.bool_] = (windows[:, 1] - windows[:, 0]) == windows[:, 1].max()
    return whole


def _rows(looked: Looked, keys: Keys, idf: Floats) -> Iterator[tuple[Places, Floats]]:
    """The places and values of each window, scaled as `HarmModel.of` does."""
    places = np.searchsorted(keys, looked.keys)
    places[places == len(keys)] = 0
    here = keys[places] == looked.keys
    places, (kinds, tokens) = places[here], np.divmod(looked.ends[here], looked.tokens)
    for first, last in looked.windows:
        within = (tokens >= first) & (tokens < last)
        values = idf[places[within]]
        squares = np.bincount(kinds[within], values * values, KINDS)
        yield places[within], values / np.sqrt(np.maximum(squares, 1e-9))[kinds[within]]


def _regress(matrix: csr_matrix, goals: Sequence[Floats], c: float) -> Any:
    goal = np.concatenate(goals)
    used = goal != 0
    harm, weights = goal > 0, np.abs(goal)
    # Both sides count the same in all, however many lines each has.
    for side in (harm, ~harm):
        weights[side] *= weights.sum() / (2 * weights[side].sum())
    return LogisticRegression(C=c, max_iter=200, tol=1e-3).fit(
        matrix[used], harm[used], sample_weight=weights[used]
    )


def left_out_scores(learner: Learner) -> Floats:
    """The score of every message by a model that did not learn it."""
    fold = np.random.default_rng(1).integers(0, learner.recipe.folds, len(learner.lines))
    scores = np.zeros(len(learner.lines))
    for number in range(learner.recipe.folds):
        test, rest = (np.flatnonzero(one).tolist() for one in (fold == number, fold != number))
        scores[test] = learner.score(test, learner.fit(rest))
    return scores


def tuned(lines: Sequence[Line], scores: Floats, outright: NDArray[np.bool_], precision: float) -> float:
    """The lowest threshold at which the lexicon and the model together keep `precision` on our own lines."""
    own = np.array([line.source == OWN for line in lines])
    harm = np.array([line.harm for line in lines])
    best = np.inf
    for threshold in np.sort(scores[own & ~outright])[::-1]:
        found = own & (outright | (scores >= threshold))
        if harm[found].mean() >= precision:
            best = threshold
    return float(best)


def figures(lines: Sequence[Line], scores: Floats, outright: NDArray[np.bool_], threshold: float) -> Figures:
    """Recall and precision on our own lines, and how the intents' lines fare."""
    own = np.array([line.source == OWN for line in lines])
    harm = np.array([line.harm for line in lines])
    found = outright | (scores >= threshold)
    return Figures(
        recall=float(found[own & harm].mean()),
        precision=float(harm[own & found].mean()),
        intent_recall=float(found[~own & harm].mean()) if (~own & harm).any() else 0.0,
        intent_false=float(found[~own & ~harm].mean()) if (~own & ~harm).any() else 0.0,
    )


def train(lines: Sequence[Line], classes: Classes, see: See, recipe: Recipe) -> HarmModel:
    """A model of all lines with the thresholds of cross-validation; `see` tells what the lexicon makes of a message."""
    seen = [see(line.text) for line in lines]
    texts = [without(line.text, sighting.idle) for line, sighting in zip(lines, seen, strict=True)]
    learner = Learner(lines, texts, classes, recipe)
    outright = np.array([sighting.outright for sighting in seen])
    scores = left_out_scores(learner)
    threshold, sure = (tuned(lines, scores, outright, least) for least in (recipe.precision, recipe.sure))
    about: dict[str, Any] = {
        "lines": len(lines),
        "harm": sum(line.harm for line in lines),
        "left_out": figures(lines, scores, outright, threshold).as_json(),
        "left_out_sure": figures(lines, scores, outright, sure).as_json(),
        "lexicon_alone": figures(lines, np.full(len(lines), -np.inf), outright, 0.0).as_json(),
    }
    model = learner.fit(range(len(lines)))
    return replace(model, threshold=threshold, sure=sure, about=about, classes=classes)


def main(arguments: Sequence[str] | None = None) -> int:
    """Train and write; what was measured goes to the output."""
    parser = argparse.ArgumentParser(prog="python -m bot.understanding.harm_training", description=__doc__)
    parser.add_argument("--out", type=Path, default=WEIGHTS, help="the weights file to write")
    chosen = parser.parse_args(arguments)
    began = time.perf_counter()
    lines, classes, lexicon, recipe = read_lines(), Classes.load(), Lexicon.load(), Recipe()
    # Of the cues only the lexicon is looked at here, and the others are four fifths of the work.
    see = Pipeline(replace(CueBook.load(), cues=())).see
    model = train(lines, classes, see, recipe)
    model.about["data"] = fingerprint(lines, classes, lexicon, recipe)
    model.save(chosen.out)
    sys.stdout.write(
        f"{chosen.out.name}: {len(lines)} messages, {len(model.keys):,} features, "
        f"{chosen.out.stat().st_size / 2**20:.1f} MiB, {time.perf_counter() - began:.0f} s\n"
        f"{json.dumps(model.about, indent=1)}\n"
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
