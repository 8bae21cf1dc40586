"""How each place is faring, in numbers, on both databases."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection

from cases import outbox, receivers
from cases.receivers import Measure, Rests
from cases.store import Store
from tests.cases.builders import NOW, file_a_case

LEASE = timedelta(seconds=60)


def measured(store: Store) -> dict[str, Measure]:
    return {one.target: one for one in store.read_sync(receivers.measures)}


def settle(store: Store) -> None:
    """One place takes all, the other refuses: one of its three for good."""

    def each(conn: Connection) -> None:
        for item in outbox.claim(conn, NOW, 10, LEASE):
            if item.target == "folder":
                outbox.delivered(conn, item, NOW)
                receivers.succeeded(conn, "cqm", "folder", NOW)
            elif item.case_reference.endswith("0"):
                outbox.bury(conn, item, "no", NOW)
            else:
                outbox.retry_at(conn, item, NOW + timedelta(minutes=5), "500")
                receivers.failed(conn, "cqm", "webhook", NOW, "500", Rests(2))

    store.write_sync(each)


def test_what_waits_fails_and_is_given_up_is_counted_by_place(store: Store) -> None:
    for number in range(3):
        file_a_case(
            store,
            ("folder", "webhook"),
            reference=f"CQM-000{number}",
            conversation_reference=f"CQM-000{number}",
        )
    settle(store)
    found = measured(store)
    assert found["folder"] == Measure("cqm", "folder", last_success_at=NOW)
    # The second failure in a row sends it to rest.
    assert found["webhook"] == Measure(
        "cqm", "webhook", "resting", 2, None, waiting=2, dead=1, attempts=2, since=NOW
    )


def test_what_is_planned_for_later_waits_from_then(store: Store) -> None:
    file_a_case(store, ("folder",))
    assert measured(store)["folder"].since == NOW
    assert measured(store)["folder"].state == "working"


def test_where_nothing_was_ever_sent_nothing_is_said(store: Store) -> None:
    assert measured(store) == {}
