"""JPEG and PNG without what stands in them beside the picture: where it was taken, with what, by whom.

The picture itself is copied byte for byte, so that evidence stays what it was. Of the rest only which way is up and
the time of taking are kept. What hangs behind the end of a picture is left out: it is no part of it.
"""

from __future__ import annotations

import re
import struct
from typing import IO

_STANDALONE = frozenset([0x01, *range(0xD0, 0xD8)])
_FRAMES = frozenset([*range(0xC0, 0xC4), *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0)])
_ORIENTATION, _EXIF_IFD, _TAKEN = 0x0112, 0x8769, 0x9003
_TIME = re.compile(rb"\d{4}:\d\d:\d\d \d\d:\d\d:\d\d\x00")
# Colour, transparency, size on paper, animation: what a picture needs to look as it did.
_PNG_KEPT = frozenset(
    b"IHDR PLTE IDAT IEND tRNS gAMA cHRM sRGB iCCP bKGD pHYs sBIT hIST sPLT acTL fcTL fdAT cICP mDCV cLLI".split()
)


class Damaged(ValueError):
    """The bytes do not follow the format."""


def strip_jpeg(data: memoryview, out: IO[bytes]) -> None:
    """Copy a JPEG without its metadata. Damaged when it is none."""
    exif = _small_exif(data)
    out.write(b"\xff\xd8")
    position, frames, scans = 2, 0, 0
    wrote_exif = False
    while True:
        marker, position = _marker(data, position)
        if marker is None or marker == 0xD9:
            break
        if marker in _STANDALONE:
            out.write(bytes((0xFF, marker)))
            continue
        segment = _segment(data, position)
        if not wrote_exif and marker != 0xE0:
            out.write(exif)
            wrote_exif = True
        if _is_kept(marker, segment):
            out.write(bytes((0xFF, marker)))
            out.write(segment)
        position += len(segment)
        frames += marker in _FRAMES
        if marker == 0xDA:
            scans += 1
            end = _end_of_scan(data, position)
            out.write(data[position:end])
            position = end
    if not frames or not scans:
        raise Damaged
    out.write(b"\xff\xd9")


def _marker(data: memoryview, position: int) -> tuple[int | None, int]:
    """The marker that begins here, and the place behind it; None at the end of the data."""
    if position + 1 >= len(data):
        return None, position
    if data[position] != 0xFF:
        raise Damaged
    while position < len(data) and data[position] == 0xFF:
        position += 1
    if position >= len(data):
        return None, position
    return data[position], position + 1


def _segment(data: memoryview, position: int) -> memoryview:
    """The length and the content of a segment."""
    if position + 2 > len(data):
        raise Damaged
    length = int.from_bytes(data[position : position + 2], "big")
    if length < 2 or position + length > len(data):
        raise Damaged
    return data[position : position + length]


def _is_kept(marker: int, segment: memoryview) -> bool:
    content = bytes(segment[2:16])
    if marker == 0xE0:
        return content.startswith(b"JFIF\x00")
    if marker == 0xE2:
        return content.startswith(b"ICC_PROFILE\x00")
    if marker == 0xEE:
        return content.startswith(b"Adobe")
    return not (0xE0 <= marker <= 0xEF or marker == 0xFE)


def _end_of_scan(data: memoryview, position: int) -> int:
    """Where the next marker begins that is part of the file, and not of the compressed picture."""
    for found in re.finditer(rb"\xff[^\x00\xd0-\xd7\xff]", data[position:]):
        return position + found.start()
    return len(data)


def _small_exif(data: memoryview) -> bytes:
    """A segment with which way is up and the time of taking; b"" where neither is told."""
    position = 2
    while True:
        marker, position = _marker(data, position)
        if marker is None or marker in (0xDA, 0xD9):
            return b""
        if marker in _STANDALONE:
            continue
        segment = _segment(data, position)
        position += len(segment)
        if marker == 0xE1 and bytes(segment[2:8]) == b"Exif\x00\x00":
            try:
                return _built(*_read_exif(bytes(segment[8:])))
            except (struct.error, IndexError):
                return b""


def _read_exif(tiff: bytes) -> tuple[int, bytes | None]:
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None:
        return 1, None
    (offset,) = struct.unpack_from(f"{order}L", tiff, 4)
    first = _directory(tiff, order, offset)
    upright, taken = 1, None
    if _ORIENTATION in first:
        (upright,) = struct.unpack_from(f"{order}H", tiff, first[_ORIENTATION])
    if _EXIF_IFD in first:
        (offset,) = struct.unpack_from(f"{order}L", tiff, first[_EXIF_IFD])
        second = _directory(tiff, order, offset)
        if _TAKEN in second:
            (where,) = struct.unpack_from(f"{order}L", tiff, second[_TAKEN])
            found = tiff[where : where + 20]
            taken = found if _TIME.fullmatch(found) else None
    return upright if 1 <= upright <= 8 else 1, taken


def _directory(tiff: bytes, order: str, offset: int) -> dict[int, int]:
    """Each tag with the place of its value, or of the value's place."""
    (count,) = struct.unpack_from(f"{order}H", tiff, offset)
    found = {}
    for i in range(min(count, 200)):
        (tag,) = struct.unpack_from(f"{order}H", tiff, offset + 2 + 12 * i)
        found[tag] = offset + 2 + 12 * i + 8
    return found


def _built(upright: int, taken: bytes | None) -> bytes:
    if upright == 1 and taken is None:
        return b""
    entries = [struct.pack(">HHLHH", _ORIENTATION, 3, 1, upright, 0)]
    rest = b""
    if taken is not None:
        second = 8 + 2 + 2 * 12 + 4
        entries.append(struct.pack(">HHLL", _EXIF_IFD, 4, 1, second))
        rest = struct.pack(">HHHLLL", 1, _TAKEN, 2, 20, second + 2 + 12 + 4, 0) + taken
    tiff = b"MM\x00*" + struct.pack(">LH", 8, len(entries)) + b"".join(entries) + b"\x00" * 4 + rest
    content = b"Exif\x00\x00" + tiff
    return b"\xff\xe1" + struct.pack(">H", len(content) + 2) + content


def strip_png(data: memoryview, out: IO[bytes]) -> None:
    """Copy a PNG without texts, times and metadata. Damaged when it is none."""
    out.write(b"\x89PNG\r\n\x1a\n")
    position, seen = 8, list[bytes]()
    while position + 12 <= len(data):
        (length,) = struct.unpack_from(">L", data, position)
        name, end = bytes(data[position + 4 : position + 8]), position + 12 + length
        if end > len(data) or (not seen and name != b"IHDR"):
            raise Damaged
        if name in _PNG_KEPT:
            out.write(data[position:end])
        seen.append(name)
        position = end
        if name == b"IEND":
            break
    if not seen or seen[-1] != b"IEND" or b"IDAT" not in seen:
        raise Damaged
