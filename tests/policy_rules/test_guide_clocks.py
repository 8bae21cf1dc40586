"""What the guide shows of clocks that wait, extensions and months is a whole pack together with the one it begins with."""

from __future__ import annotations

import textwrap
from pathlib import Path

import yaml

from policy_rules.check import check_file
from policy_rules.loader import read_yaml

GUIDE = Path(__file__).parents[2] / "docs" / "add-an-organisation.md"
HEADING = "### Clocks that wait for an event, extensions, months"


def _block(text: str, first_words: str) -> str:
    """The first indented block that begins so."""
    after = text[text.index(f"\n    {first_words}") + 1 :]
    lines = after.splitlines()
    end = next((i for i, line in enumerate(lines) if line and not line.startswith("    ")), len(lines))
    return textwrap.dedent("\n".join(lines[:end]))


def test_the_clocks_of_the_guide_belong_in_its_pack_and_their_example_comes_out(tmp_path: Path) -> None:
    text = GUIDE.read_text("utf-8")
    pack, _ = read_yaml(_block(text, "organisation:").replace("<of the text you read>", "0" * 64), "acme.yml")
    clocks, _ = read_yaml(_block(text[text.index(HEADING) :], "calendar:"), "clocks.yml")
    path = tmp_path / "acme.yml"
    path.write_text(yaml.safe_dump({**pack, **clocks}, sort_keys=False), "utf-8")
    findings = check_file(path)
    # Its one example shows every clock and duty; the route for results is shown by none.
    assert [finding.split(" ", 1)[1] for finding in findings] == [
        "no example shows 'results'; add one that it changes."
    ]
