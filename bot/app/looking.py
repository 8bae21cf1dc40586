"""Looking after every organisation again and again, as long as the server runs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from bot.app.edge import places_of


async def look_forever(
    organisations: Callable[[], Iterable[str]],
    look: Callable[[str], Awaitable[object]],
    every: float,
    failed: Callable[..., Any],
) -> None:
    """`look` at each organisation, every so many seconds. What goes wrong with one is told, and tried at the next look.

    `failed` is told the error's kind and places alone: what it says may hold somebody's words.
    """
    while True:
        for organisation in organisations():
            try:
                await look(organisation)
            except Exception as error:  # noqa: BLE001 - a database that is away for a while only delays us
                failed(kind=type(error).__name__, places=places_of(error))
        await asyncio.sleep(every)
