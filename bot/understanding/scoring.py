"""How well the days in running text are found, over a file of labelled sentences.

The file holds `now`, an ISO date, and `cases`, each with a `text` and its `days` as ISO dates.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bot.understanding.days import find_dates
from bot.understanding.phrases import read_yaml
from bot.understanding.spans import Span


@dataclass(frozen=True, slots=True)
class Score:
    """How many days were found as labelled, missed, and found where none, or another, is labelled."""

    right: int
    missed: int
    wrong: int

    @property
    def found(self) -> float:
        """The share of the labelled days that was found."""
        return self.right / max(1, self.right + self.missed)

    @property
    def mistaken(self) -> float:
        """The share of what was found that is wrong."""
        return self.wrong / max(1, self.right + self.wrong)


Finder = Callable[[str, datetime], list[Span]]


def score_dates(file: Path, find: Finder = find_dates) -> Score:
    """Count over every sentence of a file; a day that is named twice is to be found once or twice."""
    right = missed = wrong = 0
    for _, want, got in judged(file, find):
        right += len(want & got)
        missed += len(want - got)
        wrong += len(got - want)
    return Score(right, missed, wrong)


def judged(file: Path, find: Finder = find_dates) -> Iterator[tuple[str, set[str], set[str]]]:
    """Each sentence with the days that it is labelled with and those that are found in it."""
    labelled = read_yaml(file)
    now = datetime.fromisoformat(labelled["now"])
    for case in labelled["cases"]:
        yield case["text"], set(case["days"]), {span.value for span in find(case["text"], now)}
