"""The page for the person represented, against a running server: plain, safe, and answered once."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.browsing import ARGUMENTS
from tests.channels.servers import Running, running, socket

STORY = "Nobody marked the assignment for six weeks, and two e-mails about it were never answered."
FACTS = (
    "/SetSlots(nature=complaint, subject=service, stage_reached=none, complainant_type=learner, "
    "on_behalf_of=other, representative_basis=none, representative_name=Bob <b>Evans</b>, complainant_name=Ann Evans)"
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server that hands nothing over, so that its folder is looked at only by the tests."""
    with running(tmp_path_factory.mktemp("data"), public_url="https://complaints.example.org/") as started:
        yield started


def file(server: Running) -> dict[str, Any]:
    """File a complaint for somebody else; the record that was handed over."""
    sender, entries = uuid.uuid4().hex, list[dict[str, Any]]()
    for text in [STORY, FACTS, *["/skip"] * 30]:
        entries = server.say(sender, text)
        if entries[-1]["custom"].get("question", {}).get("id") == "check_answers":
            break
    entries = server.say(sender, "/SetSlots(check_answers=send)")
    return record_of(server, entries[-1]["custom"]["outcome"]["reference"])


def record_of(server: Running, reference: str) -> dict[str, Any]:
    row = server.row("cases", f"reference = '{reference}'")
    found: dict[str, Any] = json.loads(row["record"])
    return found


def path_of(record: dict[str, Any]) -> str:
    return urlsplit(str(record["representation"]["consent_link"])).path


def post(server: Running, path: str, answer: str) -> httpx.Response:
    return server.http.post(path, data={"answer": answer}, follow_redirects=True)


def words(page: httpx.Response) -> str:
    main = page.text.partition("<main")[2]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", main))


def test_it_says_who_writes_and_asks_one_question(server: Running) -> None:
    record = file(server)
    assert record["representation"]["consent_link"].startswith("https://complaints.example.org/cqm/consent/")
    page = server.http.get(path_of(record))
    assert page.status_code == 200
    text = words(page)
    assert "Bob &lt;b&gt;Evans&lt;/b&gt; has written to" in text
    assert record["reference"] in text
    assert text.count("?") == 1
    assert "assignment" not in page.text
    assert page.text.count("<button") == 2
    assert "<script" not in page.text


def test_it_can_run_nothing_and_be_framed_by_nobody(server: Running) -> None:
    headers = server.http.get(path_of(file(server))).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "form-action 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert (headers["cache-control"], headers["referrer-policy"]) == ("no-store", "no-referrer")


def test_looking_at_it_changes_nothing_and_the_first_answer_stands(server: Running) -> None:
    record = file(server)
    path = path_of(record)
    for _ in range(3):
        server.http.get(path)
    assert record_of(server, record["reference"]) == record
    first = post(server, path, "given")
    assert (first.status_code, "knows that you agree" in words(first)) == (200, True)
    again = post(server, path, "refused")
    assert words(again) == words(first) == words(server.http.get(path))
    after = record_of(server, record["reference"])
    assert after["representation"]["consent"] == "given"
    told = server.row("outbox", f"case_reference = '{record['reference']}' AND kind LIKE 'case.consent%'")
    assert told["kind"] == "case.consent_given"
    noted = server.row(
        "messages", f"conversation_id = '{conversation_of(server, record)}' AND role = 'system'"
    )
    assert noted["text"] == "The person represented agreed, by the link."
    assert noted["entries"] is None


def conversation_of(server: Running, record: dict[str, Any]) -> str:
    return str(server.row("cases", f"reference = '{record['reference']}'")["conversation_id"])


def test_refusing_is_as_easy(server: Running) -> None:
    record = file(server)
    page = post(server, path_of(record), "refused")
    assert "tells them nothing about the case" in words(page)
    assert record_of(server, record["reference"])["representation"]["consent"] == "refused"


def test_a_link_that_is_unknown_is_a_plain_page_whatever_is_done_with_it(server: Running) -> None:
    path = path_of(file(server))[:-1]
    pages = [server.http.get(path), post(server, path, "given"), server.http.get("/cqm/consent/x")]
    assert [page.status_code for page in pages] == [404, 404, 404]
    assert len({words(page) for page in pages}) == 1
    assert "does not work" in words(pages[0])
    assert pages[0].headers["content-type"].startswith("text/html")


def test_an_answer_that_is_none_is_refused_and_the_link_stays_good(server: Running) -> None:
    record = file(server)
    assert post(server, path_of(record), "maybe").status_code == 422
    assert server.http.post(path_of(record)).status_code == 422
    assert record_of(server, record["reference"]) == record


def test_the_token_is_in_no_log(server: Running, capfd: pytest.CaptureFixture[str]) -> None:
    path = path_of(file(server))
    server.http.get(path)
    post(server, path, "given")
    logged = "".join(capfd.readouterr())
    assert "/cqm/consent/" in logged
    assert path.rpartition("/")[2] not in logged


def test_the_face_of_the_representative_is_told_nothing(server: Running) -> None:
    with socket(server) as face:
        key = face.hello()["resume"]
        face.take("reply")
        for text in [STORY, FACTS, *["/skip"] * 30]:
            asked = face.say(text)["entries"][-1]["custom"].get("question")
            if asked is not None and asked["id"] == "check_answers":
                break
        filed = face.say("/SetSlots(check_answers=send)")
        record = record_of(server, filed["entries"][-1]["custom"]["outcome"]["reference"])
        post(server, path_of(record), "refused")
        face.send(type="ping")
        face.take("pong")
    with socket(server) as again:
        welcome = again.hello(key, filed["seq"])
        assert welcome["seq"] == filed["seq"]
        again.send(type="ping")
        again.take("pong")


@pytest.mark.browser
def test_it_works_without_javascript_by_keyboard_and_on_a_small_screen(
    chromium_path: str, tmp_path: Path
) -> None:
    with running(tmp_path) as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=ARGUMENTS)
        try:
            _answer_by_keyboard(browser, server)
        finally:
            browser.close()


def _answer_by_keyboard(browser: Browser, server: Running) -> None:
    path = path_of(file(server))
    context = browser.new_context(viewport={"width": 320, "height": 640}, java_script_enabled=False)
    page = context.new_page()
    faults: list[str] = []
    page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
    page.goto(f"{server.url}{path}")
    buttons = page.get_by_role("group", name="Do you agree that they write for you?").get_by_role("button")
    expect(buttons).to_have_count(2)
    for _ in range(10):
        page.keyboard.press("Tab")
        if buttons.first.evaluate("element => element === document.activeElement"):
            break
    box = buttons.first.bounding_box()
    assert box is not None
    assert box["height"] >= 44
    assert box["x"] + box["width"] <= 320
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Your answer is kept")
    expect(page.get_by_text("knows that you agree")).to_be_visible()
    assert faults == []
    context.close()
