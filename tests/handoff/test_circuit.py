"""One dead receiver costs its cases no attempts, is probed, is told of, and gets everything once it is back."""

from __future__ import annotations

import asyncio
import errno
import resource
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from cases import filing, outbox, receivers, retries
from cases.receivers import Rests
from cases.store import Store, open_store
from handoff.deliver import LATE_TIME, RETRY_DELAYS, DeliveryLoop, Pace
from handoff.target import Delivery, PermanentFailure, ReceiverGone, TransientFailure
from handoff.targets.folder import FolderTarget
from tests.cases.builders import NOW, file_a_case
from tests.databases import migrated_database
from tests.handoff.builders import Bell, Clock, Script, a_delivery, always, run, until
from tests.handoff.receiver import receiving
from tests.handoff.test_deliver import QUICK, running
from tests.handoff.test_webhook import a_webhook

LEASE = timedelta(seconds=90)


def fill(store: Store, count: int, first: int = 0, target: str = "folder") -> None:
    for number in range(first, first + count):
        reference = f"CQM-0000-{number:04d}-0"
        file_a_case(store, reference=reference, conversation_reference=reference, targets=(target,))


def rows(store: Store) -> list[dict[str, Any]]:
    return store.read_sync(outbox.listing)


def states(store: Store) -> Counter[str]:
    return Counter(row["state"] for row in rows(store))


def place(store: Store) -> dict[str, Any]:
    (found,) = store.read_sync(receivers.listing)
    return found


class Dead:
    """Refuses everything until it is mended."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.failure: Exception | None = failure or TransientFailure("it answered 503")
        self.attempts: list[str] = []
        self.taken: list[Delivery] = []

    async def deliver(self, item: Delivery) -> None:
        self.attempts.append(item.id)
        if self.failure is not None:
            raise self.failure
        self.taken.append(item)


def test_a_dead_receiver_is_left_alone_and_probed_and_then_gets_everything(store: Store) -> None:
    fill(store, 30)
    dead, clock, bell = Dead(), Clock(), Bell()

    async def go() -> None:
        async with running(store, always(folder=dead), clock, bell, Pace(poll=0.01, at_once=4)):
            await until(lambda: place(store)["state"] == "resting")
            await asyncio.sleep(0.1)
            begun = len(dead.attempts)
            assert begun <= 8, "it went on beating a dead horse"
            for step in (61, 121, 301):
                before = len(dead.attempts)
                clock.now += timedelta(seconds=step)
                await until(lambda before=before: len(dead.attempts) == before + 1)  # type: ignore[misc]
                await asyncio.sleep(0.05)
                assert len(dead.attempts) == before + 1, "one probe at a time"
            dead.failure = None
            clock.now += timedelta(minutes=11)
            await until(lambda: states(store)["delivered"] == 30)

    asyncio.run(go())
    assert len(dead.taken) == len({item.id for item in dead.taken}) == 30
    assert max(row["attempts"] for row in rows(store)) <= 2
    assert (place(store)["state"], place(store)["failures"]) == ("working", 0)


def test_without_the_rest_every_case_would_lose_its_attempts(store: Store) -> None:
    """The planted fault: a place that is never given up on."""
    fill(store, 30)
    dead, clock = Dead(), Clock()

    async def go() -> None:
        loop = DeliveryLoop(
            store,
            always(folder=dead),
            clock,
            Bell(),
            pace=QUICK,
            rests=Rests(after=10**6),
            chance=lambda: 0.0,
        )
        task = asyncio.create_task(loop.run())
        for _ in range(3):
            await until(lambda: all(row["due_at"] > clock.now for row in rows(store)))
            clock.now += timedelta(minutes=31)
        loop.stop()
        await task

    asyncio.run(go())
    assert len(dead.attempts) >= 90


def test_another_place_goes_on(store: Store) -> None:
    fill(store, 10, target="dead")
    fill(store, 10, first=10)
    dead, alive = Dead(), Script()

    async def go() -> None:
        async with running(store, always(dead=dead, folder=alive), Clock(), Bell()):
            await until(lambda: len(alive.taken) == 10)

    asyncio.run(go())


def test_the_rest_survives_a_restart_and_grows_to_half_an_hour(store: Store) -> None:
    fill(store, 1)
    clock = Clock()
    for number in range(12):
        (item,) = store.write_sync(lambda conn: outbox.claim(conn, clock.now, 5, LEASE))
        assert item.probe == (number >= 3)

        def fails(conn: Any, item: outbox.Claimed = item) -> None:
            receivers.failed(conn, "cqm", "folder", clock.now, "503", Rests(), probe=item.probe)
            outbox.release(conn, [item])

        store.write_sync(fails)
        until_ = place(store)["rest_until"]
        if number >= 2:
            assert store.write_sync(lambda conn: outbox.claim(conn, clock.now, 5, LEASE)) == []
            clock.now = until_
    assert Rests().until(50, NOW, None) == NOW + timedelta(minutes=30)
    assert Rests().until(3, NOW, timedelta(hours=2)) == NOW + timedelta(hours=2), "it asked for longer"


def test_one_recipients_trouble_is_not_the_places(store: Store) -> None:
    fill(store, 8)
    target = Script([TransientFailure("450 full", of_receiver=False) for _ in range(5)])

    async def go() -> None:
        async with running(store, always(folder=target), Clock(), Bell()):
            await until(lambda: states(store)["delivered"] == 3)

    asyncio.run(go())
    assert place(store)["state"] == "working"


@pytest.mark.parametrize("kind", ["case.filed", "draft.abandoned"])
def test_a_delivery_without_its_record_holds_up_no_other_and_is_told_of(store: Store, kind: str) -> None:
    store.write_sync(
        lambda conn: filing.hand_over(
            conn, "cqm", "CQM-9999-9999-9", kind, ("folder",), NOW - timedelta(hours=1)
        )
    )
    fill(store, 2)
    target, clock, bell = Script(), Clock(), Bell()

    async def go() -> None:
        async with running(store, always(folder=target), clock, bell):
            await until(lambda: len(target.taken) == 2)
            for delay in RETRY_DELAYS[:3]:
                await until(lambda: states(store)["pending"] == 1 and rows(store)[0]["due_at"] > clock.now)
                clock.now += delay
            await until(lambda: bool(bell.rung))

    asyncio.run(go())
    assert bell.rung[0].reference == "CQM-9999-9999-9"
    assert "cannot be read" in bell.rung[0].error
    assert place(store)["state"] == "working"


class TestGone:
    """410: it wants nothing more."""

    def test_its_cases_wait_somebody_is_told_and_a_person_brings_it_back(self, store: Store) -> None:
        fill(store, 3)
        gone, clock, bell = Dead(ReceiverGone("410 Gone: it wants no more")), Clock(), Bell()

        async def go() -> None:
            async with running(store, always(folder=gone), clock, bell, Pace(poll=0.01, at_once=1)) as loop:
                await until(lambda: len(bell.rung) == 1)
                fill(store, 1, first=3)
                clock.now += timedelta(days=9)
                await until(lambda: len(bell.rung) == 2)
                assert len(gone.attempts) == 1, "it was asked again"
                assert states(store) == {"pending": 4}
                gone.failure = None
                done = await store.write(lambda conn: retries.retry_all(conn, clock.now))
                assert done.places == ("cqm/folder",)
                loop.wake()
                await until(lambda: states(store) == {"delivered": 4})

        asyncio.run(go())
        assert [(trouble.kind, len(trouble.also)) for trouble in bell.rung] == [
            ("disabled", 2),
            ("disabled", 0),
        ]

    def test_it_is_still_disabled_after_a_restart(self, store_url: str) -> None:
        store = open_store(store_url)
        fill(store, 1)
        store.write_sync(lambda conn: receivers.disable(conn, "cqm", "folder", NOW, "410"))
        store.close()
        store = open_store(store_url)
        later = NOW + timedelta(days=30)
        assert store.write_sync(lambda conn: outbox.claim(conn, later, 5, LEASE)) == []
        store.close()


class TestAlarms:
    """Somebody hears of every case that does not arrive, and once."""

    def test_cases_that_wait_for_a_resting_place_are_told_in_one_letter(self, store: Store) -> None:
        fill(store, 20)
        dead, clock, bell = Dead(), Clock(), Bell()

        async def go() -> None:
            async with running(store, always(folder=dead), clock, bell, Pace(poll=0.01, at_once=3)):
                await until(lambda: place(store)["state"] == "resting")
                clock.now += LATE_TIME
                await until(lambda: bool(bell.rung))
                clock.now += timedelta(minutes=2)
                await asyncio.sleep(0.1)

        asyncio.run(go())
        (trouble,) = bell.rung
        assert trouble.kind == "late"
        assert len({trouble.reference, *trouble.also}) == 20

    def test_an_alarm_that_could_not_be_sent_is_sent_later(self, store: Store) -> None:
        fill(store, 1)
        clock = Clock()
        answers = [False, False, True]

        class Unheard(Bell):
            async def __call__(self, trouble: Any) -> bool:
                await super().__call__(trouble)
                return answers.pop(0)

        bell = Unheard()

        async def go() -> None:
            async with running(store, always(folder=Dead(PermanentFailure("422"))), clock, bell):
                for number in (1, 2, 3):
                    await until(lambda number=number: len(bell.rung) == number)  # type: ignore[misc]
                    clock.now += timedelta(minutes=2)
                await asyncio.sleep(0.1)

        asyncio.run(go())
        assert len(bell.rung) == 3
        assert rows(store)[0]["alarmed_at"] is not None

    def test_a_flood_of_dead_ones_is_a_few_letters(self, store: Store) -> None:
        fill(store, 12)
        bell, clock = Bell(), Clock()

        async def go() -> None:
            async with running(store, always(folder=Dead(PermanentFailure("422"))), clock, bell):
                await until(lambda: states(store)["dead"] == 12)
                await until(lambda: bool(bell.rung))
                clock.now += timedelta(minutes=11)
                await until(lambda: all(row["alarmed_at"] for row in rows(store)))

        asyncio.run(go())
        assert len(bell.rung) <= 2
        assert len({ref for trouble in bell.rung for ref in (trouble.reference, *trouble.also)}) == 12


class TestClock:
    """The clock leaps."""

    def test_over_a_lease_of_our_own_nothing_goes_out_twice(self, store: Store) -> None:
        assert self._leap(store) == 1

    def test_a_loop_that_forgets_what_it_has_in_hand_is_caught(
        self, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The planted fault."""

        class Forgetful(dict):  # type: ignore[type-arg]
            def values(self) -> Any:
                return ()

        assert self._leap(store, Forgetful()) > 1

    def _leap(self, store: Store, hands: Any = None) -> int:
        fill(store, 1)
        clock, begun = Clock(), [0]

        class Slow:
            async def deliver(self, item: Delivery) -> None:
                begun[0] += 1
                await asyncio.sleep(0.3)

        async def go() -> None:
            loop = DeliveryLoop(store, always(folder=Slow()), clock, Bell(), pace=QUICK)
            if hands is not None:
                loop._under_way = hands
            task = asyncio.create_task(loop.run())
            await until(lambda: begun[0] == 1)
            clock.now += timedelta(hours=3)
            await until(lambda: states(store) == {"delivered": 1})
            await asyncio.sleep(0.1)
            loop.stop()
            await task

        asyncio.run(go())
        return begun[0]

    def test_back_by_an_hour_new_cases_and_leases_do_not_wait_for_that_hour(self, store: Store) -> None:
        fill(store, 2)
        (first,) = store.write_sync(lambda conn: outbox.claim(conn, NOW, 1, LEASE))
        earlier = NOW - timedelta(hours=1)
        claimed = store.write_sync(lambda conn: outbox.claim(conn, earlier, 5, LEASE))
        assert len(claimed) == 2
        assert first.id in {item.id for item in claimed}

    def test_another_workers_clock_that_is_a_little_ahead_does_not_break_its_lease(
        self, store: Store
    ) -> None:
        fill(store, 1)
        ahead = NOW + timedelta(seconds=20)
        assert len(store.write_sync(lambda conn: outbox.claim(conn, ahead, 1, LEASE))) == 1
        assert store.write_sync(lambda conn: outbox.claim(conn, NOW, 1, LEASE)) == []


def test_two_workers_at_once_give_each_case_to_the_receiver_once(tmp_path: Path) -> None:
    with migrated_database("postgresql", tmp_path) as url, receiving() as receiver:
        assert _by_two(url, receiver, tmp_path) == {1}


def test_two_workers_that_do_not_lease_are_caught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The planted fault: what is claimed is given back at once."""
    claim = outbox.claim

    def without_a_lease(*given: Any) -> list[outbox.Claimed]:
        items = claim(*given)
        outbox.release(given[0], items)
        return items

    monkeypatch.setattr(outbox, "claim", without_a_lease)
    with migrated_database("postgresql", tmp_path) as url, receiving() as receiver:
        assert max(_by_two(url, receiver, tmp_path)) > 1


def _by_two(url: str, receiver: Any, tmp_path: Path) -> set[int]:
    """How often each delivery came to the receiver."""
    stores = [open_store(url), open_store(url)]
    fill(stores[0], 40, target="webhook")
    target = a_webhook(tmp_path, receiver.url)

    async def go() -> None:
        loops = [DeliveryLoop(store, always(webhook=target), Clock(), Bell(), pace=QUICK) for store in stores]
        tasks = [asyncio.create_task(loop.run()) for loop in loops]
        await until(lambda: states(stores[0]) == {"delivered": 40}, 20)
        for loop in loops:
            loop.stop()
        await asyncio.gather(*tasks)

    run(go())
    for store in stores:
        store.close()
    return set(Counter(request.headers["webhook-id"] for request in receiver.requests).values())


class TestDiskFull:
    """The folder's disk takes no more."""

    def test_no_half_file_is_left_and_all_is_there_once_there_is_room(self, tmp_path: Path) -> None:
        target, item = FolderTarget(tmp_path / "cases"), a_delivery(narrative="x" * 50_000)
        with _little_room(), pytest.raises(TransientFailure, match="cannot be written"):
            run(target.deliver(item))
        assert list((tmp_path / "cases").iterdir()) == []
        run(target.deliver(item))
        assert len(list((tmp_path / "cases").iterdir())) == 1

    def test_a_target_that_writes_in_place_is_caught(self, tmp_path: Path) -> None:
        """The planted fault."""
        path = tmp_path / "case.json"
        with _little_room(), pytest.raises(OSError, match="too large") as full:
            path.write_text("x" * 50_000)
        assert full.value.errno == errno.EFBIG
        assert path.exists()


@contextmanager
def _little_room() -> Iterator[None]:
    """The kernel takes no file of more than 8 kB from this process: what a full disk does, without one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8192, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
