"""The cookie that holds the key of the conversation: out of reach of any script."""

from __future__ import annotations

import re

from starlette.requests import Request
from starlette.responses import Response

# What `bot.channels.hearing.new_key` makes, and whatever else is as hard to guess.
_KEY = re.compile(r"[A-Za-z0-9_-]{22,128}")
# As long as a draft may be away before anybody is reminded of it twice over; a filed complaint is looked at for longer.
KEPT_SECONDS = 90 * 24 * 3600


def is_key(text: str) -> bool:
    """Whether a text has the shape of a key: one that nobody could guess."""
    return _KEY.fullmatch(text) is not None


def key_of(request: Request, organisation: str) -> str | None:
    """The key that the browser sent, if it has the shape of one."""
    key = request.cookies.get(_name(organisation), "")
    return key if is_key(key) else None


def keep(response: Response, organisation: str, key: str, *, secure: bool) -> None:
    """Let the browser send the key with each of the organisation's pages here."""
    response.set_cookie(
        _name(organisation),
        key,
        max_age=KEPT_SECONDS,
        path=f"/{organisation}/",
        secure=secure,
        httponly=True,
        samesite="lax",
    )


def forget(response: Response, organisation: str, *, secure: bool) -> None:
    """Let the browser drop the key."""
    response.delete_cookie(
        _name(organisation), path=f"/{organisation}/", secure=secure, httponly=True, samesite="lax"
    )


def _name(organisation: str) -> str:
    return f"hearout-{organisation}"
