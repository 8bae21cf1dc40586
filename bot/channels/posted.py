"""What a page or a program posts, read as it arrives: a few texts in memory, files to wherever they are to go.

Nothing is held back for later: a part that grows too large is refused while it is being read.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import parse_qsl

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect, Request

from bot.door import Malformed, TooLarge
from policy_rules.errors import Refusal

# All texts of a page together. A message holds 16 KiB; what is over that comes back to the person, to be shortened.
MAX_TEXTS = 256 * 1024
MAX_PARTS = 60
# What is sent above a limit is read and dropped up to here: cut off while it writes, a browser never sees our answer.
DRAIN = 16 * 1024 * 1024
IDLE_SECONDS = 30.0
WHOLE_SECONDS = 900.0


class TooSlow(Refusal):
    status = 408
    kind = "too-slow"
    title = "The request took too long to arrive"


class Gone(Exception):
    """The client left before it had said all."""


class Receiving(Protocol):
    """Where the bytes of one file go. `write` may refuse; `close` is told whether the file came whole."""

    async def write(self, data: bytes) -> None: ...

    async def close(self, *, whole: bool) -> None: ...


Begin = Callable[[str, str], Awaitable[Receiving]]


@dataclass(slots=True)
class Posted:
    """The texts by name, and the files in the order in which they came. An empty file control sends no file."""

    texts: dict[str, str] = field(default_factory=dict)
    files: list[Receiving] = field(default_factory=list)
    refused: Refusal | None = None

    def text(self, name: str) -> str:
        return self.texts.get(name, "")


async def read_posted(request: Request, begin: Begin | None = None) -> Posted:
    """The whole body. `begin` is given the control's name and the file's; without it files are passed over.

    What refuses a file ends that file alone, and stands in `refused`. Malformed (400), TooLarge (413), TooSlow (408).
    """
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    stream = _in_time(request)
    if kind == b"multipart/form-data" and options.get(b"boundary"):
        form = _Multipart(options[b"boundary"], begin)
        try:
            return await form.read(stream)
        finally:
            request.state.cut_off = form.dropped > DRAIN
    if kind == b"application/x-www-form-urlencoded":
        return Posted(dict(parse_qsl(await _all(stream), keep_blank_values=True, max_num_fields=MAX_PARTS)))
    raise Malformed("Send a form: multipart/form-data, or application/x-www-form-urlencoded.")


async def drop_rest(request: Request) -> None:
    """Read and drop what is still coming, within limits, so that the client gets to see why it was refused."""
    size = DRAIN if getattr(request.state, "cut_off", False) else 0
    # A body that was read to its end, or a client that left, has nothing more to say.
    with contextlib.suppress(RuntimeError, TooSlow, Gone):
        async for piece in _in_time(request):
            size += len(piece)
            if size > DRAIN:
                return


async def _in_time(request: Request) -> AsyncIterator[bytes]:
    """The body's pieces; TooSlow when the next one, or the whole, is waited for too long."""
    pieces, until = request.stream(), asyncio.get_running_loop().time() + WHOLE_SECONDS
    while True:
        try:
            async with asyncio.timeout_at(min(until, asyncio.get_running_loop().time() + IDLE_SECONDS)):
                piece = await anext(pieces)
        except StopAsyncIteration:
            return
        except TimeoutError:
            raise TooSlow("The rest did not arrive in time. Please try again.") from None
        except ClientDisconnect:
            raise Gone from None
        yield piece


async def _all(stream: AsyncIterator[bytes]) -> str:
    parts, size = [], 0
    async for piece in stream:
        size += len(piece)
        if size <= MAX_TEXTS:
            parts.append(piece)
        elif size > DRAIN:
            break
    if size > MAX_TEXTS:
        raise _too_much()
    return b"".join(parts).decode("utf-8", "replace")


class _Multipart:
    """One multipart body: the parser says what it sees, and each piece is dealt with before the next is read."""

    def __init__(self, boundary: bytes, begin: Begin | None) -> None:
        self._begin = begin
        self._seen: list[tuple[str, bytes]] = []
        self._parser = MultipartParser(boundary, {
            "on_part_begin": lambda: self._seen.append(("part", b"")),
            "on_header_field": lambda data, start, end: self._seen.append(("field", data[start:end])),
            "on_header_value": lambda data, start, end: self._seen.append(("value", data[start:end])),
            "on_header_end": lambda: self._seen.append(("header", b"")),
            "on_headers_finished": lambda: self._seen.append(("headers", b"")),
            "on_part_data": lambda data, start, end: self._seen.append(("data", data[start:end])),
            "on_part_end": lambda: self._seen.append(("end", b"")),
            "on_end": lambda: self._seen.append(("done", b"")),
        })  # fmt: skip
        self._posted = Posted()
        self._headers: dict[bytes, bytes] = {}
        self._name_seen, self._value_seen = b"", b""
        self._text: tuple[str, list[bytes]] | None = None
        self._file: Receiving | None = None
        self._parts, self._texts_size, self._whole = 0, 0, False
        self.dropped = 0

    async def read(self, stream: AsyncIterator[bytes]) -> Posted:
        try:
            async for piece in stream:
                try:
                    self._parser.write(piece)
                except FormParserError:
                    raise Malformed("The form cannot be read.") from None
                for kind, data in self._events():
                    await self._take(kind, data)
                if self.dropped > DRAIN:
                    break
            if not self._whole and self._posted.refused is None:
                raise Malformed("The form broke off before its end.")
        except BaseException:
            await self._drop()
            for file in self._posted.files:
                await file.close(whole=False)
            raise
        await self._drop()
        if self._texts_size > MAX_TEXTS:
            raise _too_much()
        return self._posted

    def _events(self) -> Iterator[tuple[str, bytes]]:
        """What the parser has seen since it was last asked."""
        seen = list(self._seen)
        self._seen.clear()
        return iter(seen)

    async def _take(self, kind: str, data: bytes) -> None:
        match kind:
            case "part":
                self._parts += 1
                self._headers = {}
                if self._parts > MAX_PARTS:
                    raise Malformed("The form has too many parts.")
            case "field":
                self._name_seen += data
            case "value":
                self._value_seen += data
            case "header":
                self._headers[self._name_seen.lower()] = self._value_seen
                self._name_seen, self._value_seen = b"", b""
            case "headers":
                await self._begin_part()
            case "data":
                await self._data(data)
            case "end":
                await self._end_part()
            case _:
                self._whole = True

    async def _begin_part(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        name = options.get(b"name", b"").decode("utf-8", "replace")
        if b"filename" not in options:
            self._text = (name, [])
            return
        filename = options[b"filename"].decode("utf-8", "replace")
        if self._begin is None or not filename:
            # A file control that was left empty.
            return
        try:
            self._file = await self._begin(name, filename)
        except Refusal as refusal:
            self._posted.refused = self._posted.refused or refusal

    async def _data(self, data: bytes) -> None:
        if self._text is not None:
            self._texts_size += len(data)
            if self._texts_size <= MAX_TEXTS:
                self._text[1].append(data)
            else:
                self.dropped += len(data)
        elif self._file is None:
            self.dropped += len(data)
        else:
            try:
                await self._file.write(data)
            except Refusal as refusal:
                self._posted.refused = self._posted.refused or refusal
                await self._drop()

    async def _end_part(self) -> None:
        if self._text is not None:
            name, parts = self._text
            self._posted.texts[name] = b"".join(parts).decode("utf-8", "replace")
            self._text = None
        elif self._file is not None:
            file, self._file = self._file, None
            try:
                await file.close(whole=True)
            except Refusal as refusal:
                self._posted.refused = self._posted.refused or refusal
            else:
                self._posted.files.append(file)

    async def _drop(self) -> None:
        """Give up the file that is being read."""
        file, self._file = self._file, None
        if file is not None:
            await file.close(whole=False)


def _too_much() -> TooLarge:
    return TooLarge(f"A form may hold at most {MAX_TEXTS} bytes of text ({MAX_TEXTS // 1024} KiB).")
