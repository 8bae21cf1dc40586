"""A server for the form's tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.channels.servers import Running, running
from tests.forms.visitor import Visitor


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server as `make run` starts it."""
    with running(tmp_path_factory.mktemp("data")) as started:
        yield started


@pytest.fixture
def visitor(server: Running) -> Iterator[Visitor]:
    """Somebody on the first page of CQM's form."""
    with Visitor(server) as somebody:
        yield somebody
