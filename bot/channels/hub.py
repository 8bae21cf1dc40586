"""The sockets that are open in this process, by conversation, so that every tab of one shows its replies."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from bot.door import Caller, Metrics, TooMany

# A stranger's address may hold this many sockets; a school or an office behind one address has room.
SOCKETS_PER_ADDRESS = 100
SLOW_TAB_SECONDS = 5.0

Send = Callable[[dict[str, Any]], Awaitable[None]]
# The organisation, and the SHA-256 (hex) of the secret that opens the conversation: all that the store knows of it.
Conversation = tuple[str, str]


class Hub:
    """Who listens to which conversation. A tab that cannot keep up is left behind; it resumes by number."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._listening: defaultdict[Conversation, list[Send]] = defaultdict(list)
        self._by_address: Counter[str] = Counter()

    def enter(self, caller: Caller) -> None:
        """Count a socket; TooMany (429) when a stranger's address has too many open."""
        if not caller.trusted and self._by_address[caller.address] >= SOCKETS_PER_ADDRESS:
            raise TooMany("This address", 60)
        self._by_address[caller.address] += 1
        self._metrics.sockets += 1

    def leave(self, caller: Caller) -> None:
        """Uncount a socket that entered."""
        self._metrics.sockets -= 1
        self._by_address[caller.address] -= 1
        if not self._by_address[caller.address]:
            del self._by_address[caller.address]

    @contextlib.contextmanager
    def listening(self, conversation: Conversation, send: Send) -> Iterator[None]:
        """Give `send` every reply of this conversation that another socket brings about."""
        self._listening[conversation].append(send)
        try:
            yield
        finally:
            self._listening[conversation].remove(send)
            if not self._listening[conversation]:
                del self._listening[conversation]

    async def tell_others(self, conversation: Conversation, sent_by: Send, frame: dict[str, Any]) -> None:
        """Send a frame to the other sockets of a conversation; one that fails or stalls is not waited for."""
        # By equality: a method of an object is a new object each time that it is looked up.
        others = [send for send in self._listening.get(conversation, ()) if send != sent_by]
        if others:
            await asyncio.gather(*(_try(send, frame) for send in others))

    async def tell(self, organisation: str, key_hash: str, frame: dict[str, Any]) -> None:
        """Send a frame that no socket brought about to every socket of a conversation."""
        sockets = self._listening.get((organisation, key_hash), ())
        await asyncio.gather(*(_try(send, frame) for send in sockets))


async def _try(send: Send, frame: dict[str, Any]) -> None:
    with contextlib.suppress(Exception):
        await asyncio.wait_for(send(frame), SLOW_TAB_SECONDS)
