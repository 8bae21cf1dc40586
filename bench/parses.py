"""What /model/parse costs in process: messages of 12 and of 120 words, cut from the training lines."""

from __future__ import annotations

import time

from bench.figures import Figure
from bot.understanding.evaluation import LENGTHS, latency, messages
from bot.understanding.examples import read_examples
from bot.understanding.intents import INTENTS, TRAINING_LINES
from bot.understanding.parsing import Interpreter
from bot.understanding.reader import Reader

# Milliseconds at p50 and p99, by length in words.
BUDGETS = {12: (1.0, 4.0), 120: (3.0, 10.0)}


def parse_figures(runs: int) -> list[Figure]:
    """Median and p99 of each length; every run reads the same messages."""
    interpreter = Interpreter(Reader.load())
    examples = read_examples(TRAINING_LINES, INTENTS)
    figures = []
    for words in LENGTHS:
        texts = messages(examples, words)
        measured = [latency(interpreter, texts, time.perf_counter) for _ in range(runs)]
        for place, (name, limit) in enumerate(zip(("p50", "p99"), BUDGETS[words], strict=True)):
            figures.append(
                Figure(
                    f"parse of {words} words, {name}",
                    [run[place] for run in measured],
                    "ms",
                    f"<= {limit:g} ms",
                    limit,
                    note=f"{len(texts)} messages, one thread",
                )
            )
    return figures
