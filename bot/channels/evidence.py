"""Files that people send, for every face: what may be sent, sending one, seeing what was sent, and taking it back.

    GET    /{org}/evidence/limits      {"max_bytes", "max_files", "types": [".pdf", ...]}
    POST   /{org}/evidence             multipart, one `file`  -> 201 {"id", "name", "size", "sha256"}
    GET    /{org}/evidence             {"files": [{"id", "name", "size", "sha256"}]}
    DELETE /{org}/evidence/{id}        204; 404 for what is not there, or was sent with a complaint

Who sends it holds the key of a conversation: `Authorization: Bearer <resume key>`, or the form's cookie.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from pydantic_core import to_json
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from bot.channels import cookies
from bot.channels.posted import Gone, Receiving, drop_rest, read_posted
from bot.door import Door, Malformed, StrangePage, headers_of
from bot.evidence import ENDINGS, Intake, Received
from bot.evidence.refusals import NoFile
from bot.turn import UnknownConversation
from cases.files import Kept
from policy_rules.errors import Refusal

Endpoint = Callable[[Request], Awaitable[Response]]
Respond = Callable[[Refusal, str | None], Response]


class EvidenceChannel:
    """The four endpoints. `respond` turns a refusal into an answer."""

    def __init__(self, intake: Intake, door: Door, respond: Respond) -> None:
        self._intake = intake
        self._door = door
        self._respond = respond

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/{org}/evidence/limits", self._open(self.limits), methods=["GET"]),
            Route("/{org}/evidence", self._open(self.send), methods=["POST"]),
            Route("/{org}/evidence", self._open(self.list), methods=["GET"]),
            Route("/{org}/evidence", self._open(self.preflight), methods=["OPTIONS"]),
            Route("/{org}/evidence/{id}", self._open(self.take_back), methods=["DELETE"]),
            Route("/{org}/evidence/{id}", self._open(self.preflight), methods=["OPTIONS"]),
        ]

    async def limits(self, request: Request) -> Response:
        """What may be sent, to be said before anybody chooses a file."""
        self._intake.desk.packs.get(request.path_params["org"])
        limits = self._intake.limits
        said = {"max_bytes": limits.max_bytes, "max_files": limits.max_files, "types": list(ENDINGS)}
        return _json(said, headers={"Cache-Control": "no-cache"})

    async def send(self, request: Request) -> Response:
        """Take one file, while it arrives."""
        organisation, key = request.path_params["org"], self._key(request)
        # Before anything is read: who holds no conversation sends nothing.
        await self._intake.conversation(organisation, key)
        self._door.count_conversation(organisation, key)
        begun: list[Received] = []

        async def begin(name: str, filename: str) -> Receiving:
            if name != "file" or begun:
                raise Malformed("Send one file in each request, as 'file'.", where="file")
            begun.append(await self._intake.begin(organisation, key, filename))
            return begun[0]

        posted = await read_posted(request, begin)
        if posted.refused is not None:
            raise posted.refused
        if not begun or begun[0].kept is None:
            raise NoFile("The request holds no file; send it as 'file'.", where="file")
        return _json(shown(begun[0].kept), status=201)

    async def list(self, request: Request) -> Response:
        """What the conversation holds."""
        kept = await self._intake.kept(request.path_params["org"], self._key(request))
        return _json({"files": [shown(file) for file in kept]})

    async def take_back(self, request: Request) -> Response:
        """Forget a file of a complaint that was not sent yet."""
        organisation, evidence_id = request.path_params["org"], request.path_params["id"]
        if not await self._intake.take_back(organisation, self._key(request), evidence_id):
            raise UnknownConversation("There is no such file, or it was sent already.", where="id")
        return Response(status_code=204)

    async def preflight(self, request: Request) -> Response:
        """Whether a page of another, allowed origin may send files here."""
        headers = {
            "Access-Control-Allow-Methods": "GET, POST, DELETE",
            "Access-Control-Allow-Headers": "Authorization",
            "Access-Control-Max-Age": "3600",
        }
        return Response(status_code=204, headers=headers)

    def _open(self, endpoint: Endpoint) -> Endpoint:
        """The endpoint behind the limits; its answer may be read by pages of origins that we know."""

        async def answered(request: Request) -> Response:
            headers = headers_of(request.scope)
            try:
                self._door.count_address(self._door.caller(request.scope))
                if not self._door.knows_origin(headers):
                    raise StrangePage("Pages of this origin may send nothing here.", where="origin")
                answer = await endpoint(request)
            except Refusal as refusal:
                await drop_rest(request)
                answer = self._respond(refusal, request.scope.get("state", {}).get("request_id"))
            except Gone:
                return Response(status_code=400)
            origin = request.headers.get("origin")
            answer.headers["Vary"] = "Origin"
            if origin is not None and self._door.knows_origin(headers):
                answer.headers["Access-Control-Allow-Origin"] = origin
                answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
            return answer

        return answered

    def _key(self, request: Request) -> str:
        """The key of the caller's conversation. UnknownConversation (404) without one."""
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        key = given.strip() if scheme.lower() == "bearer" else ""
        key = key or cookies.key_of(request, request.path_params["org"]) or ""
        if not key:
            raise UnknownConversation(
                "Send the key of the conversation as 'Authorization: Bearer ...'.", where="authorization"
            )
        return key


def shown(kept: Kept) -> dict[str, Any]:
    """A file as whoever sent it sees it."""
    return {"id": kept.id, "name": kept.name, "size": kept.size, "sha256": kept.sha256}


def _json(content: Any, *, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(to_json(content), status, headers, "application/json")
