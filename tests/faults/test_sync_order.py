"""A kill leaves what the kernel holds; a power cut does not. So: each reply follows a finished sync of the log."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from bench.client import Connection
from bench.load import PATH, message
from bench.servers import free_port, hearout_command, running, settings
from tests.faults import syscalls

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="strace is a tool of Linux")
MINI = Path(__file__).parents[1] / "policy_rules" / "packs"
WORDS = [
    "My parcel was late.",
    "/SetSlots(nature=complaint, subject=service, stage_reached=none)",
    "It cost me a day.",
]


async def talk(port: int) -> None:
    connection, sender = await Connection.open(port), secrets.token_hex(16)
    for number, words in enumerate(WORDS):
        status, reply = await connection.request("POST", PATH, message("mini", sender, words, f"m{number}"))
        assert status == 200, reply
    connection.hang_up()


def traced(folder: Path, fault: str | None = None) -> list[syscalls.Call]:
    """The calls of a server that three messages were sent to."""
    port, out = free_port(), folder / "trace"
    command = [sys.executable, "-m", "tests.faults.planted", fault] if fault else hearout_command("serve")
    try:
        under = syscalls.tracer(out)
    except FileNotFoundError as missing:
        pytest.skip(str(missing))
    environment = settings(folder, HEAROUT_PACKS_DIR=str(MINI), HEAROUT_DELIVERY="off")
    with running([*under, *command, "--port", str(port)], environment, port, folder / "log") as server:
        try:
            asyncio.run(talk(port))
        finally:
            # strace ends when what it traces has ended, and not before.
            children = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
            for child in children:
                os.kill(int(child), signal.SIGKILL)
    return syscalls.calls(out.read_text(errors="replace").splitlines())


def test_each_reply_follows_a_finished_sync_of_what_was_written(tmp_path: Path) -> None:
    assert syscalls.unsynced_replies(traced(tmp_path), len(WORDS)) == []


@pytest.mark.parametrize("fault", ["acknowledge-before-commit", "no-sync"])
def test_a_reply_that_comes_too_early_is_caught(tmp_path: Path, fault: str) -> None:
    assert syscalls.unsynced_replies(traced(tmp_path, fault), len(WORDS)) != []


def test_a_call_that_another_thread_interrupted_is_put_together_again() -> None:
    trace = syscalls.calls(
        [
            '1 write(9<TCP:[1]>, "HTTP/1.1 200 OK\\r\\n"..., 300) = 300',
            '2 pwrite64(7</d/hearout.db-wal>, "x"..., 4096, 32) = 4096',
            "2 fdatasync(7</d/hearout.db-wal> <unfinished ...>",
            '1 write(3<pipe:[2]>, "\\0", 1) = 1',
            "2 <... fdatasync resumed>) = 0",
            '1 write(9<TCP:[1]>, "HTTP/1.1 200 OK\\r\\n"..., 900) = 900',
        ]
    )
    assert [call.name for call in trace] == ["write", "pwrite64", "write", "fdatasync", "write"]
    assert syscalls.unsynced_replies(trace, 1) == []
    early = [replace(call, began=i, ended=i) for i, call in enumerate([*trace[:2], trace[4], trace[3]])]
    assert syscalls.unsynced_replies(early, 1) == ["a reply before what was written was synced"]
    unwritten = [trace[0], trace[4]]
    assert syscalls.unsynced_replies(unwritten, 1) == ["a reply before anything was written"]
