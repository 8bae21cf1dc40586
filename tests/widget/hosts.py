"""A website that is not ours, with a strict content policy of its own, on which the widget stands."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PAGE = """<!doctype html>
<html lang="{lang}"><head><meta charset="utf-8"><title>An organisation</title>
<meta name="viewport" content="width=device-width, initial-scale=1">{head}</head>
<body><header><h1>An organisation</h1></header><main>{body}<p><a id="after" href="/more">More about us</a></p></main>
</body></html>"""
LINK = '<p><a id="complain" href="{ours}/{org}/complain" data-hearout>Make a complaint</a></p>'
LOADER = '<script src="{ours}/widget/hearout-loader.js" async></script>'
ELEMENT = '<script type="module" src="{ours}/widget/hearout-chat.js"></script>'
INLINE = '<hearout-chat src="{ours}/{org}/complain"><a href="{ours}/{org}/complain">Make a complaint</a></hearout-chat>'


@dataclass
class Website:
    """`url` is its origin: another site than ours, since `localhost` is not 127.0.0.1."""

    ours: str = ""
    org: str = "cim"
    lang: str = "en"
    sockets: bool = True
    url: str = ""
    asked: list[str] = field(default_factory=list)

    def page(self, path: str) -> tuple[str, str]:
        """The page at a path and its content policy."""
        named = {"ours": self.ours, "org": self.org}
        to_us = f"{self.ours} {self.ours.replace('http', 'ws')}" if self.sockets else self.ours
        policies = {
            "/": f"default-src 'none'; script-src {self.ours}; frame-src {self.ours}",
            "/blank": "default-src 'none'",
            "/inline": f"default-src 'none'; script-src {self.ours}; style-src {self.ours}; connect-src {to_us}",
        }
        parts = {
            "/": (LOADER, LINK),
            "/blank": ("", LINK),
            "/inline": (ELEMENT, INLINE),
        }
        head, body = parts.get(path, ("", "<p>Nothing here.</p>"))
        html = PAGE.format(lang=self.lang, head=head.format(**named), body=body.format(**named))
        policy = policies.get(path, "default-src 'none'")
        return html, f"{policy}; require-trusted-types-for 'script'; trusted-types 'none'"


@contextmanager
def website() -> Iterator[Website]:
    """The website, on a port of its own."""
    site = Website()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            site.asked.append(self.path)
            html, policy = site.page(self.path)
            body = html.encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Security-Policy", policy)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing: the test output is for the tests."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    site.url = f"http://localhost:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=10)
