"""The comparison with other widgets counts what it says, and loads nothing that was not pinned."""

from __future__ import annotations

import dataclasses
import gzip
from pathlib import Path

import pytest

from bench import peers
from bench.faces import Face, faces_table, measured

DIST = Path(__file__).parents[2] / "web_widget" / "dist"


@pytest.mark.browser
def test_ours_is_weighed_as_it_arrives() -> None:
    closed, opened = measured(1, ())
    loader = len(gzip.compress((DIST / "hearout-loader.js").read_bytes(), 9))
    # The file and its headers.
    assert loader < closed.bytes < loader + 1_000
    assert (closed.requests, closed.foreign) == (1, 0)
    assert (opened.requests, opened.foreign) == (2, 0)
    assert opened.bytes > len(gzip.compress((DIST / "hearout-chat.js").read_bytes(), 9))


def test_a_package_that_is_not_the_pinned_one_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = dataclasses.replace(peers.PEERS[0], integrity="sha512-other")
    monkeypatch.setattr(peers, "CACHE", tmp_path)

    def npm(*_: object, **__: object) -> None:
        (tmp_path / f"{other.name}-{other.version}.tgz").write_bytes(b"not what was asked for")

    monkeypatch.setattr("bench.peers.subprocess.run", npm)
    with pytest.raises(RuntimeError, match="when it was pinned"):
        peers.fetched(other)
    assert not other.path.exists()


def test_the_table_has_ratios(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = [
        dataclasses.replace(face, bytes=bytes_, requests=1, beyond=beyond)
        for face, bytes_, beyond in (
            (_face("closed"), 1_000, 0.1),
            (_face("open"), 20_000, 0.2),
            (_face("peer"), 110_000, 1.0),
        )
    ]
    monkeypatch.setattr("bench.faces.measured", lambda _: ours)
    last = faces_table().splitlines()[-1].split()
    assert last == ["peer", "110.0", "5.5", "1", "0", "1.00", "5.0"]


def _face(name: str) -> Face:
    return Face(name, "", "")
