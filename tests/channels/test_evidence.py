"""Sending files to a running server: what is kept and how, what is refused, and that no complaint waits for one."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import socket
import stat
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.channels import posted
from bot.evidence import ENDINGS
from cases import audit_check
from cases.store import open_store
from tests.channels.servers import STRANGER, Running, problem_in, running, somebody, soon
from tests.evidence import corpus
from tests.evidence.clamd import SIGNATURE, clamd

STORY = "My assignment was marked six weeks late and two e-mails about it were never answered."


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server that takes small files only, so that large ones are cheap to make."""
    folder = tmp_path_factory.mktemp("data")
    with running(folder, evidence_max_bytes=700_000, evidence_max_files=12) as started:
        yield started


@pytest.fixture
def person(server: Running) -> Person:
    return Person(server)


class Person:
    """Somebody who has told their story to CQM."""

    def __init__(self, server: Running, told: bool = True) -> None:
        self.server, self.key = server, somebody()
        self.headers = {"Authorization": f"Bearer {self.key}"}
        if told:
            server.say(self.key, STORY)

    def send(self, name: str, content: bytes, **headers: str) -> httpx.Response:
        return self.server.http.post(
            "/cqm/evidence", files={"file": (name, content)}, headers={**self.headers, **headers}
        )

    def files(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.server.http.get("/cqm/evidence", headers=self.headers).json()[
            "files"
        ]
        return found

    def file_it(self) -> str:
        """Send the complaint; its reference."""
        for text in ["yes", *["/skip"] * 25]:
            entries = self.server.say(self.key, text)
            if entries[-1]["custom"].get("question", {}).get("id") == "check_answers":
                break
        entries = self.server.say(self.key, "/SetSlots(check_answers=send)")
        reference: str = entries[-1]["custom"]["outcome"]["reference"]
        return reference

    def record(self, reference: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.server.row("cases", f"reference = '{reference}'")["record"])
        return found


def vault(server: Running) -> Path:
    return server.settings.data_dir / "evidence"


def on_disk(server: Running, evidence_id: str) -> Path:
    return vault(server) / "cqm" / evidence_id[:2] / evidence_id


def arriving(server: Running) -> list[Path]:
    return list((vault(server) / ".incoming").glob("*"))


class TestLimits:
    def test_they_are_told_before_anybody_chooses(self, server: Running) -> None:
        told = server.http.get("/cqm/evidence/limits")
        assert told.json() == {"max_bytes": 700_000, "max_files": 12, "types": list(ENDINGS)}
        problem_in(server.http.get("/nobody/evidence/limits"), 404)

    def test_who_holds_no_conversation_sends_nothing(self, server: Running) -> None:
        stranger = Person(server, told=False)
        problem_in(stranger.send("a.txt", b"hello"), 404)
        problem_in(server.http.post("/cqm/evidence", files={"file": ("a.txt", b"x")}), 404)
        problem_in(server.http.get("/cqm/evidence"), 404)

    def test_a_key_of_one_organisation_opens_nothing_at_another(self, person: Person) -> None:
        answer = person.server.http.post(
            "/cim/evidence", files={"file": ("a.txt", b"x")}, headers=person.headers
        )
        problem_in(answer, 404)

    def test_a_page_of_another_site_sends_nothing_and_an_allowed_one_may(self, tmp_path: Path) -> None:
        allowed = "https://www.example.org"
        with running(tmp_path, allowed_origins=(allowed,)) as server:
            person = Person(server)
            problem_in(person.send("a.txt", b"x", Origin="https://evil.example"), 403)
            answer = person.send("a.txt", b"x", Origin=allowed)
            assert answer.status_code == 201
            assert answer.headers["access-control-allow-origin"] == allowed
            asked = server.http.options("/cqm/evidence", headers={"Origin": allowed})
            assert asked.headers["access-control-allow-headers"] == "Authorization"

    def test_there_is_a_last_file(self, tmp_path: Path) -> None:
        with running(tmp_path, evidence_max_files=2) as server:
            person = Person(server)
            sent = [person.send(f"{i}.txt", b"x") for i in range(3)]
            assert [answer.status_code for answer in sent] == [201, 201, 409]
            assert "2 files were sent" in problem_in(sent[2], 409)["detail"]
            gone = person.server.http.delete(f"/cqm/evidence/{sent[0].json()['id']}", headers=person.headers)
            assert gone.status_code == 204
            assert person.send("3.txt", b"x").status_code == 201

    def test_an_organisation_has_a_quota(self, tmp_path: Path) -> None:
        with running(tmp_path, evidence_max_bytes=1000, evidence_quota_bytes=1500) as server:
            assert Person(server).send("a.txt", b"x" * 900).status_code == 201
            problem = problem_in(Person(server).send("b.txt", b"x"), 507)
            assert "can be sent without it" in problem["detail"]

    def test_sending_counts_against_the_limits(self, tmp_path: Path) -> None:
        with running(tmp_path, limit_conversation="4/minute") as server:
            person = Person(server)
            answers = [person.send("a.txt", b"x").status_code for _ in range(6)]
            assert answers == [201, 201, 201, 429, 429, 429]


class TestKeeping:
    def test_a_file_is_kept_under_a_name_of_ours_and_read_by_nobody_else(self, person: Person) -> None:
        answer = person.send("../../<b>My</b> letter.pdf", corpus.PDF)
        assert answer.status_code == 201
        kept = answer.json()
        assert kept == {
            "id": kept["id"],
            "name": "b> letter.pdf",
            "size": len(corpus.PDF),
            "sha256": hashlib.sha256(corpus.PDF).hexdigest(),
        }
        path = on_disk(person.server, kept["id"])
        assert path.read_bytes() == corpus.PDF
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        for folder in (vault(person.server), path.parent, path.parent.parent):
            assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert arriving(person.server) == []
        # Nothing that is served leads to it.
        for path_of in (f"/cqm/evidence/{kept['id']}", f"/evidence/cqm/{kept['id'][:2]}/{kept['id']}"):
            assert person.server.http.get(path_of, headers=person.headers).status_code in (404, 405)

    @pytest.mark.parametrize("name", corpus.GOOD)
    def test_every_kind_is_taken(self, person: Person, name: str) -> None:
        answer = person.send(name, corpus.GOOD[name])
        assert answer.status_code == 201, answer.text
        kept = answer.json()
        content = on_disk(person.server, kept["id"]).read_bytes()
        assert (kept["size"], kept["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())
        assert corpus.PLACE not in content
        row = person.server.row("evidence", f"id = '{kept['id']}'")
        assert (row["name"], row["scan"]) == (name, "unscanned")

    @pytest.mark.parametrize("name", corpus.BAD)
    def test_what_is_none_of_ours_is_refused_and_leaves_nothing(self, person: Person, name: str) -> None:
        before = sorted(vault(person.server).rglob("*"))
        problem = problem_in(person.send(name, corpus.BAD[name]), 415)
        assert problem["detail"].startswith(f"{name} is not a kind of file")
        assert person.files() == []
        assert [
            path for path in vault(person.server).rglob("*") if path not in before and path.is_file()
        ] == []

    def test_an_empty_file_and_no_file_are_told_apart(self, person: Person) -> None:
        assert "is empty" in problem_in(person.send("a.txt", b""), 422)["detail"]
        none = person.server.http.post("/cqm/evidence", data={"x": "1"}, headers=person.headers)
        problem_in(none, 415 if none.status_code == 415 else 400)
        two = [("file", ("a.txt", b"x")), ("file", ("b.txt", b"y"))]
        problem_in(person.server.http.post("/cqm/evidence", files=two, headers=person.headers), 400)

    def test_one_byte_too_many_is_too_large(self, person: Person) -> None:
        assert person.send("a.txt", b"x" * 700_000).status_code == 201
        problem = problem_in(person.send("b.txt", b"x" * 700_001), 413)
        assert "larger than 700 kB" in problem["detail"]
        assert arriving(person.server) == []

    @pytest.mark.parametrize(
        "body", [b"", b"--", b"--x\r\n", b"--x\r\nContent-Disposition: form-data; name=file"]
    )
    def test_a_body_that_is_no_form_is_refused(self, person: Person, body: bytes) -> None:
        kind = {"Content-Type": "multipart/form-data; boundary=x", **person.headers}
        problem_in(person.server.http.post("/cqm/evidence", content=body, headers=kind), 400)
        problem_in(person.server.http.post("/cqm/evidence", content=body, headers=person.headers), 400)

    def test_refusals_are_in_the_language_of_the_conversation(self, tmp_path: Path) -> None:
        (tmp_path / "organisations").mkdir()
        (tmp_path / "organisations" / "cqm.yml").write_text("languages: [cy]")
        with running(tmp_path) as server:
            problem = problem_in(Person(server).send("a.txt", b""), 422)
            assert "is empty" not in problem["detail"]
            assert "a.txt" in problem["detail"]


class TestTheCase:
    def test_files_are_in_the_record_and_go_with_it(self, person: Person) -> None:
        photo = person.send("photo.jpg", corpus.jpeg()).json()
        text = person.send("notes.txt", b"They said no.").json()
        reference = person.file_it()
        listed = person.record(reference)["evidence"]
        assert [entry["name"] for entry in listed] == ["photo.jpg", "notes.txt"]
        assert listed[1] == {**text, "description": None, "type": "text/plain", "scan": "unscanned"}
        folder = person.server.settings.data_dir / "delivered" / "cqm"
        soon(lambda: len(list(folder.glob(f"{reference}.*.json"))) == 1)
        assert (folder / f"{reference}.{text['id']}.notes.txt").read_bytes() == b"They said no."
        sent = (folder / f"{reference}.{photo['id']}.photo.jpg").read_bytes()
        assert hashlib.sha256(sent).hexdigest() == photo["sha256"]

    def test_a_file_that_comes_later_is_added_and_the_receivers_are_told(self, person: Person) -> None:
        reference = person.file_it()
        late = person.send("late.txt", b"I found it.").json()
        assert [entry["id"] for entry in person.record(reference)["evidence"]] == [late["id"]]
        folder = person.server.settings.data_dir / "delivered" / "cqm"
        soon(lambda: len(list(folder.glob(f"{reference}.*.json"))) == 2)
        assert (folder / f"{reference}.{late['id']}.late.txt").exists()

    def test_a_file_is_taken_back_before_it_is_sent_and_not_after(self, person: Person) -> None:
        first, second = person.send("a.txt", b"a").json(), person.send("b.txt", b"b").json()
        take_back = f"/cqm/evidence/{first['id']}"
        assert person.server.http.delete(take_back, headers=person.headers).status_code == 204
        assert not on_disk(person.server, first["id"]).exists()
        problem_in(person.server.http.delete(take_back, headers=person.headers), 404)
        other = Person(person.server)
        problem_in(person.server.http.delete(f"/cqm/evidence/{second['id']}", headers=other.headers), 404)
        reference = person.file_it()
        assert [entry["name"] for entry in person.record(reference)["evidence"]] == ["b.txt"]
        problem_in(person.server.http.delete(f"/cqm/evidence/{second['id']}", headers=person.headers), 404)

    def test_a_file_that_arrives_while_the_case_is_filed_is_in_the_record(self, person: Person) -> None:
        answers: list[httpx.Response] = []
        sender = threading.Thread(
            target=lambda: answers.extend(person.send(f"{i}.txt", b"x" * 1000) for i in range(8))
        )
        sender.start()
        reference = person.file_it()
        sender.join()
        sent = [answer.json()["id"] for answer in answers if answer.status_code == 201]
        assert len(sent) == 8
        assert sorted(entry["id"] for entry in person.record(reference)["evidence"]) == sorted(sent)

    def test_the_transcript_and_the_audit_trail_say_so_and_the_trail_names_nothing(
        self, tmp_path: Path
    ) -> None:
        with running(tmp_path) as server:
            person = Person(server)
            person.send("My secret diary.txt", b"x")
            noted = server.row("messages", "role = 'system'")
            assert noted["text"] == "File sent: My secret diary.txt"
            row = server.row("audit", "action = 'evidence.added'")
            assert "diary" not in json.dumps(row)
            person.file_it()
            person.send("late.txt", b"x")
        store = open_store(f"sqlite:///{tmp_path / 'hearout.db'}")
        try:
            assert store.read_sync(audit_check.verify).breaks == []
        finally:
            store.close()


class TestScanner:
    def test_what_it_finds_something_in_is_kept_apart_and_sent_to_nobody(self, tmp_path: Path) -> None:
        with clamd(tmp_path / "clamd") as (address, _), running(tmp_path / "data", clamd=address) as server:
            person = Person(server)
            assert person.send("good.txt", b"good").status_code == 201
            problem = problem_in(person.send("bad.txt", b"x" + SIGNATURE), 422)
            assert "virus check found something" in problem["detail"]
            assert [file["name"] for file in person.files()] == ["good.txt"]
            (apart,) = [path for path in (vault(server) / "quarantine").rglob("*") if path.is_file()]
            reference = person.file_it()
            scans = {entry["name"]: entry["scan"] for entry in person.record(reference)["evidence"]}
            assert scans == {"good.txt": "clean", "bad.txt": "infected"}
            folder = server.settings.data_dir / "delivered" / "cqm"
            soon(lambda: len(list(folder.glob(f"{reference}.*.json"))) == 1)
            assert not list(folder.glob(f"{reference}.{apart.name}.*"))
            assert len(list(folder.glob(f"{reference}.*.good.txt"))) == 1

    def test_one_that_is_down_stands_in_nobodys_way(self, tmp_path: Path) -> None:
        with running(tmp_path, clamd=f"unix:{tmp_path}/nobody") as server:
            person = Person(server)
            assert person.send("a.txt", b"x").status_code == 201
            assert person.record(person.file_it())["evidence"][0]["scan"] == "unscanned"


class TestSlowAndHuge:
    def test_a_slow_upload_holds_nobody_up_and_is_given_up(
        self, person: Person, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(posted, "IDLE_SECONDS", 0.5)
        sockets = [begun(person) for _ in range(3)]
        took = time.perf_counter()
        for _ in range(20):
            assert person.server.http.get("/healthz").status_code == 200
        assert time.perf_counter() - took < 2
        for connection in sockets:
            assert b" 408 " in answer_on(connection)
        soon(lambda: arriving(person.server) == [])
        assert person.send("a.txt", b"x").status_code == 201

    def test_a_conversation_has_only_so_many_on_their_way(
        self, person: Person, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(posted, "IDLE_SECONDS", 5.0)
        sockets = [begun(person) for _ in range(4)]
        soon(lambda: len(arriving(person.server)) == 4)
        problem_in(person.send("a.txt", b"x"), 429)
        assert Person(person.server).send("a.txt", b"x").status_code == 201
        for connection in sockets:
            connection.close()
        soon(lambda: arriving(person.server) == [])
        assert person.send("a.txt", b"x").status_code == 201

    def test_an_endless_one_is_cut_off_and_nothing_stays(self, person: Person) -> None:
        with begun(person, length=50_000_000_000) as connection:
            sent = pump(connection)
        # What the buffers of two sockets hold, beside what is read and dropped.
        assert sent < posted.DRAIN + 10_000_000
        soon(lambda: arriving(person.server) == [])

    def test_one_that_breaks_off_leaves_nothing(self, person: Person) -> None:
        with begun(person) as connection:
            connection.sendall(b"x" * 100_000)
            soon(lambda: len(arriving(person.server)) == 1)
        soon(lambda: arriving(person.server) == [])
        assert person.files() == []

    def test_what_a_crash_left_half_arrived_is_taken_away_at_the_next_start(self, tmp_path: Path) -> None:
        arriving_at = tmp_path / "evidence" / ".incoming"
        arriving_at.mkdir(parents=True)
        for name in ("old", "new"):
            (arriving_at / name).touch()
        os.utime(arriving_at / "old", (1000, 1000))
        with running(tmp_path):
            assert [path.name for path in arriving_at.iterdir()] == ["new"]

    def test_a_stranger_is_counted_before_anything_is_read(self, tmp_path: Path) -> None:
        with running(tmp_path, limit_address="3/minute") as server:
            person = Person(server)
            answers = [
                person.send("a.txt", b"x", **{"X-Forwarded-For": STRANGER}).status_code for _ in range(5)
            ]
            assert answers == [201, 201, 201, 429, 429]


def begun(person: Person, length: int = 250_000) -> socket.socket:
    """A connection on which the head of an upload was sent, and the first byte of its file."""
    host, port = person.server.url.removeprefix("http://").split(":")
    connection = socket.create_connection((host, int(port)), timeout=20)
    head = (
        f"POST /cqm/evidence HTTP/1.1\r\nHost: {host}:{port}\r\nAuthorization: Bearer {person.key}\r\n"
        f"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: {length}\r\n\r\n"
        '--x\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\nx'
    )
    connection.sendall(head.encode())
    return connection


def pump(connection: socket.socket) -> int:
    """Send until the other side has had enough; how many bytes went out."""
    sent = 0
    with contextlib.suppress(OSError):
        while sent < 1_000_000_000:
            connection.sendall(b"x" * 65536)
            sent += 65536
    return sent


def answer_on(connection: socket.socket) -> bytes:
    with connection:
        return connection.recv(65536)
