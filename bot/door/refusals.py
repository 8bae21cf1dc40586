"""How a request is refused before it reaches a conversation: each kind with its status and its cure."""

from __future__ import annotations

from collections.abc import Mapping

from policy_rules.errors import Refusal


class Malformed(Refusal):
    status = 400
    kind = "malformed"
    title = "The request cannot be read"


class WrongShape(Refusal):
    kind = "wrong-shape"
    title = "The request has the wrong shape"


class NotSignedIn(Refusal):
    """A caller from beyond this machine without the key."""

    status = 401
    kind = "not-signed-in"
    title = "This needs the API key"
    headers: Mapping[str, str] = {"WWW-Authenticate": "Bearer"}

    def __init__(self, what: str = "This part of Hearout") -> None:
        super().__init__(
            f"{what} is open to programs on the same machine; from anywhere else send the API key as "
            "'Authorization: Bearer ...'.",
            where="authorization",
        )


class StrangePage(Refusal):
    status = 403
    kind = "origin-refused"
    title = "Pages of this origin may not open a conversation"


class TooLarge(Refusal):
    status = 413
    kind = "too-large"
    title = "The request is too large"


class TooMany(Refusal):
    """A limit was reached; `headers` says after how many seconds to try again."""

    status = 429
    kind = "too-many-requests"
    title = "Too many requests"

    def __init__(self, whose: str, seconds: int) -> None:
        super().__init__(f"{whose} has sent too much in a short time. Try again in {seconds} seconds.")
        self.headers: Mapping[str, str] = {"Retry-After": str(seconds)}
