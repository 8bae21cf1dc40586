"""How often somebody may try to sign in: for each account, whether it exists or not, and for each address."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256

from limits import parse
from limits.strategies import FixedWindowRateLimiter

from bot.door import TooMany
from bot.door.tally import Tally

_ACCOUNT = parse("10/15minutes")
_ADDRESS = parse("60/15minutes")


class Throttle:
    """Counts the tries in this process. `clock` gives seconds since the epoch."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._limiter = FixedWindowRateLimiter(Tally(clock))

    def try_once(self, organisation: str, email: str, address: str) -> None:
        """One more try; TooMany (429) when it was one too many."""
        for limit, key in ((_ADDRESS, ("address", address)), (_ACCOUNT, _of(organisation, email))):
            if not self._limiter.hit(limit, *key):
                ends = self._limiter.get_window_stats(limit, *key).reset_time
                raise TooMany("This sign-in", max(1, round(ends - self._clock())))

    def succeeded(self, organisation: str, email: str) -> None:
        """Whoever knows the password begins anew; the address goes on being counted."""
        self._limiter.clear(_ACCOUNT, *_of(organisation, email))


def _of(organisation: str, email: str) -> tuple[str, str, str]:
    # A counter holds no address that somebody typed.
    return ("account", organisation, sha256(email.strip().lower().encode()).hexdigest())
