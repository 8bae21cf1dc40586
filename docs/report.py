"""Writes the figures of docs/understanding.md and docs/safety.md: `python -m docs.report`, run by `make nlu`.

tests/understanding/test_report.py fails when the page says something else than what is measured.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from time import thread_time
from typing import Any

from docs.generate import with_parts

PAGE = Path(__file__).parent / "understanding.md"
ROUTES_TOLD = "The five routes, told apart at the story (words of harm turn none aside)"
SAFETY = Path(__file__).parent / "safety.md"


def measured() -> dict[str, Any]:
    """The figures of the blind set, as `hearout nlu evaluate --json` has them."""
    from bot.understanding.evaluation import evaluate
    from bot.understanding.examples import read_examples
    from bot.understanding.intents import INTENTS
    from bot.understanding.parsing import Interpreter
    from bot.understanding.phrases import DATA
    from bot.understanding.reader import Reader

    return evaluate(
        read_examples(DATA / "held_out.yml", INTENTS), Interpreter(Reader.load()), thread_time
    ).as_json()


def blind(found: dict[str, Any]) -> str:
    """What was understood, on the whole and at each question."""
    beyond = found["out_of_scope"]
    rows = [
        ("Messages", str(found["lines"])),
        ("Read among all thirty intents", _share(found["flat"])),
        ("Of those in scope", _share(found["in_scope"])),
        ("Read beside the open question", _share(found["restricted"])),
        (ROUTES_TOLD, _share(found["openings_at_story"])),
        (f"Out of scope: caught, of {beyond['lines']}", _share(beyond["caught"])),
        ("In scope, taken for out of scope", _share(beyond["in_scope_lost"])),
        *((f"At `{name}`", _share(share)) for name, share in found["by_question"].items()),
    ]
    return _table(("", "share"), rows)


def intents(found: dict[str, Any]) -> str:
    """Precision and recall of each intent, read among all."""
    rows = [(f"`{one['name']}`", _share(one["precision"]), _share(one["recall"])) for one in found["intents"]]
    return _table(("intent", "precision", "recall"), rows)


def costs(found: dict[str, Any]) -> str:
    """Latency and memory of the machine that wrote the page."""
    rows = [
        (f"A message of {words} words", f"{took['p50']:.2f} ms", f"{took['p99']:.2f} ms")
        for words, took in found["latency_ms"].items()
    ]
    day = datetime.now(UTC).date().isoformat()
    after = f"Processor time of one thread, {day}. The process held {found['memory_mib']} MiB."
    return f"{_table(('', 'p50', 'p99'), rows)}\n\n{after}"


def page(text: str, found: dict[str, Any], *, with_costs: bool = True) -> str:
    """The page with its figures written anew."""
    parts: dict[str, Callable[[], str]] = {"blind": lambda: blind(found), "intents": lambda: intents(found)}
    if with_costs:
        parts["costs"] = lambda: costs(found)
    return with_parts(text, parts)


def harm(found: dict[str, Any]) -> str:
    """How well words of harm are told, of a `HarmReport` as JSON."""
    rows = [
        ("Messages of harm", str(found["harm"])),
        ("Harmless messages", str(found["harmless"])),
        ("Recall: of those of harm, brought help", _share(found["recall"])),
        ("Precision: of those that brought help, of harm", _share(found["precision"])),
        ("Recall of what is surely told", _share(found["sure_recall"])),
        ("Precision of what is surely told", _share(found["sure_precision"])),
    ]
    return _table(("", ""), rows)


def safety(text: str, found: dict[str, Any]) -> str:
    """The page on harm with its figures written anew."""
    return with_parts(text, {"harm": lambda: harm(found)})


def _share(value: float) -> str:
    return f"{value:.3f}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def main() -> None:
    """Write the pages, and say of each whether it changed."""
    from bot.understanding.harm_report import harm_report

    _write(PAGE, lambda text: page(text, measured()))
    _write(SAFETY, lambda text: safety(text, harm_report().as_json()))


def _write(path: Path, write: Callable[[str], str]) -> None:
    before = path.read_text(encoding="utf-8")
    after = write(before)
    path.write_text(after, encoding="utf-8")
    print(f"{path.name}: {'written again' if after != before else 'was up to date'}")


if __name__ == "__main__":
    main()
