"""The register by page, on both databases: no case is left out or shown twice, whatever comes meanwhile."""

from __future__ import annotations

from datetime import timedelta

import pytest

from cases import listing
from cases.listing import BadCursor, Filters
from cases.store import Store
from tests.cases.afterlife import at, file, tell
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


@pytest.mark.parametrize("cursor", ["", "x", "W10", "eyJhIjogMX0", "WyJhIiwiYiIsImMiXQ", "\x00"])
def test_a_cursor_that_is_none_is_refused(store: Store, cursor: str) -> None:
    with pytest.raises(BadCursor):
        read(store, 1, cursor)
