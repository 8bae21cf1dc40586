"""Files to send: good ones of every kind, and what people should not get past us. All made here, byte by byte."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Mapping

# What a telephone writes beside a picture. The words are looked for in what is kept.
PLACE, OWNER = b"Moor Hall, Cookham", b"Jane's telephone"


def tiff(order: str, upright: int = 6, taken: bytes = b"2026:11:03 09:15:00\x00") -> bytes:
    """An Exif block with orientation, owner, time and a GPS directory, in either byte order."""
    begin = (b"II*\x00" if order == "<" else b"MM\x00*") + struct.pack(f"{order}L", 8)
    first, exif, gps = 8, 8 + 2 + 4 * 12 + 4, 8 + 2 + 4 * 12 + 4 + 2 + 12 + 4
    rest = gps + 2 + 2 * 12 + 4
    owner_at, taken_at, place_at = rest, rest + 32, rest + 64
    entry = f"{order}HHLL"
    blocks = [
        struct.pack(f"{order}H", 4)
        + struct.pack(f"{order}HHLHH", 0x0112, 3, 1, upright, 0)
        + struct.pack(entry, 0x010F, 2, 32, owner_at)
        + struct.pack(entry, 0x8769, 4, 1, exif)
        + struct.pack(entry, 0x8825, 4, 1, gps)
        + b"\x00" * 4,
        struct.pack(f"{order}H", 1) + struct.pack(entry, 0x9003, 2, 20, taken_at) + b"\x00" * 4,
        struct.pack(f"{order}H", 2)
        + struct.pack(entry, 0x001B, 2, 32, place_at)
        + struct.pack(entry, 0x0002, 5, 3, place_at)
        + b"\x00" * 4,
        OWNER.ljust(32, b"\x00"),
        taken.ljust(32, b"\x00"),
        PLACE.ljust(32, b"\x00"),
    ]
    assert len(begin) == first
    return begin + b"".join(blocks)


def segment(marker: int, content: bytes) -> bytes:
    return bytes((0xFF, marker)) + struct.pack(">H", len(content) + 2) + content


# An 8 by 8 grey picture: tables, frame and one scan.
PICTURE = (
    segment(0xDB, b"\x00" + b"\x01" * 64)
    + segment(0xC0, b"\x08\x00\x08\x00\x08\x01\x01\x11\x00")
    + segment(0xC4, b"\x00" + b"\x01" + b"\x00" * 15 + b"\x00")
    + segment(0xC4, b"\x10" + b"\x01" + b"\x00" * 15 + b"\x00")
    + segment(0xDA, b"\x01\x01\x00\x00\x3f\x00")
    + b"\x2a\xff\x00\xff\xd0\x15"
)
JFIF = segment(0xE0, b"JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00")
PROFILE = segment(0xE2, b"ICC_PROFILE\x00\x01\x01colours")


def jpeg(order: str = "<", *, exif: bool = True, upright: int = 6, after: bytes = b"") -> bytes:
    """A JPEG as a telephone makes one."""
    metadata = b""
    if exif:
        metadata = (
            segment(0xE1, b"Exif\x00\x00" + tiff(order, upright))
            + segment(0xE1, b"http://ns.adobe.com/xap/1.0/\x00<x:xmpmeta>" + PLACE + b"</x:xmpmeta>")
            + segment(0xED, b"Photoshop 3.0\x00" + PLACE)
            + segment(0xE2, b"MPF\x00" + PLACE)
            + segment(0xFE, b"taken at " + PLACE)
        )
    return b"\xff\xd8" + JFIF + metadata + PROFILE + PICTURE + b"\xff\xd9" + after


def chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">L", len(content)) + name + content + struct.pack(">L", zlib.crc32(name + content))


def png(after: bytes = b"") -> bytes:
    """A 1 by 1 PNG with every kind of text that one may carry."""
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">LLBBBBB", 1, 1, 8, 0, 0, 0, 0))
        + chunk(b"gAMA", struct.pack(">L", 45455))
        + chunk(b"tEXt", b"Comment\x00" + PLACE)
        + chunk(b"zTXt", b"Comment\x00\x00" + zlib.compress(PLACE))
        + chunk(b"iTXt", b"XML:com.adobe.xmp\x00\x00\x00\x00\x00" + PLACE)
        + chunk(b"eXIf", tiff(">"))
        + chunk(b"tIME", b"\x07\xea\x0b\x03\x09\x0f\x00")
        + chunk(b"IDAT", zlib.compress(b"\x00\x80"))
        + chunk(b"IEND", b"")
        + after
    )


def box(name: bytes, content: bytes = b"") -> bytes:
    return struct.pack(">L4s", 8 + len(content), name) + content


def full(name: bytes, content: bytes, version: int = 0) -> bytes:
    return box(name, bytes((version, 0, 0, 0)) + content)


def heic(*, located_in: bytes = b"mdat") -> bytes:
    """A HEIC of one picture item and one Exif item, which stands behind it in the data."""
    brands = box(b"ftyp", b"heic\x00\x00\x00\x00mif1heic")
    picture, exif = b"\x01" * 40, b"\x00\x00\x00\x00" + tiff(">")
    items = full(
        b"iinf",
        struct.pack(">H", 2)
        + full(b"infe", struct.pack(">HH4s", 1, 0, b"hvc1") + b"\x00", 2)
        + full(b"infe", struct.pack(">HH4s", 2, 0, b"Exif") + b"\x00", 2),
    )

    def meta(data_at: int) -> bytes:
        places = b"".join(
            struct.pack(">HHH", item, 0, 1) + struct.pack(">LL", data_at + offset, length)
            for item, offset, length in ((1, 0, len(picture)), (2, len(picture), len(exif)))
        )
        located = full(b"iloc", b"\x44\x00" + struct.pack(">H", 2) + places)
        return full(b"meta", full(b"hdlr", b"\x00" * 4 + b"pict" + b"\x00" * 13) + items + located)

    at = len(brands) + len(meta(0)) + 8
    return brands + meta(at) + box(located_in, picture + exif)


def track(handler: bytes) -> bytes:
    return box(b"trak", box(b"mdia", full(b"hdlr", b"\x00" * 4 + handler + b"\x00" * 13)))


def m4a(handler: bytes = b"soun", brand: bytes = b"M4A ") -> bytes:
    """Sound, with the place where it was recorded in each of the boxes that may tell it."""
    told = box(b"udta", box(b"\xa9xyz", b"\x00\x12\x15\xc7" + PLACE) + full(b"loci", PLACE))
    meta = full(b"meta", b"com.apple.quicktime.location.ISO6709" + PLACE)
    movie = box(b"moov", box(b"mvhd", b"\x00" * 20) + track(handler) + told + meta)
    return box(b"ftyp", brand + b"\x00\x00\x00\x00" + brand) + movie + box(b"mdat", b"\x7f" * 64)


def archive(files: Mapping[str, bytes], *, packed: bool = True) -> bytes:
    """A zip of these files, the first one unpacked as a mimetype has to be."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED) as zipped:
        for name, content in files.items():
            zipped.writestr(name, content, zipfile.ZIP_STORED if name == "mimetype" else None)
    return made.getvalue()


ODT = b"application/vnd.oasis.opendocument.text"
WORD = {"[Content_Types].xml": b"<Types/>", "word/document.xml": b"<w:document/>"}
WRITER = {"mimetype": ODT, "content.xml": b"<office:document-content/>"}


def overlapping() -> bytes:
    """An archive whose table names the same compressed bytes twice, as an overlap bomb does."""
    made = archive(WORD)
    end = made.rindex(b"PK\x05\x06")
    _, _, _, _, count, length, offset, _ = struct.unpack_from("<4s4H2LH", made, end)
    table = made[offset : offset + length]
    first = table[: table.index(b"PK\x01\x02", 4)]
    again = first.replace(b"[Content_Types].xml", b"[Content_Types].xm2")
    grown = table + again
    return (
        made[:offset]
        + grown
        + struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, count + 1, count + 1, len(grown), offset, 0)
    )


PDF = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
WAV = b"RIFF" + struct.pack("<L", 36) + b"WAVEfmt " + b"\x00" * 28
MP3 = b"ID3\x04\x00\x00\x00\x00\x00\x00\xff\xfb\x90\x00" + b"\x00" * 64
MP3_BARE = b"\xff\xfb\x90\x64" + b"\x00" * 100
EML = (
    b"From: a@example.org\r\nTo: b@example.org\r\nDate: Tue, 3 Nov 2026 09:15:00 +0000\r\n"
    b"Subject: Where is my result\r\n\r\nNo answer in six weeks.\r\n"
)
TXT = "They wrote: “no”, and nothing else – naïvely.".encode()
GOOD = {
    "letter.pdf": PDF,
    "photo.jpg": jpeg(),
    "screen.png": png(),
    "photo.heic": heic(),
    "letter.docx": archive(WORD),
    "letter.odt": archive(WRITER),
    "notes.txt": TXT,
    "mail.eml": EML,
    "call.mp3": MP3,
    "memo.m4a": m4a(),
    "call.wav": WAV,
}
BAD = {
    "program.exe": b"MZ\x90\x00" + b"\x00" * 60,
    "program.elf": b"\x7fELF" + b"\x00" * 60,
    "old.doc": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 60,
    "book.zip": archive({"a.txt": b"a"}),
    "macro.docx": archive({**WORD, "word/vbaProject.bin": b"x"}),
    "macro.odt": archive({**WRITER, "Basic/Standard/Module1.xml": b"x"}),
    "bomb.docx": archive({**WORD, "word/media/image1.bin": b"\x00" * 40_000_000}),
    "many.docx": archive({**WORD, **{f"word/{i}.xml": b"" for i in range(4001)}}),
    "twice.docx": overlapping(),
    "behind.docx": b"PK\x03\x04" + b"\x00" * 20 + archive(WORD),
    "more.docx": archive(WORD) + b"<script>alert(1)</script>",
    "up.docx": archive({**WORD, "../../etc/passwd": b"x"}),
    "film.mp4": m4a(b"vide", b"isom"),
    "film-in-sound.m4a": m4a(b"vide"),
    "nothing.m4a": box(b"ftyp", b"M4A \x00\x00\x00\x00") + box(b"mdat", b"x"),
    "broken.jpg": b"\xff\xd8\xff\xe0\x00\x10JFIF\x00",
    "cut.jpg": jpeg()[:60],
    "broken.png": png()[:40],
    "broken.heic": heic(located_in=b"skip"),
    "picture.gif": b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00",
    "page.svg.gz": b"\x1f\x8b\x08\x00" + b"\x00" * 30,
    "zeros.txt": b"text\x00\x00\x01",
    "binary.txt": bytes(range(256)),
}
