"""Consent that nobody answers is chased gently, once a step, and never after it was answered."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from cases import outbox, outgoing, reminders
from cases.models import cases, consents
from cases.outgoing import TO_PERSON, TO_STAFF, at_filing
from cases.reminders import Chase, Patience
from cases.store import Store
from tests.cases.builders import NOW, REFERENCE, file_a_case

PATIENCE = Patience()
PENDING = {"on_behalf_of": "other", "basis": "none", "consent": "pending"}
BY_MAIL = {"name": "Ann Evans", "email": "ann@example.org", "preferred_contact": "email"}


def ask(store: Store, **record: Any) -> None:
    """A case whose consent was asked for at NOW."""
    file_a_case(store, **{"representation": PENDING, "complainant": BY_MAIL, **record})
    row = {
        "organisation": "cqm",
        "token_hash": "t" * 64,
        "conversation_id": f"c-{REFERENCE}",
        "asked_at": NOW,
        "expires_at": NOW + timedelta(days=90),
    }
    store.write_sync(lambda conn: conn.execute(consents.insert(), row))


def due(store: Store, days: float) -> list[Chase]:
    now = NOW + timedelta(days=days)
    return store.read_sync(lambda conn: reminders.to_chase(conn, "cqm", now, PATIENCE))


def take(store: Store, found: list[Chase], at: datetime = NOW) -> list[bool]:
    return [
        store.write_sync(lambda conn, one=one: reminders.chase(conn, one, at, can_mail=True))  # type: ignore[misc]
        for one in found
    ]


def rows(store: Store) -> list[tuple[str, str]]:
    listed = store.read_sync(outbox.listing)
    return [(row["kind"], row["target"]) for row in listed if "-" in row["target"]]


def test_two_reminders_and_then_a_person(store: Store) -> None:
    ask(store)
    steps = {day: [one.number for one in due(store, day) if take(store, [one])] for day in range(30)}
    assert {day: step for day, step in steps.items() if step} == {7: [1], 14: [2], 21: [None]}
    assert sorted(rows(store)) == [
        ("consent.unanswered", TO_STAFF),
        ("letter.reminder", TO_PERSON),
        ("letter.reminder", TO_PERSON),
    ]


def test_after_a_silence_of_ours_nobody_gets_two_letters_on_one_day(store: Store) -> None:
    ask(store)
    assert [one.number for one in due(store, 20)] == [2]
    take(store, due(store, 20))
    assert due(store, 20) == []


@pytest.mark.parametrize(
    "changes", [{"consent": "given"}, {"consent": "refused"}, {"consent": "not_needed"}], ids=str
)
def test_an_answer_ends_it(store: Store, changes: dict[str, str]) -> None:
    ask(store, representation={**PENDING, **changes})
    assert due(store, 40) == []


def test_a_closed_or_withdrawn_case_is_left(store: Store) -> None:
    ask(store)
    for values in ({"progress": "closed"}, {"progress": "received", "state": "withdrawn"}):
        store.write_sync(lambda conn, values=values: conn.execute(cases.update().values(values)))  # type: ignore[misc]
        assert due(store, 40) == []


def test_two_workers_take_a_step_once(store: Store) -> None:
    ask(store)
    found = due(store, 7)
    with ThreadPoolExecutor(2) as threads:
        done = list(threads.map(lambda _: take(store, found), range(2)))
    assert sorted(done) == [[False], [True]]


def test_who_wants_letters_by_post_is_reminded_by_post(store: Store) -> None:
    ask(store, complainant={"post": "4 Mill Lane", "preferred_contact": "post"})
    take(store, due(store, 7))
    assert rows(store) == [("letter.reminder", TO_STAFF)]


class TestOwedAtFiling:
    def owed(self, *, can_mail: bool = True, **changes: Any) -> list[tuple[str, str]]:
        from tests.cases.builders import a_record

        return list(at_filing(a_record(**changes).as_json(), can_mail=can_mail))

    def test_only_complaints_that_were_filed_are_acknowledged(self) -> None:
        for changes in ({"state": "signposted"}, {"state": "informal"}, {"facts": {"nature": "compliment"}}):
            assert self.owed(**changes) == []

    def test_without_a_mail_server_nothing_waits_for_one(self) -> None:
        assert ("letter.acknowledgement", TO_PERSON) not in self.owed(can_mail=False)

    def test_a_record_that_is_owed_is_made_whether_we_know_the_way_or_not(self) -> None:
        assert self.owed(complainant={}) == [("letter.written_record", TO_STAFF)]

    def test_a_hold_on_disclosure_leaves_a_receipt_and_the_request(self) -> None:
        assert self.owed(representation=PENDING) == [
            ("letter.receipt", TO_PERSON),
            ("letter.consent_request", TO_STAFF),
        ]

    def test_the_row_is_written_with_the_case_or_not_at_all(self, store: Store) -> None:
        def die(conn: sa.Connection) -> None:
            outgoing.put_letters(conn, "cqm", REFERENCE, [("letter.acknowledgement", TO_PERSON)], NOW)
            raise RuntimeError("killed")

        with pytest.raises(RuntimeError):
            store.write_sync(die)
        assert rows(store) == []
        for _ in range(2):
            letters = [("letter.acknowledgement", TO_PERSON)]
            store.write_sync(lambda conn: outgoing.put_letters(conn, "cqm", REFERENCE, letters, NOW))  # noqa: B023
        assert rows(store) == [("letter.acknowledgement", TO_PERSON)]
