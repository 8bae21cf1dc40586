"""What a person does with their case after filing: each act whole or not at all, told, and true to the audit trail."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from cases import afterwards, audit_check, erasure
from cases.afterwards import Said, Standing
from cases.effects import CannotHappen
from cases.events import NoSuchCase
from cases.filing import StaleConversation
from cases.models import case_events, cases, contact_changes, messages, outbox
from cases.store import Store
from tests.cases.afterlife import clocks, file, pack, tell
from tests.cases.builders import NOW, REFERENCE, say

TARGETS = ("folder",)
LATER = NOW + timedelta(days=1)


def standing(store: Store) -> Standing:
    return store.read_sync(lambda conn: afterwards.standing(conn, "cqm", REFERENCE))


def add(store: Store, text: str = "And the refund.", once: str = "p1", seen: Standing | None = None) -> bool:
    before = seen or standing(store)
    said = Said(text, "Thank you.")
    return store.write_sync(lambda conn: afterwards.add_words(conn, before, said, (), TARGETS, once, LATER))


def correct(store: Store, **given: str | None) -> list[str]:
    before, said = standing(store), Said("", "Contacts were changed.")
    return store.write_sync(
        lambda conn: afterwards.correct_contact(conn, before, given, said, TARGETS, LATER)
    )


def act(store: Store, name: str) -> None:
    before, said = standing(store), Said("", "Done.")
    work = getattr(afterwards, name)
    store.write_sync(lambda conn: work(conn, before, said, pack(), TARGETS, LATER))


def kinds(store: Store, target: str = "folder") -> list[str]:
    query = (
        sa.select(outbox.c.kind).where(outbox.c.target == target).order_by(outbox.c.created_at, outbox.c.id)
    )
    return store.read_sync(lambda conn: list(conn.execute(query).scalars()))


def rows(store: Store, table: Any) -> int:
    return store.read_sync(
        lambda conn: conn.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
    )


class TestEachAct:
    def test_all_of_them_leave_a_trail_that_verifies(self, store: Store) -> None:
        file(store)
        add(store)
        correct(store, email="ann.evans@example.org", phone="01792 123456")
        act(store, "withdraw")
        act(store, "reopen")
        assert store.read_sync(audit_check.verify).breaks == []
        assert sorted(kinds(store)) == sorted(
            ["case.filed", "case.updated", "case.updated", "case.withdrawn", "case.reopened"]
        )

    def test_a_record_that_is_changed_behind_the_trail_is_caught(self, store: Store) -> None:
        """Planted: the words without their entry in the trail."""
        file(store)
        add(store)
        kept = standing(store).record.model_copy(update={"narrative": "Nothing happened."}).as_json()
        store.write_sync(lambda conn: conn.execute(cases.update().values(record=kept)))
        assert store.read_sync(audit_check.verify).breaks != []

    def test_words_are_in_the_transcript_as_they_were_written(self, store: Store) -> None:
        file(store)
        add(store, "Line one.\n  Line two — naïve.")
        query = sa.select(messages.c.role, messages.c.text).order_by(messages.c.seq)
        said = store.read_sync(lambda conn: [tuple(row) for row in conn.execute(query)])
        assert said[-2:] == [("complainant", "Line one.\n  Line two — naïve."), ("assistant", "Thank you.")]

    def test_a_contact_keeps_its_history(self, store: Store) -> None:
        file(store)
        assert correct(store, email="new@example.org") == ["email"]
        assert correct(store, email=None, post="1 High Street") == ["email", "post"]
        told = store.read_sync(lambda conn: afterwards.changes_of(conn, "cqm", REFERENCE))
        assert [(each["field"], each["old"], each["new"]) for each in told] == [
            ("email", "ann@example.org", "new@example.org"),
            ("email", "new@example.org", None),
            ("post", None, "1 High Street"),
        ]
        assert kinds(store, "to-staff") == ["case.contact_corrected"] * 2
        assert kinds(store, "to-person") == ["code.contact_changed"] * 2

    def test_what_stays_the_same_is_no_change(self, store: Store) -> None:
        file(store)
        assert correct(store, email="ann@example.org", phone=None, post="") == []
        assert kinds(store) == ["case.filed"]

    def test_withdrawn_clocks_stop_and_run_again_to_the_same_days(self, store: Store) -> None:
        file(store)
        before = {kind: row.due for kind, row in clocks(store).items()}
        act(store, "withdraw")
        assert clocks(store)["respond"].state == "stopped"
        act(store, "reopen")
        after = clocks(store)
        assert {kind: row.due for kind, row in after.items()} == before
        assert after["respond"].state == "running"
        assert standing(store).progress == "received"

    def test_an_erased_case_takes_all_of_it_along(self, store: Store) -> None:
        file(store)
        add(store)
        correct(store, email="new@example.org")
        store.write_sync(lambda conn: erasure.erase(conn, "cqm", [f"c-{REFERENCE}"], "request", LATER))
        assert [rows(store, table) for table in (contact_changes, messages, outbox)] == [0, 0, 0]
        with pytest.raises(NoSuchCase):
            standing(store)


class TestUnlucky:
    def test_whoever_read_an_older_case_changes_nothing(self, store: Store) -> None:
        file(store)
        seen = standing(store)
        add(store, once="p1")
        with pytest.raises(StaleConversation):
            add(store, "Late.", "p2", seen)
        assert standing(store).record.answers["added_words"] == "And the refund."

    def test_the_same_page_sent_twice_adds_once(self, store: Store) -> None:
        file(store)
        assert add(store)
        assert not add(store)
        assert rows(store, messages) == 4

    def test_what_was_closed_is_neither_withdrawn_nor_opened(self, store: Store) -> None:
        file(store)
        tell(store, "closed", closing={"outcome": "not_pursued"})
        for name in ("withdraw", "reopen"):
            with pytest.raises(CannotHappen):
                act(store, name)
        # All of it or nothing: no word of it stays in the transcript.
        assert rows(store, messages) == 2
        assert rows(store, case_events) == 1

    def test_twice_withdrawn_is_refused(self, store: Store) -> None:
        file(store)
        act(store, "withdraw")
        with pytest.raises(CannotHappen):
            act(store, "withdraw")

    def test_an_act_and_the_organisations_event_at_once_are_both_kept(self, store: Store) -> None:
        """The conversation is moved before the case is locked: neither waits for the other for ever."""
        file(store)
        failed: list[BaseException] = []

        def run(work: Any) -> None:
            try:
                work()
            except BaseException as error:  # noqa: BLE001 - told below
                failed.append(error)

        both = [
            threading.Thread(target=run, args=(lambda: add(store),)),
            threading.Thread(target=run, args=(lambda: tell(store, "acknowledged"),)),
        ]
        for one in both:
            one.start()
        for one in both:
            one.join(20)
        assert failed == []
        seen = standing(store)
        assert (seen.progress, seen.record.answers["added_words"]) == ("acknowledged", "And the refund.")

    def test_a_draft_is_no_case(self, store: Store) -> None:
        say(store)
        with pytest.raises(NoSuchCase):
            standing(store)
