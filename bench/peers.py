"""Chat widgets from npm that ours is measured beside: fetched at fixed versions into a cache, never a dependency.

What a peer needs of a server it gets here: deep-chat none before something is said, rasa-webchat the handshake of
Socket.IO (Engine.IO 4, long polling), without which it never shows itself.
"""

from __future__ import annotations

import base64
import contextlib
import gzip
import hashlib
import json
import subprocess
import tarfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from bench.client import HOST

CACHE = Path.home() / ".cache" / "hearout-bench"
PAGE = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    '<title>{title}</title></head><body><h1>A website</h1><p id="first">Words.</p>{body}</body></html>'
)
LONG_POLL_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Peer:
    """A package, the file of it that a page loads, that page, and its first control as an expression in the page."""

    name: str
    version: str
    integrity: str
    file: str
    body: str
    control: str

    @property
    def path(self) -> Path:
        return CACHE / f"{self.name}-{self.version}.js"


PEERS = (
    Peer(
        "deep-chat",
        "2.4.2",
        "sha512-wQNd6Z6HDoH7OMeoQKpmxDm9XdWrRjMkBJ2yl5tsYND9Dz2UCv/BdGVM8vK2V0mhO1u+OniHYPWDGvjlNxjCeQ==",
        "package/dist/deepChat.bundle.js",
        '<script type="module" src="/deep-chat.js"></script><deep-chat></deep-chat>',
        "document.querySelector('deep-chat')?.shadowRoot?.querySelector('#text-input')",
    ),
    Peer(
        "rasa-webchat",
        "1.0.1",
        "sha512-Ld1zVJvTAaTrs6A5p8t70agNNrKYRyXlvqXZRgBoDvKKUXbA0jhJKECi5bdPGlaR6jsmqWtVylHS+YqIqo0x8w==",
        "package/lib/index.js",
        '<div id="chat"></div><script src="/rasa-webchat.js"></script>'
        "<script>WebChat.default({selector: '#chat', embedded: true, socketUrl: location.origin,"
        " socketPath: '/socket.io/'}, document.getElementById('chat'))</script>",
        "document.querySelector('.rw-new-message')",
    ),
)


def fetched(peer: Peer) -> bytes:
    """The file of a peer, from the cache or else from npm; RuntimeError when it is not what was pinned."""
    if not peer.path.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        named = f"{peer.name}@{peer.version}"
        subprocess.run(["npm", "pack", "--silent", named], cwd=CACHE, check=True, capture_output=True)
        packed = CACHE / f"{peer.name}-{peer.version}.tgz"
        found = f"sha512-{base64.b64encode(hashlib.sha512(packed.read_bytes()).digest()).decode()}"
        if found != peer.integrity:
            raise RuntimeError(f"{named} is {found}, and was {peer.integrity} when it was pinned")
        with tarfile.open(packed) as inside:
            content = inside.extractfile(peer.file)
            assert content is not None
            peer.path.write_bytes(content.read())
        packed.unlink()
    return peer.path.read_bytes()


@contextmanager
def website(pages: Mapping[str, str], peers: Sequence[Peer] = PEERS) -> Iterator[str]:
    """A server on this machine of blank, of `pages` by name (their bodies), and of the peers; its address."""
    files = {f"/{peer.name}.js": gzip.compress(fetched(peer), 9) for peer in peers}
    bodies = {"blank": "", **{peer.name: peer.body for peer in peers}, **pages}
    html = {
        f"/{name}": gzip.compress(PAGE.format(title=name, body=body).encode(), 9)
        for name, body in bodies.items()
    }

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        sessions = _Sessions()

        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            if path == "/socket.io/":
                self._send(self.sessions.next(self.path).encode(), "text/plain; charset=UTF-8", packed=False)
            elif path in html:
                self._send(html[path], "text/html")
            elif path in files:
                self._send(files[path], "text/javascript")
            else:
                self._send(gzip.compress(b""), "image/svg+xml")

        def do_POST(self) -> None:
            said = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
            self.sessions.hear(self.path, said)
            self._send(b"ok", "text/html", packed=False)

        def _send(self, body: bytes, kind: str, *, packed: bool = True) -> None:
            self.send_response(200)
            self.send_header("Content-Type", kind)
            if packed:
                self.send_header("Content-Encoding", "gzip")
            self.send_header("Content-Length", str(len(body)))
            # Whoever polled may have gone by now.
            with contextlib.suppress(ConnectionError):
                self.end_headers()
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer((HOST, 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://{HOST}:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


class _Sessions:
    """Just so much of Socket.IO that a session is confirmed: packets wait until they are polled for."""

    def __init__(self) -> None:
        self._waiting: dict[str, list[str]] = {}
        self._count = 0

    def next(self, url: str) -> str:
        """The answer to a poll: the handshake of a new session, or what waits for an old one."""
        sid = parse_qs(urlsplit(url).query).get("sid", [""])[0]
        if not sid:
            self._count += 1
            sid = f"s{self._count}"
            self._waiting[sid] = []
            terms = {
                "sid": sid,
                "upgrades": [],
                "pingInterval": 25_000,
                "pingTimeout": 20_000,
                "maxPayload": 10**6,
            }
            return "0" + json.dumps(terms)
        until = time.monotonic() + LONG_POLL_SECONDS
        while not self._waiting.get(sid) and time.monotonic() < until:
            time.sleep(0.005)
        found, self._waiting[sid] = self._waiting.get(sid, []), []
        return "\x1e".join(found) or "6"

    def hear(self, url: str, said: str) -> None:
        sid = parse_qs(urlsplit(url).query).get("sid", [""])[0]
        for packet in said.split("\x1e"):
            if packet == "40":
                self._waiting[sid].append(f'40{{"sid":"{sid}"}}')
            elif packet.startswith('42["session_request"'):
                self._waiting[sid].append(f'42["session_confirm","{sid}"]')
