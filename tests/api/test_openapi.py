"""The description of the API is complete and true: what it says of an answer is what the answer is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator

from tests.channels.servers import STRANGER, Running, message, somebody

DECISIONS = "/api/v1/organisations/{org}/decisions"
STAFF = "/api/v1/conversations/{reference}/staff"
MESSAGE = "/webhooks/rest/webhook"
PARSE = "/model/parse"
METHODS = {"get", "post"}


@pytest.fixture(scope="module")
def described(server: Running) -> dict[str, Any]:
    found: dict[str, Any] = server.http.get("/openapi.json").json()
    return found


def test_it_is_openapi_3_1_with_every_path_for_programs(described: dict[str, Any]) -> None:
    assert described["openapi"].startswith("3.1")
    assert set(described["paths"]) == {
        "/api/v1/cases",
        "/api/v1/cases/{reference}",
        "/api/v1/cases/{reference}/events",
        "/api/v1/cases/{reference}/notes",
        "/api/v1/cases/{reference}/evidence",
        "/api/v1/cases/{reference}/evidence/{id}",
        "/api/v1/handoff/retry",
        "/api/v1/keys",
        "/api/v1/keys/{organisation}/{prefix}/revoke",
        "/api/v1/organisations",
        "/api/v1/organisations/{org}/clocks.ics",
        "/api/v1/privacy",
        "/api/v1/reports/exported",
        DECISIONS,
        STAFF,
        PARSE,
        "/healthz",
        "/readyz",
        "/metrics",
        MESSAGE,
        "/{org}/webhooks/rest/webhook",
        "/webhooks/rest/",
        "/{org}/webhooks/rest/",
    }


def test_every_reference_leads_somewhere_and_every_part_is_used(described: dict[str, Any]) -> None:
    referred = set(references(described))
    for reference in referred:
        assert resolved(described, reference) is not None, reference
    schemas = {f"#/components/schemas/{name}" for name in described["components"]["schemas"]}
    assert schemas <= referred


def test_every_schema_is_a_valid_schema(described: dict[str, Any]) -> None:
    for schema in described["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_every_operation_has_a_name_a_summary_and_described_answers(described: dict[str, Any]) -> None:
    names = []
    for path, operations in described["paths"].items():
        assert set(operations) <= METHODS, path
        for operation in operations.values():
            names.append(operation["operationId"])
            assert operation["summary"]
            assert "500" in operation["responses"]
            for response in operation["responses"].values():
                whole = resolved(described, response["$ref"]) if "$ref" in response else response
                assert whole["description"]
    assert len(set(names)) == len(names)


def test_parameters_of_the_path_are_declared(described: dict[str, Any]) -> None:
    for path, operations in described["paths"].items():
        for operation in operations.values():
            declared = {p["name"] for p in operation.get("parameters", ()) if p["in"] == "path"}
            assert declared == set(re.findall(r"{(\w+)}", path)), path


ORDINARY = {"facts": {}, "received_at": "2026-12-24T16:45:00+00:00"}
CALLS: list[tuple[str, str, str, dict[str, Any]]] = [
    ("post", DECISIONS, "/api/v1/organisations/cim/decisions", {"json": {**ORDINARY, "assume": True}}),
    ("post", DECISIONS, "/api/v1/organisations/cqm/decisions", {"json": {**ORDINARY, "assume": True}}),
    ("post", DECISIONS, "/api/v1/organisations/cim/decisions", {"json": ORDINARY}),
    ("post", DECISIONS, "/api/v1/organisations/nobody/decisions", {"json": ORDINARY}),
    ("post", DECISIONS, "/api/v1/organisations/cim/decisions", {"json": {}}),
    ("post", DECISIONS, "/api/v1/organisations/cim/decisions", {"content": b"{", "headers": {"Content-Type": "application/json"}}),
    ("get", "/api/v1/organisations", "/api/v1/organisations", {}),
    ("get", "/api/v1/organisations", "/api/v1/organisations", {"headers": {"X-Forwarded-For": STRANGER}}),
    ("post", PARSE, PARSE, {"json": {"text": "I am Jane, jane@example.org", "question": "story"}}),
    ("post", PARSE, PARSE, {"json": {"text": 7}}),
    ("post", PARSE, PARSE, {"json": {"text": "a", "organisation": "nobody"}}),
    ("get", "/healthz", "/healthz", {}),
    ("get", "/readyz", "/readyz", {}),
    ("get", "/metrics", "/metrics", {"headers": {"X-Forwarded-For": STRANGER}}),
    ("post", MESSAGE, MESSAGE, {"json": message(somebody(), "hello")}),
    ("post", MESSAGE, MESSAGE, {"json": message("s", 7)}),
    ("post", MESSAGE, MESSAGE, {"content": b"{"}),
    ("post", MESSAGE, MESSAGE, {"json": message("s", "x" * 70_000)}),
    ("get", "/webhooks/rest/", "/webhooks/rest/", {}),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path", "url", "call"), CALLS, ids=range(len(CALLS)))
def test_an_answer_is_what_the_description_says(
    server: Running, described: dict[str, Any], method: str, path: str, url: str, call: dict[str, Any]
) -> None:
    answer = server.http.request(method, url, **call)
    response = described["paths"][path][method]["responses"][str(answer.status_code)]
    if "$ref" in response:
        response = resolved(described, response["$ref"])
    check(described, response, answer)


def test_the_examples_of_a_request_are_valid_and_are_taken(
    server: Running, described: dict[str, Any]
) -> None:
    schema = described["components"]["schemas"]["DecisionRequest"]
    for example in schema["examples"]:
        validator(described, schema).validate(example)
        assert server.http.post("/api/v1/organisations/cim/decisions", json=example).status_code == 200


def check(described: dict[str, Any], response: dict[str, Any], answer: httpx.Response) -> None:
    kind = answer.headers["content-type"].partition(";")[0]
    validator(described, response["content"][kind]["schema"]).validate(answer.json())


def validator(described: dict[str, Any], schema: dict[str, Any]) -> Draft202012Validator:
    """A validator that finds the description's components."""
    return Draft202012Validator({**schema, "components": described["components"]})


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if "$ref" in value:
            yield value["$ref"]
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def resolved(described: dict[str, Any], reference: str) -> Any:
    found: Any = described
    for step in reference.removeprefix("#/").split("/"):
        found = found[step]
    return json.loads(json.dumps(found))
