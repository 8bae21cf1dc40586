"""A real HTTP server on loopback that takes deliveries, keeps what came, and answers as it is told."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Request:
    """What came in; header names in small letters."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Reply:
    """What to answer, after `wait` seconds; `hang_up` closes the connection instead, after the request was read, and
    `reset` does so without a farewell."""

    status: int = 200
    body: bytes = b"{}"
    headers: Mapping[str, str] = field(default_factory=dict)
    wait: float = 0.0
    hang_up: bool = False
    reset: bool = False


@dataclass
class Receiver:
    """`replies` are given one after another, then `otherwise` for ever; it may be a function of the request."""

    port: int = 0
    scheme: str = "http"
    requests: list[Request] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)
    otherwise: Callable[[Request], Reply] = lambda request: Reply()
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"

    def effects(self) -> dict[str, bytes]:
        """What a receiver holds that drops the ids it has had: the first body under each webhook-id."""
        held: dict[str, bytes] = {}
        for request in self.requests:
            held.setdefault(request.headers["webhook-id"], request.body)
        return held

    def answer(self, request: Request) -> Reply:
        with self.lock:
            self.requests.append(request)
            if self.replies:
                return self.replies.pop(0)
        return self.otherwise(request)


@contextmanager
def receiving(port: int = 0, tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """A receiver on 127.0.0.1, on a free port unless one is given."""
    receiver = Receiver(scheme="http" if tls is None else "https")
    server = _Server(("127.0.0.1", port), _handler(receiver))
    receiver.port = server.server_address[1]
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # A client that hangs up in the middle is what these tests are about.
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        return


def _handler(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 30

        def handle_any(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = self.rfile.read(length)
            if len(body) < length:
                # Whoever sent it died in the middle of it.
                self.close_connection = True
                return
            request = Request(self.command, self.path, headers, body)
            reply = receiver.answer(request)
            if reply.wait:
                time.sleep(reply.wait)
            if reply.reset:
                # Nothing lingers: what the kernel sends when this is closed is a reset.
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            if reply.hang_up or reply.reset:
                self.close_connection = True
                return
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body)

        do_GET = do_POST = do_PUT = do_PATCH = handle_any  # noqa: N815 - the names are the library's

        def log_message(self, *arguments: object) -> None:
            return

    return Handler
