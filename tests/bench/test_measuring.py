"""Each measurement runs, at a size that says nothing of speed but everything of whether it still works."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bench.__main__ import main
from bench.client import read_head
from bench.load import is_echo, run_load
from bench.process import disk, installed_size
from bench.questions import desk, question_table, tell
from bench.rules import pack_figures, slowest, whole_cost
from bench.scripts import FILED, open_after, script, scripts
from bench.turns import ceiling, hearout
from policy_rules.shelf import SHIPPED, PackShelf

MINI = Path(__file__).parents[1] / "policy_rules" / "packs"


def test_a_script_has_twelve_turns_and_ends_in_a_filed_case() -> None:
    lines = script(PackShelf(MINI).get("mini"))
    assert len(lines) == 12
    assert lines[-1].then == FILED


def test_the_scripted_conversation_goes_as_written_with_every_organisation(tmp_path: Path) -> None:
    written = scripts(PackShelf())
    with hearout(tmp_path) as server:
        load = asyncio.run(run_load(server.port, written, 1, turns=12 * len(written)))
    assert load.wrong == []
    assert len(load.seconds) == 12 * len(written)
    assert server.start_seconds > 0


def test_a_reply_that_is_not_as_scripted_is_counted_and_the_conversation_left(tmp_path: Path) -> None:
    with ceiling(tmp_path) as echo:
        load = asyncio.run(run_load(echo.port, scripts(PackShelf()), 2, turns=10))
    assert len(load.wrong) == 10


def test_the_ceiling_echoes_every_message_and_keeps_it(tmp_path: Path) -> None:
    with ceiling(tmp_path) as echo:
        load = asyncio.run(run_load(echo.port, scripts(PackShelf()), 4, turns=40, check=is_echo))
    assert load.wrong == []
    assert len(load.seconds) == 40
    assert (tmp_path / "ceiling.db").stat().st_size > 0


def test_the_rules_are_timed_and_the_slowest_pack_is_shown() -> None:
    packs = [PackShelf(MINI).get("mini")]
    figure = slowest("Decision", whole_cost, packs, 1, 150)
    assert figure.measured > 0
    assert figure.note.startswith("mini ")
    assert [row.name for row in pack_figures(SHIPPED / "cqm.yml", 1)] == [
        "verify of cqm",
        "load of cqm",
        "hearout check of cqm",
    ]


def test_disk_and_installed_size_are_positive(tmp_path: Path) -> None:
    assert disk(1, tmp_path).measured > 0
    assert installed_size().measured > 100


def test_a_story_is_told_with_the_answers_of_its_example(tmp_path: Path) -> None:
    with desk(tmp_path) as at:
        compiled = at.packs.get("cqm")
        example = next(example for example in compiled.pack.examples if example.story)
        told = asyncio.run(tell(at, "cqm", example))
    assert told.asked[-1] != "story"
    assert told.turns == len(told.asked) + 1
    assert 0 < len(told.facts(compiled)) <= len(told.asked)


def test_the_questions_of_an_organisation_without_stories_are_an_empty_row() -> None:
    rows = [row.split() for row in question_table(MINI).splitlines()]
    assert ["mini", "0"] in rows


def test_what_a_reply_leaves_open_is_its_question_or_its_outcome() -> None:
    assert open_after(b'[{"text": "?"}, {"custom": {"question": {"id": "story"}}}]') == "story"
    assert open_after(b'[{"custom": {"outcome": {"state": "filed"}}}]') == "filed"
    assert open_after(b"[]") is None


def test_an_answer_without_a_length_is_refused() -> None:
    assert read_head(b"HTTP/1.1 200 OK\r\ncontent-length: 12") == (200, 12)
    with pytest.raises(ValueError, match="length"):
        read_head(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked")


def test_an_unknown_word_on_the_command_line_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["nonsense"])
    assert "budgets" in capsys.readouterr().err
