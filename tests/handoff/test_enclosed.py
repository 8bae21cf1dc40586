"""Files go with their case: into the folder whole, into a letter as far as it has room, and never what is infected."""

from __future__ import annotations

import json
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from cases.vault import Vault
from handoff.enclosed import Enclosed, enclosed
from handoff.mail import MailServer
from handoff.target import Delivery
from handoff.targets import EmailTarget, FolderTarget
from tests.handoff.builders import a_delivery, run
from tests.handoff.smtp import mail_server


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(tmp_path / "evidence")


def put(vault: Vault, number: int, name: str, content: bytes, scan: str = "clean") -> dict[str, Any]:
    """Keep a file; its entry in the record."""
    evidence_id = f"{number:032x}"
    arrived = vault.incoming(evidence_id)
    arrived.write_bytes(content)
    vault.keep(arrived, "cqm", infected=scan == "infected")
    return {
        "id": evidence_id,
        "description": None,
        "name": name,
        "type": "text/plain",
        "size": len(content),
        "sha256": "ab" * 32,
        "scan": scan,
    }


def with_evidence(entries: list[dict[str, Any]]) -> Delivery:
    item = a_delivery()
    return Delivery(item.id, item.kind, "cqm", item.reference, {**item.record, "evidence": entries})


class TestTheFolder:
    def test_files_stand_beside_the_record_and_are_there_first(self, tmp_path: Path, vault: Vault) -> None:
        item = with_evidence([put(vault, 1, "a <b>.txt", b"one"), {"description": "two letters"}])
        folder = tmp_path / "out"
        run(FolderTarget(folder, vault).deliver(item))
        names = sorted(path.name for path in folder.iterdir())
        assert names == sorted([f"{item.reference}.{1:032x}.a_b.txt", f"{item.reference}.{item.id}.json"])
        assert (folder / f"{item.reference}.{1:032x}.a_b.txt").read_bytes() == b"one"
        again = with_evidence([put(vault, 2, "b.txt", b"two")])
        run(FolderTarget(folder, vault).deliver(again))
        assert (folder / f"{item.reference}.{2:032x}.b.txt").read_bytes() == b"two"

    def test_what_is_infected_and_what_is_gone_is_left_out_and_the_case_arrives(
        self, tmp_path: Path, vault: Vault, caplog: pytest.LogCaptureFixture
    ) -> None:
        gone = put(vault, 2, "gone.txt", b"x")
        vault.remove("cqm", gone["id"])
        item = with_evidence([put(vault, 1, "bad.txt", b"bad", "infected"), gone])
        run(FolderTarget(tmp_path / "out", vault).deliver(item))
        (only,) = (tmp_path / "out").iterdir()
        assert [entry["scan"] for entry in json.loads(only.read_text())["evidence"]] == ["infected", "clean"]
        assert "is not on disk" in caplog.text
        assert "gone.txt" not in caplog.text


class TestTheLetter:
    def test_files_are_attached_as_far_as_there_is_room(self, vault: Vault, free_port: int) -> None:
        entries = [
            put(vault, 1, "one.txt", b"1" * 400),
            put(vault, 2, "large.txt", b"2" * 800),
            put(vault, 3, "three.html.txt", b"<script>", "unscanned"),
            put(vault, 4, "bad.txt", b"bad", "infected"),
        ]
        with mail_server(free_port) as mailbox:
            server = MailServer("127.0.0.1", free_port, "none")
            run(EmailTarget(server, ("a@example.org",), vault, 1000).deliver(with_evidence(entries)))
            (message,) = mailbox.messages
        attached = {str(part.get_filename()): part for part in message.iter_attachments()}
        assert [name.partition("-")[2] for name in attached if not name.endswith(".json")] == [
            "one.txt",
            "three.html.txt",
        ]
        assert {part.get_content_type() for name, part in attached.items() if not name.endswith("json")} == {
            "application/octet-stream"
        }
        text = body(message)
        assert "one.txt (1 kB)" in text
        assert "large.txt (1 kB, not attached)" in text
        assert "three.html.txt (1 kB, not checked for viruses)" in text
        assert "bad.txt (1 kB, not attached, kept apart" in text

    def test_the_same_delivery_is_the_same_letter(self, vault: Vault) -> None:
        item = with_evidence([put(vault, 1, "one.txt", b"1")])
        target = EmailTarget(MailServer("127.0.0.1", 1, "none"), ("a@example.org",), vault)
        assert target._attached(item) == target._attached(item)


def body(message: EmailMessage) -> str:
    part = message.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("letter.pdf", "letter.pdf"),
        ("../../etc/passwd", "etc_passwd"),
        ("naïve – “one”.pdf", "na_ve_one.pdf"),
        ("a\r\nBcc: x.txt", "a_Bcc_x.txt"),
        ("....pdf", "file.pdf"),
        ("x" * 200 + ".docx", "x" * 80 + ".docx"),
        ("plain", "plain"),
        (".", "file"),
    ],
)
def test_a_name_becomes_plain_letters(name: str, safe: str) -> None:
    assert Enclosed("1", name, "text/plain", 1, "clean", Path("x")).safe_name == safe


def test_without_a_vault_nothing_is_enclosed() -> None:
    assert list(enclosed("cqm", {"evidence": [{"id": "ab"}]}, None)) == []
