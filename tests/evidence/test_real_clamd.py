"""What people send is looked at by a real clamd. Run by `make test-rt` alone, which brings it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.evidence.scanner import scanner_of
from tests.evidence.real_clamd import BAD, real_clamd

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    # The path of a socket is short.
    with real_clamd(tmp_path_factory.mktemp("c")) as (found, _):
        yield found


async def test_a_virus_is_found_and_a_letter_is_clean(address: str, tmp_path: Path) -> None:
    good, bad = tmp_path / "letter.txt", tmp_path / "bad.txt"
    good.write_bytes(b"Dear Sir or Madam. " * 20_000)
    bad.write_bytes(BAD)
    scanner = scanner_of(address, 20)
    assert await scanner.scan(good) == "clean"
    assert await scanner.scan(bad) == "infected"
    assert await scanner.scan(good) == "clean"


async def test_what_is_too_long_for_it_is_unscanned_and_never_called_clean(
    address: str, tmp_path: Path
) -> None:
    long = tmp_path / "long.bin"
    long.write_bytes(b"x" * 3_000_000)
    assert await scanner_of(address, 20).scan(long) == "unscanned"


async def test_one_that_has_died_leaves_a_file_unscanned(tmp_path: Path) -> None:
    letter = tmp_path / "letter.txt"
    letter.write_bytes(b"Dear Sir or Madam.")
    with real_clamd(tmp_path / "c") as (found, process):
        assert await scanner_of(found, 20).scan(letter) == "clean"
        process.kill()
        process.wait(20)
        assert await scanner_of(found, 5).scan(letter) == "unscanned"
        # Its socket still stands there, and nobody listens.
        with socket.socket(socket.AF_UNIX) as probe, pytest.raises(ConnectionRefusedError):
            probe.connect(found.removeprefix("unix:"))
