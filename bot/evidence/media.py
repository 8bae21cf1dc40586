"""HEIC pictures and M4A sound: files of boxes (ISO 14496-12), whose metadata is blanked where it stands."""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_PICTURES = frozenset([b"heic", b"heix", b"heim", b"heis", b"mif1"])
_SOUND = frozenset(
    [b"M4A ", b"M4B ", b"mp41", b"mp42", b"isom", b"iso2", b"iso6", b"3gp4", b"3gp5", b"3gp6", b"dash"]
)
# Boxes that hold other boxes and nothing else, on the way to what is looked for.
_NESTED = frozenset([b"moov", b"trak", b"mdia", b"udta"])
_PLACES = frozenset([b"\xa9xyz", b"loci", b"meta", b"XMP_"])
MAX_BOXES = 5000


class Damaged(ValueError):
    """The bytes do not follow the format."""


@dataclass(frozen=True, slots=True)
class Box:
    """`start` is where it begins, `content` where its content does, `end` the place behind it."""

    name: bytes
    start: int
    content: int
    end: int


Bytes = mmap.mmap | bytes | bytearray


def kind_of(path: Path) -> str:
    """heic, m4a, or "" for what is neither: a film has pictures, and is not taken."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        brands = _brands(data)
        if brands & _PICTURES:
            return "heic"
        tracks = _tracks(data)
        return "m4a" if brands & _SOUND and b"soun" in tracks and b"vide" not in tracks else ""


def blank(path: Path) -> None:
    """Overwrite where and with what it was taken, in place; nothing else moves. Damaged when it cannot be found."""
    with path.open("r+b") as file, mmap.mmap(file.fileno(), 0) as data:
        try:
            if _brands(data) & _PICTURES:
                _blank_items(data)
            else:
                _blank_boxes(data)
        except (struct.error, IndexError, UnicodeDecodeError) as error:
            raise Damaged from error


def _boxes(data: Bytes, start: int, end: int) -> Iterator[Box]:
    for _ in range(MAX_BOXES):
        if start + 8 > end:
            return
        size, name = struct.unpack_from(">L4s", data, start)
        content = start + 8
        if size == 1:
            if start + 16 > end:
                raise Damaged
            (size,) = struct.unpack_from(">Q", data, start + 8)
            content = start + 16
        stop = end if size == 0 else start + size
        if stop > end or stop < content:
            raise Damaged
        yield Box(name, start, content, stop)
        start = stop
    raise Damaged


def _walk(data: Bytes, start: int, end: int, depth: int = 0) -> Iterator[Box]:
    for box in _boxes(data, start, end):
        yield box
        if box.name in _NESTED and depth < 6:
            yield from _walk(data, box.content, box.end, depth + 1)


def _brands(data: Bytes) -> set[bytes]:
    first = next(_boxes(data, 0, len(data)), None)
    if first is None or first.name != b"ftyp" or first.end - first.content > 400:
        raise Damaged
    listed = bytes(data[first.content : first.end])
    return {listed[:4], *(listed[i : i + 4] for i in range(8, len(listed) - 3, 4))}


def _tracks(data: Bytes) -> set[bytes]:
    """What the tracks hold, by their handlers: `soun`, `vide` ..."""
    found = [box for box in _walk(data, 0, len(data)) if box.name == b"hdlr"]
    return {bytes(data[box.content + 8 : box.content + 12]) for box in found}


def _blank_boxes(data: mmap.mmap) -> None:
    """Boxes that tell of places become free space of the same size."""
    for box in list(_walk(data, 0, len(data))):
        if box.name in _PLACES:
            data[box.start + 4 : box.start + 8] = b"free"
            data[box.content : box.end] = bytes(box.end - box.content)


def _blank_items(data: mmap.mmap) -> None:
    """The items of a picture that are metadata are filled with zeros; the picture knows which way is up by itself."""
    top = list(_boxes(data, 0, len(data)))
    meta = next((box for box in top if box.name == b"meta"), None)
    if meta is None:
        raise Damaged
    inside = {box.name: box for box in _boxes(data, meta.content + 4, meta.end)}
    if b"iinf" not in inside or b"iloc" not in inside:
        raise Damaged
    hidden = _metadata_items(data, inside[b"iinf"])
    kept_in = inside.get(b"idat")
    for item, method, offset, length in _extents(data, inside[b"iloc"]):
        if item not in hidden:
            continue
        homes = [box for box in top if box.name == b"mdat"]
        if method == 1 and kept_in is not None:
            offset, homes = offset + kept_in.content, [kept_in]
        if not any(box.content <= offset and offset + length <= box.end for box in homes):
            raise Damaged
        data[offset : offset + length] = bytes(length)
    for box in top:
        if box.name == b"uuid":
            data[box.content + 16 : box.end] = bytes(max(0, box.end - box.content - 16))


def _metadata_items(data: Bytes, box: Box) -> set[int]:
    """The numbers of the items that hold Exif or XMP."""
    version = data[box.content]
    start = box.content + (6 if version == 0 else 8)
    found = set()
    for entry in _boxes(data, start, box.end):
        if entry.name != b"infe":
            raise Damaged
        entry_version = data[entry.content]
        if entry_version < 2:
            continue
        wide = entry_version >= 3
        (item,) = struct.unpack_from(">L" if wide else ">H", data, entry.content + 4)
        kind_at = entry.content + 4 + (4 if wide else 2) + 2
        kind = bytes(data[kind_at : kind_at + 4])
        if kind in (b"Exif", b"mime", b"uri "):
            found.add(item)
    return found


def _extents(data: Bytes, box: Box) -> Iterator[tuple[int, int, int, int]]:
    """(item, construction method, offset, length) of each piece of each item."""
    version = data[box.content]
    sizes = data[box.content + 4], data[box.content + 5]
    offset_size, length_size = sizes[0] >> 4, sizes[0] & 15
    base_size, index_size = sizes[1] >> 4, sizes[1] & 15 if version in (1, 2) else 0
    wide = 4 if version == 2 else 2
    position = box.content + 6

    def number(size: int) -> int:
        nonlocal position
        if position + size > box.end:
            raise Damaged
        value = int.from_bytes(data[position : position + size], "big")
        position += size
        return value

    for _ in range(number(wide)):
        item = number(wide)
        method = number(2) & 15 if version in (1, 2) else 0
        number(2)
        base = number(base_size)
        for _ in range(number(2)):
            number(index_size)
            offset, length = number(offset_size), number(length_size)
            yield item, method, base + offset, length
