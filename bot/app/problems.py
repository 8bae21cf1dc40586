"""Every error as application/problem+json: what was wrong, where, and the cure; never a stack trace."""

from __future__ import annotations

from typing import Any, cast

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic_core import to_json
from starlette.exceptions import HTTPException

from bot.api.model import PARSE, ParseRequest
from bot.api.shapes import DecisionRequest
from bot.door import refusal_of
from policy_rules.errors import Refusal

MEDIA_TYPE = "application/problem+json"
_TITLES = {404: "There is nothing here", 405: "This cannot be done here", 500: "Hearout failed"}
_KINDS = {404: "not-found", 405: "method-not-allowed", 500: "internal"}


def respond(refusal: Refusal, request_id: str | None = None) -> Response:
    """The response for a refusal, with the headers that it asks for."""
    return problem(refusal.problem(), request_id, getattr(refusal, "headers", None))


def problem(members: dict[str, Any], request_id: str | None, headers: Any = None) -> Response:
    """A response from the members of a problem; `status` is one of them."""
    body = {**members, "request_id": request_id} if request_id else members
    return Response(to_json(body), members["status"], headers, MEDIA_TYPE)


def plain(status: int, detail: str) -> dict[str, Any]:
    """The members of a problem that is no refusal of ours."""
    kind = _KINDS.get(status, "http")
    return {
        "type": f"https://hearout.example/problems/{kind}",
        "title": _TITLES.get(status, "The request was refused"),
        "status": status,
        "detail": detail,
    }


def request_id_of(request: Request) -> str | None:
    """The id under which the log knows this request."""
    return cast("str | None", request.scope.get("state", {}).get("request_id"))


def install(app: FastAPI) -> None:
    """Let the app answer every error in this way."""

    async def refused(request: Request, error: Exception) -> Response:
        return respond(cast(Refusal, error), request_id_of(request))

    async def wrong_shape(request: Request, error: Exception) -> Response:
        found = [
            {**e, "loc": e["loc"][1:] if e["loc"][0] == "body" else e["loc"]}
            for e in cast(RequestValidationError, error).errors()
        ]
        if found[0]["type"] == "json_invalid":
            # FastAPI's place is an offset into the text: put it into the sentence.
            found[0] = {
                **found[0],
                "ctx": {"error": f"{found[0]['ctx']['error']} at character {found[0]['loc'][-1]}"},
            }
        asked = ParseRequest if request.url.path == PARSE else DecisionRequest
        return respond(refusal_of(found, asked.model_fields), request_id_of(request))

    async def http_error(request: Request, error: Exception) -> Response:
        failed = cast(HTTPException, error)
        details = {
            404: f"There is nothing at {request.url.path[:200]}.",
            405: f"{request.method} cannot be used at {request.url.path[:200]}.",
        }
        members = plain(failed.status_code, details.get(failed.status_code, str(failed.detail)))
        return problem(members, request_id_of(request), failed.headers)

    app.add_exception_handler(Refusal, refused)
    app.add_exception_handler(RequestValidationError, wrong_shape)
    app.add_exception_handler(HTTPException, http_error)
