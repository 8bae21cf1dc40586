"""The measurement of the cases API works: every call is answered well, and its row stands beside the ceiling."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import case_calls


def test_each_call_is_answered_as_it_should_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(case_calls, "CASES", 60)
    figures = case_calls.measure_case_calls(tmp_path, rounds=1, seconds=4.0, say=lambda text: None)
    assert len(figures) == 3 * len(case_calls.CALLS)
    assert [figure.name for figure in figures if figure.note and "event" not in figure.name] == []
    assert all(figure.measured > 0 and figure.ceiling for figure in figures)
