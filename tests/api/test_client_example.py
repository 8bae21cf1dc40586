"""The client in docs/api.md does what the page says, against a real server; the page names every kind and scope."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from cases.closing import OUTCOMES
from cases.keys import SCOPES
from cases.told import SHAPES
from tests.api.registered import CASES, FIRST, RESTRICTED, SECOND, register

PAGE = Path(__file__).parents[2] / "docs" / "api.md"


def example() -> str:
    (found,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    return str(found)


def run(file: Path, url: str, key: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "HEAROUT_URL": url, "HEAROUT_CASE_KEY": key}
    return subprocess.run(
        [sys.executable, str(file)], env=environment, capture_output=True, text=True, timeout=60, check=False
    )


def test_the_client_acknowledges_every_case_once(tmp_path: Path) -> None:
    file = tmp_path / "client.py"
    file.write_text(example())
    with register(tmp_path / "var") as kept:
        done = run(file, kept.server.url, kept.keys["all"])
        assert (done.returncode, done.stderr) == (0, "")
        acknowledged = {line.split()[0] for line in done.stdout.splitlines()}
        assert acknowledged == {FIRST, SECOND, RESTRICTED}
        assert "acknowledge met due" in done.stdout
        assert run(file, kept.server.url, kept.keys["all"]).stdout == ""
        with kept.client("all") as client:
            assert client.get(f"{CASES}/{FIRST}").json()["progress"] == "acknowledged"


def test_the_client_tells_why_it_was_refused(tmp_path: Path) -> None:
    file = tmp_path / "client.py"
    file.write_text(example())
    with register(tmp_path / "var") as kept:
        done = run(file, kept.server.url, kept.keys["reader"])
        assert done.returncode == 1
        assert "cases:write" in done.stderr
        assert "Traceback" not in done.stderr


def test_the_page_names_every_event_scope_and_outcome() -> None:
    text = PAGE.read_text()
    assert [word for word in (*SHAPES, *SCOPES, *OUTCOMES) if f"`{word}`" not in text] == []
