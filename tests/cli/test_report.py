"""`hearout report`: the same numbers in every form, and a refusal in a sentence where there is none."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner, Result

from bot.cli import app
from cases.models import audit, conversations
from cases.reports import sheets
from cases.store import migrate, open_store
from tests.cases.many_cases import fill
from tests.channels.servers import running
from tests.cli.test_commands import hearout
from tests.handoff.letters import read

YEAR = ("--from", "2025-01-01", "--to", "2025-12-31", "--as-of", "2026-01-31")


@dataclass
class Place:
    """A data folder with a year of cases in it."""

    folder: Path

    @property
    def url(self) -> str:
        return f"sqlite:///{self.folder / 'hearout.db'}"

    def run(self, *words: str) -> Result:
        return CliRunner(env={"HEAROUT_DATA_DIR": str(self.folder)}).invoke(app, ["report", *words])


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    made = Place(tmp_path_factory.mktemp("data"))
    migrate(made.url)
    store = open_store(made.url)
    fill(store, 150, last=datetime(2025, 12, 31, tzinfo=UTC).date(), until=datetime(2026, 6, 1, tzinfo=UTC))
    store.close()
    return made


def test_the_text_says_what_was_received(place: Place) -> None:
    done = place.run("cqm", *YEAR)
    assert done.exit_code == 0, done.output
    assert "CQM Training & Consultancy: Complaints in 2025. Annual report." in done.output
    assert "as known on 1 February 2026 at 00:00" in done.output
    (received,) = [line for line in done.output.splitlines() if line.startswith("Received  ")]
    assert received.split()[-1] == "150"


def test_the_same_question_has_the_same_answer(place: Place) -> None:
    for form in ("text", "json", "csv", "html"):
        assert (
            place.run("cqm", *YEAR, "--format", form).output
            == place.run("cqm", *YEAR, "--format", form).output
        )


def test_every_form_has_the_same_numbers(place: Place, tmp_path: Path) -> None:
    table = sheets.read(place.run("cqm", *YEAR, "--format", "csv").stdout_bytes)
    parsed = json.loads(place.run("cqm", *YEAR, "--format", "json").output)
    assert [list(row.values()) for row in parsed] == table[1:]
    received = {row[1]: row[3] for row in table if row[0] == "received"}
    assert received["total"] == "150"
    page = place.run("cqm", *YEAR, "--format", "html").output
    done = place.run("cqm", *YEAR, "--format", "pdf", "--out", str(tmp_path / "board.pdf"))
    assert done.exit_code == 0, done.output
    pdf = read((tmp_path / "board.pdf").read_bytes())
    assert pdf.is_ua
    for value in received.values():
        assert value in page
        assert value in pdf.text


def test_a_file_is_in_the_audit_trail(place: Place, tmp_path: Path) -> None:
    path = tmp_path / "regulator.csv"
    done = place.run("cqm", *YEAR, "--kind", "regulator", "--format", "csv", "--out", str(path))
    assert done.exit_code == 0, done.output
    assert len(sheets.read(path.read_bytes())) == 151
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    store = open_store(place.url, read_only=True)
    query = sa.select(audit.c.action, audit.c.reference).where(audit.c.digest == digest)
    assert store.read_sync(lambda conn: conn.execute(query).all()) == [
        ("report.exported", "regulator.csv 2025-01-01/2025-12-31 2026-02-01T00:00Z")
    ]
    store.close()


def test_beside_a_running_server_the_server_keeps_it(place: Place, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "hearout.db").write_bytes((place.folder / "hearout.db").read_bytes())
    path = tmp_path / "clocks.csv"
    with running(folder, delivery="off") as server:
        words = ("report", "cqm", *YEAR, "--kind", "clocks", "--format", "csv", "--out", str(path))
        where = server.url.rpartition(":")[2]
        done = hearout(*words, HEAROUT_DATA_DIR=str(folder), HEAROUT_PORT=where)
        assert done.returncode == 0, done.stderr
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    store = open_store(f"sqlite:///{folder / 'hearout.db'}", read_only=True)
    query = sa.select(audit.c.action, audit.c.caller).where(audit.c.digest == digest)
    assert store.read_sync(lambda conn: conn.execute(query).all()) == [("report.exported", "command")]
    store.close()


def test_the_other_kinds(place: Place) -> None:
    clocks = json.loads(place.run("cqm", *YEAR, "--kind", "clocks", "--format", "json").output)
    assert clocks["organisation"] == "cqm"
    assert {one["kind"] for one in clocks["clocks"]} >= {"acknowledge", "respond"}
    funnel = sheets.read(place.run("cqm", *YEAR, "--kind", "funnel", "--format", "csv").stdout_bytes)
    assert ["chat", "step", "opened"] in [row[:3] for row in funnel]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("nix",), "Unknown organisation"),
        (("cqm", "--from", "soon"), "Write a day such as"),
        (("cqm", "--from", "2026-02-01", "--to", "2026-01-01"), "must not be before"),
        (("cqm", "--as-of", "2098-01-01"), "a minute ago"),
        (("cqm", "--format", "pdf"), "say where with --out"),
        (("cqm", "--kind", "clocks", "--format", "html"), "There is: csv, json."),
        (("cqm", "--kind", "funnel"), "There is: csv."),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(place: Place, words: tuple[str, ...], says: str) -> None:
    done = place.run(*words)
    assert done.exit_code == 2
    assert says in done.stderr


def test_a_report_that_does_not_add_up_ends_with_1(place: Place, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "hearout.db").write_bytes((place.folder / "hearout.db").read_bytes())
    broken = Place(folder)
    store = open_store(broken.url)

    def lose(conn: sa.Connection) -> None:
        conn.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
        for table in ("messages", "clocks", "case_events", "closings", "cases", "conversations"):
            conn.exec_driver_sql(f"DELETE FROM {table}")  # noqa: S608 - names of ours

    store.write_sync(lose)
    assert store.read_sync(lambda conn: conn.execute(sa.select(conversations)).all()) == []
    store.close()
    done = broken.run("cqm", *YEAR)
    assert done.exit_code == 1
    assert "150 are in no count" in done.stderr
    assert "DOES NOT ADD UP" in done.output
