"""The two cookies of the console: the session's, and one that tells a browser apart before anybody signed in.

Both hold 256 random bits and no more. Over https they have the prefix `__Host-`: no other host or path can set them.
On this machine without https, where browsers would refuse such a name, they go without.
"""

from __future__ import annotations

import re
import secrets

from starlette.requests import Request
from starlette.responses import Response

TOKEN_BYTES = 32
SESSION, DOOR = "staff", "staff-door"
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


def new_token() -> str:
    """256 random bits, as text."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def is_token(text: str) -> bool:
    """Whether a text is formed like a token of ours."""
    return _TOKEN.fullmatch(text) is not None


def read(request: Request, kind: str, organisation: str, *, secure: bool) -> str | None:
    """The token that the browser sent, if it is formed like one."""
    token = request.cookies.get(_name(kind, organisation, secure=secure), "")
    return token if is_token(token) else None


def keep(response: Response, kind: str, organisation: str, token: str, *, secure: bool) -> None:
    """Let the browser send the token with each page, until it is closed."""
    response.set_cookie(
        _name(kind, organisation, secure=secure),
        token,
        path="/",
        secure=secure,
        httponly=True,
        samesite="lax",
    )


def forget(response: Response, kind: str, organisation: str, *, secure: bool) -> None:
    """Let the browser drop it."""
    response.delete_cookie(
        _name(kind, organisation, secure=secure), path="/", secure=secure, httponly=True, samesite="lax"
    )


def _name(kind: str, organisation: str, *, secure: bool) -> str:
    return f"{'__Host-' if secure else ''}hearout-{kind}-{organisation}"
