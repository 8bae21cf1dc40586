"""The description of the cases API is true: whatever is sent, the answer is one that it names, in the shape it names."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from bot.app.described_cases import TOLD
from cases.record import case_schema
from cases.told import SHAPES
from tests.api.registered import CASES, FIRST, OTHER, RESTRICTED, SECOND, Register, register
from tests.api.test_openapi import resolved, validator
from tests.cases.builders import a_record

KEYS = ("all", "reader", "cim", "expired")


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Register]:
    with register(tmp_path_factory.mktemp("described")) as found:
        yield found


@pytest.fixture(scope="module")
def described(kept: Register) -> dict[str, Any]:
    found: dict[str, Any] = kept.server.http.get("/openapi.json").json()
    return found


words = st.text(max_size=20) | st.sampled_from(
    ["", "\x00", "%", "é" * 9, "' --", "2026-12-24", "\ud7ff", "[]"]
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=6,
)
fields = st.sampled_from(
    ["at", "by", "reason", "clock", "clocks", "to", "agreed", "closing", "text", "kind", "outcome"]
)
bodies = st.one_of(
    values,
    st.builds(lambda kind, more: {"kind": kind, **more}, st.sampled_from(sorted(SHAPES)), st.dictionaries(fields, values, max_size=3)),
    st.dictionaries(fields, values, max_size=4),
)  # fmt: skip
references = st.sampled_from([FIRST, SECOND, RESTRICTED, OTHER, "CQM-NONE"]) | words.filter(
    lambda word: word not in ("", ".", "..")
)


@st.composite
def calls(draw: st.DrawFn) -> tuple[str, str, dict[str, Any]]:
    """A method, a path as the description has it, and what is sent."""
    path = draw(
        st.sampled_from(
            [
                "",
                "/{reference}",
                "/{reference}/events",
                "/{reference}/notes",
                "/{reference}/evidence",
                "/{reference}/evidence/{id}",
            ]
        )
    )
    may_post = path.endswith(("events", "notes", "evidence"))
    method = draw(st.sampled_from(["get", "post"])) if may_post else "get"
    sent: dict[str, Any] = {"headers": {}, "params": {}}
    if path == "":
        names = st.sampled_from(
            [
                "organisation",
                "state",
                "progress",
                "limit",
                "cursor",
                "handler",
                "reference",
                "received_from",
                "due_before",
                "other",
            ]
        )
        sent["params"] = draw(st.dictionaries(names, words, max_size=3))
    if method == "post":
        sent["content"] = (
            json.dumps(draw(bodies)).encode() if draw(st.booleans()) else draw(st.binary(max_size=60))
        )
        tags = st.sampled_from(['"1"', "*", "1", 'W/"1"', '"9"', "\xff", ""])
        sent["headers"] |= draw(
            st.dictionaries(st.sampled_from(["If-Match", "Idempotency-Key"]), tags, max_size=2)
        )
        sent["params"] |= {"name": draw(words)} if path.endswith("evidence") and draw(st.booleans()) else {}
    sent["reference"], sent["id"], sent["key"] = (
        draw(references),
        draw(words) or "x",
        draw(st.sampled_from(KEYS)),
    )
    return method, path, sent


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(call=calls())
def test_every_answer_is_one_that_is_described(
    kept: Register, described: dict[str, Any], call: tuple[str, str, dict[str, Any]]
) -> None:
    method, path, sent = call
    quoted = {name: quote(re.sub(r"[/?#%\\]", "_", sent.pop(name)), safe="") for name in ("reference", "id")}
    headers = {name: value.encode("latin-1") for name, value in sent.pop("headers").items()}
    with kept.client(sent.pop("key")) as client:
        answer = client.request(method, f"{CASES}{path.format(**quoted)}", headers=headers, **sent)
    if answer.request.url.raw_path.decode().partition("?")[0] != f"{CASES}{path.format(**quoted)}":
        # A path that the client itself has made another of.
        return
    check(described, f"{CASES}{path}", method, answer)


def check(described: dict[str, Any], path: str, method: str, answer: httpx.Response) -> None:
    assert answer.status_code < 500, answer.text
    said = described["paths"][path][method]["responses"]
    assert str(answer.status_code) in said, f"{method} {path}: {answer.status_code} {answer.text}"
    response = said[str(answer.status_code)]
    response = resolved(described, response["$ref"]) if "$ref" in response else response
    kind = answer.headers["content-type"].partition(";")[0]
    validator(described, response["content"][kind]["schema"]).validate(answer.json())


def test_an_answer_that_is_not_as_described_is_caught(kept: Register, described: dict[str, Any]) -> None:
    answer = kept.server.http.get(CASES)
    broken = httpx.Response(200, json={**answer.json(), "cases": [{}]})
    with pytest.raises(Exception, match="is a required property"):
        check(described, CASES, "get", broken)


@pytest.mark.parametrize(
    "path", ["", f"/{FIRST}", f"/{FIRST}/events", f"/{FIRST}/notes", f"/{FIRST}/evidence"]
)
def test_what_goes_well_is_as_described(kept: Register, described: dict[str, Any], path: str) -> None:
    with kept.client("all") as client:
        headers = {"Idempotency-Key": '"well"', "If-Match": "*"}
        told = {"kind": "extended", "to": "2027-01-02", "reason": "They asked.", "clock": "respond"}
        client.post(f"{CASES}/{FIRST}/events", json=told, headers=headers)
        answer = client.get(f"{CASES}{path}")
    assert answer.status_code == 200
    check(described, f"{CASES}{path.replace(FIRST, '{reference}')}", "get", answer)


def test_each_event_is_in_the_description_by_its_kind(described: dict[str, Any]) -> None:
    event = described["components"]["schemas"]["Event"]
    assert set(event["discriminator"]["mapping"]) == set(SHAPES)
    for reference in event["discriminator"]["mapping"].values():
        Draft202012Validator.check_schema(resolved(described, reference))


def test_a_webhook_is_described_for_every_kind_and_holds_the_published_record(
    described: dict[str, Any],
) -> None:
    assert set(described["webhooks"]) == set(TOLD)
    body = described["webhooks"]["case.filed"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    told = {"type": "case.filed", "timestamp": "2026-12-24T16:45:00+00:00", "data": a_record().as_json()}
    validator(described, body).validate(told)
    published = case_schema()["properties"].keys()
    assert described["components"]["schemas"]["CaseRecord"]["properties"].keys() == published


def test_the_keys_scopes_are_in_the_description(described: dict[str, Any]) -> None:
    assert described["paths"][f"{CASES}/{{reference}}/notes"]["post"]["security"] == [
        {},
        {"caseKey": ["notes:write"]},
    ]
    assert "notes:write" in described["components"]["securitySchemes"]["caseKey"]["description"]


def test_every_kind_that_is_handed_over_is_described() -> None:
    root = Path(__file__).parents[2]
    # What goes to the person or to staff, and what only the audit trail names, is no webhook.
    others = {
        "draft.begun",
        "draft.opened",
        "draft.reminder",
        "draft.reminded",
        "case.opened",
        "case.read",
        "case.redated",
        "case.exported",
        "draft.read",
        "case.contact_corrected",
    }
    named: set[str] = set()
    for folder in ("cases", "bot"):
        for file in (root / folder).rglob("*.py"):
            named |= set(re.findall(r'"((?:case|draft)\.[a-z_]+)"', file.read_text()))
    assert named - others - {"case.html"} <= set(TOLD) | {f"case.{kind}" for kind in SHAPES}
