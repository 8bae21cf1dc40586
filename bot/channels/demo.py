"""The pages to try it on: the organisations at `/`, and a conversation with one of them at `/{org}/chat`.

Nothing is loaded from anywhere else, no script or style stands in a page, and no page can be framed.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from bot.overlay import Overlays
from policy_rules.compiled import CompiledPack
from policy_rules.shelf import PackShelf

PAGES = Path(__file__).parent.parent / "pages"
KINDS = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
FOR_EVER = "public, max-age=31536000, immutable"
_HOST = re.compile(r"[A-Za-z0-9.:\[\]_-]+")
# Light text on a dark colour and dark text on a light one: where the two contrasts meet.
MIDDLE_LUMINANCE = 0.179


def routes(packs: PackShelf, overlays: Overlays) -> list[BaseRoute]:
    """The pages and what they load."""
    pages = Pages(packs, overlays)
    return [
        Route("/", pages.index),
        Route("/{org}/chat", pages.chat),
        Route("/{org}/colours.css", pages.colours),
        Route("/pages/{name}", pages.asset),
    ]


class Pages:
    """The templates and assets, read once."""

    def __init__(self, packs: PackShelf, overlays: Overlays) -> None:
        self._packs = packs
        self._overlays = overlays
        self._assets = {
            path.name: path.read_bytes() for path in sorted(PAGES.iterdir()) if path.suffix in KINDS
        }
        self._templates = Environment(
            loader=FileSystemLoader(PAGES), autoescape=True, undefined=StrictUndefined, trim_blocks=True
        )
        self._templates.globals["asset"] = self._address

    async def index(self, request: Request) -> Response:
        """The organisations, each with the door to a conversation."""
        found = [self._packs.get(org).pack for org in self._packs.ids()]
        return self.page(request, "index.html", {"packs": found})

    async def chat(self, request: Request) -> Response:
        """One conversation."""
        compiled = self._packs.get(request.path_params["org"])
        return self.page(request, "chat.html", {"pack": compiled.pack, "reach": reach(compiled)})

    async def colours(self, request: Request) -> Response:
        """The organisation's colours, which a strict page cannot carry itself."""
        org = request.path_params["org"]
        self._packs.get(org)
        chosen = self._overlays(org).colours
        light, dark = _palette(chosen.accent), _palette(chosen.accent_dark)
        css = f":root{{{light}}}\n@media (prefers-color-scheme:dark){{:root{{{dark}}}}}\n"
        return Response(css, media_type="text/css", headers={"Cache-Control": "no-cache"})

    async def asset(self, request: Request) -> Response:
        """A style, script or picture of the pages."""
        name = request.path_params["name"]
        content = self._assets.get(name)
        if content is None:
            raise HTTPException(404)
        return Response(content, media_type=KINDS[Path(name).suffix], headers={"Cache-Control": FOR_EVER})

    def _address(self, name: str) -> str:
        """Where an asset is; a changed one has a new address."""
        return f"/pages/{name}?v={hashlib.sha256(self._assets[name]).hexdigest()[:12]}"

    def page(
        self,
        request: Request,
        template: str,
        values: Mapping[str, Any],
        *,
        policy: str = "",
        status: int = 200,
    ) -> Response:
        """A template as a page; under `policy` if that is given, else what a page with a conversation may do."""
        html = self._templates.get_template(template).render(values)
        headers = {"Content-Security-Policy": policy or content_policy(request)}
        return Response(html, status, headers, "text/html")


def content_policy(request: Request) -> str:
    """What a page may load: our own files, and a socket to where it came from."""
    host = request.headers.get("host", "")
    # Some browsers do not count a socket as 'self'.
    sockets = f" ws://{host} wss://{host}" if _HOST.fullmatch(host) else ""
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        f"connect-src 'self'{sockets}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    )


def reach(compiled: CompiledPack) -> list[tuple[str, str]]:
    """How to reach a person, as (kind, value): the pack's own address for complaints."""
    contact = compiled.pack.contacts["complaints"]
    ways = (("phone", contact.phone), ("email", contact.email), ("post", contact.post), ("url", contact.url))
    return [(kind, value) for kind, value in ways if value]


def _palette(colour: str) -> str:
    text = "#ffffff" if luminance(colour) < MIDDLE_LUMINANCE else "#10161d"
    return f"--accent:{colour};--on-accent:{text}"


def luminance(colour: str) -> float:
    """The relative luminance of `#rrggbb`, as WCAG defines it."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
