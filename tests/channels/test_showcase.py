"""The demonstration: stand-in websites that look like one, say what they are, and hold the conversation and the form."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from bot.channels import showcase
from bot.overlay import LEAST_CONTRAST, SURFACES, contrast
from policy_rules.shelf import PackShelf
from tests.browsing import TOO_SMALL, WIDER_THAN_THE_SCREEN, axe, chromium
from tests.channels.servers import Running, running

ORGANISATIONS = ("cim", "cipfa", "cmi", "cms", "cqm")


@pytest.mark.parametrize("organisation", ORGANISATIONS)
def test_a_stand_in_says_that_it_is_one_and_leads_to_the_form(server: Running, organisation: str) -> None:
    page = server.http.get(f"/{organisation}/")
    assert page.status_code == 200
    assert "Demonstration" in page.text
    assert "neither made nor endorsed" in page.text
    assert f'href="/{organisation}/complain" data-hearout' in page.text
    policy = page.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "frame-src 'self'" in policy


def test_the_index_leads_to_every_organisation(server: Running) -> None:
    page = server.http.get("/").text
    for organisation in ORGANISATIONS:
        assert f'href="/{organisation}/"' in page
        assert f'href="/{organisation}/complain"' in page


def test_an_address_typed_short_leads_to_the_page(server: Running) -> None:
    found = server.http.get("/cqm")
    assert (found.status_code, found.headers["location"]) == (307, "/cqm/")
    assert server.http.get("/cipf").status_code == 404
    # What has an address of one part keeps it.
    assert server.http.get("/healthz").status_code == 200


def test_a_server_that_people_use_has_no_demonstration(tmp_path: Path) -> None:
    with running(tmp_path, public_url="https://complaints.example.org") as server:
        assert server.http.get("/").status_code == 404
        assert server.http.get("/cim/").status_code == 404
        assert server.http.get("/cim").status_code == 404
        assert server.http.get("/cim/complain").status_code == 200
        assert "#1f4e79" in server.http.get("/cim/colours.css").text
    with running(tmp_path, public_url="https://complaints.example.org", demo="on") as server:
        assert server.http.get("/cim/").status_code == 200


def test_each_look_is_worn_once_and_can_be_read() -> None:
    found = showcase.looks()
    worn = [look_of.name for look_of in (showcase.look_of(org, found) for org in ORGANISATIONS)]
    assert sorted(worn) == sorted(look.name for look in found)
    assert showcase.look_of("another_body", found) in found
    for look in found:
        for colour, surfaces in zip(
            (look.colours.accent, look.colours.accent_dark), SURFACES.values(), strict=True
        ):
            assert min(contrast(colour, surface) for surface in surfaces) >= LEAST_CONTRAST


def test_an_organisation_without_settings_has_the_colours_of_its_look(server: Running) -> None:
    light, dark = "#0b5563", "#7fd0de"
    css = server.http.get("/cim/colours.css").text
    assert light in css
    assert dark in css


def test_every_policy_offers_three_things() -> None:
    shelf = PackShelf()
    for organisation in shelf.ids():
        titles = [title for title, _ in showcase.offers(shelf.get(organisation))]
        assert len(set(titles)) == 3, organisation


@pytest.fixture(scope="module")
def browser(chromium_path: str) -> Iterator[Browser]:
    with chromium(chromium_path) as started:
        yield started


@pytest.mark.browser
class TestInABrowser:
    def test_the_link_opens_a_conversation_and_nothing_breaks_the_policy(
        self, browser: Browser, server: Running
    ) -> None:
        page, faults = browser.new_page(), list[str]()
        page.on(
            "console", lambda said: faults.append(said.text) if said.type in ("error", "warning") else None
        )
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("request", lambda asked: None if "127.0.0.1" in asked.url else faults.append(asked.url))
        page.goto(server.url)
        page.get_by_role("link", name="CQM", exact=False).first.click()
        page.get_by_role("button", name="Tell CQM what happened").click()
        frame = page.frame_locator("iframe")
        frame.locator("#box").fill("My certificate never came and nobody answers.")
        frame.get_by_role("button", name="Send", exact=True).click()
        expect(frame.get_by_text("Your words are saved under reference")).to_be_visible()
        assert faults == []
        page.close()

    def test_without_javascript_the_same_link_leads_to_the_form(
        self, browser: Browser, server: Running
    ) -> None:
        context = browser.new_context(java_script_enabled=False)
        page = context.new_page()
        page.goto(f"{server.url}/cim/")
        page.get_by_role("link", name="Tell CIM what happened").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Tell CIM what went wrong")
        context.close()

    def test_every_page_passes_in_all_colours_and_on_a_small_screen(
        self, browser: Browser, server: Running
    ) -> None:
        context = browser.new_context(bypass_csp=True)
        page = context.new_page()
        for path in ("/", *(f"/{organisation}/" for organisation in ORGANISATIONS)):
            page.set_viewport_size({"width": 1280, "height": 860})
            page.goto(f"{server.url}{path}")
            self.look(page)
        context.close()

    def look(self, page: Page) -> None:
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            assert axe(page) == [], f"{page.url}, {scheme}"
        page.emulate_media(forced_colors="active")
        assert axe(page) == [], f"{page.url}, forced colours"
        page.emulate_media(color_scheme="light", forced_colors="none")
        page.set_viewport_size({"width": 320, "height": 568})
        assert page.evaluate(WIDER_THAN_THE_SCREEN) == [], page.url
        assert page.evaluate(TOO_SMALL) == [], page.url
