"""Every `.yml` in this folder is a conversation that pytest holds: one test for each of its cases."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conversations.playing import Differs, play
from tests.conversations.reading import Case, WrongFile, read


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> ConversationFile | None:
    if file_path.suffix == ".yml" and file_path.parent == Path(__file__).parent:
        return ConversationFile.from_parent(parent, path=file_path)
    return None


class ConversationFile(pytest.File):
    """One file of cases."""

    def collect(self) -> Iterator[ConversationItem]:
        try:
            cases = read(self.path)
        except WrongFile as wrong:
            raise self.CollectError(str(wrong)) from None
        for case in cases:
            yield ConversationItem.from_parent(self, name=case.name, case=case)


class ConversationItem(pytest.Item):
    """One case."""

    def __init__(self, *, case: Case, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.case = case

    def runtest(self) -> None:
        asyncio.run(play(self.case))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> str:
        if isinstance(excinfo.value, Differs | WrongFile):
            return str(excinfo.value)
        return str(super().repr_failure(excinfo, style))

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, self.case.line - 1, f"{self.path.stem.replace('_', ' ')}: {self.case.name}"
