"""One process at a time writes a SQLite store: a lock on a file beside it, held as long as the store is open.

The kernel gives the lock back when its holder ends, however it ends, so a killed process leaves nothing stale.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from pathlib import Path


class StoreBusy(RuntimeError):
    """Another process has the store open for writing; `pid` is None when it could not be read."""

    def __init__(self, path: Path, pid: int | None) -> None:
        holder = f"process {pid}" if pid else "another process"
        super().__init__(
            f"{path} is open for writing in {holder}; stop it first, or use PostgreSQL for several."
        )
        self.path = path
        self.pid = pid


class WriterLock:
    """The lock for one database file; raises StoreBusy when another process holds it."""

    def __init__(self, database: Path) -> None:
        path = database.with_name(database.name + ".lock")
        self._handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.pread(self._handle, 32, 0).decode("ascii", "replace").strip()
            os.close(self._handle)
            raise StoreBusy(database, int(holder) if holder.isdigit() else None) from error
        os.ftruncate(self._handle, 0)
        os.pwrite(self._handle, f"{os.getpid()}\n".encode("ascii"), 0)

    def release(self) -> None:
        """Give the lock back; the file stays, since removing it would let two processes lock two files."""
        if self._handle >= 0:
            with contextlib.suppress(OSError):
                os.ftruncate(self._handle, 0)
            os.close(self._handle)
            self._handle = -1
