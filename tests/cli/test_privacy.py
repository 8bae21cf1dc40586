"""The privacy officer's commands, beside a running server and without one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cases.models import evidence
from cases.store import migrate, open_store
from tests.app.test_composition import file_a_case as talk
from tests.cases.builders import NOW, REFERENCE, file_a_case, say
from tests.channels.servers import running
from tests.cli.test_commands import hearout


def run(folder: Path, *arguments: str, **settings: str) -> tuple[int, str, str]:
    done = hearout("privacy", *arguments, HEAROUT_DATA_DIR=str(folder), **settings)
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two cases and a draft from 2026, a file, and periods that are over by now or are not."""
    folder = tmp_path / "var"
    folder.mkdir()
    url = f"sqlite:///{folder / 'hearout.db'}"
    migrate(url)
    store = open_store(url)
    file_a_case(store, narrative='<script>alert("x")</script> was on the page.')
    file_a_case(store, reference="CQM-2", conversation_reference="CQM-2")
    file = {
        "organisation": "cqm",
        "id": "abcdef",
        "conversation_id": f"c-{REFERENCE}",
        "name": "../my letter.pdf",
        "size": 7,
        "sha256": "0" * 64,
        "type": "application/pdf",
        "scan": "clean",
        "at": NOW,
    }
    store.write_sync(lambda conn: conn.execute(evidence.insert(), file))
    store.close()
    kept = folder / "evidence" / "cqm" / "ab"
    kept.mkdir(parents=True)
    (kept / "abcdef").write_text("%PDF-1.")
    return folder


def test_a_person_is_found_and_given_all_that_is_held(data: Path, tmp_path: Path) -> None:
    code, out, err = run(data, "find", "--email", "ANN@example.org", "--json")
    assert (code, err) == (0, "")
    assert [one["reference"] for one in json.loads(out)] == [REFERENCE, "CQM-2"]
    code, out, err = run(data, "export", REFERENCE, "--to", str(tmp_path / "ann"))
    assert (code, err) == (0, "")
    names = sorted(p.name for p in (tmp_path / "ann").iterdir())
    assert names[-3:] == ["held.html", "held.json", "held.pdf"]
    assert (tmp_path / "ann" / "held.pdf").read_bytes().startswith(b"%PDF")
    assert (tmp_path / "ann" / "abcdef-_my letter.pdf").read_text() == "%PDF-1."
    assert (tmp_path / "ann" / "held.json").stat().st_mode & 0o077 == 0
    page = (tmp_path / "ann" / "held.html").read_text()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    # A second one never takes the place of the first.
    assert run(data, "export", REFERENCE, "--to", str(tmp_path / "ann"))[0] == 2


def test_nothing_is_erased_without_a_yes_nor_while_it_is_held(data: Path) -> None:
    code, out, err = run(data, "erase", REFERENCE)
    assert (code, REFERENCE in out, "Nothing was erased" in err) == (2, True, True)
    assert run(data, "hold", REFERENCE, "--why", "a claim", "--by", "Ann")[0] == 0
    code, _, err = run(data, "erase", REFERENCE, "--yes")
    assert code == 2
    assert "a legal hold keeps it" in err
    code, out, _ = run(data, "holds")
    assert "a claim" in out
    assert run(data, "release", REFERENCE)[1] == f"{REFERENCE} is held no longer.\n"
    code, out, err = run(data, "erase", REFERENCE.lower(), "--yes")
    assert (code, err) == (0, "")
    assert "1 file" in out
    assert not (data / "evidence" / "cqm" / "ab" / "abcdef").exists()
    code, _, err = run(data, "erase", REFERENCE, "--yes")
    assert (code, "no conversation or case" in err) == (2, True)
    assert hearout("audit", "verify", HEAROUT_DATA_DIR=str(data)).returncode == 0


def test_a_purge_says_first_what_it_would_do(data: Path) -> None:
    url = f"sqlite:///{data / 'hearout.db'}"
    store = open_store(url)
    say(store, conversation_id="c9", key_hash="k9", reference="CQM-9", at=NOW.replace(year=2020))
    store.close()
    code, out, err = run(data, "purge", "--dry-run")
    assert (code, err) == (0, "")
    assert out == "CQM-9  would go: over since 2020-12-24\n1 conversation would be erased, or lose files.\n"
    assert run(data, "purge")[1] == "Erased: 1 reference, 0 files.\n"
    assert run(data, "purge")[1] == "Nothing is over.\n"


def test_beside_a_running_server_they_go_through_it(tmp_path: Path, free_port: int) -> None:
    with running(tmp_path, port=free_port) as server:
        reference = talk(server, "cqm")
        here = {"HEAROUT_PORT": str(free_port)}
        code, out, err = run(tmp_path, "hold", reference, "--why", "a claim", "--by", "Ann", **here)
        assert (code, err) == (0, "")
        assert "is held" in out
        code, _, err = run(tmp_path, "erase", reference, "--yes", **here)
        assert (code, "a legal hold keeps it" in err) == (2, True)
        run(tmp_path, "release", reference, **here)
        code, out, err = run(tmp_path, "erase", reference, "--yes", **here)
        assert (code, err) == (0, "")
        assert server.stored()["cases"] == 0


def test_an_export_of_nobody_is_a_sentence(data: Path) -> None:
    code, _, err = run(data, "export", "CQM-99", "--to", "nowhere")
    assert (code, err) == (2, "There is no conversation or case CQM-99.\n")
    code, _, err = run(data, "find")
    assert (code, err.startswith("Say whom")) == (2, True)
