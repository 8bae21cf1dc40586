"""What Hearout takes of a machine: how long it starts, how much it installs, and how fast the disk answers."""

from __future__ import annotations

import os
import re
import tempfile
import time
from importlib import metadata
from pathlib import Path

from bench.figures import Figure
from bench.turns import hearout

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 3.0
INSTALLED_MIB = 900.0
_LOCKED = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==", re.MULTILINE)


def warm_start(runs: int) -> Figure:
    """From the spawn of `hearout serve` on an empty folder to its first ready answer; one start before, uncounted."""
    took = []
    for _ in range(runs + 1):
        with tempfile.TemporaryDirectory() as folder, hearout(Path(folder)) as server:
            took.append(server.start_seconds)
    return Figure(
        "warm start, spawn to ready", took[1:], "s", f"<= {START_SECONDS:g} s", START_SECONDS,
        note=f"fastest {min(took[1:]):.2f} s",
    )  # fmt: skip


def installed_size() -> Figure:
    """The files of every distribution that requirements/run.txt locks, as this environment has them."""
    names = _LOCKED.findall((ROOT / "requirements" / "run.txt").read_text())
    total = sum(_bytes_of(name) for name in names)
    return Figure(
        "installed, run set",
        [total / 2**20],
        "MiB",
        f"<= {INSTALLED_MIB:g} MiB",
        INSTALLED_MIB,
        note=f"files of {len(names)} locked distributions; Python itself not counted",
    )


def _bytes_of(name: str) -> int:
    try:
        files = metadata.distribution(name).files or []
    except metadata.PackageNotFoundError:
        # Locked for other systems only.
        return 0
    paths = [Path(str(file.locate())) for file in files]
    return sum(path.stat().st_size for path in paths if path.is_file())


def disk(runs: int, folder: Path) -> Figure:
    """One write of 4 KiB and its sync: what each durable commit waits for, at the least."""
    took = []
    with tempfile.TemporaryFile(dir=folder) as file:
        for _ in range(max(runs, 3) * 20):
            began = time.perf_counter()
            file.write(b"x" * 4096)
            file.flush()
            os.fsync(file.fileno())
            took.append((time.perf_counter() - began) * 1000)
    return Figure("disk: 4 KiB written and synced", took, "ms", note="the floor of every durable turn")
