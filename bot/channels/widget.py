"""The conversation that is placed on an organisation's website: the page in its frame, and the files of web_widget/.

The host page has an ordinary link to `/{org}/complain` and loads the loader, which opens `/{org}/widget` in a frame.
Who may frame it: our own pages, the `websites` of the organisation's settings, and HEAROUT_ALLOWED_ORIGINS. A page
that takes the element itself (`<hearout-chat>`) reads `/{org}/widget.json` and must be an allowed origin.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from bot.channels.pages import FOR_EVER, PAGES, palettes, reach, socket_sources
from bot.door import Door, headers_of
from bot.overlay import Overlay, Overlays
from policy_rules.compiled import CompiledPack
from policy_rules.loader import read_yaml
from policy_rules.shelf import PackShelf

DIST = files("web_widget") / "dist"
KINDS = {".js": "text/javascript", ".css": "text/css"}
LOADER, CHAT, STYLE = "hearout-loader.js", "hearout-chat.js", "hearout-chat.css"
# A host page names the loader without a version: it is asked for again within the hour.
SOON_AGAIN = "public, max-age=3600"
# Any page may load these files; what they talk to is guarded by itself.
FOR_ALL_PAGES = {"Cross-Origin-Resource-Policy": "cross-origin", "Access-Control-Allow-Origin": "*"}
DEFAULT_LANGUAGE = "en"


def routes(
    packs: PackShelf, overlays: Overlays, door: Door, allowed_origins: tuple[str, ...]
) -> list[BaseRoute]:
    """The frame's page, its settings as JSON, and the files."""
    widget = Widget(packs, overlays, door, allowed_origins)
    return [
        Route("/{org}/widget", widget.frame),
        Route("/{org}/widget.json", widget.settings),
        Route("/widget/{name}", widget.file),
    ]


class Widget:
    """The page and the files, read once."""

    def __init__(
        self, packs: PackShelf, overlays: Overlays, door: Door, allowed_origins: tuple[str, ...]
    ) -> None:
        self._packs = packs
        self._overlays = overlays
        self._door = door
        self._origins = allowed_origins
        self._files = Files.read()
        self._templates = Environment(
            loader=FileSystemLoader(PAGES), autoescape=True, undefined=StrictUndefined, trim_blocks=True
        )

    async def frame(self, request: Request) -> Response:
        """The whole conversation as a page: for a frame, and for a private link that is opened by itself."""
        compiled, overlay, language = self._asked(request)
        # Within the page, so that what stands there is seen without waiting for a second answer.
        style = self._files.content[STYLE].decode() + palettes(overlay.colours, "hearout-chat")
        values = {
            "settings": _in_html(settings_of(compiled, overlay, language)),
            "style": style,
            "pack": compiled.pack,
            "words": words_in(language),
            "language": language,
            "chat": self._files.address(CHAT),
            "integrity": self._files.integrity(CHAT),
        }
        html = self._templates.get_template("widget.html").render(values)
        policy = self._policy(request, overlay, style)
        headers = {"Content-Security-Policy": policy, "Cross-Origin-Resource-Policy": "cross-origin"}
        return _packed(request, html.encode(), headers, "text/html; charset=utf-8")

    async def settings(self, request: Request) -> Response:
        """What the element must know of an organisation, for pages of allowed origins."""
        compiled, overlay, language = self._asked(request)
        headers = {"Vary": "Origin"}
        origin = request.headers.get("origin")
        if origin is not None and self._door.knows_origin(headers_of(request.scope)):
            headers["Access-Control-Allow-Origin"] = origin
        found = json.dumps(settings_of(compiled, overlay, language), ensure_ascii=False)
        return _packed(request, found.encode(), headers, "application/json")

    async def file(self, request: Request) -> Response:
        """A file of the widget, under its own version for ever, else for a while."""
        name = request.path_params["name"]
        if name not in self._files.content:
            raise HTTPException(404)
        current = request.query_params.get("v") == self._files.version(name)
        headers = {**FOR_ALL_PAGES, "Cache-Control": FOR_EVER if current else SOON_AGAIN}
        return _packed(request, self._files.content[name], headers, KINDS[Path(name).suffix])

    def _asked(self, request: Request) -> tuple[CompiledPack, Overlay, str]:
        """The organisation, its settings, and the language that was asked for, if it speaks it."""
        organisation = request.path_params["org"]
        compiled, overlay = self._packs.get(organisation), self._overlays(organisation)
        asked = request.query_params.get("lang", "")
        return compiled, overlay, asked if asked in overlay.languages else overlay.languages[0]

    def _policy(self, request: Request, overlay: Overlay, style: str) -> str:
        """What the page may load, and who may show it in a frame."""
        own = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        framers = " ".join(dict.fromkeys(["'self'", *overlay.websites, *self._origins]))
        return (
            f"default-src 'none'; script-src 'self'; style-src 'sha256-{own}'; img-src 'self'; "
            f"connect-src 'self'{socket_sources(request)}; base-uri 'none'; form-action 'none'; "
            f"frame-ancestors {framers}; require-trusted-types-for 'script'; trusted-types 'none'"
        )


class Files:
    """The built files: what is loaded, and by which hash a page knows it."""

    def __init__(self, content: Mapping[str, bytes]) -> None:
        self.content = content

    @classmethod
    def read(cls) -> Files:
        """The files that stand in web_widget/dist."""
        found = {entry.name: entry for entry in DIST.iterdir() if Path(entry.name).suffix in KINDS}
        return cls({name: entry.read_bytes() for name, entry in sorted(found.items())})

    def integrity(self, name: str) -> str:
        """By which a page knows a file, as `integrity` attributes are written."""
        return f"sha384-{base64.b64encode(hashlib.sha384(self.content[name]).digest()).decode()}"

    def version(self, name: str) -> str:
        return hashlib.sha256(self.content[name]).hexdigest()[:12]

    def address(self, name: str) -> str:
        """Where a file is; a changed one has a new address."""
        return f"/widget/{name}?v={self.version(name)}"


def settings_of(compiled: CompiledPack, overlay: Overlay, language: str) -> dict[str, Any]:
    """What the conversation's face must know of an organisation; its words are in one language."""
    pack = compiled.pack
    words = words_in(language)
    name, short = pack.organisation.name, pack.organisation.short_name
    return {
        "org": pack.organisation.id,
        "name": name,
        "short": short,
        "language": language,
        "languages": list(overlay.languages),
        "reach": reach(compiled),
        "hours": hours_of(compiled, words),
        "leave_to": overlay.leave_to,
        "colours": [overlay.colours.accent, overlay.colours.accent_dark],
        "words": {key: text.replace("{short}", short).replace("{name}", name) for key, text in words.items()},
    }


def hours_of(compiled: CompiledPack, words: Mapping[str, str]) -> str | None:
    """When people answer, in words; None where the policy prints no hours."""
    hours = compiled.pack.hours
    if hours is None:
        return None
    named = [words[day.lower()] for day in (hours.days[0], hours.days[-1])]
    said = words["hours"].replace("{from}", named[0]).replace("{to}", named[1])
    said = said.replace("{opens}", str(hours.opens)).replace("{closes}", str(hours.closes))
    return f"{said} {words['closed']}" if hours.bank_holidays == "closed" else said


@cache
def words_in(language: str) -> Mapping[str, str]:
    """The face's own words, by name: those of `widget.<language>.yml`."""
    path = PAGES / f"widget.{language}.yml"
    document, _ = read_yaml(path.read_text("utf-8"), path.name)
    return {str(name): str(text) for name, text in document.items()}


def _in_html(settings: Mapping[str, Any]) -> str:
    """JSON that may stand in a script element: nothing in it can end that."""
    return re.sub(r"[<>&]", lambda found: f"\\u{ord(found[0]):04x}", json.dumps(settings, ensure_ascii=False))


@cache
def _zipped(data: bytes) -> bytes:
    return gzip.compress(data, 9, mtime=0)


def _packed(request: Request, data: bytes, headers: Mapping[str, str], kind: str) -> Response:
    """A response, compressed where the client takes that."""
    vary = ", ".join(filter(None, [headers.get("Vary"), "Accept-Encoding"]))
    sent = {**headers, "Vary": vary}
    if "gzip" in request.headers.get("accept-encoding", ""):
        data, sent = _zipped(data), {**sent, "Content-Encoding": "gzip"}
    return Response(data, headers=sent, media_type=kind)
