"""The guide's own pack is a real one: what a newcomer copies from it works."""

from __future__ import annotations

import textwrap
from pathlib import Path

from policy_rules.check import check_file

GUIDE = Path(__file__).parents[2] / "docs" / "add-an-organisation.md"


def _blocks() -> list[str]:
    lines = GUIDE.read_text("utf-8").splitlines()
    blocks: list[list[str]] = [[]]
    for line in lines:
        if line.startswith("    "):
            blocks[-1].append(line)
        elif blocks[-1]:
            blocks.append([])
    return [textwrap.dedent("\n".join(block)) for block in blocks if block]


def test_the_pack_of_the_guide_is_whole_and_its_example_comes_out(tmp_path: Path) -> None:
    parts = [block for block in _blocks() if block.startswith(("organisation:", "examples:"))]
    assert len(parts) == 2
    text = "\n".join(parts).replace("<of the text you read>", "0" * 64)
    path = tmp_path / "acme.yml"
    path.write_text(text, "utf-8")
    findings = check_file(path)
    # One example cannot show every part; the guide says to write more.
    assert all("no example shows" in finding for finding in findings), findings
    assert not any("'ack'" in finding for finding in findings)
