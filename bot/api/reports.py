"""What `hearout report` tells a server that runs: a file of a report was written beside it, for the trail to keep."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from bot.api.guarded import guarded_by
from bot.door import Door, refuse_nul
from bot.turn import Desk
from cases.events import Writer
from cases.reports import making
from cases.reports.period import Period

# Who wrote a file on the server itself, as the trail names them.
COMMAND = Writer("hearout report", "staff", "command")


class Exported(BaseModel):
    """A file of a report: which, of what days, as of when, and the SHA-256 of its bytes."""

    model_config = ConfigDict(extra="forbid")

    organisation: Annotated[str, Field(max_length=64)]
    file: Annotated[str, Field(pattern=r"^[a-z]{1,12}\.[a-z]{1,4}$")]
    first: date
    last: date
    as_of: AwareDatetime
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Kept(BaseModel):
    """That it stands in the audit trail."""

    kept: bool = True


def router(desk: Desk, door: Door) -> APIRouter:
    """The one endpoint; for programs on this machine, or with the key."""
    routes = APIRouter(prefix="/api/v1", tags=["Reports"], route_class=guarded_by(door))

    @routes.post(
        "/reports/exported",
        operation_id="report_exported",
        summary="Keep in the audit trail that a file of a report was written on this server",
        responses={200: {"description": "It is kept."}},
    )
    async def exported(body: Exported) -> Kept:
        """`hearout report --out` calls it; files from the staff's pages are kept by the pages."""
        refuse_nul(body.organisation)
        desk.packs.get(body.organisation)
        now, period = desk.clock(), Period(body.first, body.last)
        await desk.store.write(
            lambda conn: making.exported(
                conn, body.organisation, body.file, period, body.as_of, body.sha256, COMMAND, now
            )
        )
        return Kept()

    return routes
