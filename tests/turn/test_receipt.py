"""When staff say that it was received: what is still to come is likely a slip, and somebody has to look."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.turn import Desk
from tests.desk import MORNING, Person, open_desk

pytestmark = pytest.mark.anyio


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with open_desk(tmp_path) as desk:
        yield desk


def caller(desk: Desk, **ahead: float) -> Person:
    return Person(
        desk, "cqm", channel="phone", recorded_by="R. Ahmed", received_at=MORNING + timedelta(**ahead)
    )


async def test_a_receipt_in_the_future_is_marked_for_staff_and_put_right_by_the_next(desk: Desk) -> None:
    person = caller(desk, days=365)
    await person.say("My tutor never answers me.")
    assert person.record()["flags"] == ["received_in_the_future"]
    person.received_at = MORNING
    await person.say("yes")
    assert person.record()["flags"] == []


async def test_a_clock_that_is_a_little_ahead_is_no_slip(desk: Desk) -> None:
    person = caller(desk, minutes=3)
    await person.say("My tutor never answers me.")
    assert person.record()["flags"] == []
