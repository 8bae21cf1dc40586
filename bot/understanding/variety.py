"""Whether the training lines differ as people do: `python -m bot.understanding.variety`, run by `make nlu`.

An intent needs enough lines, enough long ones among them, and no two that are alike: a classifier that was taught by
template knows the template.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bot.understanding.examples import BrokenExamples, Example, read_examples
from bot.understanding.intents import INTENTS, TRAINING_LINES

_GRAM = 4  # characters


@dataclass(frozen=True, slots=True)
class Bounds:
    """What an intent must have: `lines`, the share of them over `long` words, and how alike two may be (Dice)."""

    lines: int = 120
    long: int = 25
    long_share: float = 0.25
    alike: float = 0.5


def grams(text: str) -> set[str]:
    """The pieces of four characters of a text, capitals and white space aside; a shorter text is its own piece."""
    plain = " ".join(text.lower().split())
    return {plain[i : i + _GRAM] for i in range(max(1, len(plain) - _GRAM + 1))}


def likeness(texts: Sequence[str]) -> NDArray[np.float32]:
    """Dice of the pieces of each text with those of each other: 0 nothing shared, 1 the same pieces."""
    columns: dict[str, int] = {}
    sets = [[columns.setdefault(gram, len(columns)) for gram in grams(text)] for text in texts]
    met = np.zeros((len(texts), len(columns)), np.float32)
    for row, places in enumerate(sets):
        met[row, places] = 1
    sizes = met.sum(axis=1)
    shared: NDArray[np.float32] = 2 * (met @ met.T) / (sizes[:, None] + sizes[None, :])
    return shared


def check(examples: Sequence[Example], bounds: Bounds | None = None) -> list[str]:
    """What is wrong, one sentence each, with file and line; empty when nothing is."""
    by_label: dict[str, list[Example]] = defaultdict(list)
    for example in examples:
        by_label[example.label].append(example)
    return [finding for group in by_label.values() for finding in _of_intent(group, bounds or Bounds())]


def missing(examples: Sequence[Example]) -> list[str]:
    """A sentence for each intent without a line."""
    met = {example.label for example in examples}
    return [f"{name} has no line" for name in INTENTS if name not in met]


def _of_intent(group: Sequence[Example], bounds: Bounds) -> Iterator[str]:
    file, label = group[0].file, group[0].label
    if len(group) < bounds.lines:
        yield f"{file}: {label} has {len(group)} lines; it needs {bounds.lines}"
    long = sum(len(example.text.split()) > bounds.long for example in group)
    if long < bounds.long_share * len(group):
        yield f"{file}: {label} has {long} lines of over {bounds.long} words; a quarter of {len(group)} must be"
    shared = likeness([example.text for example in group])
    for one, other in np.argwhere(np.triu(shared > bounds.alike, 1)):
        first, second = group[one], group[other]
        yield (
            f"{second.file}:{second.line} is too like line {first.line} of {first.file}, also {label}: "
            f"{shared[one, other]:.2f} of their pieces are the same"
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what is wrong; 1 if anything is."""
    parser = argparse.ArgumentParser(prog="python -m bot.understanding.variety", description=__doc__)
    parser.add_argument("data", type=Path, nargs="?", default=TRAINING_LINES)
    chosen = parser.parse_args(arguments)
    try:
        examples = read_examples(chosen.data, INTENTS)
    except BrokenExamples as broken:
        findings = list(broken.findings)
    else:
        findings = [*missing(examples), *check(examples)]
    sys.stdout.write("".join(f"{finding}\n" for finding in findings) or "training lines: nothing wrong\n")
    return 1 if findings else 0


if __name__ == "__main__":
    raise SystemExit(main())
