"""Health: alive, ready, degraded when a changed file cannot be used; the last good pack stays in use."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from policy_rules.shelf import SHIPPED
from tests.channels.servers import STRANGER, Running, problem_in, running, socket, somebody, soon


@pytest.fixture(scope="module")
def edited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server over a copy of the packs, which looks for changes all the time."""
    packs = tmp_path_factory.mktemp("packs")
    for path in SHIPPED.glob("*.yml"):
        shutil.copy(path, packs)
    data = tmp_path_factory.mktemp("data")
    (data / "organisations").mkdir()
    with running(data, packs_dir=packs, packs_seconds=0.05) as server:
        yield server


def ready(server: Running) -> dict[str, Any]:
    answer = server.http.get("/readyz")
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def test_it_is_alive_and_ready(server: Running) -> None:
    assert server.http.get("/healthz").json() == {"status": "ok"}
    assert ready(server)["status"] == "ready"


class TestChangedPacks:
    def test_a_broken_pack_is_told_and_the_last_good_one_stays(
        self, edited: Running, capfd: pytest.CaptureFixture[str]
    ) -> None:
        path = Path(str(edited.settings.packs_dir)) / "cim.yml"
        good = path.read_text()
        body = {"facts": {}, "received_at": "2026-12-24T16:45:00+00:00", "assume": True}
        before = edited.http.post("/api/v1/organisations/cim/decisions", json=body).json()
        path.write_text(good.replace("disposition: accept\n", "disposition: accpt\n", 1))
        soon(lambda: ready(edited)["status"] == "degraded")
        findings = ready(edited)["findings"]
        assert findings[0].startswith("cim.yml:")
        assert "accept" in findings[0]
        assert "cim" in ready(edited)["organisations"]
        assert edited.http.post("/api/v1/organisations/cim/decisions", json=body).json() == before
        told = "".join(capfd.readouterr())
        assert told.count("file_refused") == 1
        path.write_text(good)
        soon(lambda: ready(edited)["status"] == "ready")

    def test_a_changed_pack_is_in_use_without_a_restart(self, edited: Running) -> None:
        path = Path(str(edited.settings.packs_dir)) / "cqm.yml"
        good = path.read_text()
        path.write_text(good.replace("name: CQM Training & Consultancy", "name: CQM and Friends", 1))
        soon(lambda: "CQM and Friends" in edited.http.get("/").text)
        assert "CQM and Friends" in str(edited.say(somebody(), "hello"))
        path.write_text(good)
        soon(lambda: "CQM and Friends" not in edited.http.get("/").text)

    def test_a_conversation_goes_on_across_a_broken_edit(self, edited: Running) -> None:
        path = Path(str(edited.settings.packs_dir)) / "cqm.yml"
        good = path.read_text()
        with socket(edited) as client:
            client.hello()
            client.take("reply")
            path.write_text("organisation: [")
            soon(lambda: ready(edited)["status"] == "degraded")
            client.say("My certificate never came.")
        path.write_text(good)
        soon(lambda: ready(edited)["status"] == "ready")


class TestOverlays:
    def test_a_broken_settings_file_of_an_organisation_is_told_with_its_line(self, edited: Running) -> None:
        path = edited.settings.overlays_dir / "cim.yml"
        path.write_text("privacy_notice:\n  txt: hello\n")
        soon(lambda: ready(edited)["status"] == "degraded")
        assert ready(edited)["findings"] == ["cim.yml:2 unknown setting 'txt'; did you mean 'text'?"]
        path.unlink()
        soon(lambda: ready(edited)["status"] == "ready")

    def test_a_new_privacy_notice_is_told_to_the_next_person(self, edited: Running) -> None:
        path = edited.settings.overlays_dir / "cqm.yml"
        path.write_text("privacy_notice:\n  version: v2\n  text: Our own notice stands here.\n")
        soon(lambda: "Our own notice" in str(edited.say(somebody(), "hello")))
        path.unlink()


class TestMetrics:
    def test_turns_requests_and_the_outbox_are_counted(self, server: Running) -> None:
        server.say(somebody(), "hello")
        text = server.http.get("/metrics").text
        assert 'hearout_turns_total{organisation="cqm",face="rest",state="draft"}' in text
        assert 'hearout_outbox{state="due"} 0' in text
        assert 'hearout_outbox{state="dead"} 0' in text
        assert 'hearout_turn_seconds_bucket{le="+Inf"}' in text
        assert 'hearout_requests_total{method="POST",status="200"}' in text

    def test_they_are_not_for_strangers(self, server: Running) -> None:
        problem_in(server.http.get("/metrics", headers={"X-Forwarded-For": STRANGER}), 401)

    def test_open_sockets_are_counted_until_they_close(self, server: Running) -> None:
        with socket(server) as client:
            client.hello()
            assert "hearout_sockets 1" in server.http.get("/metrics").text
        soon(lambda: "hearout_sockets 0" in server.http.get("/metrics").text)
