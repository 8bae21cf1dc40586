"""Each planted fault is found, with where it stands and its cure; a well server has none."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.cli import checkup
from bot.cli.checkup import CHECKS, Finding, Patient, examine
from bot.settings import Settings
from cases.backup import back_up
from cases.models import conversations, evidence, messages, outbox
from cases.store import migrate, open_store
from policy_rules.shelf import SHIPPED
from tests.cases.builders import NOW, file_a_case, say
from tests.cli.test_commands import hearout
from tests.handoff.smtp import mail_server

OVERLAY = "alarm: {name: Ann, email: ann@example.org}\nretention: {closed_months: 72}\n"


@pytest.fixture
def well(tmp_path: Path, free_port: int) -> Iterator[Settings]:
    """A server with one organisation that lacks nothing."""
    packs, data = tmp_path / "packs", tmp_path / "var"
    packs.mkdir()
    for path in SHIPPED.glob("cms.*"):
        (packs / path.name).write_bytes(path.read_bytes())
    (data / "organisations").mkdir(parents=True)
    data.chmod(0o750)
    (data / "organisations" / "cms.yml").write_text(OVERLAY)
    settings = Settings(
        data_dir=data,
        packs_dir=packs,
        smtp_host="127.0.0.1",
        smtp_port=free_port,
        smtp_security="none",
        disk_low_bytes=0,
    )
    migrate(settings.database_url)
    back_up(data, settings.database_url, tmp_path / "kept.tar.gz", NOW)
    with mail_server(free_port):
        yield settings


def findings(settings: Settings, check: str, now: datetime = NOW) -> list[Finding]:
    """The findings of one check; the machine's own clock is not ours to plant."""
    return list(CHECKS[check](Patient(settings, now)))


def only(found: list[Finding], what: str, level: str = "fault") -> None:
    assert [one.level for one in found] == [level], found
    assert what in found[0].what
    assert found[0].where
    assert found[0].cure


def test_a_well_server_has_no_faults(well: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    found = examine(Patient(well, NOW))
    assert [one for one in found if one.check != "packs"] == []
    assert [one.level for one in found if one.level == "fault"] == []


def test_a_disk_that_is_low_or_read_by_all_is_found(well: Settings) -> None:
    only(findings(well.model_copy(update={"disk_low_bytes": 10**18}), "disk"), "fewer than")
    well.data_dir.chmod(0o755)
    only(findings(well, "disk"), "everybody", "warning")
    only(findings(well.model_copy(update={"data_dir": Path("/nowhere")}), "disk"), "not there")


def test_a_clock_that_went_back_is_found_by_what_was_kept(well: Settings) -> None:
    store = open_store(well.database_url)
    file_a_case(store, targets=())
    store.close()
    only(findings(well, "database", NOW - timedelta(days=1)), "the clock went back")
    assert findings(well, "database", NOW) == []


def test_a_disk_whose_clock_differs_is_found(well: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    real = time.time()
    monkeypatch.setattr("time.time", lambda: real + 60)
    only(findings(well, "clock"), "seconds from this machine's")


def test_ntp_that_is_off_is_found(well: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "timedatectl"
    program.write_text("#!/bin/sh\necho no\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    only(findings(well, "clock"), "not set by NTP", "warning")


def test_a_database_that_is_old_away_or_missing_is_found(well: Settings, free_port: int) -> None:
    away = well.model_copy(update={"database_url": f"postgresql://a:b@127.0.0.1:{free_port + 1}/c"})
    only(findings(away, "database"), "cannot be opened")
    path = well.data_dir / "hearout.db"
    store = open_store(well.database_url)
    store.write_sync(lambda conn: conn.execute(sa.text("UPDATE alembic_version SET version_num = '0003'")))
    store.close()
    only(findings(well, "database"), "revision 0003")
    path.unlink()
    only(findings(well, "database"), "there is no database")


def test_what_was_given_up_and_what_nobody_delivers_is_found(well: Settings) -> None:
    store = open_store(well.database_url)
    file_a_case(store, targets=("folder", "rt"))
    dead = outbox.update().where(outbox.c.target == "rt").values(state="dead")
    store.write_sync(lambda conn: conn.execute(dead))
    store.close()
    found = findings(well, "database", NOW + timedelta(hours=2))
    assert [one.cure for one in found] == [
        "hearout handoff dead",
        "See that a server runs with HEAROUT_DELIVERY=on.",
    ]


def test_a_story_that_is_in_no_count_is_found(well: Settings) -> None:
    store = open_store(well.database_url)
    told = {"organisation": "cms", "first_told_at": NOW - timedelta(hours=1), "at": NOW - timedelta(hours=1)}
    for number in range(2):
        keys = {"conversation_id": f"c{number}", "key_hash": f"k{number}", "reference": f"CMS-000{number}"}
        say(store, **told, **keys)
    assert findings(well, "database") == []

    def lose(conn: sa.Connection) -> None:
        """By hand, and not as an erasure does it."""
        conn.execute(messages.delete().where(messages.c.conversation_id == "c1"))
        conn.execute(conversations.delete().where(conversations.c.id == "c1"))

    store.write_sync(lose)
    store.close()
    only(findings(well, "database"), "2 stories were stored, but 1 are there: 1 are in no count")


def test_files_without_rows_and_rows_without_files_are_found(well: Settings) -> None:
    store = open_store(well.database_url)
    say(store)
    row = {"organisation": "cqm", "id": "abc", "conversation_id": "c1", "name": "a.pdf", "size": 1}
    rest = {"sha256": "0" * 64, "type": "application/pdf", "scan": "clean", "at": NOW}
    store.write_sync(lambda conn: conn.execute(evidence.insert(), {**row, **rest}))
    store.close()
    only(findings(well, "database"), "1 files that people sent are gone, such as cqm/abc")
    folder = well.evidence_dir / "cqm" / "ab"
    folder.mkdir(parents=True)
    (folder / "abc").write_text("x")
    (folder / "abd").write_text("just arriving")
    assert findings(well, "database") == []
    os.utime(folder / "abd", (0, 0))
    only(findings(well, "database"), "1 files belong to nothing that is kept, such as abd", "warning")


def test_a_broken_pack_and_a_stale_one_are_found(well: Settings) -> None:
    assert well.packs_dir is not None
    path = well.packs_dir / "cms.yml"
    text = path.read_text()
    broken = text.replace("amount: 10", "amount: 11", 1)
    assert broken != text
    path.write_text(broken)
    assert {one.level for one in findings(well, "packs")} == {"fault"}
    path.write_text(text)
    for path in SHIPPED.glob("cqm.*"):
        (well.packs_dir / path.name).write_bytes(path.read_bytes())
    stale = findings(well, "packs", NOW + timedelta(days=4000))
    assert [one.level for one in stale if "stale" in one.what]
    assert {one.level for one in stale} == {"warning"}


def test_settings_that_break_a_promise_are_found(well: Settings) -> None:
    path = well.overlays_dir / "cms.yml"
    path.write_text("alarm: {nam: Ann}\n")
    assert {one.level for one in findings(well, "settings")} == {"fault"}
    path.write_text(OVERLAY.replace("72}", "72, drafts_days: 10}"))
    only(findings(well, "settings"), "before staff are shown")
    path.write_text("languages: [en]\n")
    assert [one.level for one in findings(well, "settings")] == ["warning", "warning"]


class TestMail:
    def test_a_server_that_is_away_is_found(self, well: Settings, free_port: int) -> None:
        only(findings(well.model_copy(update={"smtp_port": free_port + 1}), "mail"), "cannot be reached")

    def test_none_at_all_is_a_warning(self, well: Settings) -> None:
        only(findings(well.model_copy(update={"smtp_host": ""}), "mail"), "no mail server", "warning")

    def test_one_without_starttls_is_found(self, well: Settings) -> None:
        only(findings(well.model_copy(update={"smtp_security": "starttls"}), "mail"), "STARTTLS")

    def test_a_wrong_password_is_found_and_never_shown(self, well: Settings) -> None:
        wrong = Settings.model_validate(
            {
                **well.model_dump(),
                "smtp_user": "ann",
                "smtp_password": "guess",
                "smtp_port": well.smtp_port + 7,
            }
        )
        with mail_server(wrong.smtp_port, auth_require_tls=False):
            found = findings(wrong, "mail")
        only(found, "refuses the sign-in")
        assert "guess" not in str(found)


def test_a_receiver_that_is_away_is_found_and_a_good_one_hears_no_request(
    well: Settings, free_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = well.overlays_dir / "cms.yml"
    entry = "handoff: [{target: webhook, url: 'http://127.0.0.1:%d/x', secret_env: A_SECRET, allow_private: true}]\n"
    monkeypatch.setenv("A_SECRET", "whsec_" + "A" * 32)
    try:
        path.write_text(OVERLAY + entry % (free_port + 3))
        found = findings(well, "handoff")
    except ValueError:
        pytest.fail("the webhook's settings have other names now")
    only(found, "cannot be reached")
    # The mail server's port takes connections; that is all a probe asks for.
    path.write_text(OVERLAY + entry % free_port)
    assert findings(well, "handoff") == []


def test_a_folder_that_cannot_be_written_is_found(well: Settings) -> None:
    (well.data_dir / "delivered").write_text("a file where the folder should be")
    only(findings(well, "handoff"), "cases cannot be put into")


def test_a_backup_that_is_missing_old_or_without_its_database_is_found(well: Settings) -> None:
    only(findings(well, "backup", NOW + timedelta(hours=27)), "27 hours old")
    note = well.data_dir / ".last-backup.json"
    told = json.loads(note.read_text())
    note.write_text(json.dumps({**told, "database": False}))
    only(findings(well, "backup"), "no database in it")
    note.unlink()
    only(findings(well, "backup"), "no backup was ever made", "warning")


def test_a_check_that_dies_is_a_finding_and_the_others_go_on(
    well: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(patient: Patient) -> Iterator[Finding]:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(checkup, "CHECKS", {"disk": dies, "mail": CHECKS["mail"]})
    only(examine(Patient(well, NOW)), "the check itself failed with RuntimeError")


def test_the_command_ends_with_1_for_a_fault_and_speaks_json(tmp_path: Path) -> None:
    done = hearout("doctor", "--json", HEAROUT_DATA_DIR=str(tmp_path / "none"))
    told = json.loads(done.stdout)
    assert (done.returncode, done.stderr, told["well"]) == (1, "", False)
    assert {"check", "level", "what", "where", "cure"} == set(told["findings"][0])
    assert {one["check"] for one in told["findings"] if one["level"] == "fault"} == {"disk", "database"}
