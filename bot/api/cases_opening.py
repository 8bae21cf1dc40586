"""Which case a request is about, whether its caller may open it, and that this is kept."""

from __future__ import annotations

from fastapi import Request

from bot.door import refuse_nul
from bot.door.keys import Client
from bot.turn import Desk
from cases import listing
from cases.listing import Place


async def place_of(desk: Desk, client: Client, request: Request) -> Place:
    """The case that the path names. NoSuchCase (404), also for one of another organisation; MissingScope (403)."""
    reference = request.path_params["reference"].strip().upper()
    refuse_nul(reference, "reference")
    here = await desk.store.read(lambda conn: listing.place(conn, client.organisation, reference))
    if here.restricted:
        client.require("cases:restricted", "This case is restricted and")
    return here


async def opened(desk: Desk, here: Place, action: str, client: Client) -> None:
    """Keep that the client read of a case; on disk before it is shown anything."""
    now = desk.clock()
    await desk.store.write(lambda conn: listing.opened(conn, here, action, client.writer, now))
