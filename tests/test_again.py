from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests import again

# A test that fails the first time and holds the second.
STUMBLES = """
import pathlib

import pytest


@pytest.mark.parametrize("number", range({count}))
def test_stumbles(number, tmp_path_factory):
    seen = pathlib.Path(__file__).with_name(f"seen-{{number}}")
    there = seen.exists()
    seen.touch()
    assert there
"""
PLUGIN = """
from tests import again

again.TESTS = __import__("pathlib").Path(__file__).parent


def pytest_configure(config):
    config.pluginmanager.register(again.Again())
"""


def held(folder: Path, kind: str, count: int) -> subprocess.CompletedProcess[str]:
    (folder / kind).mkdir()
    (folder / "conftest.py").write_text(PLUGIN)
    (folder / kind / "test_stumbles.py").write_text(STUMBLES.format(count=count))
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", folder, folder],
        cwd=Path(__file__).parent.parent,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_what_drives_processes_is_held_again_and_named(tmp_path: Path) -> None:
    run = held(tmp_path, "widget", 2)
    assert run.returncode == 0, run.stdout
    assert "held a second time" in run.stdout
    assert "test_stumbles[1]" in run.stdout.split("held a second time")[1]


def test_more_than_a_handful_is_no_accident(tmp_path: Path) -> None:
    run = held(tmp_path, "widget", again.MOST + 1)
    assert run.returncode == pytest.ExitCode.TESTS_FAILED
    assert "no accident" in run.stdout


def test_pure_code_is_never_held_again(tmp_path: Path) -> None:
    run = held(tmp_path, "policy_rules", 1)
    assert run.returncode == pytest.ExitCode.TESTS_FAILED
    assert "1 failed" in run.stdout
    assert "held a second time" not in run.stdout
