"""The delivery loop keeps its promise: at least once under one id, or somebody is told. Both databases."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest

from cases import outbox
from cases.store import Store
from handoff.deliver import LATE_AFTER, LONGEST_RETRY_AFTER, RETRY_DELAYS, DeliveryLoop, Pace, next_attempt
from handoff.target import Delivery, PermanentFailure, Target, TransientFailure
from tests.cases.builders import NOW, file_a_case
from tests.handoff.builders import Bell, Clock, Script, always, until

QUICK = Pace(poll=0.01, farewell=0.2)


@asynccontextmanager
async def running(
    store: Store, targets: Callable[[str], Mapping[str, Target]], clock: Clock, bell: Bell, pace: Pace = QUICK
) -> AsyncIterator[DeliveryLoop]:
    loop = DeliveryLoop(store, targets, clock, bell, pace=pace, chance=lambda: 0.0)
    task = asyncio.create_task(loop.run())
    try:
        yield loop
    finally:
        loop.stop()
        await asyncio.wait_for(task, 5)


def _rows(store: Store) -> list[dict[str, Any]]:
    return store.read_sync(outbox.listing)


def _states(store: Store) -> list[str]:
    return [row["state"] for row in _rows(store)]


def test_a_filed_case_is_delivered_once_with_its_record(store: Store) -> None:
    file_a_case(store)
    target, clock = Script(), Clock()

    async def run() -> None:
        async with running(store, always(folder=target), clock, Bell()):
            await until(lambda: _states(store) == ["delivered"])
            await asyncio.sleep(0.05)

    asyncio.run(run())
    (item,) = target.taken
    (row,) = _rows(store)
    assert (item.id, item.kind, item.reference) == (row["id"], "case.filed", row["case_reference"])
    assert item.record["narrative"].startswith("My tutor lost my work.")
    assert row["delivered_at"] == NOW


def test_a_wake_brings_a_new_case_at_once(store: Store) -> None:
    target = Script()

    async def run() -> None:
        async with running(store, always(folder=target), Clock(), Bell(), Pace(poll=60)) as loop:
            await asyncio.sleep(0.05)
            file_a_case(store)
            loop.wake()
            await until(lambda: len(target.taken) == 1, 2)

    asyncio.run(run())


def test_failures_are_tried_again_on_the_table_under_one_id_until_it_ends_dead(store: Store) -> None:
    file_a_case(store)
    failures: list[Exception | None] = [TransientFailure(f"451 no. {number}") for number in range(10)]
    target, clock, bell = Script(failures), Clock(), Bell()

    async def run() -> None:
        async with running(store, always(folder=target), clock, bell):
            for number, delay in enumerate(RETRY_DELAYS, start=1):
                await until(lambda number=number: _rows(store)[0]["attempts"] == number)  # type: ignore[misc]
                assert _rows(store)[0]["due_at"] == clock.now + delay
                clock.now += delay - timedelta(seconds=1)
                await asyncio.sleep(0.03)
                assert len(target.attempts) == number, "tried before it was due"
                clock.now += timedelta(seconds=1)
            await until(lambda: _states(store) == ["dead"])

    asyncio.run(run())
    assert len(target.attempts) == 10
    assert len(set(target.attempts)) == 1
    # The place rests by then, and the case has waited for 35 minutes, a moment before the fourth attempt fails.
    assert [(trouble.kind, trouble.failures) for trouble in bell.rung] == [
        ("late", LATE_AFTER - 1),
        ("dead", 10),
    ]
    assert bell.rung[1].error == "451 no. 9"
    assert clock.now - NOW == timedelta(hours=75, minutes=35, seconds=5)


def test_a_permanent_failure_is_dead_at_once_and_can_be_replayed(store: Store) -> None:
    file_a_case(store)
    target, clock, bell = Script([PermanentFailure("550 no such user")]), Clock(), Bell()

    async def run() -> None:
        async with running(store, always(folder=target), clock, bell) as loop:
            await until(lambda: len(bell.rung) == 1)
            (row,) = _rows(store)
            assert (row["state"], row["last_error"]) == ("dead", "550 no such user")
            assert await store.write(lambda conn: outbox.replay(conn, "cqm", row["id"], clock.now))
            loop.wake()
            await until(lambda: _states(store) == ["delivered"])

    asyncio.run(run())
    assert bell.rung[0].delivery_id == target.taken[0].id


@pytest.mark.parametrize(
    "fault", [RuntimeError("My tutor lost my work"), KeyError("tutor"), OSError("tutor")]
)
def test_a_target_with_a_fault_is_tried_again_and_its_words_stay_out_of_the_row(
    store: Store, fault: Exception
) -> None:
    file_a_case(store)

    async def run() -> None:
        async with running(store, always(folder=Script([fault])), Clock(), Bell()):
            await until(lambda: _rows(store)[0]["attempts"] == 1)

    asyncio.run(run())
    (row,) = _rows(store)
    assert row["last_error"] == f"the target failed with {type(fault).__name__}"


def _no_settings(organisation: str) -> Mapping[str, Target]:
    raise LookupError(organisation)


@pytest.mark.parametrize("targets", [always(other=Script()), _no_settings])
def test_a_target_that_the_settings_no_longer_name_is_not_forgotten(
    store: Store, targets: Callable[[str], Mapping[str, Target]]
) -> None:
    file_a_case(store)

    async def run() -> None:
        async with running(store, targets, Clock(), Bell()):
            await until(lambda: _rows(store)[0]["attempts"] == 1)

    asyncio.run(run())
    assert _states(store) == ["pending"]


class Stuck:
    """Takes a delivery and never answers."""

    def __init__(self) -> None:
        self.begun = 0

    async def deliver(self, item: Delivery) -> None:
        self.begun += 1
        await asyncio.Event().wait()


def test_a_target_that_never_answers_is_given_up_and_does_not_hold_the_others(store: Store) -> None:
    file_a_case(store, targets=("stuck", "folder"))
    stuck, folder = Stuck(), Script()

    async def run() -> None:
        pace = Pace(poll=0.01, patience=0.2, farewell=0.1)
        async with running(store, always(stuck=stuck, folder=folder), Clock(), Bell(), pace):
            await until(lambda: len(folder.taken) == 1)
            assert stuck.begun == 1
            await until(lambda: sorted(_states(store)) == ["delivered", "pending"])

    asyncio.run(run())
    assert {row["last_error"] for row in _rows(store)} == {None, "no answer within 0.2 seconds"}


def test_stopping_gives_back_what_is_under_way_with_no_failure_counted(store: Store) -> None:
    file_a_case(store)
    stuck = Stuck()

    async def run() -> None:
        async with running(store, always(folder=stuck), Clock(), Bell(), Pace(poll=0.01, farewell=0.05)):
            await until(lambda: stuck.begun == 1)

    asyncio.run(run())
    (row,) = _rows(store)
    assert (row["state"], row["attempts"], row["lease_until"]) == ("pending", 0, None)


def test_no_more_are_under_way_than_the_pace_allows_and_all_arrive(store: Store) -> None:
    for number in range(9):
        reference = f"CQM-0000-000{number}-0"
        file_a_case(store, reference=reference, conversation_reference=reference)
    now, most = [0], [0]

    class Counting:
        async def deliver(self, item: Delivery) -> None:
            now[0] += 1
            most[0] = max(most[0], now[0])
            await asyncio.sleep(0.005)
            now[0] -= 1

    async def run() -> None:
        async with running(store, always(folder=Counting()), Clock(), Bell(), Pace(poll=60, at_once=2)):
            await until(lambda: _states(store) == ["delivered"] * 9)

    asyncio.run(run())
    assert most[0] == 2


def test_an_alarm_that_fails_does_not_stop_the_loop(store: Store) -> None:
    file_a_case(store, targets=("one", "two"))
    target = Script([PermanentFailure("550")])

    class Broken(Bell):
        async def __call__(self, trouble: object) -> bool:
            raise RuntimeError("the bell fell down")

    async def run() -> None:
        async with running(store, always(one=target, two=target), Clock(), Broken()):
            await until(lambda: sorted(_states(store)) == ["dead", "delivered"])

    asyncio.run(run())


def test_a_database_that_fails_for_a_while_only_delays(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cases.store import open_store

    store = open_store(sqlite_url)
    file_a_case(store)
    claim, broken = outbox.claim, [3]

    def sometimes(*arguments: Any) -> list[outbox.Claimed]:
        if broken[0]:
            broken[0] -= 1
            raise OSError("disk")
        return claim(*arguments)

    monkeypatch.setattr(outbox, "claim", sometimes)

    async def run() -> None:
        async with running(store, always(folder=Script()), Clock(), Bell()):
            await until(lambda: _states(store) == ["delivered"])

    asyncio.run(run())
    store.close()


class TestNextAttempt:
    """When to try again."""

    def test_jitter_only_ever_delays_and_by_a_tenth_at_most(self) -> None:
        due = next_attempt(2, NOW, None, 0.999)
        assert due is not None
        assert NOW + timedelta(minutes=5) < due < NOW + timedelta(minutes=5, seconds=30)

    def test_a_receiver_may_ask_for_longer_but_not_for_ever_and_not_for_sooner(self) -> None:
        assert next_attempt(1, NOW, timedelta(hours=3), 0.0) == NOW + timedelta(hours=3)
        assert next_attempt(1, NOW, timedelta(days=900), 0.0) == NOW + LONGEST_RETRY_AFTER
        assert next_attempt(2, NOW, timedelta(seconds=1), 0.0) == NOW + timedelta(minutes=5)

    def test_the_tenth_failure_is_the_last(self) -> None:
        assert next_attempt(9, NOW, None, 0.0) == NOW + timedelta(hours=24)
        assert next_attempt(10, NOW, None, 0.0) is None
