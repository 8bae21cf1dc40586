"""The pages say what the code does: settings, commands, links and folders."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from bot.settings import Settings, variable
from docs import generate, screenshots

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def undocumented(text: str) -> list[str]:
    """The settings of which a page says nothing."""
    return [variable(name) for name in Settings.model_fields if f"`{variable(name)}`" not in text]


def broken_links(page: Path, text: str) -> list[str]:
    """The relative links of a page that lead nowhere."""
    targets = re.findall(r"\]\((?!https?:|mailto:|#)([^)#\s]+)", text)
    return [target for target in targets if not (page.parent / target).exists()]


def test_every_setting_is_documented() -> None:
    assert undocumented(generate.RUNNING.read_text()) == [], "run `make docs`"


def test_every_setting_says_what_it_does() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_a_setting_that_the_page_forgets_is_seen() -> None:
    text = generate.RUNNING.read_text().replace("`HEAROUT_DATA_DIR` |", "|")
    text = text.replace("`HEAROUT_DATA_DIR` points", "it is told")
    assert undocumented(text) == ["HEAROUT_DATA_DIR"]


def test_the_generated_parts_are_up_to_date() -> None:
    text = generate.RUNNING.read_text()
    assert generate.with_parts(text) == text, "run `make docs`"


def test_a_generated_part_that_was_changed_by_hand_is_seen_and_mended() -> None:
    text = generate.RUNNING.read_text()
    changed = text.replace("`8000`", "`8001`")
    assert changed != text
    assert generate.with_parts(changed) == text


def test_every_command_is_documented() -> None:
    text = generate.RUNNING.read_text()
    for command in ("check", "decide", "case list", "case show"):
        assert f"Usage: hearout {command} " in text, "run `make docs`"


def test_a_part_without_its_place_in_the_page_is_refused() -> None:
    with pytest.raises(ValueError, match="no <!-- settings -->"):
        generate.with_parts("# A page without markers\n")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_within_the_repository_leads_somewhere(page: Path) -> None:
    assert broken_links(page, page.read_text()) == []


def test_a_link_that_leads_nowhere_is_seen() -> None:
    text = "[a](docs/README.md) [b](docs/nowhere.md#x) [c](https://example.org/x)"
    assert broken_links(ROOT / "README.md", text) == ["docs/nowhere.md"]


def test_the_readme_names_every_folder_of_the_source() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "*/*"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    folders = {path.split("/")[0] for path in listed if not path.startswith(".")}
    text = (ROOT / "README.md").read_text()
    # requirements/ needs no introduction: nobody opens it by hand.
    assert [folder for folder in sorted(folders - {"requirements"}) if f"`{folder}/`" not in text] == []


def test_every_decision_is_listed_and_has_its_four_parts() -> None:
    decisions = sorted((ROOT / "docs" / "decisions").glob("0*.md"))
    listed = (ROOT / "docs" / "decisions" / "README.md").read_text()
    assert len(decisions) >= 4
    for decision in decisions:
        assert decision.name in listed
        parts = re.findall(r"^## (.+)$", decision.read_text(), re.MULTILINE)
        assert parts == ["Context", "Decision", "Consequences", "Alternatives"], decision.name


@pytest.mark.browser
def test_the_pictures_are_taken_by_the_command_that_is_said_to_take_them(tmp_path: Path) -> None:
    taken = screenshots.main(tmp_path)
    kept = sorted(path.name for path in screenshots.IMAGES.glob("*.png"))
    assert sorted(path.name for path in taken) == kept, "run `make docs`"
    for path in taken:
        content = path.read_bytes()
        assert content.startswith(b"\x89PNG")
        # A page that failed to load is one colour, and small.
        assert len(content) > 30_000, path.name
