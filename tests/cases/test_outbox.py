"""The outbox gives each row to one worker at a time, takes it back when that one dies, and forgets none."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from cases import outbox
from cases.outbox import Claimed
from cases.store import Store, open_store
from tests.cases.builders import NOW, a_record, file_a_case

LEASE = timedelta(seconds=90)


def _reference(number: int) -> str:
    return f"CQM-0000-000{number}-0"


def _fill(store: Store, count: int) -> None:
    for number in range(count):
        file_a_case(store, reference=_reference(number), conversation_reference=_reference(number))


def _claim(store: Store, limit: int = 10, after: timedelta = timedelta()) -> list[Claimed]:
    return store.write_sync(lambda conn: outbox.claim(conn, NOW + after, limit, LEASE))


def test_a_claimed_row_carries_its_record_and_nobody_else_gets_it(store: Store) -> None:
    _fill(store, 1)
    (item,) = _claim(store)
    assert item.record == a_record(reference=_reference(0), conversation_reference=_reference(0)).as_json()
    assert (item.kind, item.target, item.attempts) == ("case.filed", "folder", 0)
    assert _claim(store) == []


def test_no_more_are_claimed_than_asked_and_the_longest_due_come_first(store: Store) -> None:
    _fill(store, 5)
    (late,) = _claim(store, limit=1)
    store.write_sync(lambda conn: outbox.retry_at(conn, late, NOW - timedelta(hours=1), "x"))
    first = _claim(store, limit=2)
    assert len(first) == 2
    assert late.id in {item.id for item in first}
    assert len(_claim(store)) == 3


def test_a_row_is_not_claimed_before_it_is_due(store: Store) -> None:
    _fill(store, 1)
    assert _claim(store, after=timedelta(seconds=-1)) == []
    (item,) = _claim(store)
    assert store.write_sync(lambda conn: outbox.retry_at(conn, item, NOW + timedelta(minutes=5), "451"))
    assert _claim(store, after=timedelta(minutes=4, seconds=59)) == []
    (again,) = _claim(store, after=timedelta(minutes=5))
    assert (again.id, again.attempts) == (item.id, 1)


def test_a_lease_that_ran_out_is_claimed_again_under_the_same_id(store: Store) -> None:
    _fill(store, 1)
    (item,) = _claim(store)
    assert _claim(store, after=LEASE - timedelta(seconds=1)) == []
    (again,) = _claim(store, after=LEASE)
    assert (again.id, again.attempts) == (item.id, 0)


def test_whoever_lost_the_lease_cannot_settle_a_failure_but_an_arrival_counts(store: Store) -> None:
    _fill(store, 1)
    (slow,) = _claim(store)
    _claim(store, after=LEASE)
    assert not store.write_sync(lambda conn: outbox.retry_at(conn, slow, NOW, "late"))
    assert not store.write_sync(lambda conn: outbox.bury(conn, slow, "late", NOW))
    store.write_sync(lambda conn: outbox.delivered(conn, slow, NOW))
    assert _claim(store, after=2 * LEASE) == []


def test_a_delivered_row_never_comes_back(store: Store) -> None:
    _fill(store, 1)
    (item,) = _claim(store)
    store.write_sync(lambda conn: outbox.delivered(conn, item, NOW))
    assert _claim(store, after=timedelta(days=365)) == []
    (row,) = store.read_sync(lambda conn: outbox.listing(conn, "delivered"))
    assert row["delivered_at"] == NOW


def test_a_dead_row_waits_for_its_replay_and_keeps_its_id(store: Store) -> None:
    _fill(store, 1)
    (item,) = _claim(store)
    assert store.write_sync(lambda conn: outbox.bury(conn, item, "550 " + "x" * 1000, NOW))
    assert _claim(store, after=timedelta(days=365)) == []
    (row,) = store.read_sync(lambda conn: outbox.listing(conn, "dead"))
    assert len(row["last_error"]) == outbox.ERROR_LENGTH
    later = NOW + timedelta(days=1)
    assert store.write_sync(lambda conn: outbox.replay(conn, "cqm", item.id, later))
    assert not store.write_sync(lambda conn: outbox.replay(conn, "cqm", item.id, later))
    (again,) = _claim(store, after=timedelta(days=1))
    assert (again.id, again.attempts) == (item.id, 0)


def test_given_back_rows_are_due_at_once_with_no_failure_counted(store: Store) -> None:
    _fill(store, 2)
    items = _claim(store)
    store.write_sync(lambda conn: outbox.release(conn, items[:1]))
    assert [item.id for item in _claim(store)] == [items[0].id]
    assert store.write_sync(outbox.give_back) == 2
    assert {item.attempts for item in _claim(store)} == {0}


def test_the_counts_tell_what_waits(store: Store) -> None:
    _fill(store, 5)
    done, dead, later, _ = _claim(store, limit=4)
    store.write_sync(lambda conn: outbox.delivered(conn, done, NOW))
    store.write_sync(lambda conn: outbox.bury(conn, dead, "x", NOW))
    store.write_sync(lambda conn: outbox.retry_at(conn, later, NOW + timedelta(hours=1), "x"))
    counts = store.read_sync(lambda conn: outbox.waiting(conn, NOW))
    assert counts == outbox.Waiting(due=1, scheduled=1, leased=1, dead=1, oldest_due_at=NOW)


def test_workers_that_claim_together_never_get_the_same_row(store: Store, store_url: str) -> None:
    _fill(store, 9)
    # On PostgreSQL a second process would open a store of its own; SQLite has one process and one writer.
    other = open_store(store_url) if store.dialect == "postgresql" else store

    async def claim_together() -> list[list[Claimed]]:
        return await asyncio.gather(
            *(each.write(lambda conn: outbox.claim(conn, NOW, 2, LEASE)) for each in (store, other) * 6)
        )

    try:
        ids = [item.id for batch in asyncio.run(claim_together()) for item in batch]
    finally:
        other.close()
    assert len(ids) == len(set(ids)) == 9
