"""Starting and ending real server processes, each on a free port of its own and ended by its own pid."""

from __future__ import annotations

import http.client
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.client import HOST

START_SECONDS = 60.0
POLL_SECONDS = 0.005


class NotStarted(RuntimeError):
    """A server ended, or was not ready in time; the message holds the end of what it said."""


@dataclass(frozen=True, slots=True)
class Server:
    """A server that is ready. `start_seconds` is from its spawn to its first 200."""

    process: subprocess.Popen[bytes]
    port: int
    start_seconds: float

    @property
    def pid(self) -> int:
        return self.process.pid


def free_port() -> int:
    """A TCP port on this machine's own address that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def hearout_command(*arguments: str) -> list[str]:
    """The command line of the installed `hearout`, the one beside this Python."""
    beside = Path(sys.executable).with_name("hearout")
    found = str(beside) if beside.exists() else shutil.which("hearout")
    return [found, *arguments] if found else [sys.executable, "-m", "bot", *arguments]


def settings(folder: Path, **others: str) -> dict[str, str]:
    """The environment of a server under load: its own data folder, no limits; nothing of ours from outside."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("HEAROUT_")}
    return {**inherited, "HEAROUT_DATA_DIR": str(folder), "HEAROUT_LIMITS": "off", **others}


@contextmanager
def running(
    command: Sequence[str], environment: Mapping[str, str], port: int, log: Path, ready: str = "/readyz"
) -> Iterator[Server]:
    """A server process, ended when the block ends. Its output goes to `log`, as it would under a supervisor."""
    began = time.perf_counter()
    with log.open("ab") as output:
        process = subprocess.Popen(command, env=dict(environment), stdout=output, stderr=output)
    try:
        wait_until_ready(port, ready, process, log)
        yield Server(process, port, time.perf_counter() - began)
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_until_ready(port: int, path: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Return at the first 200; NotStarted when the process ends or the time is over."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise NotStarted(f"the server ended with {process.returncode}: {log.read_text()[-800:]}")
        if is_ready(port, path):
            return
        time.sleep(POLL_SECONDS)
    raise NotStarted(f"the server was not ready in {START_SECONDS:.0f} seconds: {log.read_text()[-800:]}")


def is_ready(port: int, path: str) -> bool:
    """Whether a GET of the path is answered 200."""
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def resident_mib(pid: int) -> float:
    """The memory that a process holds, in MiB."""
    status = Path(f"/proc/{pid}/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmRSS:"))
        return int(line.split()[1]) / 1024
    told = subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], check=True, capture_output=True, text=True)
    return int(told.stdout) / 1024


def cpu_seconds(pid: int) -> float | None:
    """User and system time that a process has taken so far; None where the system does not tell."""
    stat = Path(f"/proc/{pid}/stat")
    if not stat.exists():
        return None
    fields = stat.read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
