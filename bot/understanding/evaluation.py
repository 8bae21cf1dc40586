"""How well labelled messages are read: `hearout nlu evaluate FILE`. It tells figures, never the messages.

Every message is read flat, among all intents, and at each question whose row of the table `intents.QUESTIONS` holds
its intent. A message that is out of scope may come at any question.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.messages import OpenQuestion
from bot.understanding.examples import Example
from bot.understanding.intents import INTENTS, OUT_OF_SCOPE, QUESTIONS
from bot.understanding.parsing import Interpreter, final
from policy_rules.facts import VOCABULARY

# The openings that decide where a story goes.
ROUTES = (
    "make_complaint",
    "make_complaint_about_member_conduct",
    "complaint_about_study_centre",
    "dispute_exam_result",
    "staff_grievance",
)
LENGTHS = (12, 120)  # words
_NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
_FACTS = {name: fact.values for name, fact in VOCABULARY.items()}
_TIMED = 600  # messages of each length; half of them are read beforehand
_MOST_PAIRS = 15


@dataclass(slots=True)
class Tally:
    """How many of how many."""

    right: float = 0.0
    of: int = 0

    def add(self, right: float) -> None:
        """One more, right or wrong or partly."""
        self.right += right
        self.of += 1

    @property
    def share(self) -> float:
        """0 where there is none."""
        return self.right / self.of if self.of else 0.0


@dataclass(slots=True)
class Report:
    """What was measured. `seen` counts (intent, read flat as); times are milliseconds by length in words."""

    flat: Tally = field(default_factory=Tally)
    in_scope: Tally = field(default_factory=Tally)
    restricted: Tally = field(default_factory=Tally)
    openings: Tally = field(default_factory=Tally)
    by_question: dict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    seen: Counter[tuple[str, str]] = field(default_factory=Counter)
    times: dict[int, tuple[float, float]] = field(default_factory=dict)
    memory_mib: float = 0.0

    def recall(self, intent: str) -> float:
        """How many of the messages of an intent were read as it."""
        return self.seen[intent, intent] / max(1, self.lines(intent))

    def precision(self, intent: str) -> float:
        """How many of those that were read as an intent were of it."""
        read = sum(count for (_, name), count in self.seen.items() if name == intent)
        return self.seen[intent, intent] / max(1, read)

    def lines(self, intent: str) -> int:
        """How many messages of an intent there were."""
        return sum(count for (name, _), count in self.seen.items() if name == intent)

    def confusions(self) -> list[tuple[str, str, int]]:
        """The pairs (is, was read as, how often) that were met most."""
        pairs = [(a, b, count) for (a, b), count in self.seen.items() if a != b]
        return sorted(pairs, key=lambda pair: (-pair[2], pair))[:_MOST_PAIRS]

    def as_json(self) -> dict[str, Any]:
        """Everything, rounded; the names of `docs/understanding.md`."""
        met = [name for name in INTENTS if self.lines(name)]
        beyond = self.flat.of - self.in_scope.of
        lost = sum(count for (a, b), count in self.seen.items() if a != OUT_OF_SCOPE == b)
        return {
            "lines": self.flat.of,
            "flat": _rounded(self.flat.share),
            "in_scope": _rounded(self.in_scope.share),
            "restricted": _rounded(self.restricted.share),
            "openings_at_story": _rounded(self.openings.share),
            "by_question": {name: _rounded(tally.share) for name, tally in self.by_question.items()},
            "out_of_scope": {
                "lines": beyond,
                "caught": _rounded(self.recall(OUT_OF_SCOPE)),
                "in_scope_lost": _rounded(lost / max(1, self.in_scope.of)),
            },
            "intents": [
                {
                    "name": name,
                    "lines": self.lines(name),
                    "precision": _rounded(self.precision(name)),
                    "recall": _rounded(self.recall(name)),
                }
                for name in met
            ],
            "confusions": [{"is": a, "read_as": b, "count": count} for a, b, count in self.confusions()],
            "latency_ms": {
                str(words): {"p50": round(p50, 3), "p99": round(p99, 3)}
                for words, (p50, p99) in self.times.items()
            },
            "memory_mib": round(self.memory_mib),
        }


def _rounded(share: float) -> float:
    return round(share, 4)


def rows() -> dict[str, OpenQuestion]:
    """One question for each different row of the table, by its id or kind."""
    kept: dict[frozenset[str], str] = {}
    for name, allowed in QUESTIONS.items():
        kept.setdefault(frozenset(allowed), name)
    return {name: OpenQuestion(name, name, optional=True) for name in kept.values()}


def evaluate(
    examples: Sequence[Example], interpreter: Interpreter, clock: Callable[[], float] = time.perf_counter
) -> Report:
    """Read every example; `clock` gives seconds, of which the latency is made."""
    report = Report()
    questions = rows()
    for example in examples:
        _read_one(example, interpreter, questions, report)
    for words in LENGTHS:
        report.times[words] = latency(interpreter, messages(examples, words), clock)
    report.memory_mib = resident_mib()
    return report


def _read_one(
    example: Example, interpreter: Interpreter, questions: dict[str, OpenQuestion], report: Report
) -> None:
    label = example.label
    sighting, scores = interpreter.look(example.text)
    name, _ = final(interpreter.rank(scores, None), sighting)
    report.seen[label, name] += 1
    report.flat.add(name == label)
    if label != OUT_OF_SCOPE:
        report.in_scope.add(name == label)
    at = Tally()
    for row, question in questions.items():
        if label in QUESTIONS[row] or label == OUT_OF_SCOPE:
            ranking = interpreter.rank(scores, question)
            right = final(ranking, sighting)[0] == label
            at.add(right)
            report.by_question[row].add(right)
            if row == "story" and label in ROUTES:
                # Words of harm name a message, and turn no story aside: the interview goes by the ranking.
                report.openings.add(ranking.name == label)
    if at.of:
        report.restricted.add(at.share)


def messages(examples: Sequence[Example], words: int) -> list[str]:
    """Texts of exactly so many words, cut from the examples laid end to end."""
    said = [word for example in examples for word in example.text.split()]
    while said and len(said) < words:
        said += said
    cut = [" ".join(said[i : i + words]) for i in range(0, len(said) - words + 1, words)]
    return cut[:_TIMED]


def latency(
    interpreter: Interpreter, texts: Sequence[str], clock: Callable[[], float]
) -> tuple[float, float]:
    """Milliseconds of one parse, p50 and p99, of the second half: a server that runs has read other messages before."""
    half = len(texts) // 2
    for text in texts[:half]:
        interpreter.parse(text, now=_NOW, facts=_FACTS)
    took = sorted(_timed(interpreter, texts[half:], clock))
    return (took[len(took) // 2], took[int(len(took) * 0.99)]) if took else (0.0, 0.0)


def _timed(interpreter: Interpreter, texts: Sequence[str], clock: Callable[[], float]) -> Iterator[float]:
    for text in texts:
        begun = clock()
        interpreter.parse(text, now=_NOW, facts=_FACTS)
        yield (clock() - begun) * 1000


def resident_mib() -> float:
    """What this process holds in memory now; 0 where the system does not say."""
    status = Path("/proc/self/status")
    if not status.exists():
        return 0.0
    return next(
        (
            int(line.split()[1]) / 1024
            for line in status.read_text().splitlines()
            if line.startswith("VmRSS:")
        ),
        0.0,
    )
