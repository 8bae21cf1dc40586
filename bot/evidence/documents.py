"""Word processors' documents: zip archives that are looked at by their table of contents and never unpacked.

What is refused: what is no document, macros, encryption, and archives made to swell or to be two things at once.
"""

from __future__ import annotations

import struct
import zipfile
from pathlib import Path

MAX_ENTRIES = 4000
MAX_TABLE = 1 << 20
# A long report with its pictures unpacks to some ten times its size; a bomb to thousands of times.
MAX_UNPACKED = 300_000_000
MAX_SWELLING = 200
SWELLING_FROM = 5_000_000
_END = struct.Struct("<4s4H2LH")
_LOCAL = 30
_ODT = b"application/vnd.oasis.opendocument.text"


class Unsafe(ValueError):
    """Not a document, or one that nobody should open."""


def kind_of(path: Path) -> str:
    """docx or odt. Unsafe for every other archive."""
    _check_table(path)
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            _check_entries(entries, path.stat().st_size)
            names = {entry.filename for entry in entries}
            if any(name.lower().endswith("vbaproject.bin") or name.startswith("Basic/") for name in names):
                raise Unsafe
            if "[Content_Types].xml" in names and "word/document.xml" in names:
                return "docx"
            first = entries[0]
            if first.filename == "mimetype" and first.file_size == len(_ODT) and "content.xml" in names:
                return "odt" if archive.read(first) == _ODT else ""
    except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise Unsafe from error
    raise Unsafe


def _check_table(path: Path) -> None:
    """The table of contents is small and ends the file: before anything is read into memory."""
    size = path.stat().st_size
    if size < _END.size:
        raise Unsafe
    with path.open("rb") as file:
        file.seek(-_END.size, 2)
        mark, disk, first_disk, here, entries, length, offset, comment = _END.unpack(file.read())
    # With a comment the mark would stand further in front, and so it does where another file was hung on.
    plain = mark == b"PK\x05\x06" and (disk, first_disk, comment) == (0, 0, 0) and here == entries
    if not plain or entries > MAX_ENTRIES or length > MAX_TABLE or offset + length != size - _END.size:
        raise Unsafe


def _check_entries(entries: list[zipfile.ZipInfo], size: int) -> None:
    """Nothing overlaps, swells beyond reason, is encrypted or points elsewhere."""
    ordered = sorted(entries, key=lambda entry: entry.header_offset)
    if not ordered or ordered[0].header_offset != 0:
        raise Unsafe
    ends = [entry.header_offset for entry in ordered[1:]] + [size]
    for entry, end in zip(ordered, ends, strict=True):
        swells = entry.file_size > max(SWELLING_FROM, MAX_SWELLING * entry.compress_size)
        overlaps = entry.header_offset + _LOCAL + entry.compress_size > end
        strange = entry.flag_bits & 0x1 or entry.filename.startswith("/") or ".." in entry.filename.split("/")
        if swells or overlaps or strange:
            raise Unsafe
    if sum(entry.file_size for entry in entries) > MAX_UNPACKED:
        raise Unsafe
