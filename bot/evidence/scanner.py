"""Asking a virus scanner: clamd by its socket, with the file streamed to it (INSTREAM)."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from cases.record import Scan

log = logging.getLogger("hearout.evidence")

CHUNK = 1 << 16


class Scanner(Protocol):
    """Something that looks at a file. It never raises: what it cannot look at is unscanned."""

    async def scan(self, path: Path) -> Scan: ...


class NoScanner:
    """Where none is configured."""

    async def scan(self, path: Path) -> Scan:
        return "unscanned"


@dataclass(frozen=True, slots=True)
class Clamd:
    """clamd at `unix:/path` or `tcp:host:port`; a look that takes longer than `seconds` is given up."""

    address: str
    seconds: float = 30.0

    async def scan(self, path: Path) -> Scan:
        try:
            async with asyncio.timeout(self.seconds):
                answer = await self._ask(path)
        except (OSError, TimeoutError, ValueError) as error:
            log.warning("the virus scanner cannot be asked: %s", type(error).__name__)
            return "unscanned"
        if answer.endswith(b"FOUND"):
            return "infected"
        if answer.endswith(b"OK"):
            return "clean"
        log.warning("the virus scanner could not look at a file")
        return "unscanned"

    async def _ask(self, path: Path) -> bytes:
        reader, writer = await self._connect()
        try:
            writer.write(b"zINSTREAM\0")
            with path.open("rb") as file:
                while chunk := await asyncio.to_thread(file.read, CHUNK):
                    writer.write(struct.pack("!L", len(chunk)) + chunk)
                    await writer.drain()
            writer.write(struct.pack("!L", 0))
            await writer.drain()
            return (await reader.read(4096)).rstrip(b"\0\r\n ")
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        kind, _, place = self.address.partition(":")
        if kind == "unix":
            return await asyncio.open_unix_connection(place)
        host, _, port = place.rpartition(":")
        return await asyncio.open_connection(host.strip("[]"), int(port))


def scanner_of(address: str, seconds: float) -> Scanner:
    """The scanner of the settings; an empty address is none."""
    return Clamd(address, seconds) if address else NoScanner()
