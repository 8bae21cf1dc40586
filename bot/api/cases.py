"""Cases, for case systems: a list by page, a case whole, what has become of it, and its notes.

Everybody comes with a key (`bot.door.keys`). Each read of a case and each write is in the audit trail before it is
answered, under the key's name.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import from_json, to_json

from bot.api import cases_described as described
from bot.api.cases_files import CaseFiles
from bot.api.cases_opening import opened, place_of
from bot.api.cases_shapes import CaseQuery, NoteIn
from bot.api.preconditions import etag_of, idempotency_key, is_known, versions_seen
from bot.door import Malformed, WrongShape, read_json, refusal_of, refuse_nul
from bot.door.keys import Client, KeyDoor
from bot.evidence import Intake
from bot.turn import Desk, pack_of
from cases import events, listing, notes, repeats, told
from cases.keys import Scope
from cases.listing import Filters, Place
from policy_rules.errors import unknown

PREFIX = "/api/v1/cases"
Endpoint = Callable[[Client, Request], Awaitable[Response]]
Model = TypeVar("Model", bound=BaseModel)
_NOTE = TypeAdapter(NoteIn)


class UnknownEventKind(WrongShape):
    kind = "unknown-event"
    title = "No such event"


def router(desk: Desk, intake: Intake, door: KeyDoor) -> APIRouter:
    """The endpoints, one line each."""
    counter, files = Cases(desk), CaseFiles(intake)
    routes = APIRouter(prefix=PREFIX, tags=["Cases"])

    def add(method: str, path: str, scope: Scope, do: Endpoint) -> None:
        async def endpoint(request: Request) -> Response:
            client = await door.admit(request.scope)
            client.require(scope)
            return await do(client, request)

        endpoint.__doc__ = do.__doc__
        routes.add_api_route(path, endpoint, methods=[method], **described.operation(method, path, scope))

    add("GET", "", "cases:read", counter.page)
    add("GET", "/{reference}", "cases:read", counter.show)
    add("GET", "/{reference}/events", "cases:read", counter.events)
    add("POST", "/{reference}/events", "cases:write", counter.tell)
    add("GET", "/{reference}/notes", "notes:read", counter.notes)
    add("POST", "/{reference}/notes", "notes:write", counter.write_note)
    add("GET", "/{reference}/evidence", "evidence:read", files.listed)
    add("POST", "/{reference}/evidence", "evidence:write", files.add)
    add("GET", "/{reference}/evidence/{id}", "evidence:read", files.download)
    return routes


@dataclass(frozen=True, slots=True)
class Cases:
    """Where case systems ask and tell. Handed a client that may."""

    desk: Desk

    async def page(self, client: Client, request: Request) -> Response:
        """The newest first. Follow `next` until it is null; a case that comes meanwhile never moves the others."""
        asked = _query(request, CaseQuery)
        filters, organisation = asked.model_dump(exclude={"limit", "cursor"}), asked.organisation
        if client.organisation is not None:
            # A key sees its own organisation; of another it finds nothing, whether there is one or not.
            filters["organisation"] = client.organisation
        store, now = self.desk.store, self.desk.clock()
        # Before anything is read: what is written meanwhile is later than this.
        as_of = instant_of(now - listing.OVERLAP)
        if organisation is not None and filters["organisation"] != organisation:
            return _json({"cases": [], "next": None, "as_of": as_of})
        wanted = Filters(**filters, restricted="cases:restricted" in client.scopes)
        page = await store.read(lambda conn: listing.page(conn, wanted, asked.limit, asked.cursor))
        shown = {case["organisation"] for case in page.cases}
        if shown:
            await store.write(lambda conn: listing.listed(conn, shown, client.writer, now))
        return _json({"cases": page.cases, "next": page.next, "as_of": as_of})

    async def show(self, client: Client, request: Request) -> Response:
        """The published case record, the clocks as they stand now, and how it ended. The ETag is the version."""
        here = await place_of(self.desk, client, request)
        if is_known(request.headers, here.version):
            return Response(status_code=304, headers={"ETag": etag_of(here.version)})
        found = await self.desk.store.read(lambda conn: listing.whole(conn, here))
        await opened(self.desk, here, listing.READ, client)
        return _json(found, version=found["version"])

    async def events(self, client: Client, request: Request) -> Response:
        """What has become of the case, and of its clocks each time."""
        here = await place_of(self.desk, client, request)
        found = await self.desk.store.read(
            lambda conn: events.listing(conn, here.organisation, here.reference)
        )
        await opened(self.desk, here, listing.EVENTS_READ, client)
        return _json({"events": found}, version=here.version)

    async def tell(self, client: Client, request: Request) -> Response:
        """Tell what has become of the case: its clocks are met, missed, moved or stopped by it. Sent again with the
        same Idempotency-Key it is done once and answered alike. What could undo what somebody else has just done
        (closed, reopened, paused, resumed, extended) needs If-Match."""
        here = await place_of(self.desk, client, request)
        body = await request.body()
        said = _told(body)
        seen = versions_seen(request.headers, needed=said.kind in told.COULD_CLASH)
        again = self._repeatable(client, request, here, body)
        compiled, now = await pack_of(self.desk, here.organisation, here.reference), self.desk.clock()
        answer = await self.desk.store.write(
            lambda conn: events.tell(conn, again, seen, said, client.writer, now, compiled)
        )
        return _kept(answer)

    async def notes(self, client: Client, request: Request) -> Response:
        """What staff and case systems wrote beside the case."""
        here = await place_of(self.desk, client, request)
        found = await self.desk.store.read(
            lambda conn: notes.listing(conn, here.organisation, here.reference)
        )
        await opened(self.desk, here, listing.NOTES_READ, client)
        return _json({"notes": found}, version=here.version)

    async def write_note(self, client: Client, request: Request) -> Response:
        """Write something beside the case. The complainant is not shown it, but may ask for it by law."""
        here = await place_of(self.desk, client, request)
        body = await request.body()
        note = read_json(_NOTE, body)
        refuse_nul(note.model_dump())
        seen = versions_seen(request.headers, needed=False)
        again, now = self._repeatable(client, request, here, body), self.desk.clock()
        answer = await self.desk.store.write(
            lambda conn: notes.tell(conn, again, seen, note.text, note.by, client.writer, now)
        )
        return _kept(answer)

    def _repeatable(self, client: Client, request: Request, here: Place, body: bytes) -> repeats.Request:
        key = idempotency_key(request.headers)
        fingerprint = repeats.fingerprint_of(request.url.path.encode(), body)
        return repeats.Request(here.organisation, client.caller, key, fingerprint, here.reference)


def _told(body: bytes) -> told.Told:
    """The event of a body. Malformed (400), WrongShape (422) with the place that is wrong."""
    try:
        said = from_json(body)
    except ValueError as error:
        raise Malformed(f"The body is not JSON: {error}.") from None
    kind = said.get("kind") if isinstance(said, dict) else None
    if not isinstance(kind, str):
        raise WrongShape("Send an object with the 'kind' of the event.", where="kind", allowed=told.KINDS)
    if kind not in told.KINDS:
        raise unknown(UnknownEventKind, "event", kind, told.KINDS, "kind")
    refuse_nul(said)
    return read_json(told.KINDS[kind], body)


def _query(request: Request, model: type[Model]) -> Model:
    """The query as its shape. WrongShape (422) names what is wrong, unknown or said twice."""
    given = request.query_params.multi_items()
    names = [name for name, _ in given]
    for name in names:
        if names.count(name) > 1:
            raise WrongShape(f"'{name[:60]}' is given twice.", where=name[:60])
    refuse_nul(dict(given))
    try:
        return model.model_validate(dict(given))
    except ValidationError as error:
        raise refusal_of(error.errors(include_url=False), model.model_fields) from None


def _kept(answer: repeats.Answer) -> Response:
    headers = {"Idempotent-Replayed": "true"} if answer.again else {}
    return _json(answer.body, status=answer.status, version=answer.body["version"], headers=headers)


def instant_of(moment: datetime) -> str:
    """In UTC, ending in Z: a `+` in a query is read as a space."""
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat()}Z"


def _json(
    body: Any, *, status: int = 200, version: int | None = None, headers: dict[str, str] | None = None
) -> Response:
    shown = {} if version is None else {"ETag": etag_of(version)}
    return Response(to_json(body), status, {**shown, **(headers or {})}, "application/json")
