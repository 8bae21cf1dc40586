"""`hearout nlu`: how well messages are understood."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

nlu_commands = typer.Typer(help="How well messages are understood.", no_args_is_help=True)


@nlu_commands.callback()
def nlu() -> None:
    """Keeps `evaluate` a command of its own name while it is the only one."""


@nlu_commands.command("evaluate")
def evaluate(
    file: Annotated[
        Path,
        typer.Argument(help="Labelled messages in Rasa's NLU form, or a folder of them.", metavar="FILE"),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="The figures as JSON.")] = False,
) -> None:
    """Read labelled messages and say how many were understood, flat and beside the open question.

    Ends with 0, or with 2 if the file cannot be used. No message is shown.
    """
    import json

    from bot.cli import say, stop
    from bot.understanding.evaluation import evaluate as measure
    from bot.understanding.examples import BrokenExamples, read_examples
    from bot.understanding.intents import INTENTS
    from bot.understanding.parsing import Interpreter
    from bot.understanding.reader import Reader

    try:
        examples = read_examples(file, INTENTS)
    except BrokenExamples as broken:
        stop(str(broken))
    found = measure(examples, Interpreter(Reader.load())).as_json()
    if as_json:
        say(json.dumps({"file": str(file), **found}, ensure_ascii=False, indent=2))
        return
    for line in figure_lines(found):
        say(line)


def figure_lines(found: dict[str, Any]) -> Iterator[str]:
    """The figures for a person at a terminal."""
    yield f"{found['lines']} messages"
    yield f"  read among all intents            {_share(found['flat'])}"
    yield f"  of those in scope                 {_share(found['in_scope'])}"
    yield f"  read beside the open question     {_share(found['restricted'])}"
    yield f"  the five routes at the story      {_share(found['openings_at_story'])}"
    beyond = found["out_of_scope"]
    yield f"  out of scope: caught              {_share(beyond['caught'])} of {beyond['lines']}"
    yield f"  in scope, taken for out of scope  {_share(beyond['in_scope_lost'])}"
    yield ""
    yield "At the question       understood"
    yield from (f"  {name:<18}  {_share(share)}" for name, share in found["by_question"].items())
    yield ""
    yield f"{'Intent':<38}{'lines':>6}{'precision':>11}{'recall':>8}"
    for intent in found["intents"]:
        yield (
            f"  {intent['name']:<36}{intent['lines']:>6}{_share(intent['precision']):>11}{_share(intent['recall']):>8}"
        )
    if found["confusions"]:
        yield ""
        yield "Read as another, most often"
        yield from (f"  {c['count']:>3}  {c['is']} as {c['read_as']}" for c in found["confusions"])
    yield ""
    for words, took in found["latency_ms"].items():
        yield f"A message of {words} words: {took['p50']:.2f} ms at the median, {took['p99']:.2f} ms at p99"
    yield f"Memory of this process: {found['memory_mib']} MiB"


def _share(value: float) -> str:
    return f"{value:.3f}"
