"""A folder: each delivery is one JSON file, the case record, and its files beside it.

Another program, or a person, takes it from there. The files are there before the record that lists them.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import os
import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from cases.vault import Vault
from handoff.enclosed import enclosed
from handoff.target import Delivery, PermanentFailure, TransientFailure

_SAFE = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class FolderTarget:
    """Writes `<reference>.<delivery id>.json` into `path`; a reader never sees half a file.

    With a `vault`, each file goes beside it as `<reference>.<file id>.<its name in plain letters>`.
    """

    path: Path
    vault: Vault | None = None

    async def deliver(self, item: Delivery) -> None:
        """Returns when the files and their names are on disk."""
        try:
            await asyncio.to_thread(self._write, item)
        except OSError as error:
            raise TransientFailure(
                f"the folder cannot be written: {error.strerror or type(error).__name__}"
            ) from error

    def _write(self, item: Delivery) -> None:
        if not (_SAFE.fullmatch(item.reference) and _SAFE.fullmatch(item.id)):
            raise PermanentFailure("the reference or the delivery id cannot be the name of a file")
        self.path.mkdir(parents=True, exist_ok=True)
        names = [f"{item.reference}.{item.id}.json"]
        for file in enclosed(item.organisation, item.record, self.vault):
            name = f"{item.reference}.{file.id}.{file.safe_name}"
            names.append(name)
            if not (self.path / name).exists():
                with file.path.open("rb") as source:
                    self._put(name, source)
        content = json.dumps(item.record, ensure_ascii=False, indent=2).encode() + b"\n"
        self._put(names[0], io.BytesIO(content))
        self._sync_folder()
        # What an attempt that was killed left behind: it holds the person's words and serves nobody.
        for written in names:
            for leftover in self.path.glob(f".{written}.*.part"):
                with contextlib.suppress(OSError):
                    leftover.unlink()

    def _put(self, name: str, source: IO[bytes]) -> None:
        """Write a file under another name, and give it its own once it is whole and on disk."""
        handle, part = tempfile.mkstemp(prefix=f".{name}.", suffix=".part", dir=self.path)
        try:
            with os.fdopen(handle, "wb") as file:
                os.fchmod(file.fileno(), 0o640)
                shutil.copyfileobj(source, file, 1 << 20)
                file.flush()
                os.fsync(file.fileno())
            Path(part).replace(self.path / name)
        except BaseException:
            Path(part).unlink(missing_ok=True)
            raise

    def _sync_folder(self) -> None:
        # A new name survives a power cut only once the folder itself is on disk.
        handle = os.open(self.path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
