from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.turn import Desk
from tests.desk import MINI, Clock, Person, open_desk


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def desk(tmp_path: Path, clock: Clock) -> Iterator[Desk]:
    with open_desk(tmp_path, MINI, clock) as opened:
        yield opened


@pytest.fixture
def person(desk: Desk) -> Person:
    return Person(desk, "mini")
