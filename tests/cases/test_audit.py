"""The audit trail: what was done is kept in a chain, and whatever is done to the chain is found."""

from __future__ import annotations

import asyncio
import dataclasses
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, IntegrityError

from cases import audit, audit_check, outbox, schema
from cases import conversations as conv
from cases.audit import Head
from cases.conversations import commit_turn
from cases.models import audit as entries
from cases.models import audit_heads, metadata
from cases.models import cases as case_rows
from cases.prepared import Prepared
from cases.store import Store, open_store
from tests.cases.builders import NOW, REFERENCE, a_filing, a_turn, file_a_case, say

WORDS = "Ms Hartley of 12 Acacia Road lost my certificate."
LATER = NOW + timedelta(minutes=5)


def trail(store: Store) -> list[dict[str, Any]]:
    query = sa.select(entries).order_by(entries.c.organisation, entries.c.number)
    return store.read_sync(lambda conn: [row._asdict() for row in conn.execute(query)])


def actions(store: Store) -> list[str]:
    return [entry["action"] for entry in trail(store)]


def heads(store: Store) -> dict[str, Head]:
    return store.read_sync(audit.heads)


def broken(store: Store, exported: dict[str, Head] | None = None) -> list[str]:
    report = store.read_sync(lambda conn: audit_check.verify(conn, exported))
    return [found.as_text() for found in report.breaks]


def found(store: Store) -> conv.Conversation | None:
    return store.read_sync(lambda conn: conv.find(conn, "cqm", "k" * 64))


def tell(store: Store) -> None:
    """A conversation that is opened, told, filed and delivered: four entries."""
    say(store, said="hello")
    say(
        store,
        expected_version=1,
        message_id="m2",
        said=WORDS,
        first_told_at=LATER,
        at=LATER,
        before=found(store),
    )
    filing = a_filing(narrative=WORDS)
    say(store, expected_version=2, message_id="m3", first_told_at=LATER, before=found(store), state="filed",
        cases=(filing,), targets=("folder",))  # fmt: skip
    (item,) = store.write_sync(lambda conn: outbox.claim(conn, LATER, 1, timedelta(minutes=1)))
    store.write_sync(lambda conn: outbox.delivered(conn, item, LATER))


def tamper(store: Store, change: Callable[[Connection], object]) -> None:
    """Change what is kept as somebody would who owns the database: the triggers are out of the way."""

    def unguarded(conn: Connection) -> None:
        if store.dialect == "postgresql":
            conn.exec_driver_sql("ALTER TABLE audit DISABLE TRIGGER USER")
            change(conn)
            conn.exec_driver_sql("ALTER TABLE audit ENABLE TRIGGER USER")
            return
        for name in (
            conn.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").scalars().all()
        ):
            conn.exec_driver_sql(f"DROP TRIGGER {name}")
        change(conn)

    store.write_sync(unguarded)


def rewrite(conn: Connection, keep: Callable[[dict[str, Any]], dict[str, Any] | None]) -> None:
    """Write the chain anew from what `keep` makes of each entry, every number, hash and the head in order."""
    old = [row._asdict() for row in conn.execute(sa.select(entries).order_by(entries.c.number))]
    conn.execute(entries.delete())
    previous, number = audit.GENESIS, 0
    for entry in old:
        if (kept := keep(entry)) is not None:
            number += 1
            kept |= {"number": number, "previous": previous}
            kept["hash"] = previous = audit.hash_of(kept)
            conn.execute(entries.insert(), kept)
    conn.execute(audit_heads.update().values(number=number, hash=previous))


class TestWhatIsKept:
    def test_each_event_is_one_entry_in_the_order_of_the_events(self, store: Store) -> None:
        tell(store)
        assert [(e["number"], e["action"], e["actor"], e["reference"]) for e in trail(store)] == [
            (1, "conversation.opened", "complainant", REFERENCE),
            (2, "story.stored", "complainant", REFERENCE),
            (3, "case.filed", "complainant", REFERENCE),
            (4, "delivery.delivered", "system", REFERENCE),
        ]
        (row,) = store.read_sync(outbox.listing)
        assert [e["delivery_id"] for e in trail(store)] == [None, None, None, row["id"]]
        assert broken(store) == []

    def test_a_turn_that_only_goes_on_with_a_draft_needs_no_entry(self, store: Store) -> None:
        say(store, first_told_at=NOW)
        before = actions(store)
        say(store, expected_version=1, message_id="m2", first_told_at=NOW, before=found(store))
        assert actions(store) == before == ["conversation.opened", "story.stored"]

    def test_withdrawing_and_coming_back_are_entries_once_each(self, store: Store) -> None:
        say(store)
        for number, state in enumerate(("withdrawn", "withdrawn", "draft", "draft"), 1):
            say(store, expected_version=number, message_id=f"m{number + 1}", state=state, before=found(store))
        assert actions(store) == ["conversation.opened", "conversation.withdrawn", "conversation.reopened"]

    def test_a_case_filed_again_under_its_reference_says_that_a_record_was_replaced(
        self, store: Store
    ) -> None:
        say(store, state="signposted", cases=(a_filing(state="signposted"),))
        say(store, expected_version=1, message_id="m2", state="filed", before=found(store),
            cases=(a_filing(effect="I lost my place."),))  # fmt: skip
        assert actions(store)[1:] == ["case.signposted", "record.replaced", "case.filed"]
        assert broken(store) == []

    def test_staff_are_told_from_complainants_but_never_named(self, store: Store) -> None:
        say(store, said_role="staff", recorded_by="R. Ahmed")
        (entry,) = trail(store)
        assert entry["actor"] == "staff"
        assert "Ahmed" not in str(entry)

    def test_a_delivery_given_up_and_tried_again_is_in_it(self, store: Store) -> None:
        file_a_case(store)
        (item,) = store.write_sync(lambda conn: outbox.claim(conn, NOW, 1, timedelta(minutes=1)))
        store.write_sync(lambda conn: outbox.bury(conn, item, "550 no such mailbox", NOW))
        assert not store.write_sync(lambda conn: outbox.bury(conn, item, "too late", NOW))
        store.write_sync(lambda conn: outbox.replay(conn, "cqm", item.id, LATER))
        assert not store.write_sync(lambda conn: outbox.replay(conn, "cqm", item.id, LATER))
        assert [(e["action"], e["actor"]) for e in trail(store)[-2:]] == [
            ("delivery.dead", "system"),
            ("delivery.replayed", "staff"),
        ]
        assert broken(store) == []

    def test_nothing_that_a_person_said_is_in_the_chain(self, store: Store) -> None:
        tell(store)
        kept = str(trail(store))
        for secret in (WORDS, "Hartley", "Ann Evans", "ann@example.org", "k" * 64, "'c1'"):
            assert secret not in kept

    def test_the_same_words_of_two_people_have_different_digests(self, store: Store) -> None:
        for name in ("a", "b"):
            say(store, conversation_id=name, key_hash=name, reference=name, first_told_at=NOW)
        digests = [e["digest"] for e in trail(store) if e["action"] == audit.STORY]
        assert len(set(digests)) == 2

    def test_organisations_have_chains_of_their_own(self, store: Store) -> None:
        say(store)
        say(store, organisation="cim", conversation_id="c2", key_hash="other", reference="CIM-1")
        assert {name: head.number for name, head in heads(store).items()} == {"cim": 1, "cqm": 1}
        assert [e["previous"] for e in trail(store)] == [audit.GENESIS] * 2

    def test_a_turn_that_is_not_kept_leaves_no_entry(self, store: Store) -> None:
        say(store)
        with pytest.raises(conv.StaleConversation):
            say(store, expected_version=7, message_id="m2", state="withdrawn")
        assert actions(store) == ["conversation.opened"]


def test_a_database_from_before_the_trail_begins_one_with_its_next_event(fresh_store: Store) -> None:
    say(fresh_store)

    def move(conn: Connection, to: str) -> None:
        settings = schema.config()
        settings.attributes["connection"] = conn
        (command.downgrade if to == "0001" else command.upgrade)(settings, to)

    fresh_store.write_sync(lambda conn: move(conn, "0001"))
    fresh_store.write_sync(lambda conn: move(conn, "head"))
    say(fresh_store, expected_version=1, message_id="m2", state="withdrawn", before=found(fresh_store))
    assert actions(fresh_store) == ["conversation.withdrawn"]
    assert broken(fresh_store) == []


class TestTheDatabaseRefuses:
    @pytest.mark.parametrize("statement", ["UPDATE audit SET actor = 'staff'", "DELETE FROM audit"])
    def test_changes_and_removals(self, store: Store, statement: str) -> None:
        tell(store)
        before = trail(store)
        with pytest.raises(DBAPIError, match="append-only"):
            store.write_sync(lambda conn: conn.exec_driver_sql(statement))
        assert trail(store) == before

    def test_an_entry_put_in_the_place_of_another(self, store: Store) -> None:
        tell(store)
        replacing = "INSERT OR REPLACE INTO audit SELECT * FROM audit WHERE number = 2"
        statement = replacing if store.dialect == "sqlite" else "TRUNCATE audit"
        with pytest.raises(DBAPIError, match="append-only"):
            store.write_sync(lambda conn: conn.exec_driver_sql(statement))
        assert len(trail(store)) == 4


class TestABrokenChain:
    def test_a_changed_entry_is_found(self, store: Store) -> None:
        tell(store)
        tamper(store, lambda conn: conn.exec_driver_sql("UPDATE audit SET actor = 'staff' WHERE number = 2"))
        assert broken(store) == ["cqm, entry 2: it was changed: its hash is not that of what it says."]

    def test_every_column_is_under_the_hash(self, store: Store) -> None:
        tell(store)
        entry = trail(store)[-1]
        for name in set(entry) - {"hash"}:
            other = entry[name] + (1 if name == "number" else timedelta(microseconds=1) if name == "at" else "x") \
                if entry[name] is not None else "x"  # fmt: skip
            assert audit.hash_of({**entry, name: other}) != entry["hash"], name

    def test_a_changed_entry_with_its_hash_made_good_is_found_at_the_next(self, store: Store) -> None:
        tell(store)
        entry = trail(store)[1] | {"actor": "staff"}
        made_good = {"actor": "staff", "hash": audit.hash_of(entry)}
        tamper(
            store, lambda conn: conn.execute(entries.update().where(entries.c.number == 2).values(made_good))
        )
        assert broken(store) == ["cqm, entry 3: it does not follow on entry 2: one of the two was replaced."]

    def test_a_removed_entry_is_found(self, store: Store) -> None:
        tell(store)
        tamper(store, lambda conn: conn.exec_driver_sql("DELETE FROM audit WHERE number = 2"))
        assert broken(store) == ["cqm, entry 2: it is missing; entry 3 comes next."]

    def test_a_removed_first_entry_is_found(self, store: Store) -> None:
        tell(store)
        tamper(store, lambda conn: conn.exec_driver_sql("DELETE FROM audit WHERE number = 1"))
        assert broken(store) == ["cqm, entry 1: it is missing; entry 2 comes next."]

    def test_entries_in_another_order_are_found(self, store: Store) -> None:
        tell(store)

        def swap(conn: Connection) -> None:
            for old, new in ((2, 99), (3, 2), (99, 3)):
                conn.execute(entries.update().where(entries.c.number == old).values(number=new))

        tamper(store, swap)
        assert broken(store) == ["cqm, entry 2: it was changed: its hash is not that of what it says."]

    def test_entries_cut_off_the_end_are_found_by_the_head(self, store: Store) -> None:
        tell(store)
        tamper(store, lambda conn: conn.exec_driver_sql("DELETE FROM audit WHERE number > 2"))
        assert broken(store) == [
            "cqm, entry 3: it is missing: the head of the chain names entry 4 as the newest."
        ]

    def test_a_head_that_is_gone_is_found(self, store: Store) -> None:
        tell(store)
        tamper(store, lambda conn: conn.exec_driver_sql("DELETE FROM audit_heads"))
        assert broken(store) == ["cqm, entry 4: the chain has no head: it was removed."]

    def test_the_other_organisations_are_walked_all_the_same(self, store: Store) -> None:
        tell(store)
        say(store, organisation="cim", conversation_id="c2", key_hash="other", reference="CIM-1")
        tamper(store, lambda conn: conn.exec_driver_sql("UPDATE audit SET reference = 'X' WHERE number = 1"))
        assert [text.split(":")[0] for text in broken(store)] == ["cim, entry 1", "cqm, entry 1"]


class TestAgainstAnExportedHead:
    def test_a_chain_that_only_grew_is_whole(self, store: Store) -> None:
        say(store)
        exported = heads(store)
        say(store, conversation_id="c2", key_hash="other", reference="R2")
        assert broken(store, exported) == []

    def test_a_tail_cut_off_with_its_head_is_found_only_so(self, store: Store) -> None:
        tell(store)
        exported = heads(store)
        tamper(store, lambda conn: rewrite(conn, lambda entry: entry if entry["number"] <= 2 else None))
        assert broken(store) == []
        assert broken(store, exported) == [
            "cqm, entry 3: it is missing: when the head was exported there were 4 entries."
        ]

    def test_a_chain_written_anew_is_found_only_so(self, store: Store) -> None:
        tell(store)
        exported = heads(store)
        tamper(store, lambda conn: rewrite(conn, lambda entry: {**entry, "actor": "staff"}))
        assert broken(store) == []
        assert broken(store, exported) == [
            "cqm, entry 4: it is not the entry that was exported: the chain was written anew up to here or before."
        ]

    def test_a_chain_that_is_gone_altogether_is_found_only_so(self, store: Store) -> None:
        tell(store)
        exported = heads(store)

        def remove(conn: Connection) -> None:
            conn.execute(entries.delete())
            conn.execute(audit_heads.delete())

        tamper(store, remove)
        assert broken(store) == []
        assert broken(store, exported) == [
            "cqm, entry 1: it is missing: when the head was exported there were 4 entries."
        ]

    def test_heads_come_back_from_their_file_and_other_files_are_refused(self, store: Store) -> None:
        tell(store)
        text = audit_check.export(heads(store), NOW)
        assert audit_check.parse_heads(text) == heads(store)
        for other in (
            "",
            "[]",
            '{"heads": 1}',
            '{"heads": {"cqm": {}}}',
            '{"heads": {"cqm": {"number": "4", "hash": ""}}}',
        ):
            with pytest.raises(audit_check.UnreadableHeads):
                audit_check.parse_heads(other)


class TestWhatTheEntriesTellOf:
    def test_a_changed_record_is_found(self, store: Store) -> None:
        tell(store)
        changed = a_filing(narrative="All is well.").record.as_json()
        store.write_sync(lambda conn: conn.execute(case_rows.update().values(record=changed)))
        assert broken(store) == [
            f"cqm, entry 3: the record of {REFERENCE} is not what was filed then: it was changed since."
        ]

    def test_a_changed_story_is_found(self, store: Store) -> None:
        tell(store)
        store.write_sync(
            lambda conn: conn.exec_driver_sql("UPDATE messages SET text = 'Nothing.' WHERE seq = 3")
        )
        assert broken(store) == [
            f"cqm, entry 2: the story of {REFERENCE} is not what was told then: it was changed since."
        ]

    def test_a_case_that_is_gone_is_found_unless_an_entry_says_that_it_was_erased(self, store: Store) -> None:
        tell(store)

        def erase(conn: Connection) -> None:
            for name in ("outbox", "clocks", "person_marks", "cases", "messages"):
                conn.execute(metadata.tables[name].delete())

        store.write_sync(erase)
        assert broken(store) == [
            f"cqm, entry 2: the story of {REFERENCE} that was told then is gone, and no entry says that it was erased."
        ]
        event = audit.Event(audit.ERASED, REFERENCE, "system")
        store.write_sync(lambda conn: audit.append(conn, "cqm", LATER, [event]))
        assert broken(store) == []


def a_conversation(number: int, **changes: Any) -> conv.TurnWrite:
    name = f"n{number}"
    return a_turn(conversation_id=name, key_hash=name, reference=name, **changes)


class TestWritersAtOnce:
    def test_works_that_share_one_commit_follow_one_another(self, store: Store) -> None:
        refused: list[int] = []

        async def one(number: int) -> None:
            turn = a_conversation(number, first_told_at=NOW)
            if number % 5 == 4:
                # What fails takes its entries with it, and leaves no gap for its neighbours.
                turn = dataclasses.replace(turn, cases=(a_filing(received_at=None),))
            try:
                await store.write(lambda conn: commit_turn(conn, turn))
            except ValueError:
                refused.append(number)

        async def together() -> None:
            await asyncio.gather(*(one(number) for number in range(50)))

        asyncio.run(together())
        assert len(refused) == 10
        assert heads(store)["cqm"].number == 80
        assert broken(store) == []

    def test_two_servers_over_one_database_do_not_fork_a_chain(self, store_url: str) -> None:
        if not store_url.startswith("postgresql"):
            # SQLite has one process: its lock is tested in test_store.py. Two threads of it instead.
            with_store = open_store(store_url)
            errors = write_at_once([with_store, with_store])
            stores = [with_store]
        else:
            stores = [open_store(store_url), open_store(store_url)]
            errors = write_at_once(stores)
        try:
            assert errors == []
            assert heads(stores[0])["cqm"].number == 200
            assert broken(stores[0]) == []
        finally:
            for opened in stores:
                opened.close()

    def test_without_the_lock_on_the_head_writers_do_collide(
        self, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(audit, "_HEAD", UNLOCKED)
        errors = write_at_once([store, store])
        # The primary key still refuses the fork: a turn is lost to the person's next try, never a chain.
        assert bool(errors) == (store.dialect == "postgresql")
        assert all(isinstance(error, IntegrityError) for error in errors)
        assert broken(store) == []


UNLOCKED = Prepared(
    sa.select(audit_heads.c.number, audit_heads.c.hash).where(
        audit_heads.c.organisation == sa.bindparam("organisation")
    )
)


def write_at_once(stores: list[Store]) -> list[Exception]:
    """Two threads a store, each opening fifty conversations; what was raised."""
    errors: list[Exception] = []
    start = threading.Barrier(4)

    def write(store: Store, first: int) -> None:
        start.wait()
        for number in range(first, first + 50):
            turn = a_conversation(number)
            try:
                store.write_sync(lambda conn: commit_turn(conn, turn))  # noqa: B023 - done before the next one
            except Exception as error:  # noqa: BLE001 - counted by the test
                errors.append(error)

    threads = [threading.Thread(target=write, args=(stores[n % 2], n * 50)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors
