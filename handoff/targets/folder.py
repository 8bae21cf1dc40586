"""A folder: each delivery is one JSON file, the case record. Another program, or a person, takes it from there."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from handoff.target import Delivery, PermanentFailure, TransientFailure

_SAFE = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class FolderTarget:
    """Writes `<reference>.<delivery id>.json` into `path`; a reader never sees half a file."""

    path: Path

    async def deliver(self, item: Delivery) -> None:
        """Returns when the file and its name are on disk."""
        try:
            await asyncio.to_thread(self._write, item)
        except OSError as error:
            raise TransientFailure(
                f"the folder cannot be written: {error.strerror or type(error).__name__}"
            ) from error

    def _write(self, item: Delivery) -> None:
        if not (_SAFE.fullmatch(item.reference) and _SAFE.fullmatch(item.id)):
            raise PermanentFailure("the reference or the delivery id cannot be the name of a file")
        content = json.dumps(item.record, ensure_ascii=False, indent=2).encode() + b"\n"
        name = f"{item.reference}.{item.id}.json"
        self.path.mkdir(parents=True, exist_ok=True)
        handle, part = tempfile.mkstemp(prefix=f".{name}.", suffix=".part", dir=self.path)
        try:
            with os.fdopen(handle, "wb") as file:
                os.fchmod(file.fileno(), 0o640)
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(part).replace(self.path / name)
        except BaseException:
            Path(part).unlink(missing_ok=True)
            raise
        self._sync_folder()
        # What an attempt that was killed left behind: it holds the person's words and serves nobody.
        for leftover in self.path.glob(f".{name}.*.part"):
            with contextlib.suppress(OSError):
                leftover.unlink()

    def _sync_folder(self) -> None:
        # A new name survives a power cut only once the folder itself is on disk.
        handle = os.open(self.path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
