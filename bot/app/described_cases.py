"""What the description of the API says beyond FastAPI's knowledge of the cases API: events, webhooks, its problems."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from bot.api.cases_described import OF_READS, OF_WRITES
from bot.api.cases_shapes import NoteIn
from cases import told
from cases.keys import SCOPES, NewKey
from cases.record import CaseRecord

CASES, KEYS = "/api/v1/cases", "/api/v1/keys"
OF_KEYS = (400, 401, 404, 408, 413, 422, 429)
SCHEME = {
    "type": "http",
    "scheme": "bearer",
    "description": "A key of one organisation (`hearout keys add`), shown once. Its scopes: "
    + ", ".join(SCOPES)
    + ".",
}
# What a receiver is told of, and when.
TOLD = {
    "case.filed": "A complaint was made.",
    "case.signposted": "A person was sent elsewhere, and it is recorded.",
    "case.informal": "Something was told that the organisation answers without a complaint.",
    "case.withdrawn": "A complaint was taken back.",
    "case.reopened": "A complaint that was taken back goes on.",
    "case.updated": "Words, files, contacts or links of a case have changed.",
    "case.rerouted": "Staff sent a case where it belongs: it was decided anew, as of its receipt.",
    "case.consent_given": "The person represented agrees.",
    "case.consent_refused": "The person represented does not agree.",
    "draft.person_asked": "Somebody asked for a person before they had sent anything.",
    "draft.urgent": "Something that was told before anything was sent may tell of harm.",
    "draft.abandoned": "A complaint was begun and never sent; `missing` says what was still open.",
}


def add_schemas(found: dict[str, Any], ref_template: str) -> None:
    """The shapes that requests have, and `Event`, which is any of them."""
    events = told.SHAPES
    models: list[tuple[type[BaseModel], JsonSchemaMode]] = [
        (NoteIn, "validation"),
        (NewKey, "validation"),
        *((model, "validation") for model in events.values()),
    ]
    _, schemas = models_json_schema(models, ref_template=ref_template)
    found["components"]["schemas"] |= schemas["$defs"]
    mapping = {kind: ref_template.format(model=model.__name__) for kind, model in events.items()}
    found["components"]["schemas"]["Event"] = {
        "title": "Event",
        "description": "Something that has become of a case; `kind` says what.",
        "oneOf": [{"$ref": reference} for reference in mapping.values()],
        "discriminator": {"propertyName": "kind", "mapping": mapping},
    }


def add_webhooks(found: dict[str, Any], ref_template: str) -> None:
    """What the webhook target posts, by kind."""
    record = {"$ref": ref_template.format(model=CaseRecord.__name__)}
    found["webhooks"] = {
        kind: {
            "post": {
                "operationId": kind.replace(".", "_"),
                "tags": ["Webhooks"],
                "summary": says,
                "description": "Signed as Standard Webhooks has it. `webhook-id` is the same on every attempt: what "
                "came under it before is answered 2xx and left alone.",
                "parameters": [
                    {"name": name, "in": "header", "required": True, "schema": {"type": "string"}}
                    for name in ("webhook-id", "webhook-timestamp", "webhook-signature")
                ],
                "requestBody": {
                    "required": True,
                    "content": {"application/json": {"schema": _told_by_webhook(kind, record)}},
                },
                "responses": {
                    "2XX": {"description": "It is taken, or was before."},
                    "410": {"description": "Nothing is to be sent here any more."},
                },
            }
        }
        for kind, says in TOLD.items()
    }


_FILE = {
    "type": "object",
    "required": ["id", "name", "url"],
    "properties": {
        "id": {"type": "string"},
        "name": {"type": ["string", "null"]},
        "url": {"type": "string", "format": "uri"},
    },
}


def _told_by_webhook(kind: str, record: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["type", "timestamp", "data"],
        "properties": {
            "type": {"const": kind},
            "timestamp": {"type": "string", "format": "date-time"},
            "data": record,
            "links": {
                "type": "object",
                "description": "Where to come back to, with an API key (`case`, `files`) or signed in (`page`): "
                "there where the server has a public address and this is a case.",
                "required": ["case", "page", "files"],
                "properties": {
                    "case": {"type": "string", "format": "uri"},
                    "page": {"type": "string", "format": "uri"},
                    "files": {"type": "array", "items": _FILE},
                },
            },
        },
    }


def problems_of(path: str, method: str) -> tuple[int, ...] | None:
    """The statuses of the problems that an operation may answer with; None where it is none of ours."""
    if path.startswith(KEYS):
        return OF_KEYS
    if not path.startswith(CASES):
        return None
    if method == "get":
        return (*OF_READS, 409) if path.endswith("{id}") else OF_READS
    return (*OF_WRITES, 415, 507) if path.endswith("evidence") else OF_WRITES
