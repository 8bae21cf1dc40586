"""Adding to an organisation's settings file without touching what a person wrote there."""

from __future__ import annotations

import base64
import io
import os
import secrets
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap

from bot.overlay import BrokenOverlay, Overlay, parse_overlay

# Lists that are written as a,b in NAME=VALUE.
_LISTS = frozenset({"to"})


def entry_of(target: str, pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """An entry of `handoff` from NAME=VALUE; a dotted name reaches inside, as in fields.Subject=reference."""
    entry: dict[str, Any] = {"target": target}
    for name, value in pairs:
        *outer, last = name.split(".")
        place = entry
        for step in outer:
            place = place.setdefault(step, {})
            if not isinstance(place, dict):
                raise BrokenOverlay([f"'{name}' reaches into something that has a value already."])
        place[last] = [part.strip() for part in value.split(",")] if name in _LISTS else value
    return entry


def with_entry(text: str, entry: dict[str, Any], file: str) -> tuple[str, Overlay]:
    """The settings file with one more entry of `handoff`, its comments kept, and what it then says.

    BrokenOverlay when it was broken before, or would be. Without a list of its own the organisation had the folder:
    that is kept, as the first entry.
    """
    before = parse_overlay(text, file)
    yaml = YAML(typ="rt")
    yaml.preserve_quotes = True
    yaml.width = 4096
    yaml.indent(mapping=2, sequence=4, offset=2)
    document = yaml.load(text) if text.strip() else None
    if document is None:
        document = CommentedMap()
    entries = document.get("handoff")
    if entries is None:
        entries = document["handoff"] = [{"target": "folder"}]
    entries.append(entry)
    written = io.StringIO()
    yaml.dump(document, written)
    # A file of comments alone holds nothing that the library would carry over.
    head = text.rstrip() + "\n" if text.strip() and len(document) == 1 and before == Overlay() else ""
    head = head if head.lstrip().startswith("#") and head not in written.getvalue() else ""
    after = parse_overlay(head + written.getvalue(), file)
    if after.model_copy(update={"handoff": before.handoff}) != before or after.handoff[:-1] != before.handoff:
        raise BrokenOverlay(
            [f"{file}:1 cannot be changed by a program without changing more; add it by hand."]
        )
    return head + written.getvalue(), after


def write_whole(path: Path, text: str, mode: int = 0o640) -> None:
    """Write the file, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, part = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            os.fchmod(file.fileno(), path.stat().st_mode & 0o777 if path.exists() else mode)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(part).replace(path)
    except BaseException:
        Path(part).unlink(missing_ok=True)
        raise


def new_secret(path: Path) -> None:
    """A secret for webhooks in a file that only its owner reads; one that is there stays."""
    if not path.exists():
        write_whole(path, f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}\n", 0o600)
