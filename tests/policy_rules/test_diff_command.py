"""`hearout diff`: what it prints, and what it ends with."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from policy_rules.shelf import SHIPPED
from tests.policy_rules.test_diff import CENTRE

HEAROUT = Path(sys.executable).with_name("hearout")


def hearout_diff(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(HEAROUT), "diff", *arguments], capture_output=True, text=True, timeout=60, check=False
    )


@pytest.fixture(scope="module")
def edited_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("edited") / "cim.yml"
    text = (SHIPPED / "cim.yml").read_text("utf-8")
    path.write_text(text.replace(f"when: {{{CENTRE}}}", f"when: {{{CENTRE}, nation: [wales]}}"), "utf-8")
    return path


OLD = str(SHIPPED / "cim.yml")


class TestCommand:
    def test_no_difference_ends_with_0(self) -> None:
        done = hearout_diff(OLD, OLD)
        assert (done.returncode, done.stderr) == (0, "")
        assert "no difference" in done.stdout

    def test_a_difference_ends_with_1_and_is_told(self, edited_file: Path) -> None:
        done = hearout_diff(OLD, str(edited_file))
        assert (done.returncode, done.stderr) == (1, "")
        assert "combinations of facts would be treated differently" in done.stdout
        assert (
            "was sent to the Accredited Study Centre, would be closed with no further action." in done.stdout
        )
        assert "respond_by: none -> 2027-01-26" in done.stdout
        assert "routes: 'study_centre_first' changed (when)" in done.stdout

    def test_json_holds_the_same(self, edited_file: Path) -> None:
        done = hearout_diff(OLD, str(edited_file), "--json", "--received-at", "2027-03-25T10:00:00+00:00")
        shown: dict[str, Any] = json.loads(done.stdout)
        assert (done.returncode, shown["decided"], shown["same_treatment"]) == (1, True, False)
        assert sum(group["count"] for group in shown["groups"]) == shown["changed"]
        assert shown["groups"][0]["example"]["received_at"] == "2027-03-25T10:00:00+00:00"
        # Good Friday is the 26th and Easter Monday the 29th: Tuesday is day 1.
        assert shown["groups"][0]["example"]["would_be"]["acknowledge_by"] == "2027-03-31"

    def test_undecided_ends_with_1(self) -> None:
        done = hearout_diff(OLD, OLD, "--seconds", "0")
        assert done.returncode == 1
        assert "undecided, because it was not done after 0 seconds; no difference was met" in done.stdout

    @pytest.mark.parametrize(
        ("arguments", "says"),
        [
            ((OLD, "nowhere.yml"), "nowhere.yml:1 cannot be read"),
            ((OLD, str(SHIPPED / "cqm.yml")), "two organisations: cim and cqm"),
            ((OLD, OLD, "--received-at", "yesterday"), "is no instant"),
            ((OLD,), "Missing argument"),
        ],
    )
    def test_bad_input_ends_with_2_and_a_sentence(self, arguments: tuple[str, ...], says: str) -> None:
        done = hearout_diff(*arguments)
        assert (done.returncode, done.stdout) == (2, "")
        assert says in done.stderr
        assert "Traceback" not in done.stderr

    def test_a_broken_pack_ends_with_2_and_its_findings(self, tmp_path: Path) -> None:
        path = tmp_path / "cim.yml"
        path.write_text(
            (SHIPPED / "cim.yml").read_text("utf-8").replace("[study_centre]", "[studycentre]"), "utf-8"
        )
        done = hearout_diff(OLD, str(path))
        assert done.returncode == 2
        assert "did you mean 'study_centre'?" in done.stderr
