"""The house rules are watched in Welsh conversations too: each fault that is planted in one is found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from bot.dialogue import asking, context, outcome, talk
from tests.conversations.playing import Differs, play
from tests.conversations.reading import WrongFile, read

pytestmark = pytest.mark.anyio
TALK = """\
fixtures:
  - now: [{organisation: cim}, {mocked_datetime: "2026-12-21T10:00:00+00:00"}, {languages: "cy, en"}]
test_cases:
  - test_case: one
    fixtures: [now]
    steps:
      - user: Ni chyrhaeddodd y llyfrau ac nid oes neb wedi ateb y ffôn ers tair wythnos gyfan.
      - user: /SetSlots(nature=complaint, subject=service, stage_reached=none, complainant_type=member)
      - user: pryd fydda i'n clywed?
      - slot_was_set: [{state: draft}]
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "talk.yml"
    path.write_text(text, "utf-8")
    return path


async def test_a_conversation_in_which_nothing_is_wrong_goes_through(tmp_path: Path) -> None:
    await play(*read(written(tmp_path, TALK)))


@pytest.mark.parametrize(
    ("promise", "says"),
    [
        ("Dylech glywed erbyn dydd Gwener 5 Mawrth 2027.", "2027-03-05"),
        ("Dylech glywed erbyn dydd Llun 23 Rhagfyr 2026.", "2026-12-23 is no dydd Llun"),
    ],
)
async def test_a_date_that_no_decision_gives_is_seen_in_welsh(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, promise: str, says: str
) -> None:
    right = outcome.dates

    def wrong(found: context.Context, decision: Mapping[str, Any]) -> Iterator[str]:
        yield from right(found, decision)
        yield promise

    monkeypatch.setattr(outcome, "dates", wrong)
    with pytest.raises(Differs, match=says):
        await play(*read(written(tmp_path, TALK)))


async def test_two_questions_in_one_welsh_message_are_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = asking.ask
    monkeypatch.setattr(talk, "ask", lambda *given: right(*given) + " Ac unrhyw beth arall?")
    with pytest.raises(Differs, match="a reply puts 2 questions"):
        await play(*read(written(tmp_path, TALK)))


async def test_a_question_that_is_put_again_for_ever_is_seen_in_welsh(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(talk, "MAX_REASKS", 1_000)
    again = "      - user: hmm\n" * 4 + "      - slot_was_set: [{state: draft}]\n"
    short = TALK.replace("subject=service, ", "").replace("      - user: pryd fydda i'n clywed?\n", again)
    with pytest.raises(Differs, match="was put again 3 times"):
        await play(*read(written(tmp_path, short)))


async def test_a_language_that_nobody_has_is_refused(tmp_path: Path) -> None:
    (case,) = read(written(tmp_path, TALK.replace("cy, en", "cy, fr")))
    with pytest.raises(WrongFile, match="no such language: cy, fr"):
        await play(case)
