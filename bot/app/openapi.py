"""The description of the API, OpenAPI 3.1: what FastAPI knows, the REST channel, and the problems."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from bot.api.model import PARSE
from bot.api.shapes import Problem
from bot.app import described_cases
from bot.channels.rasa import RestEntry, RestMessage

REFERENCE = "#/components/schemas/{model}"
ABOUT = """Hearout takes in complaints by conversation and decides them by the organisation's published policy.

Programs on the same machine may call everything; from elsewhere send the API key as `Authorization: Bearer`.
Every error is `application/problem+json`. A browser holds its conversation over the WebSocket at `/{org}/ws`.
"""
# Problems by status, as the operations name them.
PROBLEMS = {
    400: "The body is not JSON.",
    401: "The caller is not on this machine and sent no key, or one that opens nothing.",
    403: "The key may not do this.",
    404: "There is no such organisation or reference.",
    408: "The body took too long to arrive.",
    409: "The conversation is being written to from elsewhere, or does not stand so that this can be done.",
    412: "The case has changed since the version that If-Match names.",
    413: "The request is over 64 KiB, the message over 16 KiB, or the file too large.",
    415: "Files of this kind are not taken.",
    422: "Something in the request cannot be taken; `where` names it.",
    428: "This needs If-Match: it could undo what somebody else has just done.",
    429: "Too many requests; `Retry-After` says how long to wait.",
    500: "Hearout failed; nothing was half stored.",
    507: "There is no room for the file.",
}
OF_EVERY_OPERATION = (500,)
OF_DECISIONS = (400, 401, 404, 408, 413, 422, 429)
OF_MESSAGES = (400, 401, 404, 408, 409, 413, 422, 429)


def describe(app: FastAPI) -> dict[str, Any]:
    """The whole description; made once, at the first request for it."""
    if app.openapi_schema is None:
        found = get_openapi(
            title=app.title,
            version=app.version,
            openapi_version="3.1.0",
            description=ABOUT,
            routes=app.routes,
            license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        )
        _add_channel(found)
        described_cases.add_schemas(found, REFERENCE)
        described_cases.add_webhooks(found, REFERENCE)
        _add_problems(found)
        found["components"]["securitySchemes"] = {
            "apiKey": {"type": "http", "scheme": "bearer", "description": "HEAROUT_API_KEY of the server."},
            "caseKey": described_cases.SCHEME,
        }
        # Nothing is needed on the same machine; the key is, from elsewhere.
        found["security"] = [{}, {"apiKey": []}]
        app.openapi_schema = found
    return app.openapi_schema


def _add_channel(found: dict[str, Any]) -> None:
    models: list[tuple[type[BaseModel], JsonSchemaMode]] = [
        (RestMessage, "validation"),
        (RestEntry, "serialization"),
        (Problem, "serialization"),
    ]
    _, schemas = models_json_schema(models, ref_template=REFERENCE)
    found["components"]["schemas"] |= schemas["$defs"]
    for path, named in (("/webhooks/rest/webhook", False), ("/{org}/webhooks/rest/webhook", True)):
        found["paths"][path] = {"post": _message_operation(named)}
    for path, named in (("/webhooks/rest/", False), ("/{org}/webhooks/rest/", True)):
        found["paths"][path] = {"get": _health_operation(named)}


def _message_operation(named: bool) -> dict[str, Any]:
    entries = {"type": "array", "items": {"$ref": REFERENCE.format(model="RestEntry")}}
    return {
        "operationId": "message_for" if named else "message",
        "tags": ["Conversation"],
        "summary": "Say something, and hear the answer (Rasa's REST channel)",
        "description": "The answer comes once the message is on disk. With `metadata.message_id` a message that is "
        "sent again has the same answer. `?stream=true` sends the entries as one JSON object a line.",
        "parameters": [
            *([_ORGANISATION] if named else []),
            {"name": "stream", "in": "query", "schema": {"type": "boolean", "default": False}},
        ],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"$ref": REFERENCE.format(model="RestMessage")}}},
        },
        "responses": {
            "200": {
                "description": "The reply.",
                "content": {
                    "application/json": {"schema": entries},
                    "text/event-stream": {"schema": {"type": "string"}},
                },
            },
            **{str(status): {} for status in OF_MESSAGES},
        },
    }


def _health_operation(named: bool) -> dict[str, Any]:
    shape = {
        "type": "object",
        "properties": {"status": {"const": "ok"}},
        "required": ["status"],
    }
    return {
        "operationId": "channel_health_for" if named else "channel_health",
        "tags": ["Conversation"],
        "summary": "Whether the channel is there, as Rasa answers it",
        "parameters": [_ORGANISATION] if named else [],
        "responses": {"200": {"description": "It is.", "content": {"application/json": {"schema": shape}}}},
    }


_ORGANISATION = {
    "name": "org",
    "in": "path",
    "required": True,
    "schema": {"type": "string"},
    "description": "The organisation, such as cim.",
}


def _add_problems(found: dict[str, Any]) -> None:
    """Say each problem as problem+json, and drop FastAPI's own shape of a 422, which is never sent."""
    for path, operations in found["paths"].items():
        for method, operation in operations.items():
            responses = operation["responses"]
            statuses = {int(status) for status in responses if int(status) >= 400} - {503}
            if (of_cases := described_cases.problems_of(path, method)) is not None:
                statuses = set(of_cases)
            elif path.endswith("/decisions") or path == PARSE:
                statuses |= set(OF_DECISIONS)
            elif path.endswith(("/staff", "/privacy")):
                statuses |= set(OF_MESSAGES)
            elif path.startswith("/api/") or path == "/metrics":
                statuses |= {401, 429}
            for status in sorted(statuses | set(OF_EVERY_OPERATION)):
                responses[str(status)] = {"$ref": f"#/components/responses/Problem{status}"}
    content = {"application/problem+json": {"schema": {"$ref": REFERENCE.format(model="Problem")}}}
    found["components"]["responses"] = {
        f"Problem{status}": {"description": says, "content": content, **_retry(status)}
        for status, says in PROBLEMS.items()
    }
    for unused in ("HTTPValidationError", "ValidationError"):
        found["components"]["schemas"].pop(unused, None)


def _retry(status: int) -> dict[str, Any]:
    if status != 429:
        return {}
    header = {"description": "Seconds to wait.", "schema": {"type": "integer"}}
    return {"headers": {"Retry-After": header}}
