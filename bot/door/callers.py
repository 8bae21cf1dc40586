"""Who is calling, and how often they may."""

from __future__ import annotations

import functools
import hmac
import ipaddress
import time
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from limits import RateLimitItem, parse
from limits.strategies import FixedWindowRateLimiter

from bot.door.refusals import NotSignedIn, TooMany
from bot.door.tally import Tally
from bot.settings import Settings

Scope = MutableMapping[str, Any]
Headers = Mapping[bytes, bytes]

# One-time codes that one address may ask for or try.
_ASKING = parse("60/hour")
# A proxy adds one of these: then the address that we see is the proxy's, however local.
FORWARDING = (b"x-forwarded-for", b"forwarded", b"x-real-ip", b"via")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is calling: `trusted` is a program on this machine, or anybody with the API key."""

    address: str
    trusted: bool


class Door:
    """Tells callers apart and counts what they send. `clock` gives seconds since the epoch."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.time) -> None:
        key = settings.api_key
        self._key = key.get_secret_value().encode() if key is not None else None
        self._origins = frozenset(settings.allowed_origins)
        self._counting = settings.limits == "on"
        self._stranger = parse(settings.limit_address)
        self._trusted = parse(settings.limit_trusted)
        self._conversation = parse(settings.limit_conversation)
        self._clock = clock
        self._limiter = FixedWindowRateLimiter(Tally(clock))

    def caller(self, scope: Scope) -> Caller:
        """Who opened this request or socket."""
        headers = headers_of(scope)
        client = scope.get("client")
        address = client[0] if client else "unknown"
        if self._key is not None:
            scheme, _, given = headers.get(b"authorization", b"").partition(b" ")
            if scheme.lower() == b"bearer" and hmac.compare_digest(given.strip(), self._key):
                return Caller(address, trusted=True)
        return Caller(address, trusted=is_loopback(address) and self._is_direct(headers))

    def _is_direct(self, headers: Headers) -> bool:
        """Whether a request from a loopback address was made by a program here, for itself.

        Not one that a proxy passes on, nor one that a web page of somebody else's made a local browser send:
        that carries its page's origin, or a host name that was made to resolve to this machine.
        """
        if any(name in headers for name in FORWARDING) or headers.get(b"sec-fetch-site") == b"cross-site":
            return False
        return is_loopback(host_name(headers.get(b"host", b""))) and self.knows_origin(headers)

    def knows_origin(self, headers: Headers) -> bool:
        """Whether a browser's page may talk to us: ours, an allowed one, or no page at all (no Origin)."""
        origin = headers.get(b"origin")
        if origin is None:
            return True
        text = origin.decode("latin-1").lower()
        own = headers.get(b"host", b"").decode("latin-1").lower()
        return text in (f"http://{own}", f"https://{own}") or text in self._origins

    def admit(self, scope: Scope) -> Caller:
        """The caller, if trusted and within the limits; NotSignedIn (401) or TooMany (429) otherwise."""
        caller = self.caller(scope)
        if not caller.trusted:
            # Counted too, so that a key cannot be guessed at speed.
            self.count_address(caller)
            raise NotSignedIn
        self.count_address(caller)
        return caller

    def count_address(self, caller: Caller) -> None:
        """One more request from this address; TooMany (429) when it was one too many."""
        limit = self._trusted if caller.trusted else self._stranger
        self._count(limit, "This address", "address", caller.address)

    def count_asking(self, caller: Caller) -> None:
        """One more code that was asked for, or tried, from this address; TooMany (429) when it was one too many."""
        limit = self._trusted if caller.trusted else _ASKING
        self._count(limit, "This address", "asking", caller.address)

    def count_stranger(self, scope: Scope) -> None:
        """One more request that showed a key which is none; TooMany (429) when it was one too many."""
        self.count_address(Caller(self.caller(scope).address, trusted=False))

    def count_conversation(self, organisation: str, sender: str) -> None:
        """One more message in this conversation; TooMany (429) when it was one too many."""
        # The sender is a secret: the counter keeps only its hash.
        self._count(
            self._conversation, "This conversation", organisation, sha256(sender.encode()).hexdigest()
        )

    def count_key(self, organisation: str, prefix: str) -> None:
        """One more request under this API key; TooMany (429) when it was one too many."""
        self._count(self._trusted, "This key", "key", organisation, prefix)

    def _count(self, limit: RateLimitItem, whose: str, *key: str) -> None:
        if self._counting and not self._limiter.hit(limit, *key):
            ends = self._limiter.get_window_stats(limit, *key).reset_time
            raise TooMany(whose, max(1, round(ends - self._clock())))


def headers_of(scope: Scope) -> Headers:
    """The headers by lower-case name: uvicorn hands those of a WebSocket on as they were written."""
    return {name.lower(): value for name, value in scope["headers"]}


@functools.lru_cache(maxsize=1024)
def is_loopback(name: str) -> bool:
    """Whether an address or host name is this machine's own."""
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def host_name(host: bytes) -> str:
    """The name in a Host header, without its port: `[::1]:8000` -> `::1`."""
    text = host.decode("latin-1").lower()
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0]
