"""How well words of harm are told from harmless ones, on messages that nothing was written or tuned for.

    python -m bot.understanding.harm_report [FILE]

The file holds two lists, `harm` and `harmless`. What is told of them are figures and numbers of lines, never a word.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.messages import OpenQuestion
from bot.understanding.phrases import DATA, read_yaml
from bot.understanding.reader import Reader

HELD_OUT = DATA / "harm_held_out.yml"
_STORY = OpenQuestion("story", "text", False)
_NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class HarmReport:
    """What was found. `missed` are lines of harm that brought no help, `false_alarms` harmless ones that did, and
    `unsure` lines of harm that brought help without being surely told: numbers in their list, from 0."""

    harm: int
    harmless: int
    missed: tuple[int, ...]
    unsure: tuple[int, ...]
    false_alarms: tuple[int, ...]
    false_and_sure: tuple[int, ...]

    @property
    def recall(self) -> float:
        """The share of the lines of harm that bring help."""
        return 1 - len(self.missed) / max(1, self.harm)

    @property
    def precision(self) -> float:
        """The share of what brings help that is harm, in a file that is about half harm."""
        found = self.harm - len(self.missed)
        return found / max(1, found + len(self.false_alarms))

    @property
    def sure_recall(self) -> float:
        """The share of the lines of harm that are surely told, and so are handed to staff at once."""
        return self.recall - len(self.unsure) / max(1, self.harm)

    @property
    def sure_precision(self) -> float:
        """The share of what is surely told that is harm."""
        found = self.harm - len(self.missed) - len(self.unsure)
        return found / max(1, found + len(self.false_and_sure))

    def as_json(self) -> dict[str, Any]:
        """Every figure, and the numbers of the lines."""
        shares = ("recall", "precision", "sure_recall", "sure_precision")
        lines = ("missed", "unsure", "false_alarms", "false_and_sure")
        return {
            "harm": self.harm,
            "harmless": self.harmless,
            **{name: round(getattr(self, name), 4) for name in shares},
            **{name: list(getattr(self, name)) for name in lines},
        }


def harm_report(reader: Reader | None = None, file: Path = HELD_OUT) -> HarmReport:
    """Read every line of a file as the story of somebody; without a `reader`, with the shipped one."""
    read = reader or Reader.load()
    lines: dict[str, list[str]] = read_yaml(file)
    harm, harmless = (
        [read.read(text, _STORY, now=_NOW, facts={}) for text in lines[label]]
        for label in ("harm", "harmless")
    )
    return HarmReport(
        harm=len(harm),
        harmless=len(harmless),
        missed=tuple(i for i, one in enumerate(harm) if not one.harm),
        unsure=tuple(i for i, one in enumerate(harm) if one.harm and not one.sure_of_harm),
        false_alarms=tuple(i for i, one in enumerate(harmless) if one.harm),
        false_and_sure=tuple(i for i, one in enumerate(harmless) if one.sure_of_harm),
    )


def main(arguments: Sequence[str]) -> int:
    """The report as JSON."""
    report = harm_report(file=Path(arguments[0]) if arguments else HELD_OUT)
    sys.stdout.write(json.dumps(report.as_json()) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
