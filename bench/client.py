"""A small HTTP client for load: one keep-alive connection, one request under way, no work between the bytes.

Client and server share the machine, so what the client costs is taken from the server. This one is a protocol on
the event loop; it reads answers that carry a Content-Length, as the servers measured here all send.
"""

from __future__ import annotations

import asyncio
from typing import Self, cast

HOST = "127.0.0.1"


class Connection(asyncio.Protocol):
    """One connection to a server on this machine."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._status = 0
        self._length: int | None = None
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None

    @classmethod
    async def open(cls, port: int) -> Self:
        """Connect; OSError when nothing listens."""
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(cls, HOST, port)
        return connection

    async def request(
        self, method: str, path: str, body: bytes = b"", headers: str = ""
    ) -> tuple[int, bytes]:
        """The status and body of the answer; ConnectionError when the server goes away before it is whole.

        `headers` are more of them, each line with its end.
        """
        self.send(method, path, body, headers)
        return await self.answer()

    def send(self, method: str, path: str, body: bytes = b"", headers: str = "") -> None:
        """Hand a request to the socket without waiting for its answer."""
        if self._transport is None or self._transport.is_closing():
            raise ConnectionResetError("the connection is closed")
        self._buffer.clear()
        self._length = None
        self._answer = asyncio.get_running_loop().create_future()
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n{headers}\r\n"
        )
        self._transport.write(head.encode() + body)

    async def answer(self) -> tuple[int, bytes]:
        """The answer to what was sent."""
        assert self._answer is not None, "nothing was sent"
        return await self._answer

    def hang_up(self) -> None:
        """Close at once; an answer under way is lost, as on a broken line."""
        if self._transport is not None:
            self._transport.abort()

    # --- what the event loop calls -------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if self._length is None:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            self._status, self._length = read_head(bytes(self._buffer[:end]))
            del self._buffer[: end + 4]
        if len(self._buffer) >= self._length and self._answer is not None and not self._answer.done():
            self._answer.set_result((self._status, bytes(self._buffer[: self._length])))

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(ConnectionResetError("the server went away"))
            # Nobody may be waiting for an answer that was hung up on.
            self._answer.exception()


def read_head(head: bytes) -> tuple[int, int]:
    """Status and length of a response, from its head without the closing empty line."""
    first, *fields = head.split(b"\r\n")
    status = int(first.split(b" ", 2)[1])
    for field in fields:
        name, _, value = field.partition(b":")
        if name.lower() == b"content-length":
            return status, int(value)
    raise ValueError("the answer says no length")
