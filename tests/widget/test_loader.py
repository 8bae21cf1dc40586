"""What the loader does to somebody's page: it makes a link into an opener, and nothing else."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.channels.servers import Running
from tests.widget.faces import framed, new_page
from tests.widget.hosts import Website

pytestmark = pytest.mark.browser


def test_the_link_becomes_an_opener_that_says_what_it_is(page: Page, server: Running, site: Website) -> None:
    face = framed(page, site.url).begun()
    link = page.locator("#complain")
    expect(link).to_have_attribute("aria-expanded", "true")
    expect(link).to_have_attribute("aria-haspopup", "dialog")
    expect(page.get_by_role("dialog", name="Make a complaint")).to_be_visible()
    assert page.locator("iframe").get_attribute("title") == "Make a complaint"
    # One name for the start of it, where the reader begins.
    assert face.active == "name"
    page.locator("dialog > button").click()
    expect(link).to_have_attribute("aria-expanded", "false")


def test_without_the_script_and_with_a_held_key_the_link_is_a_link(
    browser: Browser, server: Running, site: Website
) -> None:
    with new_page(browser, java_script_enabled=False) as page:
        page.goto(site.url)
        page.locator("#complain").click()
        page.wait_for_url(f"{server.url}/cim/complain")
    with new_page(browser) as page:
        page.goto(site.url)
        expect(page.locator("#complain[role=button]")).to_be_visible()
        with page.context.expect_page() as opened:
            page.locator("#complain").click(modifiers=["Control"])
        opened.value.wait_for_url(f"{server.url}/cim/complain")
        expect(page.locator("dialog")).to_have_count(0)


def test_nothing_is_loaded_before_it_is_opened_but_the_loader(
    page: Page, server: Running, site: Website
) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(site.url)
    expect(page.locator("#complain[role=button]")).to_be_visible()
    ours = [url for url in asked if url.startswith(server.url)]
    assert ours == [f"{server.url}/widget/hearout-loader.js"]
    page.locator("#complain").click()
    expect(page.frame_locator("iframe").locator(".turn.theirs")).to_have_count(1)
    # The page and its script; then the conversation itself.
    ours = [url.split("?")[0].removeprefix(server.url) for url in asked if url.startswith(server.url)]
    assert ours[1:] == ["/cim/widget", "/widget/hearout-chat.js"]


def test_the_website_can_neither_read_the_conversation_nor_close_it_by_a_forged_message(
    page: Page, server: Running, site: Website
) -> None:
    framed(page, site.url).begun()
    assert page.evaluate(
        """() => { try { return document.querySelector('iframe').contentWindow.document.body.innerText; }
                   catch (error) { return error.name; } }"""
    ) in ("SecurityError", "TypeError")
    # Only the frame itself may ask to be closed.
    page.evaluate("postMessage({ hearout: 'close' }, '*')")
    page.wait_for_timeout(100)
    expect(page.locator("dialog")).to_be_visible()
    assert page.evaluate("[document.cookie, localStorage.length, sessionStorage.length].join()") == ",0,0"


def test_the_frame_speaks_the_language_of_the_link_where_it_is_offered(
    browser: Browser, server: Running, site: Website
) -> None:
    site.lang = "cy"
    try:
        with new_page(browser) as page:
            face = framed(page, site.url).begun()
            expect(face.at("#person")).to_contain_text("Siarad")
            expect(page.locator("dialog > button")).to_have_text("Cau")
            expect(face.at(".turn.theirs")).to_have_attribute("lang", "cy")
    finally:
        site.lang = "en"


def test_on_a_phone_the_conversation_has_the_whole_screen(
    browser: Browser, server: Running, site: Website
) -> None:
    with new_page(browser, viewport={"width": 390, "height": 740}) as page:
        framed(page, site.url).begun()
        box = page.locator("dialog").bounding_box()
        assert box == {"x": 0, "y": 0, "width": 390, "height": 740}
    with new_page(browser, viewport={"width": 1280, "height": 860}) as page:
        framed(page, site.url).begun()
        box = page.locator("dialog").bounding_box()
        assert box is not None
        assert (box["width"], box["height"]) == (512, 860)


def test_a_server_that_is_away_leaves_a_dialog_that_can_be_closed(
    browser: Browser, server: Running, site: Website
) -> None:
    with new_page(browser) as page:
        page.goto(site.url)
        expect(page.locator("#complain[role=button]")).to_be_visible()
        page.route("**/cim/widget*", lambda route: route.abort())
        page.locator("#complain").click()
        page.locator("dialog > button").click()
        expect(page.locator("#complain")).to_be_focused()
