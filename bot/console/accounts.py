"""Invitations and disabled accounts, for the command line while a server runs: one process owns a SQLite store.

For programs on this machine, or with the server's own key: nobody who is signed in to a page gives out roles.
"""

from __future__ import annotations

import secrets
from typing import Any

from pydantic import TypeAdapter
from pydantic_core import to_json
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from bot.door import Door, read_json, refuse_nul
from bot.turn import Desk
from cases import organisations, staff
from cases.staff import ID_BYTES, SECRET_BYTES, Gone, Invitation
from policy_rules.errors import UnknownOrganisation

INVITE, DISABLE = "/api/v1/staff/invite", "/api/v1/staff/disable"
_INVITATION, _GONE = TypeAdapter(Invitation), TypeAdapter(Gone)


def routes(desk: Desk, door: Door) -> list[BaseRoute]:
    """The two endpoints that `hearout staff` calls."""

    async def invite(request: Request) -> Response:
        door.admit(request.scope)
        wanted = read_json(_INVITATION, await request.body())
        refuse_nul(wanted.model_dump())
        await _require(desk, wanted.organisation)
        now, random = desk.clock(), secrets.token_bytes(SECRET_BYTES + ID_BYTES)
        secret = await desk.store.write(lambda conn: staff.invited_by(conn, wanted, random, now))
        return _json({"invitation": secret})

    async def disable(request: Request) -> Response:
        door.admit(request.scope)
        wanted = read_json(_GONE, await request.body())
        refuse_nul(wanted.model_dump())
        now = desk.clock()
        changed = await desk.store.write(
            lambda conn: staff.disable(conn, wanted.organisation, wanted.email, now)
        )
        return _json({"changed": changed})

    return [Route(INVITE, invite, methods=["POST"]), Route(DISABLE, disable, methods=["POST"])]


async def _require(desk: Desk, organisation: str) -> None:
    """UnknownOrganisation (404) unless it has rules, or somebody works on its first ones."""
    try:
        desk.packs.get(organisation)
    except UnknownOrganisation:
        if await desk.store.read(lambda conn: organisations.begun(conn, organisation)) is None:
            raise


def _json(body: Any) -> Response:
    return Response(to_json(body), media_type="application/json")
