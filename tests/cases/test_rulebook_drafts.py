"""Drafts of the rules on both databases: no edit is lost, each step is kept and told to the audit trail."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from cases import drafts
from cases.audit_check import verify
from cases.drafts import About, BadDraft, Base, Draft, NoSuchDraft, NotOpen, OutOfDate
from cases.events import Writer
from cases.models import audit, rule_draft_revisions
from cases.store import Store
from tests.cases.builders import NOW

US, ID = "cim", "d1"
JO, SAM = Writer("Jo Bloggs", "staff", "jo-id"), Writer("Sam Smith", "staff", "sam-id")
ABOUT = About("Acknowledge faster", "The board said so.", "Board minute 7")


def create(store: Store, draft_id: str = ID, about: About = ABOUT) -> Draft:
    base = Base(1, "b" * 64)
    return store.write_sync(
        lambda conn: drafts.create_draft(conn, US, draft_id, about, "text: one\n", base, JO, NOW)
    )


def save(store: Store, seen: int, text: str, writer: Writer = JO, what: str = "Changed a cell.") -> int:
    return store.write_sync(lambda conn: drafts.save_draft(conn, US, ID, seen, text, what, writer, NOW))


def read(store: Store) -> Draft:
    return store.read_sync(lambda conn: drafts.read_draft(conn, US, ID))


def test_a_draft_is_kept_with_each_of_its_steps(store: Store) -> None:
    create(store)
    assert save(store, 1, "text: two\n", SAM, "Sam's sentence.") == 2
    found = read(store)
    assert (found.text, found.revision, found.state, found.author) == ("text: two\n", 2, "open", "jo-id")
    steps = store.read_sync(lambda conn: drafts.revisions(conn, US, ID))
    assert [(s.number, s.text, s.by_name, s.what) for s in steps] == [
        (1, "text: one\n", "Jo Bloggs", "Began the draft."),
        (2, "text: two\n", "Sam Smith", "Sam's sentence."),
    ]
    assert store.read_sync(lambda conn: drafts.editors(conn, US, ID)) == {"jo-id", "sam-id"}


def test_the_second_of_two_editors_is_handed_what_the_first_did(store: Store) -> None:
    create(store)
    save(store, 1, "text: sam\n", SAM, "Sam's sentence.")
    with pytest.raises(OutOfDate, match="Sam Smith changed it") as caught:
        save(store, 1, "text: jo\n")
    assert (caught.value.newer.text, caught.value.newer.revision) == ("text: sam\n", 2)
    assert caught.value.last.what == "Sam's sentence."
    assert read(store).text == "text: sam\n"


def test_of_many_who_save_at_the_same_moment_one_is_kept(store: Store) -> None:
    create(store)

    def attempt(number: int) -> int | None:
        try:
            return save(store, 1, f"text: {number}\n")
        except OutOfDate:
            return None

    with ThreadPoolExecutor(4) as pool:
        kept = [number for number in pool.map(attempt, range(4)) if number is not None]
    assert kept == [2]
    assert len(store.read_sync(lambda conn: drafts.revisions(conn, US, ID))) == 2


def test_saving_what_is_there_makes_no_revision(store: Store) -> None:
    create(store)
    assert save(store, 1, "text: one\n") == 1


def test_a_draft_is_submitted_sent_back_and_given_up(store: Store) -> None:
    create(store)
    later = NOW + timedelta(minutes=1)
    assert store.write_sync(lambda conn: drafts.submit(conn, US, ID, 1, JO, later)) == 2
    with pytest.raises(NotOpen, match="take it back first"):
        save(store, 2, "text: late\n")
    assert store.write_sync(lambda conn: drafts.send_back(conn, US, ID, 2, "Which day?", SAM, later)) == 3
    assert read(store).state == "open"
    # Whoever sends back has not edited, and may approve the next time.
    assert store.read_sync(lambda conn: drafts.editors(conn, US, ID)) == {"jo-id"}
    assert store.write_sync(lambda conn: drafts.withdraw(conn, US, ID, 3, JO, later)) == 4
    with pytest.raises(NotOpen, match="given up"):
        save(store, 4, "text: late\n")
    assert store.read_sync(lambda conn: drafts.list_drafts(conn, US)) == []
    assert [d.id for d in store.read_sync(lambda conn: drafts.list_drafts(conn, US, over=True))] == [ID]


def test_nothing_is_submitted_without_its_reason_and_source(store: Store) -> None:
    create(store, about=About("No reason"))
    with pytest.raises(BadDraft, match="why the rules change"):
        store.write_sync(lambda conn: drafts.submit(conn, US, ID, 1, JO, NOW))
    assert read(store).state == "open"


def test_a_draft_of_another_organisation_is_none(store: Store) -> None:
    create(store)
    with pytest.raises(NoSuchDraft):
        store.read_sync(lambda conn: drafts.read_draft(conn, "cqm", ID))


def test_steps_are_in_the_audit_trail_without_a_name(store: Store) -> None:
    create(store)
    save(store, 1, "text: two\n", SAM)
    rows = store.read_sync(lambda conn: conn.execute(sa.select(audit)).all())
    assert [(row.action, row.reference, row.caller) for row in rows] == [
        (drafts.CREATED, ID, "jo-id"),
        (drafts.SAVED, ID, "sam-id"),
    ]
    assert "Sam" not in repr(rows)
    assert "Jo" not in repr(rows)
    assert store.read_sync(verify).breaks == []


@pytest.mark.parametrize(
    "change",
    [
        rule_draft_revisions.update().values(text="other"),
        rule_draft_revisions.delete(),
    ],
)
def test_the_database_refuses_to_change_a_step(store: Store, change: sa.Executable) -> None:
    create(store)
    with pytest.raises(DBAPIError, match="append-only"):
        store.write_sync(lambda conn: conn.execute(change))
