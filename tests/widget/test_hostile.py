"""Words that would be markup, script or a command elsewhere are words here: on the screen, in the link, in the file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, WebSocketRoute, expect

from tests.channels.servers import Running
from tests.widget.faces import Face, new_page, own_page, watch

pytestmark = pytest.mark.browser

HOSTILE = (
    "<script>window.hit = 1</script>",
    "<img src=x onerror='window.hit = 1'>",
    "<svg onload=window.hit=1><a xlink:href='javascript:window.hit=1'>x</a></svg>",
    "\"><iframe srcdoc='<script>parent.hit=1</script>'></iframe>",
    "</textarea><script>window.hit = 1</script>",
    "</script><script>window.hit = 1</script>",
    "javascript:window.hit=1",
    "[x](javascript:window.hit=1)",
    'https://example.org/"onmouseover="window.hit=1',
    "https://example.org/' onclick='window.hit=1' x='",
    "{{constructor.constructor('window.hit=1')()}} ${window.hit=1}",
    "<style>*{display:none}</style><link rel=stylesheet href=//evil.example>",
    "<form action=//evil.example><button>Send</button></form>",
    "\u202egnp.exe\u2066 \u0000-less \ufeff\u200b",
    "&lt;b&gt; &amp;amp; %3Cscript%3E \\u003cscript\\u003e",
)
# What only our own code makes.
FOREIGN = "script:not([src^='/widget/']):not([type='application/json']), iframe, img, svg, object, embed, form:not(#form), style ~ style"


def untouched(face: Face) -> None:
    """Nothing ran and nothing came to stand in the page that is not ours."""
    assert face.page.evaluate("window.hit") is None
    assert face.page.evaluate("(s) => document.querySelectorAll(s).length", FOREIGN) == 0
    places = face.page.evaluate("[...document.querySelectorAll('a[href]')].map((a) => a.href)")
    assert all(place.startswith(("http:", "https:", "mailto:", "tel:")) for place in places), places
    attributes = face.page.evaluate(
        "[...document.querySelectorAll('*')].flatMap((e) => e.getAttributeNames()).filter((n) => n.startsWith('on'))"
    )
    assert attributes == []


def test_what_somebody_writes_is_shown_as_they_wrote_it(page: Page, server: Running) -> None:
    face = own_page(page, server.url).begun()
    story = "\n".join(HOSTILE).replace("\u0000", "")
    face.tell(story)
    shown = face.at(".mine .words").first.evaluate("(e) => e.lastChild.data")
    assert shown == story
    untouched(face)
    face.until("email")
    for number, text in enumerate(HOSTILE[:3]):
        face.at("#box").fill(text)
        face.at("#send").click()
        face.wait()
        assert face.at(".turn.mine").count() >= number
    page.reload()
    face.begun()
    untouched(face)
    face.at("#more").click()
    untouched(face)
    face.page.keyboard.press("Escape")
    face.until("check")
    assert "<img src=x" in face.at(".check").inner_text()
    untouched(face)
    face.until("end")
    untouched(face)
    with page.expect_download() as started:
        face.at(".outcome").get_by_role("button", name="Download").click()
    text = Path(started.value.path()).read_bytes().decode()
    assert story.replace("\n", "\r\n") in text


def test_what_a_server_says_is_never_markup_either(browser: Browser, server: Running) -> None:
    """Even the words of the policy: every string that comes by the socket is replaced by a hostile one."""

    def hostile(value: Any, number: int = 0) -> Any:
        if isinstance(value, dict):
            fixed = (
                "id",
                "kind",
                "value",
                "payload",
                "type",
                "state",
                "lang",
                "due",
                "by",
                "disposition",
                "force",
                "unit",
            )
            return {
                key: inner if key in fixed else hostile(inner, number + i)
                for i, (key, inner) in enumerate(value.items())
            }
        if isinstance(value, list):
            return [hostile(inner, number + i) for i, inner in enumerate(value)]
        return HOSTILE[number % len(HOSTILE)] if isinstance(value, str) else value

    def between(route: WebSocketRoute) -> None:
        there = route.connect_to_server()

        def from_server(message: str | bytes) -> None:
            frame = json.loads(message)
            if frame["type"] == "reply":
                frame["entries"] = hostile(frame["entries"], frame["seq"])
            route.send(json.dumps(frame))

        there.on_message(from_server)

    with new_page(browser) as page:
        page.route_web_socket("**/ws", between)
        face = own_page(page, server.url).begun()
        untouched(face)
        face.tell()
        untouched(face)
        for kind in ("choice", "check", "end"):
            face.until(kind)
            untouched(face)
        assert face.faults == []


def test_a_key_in_the_address_is_a_key_and_nothing_else(page: Page, server: Running) -> None:
    faults = watch(page)
    page.goto(
        f"{server.url}/cim/widget?lang=%3Cscript%3E&from=javascript:alert(1)#key=%22%3E%3Cimg%20src=x%3E"
    )
    face = Face(page, page)
    expect(face.at(".note")).to_have_count(1)
    face.begun()
    untouched(face)
    assert faults == []


def test_a_frame_that_was_opened_by_nobody_in_particular_tells_nobody_anything(
    browser: Browser, server: Running
) -> None:
    with new_page(browser) as page:
        page.goto(f"{server.url}/pages/mark.svg")
        page.goto(f"{server.url}/cim/widget?from=*")
        face = Face(page, page).begun()
        page.keyboard.press("Escape")
        untouched(face)
