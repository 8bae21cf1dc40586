"""Files belong to a conversation, then to its case; they come and go as remarks do, and nothing is lost between."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from cases import audit_check, evidence, files, outbox, register
from cases.conversations import Conversation, find, transcript
from cases.evidence import TooManyFiles
from cases.files import Kept
from cases.filing import StaleConversation
from cases.store import Store
from cases.vault import Vault
from tests.cases.builders import NOW, REFERENCE, a_filing, file_a_case, say


def a_file(**changes: Any) -> Kept:
    values: dict[str, Any] = {
        "organisation": "cqm",
        "id": "f1",
        "conversation_id": "c1",
        "name": "photo.jpg",
        "size": 1000,
        "sha256": "ab" * 32,
        "type": "image/jpeg",
        "scan": "clean",
        "at": NOW,
    }
    return Kept(**{**values, **changes})


def conversation(store: Store, key: str = "k" * 64) -> Conversation:
    found = store.read_sync(lambda conn: find(conn, "cqm", key))
    assert found is not None
    return found


def add(store: Store, kept: Kept, key: str = "k" * 64, most: int = 10) -> None:
    before = conversation(store, key)
    store.write_sync(
        lambda conn: evidence.add(conn, before, kept, f"File sent: {kept.name}", ("folder", "email"), most)
    )


def kept_of(store: Store, conversation_id: str = "c1") -> list[Kept]:
    return store.read_sync(lambda conn: files.of_conversation(conn, "cqm", conversation_id))


def record(store: Store, reference: str = REFERENCE) -> dict[str, Any]:
    return store.read_sync(lambda conn: register.show(conn, reference))


class TestADraft:
    def test_a_file_is_kept_told_and_listed(self, fresh_store: Store) -> None:
        say(fresh_store)
        add(fresh_store, a_file())
        add(fresh_store, a_file(id="f2", name="b.pdf", at=NOW + timedelta(minutes=1)))
        assert [file.id for file in kept_of(fresh_store)] == ["f1", "f2"]
        assert kept_of(fresh_store)[0] == a_file()
        shown = record(fresh_store)
        assert [entry["name"] for entry in shown["evidence"]] == ["photo.jpg", "b.pdf"]
        assert shown["messages"][-1]["role"] == "system"
        assert shown["messages"][-1]["text"] == "File sent: b.pdf"
        assert fresh_store.read_sync(lambda conn: files.bytes_kept(conn, "cqm")) == 2000
        assert fresh_store.read_sync(lambda conn: files.bytes_kept(conn, "cim")) == 0

    def test_an_old_view_of_the_conversation_adds_nothing(self, fresh_store: Store) -> None:
        say(fresh_store)
        before = conversation(fresh_store)
        say(fresh_store, expected_version=1, message_id="m2")
        with pytest.raises(StaleConversation):
            fresh_store.write_sync(lambda conn: evidence.add(conn, before, a_file(), "", (), 10))
        assert kept_of(fresh_store) == []

    def test_a_turn_that_did_not_see_a_file_is_taken_anew(self, fresh_store: Store) -> None:
        say(fresh_store)
        add(fresh_store, a_file())
        with pytest.raises(StaleConversation):
            say(fresh_store, expected_version=1, message_id="m2", state="filed", cases=(a_filing(),))

    def test_no_more_than_may_be(self, fresh_store: Store) -> None:
        say(fresh_store)
        add(fresh_store, a_file(), most=1)
        with pytest.raises(TooManyFiles):
            add(fresh_store, a_file(id="f2"), most=1)
        # What was kept apart takes nobody's place.
        add(fresh_store, a_file(id="f3", scan="infected"), most=2)
        add(fresh_store, a_file(id="f4"), most=2)
        assert len(kept_of(fresh_store)) == 3

    def test_a_file_can_be_taken_back_once(self, fresh_store: Store) -> None:
        say(fresh_store)
        add(fresh_store, a_file())
        assert take_back(fresh_store, "f1") == a_file()
        assert take_back(fresh_store, "f1") is None
        assert kept_of(fresh_store) == []
        said = fresh_store.read_sync(lambda conn: transcript(conn, "cqm", "c1"))
        assert [message.text for message in said if message.role == "system"] == [
            "File sent: photo.jpg",
            "gone",
        ]

    def test_what_was_kept_apart_and_what_is_another_persons_cannot(self, fresh_store: Store) -> None:
        say(fresh_store)
        say(fresh_store, conversation_id="c2", key_hash="x", reference="CQM-2")
        add(fresh_store, a_file(scan="infected"))
        add(fresh_store, a_file(id="f2", conversation_id="c2"), key="x")
        assert take_back(fresh_store, "f1") is None
        assert take_back(fresh_store, "f2") is None
        assert len(kept_of(fresh_store, "c2")) == 1

    def test_an_erased_conversation_leaves_no_row(self, fresh_store: Store) -> None:
        say(fresh_store)
        add(fresh_store, a_file())
        assert fresh_store.write_sync(lambda conn: files.erase(conn, "cqm", "c1")) == ["f1"]
        assert kept_of(fresh_store) == []


class TestACase:
    def test_filings_carry_the_files_beside_what_the_person_said_there_is(self) -> None:
        filing = a_filing(evidence=[{"description": "two letters"}])
        for _ in range(2):
            (filing,) = files.in_filings([filing], [a_file()])
        told, sent = filing.record.evidence
        assert (told.description, told.id) == ("two letters", None)
        assert (sent.id, sent.name, sent.size, sent.scan) == ("f1", "photo.jpg", 1000, "clean")

    def test_a_later_file_is_added_to_each_case_and_its_receivers_are_told(self, fresh_store: Store) -> None:
        file_a_case(fresh_store)
        late = a_file(conversation_id=f"c-{REFERENCE}")
        add(fresh_store, late, key=f"k-{REFERENCE}")
        assert [entry["id"] for entry in record(fresh_store)["evidence"]] == ["f1"]
        told = [
            (row["kind"], row["target"])
            for row in fresh_store.read_sync(outbox.listing)
            if row["kind"] != "case.filed"
        ]
        assert sorted(told) == [("case.updated", "email"), ("case.updated", "folder")]
        assert fresh_store.read_sync(audit_check.verify).breaks == []

    def test_a_file_of_a_case_that_was_sent_stays(self, fresh_store: Store) -> None:
        file_a_case(fresh_store)
        add(fresh_store, a_file(conversation_id=f"c-{REFERENCE}"), key=f"k-{REFERENCE}")
        before = conversation(fresh_store, f"k-{REFERENCE}")
        assert fresh_store.write_sync(lambda conn: evidence.take_back(conn, before, "f1", "", NOW)) is None

    def test_what_was_only_signposted_is_told_to_nobody(self, fresh_store: Store) -> None:
        file_a_case(fresh_store, targets=(), state="signposted")
        add(fresh_store, a_file(conversation_id=f"c-{REFERENCE}"), key=f"k-{REFERENCE}")
        assert [entry["id"] for entry in record(fresh_store)["evidence"]] == ["f1"]
        assert fresh_store.read_sync(outbox.listing) == []

    def test_a_record_that_was_changed_behind_the_audit_trail_is_seen(self, fresh_store: Store) -> None:
        file_a_case(fresh_store)
        add(fresh_store, a_file(conversation_id=f"c-{REFERENCE}"), key=f"k-{REFERENCE}")

        def tamper(conn: Connection) -> None:
            conn.exec_driver_sql(
                "UPDATE cases SET record = replace(CAST(record AS TEXT), 'photo.jpg', 'x.jpg')"
            )

        if fresh_store.dialect == "sqlite":
            fresh_store.write_sync(tamper)
            assert fresh_store.read_sync(audit_check.verify).breaks != []


def take_back(store: Store, evidence_id: str) -> Kept | None:
    before = conversation(store)
    return store.write_sync(lambda conn: evidence.take_back(conn, before, evidence_id, "gone", NOW))


class TestTheVault:
    def test_a_file_has_its_place_before_it_has_a_row(self, tmp_path: Path) -> None:
        vault = Vault(tmp_path / "evidence")
        arrived = vault.incoming("ab12")
        arrived.write_bytes(b"x")
        kept = vault.keep(arrived, "cqm")
        assert kept == vault.path("cqm", "ab12") == tmp_path / "evidence" / "cqm" / "ab" / "ab12"
        assert kept.read_bytes() == b"x"
        assert not arrived.exists()
        vault.remove("cqm", "ab12")
        vault.remove("cqm", "ab12")
        assert not kept.exists()

    def test_what_is_infected_is_kept_apart_and_can_be_removed(self, tmp_path: Path) -> None:
        vault = Vault(tmp_path)
        arrived = vault.incoming("ab12")
        arrived.write_bytes(b"x")
        kept = vault.keep(arrived, "cqm", infected=True)
        assert "quarantine" in kept.parts
        assert not vault.path("cqm", "ab12").exists()
        vault.remove("cqm", "ab12")
        assert not kept.exists()

    @pytest.mark.parametrize("name", ["..", "../x", "a/b", "", "x" * 65, "a\x00"])
    def test_no_name_leads_out_of_it(self, tmp_path: Path, name: str) -> None:
        vault = Vault(tmp_path)
        for organisation, evidence_id in ((name, "ab"), ("cqm", name)):
            with pytest.raises(ValueError, match="not a name"):
                vault.path(organisation, evidence_id)
        with pytest.raises(ValueError, match="not a name"):
            vault.incoming(name)

    def test_what_never_finished_arriving_is_swept(self, tmp_path: Path) -> None:
        vault = Vault(tmp_path)
        old, new = vault.incoming("old"), vault.incoming("new")
        old.touch()
        new.touch()
        os.utime(old, (1000, 1000))
        assert vault.sweep(2000) == 1
        assert (old.exists(), new.exists()) == (False, True)
        assert Vault(tmp_path / "nowhere").sweep(2000) == 0


def test_kept_files_are_equal_by_what_they_are() -> None:
    assert a_file() == a_file()
    assert a_file() != replace(a_file(), scan="infected")
