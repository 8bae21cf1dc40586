"""An office for the console's tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.console.office import Office, office


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """An office that the tests of a module share; its clock only goes forward."""
    with office(tmp_path_factory.mktemp("office"), limits="off") as made:
        yield made
