"""`python -m bench` prints the budgets and what was measured; `python -m bench questions` what is asked of people."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from bench.figures import Figure, table
from bench.process import disk, installed_size, warm_start
from bench.questions import question_table
from bench.rules import rule_figures
from bench.turns import measure_turns


def say(text: str) -> None:
    """Progress, away from the table."""
    print(text, file=sys.stderr, flush=True)


def measure(runs: int, seconds: float) -> list[Figure]:
    """Every figure of the table."""
    say("rules")
    figures = rule_figures(runs)
    with tempfile.TemporaryDirectory() as folder:
        figures.append(disk(runs, Path(folder)))
        figures += measure_turns(Path(folder), rounds=runs, seconds=seconds, say=say)
    say("starts")
    return [*figures, warm_start(runs), installed_size()]


def main(arguments: list[str] | None = None) -> int:
    """Print the table. 0 always, unless --strict and a budget is broken."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("what", nargs="?", choices=["budgets", "questions"], default="budgets")
    parser.add_argument(
        "--runs", type=int, default=3, help="how often each thing is measured; the median counts"
    )
    parser.add_argument("--seconds", type=float, default=4.0, help="of load, in each quarter of a round")
    parser.add_argument("--strict", action="store_true", help="end with 1 when a budget is broken")
    chosen = parser.parse_args(arguments)
    if chosen.what == "questions":
        print(question_table())
        return 0
    figures = measure(chosen.runs, chosen.seconds)
    print(table(figures))
    judged = [figure for figure in figures if figure.holds is not None]
    broken = [figure.name for figure in judged if not figure.holds]
    print(
        f"{len(judged) - len(broken)} of {len(judged)} budgets hold.",
        *(f"\nbroken: {name}" for name in broken),
    )
    return 1 if broken and chosen.strict else 0


if __name__ == "__main__":
    sys.exit(main())
