"""Trying deliveries again, for `hearout handoff retry`: on SQLite only the process that serves may write."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from bot.api.guarded import guarded_by
from bot.door import Door
from cases import retries
from cases.store import Store


class Again(BaseModel):
    """Which deliveries: these ids, or all that are dead or wait after a failure, within the limits."""

    model_config = ConfigDict(extra="forbid")

    ids: tuple[Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")], ...] = Field(default=(), max_length=1000)
    all: bool = False
    organisation: str | None = Field(default=None, max_length=64)
    target: str | None = Field(default=None, max_length=64)


class Done(BaseModel):
    """What is due now: `dead` were given up, `waiting` wait; `places` are trusted again; `unknown` are no open ids."""

    dead: int
    waiting: int
    places: list[str]
    unknown: list[str]


async def again(store: Store, asked: Again, now: datetime) -> Done:
    """Carry it out on a store that is ours to write."""
    if asked.all:
        done = await store.write(lambda conn: retries.retry_all(conn, now, asked.organisation, asked.target))
    else:
        done = await store.write(lambda conn: retries.retry(conn, asked.ids, now))
    return Done.model_validate({**asdict(done), "places": list(done.places), "unknown": list(done.unknown)})


def router(store: Store, door: Door, clock: Callable[[], datetime], wake: Callable[[], None]) -> APIRouter:
    """The one endpoint; for programs on this machine, or with the key."""

    routes = APIRouter(tags=["Handoff"], route_class=guarded_by(door))

    @routes.post(
        "/api/v1/handoff/retry",
        operation_id="retry_handoff",
        summary="Try deliveries again",
        response_model=Done,
    )
    async def retry(body: Again) -> Done:
        """What was given up is tried anew from the start of the table, under its old id; what waits is due now."""
        done = await again(store, body, clock())
        wake()
        return done

    return routes
