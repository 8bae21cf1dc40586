"""The scanner is asked over its socket; whatever it does, a file is clean, infected or unscanned."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.evidence.scanner import Clamd, scanner_of
from tests.evidence.clamd import SIGNATURE, clamd

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("by", ["unix", "tcp"])
async def test_what_is_sent_is_looked_at_whole(tmp_path: Path, by: str) -> None:
    good, bad = tmp_path / "good", tmp_path / "bad"
    good.write_bytes(b"x" * 200_001)
    bad.write_bytes(b"y" * 70_000 + SIGNATURE)
    with clamd(tmp_path / "socket" if by == "unix" else None) as (address, fake):
        scanner = scanner_of(address, 5)
        assert await scanner.scan(good) == "clean"
        assert await scanner.scan(bad) == "infected"
        assert [len(seen) for seen in fake.seen] == [200_001, 70_000 + len(SIGNATURE)]


@pytest.mark.parametrize("mood", ["silent", "broken", "refusing"])
async def test_a_scanner_in_trouble_leaves_a_file_unscanned(tmp_path: Path, mood: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * 500_000)
    with clamd(tmp_path / "socket") as (address, fake):
        fake.mood = mood
        assert await Clamd(address, 0.4).scan(path) == "unscanned"


async def test_no_scanner_and_none_there_leave_it_unscanned(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x")
    assert await scanner_of("", 5).scan(path) == "unscanned"
    assert await scanner_of(f"unix:{tmp_path}/nobody", 5).scan(path) == "unscanned"
    assert await scanner_of("tcp:127.0.0.1:1", 5).scan(path) == "unscanned"
