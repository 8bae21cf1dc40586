"""What the pages of every face share: their templates, styles and pictures, an organisation's colours and contacts.

Nothing is loaded from anywhere else, and no script or style stands in a page.
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

from bot.channels.tongues import marked
from bot.dialogue.context import Context
from bot.overlay import Colours, Overlays, luminance
from policy_rules.compiled import CompiledPack
from policy_rules.shelf import PackShelf

PAGES = Path(__file__).parent.parent / "pages"
KINDS = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
ICON = "mark.svg"
FOR_EVER = "public, max-age=31536000, immutable"
_HOST = re.compile(r"[A-Za-z0-9.:\[\]_-]+")
# Light text on a dark colour and dark text on a light one: where the two contrasts meet.
MIDDLE_LUMINANCE = 0.179


def routes(packs: PackShelf, overlays: Overlays) -> list[BaseRoute]:
    """The pages and what they load."""
    pages = Pages(packs, overlays)
    return [
        Route("/{org}/colours.css", pages.colours),
        Route("/pages/{name:path}", pages.asset),
        Route("/favicon.ico", pages.icon),
    ]


class Pages:
    """The templates and assets, read once."""

    def __init__(self, packs: PackShelf, overlays: Overlays) -> None:
        self._packs = packs
        self._overlays = overlays
        self._assets = {
            path.relative_to(PAGES).as_posix(): path.read_bytes()
            for path in sorted(PAGES.rglob("*"))
            if path.suffix in KINDS
        }
        self._templates = Environment(
            loader=FileSystemLoader(PAGES), autoescape=True, undefined=StrictUndefined, trim_blocks=True
        )
        self._templates.globals["asset"] = self._address

    async def colours(self, request: Request) -> Response:
        """The organisation's colours, which a strict page cannot carry itself."""
        org = request.path_params["org"]
        self._packs.get(org)
        css = palettes(self._overlays(org).colours, ":root")
        return Response(css, media_type="text/css", headers={"Cache-Control": "no-cache"})

    async def asset(self, request: Request) -> Response:
        """A style, script or picture of the pages."""
        name = request.path_params["name"]
        content = self._assets.get(name)
        if content is None:
            raise HTTPException(404)
        return Response(content, media_type=KINDS[Path(name).suffix], headers={"Cache-Control": FOR_EVER})

    async def icon(self, request: Request) -> Response:
        """What browsers ask for by themselves, on a page that names no icon."""
        return Response(
            self._assets[ICON], media_type=KINDS[".svg"], headers={"Cache-Control": "max-age=86400"}
        )

    def _address(self, name: str) -> str:
        """Where an asset is; a changed one has a new address."""
        return f"/pages/{name}?v={hashlib.sha256(self._assets[name]).hexdigest()[:12]}"

    def page(
        self,
        template: str,
        values: Mapping[str, Any],
        *,
        policy: str,
        status: int = 200,
        context: Context | None = None,
    ) -> Response:
        """A template as a page, under a content policy; in the language of a conversation's `context`."""
        html = self._templates.get_template(template).render(values)
        if context is not None:
            html = marked(html, context)
        headers = {"Content-Security-Policy": policy}
        return Response(html, status, headers, "text/html")


def socket_sources(request: Request) -> str:
    """Our own sockets as sources of a content policy: some browsers do not count them as 'self'."""
    host = request.headers.get("host", "")
    return f" ws://{host} wss://{host}" if _HOST.fullmatch(host) else ""


def reach(compiled: CompiledPack) -> list[tuple[str, str]]:
    """How to reach a person, as (kind, value): the pack's own address for complaints."""
    contact = compiled.pack.contacts["complaints"]
    ways = (("phone", contact.phone), ("email", contact.email), ("post", contact.post), ("url", contact.url))
    return [(kind, value) for kind, value in ways if value]


def palettes(chosen: Colours, where: str) -> str:
    """A style sheet with an organisation's colours, for light and for dark, on what `where` selects."""
    light, dark = _palette(chosen.accent), _palette(chosen.accent_dark)
    return f"{where}{{{light}}}\n@media (prefers-color-scheme:dark){{{where}{{{dark}}}}}\n"


def _palette(colour: str) -> str:
    text = "#ffffff" if luminance(colour) < MIDDLE_LUMINANCE else "#10161d"
    return f"--accent:{colour};--on-accent:{text}"
