"""What a file is, by what is in it: its name and what the sender says of it count for nothing."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from pathlib import Path

from bot.evidence import documents, media

CHUNK = 1 << 20
_HEADERS = re.compile(
    rb"^(from|to|date|subject|message-id|received|mime-version|return-path):", re.IGNORECASE | re.MULTILINE
)
# What no text holds. A tab, line ends, a form feed and the escape of old terminals may stand in one.
_NO_TEXT = re.compile(r"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f\x80-\x9f\ufffe\uffff]")


class NotAccepted(ValueError):
    """Not one of the kinds that are accepted, or one that carries what could harm whoever opens it."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A media type and the endings that its files may have, the usual one first."""

    type: str
    endings: tuple[str, ...]


PDF = Kind("application/pdf", (".pdf",))
JPEG = Kind("image/jpeg", (".jpg", ".jpeg"))
PNG = Kind("image/png", (".png",))
HEIC = Kind("image/heic", (".heic", ".heif"))
DOCX = Kind("application/vnd.openxmlformats-officedocument.wordprocessingml.document", (".docx",))
ODT = Kind("application/vnd.oasis.opendocument.text", (".odt",))
TXT = Kind("text/plain", (".txt",))
EML = Kind("message/rfc822", (".eml",))
MP3 = Kind("audio/mpeg", (".mp3",))
M4A = Kind("audio/mp4", (".m4a",))
WAV = Kind("audio/wav", (".wav",))
KINDS = (PDF, JPEG, PNG, HEIC, DOCX, ODT, TXT, EML, MP3, M4A, WAV)
ENDINGS = tuple(ending for kind in KINDS for ending in kind.endings)


def kind_of(path: Path, name: str) -> Kind:
    """The kind of a file; `name` only tells an e-mail from another text. NotAccepted when it is none of ours."""
    with path.open("rb") as file:
        head = file.read(4096)
    if head.startswith(b"%PDF-"):
        return PDF
    if head.startswith(b"\xff\xd8\xff"):
        return JPEG
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if head.startswith(b"PK\x03\x04"):
        return _document(path)
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        return WAV
    if head[4:8] == b"ftyp":
        return _boxed(path)
    if head.startswith(b"ID3") or _is_mp3_frame(head):
        return MP3
    if _is_text(path, head):
        return EML if name.lower().endswith(".eml") and len(set(_HEADERS.findall(head))) >= 2 else TXT
    raise NotAccepted


def named(name: str, kind: Kind) -> str:
    """The name with an ending of what the file is, so that nobody is misled by opening it."""
    return name if name.lower().endswith(kind.endings) else f"{name}{kind.endings[0]}"


def _document(path: Path) -> Kind:
    try:
        return {"docx": DOCX, "odt": ODT}[documents.kind_of(path)]
    except (documents.Unsafe, KeyError):
        raise NotAccepted from None


def _boxed(path: Path) -> Kind:
    try:
        return {"heic": HEIC, "m4a": M4A}[media.kind_of(path)]
    except (media.Damaged, KeyError):
        raise NotAccepted from None


def _is_mp3_frame(head: bytes) -> bool:
    """An MPEG layer III frame header with a bit rate and a sample rate that exist."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2:
        return False
    return head[1] & 0x18 != 0x08 and head[2] & 0xF0 not in (0xF0, 0x00) and head[2] & 0x0C != 0x0C


def _is_text(path: Path, head: bytes) -> bool:
    """Whether the whole file is text in UTF-8, in UTF-16 that says so, or in the letters of Western Windows."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _decodes(path, "utf-16")
    return _decodes(path, "utf-8-sig") or _decodes(path, "cp1252")


def _decodes(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    with path.open("rb") as file:
        try:
            while chunk := file.read(CHUNK):
                if _NO_TEXT.search(decoder.decode(chunk)):
                    return False
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True
