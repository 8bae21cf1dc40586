"""The `hearout` command: its answers, its plain refusals, and how little `check` loads."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot import cli
from policy_rules.shelf import SHIPPED
from tests.channels.servers import message, somebody

HEAROUT = Path(sys.executable).with_name("hearout")
RECEIVED = ("--received-at", "2026-12-24T16:45:00+00:00")


def hearout(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("HEAROUT_")}
    return subprocess.run(
        [str(HEAROUT), *arguments],
        env={**own, "COLUMNS": "200", **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        stdin=subprocess.DEVNULL,
    )


class TestCheck:
    def test_a_good_pack_has_nothing_to_mend(self) -> None:
        done = hearout("check", str(SHIPPED / "cqm.yml"))
        assert (done.returncode, done.stderr) == (0, "")
        assert "nothing to mend" in done.stdout

    def test_findings_name_file_and_line_and_end_with_1(self, tmp_path: Path) -> None:
        path = tmp_path / "cqm.yml"
        path.write_text(
            (SHIPPED / "cqm.yml").read_text().replace("disposition: accept\n", "disposition: accpt\n", 1)
        )
        done = hearout("check", str(path))
        assert done.returncode == 1
        assert done.stdout.startswith("cqm.yml:")
        assert "Did you mean 'accept'?" in done.stdout

    def test_a_folder_is_all_its_packs(self, tmp_path: Path) -> None:
        (tmp_path / "a.yml").write_text("[")
        (tmp_path / "b.yml").write_text("x: 1")
        done = hearout("check", str(tmp_path))
        assert done.returncode == 1
        assert "a.yml:" in done.stdout
        assert "b.yml:" in done.stdout

    def test_a_file_that_is_not_there_or_an_empty_folder_is_a_sentence(self, tmp_path: Path) -> None:
        assert hearout("check", str(tmp_path / "none.yml")).stderr.endswith("none.yml is not there.\n")
        assert hearout("check", str(tmp_path)).returncode == 2

    def test_it_loads_none_of_the_server(self) -> None:
        heavy = (
            "fastapi",
            "starlette",
            "uvicorn",
            "spacy",
            "rasa_sdk",
            "sqlalchemy",
            "websockets",
            "numpy",
            "httpx",
        )
        program = (
            "import sys\nfrom bot.cli import main\n"
            f"sys.argv = ['hearout', 'check', {str(SHIPPED / 'cqm.yml')!r}]\n"
            "try:\n    main()\nexcept SystemExit:\n    pass\n"
            f"print([name for name in {heavy!r} if name in sys.modules], file=sys.stderr)\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
        )
        assert done.stderr == "[]\n"
        assert "cqm.yml" in done.stdout


class TestDecide:
    def test_it_says_in_words_who_answers_and_by_when(self) -> None:
        done = hearout("decide", "cim", "subject=service", *RECEIVED)
        assert (done.returncode, done.stderr) == (0, "")
        assert "Relevant department manager" in done.stdout
        assert "Wednesday 30 December 2026" in done.stdout

    def test_json_is_the_decision_and_nothing_else(self) -> None:
        decision: dict[str, Any] = json.loads(
            hearout("decide", "cim", "subject=service", *RECEIVED, "--json").stdout
        )
        assert (decision["organisation"], decision["settled"]) == ("cim", True)
        assert decision["acknowledge_by"] == "2026-12-30"

    def test_without_assume_it_names_what_is_needed(self) -> None:
        decision = json.loads(hearout("decide", "cim", *RECEIVED, "--no-assume", "--json").stdout)
        assert decision["needs"]
        assert "Still to ask" in hearout("decide", "cim", *RECEIVED, "--no-assume").stdout

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (("cqn",), "Did you mean 'cqm'?"),
            (("cim", "subjct=service"), "Did you mean 'subject'?"),
            (("cim", "subject=exam_resul"), "Did you mean 'exam_result'?"),
            (("cim", "subject"), "Write name=value"),
            (("cim", "--received-at", "2026-12-24T16:45:00"), "has no offset"),
            (("cim", "--received-at", "soon"), "is no instant"),
        ],
    )
    def test_what_cannot_be_taken_is_a_sentence(self, arguments: tuple[str, ...], said: str) -> None:
        done = hearout("decide", *arguments)
        assert (done.returncode, done.stdout) == (2, "")
        assert said in done.stderr
        assert "Traceback" not in done.stderr

    def test_a_broken_pack_is_told_with_its_line(self, tmp_path: Path) -> None:
        (tmp_path / "cim.yml").write_text("organisation: 1\n")
        done = hearout("decide", "cim", HEAROUT_PACKS_DIR=str(tmp_path))
        assert done.returncode == 2
        assert done.stderr.startswith("cim.yml:1")


class TestPlainErrors:
    def test_a_misspelt_setting_stops_the_start_and_names_the_right_one(self) -> None:
        done = hearout("serve", HEAROUT_PROT="9")
        assert done.returncode == 2
        assert done.stderr == "HEAROUT_PROT is not a setting of Hearout. Did you mean HEAROUT_PORT?\n"

    def test_no_database_yet_is_a_sentence(self, tmp_path: Path) -> None:
        done = hearout("case", "list", HEAROUT_DATA_DIR=str(tmp_path))
        assert done.returncode == 2
        assert "There is no database" in done.stderr

    def test_a_folder_that_cannot_be_used_and_a_database_that_is_not_supported_are_sentences(
        self, tmp_path: Path
    ) -> None:
        blocked = tmp_path / "file"
        blocked.touch()
        for variables, said in (
            ({"HEAROUT_DATA_DIR": str(blocked / "inside")}, "cannot be used"),
            ({"HEAROUT_DATABASE_URL": "mysql://db/hearout"}, "is not supported"),
        ):
            done = hearout("migrate", **variables)
            assert done.returncode == 2
            assert said in done.stderr
            assert "Traceback" not in done.stderr

    def test_a_failure_of_ours_is_one_sentence_unless_more_is_asked_for(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        def failing() -> None:
            raise ZeroDivisionError("the certificate of Jane Hartley")

        monkeypatch.setattr(cli, "settings", failing)
        monkeypatch.setattr(sys, "argv", ["hearout", "migrate"])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        assert ended.value.code == 70
        assert capsys.readouterr().err == (
            "Hearout failed: ZeroDivisionError. Run it again with HEAROUT_LOG_LEVEL=debug to see where.\n"
        )
        monkeypatch.setenv("HEAROUT_LOG_LEVEL", "debug")
        with pytest.raises(ZeroDivisionError):
            cli.main()

    @pytest.mark.parametrize("command", ["serve", "chat"])
    def test_packs_that_cannot_be_used_stop_the_start_with_file_and_line(
        self, tmp_path: Path, command: str, free_port: int
    ) -> None:
        packs = tmp_path / "packs"
        given = {
            "HEAROUT_DATA_DIR": str(tmp_path),
            "HEAROUT_PACKS_DIR": str(packs),
            "HEAROUT_PORT": str(free_port),
        }
        arguments = [command, *(["cim"] if command == "chat" else [])]
        assert "is not a folder" in hearout(*arguments, **given).stderr
        packs.mkdir()
        (packs / "cim.yml").write_text("organisation: 1\n")
        done = hearout(*arguments, **given)
        assert done.returncode == 2
        assert done.stderr.startswith("cim.yml:1")
        assert "Traceback" not in done.stderr

    def test_migrate_makes_the_database_and_may_run_again(self, tmp_path: Path) -> None:
        for _ in range(2):
            assert (
                hearout("migrate", HEAROUT_DATA_DIR=str(tmp_path)).stdout == "The database is up to date.\n"
            )
        assert json.loads(hearout("case", "list", "--json", HEAROUT_DATA_DIR=str(tmp_path)).stdout) == []

    def test_version_prints_the_version(self) -> None:
        assert hearout("version").stdout.strip().replace(".", "").isalnum()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path, subprocess.Popen[str]]]:
    """`hearout serve` as its own process on a free port: its address, data folder and process."""
    data = tmp_path_factory.mktemp("data")
    process = start(data)
    try:
        yield address_of(process), data, process
    finally:
        process.terminate()
        process.communicate(timeout=20)


def start(data: Path, *arguments: str, **variables: str) -> subprocess.Popen[str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("HEAROUT_")}
    return subprocess.Popen(
        [str(HEAROUT), "serve", "--port", "0", *arguments],
        env={**own, "HEAROUT_DATA_DIR": str(data), **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def address_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(5)]
    assert lines[0] == "Hearout is ready.\n", lines
    return lines[1].split()[-1].rstrip("/")


Served = tuple[str, Path, "subprocess.Popen[str]"]


class TestServe:
    def test_it_says_where_to_click(self, served: Served) -> None:
        assert httpx.get(f"{served[0]}/").status_code == 200
        assert httpx.get(f"{served[0]}/readyz").json()["status"] == "ready"

    def test_a_second_one_over_the_same_data_says_who_holds_it(self, served: Served) -> None:
        done = hearout("serve", "--port", "0", HEAROUT_DATA_DIR=str(served[1]))
        assert done.returncode == 2
        assert f"process {served[2].pid}" in done.stderr
        assert "Traceback" not in done.stderr

    def test_a_port_that_is_taken_is_a_sentence(self, served: Served, tmp_path: Path) -> None:
        port = served[0].rpartition(":")[2]
        done = hearout("serve", "--port", port, HEAROUT_DATA_DIR=str(tmp_path))
        assert done.returncode == 2
        assert f"port {port}" in done.stderr
        assert "Traceback" not in done.stderr

    def test_cases_are_listed_and_shown_beside_the_running_server(self, served: Served) -> None:
        url, data, _ = served
        sender = somebody()
        for text in ("hello", "My certificate\nnever came."):
            assert httpx.post(f"{url}/webhooks/rest/webhook", json=message(sender, text)).status_code == 200
        listed = json.loads(hearout("case", "list", "--json", HEAROUT_DATA_DIR=str(data)).stdout)
        reference = listed[-1]["reference"]
        shown = hearout("case", "show", reference, reference.lower(), "--json", HEAROUT_DATA_DIR=str(data))
        records = [json.loads(line) for line in shown.stdout.splitlines()]
        assert [record["reference"] for record in records] == [reference, reference]
        told = [m["text"] for m in records[0]["messages"] if m["role"] == "complainant"]
        assert "My certificate\nnever came." in told
        readable = hearout("case", "show", reference, HEAROUT_DATA_DIR=str(data)).stdout
        assert "never came." in readable
        assert reference in hearout("case", "list", HEAROUT_DATA_DIR=str(data)).stdout

    def test_an_unknown_reference_is_said_and_the_others_are_shown(self, served: Served) -> None:
        done = hearout("case", "show", "CQM-0000-0000-0", "--json", HEAROUT_DATA_DIR=str(served[1]))
        assert (done.returncode, done.stdout) == (1, "")
        assert "CQM-0000-0000-0" in done.stderr

    @pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
    def test_it_stops_when_told_and_lets_go_of_its_data(self, tmp_path: Path, how: signal.Signals) -> None:
        process = start(tmp_path, HEAROUT_LOG_FORMAT="json")
        url = address_of(process)
        httpx.get(f"{url}/healthz?secret=Hartley")
        process.send_signal(how)
        out, err = process.communicate(timeout=20)
        assert process.returncode in (0, -how)
        assert "Traceback" not in out + err
        lines = [json.loads(line) for line in err.splitlines()]
        assert any(line["event"] == "request" and line["path"] == "/healthz" for line in lines)
        assert "Hartley" not in err
        assert hearout("migrate", HEAROUT_DATA_DIR=str(tmp_path)).returncode == 0
