"""The console's templates. They stand in bot/pages/console; what they load is served with the assets of every face."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined

PAGES = Path(__file__).parent.parent / "pages"
ZONE = ZoneInfo("Europe/London")


def render(template: str, values: Mapping[str, Any]) -> str:
    """A template of bot/pages/console as HTML; a name that it needs and is not given is an error."""
    return _templates().get_template(f"console/{template}").render(values)


def asset(name: str) -> str:
    """Where an asset is; a changed one has a new address."""
    return f"/pages/{name}?v={_digest(name)[:12]}"


def local_time(at: datetime) -> str:
    """An instant as people here write it: 24 December 2026 at 16:45."""
    here = at.astimezone(ZONE)
    return f"{here.day} {here:%B %Y} at {here:%H:%M}"


def iso(at: datetime) -> str:
    """An instant for the attribute of a <time>."""
    return at.astimezone(ZONE).isoformat(timespec="minutes")


@cache
def _templates() -> Environment:
    made = Environment(
        loader=FileSystemLoader(PAGES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals["asset"] = asset
    made.filters |= {"local_time": local_time, "iso": iso}
    return made


@cache
def _digest(name: str) -> str:
    return hashlib.sha256((PAGES / name).read_bytes()).hexdigest()
