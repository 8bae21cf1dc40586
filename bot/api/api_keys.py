"""API keys, for the command line while a server runs: one process owns a SQLite store. For programs on this machine,
or with the server's own key; a key of an organisation makes no other."""

from __future__ import annotations

import secrets
from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import TypeAdapter
from pydantic_core import to_json

from bot.api.cases_shapes import KeyMade, KeyOut, KeyRevoked
from bot.api.guarded import guarded_by
from bot.door import Door, read_json, refuse_nul
from bot.turn import Desk
from cases import keys
from cases.keys import RANDOM_BYTES, NewKey

_NEW = TypeAdapter(NewKey)
BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/NewKey"}}},
    }
}


def router(desk: Desk, door: Door) -> APIRouter:
    """The three endpoints."""

    routes = APIRouter(prefix="/api/v1/keys", tags=["Keys"], route_class=guarded_by(door))

    @routes.get(
        "",
        operation_id="keys",
        summary="The API keys",
        response_model=None,
        responses={200: {"model": list[KeyOut], "description": "All keys, without what opens anything."}},
    )
    async def listing() -> Response:
        """Revoked and expired ones too."""
        return _json(await desk.store.read(keys.listing))

    @routes.post(
        "",
        operation_id="add_key",
        summary="Make an API key",
        response_model=None,
        status_code=201,
        responses={201: {"model": KeyMade, "description": "The key; it is shown this once."}},
        openapi_extra=BODY,
    )
    async def add(request: Request) -> Response:
        """For one organisation, with scopes, and a day on which it ends."""
        wanted = read_json(_NEW, await request.body())
        refuse_nul(wanted.model_dump())
        # A key for nobody would only ever find nothing.
        desk.packs.get(wanted.organisation)
        now, random = desk.clock(), secrets.token_bytes(RANDOM_BYTES)
        return _json({"key": await desk.store.write(lambda conn: keys.add(conn, wanted, random, now))}, 201)

    @routes.post(
        "/{organisation}/{prefix}/revoke",
        operation_id="revoke_key",
        summary="End an API key",
        response_model=None,
        responses={200: {"model": KeyRevoked, "description": "It opens nothing from now on."}},
    )
    async def revoke(organisation: str, prefix: str) -> Response:
        """For good, and at once."""
        refuse_nul([organisation, prefix])
        now = desk.clock()
        changed = await desk.store.write(lambda conn: keys.revoke(conn, organisation, prefix, now))
        return _json({"prefix": prefix, "changed": changed})

    return routes


def _json(body: Any, status: int = 200) -> Response:
    return Response(to_json(body), status, media_type="application/json")
