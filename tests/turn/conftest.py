"""Every whole conversation is held on both databases, by the same code."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.turn import Desk
from tests.databases import store_url
from tests.desk import MINI, Clock, Person, open_desk

__all__ = ["store_url"]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def desk(tmp_path: Path, clock: Clock, store_url: str) -> Iterator[Desk]:
    with open_desk(tmp_path, MINI, clock, store_url) as opened:
        yield opened


@pytest.fixture
def person(desk: Desk) -> Person:
    return Person(desk, "mini")
