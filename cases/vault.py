"""The files of evidence on disk, each under an id of our own; what people call them never becomes a name here.

    evidence/<organisation>/<ab>/<id>              what was kept (`ab` is how its id begins), 0600
    evidence/quarantine/<organisation>/<ab>/<id>   what a scanner found something in; nothing reads it from there
    evidence/.incoming/<id>                        what is arriving; swept when its time is over

A file is put in its place before its row is written, so that no row is ever without its file.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_SAFE = re.compile(r"[A-Za-z0-9_-]{1,64}")
INCOMING, QUARANTINE = ".incoming", "quarantine"


@dataclass(frozen=True, slots=True)
class Vault:
    """The folder of all evidence. Names that could lead elsewhere are refused (ValueError)."""

    folder: Path

    def incoming(self, evidence_id: str) -> Path:
        """Where a file is written while it arrives; the folder is there."""
        self._folder(self.folder)
        return self._folder(self.folder / INCOMING) / _safe(evidence_id)

    def path(self, organisation: str, evidence_id: str) -> Path:
        """Where a kept file stands."""
        return self.folder / _safe(organisation) / _safe(evidence_id)[:2] / evidence_id

    def keep(self, arrived: Path, organisation: str, *, infected: bool = False) -> Path:
        """Put a file that has arrived in its place; on disk when this returns."""
        root = self._folder(self.folder / QUARANTINE) if infected else self.folder
        home = self._folder(self._folder(root / _safe(organisation)) / _safe(arrived.name)[:2])
        with arrived.open("rb") as file:
            os.fsync(file.fileno())
        kept = arrived.replace(home / arrived.name)
        for folder in (home, home.parent, root):
            _sync(folder)
        return kept

    def remove(self, organisation: str, evidence_id: str) -> None:
        """Take one file away, from quarantine too; nothing happens where there is none."""
        for root in (self.folder, self.folder / QUARANTINE):
            Vault(root).path(organisation, evidence_id).unlink(missing_ok=True)

    def standing(self) -> dict[tuple[str, str], Path]:
        """Every file that stands here, quarantine too, by organisation and id."""
        found: dict[tuple[str, str], Path] = {}
        for root in (self.folder, self.folder / QUARANTINE):
            for path in root.glob("*/??/*"):
                organisation, beginning, name = path.relative_to(root).parts
                if name.startswith(beginning) and organisation not in (QUARANTINE, INCOMING):
                    found[organisation, name] = path
        return found

    def sweep(self, before: float) -> int:
        """Take away what was still arriving before that time (seconds since the epoch); how many there were."""
        found = 0
        for path in self._in(self.folder / INCOMING):
            with contextlib.suppress(OSError):
                if path.stat().st_mtime < before:
                    path.unlink()
                    found += 1
        return found

    def _in(self, folder: Path) -> Iterator[Path]:
        with contextlib.suppress(FileNotFoundError):
            yield from folder.iterdir()

    def _folder(self, folder: Path) -> Path:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder


def _safe(name: str) -> str:
    if not _SAFE.fullmatch(name):
        raise ValueError("not a name of ours")
    return name


def _sync(folder: Path) -> None:
    # A new name survives a power cut only once the folder itself is on disk.
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
