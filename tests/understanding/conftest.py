"""One reader for all: it takes most of a second to build and keeps nothing of what it reads."""

from __future__ import annotations

import pytest

from bot.understanding.reader import Reader


@pytest.fixture(scope="session")
def reader() -> Reader:
    return Reader.load()
