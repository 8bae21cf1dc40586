"""Three hundred generated conversations at all five organisations; `make soak` holds ten thousand.

Faults are planted in the dialogue one by one, and walks are seen to find each.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.walks.invariants import Broken
from tests.walks.machine import Room, open_room
from tests.walks.planted import FAULTS, Plant
from tests.walks.running import walk


@pytest.fixture(scope="module")
def room() -> Iterator[Room]:
    with open_room() as opened:
        yield opened


@pytest.mark.timeout(300)
@pytest.mark.slow
def test_whatever_people_do_the_house_rules_hold(room: Room) -> None:
    room.ended.clear()
    walk(room, 300, derandomize=True)
    assert sum(room.ended.values()) >= 300
    assert set(room.ended) == {"draft", "filed", "signposted", "informal", "withdrawn"}


@pytest.mark.parametrize("plant", FAULTS, ids=lambda plant: plant.__name__)
def test_a_planted_fault_is_found(room: Room, monkeypatch: pytest.MonkeyPatch, plant: Plant) -> None:
    plant(monkeypatch)
    with pytest.raises(Broken) as found:
        walk(room, 300, derandomize=True)
    assert FAULTS[plant] in str(found.value)
