"""A process is killed while it writes: whatever it said was kept is there. The net is shown to catch its fault."""

from __future__ import annotations

import random
import subprocess
import sys
import time

import pytest

from cases import conversations as conv
from cases.store import Store, open_store


def _talk_and_kill(url: str, *fault: str, after: float) -> dict[int, int]:
    """Let the talker talk for `after` seconds, kill -9; the last turn of each client that it said was kept."""
    talker = subprocess.Popen(
        [sys.executable, "-m", "tests.cases.talker", url, *fault], stdout=subprocess.PIPE, text=True
    )
    assert talker.stdout is not None
    first = talker.stdout.readline()
    time.sleep(after)
    talker.kill()
    said = [first, *talker.stdout]
    talker.stdout.close()
    talker.wait()
    told: dict[int, int] = {}
    for line in said:
        if line.endswith("\n"):
            client, number = map(int, line.split())
            told[client] = number
    return told


def _lost(url: str, told: dict[int, int]) -> int:
    """How many clients were told of a turn that is not there; also that nothing is there by halves or twice."""
    store = open_store(url)
    try:
        return sum(_versions_kept(store, client) < number + 1 for client, number in told.items())
    finally:
        store.close()


def _versions_kept(store: Store, client: int) -> int:
    found = store.read_sync(lambda conn: conv.find(conn, "cqm", f"k{client}"))
    if found is None:
        return 0
    rows = store.read_sync(lambda conn: conv.messages_after(conn, "cqm", found.id, 0))
    assert [row.seq for row in rows] == list(range(1, 2 * found.version + 1))
    assert [row.message_id for row in rows[::2]] == [f"m{turn}" for turn in range(found.version)]
    return found.version


@pytest.mark.parametrize("seed", range(3))
def test_what_a_killed_process_acknowledged_is_kept(sqlite_url: str, seed: int) -> None:
    told = _talk_and_kill(sqlite_url, after=random.Random(seed).uniform(0.05, 0.3))  # noqa: S311
    assert told
    assert _lost(sqlite_url, told) == 0


def test_a_writer_that_acknowledges_before_its_commit_is_caught(sqlite_url: str) -> None:
    assert _lost(sqlite_url, _talk_and_kill(sqlite_url, "early", after=0.0)) > 0
