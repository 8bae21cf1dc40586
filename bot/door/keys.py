"""Callers of the cases API: a key of one organisation with its scopes, or a program that may do everything.

A key that is no good is 401 whatever is wrong with it; one that may not do this is 403; and what belongs to another
organisation is not there (404).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import get_args

from bot.door.callers import Door, Scope, headers_of
from cases import keys
from cases.events import Writer
from cases.keys import ApiKey
from cases.keys import Scope as KeyScope
from cases.store import Store
from policy_rules.errors import Refusal


class BadKey(Refusal):
    """A key that is unknown, wrong, expired or revoked; it is not said which."""

    status = 401
    kind = "bad-key"
    title = "This key opens nothing"
    headers: Mapping[str, str] = {"WWW-Authenticate": 'Bearer error="invalid_token"'}

    def __init__(self) -> None:
        super().__init__(
            "The API key is unknown, expired or revoked. `hearout keys list` shows the keys that there are.",
            where="authorization",
        )


class MissingScope(Refusal):
    status = 403
    kind = "missing-scope"
    title = "This key may not do this"

    def __init__(self, scope: str, what: str = "This") -> None:
        super().__init__(f"{what} needs a key with the scope '{scope}'.", where="authorization", meant=scope)


@dataclass(frozen=True, slots=True)
class Client:
    """Who calls: `organisation` None may see all of them. `caller` is what the audit trail keeps of it."""

    organisation: str | None
    scopes: tuple[str, ...]
    caller: str
    name: str

    @property
    def writer(self) -> Writer:
        """The client as whoever writes."""
        return Writer(self.name, "system", self.caller)

    def require(self, scope: KeyScope, what: str = "This") -> None:
        """MissingScope (403) when the key may not do this."""
        if scope not in self.scopes:
            raise MissingScope(scope, what)


SERVER = Client(None, get_args(KeyScope), "server", "The server's own key")


class KeyDoor:
    """Tells who calls by their key. `clock` gives the present."""

    def __init__(self, door: Door, store: Store, clock: Callable[[], datetime]) -> None:
        self._door = door
        self._store = store
        self._clock = clock

    async def admit(self, scope: Scope) -> Client:
        """The caller. BadKey, NotSignedIn (401), TooMany (429)."""
        scheme, _, token = headers_of(scope).get(b"authorization", b"").partition(b" ")
        text = token.strip().decode("latin-1")
        if scheme.lower() != b"bearer" or not text.startswith(keys.BEGINS):
            self._door.admit(scope)
            return SERVER
        key = await self._find(text)
        if key is None:
            # Counted as a stranger's, so that keys cannot be guessed at speed.
            self._door.count_stranger(scope)
            raise BadKey
        self._door.count_key(key.organisation, key.prefix)
        now = self._clock()
        if keys.is_worn(key, now):
            await self._store.write(lambda conn: keys.used(conn, key, now))
        return Client(key.organisation, key.scopes, key.prefix, key.name)

    async def _find(self, token: str) -> ApiKey | None:
        given, now = keys.presented(token), self._clock()
        if given is None:
            return None
        return await self._store.read(lambda conn: keys.find(conn, given, now))
