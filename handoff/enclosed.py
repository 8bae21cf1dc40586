"""The files that a case record lists, for the targets that hand them over: where they stand, and a safe name."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cases.vault import Vault

log = logging.getLogger("hearout.handoff")

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
LONGEST_NAME = 80


@dataclass(frozen=True, slots=True)
class Enclosed:
    """One file that can be handed over. `name` is what the person called it, `safe_name` fits a folder and a header."""

    id: str
    name: str
    type: str
    size: int
    scan: str
    path: Path

    @property
    def safe_name(self) -> str:
        """The name in plain letters, with its ending."""
        stem, _, ending = self.name.rpartition(".")
        has_ending = re.fullmatch(r"[A-Za-z0-9]{1,8}", ending) is not None and stem != ""
        plain = _UNSAFE.sub("_", stem if has_ending else self.name).strip("._")[:LONGEST_NAME] or "file"
        return f"{plain}.{ending}" if has_ending else plain


def files_of(record: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The files among the evidence of a record."""
    return [entry for entry in record.get("evidence") or [] if entry.get("id")]


def enclosed(organisation: str, record: Mapping[str, Any], vault: Vault | None) -> Iterator[Enclosed]:
    """The files that may be handed over: what a scanner found something in stays where it is.

    One that has gone from the disk is logged and left out: the case itself must arrive.
    """
    for entry in files_of(record) if vault is not None else []:
        if entry.get("scan") == "infected":
            continue
        assert vault is not None  # noqa: S101 - the loop is empty without one
        path = vault.path(organisation, entry["id"])
        if not path.is_file():
            log.error("evidence %s of %s is not on disk", entry["id"], record.get("reference"))
            continue
        yield Enclosed(
            entry["id"],
            entry.get("name") or "file",
            entry.get("type") or "application/octet-stream",
            int(entry.get("size") or 0),
            entry.get("scan") or "unscanned",
            path,
        )


def fitting(
    organisation: str, record: Mapping[str, Any], vault: Vault | None, room: int
) -> list[tuple[Enclosed, bytes]]:
    """The files that fit into so many bytes, with what is in them, in the order in which they were sent."""
    found = []
    for file in enclosed(organisation, record, vault):
        if file.size <= room:
            found.append((file, file.path.read_bytes()))
            room -= file.size
    return found
