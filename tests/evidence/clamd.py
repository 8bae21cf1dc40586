"""A clamd for tests: speaks INSTREAM over a real socket, and behaves as it is told."""

from __future__ import annotations

import contextlib
import socketserver
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

# No scanner knows this one: a real test signature would make the tests themselves suspect.
SIGNATURE = b"THIS-IS-WHAT-THE-FAKE-SCANNER-FINDS"


class FakeClamd:
    """`seen` are the streams that came; `mood` is well, silent, broken or refusing."""

    def __init__(self) -> None:
        self.seen: list[bytes] = []
        self.mood = "well"
        self.closing = threading.Event()

    def serve(self, heard: BinaryIO, said: BinaryIO) -> None:
        assert heard.read(10) == b"zINSTREAM\0"
        parts = []
        while (size := struct.unpack("!L", heard.read(4))[0]) > 0:
            parts.append(heard.read(size))
            if self.mood == "broken":
                return
        self.seen.append(b"".join(parts))
        if self.mood == "silent":
            self.closing.wait(30)
        answer = b"stream: Test.Signature FOUND" if SIGNATURE in self.seen[-1] else b"stream: OK"
        said.write((b"INSTREAM size limit exceeded. ERROR" if self.mood == "refusing" else answer) + b"\0")


@contextmanager
def clamd(path: Path | None = None) -> Iterator[tuple[str, FakeClamd]]:
    """A scanner on a socket file, or on a free TCP port; its address as the settings want it."""
    fake = FakeClamd()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            with contextlib.suppress(OSError, struct.error):
                fake.serve(cast(BinaryIO, self.rfile), cast(BinaryIO, self.wfile))

        def finish(self) -> None:
            with contextlib.suppress(OSError):
                super().finish()

    server: socketserver.BaseServer
    if path is not None:
        server, address = socketserver.ThreadingUnixStreamServer(str(path), Handler), f"unix:{path}"
    else:
        server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        address = f"tcp:127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), name="fake-clamd", daemon=True)
    thread.start()
    try:
        yield address, fake
    finally:
        fake.closing.set()
        server.shutdown()
        server.server_close()
        thread.join(10)
