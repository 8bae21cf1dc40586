"""The files of a case, for case systems: which there are, one to be saved, and adding one."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from fastapi import Request, Response
from pydantic_core import to_json
from starlette.requests import ClientDisconnect
from starlette.responses import FileResponse

from bot.api.cases_opening import opened, place_of
from bot.door import Malformed, refuse_nul
from bot.door.keys import Client
from bot.evidence import Intake, Received
from cases import files, listing
from cases.evidence import AlreadyThere
from cases.files import Kept
from cases.listing import Place
from policy_rules.errors import Refusal

IDLE_SECONDS = 30.0
# What is sent above the limit is read and dropped up to here.
DRAIN = 16 * 1024 * 1024
_SHOWN = ("id", "name", "type", "size", "sha256", "scan")


class TooSlow(Refusal):
    status = 408
    kind = "too-slow"
    title = "The request took too long to arrive"


class NoSuchFile(Refusal):
    status = 404
    kind = "unknown-file"
    title = "No such file"


class InQuarantine(Refusal):
    status = 409
    kind = "file-in-quarantine"
    title = "A scanner found something in this file"


@dataclass(frozen=True, slots=True)
class CaseFiles:
    """The three endpoints of evidence. Handed a client that may."""

    intake: Intake

    async def listed(self, client: Client, request: Request) -> Response:
        """What was sent with the case, what is in quarantine too."""
        here, kept = await self._kept(client, request)
        await opened(self.intake.desk, here, listing.FILES_LISTED, client)
        return Response(to_json({"files": [shown(file) for file in kept]}), media_type="application/json")

    async def download(self, client: Client, request: Request) -> Response:
        """One file, to be saved under its name and shown by nobody's browser."""
        here, kept = await self._kept(client, request)
        file = next((each for each in kept if each.id == request.path_params["id"]), None)
        if file is None:
            raise NoSuchFile("The case has no such file.", where="id")
        if file.scan == "infected":
            raise InQuarantine("It is kept apart and given to nobody.", where="id")
        path = self.intake.vault.path(file.organisation, file.id)
        if not await asyncio.to_thread(path.is_file):
            raise NoSuchFile("The file is gone from the disk; the operator's log says more.", where="id")
        await opened(self.intake.desk, here, listing.FILE_READ, client)
        headers = {
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(file.name, safe='')}",
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "Digest": f"sha-256={file.sha256}",
        }
        return FileResponse(path, media_type=file.type, headers=headers)

    async def add(self, client: Client, request: Request) -> Response:
        """Add a file: the body is the file itself. A file that the case has already, by name and content, is not
        added twice: then the answer is 200. The complainant's own limits hold."""
        name = request.query_params.get("name", "")
        refuse_nul(name, "name")
        if not name.strip():
            raise Malformed("Say what the file is called: ?name=letter.pdf.", where="name")
        here, _ = await self._kept(client, request)
        received = await self.intake.begin_for(here.reference, client.caller, name)
        try:
            await _take(request, received)
        except AlreadyThere as again:
            return Response(to_json(shown(again.kept)), media_type="application/json")
        except ClientDisconnect:
            return Response(status_code=400)
        if received.kept is None:
            raise Malformed("The request holds no file; send it as the body.", where="body")
        return Response(to_json(shown(received.kept)), 201, media_type="application/json")

    async def _kept(self, client: Client, request: Request) -> tuple[Place, list[Kept]]:
        here = await place_of(self.intake.desk, client, request)
        return here, await self.intake.desk.store.read(
            lambda conn: files.of_conversation(conn, here.organisation, here.conversation_id)
        )


def shown(kept: Kept) -> dict[str, Any]:
    """A file as case systems see it."""
    return {**{name: getattr(kept, name) for name in _SHOWN}, "at": kept.at.isoformat()}


async def _take(request: Request, received: Received) -> None:
    """The body into its place. TooSlow (408), and what refuses a file."""
    pieces, whole = _pieces(request), False
    try:
        async for piece in pieces:
            await received.write(piece)
        whole = True
    except TooSlow:
        raise
    except Refusal:
        # A client that is cut off while it writes would never see why.
        await _drop(pieces)
        raise
    finally:
        await received.close(whole=whole)


async def _pieces(request: Request) -> AsyncIterator[bytes]:
    """The body as it arrives; TooSlow when the next piece is waited for too long."""
    stream = request.stream()
    while True:
        try:
            async with asyncio.timeout(IDLE_SECONDS):
                piece = await anext(stream)
        except StopAsyncIteration:
            return
        except TimeoutError:
            raise TooSlow("The rest did not arrive in time. Please try again.") from None
        yield piece


async def _drop(pieces: AsyncIterator[bytes]) -> None:
    size = 0
    with contextlib.suppress(TooSlow, ClientDisconnect):
        async for piece in pieces:
            size += len(piece)
            if size > DRAIN:
                return
