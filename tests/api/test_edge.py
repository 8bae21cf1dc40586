"""What every answer has in common: safe headers, a request id, and a problem where something is wrong."""

from __future__ import annotations

import logging

import pytest

from tests.channels.servers import Running, message, problem_in, somebody, soon

SAFE = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


@pytest.mark.parametrize(
    "path", ["/", "/cqm/", "/healthz", "/nothing/here/at/all", "/pages/hearout.css", "/pages/x"]
)
def test_every_answer_has_the_safe_headers_and_a_request_id(server: Running, path: str) -> None:
    headers = server.http.get(path).headers
    assert SAFE.items() <= dict(headers).items()
    assert "default-src 'none'" in headers["content-security-policy"]
    assert headers["x-request-id"]
    assert "server" not in headers


def test_pages_may_load_our_own_files_only(server: Running) -> None:
    policy = server.http.get("/cqm/widget").headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "script-src 'self';" in policy
    assert "require-trusted-types-for 'script'" in policy


def test_answers_are_not_kept_by_caches_but_versioned_files_are(server: Running) -> None:
    assert server.http.get("/cqm/complain").headers["cache-control"] == "no-store"
    assert "immutable" in server.http.get("/pages/hearout.css").headers["cache-control"]


def test_a_request_keeps_the_id_that_the_caller_gave_it_if_it_is_a_plain_one(server: Running) -> None:
    assert (
        server.http.get("/healthz", headers={"X-Request-ID": "abc-12345"}).headers["x-request-id"]
        == "abc-12345"
    )
    for odd in ("short", "has spaces in it", "x" * 65):
        assert server.http.get("/healthz", headers={"X-Request-ID": odd}).headers["x-request-id"] != odd


def test_what_is_not_there_is_a_problem(server: Running) -> None:
    problem = problem_in(server.http.get("/nowhere"), 404)
    assert "/nowhere" in problem["detail"]
    assert problem_in(server.http.get("/nobody/complain"), 404)["where"] == "organisation"
    problem_in(server.http.delete("/healthz"), 405)


def test_a_failure_of_ours_is_a_problem_without_a_word_of_its_cause(
    server: Running, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    async def failing(*_: object) -> None:
        raise RuntimeError("the certificate of Jane Hartley")

    monkeypatch.setattr("bot.channels.hearing.take_turn", failing)
    answer = server.http.post("/webhooks/rest/webhook", json=message(somebody(), "hi"))
    problem = problem_in(answer, 500)
    assert "Hartley" not in answer.text
    told = "".join(capfd.readouterr())
    assert problem["request_id"] in told
    assert "test_edge.py" in told
    assert "Hartley" not in told


def test_the_log_has_no_query_and_no_words(
    server: Running, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    # A message that went well has a line only where somebody looks for faults.
    caplog.set_level(logging.DEBUG, "hearout.request")
    server.http.post(
        "/webhooks/rest/webhook?secret=Hartley", json=message(somebody(), "Jane Hartley complains")
    )
    told = ""

    def logged() -> bool:
        # The line is written once the answer is out.
        nonlocal told
        told += "".join(capfd.readouterr())
        return "/webhooks/rest/webhook" in told

    soon(logged)
    assert "Hartley" not in told
