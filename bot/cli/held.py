"""What is held of a person, written out for them: JSON for programs, a PDF and a page to read, and their files."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path
from typing import Any

from cases.vault import Vault
from handoff.letters.held import ROLES, TITLES, as_pdf, label_of

_HEAD = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>What we hold about you</title><style>
body{font:16px/1.5 sans-serif;max-width:45em;margin:2em auto;padding:0 1em}
dt{font-weight:bold}dd{margin:0 0 .5em 0;white-space:pre-wrap;overflow-wrap:anywhere}
section{border-top:1px solid;margin-top:2em}
</style></head><body><h1>What we hold about you</h1>
"""


def write_out(held: Mapping[str, Any], folder: Path, evidence_dir: Path) -> list[str]:
    """Write everything into a new folder that only its owner may read; the names of what is in it.

    FileExistsError where there is such a folder already.
    """
    folder.mkdir(mode=0o700, parents=True)
    text = json.dumps(held, ensure_ascii=False, indent=2) + "\n"
    _write(folder / "held.json", text.encode())
    _write(folder / "held.html", "".join(page(held)).encode())
    _write(folder / "held.pdf", as_pdf(held))
    return ["held.json", "held.pdf", "held.html", *_files(held, folder, Vault(evidence_dir))]


def page(held: Mapping[str, Any]) -> Iterator[str]:
    """The page, piece by piece; every word of it is escaped."""
    yield _HEAD
    yield f"<p>Written on {escape(str(held['exported_at'])[:10])}.</p>"
    for conversation in held["conversations"]:
        yield f"<section><h2>{escape(conversation['reference'])}</h2>"
        for record in conversation["records"]:
            yield f"<h3>Record {escape(str(record.get('reference')))}</h3>"
            yield from _list(record)
        yield "<h3>What was said</h3><dl>"
        for said in conversation["messages"]:
            who = ROLES.get(said["role"], said["role"])
            yield f"<dt>{escape(who)}, {escape(said['at'][:16])}</dt><dd>{escape(said['text'])}</dd>"
        yield "</dl>"
        for table, rows in conversation["rest"].items():
            yield f"<h3>{escape(TITLES.get(table, label_of(table)))}</h3>"
            for row in rows:
                yield from _list(row)
        yield "</section>"
    yield "</body></html>\n"


def _list(values: Mapping[str, Any]) -> Iterator[str]:
    yield "<dl>"
    for name, value in values.items():
        if value not in (None, "", [], {}):
            yield f"<dt>{escape(label_of(name))}</dt><dd>{_shown(value)}</dd>"
    yield "</dl>"


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return "".join(_list(value))
    if isinstance(value, list):
        return "".join(f"<div>{_shown(one)}</div>" for one in value)
    return escape(str(value))


def _files(held: Mapping[str, Any], folder: Path, vault: Vault) -> Iterator[str]:
    """Copies of what the person sent; what a scanner found something in is listed and not given out."""
    for conversation in held["conversations"]:
        for row in conversation["rest"].get("evidence", []):
            kept = vault.path(conversation["organisation"], row["id"])
            if row["scan"] == "infected" or not kept.is_file():
                continue
            plain = "".join(c if c.isalnum() or c in "._- " else "_" for c in row["name"]).lstrip(".")
            name = f"{row['id'][:8]}-{plain or 'file'}"
            shutil.copyfile(kept, folder / name)
            (folder / name).chmod(0o600)
            yield name


def _write(path: Path, content: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
