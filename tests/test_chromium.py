from __future__ import annotations

from pathlib import Path

import pytest

from tests import chromium


def test_the_browser_that_was_chosen_by_hand_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = tmp_path / "my-browser"
    mine.write_text("#!/bin/sh\n")
    mine.chmod(0o755)
    monkeypatch.setenv("HEAROUT_CHROMIUM", str(mine))
    assert chromium.require() == str(mine)


def test_a_chosen_browser_that_is_not_there_fails_and_is_never_replaced_in_silence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HEAROUT_CHROMIUM", "no-such-browser")
    with pytest.raises(chromium.NoChromiumError, match="no-such-browser"):
        chromium.require()


def test_no_browser_at_all_fails_and_says_the_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HEAROUT_CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(chromium, "_fetched_by_playwright", lambda: None)
    with pytest.raises(chromium.NoChromiumError, match="HEAROUT_CHROMIUM"):
        chromium.require()


def test_a_program_that_only_says_how_to_get_a_browser_is_not_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stub = tmp_path / "chromium"
    stub.write_text("#!/bin/sh\nexit 1\n")
    stub.chmod(0o755)
    monkeypatch.delenv("HEAROUT_CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(chromium, "_fetched_by_playwright", lambda: None)
    assert chromium.find() is None
