"""What the register asks of the records, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from cases import events, letters_sent, listing, officers
from cases.events import Writer
from cases.letters_sent import NoWay
from cases.listing import Filters
from cases.store import Store
from tests.api.registered import file


def test_the_register_is_searched_within_the_records(store: Store) -> None:
    """The search and the filters by what stands within the record."""
    file(store, "CQM-AAAA-0001-1", complainant={"name": "Ann O'Neil_x", "email": "O.Neil@Example.org"})
    file(store, "CQM-AAAA-0002-2", facts={"nature": "complaint", "subject": "director"})
    file(store, "CQM-AAAA-0003-3", restricted=True, restricted_because=["about_director"])

    def found(**by: Any) -> list[str]:
        wanted = Filters("cqm", **by)
        page = store.read_sync(lambda conn: listing.page(conn, wanted, 10))
        count = store.read_sync(lambda conn: listing.count(conn, wanted, 2))
        assert count == min(2, len(page.cases))
        return sorted(case["reference"][-1] for case in page.cases)

    assert found(search="neil_") == ["1"]
    assert found(search="o.neil@EXAMPLE") == ["1"]
    assert found(search="%") == []
    assert found(subject="director") == ["2"]
    assert found(search="cqm-aaaa", restricted=False) == ["1", "2"]
    assert found() == ["1", "2", "3"]


def test_who_is_behind_a_reference_and_who_answers(store: Store) -> None:
    file(store, "CQM-AAAA-0001-1")
    file(store, "CQM-AAAA-0002-2", restricted=True, restricted_because=["about_director"])
    named = store.read_sync(lambda conn: officers.named(conn, "cqm", ["CQM-AAAA-0001-1", "CIM-AAAA-0001-1"]))
    assert [name["name"] for name in named.values()] == ["Ann Evans"]
    assert store.read_sync(lambda conn: officers.handlers(conn, "cqm", restricted=False)) == [
        "Centre manager"
    ]
    assert store.read_sync(lambda conn: officers.handlers(conn, "cim", restricted=True)) == []


def test_where_a_case_went_who_looked_and_what_its_conversation_keeps(store: Store) -> None:
    reference = "CQM-AAAA-0001-1"
    file(store, reference)
    file(store, "CQM-AAAA-0002-2")
    at, who = datetime.now(UTC), Writer("Jo Field", "staff", "abc")
    with_letter = {"email": "ann@example.org"}

    def work(conn: Any) -> None:
        listing.opened(conn, listing.place(conn, "cqm", reference), listing.READ, who, at)
        case = events.lock(conn, "cqm", reference)
        case.record["complainant"] = with_letter
        letters_sent.send(conn, case, "holding", "Soon", who, at, can_mail=True)

    store.write_sync(work)
    found = store.read_sync(lambda conn: officers.deliveries(conn, "cqm", reference))
    assert [(row["kind"], row["target"], row["state"]) for row in found] == [
        ("letter.holding", "to-person", "pending")
    ]
    trail = store.read_sync(lambda conn: officers.trail(conn, "cqm", reference))
    assert [row["action"] for row in trail][:2] == ["letter.sent", "case.read"]
    assert {row["caller"] for row in trail[:2]} == {"abc"}
    kept = store.read_sync(lambda conn: officers.answers_of(conn, "cqm", f"c-{reference}"))
    assert kept["state"] == "filed"
    for read in (officers.deliveries, officers.trail):
        assert store.read_sync(lambda conn, read=read: read(conn, "cim", reference)) == []  # type: ignore[misc]


def test_no_letter_goes_where_none_can_arrive(store: Store) -> None:
    file(store, "CQM-AAAA-0001-1", complainant={"name": "Ann", "email": "ann@example.org"})
    at, who = datetime.now(UTC), Writer("Jo Field", "staff", "abc")
    with pytest.raises(NoWay, match="no mail server"):
        store.write_sync(
            lambda conn: letters_sent.send(
                conn, events.lock(conn, "cqm", "CQM-AAAA-0001-1"), "holding", "", who, at, can_mail=False
            )
        )
