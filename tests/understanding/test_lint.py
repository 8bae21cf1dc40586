"""The phrase files are sound, and each fault that the lint looks for is planted and found."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.understanding.cues import CUES
from bot.understanding.lint import PHRASES, check_cues, check_phrases, check_stories


def test_the_files_that_ship_are_sound() -> None:
    assert check_cues() == []
    assert check_phrases() == []
    assert check_stories() == []


FAULTS = [
    ("facts:\n", "facts:\n  subjects: {values: {}}\n", "unknown fact 'subjects'; did you mean 'subject'?"),
    (
        "      certificate:\n",
        "      certificates:\n",
        "unknown value 'certificates'; did you mean 'certificate'?",
    ),
    ('- "on my own behalf"', '- "on behalf of my"', "is plain for other and self"),
    ('- "on my own behalf"', '- "on $nobody behalf"', "no list named 'nobody'"),
    ('- "on my own behalf"', '- "on (my|own behalf"', "brackets do not pair"),
    ('- "on my own behalf"', '- "on my own behalf|"', "brackets do not pair"),
    ('- "on my own behalf"', '- "(on|)"', "can be nothing at all"),
    ('- "on my own behalf"', '- "my friend(s|) behalf"', "a group touches a word"),
    (
        '- "on my own behalf"',
        '- "$family $family $family $family $family $family $family $family"',
        "wordings; the most is",
    ),
    ("      self:\n        plain:", "      self:\n        plane:", "unknown key 'plane'"),
    ("    guard: any\n    values:", "    guard: all\n    values:", "guard is 'all'"),
    (
        "also:\n      consent: {on_behalf_of: other}",
        "also:\n      consent: {on_behalf_of: others}",
        "also proposes on_behalf_of=others",
    ),
    ("deny:\n", "denials:\n", "cannot be read"),
    ("words:\n", "words: [\n", "cannot be read"),
]


@pytest.mark.parametrize(("sound", "broken", "says"), FAULTS)
def test_a_fault_in_the_cue_file_is_named(tmp_path: Path, sound: str, broken: str, says: str) -> None:
    text = CUES.read_text(encoding="utf-8")
    assert sound in text
    planted = tmp_path / "cues.yml"
    planted.write_text(text.replace(sound, broken, 1), encoding="utf-8")
    problems = check_cues(planted)
    assert any(says in problem for problem in problems), problems


def test_a_fact_that_a_pack_adds_is_known() -> None:
    assert check_cues(own_facts={"colour": ("red",)}) == []


def test_a_wording_with_two_meanings_is_named(tmp_path: Path) -> None:
    text = PHRASES.read_text(encoding="utf-8")
    planted = tmp_path / "phrases.yml"
    planted.write_text(text.replace("  repeat:\n", '  repeat:\n    - "start over"\n', 1), encoding="utf-8")
    assert check_phrases(planted) == ["phrases.yml 'start over' is both commands.repeat and commands.restart"]
    planted.write_text("commands: {}", encoding="utf-8")
    assert "cannot be used" in check_phrases(planted)[0]


def test_a_story_that_expects_the_impossible_is_named(tmp_path: Path) -> None:
    planted = tmp_path / "cue_stories.yml"
    planted.write_text("- {organisation: cim, text: hello, expect: {subject: weather}}", encoding="utf-8")
    assert "subject=weather is not in the vocabulary" in check_stories([planted])[0]
