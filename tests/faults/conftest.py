"""One nursery for all the crash tests of a worker; they share a worker, since two at once only slow each other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.campaign import nursery_of
from tests.faults.processes import Nursery

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    """Forks servers that need not read their libraries again."""
    with nursery_of() as made:
        yield made


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("faults"))
