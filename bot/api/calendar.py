"""The open promises of an organisation as a calendar (RFC 5545) that staff subscribe to.

Calendar programs cannot all send a bearer token: they may sign in with any name and the key as the password. Events
name a reference, a promise and a role, and nobody.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request, Response

from bot.door import Scope
from bot.door.keys import KeyDoor
from bot.turn import Desk
from cases import watch
from handoff.notices import promise

if TYPE_CHECKING:
    from icalendar import Event

MEDIA_TYPE = "text/calendar"
EVERY = timedelta(hours=1)


def router(desk: Desk, door: KeyDoor) -> APIRouter:
    """The one endpoint."""
    routes = APIRouter(tags=["Cases"])

    @routes.get(
        "/api/v1/organisations/{org}/clocks.ics",
        operation_id="clocks_calendar",
        summary="Open clocks as a calendar",
        response_class=Response,
        responses={
            200: {
                "description": "An iCalendar feed, one event for each open promise.",
                "content": {MEDIA_TYPE: {}},
            },
            304: {"description": "The client has it as it stands (If-None-Match)."},
        },
        openapi_extra={"security": [{}, {"caseKey": ["cases:read"]}]},
    )
    async def clocks(org: str, request: Request) -> Response:
        """All-day events on the day by which each promise has to be kept. Restricted cases need their scope."""
        client = await door.admit(_with_bearer(request.scope))
        client.require("cases:read")
        pack = desk.packs.get(org).pack
        may_see = client.organisation in (None, org)
        restricted = "cases:restricted" in client.scopes
        # Of another organisation a key finds nothing, as in the list of cases.
        found = (
            await desk.store.read(lambda conn: watch.open_clocks(conn, org, restricted)) if may_see else []
        )
        body = feed(org, pack.organisation.short_name, found)
        tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
        if tag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        return Response(body, media_type=f"{MEDIA_TYPE}; charset=utf-8", headers=headers)

    return routes


def feed(organisation: str, short_name: str, found: Sequence[Mapping[str, Any]]) -> bytes:
    """The calendar of these rows (see `cases.watch.open_clocks`); the same rows give the same bytes."""
    # Here, since a start should not wait a sixth of a second for what few ask for.
    from icalendar import Calendar

    calendar = Calendar()
    calendar.add("prodid", "-//Hearout//Clocks//EN")
    calendar.add("version", "2.0")
    calendar.add("name", f"{short_name}: complaints")
    calendar.add("x-wr-calname", f"{short_name}: complaints")
    calendar.add("refresh-interval", EVERY, parameters={"VALUE": "DURATION"})
    for row in found:
        calendar.add_component(_event(organisation, row))
    return bytes(calendar.to_ical())


def _event(organisation: str, row: Mapping[str, Any]) -> Event:
    from icalendar import Event

    event, reference, missed = Event(), row["case_reference"], row["state"] == "missed"
    what = promise(row["kind"])
    event.add("uid", f"{reference}.{row['kind']}@{organisation}.hearout")
    # Of the case, not of this moment: a feed that has not changed is the same file.
    event.add("dtstamp", row["created_at"])
    event.add("sequence", row["version"])
    event.add("dtstart", row["day"])
    event.add("dtend", row["day"] + timedelta(days=1))
    event.add("summary", f"{'MISSED: ' if missed else ''}{reference}: {what}")
    lines = [f"For: {row['handler'] or 'nobody named'}", f"Policy: {row['clause']} ({row['force']})"]
    if row["day"] != row["due"]:
        lines.append(f"The policy's own day is {row['due']:%d/%m/%Y} since a bank holiday was proclaimed.")
    event.add("description", "\n".join(lines))
    event.add("transp", "TRANSPARENT")
    event.add("categories", [row["kind"]])
    return event


def _with_bearer(scope: Scope) -> Scope:
    """The same call with the password of a basic sign-in as its bearer token."""
    headers = []
    for name, value in scope["headers"]:
        kind, _, rest = value.partition(b" ")
        if name == b"authorization" and kind.lower() == b"basic":
            with contextlib.suppress(binascii.Error):
                value = b"Bearer " + base64.b64decode(rest, validate=True).partition(b":")[2]
        headers.append((name, value))
    return {**scope, "headers": headers}
