"""`hearout rules`, and `decide` by the version of its day; doctor says what was tampered with."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot.cli.checkup import CHECKS, Patient
from bot.settings import Settings
from cases.models import rule_versions
from cases.store import migrate, open_store
from policy_rules.shelf import SHIPPED, PackShelf
from tests.cli.test_commands import hearout
from tests.published import publish

CIM = (SHIPPED / "cim.yml").read_text("utf-8")
ACKNOWLEDGE = "    amount: 2\n    unit: working_day\n    force: will\n    clause: Complaints procedure\n"
FASTER = CIM.replace(ACKNOWLEDGE, ACKNOWLEDGE.replace("2", "1", 1)).partition("\nexamples:")[0] + "\n"
NEW_YEAR = datetime(2027, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 12, 7, tzinfo=UTC)
COMPLAINT = ("decide", "cim", "nature=complaint", "subject=service", "--received-at")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder in which CIM's acknowledgement takes one working day from 2027 on."""
    url = f"sqlite:///{tmp_path / 'hearout.db'}"
    migrate(url)
    store = open_store(url)
    try:
        publish(store, PackShelf(clock=lambda: NOW), "cim", FASTER, NEW_YEAR, NOW)
    finally:
        store.close()
    return tmp_path


def run(folder: Path, *arguments: str) -> Any:
    return hearout(*arguments, HEAROUT_DATA_DIR=str(folder))


def test_versions_are_listed_with_who_approved_them(folder: Path) -> None:
    done = run(folder, "rules", "list", "cim")
    assert done.returncode == 0, done.stderr
    first, second = done.stdout.splitlines()
    assert first.startswith("1  since ever")
    assert "Jo Field, approved by Sam Hill" in second
    assert run(folder, "rules", "list", "cqm").stdout.startswith("1  in force since ever, from the file")
    assert "Did you mean 'cim'?" in run(folder, "rules", "list", "cimm").stderr


def test_a_version_is_exported_as_it_was_published_and_can_be_compared(folder: Path) -> None:
    assert run(folder, "rules", "export", "cim", "--version", "2").stdout == FASTER
    path = folder / "cim.yml"
    assert run(folder, "rules", "export", "cim", "--version", "2", "--output", str(path)).returncode == 0
    assert path.read_text("utf-8") == FASTER
    assert "would be treated differently" in run(folder, "diff", str(SHIPPED / "cim.yml"), str(path)).stdout
    assert "has no version 9" in run(folder, "rules", "export", "cim", "--version", "9").stderr


def test_decide_goes_by_the_day_of_receipt(folder: Path) -> None:
    for received, due in (
        ("2026-12-31T23:58:00+00:00", "Tuesday 5 January 2027"),
        ("2027-01-01T11:00:00+00:00", "Monday 4 January 2027"),
        ("2027-01-04T09:00:00+00:00", "Tuesday 5 January 2027"),
    ):
        (line,) = [
            line for line in run(folder, *COMPLAINT, received).stdout.splitlines() if "Acknowledge" in line
        ]
        assert due in line


def test_without_a_database_the_files_decide(tmp_path: Path) -> None:
    assert "Acknowledge" in run(tmp_path, *COMPLAINT, "2027-01-04T09:00:00+00:00").stdout


def test_doctor_finds_a_version_that_was_changed_and_a_file_that_governs_no_longer(folder: Path) -> None:
    packs = folder / "packs"
    packs.mkdir()
    (packs / "cim.yml").write_text(CIM, "utf-8")
    settings = Settings(data_dir=folder, packs_dir=packs)
    assert [one for one in CHECKS["packs"](Patient(settings, NOW)) if "version" in one.what] == []
    (packs / "cim.yml").write_text(CIM + "# by hand\n", "utf-8")
    (found,) = [one for one in CHECKS["packs"](Patient(settings, NOW)) if "version" in one.what]
    assert (found.level, found.cure) == ("warning", "hearout rules export cim --output cim.yml")
    (packs / "cim.yml").write_text(CIM, "utf-8")
    store = open_store(settings.database_url)

    def plant(conn: sa.Connection) -> None:
        conn.exec_driver_sql("DROP TRIGGER rule_versions_no_update")
        conn.execute(rule_versions.update().where(rule_versions.c.number == 2).values(text=CIM))

    store.write_sync(plant)
    store.close()
    (found,) = [one for one in CHECKS["packs"](Patient(settings, NOW)) if "version" in one.what]
    assert found.level == "fault"
    assert "cim version 2: it is not what was published" in found.what
    assert "CHANGED IN THE DATABASE" in run(folder, "rules", "list", "cim").stdout
