"""Servers that are born and killed: `hearout serve` as its own program, or as a fork of a process that has imported it.

Most of a start is reading libraries. The nursery does that once and forks; each child then runs the same `serve`
command from its first line, and is a process with a pid of its own, killed like any other.

    python -m tests.faults.processes        the nursery: see `Nursery`
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from bench.servers import hearout_command


class Life(Protocol):
    """A server process."""

    pid: int

    def end(self) -> None:
        """SIGKILL, and gone when this returns; may be called twice."""


class Program:
    """`hearout serve` started as any operator would."""

    def __init__(self, port: int, environment: Mapping[str, str], log: Path, fault: str | None) -> None:
        own = [sys.executable, "-m", "tests.faults.planted", fault] if fault else hearout_command("serve")
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [*own, "--port", str(port)], env=dict(environment), stdout=output, stderr=output
            )
        self.pid = self._process.pid

    def end(self) -> None:
        self._process.kill()
        self._process.wait()


class Nursery:
    """A process that has imported everything and forks a server when asked. One request under way at a time."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            # Threads of a numeric library would not survive a fork.
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
        )
        self._ask({"warm": True})

    def start(self, port: int, environment: Mapping[str, str], log: Path, fault: str | None) -> Child:
        """A new server; it is not ready yet."""
        return Child(
            self,
            self._ask({"port": port, "environment": dict(environment), "log": str(log), "fault": fault}),
        )

    def reap(self, pid: int) -> None:
        """Return when the killed child is gone, and its locks with it."""
        self._ask({"reap": pid})

    def close(self) -> None:
        """End the nursery, and whatever it still has."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(timeout=20)
        self._process.stdout.close()

    def _ask(self, request: dict[str, object]) -> int:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError("the nursery ended")
        return int(answer)


class Child:
    """A server that the nursery forked."""

    def __init__(self, nursery: Nursery, pid: int) -> None:
        self._nursery = nursery
        self.pid = pid
        self._ended = False

    def end(self) -> None:
        # Once it is reaped its number may be another's.
        if not self._ended:
            self._ended = True
            os.kill(self.pid, signal.SIGKILL)
            self._nursery.reap(self.pid)


def nurse() -> None:
    """Serve the requests of a `Nursery` until its input ends."""
    from bot.cli import serving  # noqa: F401 - read now, so that no child has to
    from bot.understanding.reader import Reader

    # The phrase files are read once too: understanding is the same in every child, and nothing is stored in it.
    reader = Reader.load()
    Reader.load = classmethod(lambda *_: reader)  # type: ignore[method-assign, assignment]
    alive: set[int] = set()
    for line in sys.stdin:
        request = json.loads(line)
        if "reap" in request:
            os.waitpid(request["reap"], 0)
            alive.discard(request["reap"])
            answer = request["reap"]
        elif "warm" in request:
            answer = os.getpid()
        else:
            answer = os.fork()
            if answer == 0:
                _become_a_server(request)
            alive.add(answer)
        sys.stdout.write(f"{answer}\n")
        sys.stdout.flush()
    for pid in alive:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def _become_a_server(request: dict[str, object]) -> None:
    """Turn this fork into `hearout serve`; never returns."""
    from tests.faults.planted import serve

    try:
        log = os.open(str(request["log"]), os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for theirs, ours in ((nothing, 0), (log, 1), (log, 2)):
            os.dup2(theirs, ours)
        environment = request["environment"]
        assert isinstance(environment, dict)
        os.environ.clear()
        os.environ.update(environment)
        fault = request["fault"]
        serve(str(fault) if fault else None, ["--port", str(request["port"])])
    finally:
        os._exit(70)


if __name__ == "__main__":
    nurse()
