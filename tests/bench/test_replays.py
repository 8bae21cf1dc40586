"""The measurement of a replay works: every generated case is decided both ways, and a short box says what it left."""

from __future__ import annotations

from pathlib import Path

from bench import replays


def test_a_small_register_is_replayed_whole(tmp_path: Path) -> None:
    whole, short, page = replays.measured(tmp_path, 600)
    assert (whole.cases, whole.looked_at, whole.unread) == (600, 600, 0)
    assert whole.changed["dates"] > 0
    assert whole.changed["elsewhere"] == 0
    assert 0 < whole.recent < 600
    assert 0 < whole.combinations < 600
    assert any(kind.hidden for kind in whole.kinds)
    assert 0 < page < whole.seconds
    assert short.cases == 600
