"""The register by page, on both databases: no case is left out or shown twice, whatever comes meanwhile."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from cases import events, listing, notes
from cases.listing import BadCursor, Filters
from cases.store import Store
from tests.cases.afterlife import SYSTEM, at, file, tell
from tests.cases.builders import NOW, REFERENCE, a_filing, say


def put(store: Store, number: int, **record: object) -> str:
    """A case that was made so many minutes after the first."""
    reference = f"CQM-0000-{number:04d}-0"
    filing = a_filing(reference=reference, conversation_reference=reference, **record)
    say(store, conversation_id=reference, key_hash=reference, reference=reference, state="filed", cases=(filing,),
        at=NOW + timedelta(minutes=number // 2))  # fmt: skip
    return reference


def read(store: Store, limit: int, after: str | None = None, **filters: object) -> listing.Page:
    return store.read_sync(lambda conn: listing.page(conn, Filters(**filters), limit, after))  # type: ignore[arg-type]


def test_pages_hold_each_case_once_though_two_have_the_same_instant_and_more_come(store: Store) -> None:
    put_before = [put(store, number) for number in range(7)]
    seen, page = [], read(store, 3)
    while True:
        seen += [case["reference"] for case in page.cases]
        if page.next is None:
            break
        put(store, 100 + len(seen))
        page = read(store, 3, page.next)
    assert sorted(seen) == put_before
    assert seen == sorted(seen, reverse=True)


def test_a_page_that_ends_with_the_last_case_has_no_next(store: Store) -> None:
    put(store, 1), put(store, 2)
    assert read(store, 2).next is None


def test_restricted_cases_are_left_out_for_who_may_not(store: Store) -> None:
    put(store, 1)
    put(store, 2, restricted=True, restricted_because=["member_conduct"])
    assert len(read(store, 9, restricted=False).cases) == 1
    assert len(read(store, 9).cases) == 2


def test_what_is_done_is_due_no_more(store: Store) -> None:
    file(store)
    soon = at(31).date()
    (case,) = read(store, 9, due_before=soon).cases
    assert case["next_due"] == {"kind": "acknowledge", "due": "2026-12-30"}
    tell(store, "acknowledged")
    assert read(store, 9, due_before=soon).cases == []
    assert read(store, 9).cases[0]["next_due"]["kind"] == "respond"
    assert read(store, 9, progress="acknowledged").cases[0]["reference"] == REFERENCE


def test_a_day_of_receipt_is_a_local_day(store: Store) -> None:
    midnight_in_london = at(15, month=7).replace(hour=23, minute=30)
    put(store, 1, received_at=midnight_in_london)
    next_day = (midnight_in_london + timedelta(days=1)).date()
    assert len(read(store, 9, received_from=next_day, received_to=next_day).cases) == 1
    assert read(store, 9, received_to=midnight_in_london.date()).cases == []


def note(store: Store, reference: str, moment: datetime) -> None:
    store.write_sync(
        lambda conn: notes.add(conn, events.lock(conn, "cqm", reference), "Rang.", None, SYSTEM, moment)
    )


def test_what_changed_since_then_is_found_whatever_changed_it(store: Store) -> None:
    for number in range(4):
        put(store, number)
    later = NOW + timedelta(days=1)
    assert read(store, 9, updated_since=later).cases == []
    note(store, "CQM-0000-0001-0", later)
    (case,) = read(store, 9, updated_since=later).cases
    assert (case["reference"], case["version"], case["updated_at"]) == (
        "CQM-0000-0001-0",
        2,
        later.isoformat(),
    )
    assert read(store, 9, updated_since=later + timedelta(microseconds=1)).cases == []


def test_cases_that_change_while_the_pages_are_read_are_neither_doubled_nor_left_out(store: Store) -> None:
    """A case keeps its place whatever happens to it; what happens behind the reader is found the next time."""
    references = [put(store, number) for number in range(8)]
    for moment, reference in enumerate(references[:6]):
        note(store, reference, NOW + timedelta(hours=1, minutes=moment))
    since, began = NOW + timedelta(hours=1), NOW + timedelta(hours=2)
    seen, page = [], read(store, 2, updated_since=since)
    while True:
        seen += [case["reference"] for case in page.cases]
        if page.next is None:
            break
        # One that was read already, one that is still to come, and one that had not changed before.
        for reference in (seen[0], references[0], references[7]):
            note(store, reference, began + timedelta(minutes=len(seen)))
        page = read(store, 2, page.next, updated_since=since)
    assert sorted(seen) == references[:6]
    next_time = [case["reference"] for case in read(store, 9, updated_since=began).cases]
    assert sorted(next_time) == sorted({seen[0], references[0], references[7]})


@pytest.mark.parametrize("cursor", ["", "x", "W10", "eyJhIjogMX0", "WyJhIiwiYiIsImMiXQ", "\x00"])
def test_a_cursor_that_is_none_is_refused(store: Store, cursor: str) -> None:
    with pytest.raises(BadCursor):
        read(store, 1, cursor)
