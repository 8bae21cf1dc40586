"""The composition root: what is filed is delivered, what an organisation chose is wired, and all is given back."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from bot.app import alarm_address, compose, create_app, utc_now
from bot.app.receivers import mail_server, targets_of
from bot.overlay import BrokenOverlay, Overlays
from bot.settings import Settings, SettingsError
from cases.lock import StoreBusy
from cases.vault import Vault
from handoff.targets import EmailTarget, FolderTarget
from policy_rules.errors import BrokenPack
from tests.channels.servers import Running, running, somebody, soon
from tests.channels.test_same_conversation import WORDS, Entries, next_answer

OVERLAY = """
alarm: {name: A. Person, email: alarm@example.org}
handoff:
  - target: folder
    path: cases-of-cqm
  - target: folder
    name: archive
    path: /srv/archive
  - target: email
    to: [complaints@example.org]
"""


def file_a_case(server: Running, organisation: str) -> str:
    """Talk until the case is filed; its reference."""
    sender = somebody()
    entries: Entries = []
    for text in WORDS:
        entries = server.say(sender, text, organisation)
    for _ in range(40):
        outcome = [e["custom"]["outcome"] for e in entries if "outcome" in e.get("custom", {})]
        if outcome:
            return str(outcome[0]["reference"])
        entries = server.say(sender, next_answer(entries), organisation)
    raise AssertionError("the conversation did not end")


def test_a_filed_case_is_in_the_folder_within_moments(tmp_path: Path) -> None:
    with running(tmp_path, delivery_seconds=60) as server:
        reference = file_a_case(server, "cqm")
        folder = tmp_path / "delivered" / "cqm"
        # The new case wakes the delivery; nobody waits a minute for the next look.
        soon(lambda: folder.is_dir() and len(list(folder.glob("*.json"))) == 1)
        delivered = next(folder.glob("*.json"))
        assert json.loads(delivered.read_text())["reference"] == reference
        soon(lambda: 'hearout_outbox{state="due"} 0' in server.http.get("/metrics").text)


def test_with_delivery_off_a_case_waits_and_is_delivered_by_the_next_server(tmp_path: Path) -> None:
    with running(tmp_path, delivery="off") as server:
        file_a_case(server, "cqm")
        assert 'hearout_outbox{state="due"} 1' in server.http.get("/metrics").text
    with running(tmp_path):
        soon(lambda: len(list((tmp_path / "delivered" / "cqm").glob("*.json"))) == 1)


def test_an_organisations_choices_say_where_its_cases_go(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, smtp_host="mail.example.org", smtp_from="hearout@example.org")
    settings.overlays_dir.mkdir()
    (settings.overlays_dir / "cqm.yml").write_text(OVERLAY)
    overlays, mail = Overlays(settings.overlays_dir), mail_server(settings)
    vault = Vault(tmp_path / "evidence")
    assert targets_of(settings, overlays, mail, "cqm", utc_now) == {
        "folder": FolderTarget(tmp_path / "cases-of-cqm", vault),
        "archive": FolderTarget(Path("/srv/archive"), vault),
        "email": EmailTarget(mail, ("complaints@example.org",), vault),
    }
    assert alarm_address(overlays, "cqm") == "alarm@example.org"
    assert set(targets_of(settings, overlays, mail, "cim", utc_now)) == {"folder"}
    assert alarm_address(overlays, "cim") is None
    assert (mail.host, mail.sender) == ("mail.example.org", "hearout@example.org")


def test_a_fault_in_an_organisations_settings_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "organisations").mkdir()
    (tmp_path / "organisations" / "cqm.yml").write_text("alarm: nobody")
    with pytest.raises(BrokenOverlay, match=r"^cqm\.yml:1 "):
        create_app(Settings(data_dir=tmp_path))
    assert not (tmp_path / "hearout.db").exists()


def test_no_usable_pack_stops_the_start_and_one_broken_pack_does_not(tmp_path: Path) -> None:
    packs = tmp_path / "packs"
    settings = Settings(data_dir=tmp_path, packs_dir=packs)
    with pytest.raises(SettingsError, match="not a folder"):
        compose(settings)
    packs.mkdir()
    with pytest.raises(BrokenPack, match="no pack"):
        compose(settings)
    (packs / "cim.yml").write_text("nonsense: 1\n")
    with pytest.raises(BrokenPack, match=r"^cim\.yml:1"):
        compose(settings)


def test_the_store_is_held_while_the_app_lives_and_given_back_after(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, delivery="off")
    app = create_app(settings)
    with pytest.raises(StoreBusy):
        create_app(settings)

    async def live() -> None:
        async with app.router.lifespan_context(app):
            await asyncio.sleep(0)

    asyncio.run(live())
    again = compose(settings)
    again.close()
    again.close()


def test_a_delivery_that_fails_to_run_is_told_and_the_store_is_still_given_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    async def failing(_: object) -> None:
        raise RuntimeError("the certificate of Jane Hartley")

    monkeypatch.setattr("handoff.deliver.DeliveryLoop.run", failing)
    settings = Settings(data_dir=tmp_path)
    app = create_app(settings)

    async def live() -> None:
        async with app.router.lifespan_context(app):
            await asyncio.sleep(0.01)

    asyncio.run(live())
    told = "".join(capfd.readouterr())
    assert "task_failed" in told
    assert "delivering cases" in told
    assert "Hartley" not in told
    compose(settings).close()
