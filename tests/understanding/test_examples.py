"""Rasa's NLU form is read with the place of every line, and each slip in it is told with its cure."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.understanding.examples import BrokenExamples, Example, fingerprint, read_examples

SOUND = """# what belongs here
version: "3.1"
nlu:
  - intent: greeting
    examples: |
      - good morning
      - hello, I'm "new": here
      - hi [Anna](name), on [Monday]{"entity": "date"}
  - lookup: town
    examples: |
      - Leeds
  - intent: goodbye
    examples:
      - text: |
          - bye then
      - text: so long
"""


def read(tmp_path: Path, text: str, known: list[str] | None = None) -> list[Example]:
    file = tmp_path / "lines.yml"
    file.write_text(text, encoding="utf-8")
    return read_examples(file, known)


def findings(tmp_path: Path, text: str, known: list[str] | None = None) -> tuple[str, ...]:
    with pytest.raises(BrokenExamples) as broken:
        read(tmp_path, text, known)
    return broken.value.findings


def test_every_line_is_read_with_its_place_and_without_markup(tmp_path: Path) -> None:
    found = [(e.label, e.text, e.line) for e in read(tmp_path, SOUND, ["greeting", "goodbye"])]
    assert found[:3] == [
        ("greeting", "good morning", 6),
        ("greeting", 'hello, I\'m "new": here', 7),
        ("greeting", "hi Anna, on Monday", 8),
    ]
    assert [one[:2] for one in found[3:]] == [("goodbye", "bye then"), ("goodbye", "so long")]


def test_a_folder_is_read_in_order_of_name(tmp_path: Path) -> None:
    for name in ("b", "a"):
        (tmp_path / f"{name}.yml").write_text(f"nlu:\n- intent: {name}\n  examples: |\n    - said {name}\n")
    assert [e.label for e in read_examples(tmp_path)] == ["a", "b"]


def test_an_unknown_intent_is_told_with_the_nearest_name(tmp_path: Path) -> None:
    (finding,) = findings(tmp_path, SOUND, ["greetings", "goodbye"])
    assert finding == "lines.yml:4 unknown intent 'greeting'; did you mean 'greetings'?"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("- good morning", "good morning", "lines.yml:6 an example of greeting must begin with `- `"),
        ("nlu:", "nul:", "lines.yml:4 unknown key 'nul'; did you mean 'nlu'?"),
        ("- intent: goodbye", "- intnet: goodbye", "lines.yml:12 unknown key 'intnet'; did you mean 'intent'?"),
        ("- good morning", "- [  ](x)", "lines.yml:6 an example of greeting is empty"),
        ("- bye then", "- Good  MORNING", "lines.yml:14 an example of goodbye stands already at lines.yml:6, under greeting"),
        ("      - hello", "   - hello", "lines.yml:7 is not YAML"),
        ("- text: so long", "- txt: so long", "lines.yml:16 an example of goodbye has no text"),
    ],
)  # fmt: skip
def test_a_slip_is_told_with_file_line_and_cure(tmp_path: Path, old: str, new: str, told: str) -> None:
    assert any(f.startswith(told) for f in findings(tmp_path, SOUND.replace(old, new))), findings(
        tmp_path, SOUND.replace(old, new)
    )


def test_all_slips_are_told_at_once(tmp_path: Path) -> None:
    broken = SOUND.replace("- good", "* good").replace("- hello", "* hello")
    assert len(findings(tmp_path, broken, ["greeting"])) == 3


@pytest.mark.parametrize(
    "text", ["", "[]", "nlu: {}", "nlu: []", 'version: "3.1"\nnlu:\n', "- a", "a: [", "\x00"]
)
def test_what_holds_no_example_is_refused(tmp_path: Path, text: str) -> None:
    assert findings(tmp_path, text)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BrokenExamples, match="there is no file of examples"):
        read_examples(tmp_path / "none.yml")


def test_the_fingerprint_is_of_labels_and_texts_alone() -> None:
    one, two = Example("a", "x", "f.yml", 1), Example("b", "y", "f.yml", 2)
    moved = Example("a", "x", "g.yml", 9)
    assert fingerprint([one, two]) == fingerprint([two, moved])
    assert fingerprint([one, two]) != fingerprint([one, Example("b", "x", "f.yml", 2)])
    assert fingerprint([one, two]) != fingerprint([one, Example("b ", "y", "f.yml", 2)])
