"""Against forged requests: a form is taken only from a page of this server, with the token of this browser."""

from __future__ import annotations

import hmac

from starlette.requests import Request

from bot.console.refusals import ForeignPage, OldPage

FIELD, HEADER = "csrf", "x-csrf-token"


def token_of(secret: str) -> str:
    """The token that the forms of a browser carry, from the secret in its cookie; the cookie is no use to a page."""
    return hmac.digest(secret.encode(), b"hearout staff form", "sha256").hex()


def check_page(request: Request) -> None:
    """ForeignPage (403) unless a browser says that a page of ours sends this. Who says nothing is refused too."""
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is None and origin is None:
        raise ForeignPage
    if site is not None and site != "same-origin":
        raise ForeignPage
    if origin is not None and origin.lower() not in _own(request):
        raise ForeignPage


def check_token(given: str, secret: str | None) -> None:
    """OldPage (403) unless this is the token of the browser with that secret; one without a secret has none."""
    if secret is None or not hmac.compare_digest(given.encode(), token_of(secret).encode()):
        raise OldPage


def _own(request: Request) -> tuple[str, str]:
    host = request.headers.get("host", "").lower()
    return f"http://{host}", f"https://{host}"
