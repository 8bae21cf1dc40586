"""The phone page in a real browser: by keyboard, saved at every change, re-computed under somebody who is typing."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page, expect

from bot.cli.serving import config_for
from bot.console.rendering import PAGES
from cases import register
from tests.browsing import TOO_SMALL, WIDER_THAN_THE_SCREEN, axe, chromium
from tests.channels.servers import soon
from tests.console.office import Office, office

pytestmark = pytest.mark.browser
# A form that is sent back with an error is no fault, nor is the server that a test takes away.
EXPECTED = re.compile("422|ERR_FAILED")
STORY = (
    "My son Tom died in September. He was an apprentice, and the tutor never told us what happens to his "
    "portfolio. Nobody answers."
)


@contextmanager
def served(here: Office) -> Iterator[str]:
    """The office's app on a port of its own; its loops do not run."""
    config = config_for(here.app, here.app.state.house.settings, "127.0.0.1", 0)
    config.lifespan = "off"
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until = time.monotonic() + 20
    while not server.started:
        assert time.monotonic() < until, "the server did not start"
        time.sleep(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(20)


@pytest.fixture(scope="module")
def browser(chromium_path: str) -> Iterator[Browser]:
    with chromium(chromium_path) as started:
        yield started


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Office, str]]:
    with office(tmp_path_factory.mktemp("phone"), limits="off") as made, served(made) as url:
        yield made, url


@contextmanager
def colleague(browser: Browser, desk: tuple[Office, str], **more: Any) -> Iterator[BrowserContext]:
    """A browser of somebody who is signed in."""
    here, url = desk
    context = browser.new_context(**{"viewport": {"width": 1200, "height": 900}, **more})
    token = here.signed_in("staff").cookie
    assert token is not None
    context.add_cookies([{"name": "hearout-staff-cqm", "value": token, "url": url}])
    yield context
    context.close()


@pytest.fixture
def page(browser: Browser, desk: tuple[Office, str]) -> Iterator[Page]:
    """The page of a new call; nothing on it breaks the content policy or loads what is foreign."""
    faults: list[str] = []
    with colleague(browser, desk) as context:
        opened = context.new_page()
        opened.set_default_timeout(10_000)
        opened.on(
            "console",
            lambda m: faults.append(m.text) if m.type == "error" and not EXPECTED.search(m.text) else None,
        )
        opened.on("request", lambda r: None if "127.0.0.1" in r.url else faults.append(r.url))
        opened.on("dialog", lambda d: d.accept())
        opened.goto(f"{desk[1]}/cqm/staff/phone/new")
        yield opened
    assert faults == []


def saved(page: Page) -> None:
    """Wait until the page says that all is saved."""
    expect(page.locator("#saved")).to_have_text(re.compile(r"Saved at"))


def record(desk: tuple[Office, str], page: Page) -> dict[str, Any]:
    found = re.search(r"/phone/(CQM-[\w-]+)", page.url)
    assert found is not None, page.url
    return desk[0].store.read_sync(lambda conn: register.show(conn, found[1]))


def focused(page: Page) -> str:
    found: str = page.evaluate("document.activeElement.id")
    return found


def planted(page: Page, desk: tuple[Office, str], right: str, wrong: str) -> None:
    """The page of a new call, with a fault in its script."""
    script = (PAGES / "console" / "phone.js").read_text("utf-8")
    assert right in script
    body = script.replace(right, wrong)
    page.route("**/phone.js*", lambda route: route.fulfill(body=body, content_type="text/javascript"))
    page.goto(f"{desk[1]}/cqm/staff/phone/new")


class TestReComputing:
    def test_questions_come_and_go_under_somebody_who_types_and_the_focus_stays(self, page: Page) -> None:
        page.locator("#story").press_sequentially("My tutor never came. ")
        page.locator("#effect").click()
        saved(page)
        assert page.locator("#ask-representative_basis").count() == 0
        page.locator("#on_behalf_of-other").check()
        page.locator("#desired_remedy").click()
        # Typing goes on while the answer arrives and the questions change above and below.
        page.locator("#desired_remedy").press_sequentially("An apology, please.", delay=60)
        expect(page.locator("#ask-representative_basis")).to_be_visible()
        assert focused(page) == "desired_remedy"
        assert page.locator("#desired_remedy").input_value() == "An apology, please."
        assert page.locator("#on_behalf_of-other").is_checked()

    def test_a_script_that_draws_what_has_the_focus_anew_is_caught(
        self, page: Page, desk: tuple[Office, str]
    ) -> None:
        """The fault: the question that somebody is in is replaced like the others."""
        planted(page, desk, "hasFocus(old) || dirty.has(old.dataset.block)", "false")
        page.locator("#desired_remedy").press_sequentially("An apol")
        saved(page)
        assert focused(page) != "desired_remedy"

    def test_the_caller_agrees_to_what_stands_there_and_not_to_what_comes_after(self, page: Page) -> None:
        page.locator("#story").fill(STORY)
        page.locator("#agreed-yes").check()
        expect(page.locator("label[for=agreed-yes] .tag")).to_have_text(re.compile(r"at \d\d:\d\d"))
        page.locator("#desired_remedy").fill("Answers.")
        page.locator("#effect").focus()
        expect(page.locator("#agreed-yes")).not_to_be_checked()


class TestSaving:
    def test_what_is_typed_is_on_disk_without_pressing_anything(
        self, page: Page, desk: tuple[Office, str]
    ) -> None:
        page.locator("#story").press_sequentially(STORY)
        page.locator("#caller_name").fill("Ann Lee")
        page.wait_for_url("**/phone/CQM-*")
        soon(lambda: "Ann Lee" in str(record(desk, page)))
        assert record(desk, page)["narrative"] == STORY
        page.reload()
        assert page.locator("#story").input_value() == STORY

    def test_who_leaves_in_the_middle_of_a_word_loses_none_of_it(
        self, page: Page, desk: tuple[Office, str]
    ) -> None:
        page.locator("#story").fill(STORY)
        page.locator("#effect").focus()
        page.wait_for_url("**/phone/CQM-*")
        page.locator("#effect").press_sequentially("We cannot sl")
        address = page.url
        page.goto(f"{desk[1]}/cqm/staff/phone")
        page.goto(address)
        soon(lambda: record(desk, page)["effect"] == "We cannot sl")

    def test_while_the_server_is_away_it_says_so_and_saves_later(
        self, page: Page, desk: tuple[Office, str]
    ) -> None:
        page.locator("#story").fill(STORY)
        saved(page)
        page.route("**/phone/**", lambda route: route.abort())
        page.locator("#effect").fill("We cannot sleep.")
        page.locator("#desired_remedy").focus()
        expect(page.locator("#saved")).to_have_text("Not saved. Trying again ...")
        # The fault that this catches: a change that only stands in the browser.
        assert record(desk, page)["effect"] is None
        page.unroute("**/phone/**")
        saved(page)
        assert record(desk, page)["effect"] == "We cannot sleep."

    def test_a_script_that_forgets_to_save_is_caught(self, page: Page, desk: tuple[Office, str]) -> None:
        """The fault: a change is not counted as one. The page never gets a reference, and says so."""
        planted(page, desk, "dirty.add(", "void (")
        page.locator("#story").fill(STORY)
        page.locator("#effect").focus()
        page.wait_for_timeout(1500)
        assert page.url.endswith("/phone/new")
        expect(page.locator("#saved")).to_have_text("Not stored yet.")

    def test_a_receipt_that_is_still_to_come_is_marked_at_once(self, page: Page) -> None:
        page.locator("#story").fill(STORY)
        page.locator("#received_on").fill("2031-01-01")
        page.locator("#story").focus()
        expect(page.locator("#received_on-error")).to_contain_text("It cannot have come then")
        expect(page.locator("#saved")).to_have_text("Saved, but for what is marked.")

    def test_an_address_is_spelt_while_it_is_typed(self, page: Page) -> None:
        page.locator("#story").fill(STORY)
        page.locator("#preferred_contact-email").check()
        page.locator("#contact_email").press_sequentially("j.o@x")
        expect(page.locator("#contact_email-letters")).to_have_text(
            "j for Juliett, dot, o for Oscar, at, x for X-ray"
        )

    def test_what_call_software_gave_is_saved_before_a_key_is_pressed(
        self, page: Page, desk: tuple[Office, str]
    ) -> None:
        page.goto(f"{desk[1]}/cqm/staff/phone/new?name=Ann+Lee&phone=020+7946+0000&member=M-17")
        page.wait_for_url("**/phone/CQM-*")
        person = record(desk, page)["complainant"]
        assert (person["name"], person["phone"], person["member_number"]) == (
            "Ann Lee",
            "020 7946 0000",
            "M-17",
        )


class TestEverybody:
    @pytest.mark.parametrize(
        "options",
        [
            {},
            {"color_scheme": "dark"},
            {"viewport": {"width": 320, "height": 700}},
            {"forced_colors": "active"},
        ],
        ids=["light", "dark", "small", "forced"],
    )
    def test_axe_finds_nothing_in_any_state(
        self, browser: Browser, desk: tuple[Office, str], options: dict[str, Any], tmp_path: Path
    ) -> None:
        found: list[str] = []
        with colleague(browser, desk, bypass_csp=True, **options) as context:
            page = context.new_page()
            page.on("dialog", lambda d: d.accept())

            def look(name: str) -> None:
                found.extend(f"{name}: {fault}" for fault in axe(page))
                found.extend(f"{name}: wide {e}" for e in page.evaluate(WIDER_THAN_THE_SCREEN))
                found.extend(f"{name}: small {e}" for e in page.evaluate(TOO_SMALL))
                page.screenshot(path=tmp_path / f"{name}.png", full_page=True)

            page.goto(f"{desk[1]}/cqm/staff/phone/new")
            look("new")
            page.locator("#story").fill(STORY)
            page.locator("#caller_name").fill("Ann Lee")
            saved(page)
            page.locator("#preferred_contact-email").check()
            page.locator("#contact_email").fill("ann at")
            page.locator("#effect").focus()
            expect(page.locator("#contact_email-error")).to_be_visible()
            look("wrong")
            page.locator("#file").click()
            expect(page.locator(".problem")).to_be_visible()
            look("refused")
            page.locator("#contact_email").fill("ann@example.org")
            page.locator("#effect").focus()
            expect(page.locator("#contact_email-error")).to_have_count(0)
            page.wait_for_timeout(200)
            page.locator("#agreed-yes").check()
            page.goto(f"{desk[1]}/cqm/staff/phone")
            look("list")
            page.get_by_role("link", name="Ann Lee").first.click()
            expect(page.locator("#contact_email")).to_have_value("ann@example.org")
            page.locator("#agreed-yes").check()
            page.locator("#file").click()
            expect(page.get_by_role("heading", level=1)).to_have_text("The complaint is logged")
            page.locator("summary").click()
            look("end")
        assert found == []
