"""The actions: run in our process, and by rasa-sdk's own action server for somebody else's assistant."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from actions.runner import Runner
from cases.record import CaseRecord
from policy_rules.errors import BadInstant, UnknownFact, UnknownOrganisation
from policy_rules.shelf import PackShelf

ROOT = Path(__file__).parents[2]
MINI = ROOT / "tests" / "policy_rules" / "packs"
SETTLED = {"nature": "complaint", "subject": "service", "stage_reached": "none"}
CHRISTMAS_EVE = "2026-12-24T16:45:00+00:00"


@pytest.fixture
def runner() -> Runner:
    return Runner(PackShelf(MINI))


def run(runner: Runner, action: str, **slots: Any) -> dict[str, Any]:
    return asyncio.run(runner.run(action, {"organisation": "mini", **slots})).slots


class TestValidateAnswers:
    @pytest.mark.parametrize(
        ("name", "value", "kept"),
        [
            ("subject", "service", "service"),
            ("centre_procedure_exhausted", "true", "true"),
            ("effect", "It cost me (a lot), really = much", "It cost me (a lot), really = much"),
            ("happened_on", "2026-11-03", "2026-11-03"),
            ("subject", None, None),
            ("still_complain", "true", "true"),
        ],
    )
    def test_good_answers_are_kept_as_they_are(
        self, runner: Runner, name: str, value: str, kept: str
    ) -> None:
        found = run(runner, "action_validate_answers", candidates={name: value})
        assert found == {"accepted": {name: kept}, "rejected": {}}

    @pytest.mark.parametrize(
        ("name", "value", "nearest"),
        [
            ("subject", "servise", "service"),
            ("still_complain", "maybe", None),
            ("happened_on", "last week", None),
            ("efect", "bad", "effect"),
            ("preferred_contact", "e-mail", "email"),
        ],
    )
    def test_others_come_back_with_what_is_allowed(
        self, runner: Runner, name: str, value: str, nearest: str | None
    ) -> None:
        found = run(runner, "action_validate_answers", candidates={name: value, "effect": "kept"})
        assert found["accepted"] == {"effect": "kept"}
        assert found["rejected"][name].get("nearest") == nearest
        assert found["rejected"][name]["detail"]


class TestRouteComplaint:
    def test_what_is_still_to_be_asked_comes_in_order(self, runner: Runner) -> None:
        found = run(
            runner, "action_route_complaint", facts={"nature": "complaint"}, received_at=CHRISTMAS_EVE
        )
        assert found["needs"][:2] == ["subject", "centre_procedure_exhausted"]
        assert found["decision"] is None

    def test_the_decision_comes_once_only_the_writer_is_open(self, runner: Runner) -> None:
        found = run(runner, "action_route_complaint", facts=SETTLED, received_at=CHRISTMAS_EVE)
        assert found["needs"] == ["on_behalf_of", "representative_basis"]
        assert found["decision"]["acknowledge_by"] == "2026-12-30"

    def test_facts_may_stand_in_slots_of_their_own(self, runner: Runner) -> None:
        found = run(runner, "action_route_complaint", **SETTLED, received_at=CHRISTMAS_EVE)
        assert found["decision"]["handler"] == "Mini"

    def test_bad_input_is_refused_by_name(self, runner: Runner) -> None:
        with pytest.raises(UnknownFact, match="Did you mean 'subject'"):
            run(runner, "action_route_complaint", facts={"subjct": "service"})
        with pytest.raises(UnknownOrganisation):
            asyncio.run(runner.run("action_route_complaint", {"organisation": "nobody"}))


def test_answers_are_read_back_in_the_order_of_the_interview(runner: Runner) -> None:
    answers = {"effect": "none", "story": "It rained", "extra": "x", "complainant_name": None}
    lines = run(runner, "action_read_back", answers=answers)["read_back"]
    assert [line["id"] for line in lines] == ["story", "effect", "complainant_name", "extra"]


class TestFileCase:
    def test_the_record_is_returned_and_nothing_is_kept(self, runner: Runner) -> None:
        found = run(
            runner,
            "action_file_case",
            reference="MINI-1",
            facts=SETTLED,
            answers={"story": "It rained", "complainant_name": "Jo"},
            received_at=CHRISTMAS_EVE,
        )
        record = CaseRecord.model_validate(found["case_record"])
        assert (record.narrative, record.complainant.name) == ("It rained", "Jo")
        assert record.decision is not None
        assert record.decision["respond_by"] == "2027-01-12"

    def test_a_case_without_a_time_of_receipt_is_refused(self, runner: Runner) -> None:
        with pytest.raises(BadInstant):
            run(runner, "action_file_case", reference="MINI-1", facts=SETTLED)


@pytest.fixture
def action_server(free_port: int) -> Iterator[str]:
    """rasa-sdk's own server over our package, as somebody with a Rasa assistant would start it."""
    env = {**os.environ, "SANIC_HOST": "127.0.0.1"}
    command = [sys.executable, "-m", "rasa_sdk", "--actions", "actions", "--port", str(free_port)]
    with subprocess.Popen(
        command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True
    ) as server:
        url = f"http://127.0.0.1:{free_port}"
        try:
            _wait_until_up(url, server)
            yield url
        finally:
            os.killpg(server.pid, signal.SIGTERM)
            try:
                server.communicate(timeout=10)
            except subprocess.TimeoutExpired:
                os.killpg(server.pid, signal.SIGKILL)
                server.communicate()


def _wait_until_up(url: str, server: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        try:
            if httpx.get(f"{url}/health", timeout=1).is_success:
                return
        except httpx.TransportError:
            assert server.poll() is None, server.communicate()[0].decode()
            time.sleep(0.1)
    raise AssertionError("the action server did not come up")


def _call(url: str, action: str, slots: dict[str, Any]) -> dict[str, Any]:
    call = {
        "next_action": action,
        "sender_id": "a-rasa-assistant",
        "version": "3.6.21",
        "tracker": {"sender_id": "a-rasa-assistant", "slots": slots, "latest_message": {}, "events": []},
        "domain": {"version": "3.1"},
    }
    answer = httpx.post(f"{url}/webhook", json=call, timeout=10)
    assert answer.status_code == 200, answer.text
    return {event["name"]: event["value"] for event in answer.json()["events"] if event["event"] == "slot"}


@pytest.mark.slow
def test_the_same_package_answers_rasas_action_protocol(action_server: str) -> None:
    slots = {"organisation": "cim", "subject": "member_conduct", "nature": "complaint"}
    routed = _call(action_server, "action_route_complaint", {**slots, "received_at": CHRISTMAS_EVE})
    assert routed["decision"]["handler"] == "Institute Secretary"
    filed = _call(
        action_server,
        "action_file_case",
        {**slots, "received_at": CHRISTMAS_EVE, "reference": "CIM-1", "answers": {"story": "He bullied me"}},
    )
    assert CaseRecord.model_validate(filed["case_record"]).narrative == "He bullied me"
    found = _call(
        action_server, "action_validate_answers", {"organisation": "cim", "candidates": {"subject": "x"}}
    )
    assert "subject" in found["rejected"]


class TestDecisionsThatAreKept:
    """The same case on the same day is decided once; another day, or another pack, is another decision."""

    def routed(self, runner: Runner, received_at: str) -> str:
        found = run(runner, "action_route_complaint", facts=SETTLED, received_at=received_at)
        return str(found["decision"]["acknowledge_by"])

    def test_another_local_day_gives_other_dates(self, runner: Runner) -> None:
        assert self.routed(runner, "2026-06-30T22:59:00+00:00") == "2026-07-02"
        assert self.routed(runner, "2026-06-30T23:00:00+00:00") == "2026-07-03"
        assert self.routed(runner, "2026-06-30T22:59:00+00:00") == "2026-07-02"

    def test_an_edited_pack_is_decided_anew(self, runner: Runner, tmp_path: Path) -> None:
        assert self.routed(runner, CHRISTMAS_EVE) == "2026-12-30"
        text = (
            (MINI / "mini.yml")
            .read_text("utf-8")
            .replace("amount: 2, unit: working_day", "amount: 3, unit: working_day")
            # Its own example has to follow, or the pack is not taken into use.
            .replace("acknowledge_by: 2026-12-30", "acknowledge_by: 2026-12-31")
            .replace("acknowledge: 2026-12-30", "acknowledge: 2026-12-31")
        )
        (tmp_path / "mini.yml").write_text(text, "utf-8")
        assert self.routed(Runner(PackShelf(tmp_path)), CHRISTMAS_EVE) == "2026-12-31"
