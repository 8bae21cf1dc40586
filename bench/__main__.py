"""`python -m bench` prints the budgets and what was measured; `python -m bench questions` what is asked of people;
`python -m bench faces` our widget beside others; `python -m bench cases` the cases API alone;
`python -m bench replay` a register under a draft; `python -m bench report` the year's report."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from bench.analysis import analysis_figures
from bench.case_calls import measure_case_calls
from bench.delivery import delivery_figures
from bench.faces import faces_table
from bench.figures import Figure, table
from bench.first_messages import first_message_table
from bench.parses import parse_figures
from bench.process import disk, installed_size, warm_start
from bench.questions import question_table
from bench.replays import replay_figures
from bench.reports import report_figures
from bench.rules import rule_figures
from bench.turns import measure_turns


def say(text: str) -> None:
    """Progress, away from the table."""
    print(text, file=sys.stderr, flush=True)


def measure(runs: int, seconds: float) -> list[Figure]:
    """Every figure of the table."""
    say("rules")
    figures = rule_figures(runs)
    say("exact analysis")
    figures += analysis_figures(runs)
    say("understanding")
    figures += parse_figures(runs)
    with tempfile.TemporaryDirectory() as folder:
        figures.append(disk(runs, Path(folder)))
        figures += measure_turns(Path(folder), rounds=runs, seconds=seconds, say=say)
    figures += case_figures(runs, seconds)
    figures += delivery_figures(runs, say)
    with tempfile.TemporaryDirectory() as folder:
        figures += report_figures(Path(folder), runs, say)
    say("starts")
    return [*figures, warm_start(runs), installed_size()]


def case_figures(runs: int, seconds: float) -> list[Figure]:
    """The rows of the cases API."""
    with tempfile.TemporaryDirectory() as folder:
        return measure_case_calls(Path(folder), rounds=runs, seconds=seconds, say=say)


def main(arguments: list[str] | None = None) -> int:
    """Print the table. 0 always, unless --strict and a budget is broken."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "what",
        nargs="?",
        choices=["budgets", "questions", "faces", "cases", "delivery", "replay", "report"],
        default="budgets",
    )
    parser.add_argument(
        "--runs", type=int, default=3, help="how often each thing is measured; the median counts"
    )
    parser.add_argument("--seconds", type=float, default=4.0, help="of load, in each quarter of a round")
    parser.add_argument("--strict", action="store_true", help="end with 1 when a budget is broken")
    chosen = parser.parse_args(arguments)
    if chosen.what == "questions":
        print(question_table())
        print(f"\nfirst messages that nobody tuned on\n{first_message_table()}")
        return 0
    if chosen.what == "faces":
        print(faces_table())
        return 0
    if chosen.what == "cases":
        print(table(case_figures(chosen.runs, chosen.seconds)))
        return 0
    if chosen.what == "replay":
        print(table(replay_figures()))
        return 0
    if chosen.what == "report":
        with tempfile.TemporaryDirectory() as folder:
            print(table(report_figures(Path(folder), chosen.runs, say)))
        return 0
    if chosen.what == "delivery":
        print(table(delivery_figures(chosen.runs, say)))
        return 0
    figures = measure(chosen.runs, chosen.seconds)
    print(table(figures))
    print(f"\nwidgets, side by side\n{faces_table()}")
    judged = [figure for figure in figures if figure.holds is not None]
    broken = [figure.name for figure in judged if not figure.holds]
    print(
        f"{len(judged) - len(broken)} of {len(judged)} budgets hold.",
        *(f"\nbroken: {name}" for name in broken),
    )
    return 1 if broken and chosen.strict else 0


if __name__ == "__main__":
    sys.exit(main())
