"""What the description of the API says of each operation on cases: answers, parameters, headers, bodies."""

from __future__ import annotations

import re
from typing import Any

from bot.api import cases_shapes as shapes
from cases.keys import Scope

REFERENCE = "#/components/schemas/{model}"
_NAMES: dict[tuple[str, str], tuple[str, str, int, type[Any] | None, str]] = {
    ("GET", ""): ("cases", "Cases by page", 200, shapes.CasePage, "A page of cases."),
    ("GET", "/{reference}"): ("case", "A case whole", 200, shapes.CaseOut, "The case."),
    ("GET", "/{reference}/events"): (
        "case_events",
        "What has become of a case",
        200,
        shapes.EventList,
        "Its events.",
    ),
    ("POST", "/{reference}/events"): (
        "tell_event",
        "Tell what has become of a case",
        201,
        shapes.EventKept,
        "It is kept.",
    ),
    ("GET", "/{reference}/notes"): ("case_notes", "The notes of a case", 200, shapes.NoteList, "Its notes."),
    ("POST", "/{reference}/notes"): (
        "write_note",
        "Write a note beside a case",
        201,
        shapes.NoteKept,
        "It is kept.",
    ),
    ("GET", "/{reference}/evidence"): (
        "case_files",
        "The files of a case",
        200,
        shapes.FileList,
        "Its files.",
    ),
    ("POST", "/{reference}/evidence"): (
        "add_file",
        "Add a file to a case",
        201,
        shapes.FileOut,
        "It is kept.",
    ),
    ("GET", "/{reference}/evidence/{id}"): ("case_file", "One file, to be saved", 200, None, "The file."),
}
_IN_PATH = {
    "reference": "The reference of the case, such as CQM-9MVQ-9PKT-E.",
    "id": "The id of the file, as the list of files has it.",
}
_CACHED = {("GET", "/{reference}")}
OF_READS = (401, 403, 404, 422, 429)
OF_WRITES = (400, 401, 403, 404, 408, 409, 412, 413, 422, 428, 429)


def operation(method: str, path: str, scope: Scope) -> dict[str, Any]:
    """What FastAPI is told of an operation."""
    name, summary, status, model, says = _NAMES[method, path]
    answer: dict[str, Any] = {"description": says}
    if model is not None:
        answer["model"] = model
    else:
        answer["content"] = {"*/*": {"schema": {"type": "string", "format": "binary"}}}
    if path.startswith("/{reference}") and "evidence" not in path:
        tag = {"description": "The version of the case.", "schema": {"type": "string"}}
        answer["headers"] = {"ETag": tag}
    more: dict[str, Any] = {"parameters": _parameters(method, path), "security": [{}, {"caseKey": [scope]}]}
    if method == "POST":
        more["requestBody"] = _body(path)
    responses: dict[int | str, Any] = {status: answer}
    if (method, path) in _CACHED:
        responses[304] = {"description": "The client has it as it stands (If-None-Match)."}
    return {
        "operation_id": name,
        "summary": summary,
        "response_model": None,
        "status_code": status,
        "responses": responses,
        "openapi_extra": more,
    }


def _parameters(method: str, path: str) -> list[dict[str, Any]]:
    found = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string"},
            "description": _IN_PATH[name],
        }
        for name in re.findall(r"{(\w+)}", path)
    ]
    if (method, path) == ("GET", ""):
        found += _of_query()
    if (method, path) in _CACHED:
        found.append(_header("If-None-Match", "The ETag that the client has.", required=False))
    if method == "POST" and path.endswith(("events", "notes")):
        says = "A new one for each thing that is told, in quotes; kept for four days."
        found.append(_header("Idempotency-Key", says, required=True))
        says = "The ETag of the case as the writer has read it; needed for events that could clash."
        found.append(_header("If-Match", says, required=False))
    if method == "POST" and path.endswith("evidence"):
        says = "What the file is called."
        found.append(
            {
                "name": "name",
                "in": "query",
                "required": True,
                "schema": {"type": "string"},
                "description": says,
            }
        )
    return found


def _of_query() -> list[dict[str, Any]]:
    schema = shapes.CaseQuery.model_json_schema(ref_template=REFERENCE)
    found = []
    for name, each in schema["properties"].items():
        says = each.pop("description", "")
        each.pop("title", None)
        kinds = [kind for kind in each.pop("anyOf", []) if kind.get("type") != "null"]
        each = {
            key: value for key, value in {**each, **(kinds[0] if kinds else {})}.items() if value is not None
        }
        found.append({"name": name, "in": "query", "required": False, "schema": each, "description": says})
    return found


def _header(name: str, says: str, *, required: bool) -> dict[str, Any]:
    schema = {"type": "string"}
    return {"name": name, "in": "header", "required": required, "schema": schema, "description": says}


def _body(path: str) -> dict[str, Any]:
    if path.endswith("evidence"):
        content = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
    else:
        model = "Event" if path.endswith("events") else "NoteIn"
        content = {"application/json": {"schema": {"$ref": REFERENCE.format(model=model)}}}
    return {"required": True, "content": content}
