"""`hearout nlu evaluate`: figures for people and for programs, faults in words, and never a message."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import app

SAID = """version: "3.1"
nlu:
  - intent: thanks
    examples: |
      - thank you ever so much, zebra
      - cheers for that
  - intent: restart
    examples: |
      - can we start again from the beginning please
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "said.yml"
    path.write_text(SAID)
    return path


def test_the_figures_are_one_json_object(file: Path) -> None:
    done = CliRunner().invoke(app, ["nlu", "evaluate", str(file), "--json"])
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert (found["file"], found["lines"], found["flat"]) == (str(file), 3, 1.0)
    assert {one["name"] for one in found["intents"]} == {"thanks", "restart"}
    assert set(found["latency_ms"]) == {"12", "120"}
    assert found["memory_mib"] > 0


def test_a_person_reads_the_same_in_words_and_no_message_is_shown(file: Path) -> None:
    done = CliRunner().invoke(app, ["nlu", "evaluate", str(file)])
    assert done.exit_code == 0
    assert "read beside the open question     1.000" in done.stdout
    assert "zebra" not in done.stdout


def test_every_fault_of_a_file_is_told_with_its_place_and_the_command_ends_with_2(file: Path) -> None:
    file.write_text(SAID.replace("intent: thanks", "intent: thnaks").replace("- cheers", "cheers"))
    done = CliRunner().invoke(app, ["nlu", "evaluate", str(file)])
    assert done.exit_code == 2
    assert "said.yml:3 unknown intent 'thnaks'; did you mean 'thanks'?" in done.stderr


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["nlu", "evaluate", str(tmp_path / "none.yml")])
    assert done.exit_code == 2
    assert "there is no file of examples" in done.stderr
