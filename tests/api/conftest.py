"""Servers that the tests of the APIs share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.channels.servers import Running, running


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server as `make run` starts it."""
    with running(tmp_path_factory.mktemp("data")) as started:
        yield started
