"""What a server asks of the kernel, as strace tells it: was the log of the database on disk before each reply?

`python -m tests.faults.syscalls` brings strace where it can (Debian, as root); without it the test says so.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

# No reads: starting Python makes thousands of them, and each one that is traced stops the process twice.
CALLS = "write,writev,sendto,sendmsg,pwrite64,fsync,fdatasync"
_LINE = re.compile(r"^(?P<pid>\d+) +(?P<rest>.*)$")
_RESUMED = re.compile(r"^<\.\.\. (?P<call>\w+) resumed>")


@dataclass(frozen=True, slots=True)
class Call:
    """One system call; `began` and `ended` are places in the order of events. `text` holds its arguments."""

    name: str
    text: str
    began: int
    ended: int


def tracer(out: Path) -> list[str]:
    """The command that runs another one under strace; FileNotFoundError when there is none that works."""
    strace = shutil.which("strace")
    if (
        strace is None
        or subprocess.run(
            [strace, "-f", "--seccomp-bpf", "-qq", "-o", os.devnull, "true"], check=False
        ).returncode
    ):
        raise FileNotFoundError(
            "strace is not here, or may not trace: Debian has it (apt-get install strace)"
        )
    return [
        strace,
        "-f",
        "-qq",
        "-y",
        "-s",
        "48",
        "-e",
        f"trace={CALLS}",
        "-e",
        "signal=none",
        "-o",
        str(out),
    ]


def calls(lines: Iterable[str]) -> list[Call]:
    """The calls of a trace; one that another thread interrupted is put together again."""
    open_calls: dict[str, tuple[str, int]] = {}
    found = []
    for place, line in enumerate(lines):
        match = _LINE.match(line)
        if match is None:
            continue
        pid, rest = match["pid"], match["rest"]
        began = place
        resumed = _RESUMED.match(rest)
        if rest.endswith("<unfinished ...>"):
            open_calls[pid] = (rest.removesuffix("<unfinished ...>"), place)
            continue
        if resumed is not None and pid in open_calls:
            start, began = open_calls.pop(pid)
            rest = start + rest[resumed.end() :]
        name = rest.partition("(")[0]
        found.append(Call(name, rest, began, place))
    return found


def unsynced_replies(trace: list[Call], messages: int) -> list[str]:
    """Of the last replies, one to each of so many messages sent one by one: those that came before their sync."""
    answers = [call for call in trace if '"HTTP/1.1 200' in call.text][-messages - 1 :]
    found = []
    for before, answer in pairwise(answers):
        written = [c for c in trace if _is_log_write(c) and before.ended < c.began < answer.began]
        if not written:
            found.append("a reply before anything was written")
        elif not _synced(trace, max(c.ended for c in written), answer.began):
            found.append("a reply before what was written was synced")
    return found


def _is_log_write(call: Call) -> bool:
    return call.name == "pwrite64" and "-wal>" in call.text


def _synced(trace: list[Call], after: int, before: int) -> bool:
    return any(
        c.name in ("fsync", "fdatasync")
        and "-wal>" in c.text
        and c.text.endswith("= 0")
        and after < c.began
        and c.ended < before
        for c in trace
    )


def main() -> int:
    """Bring strace where that is easy. Never fails: its test tells what is missing."""
    if (
        shutil.which("strace") is None
        and shutil.which("apt-get")
        and hasattr(os, "geteuid")
        and os.geteuid() == 0
    ):
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        package = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "strace"]
        subprocess.run(package, env=quiet, check=False, stdout=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
