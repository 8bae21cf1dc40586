"""The pages of a filed case in a real browser without JavaScript: axe, small screens, dark mode, the keyboard."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from bot.forms.after import coming
from tests.browsing import TOO_SMALL, WIDER_THAN_THE_SCREEN, axe, chromium
from tests.channels.servers import running, soon
from tests.forms.test_after import OTHER, Case, Guest, House
from tests.handoff.smtp import mail_server

pytestmark = pytest.mark.browser

SCREENS = {"desktop": (1100, 860, "light"), "small": (320, 568, "light"), "dark": (1100, 860, "dark")}
# Where pictures of every page go, for somebody to look at; nowhere, if it is not set.
PICTURES = os.environ.get("AFTER_PICTURES")


@pytest.fixture(scope="module")
def browser(chromium_path: str) -> Iterator[Browser]:
    with chromium(chromium_path) as started:
        yield started


@pytest.fixture(scope="module")
def patched() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, patched: pytest.MonkeyPatch) -> Iterator[House]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder: Path = tmp_path_factory.mktemp("data")
    (folder / "organisations").mkdir()
    (folder / "organisations" / "cqm.yml").write_text("languages: [en, cy]\n")
    patched.setattr(coming, "JITTER_SECONDS", 0.0)
    with (
        mail_server(port) as mailbox,
        running(folder, smtp_host="127.0.0.1", smtp_port=port, smtp_security="none") as server,
    ):
        yield House(server, mailbox)


def open_case(page: Page, house: House, case: Case, asked_before: int = 0) -> None:
    """By the form, as a person does it."""
    page.goto(f"{house.server.url}/cqm/case")
    page.get_by_label("Your reference").fill(case.reference)
    page.get_by_role("button", name="Send me a code").click()
    codes = Guest(house)
    soon(lambda: len(codes.codes_to(case.email)) > asked_before)
    page.get_by_label("The code").fill(codes.codes_to(case.email)[-1])
    codes.close()
    page.get_by_role("button", name="Open my complaint").click()
    expect(page.get_by_role("heading", name="Your complaint", exact=True, level=1)).to_be_visible()


def faults(page: Page, name: str) -> list[str]:
    """What is wrong with a page as it stands."""
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True)
    found = [f"{name}: {fault}" for fault in axe(page)]
    found += [f"{name} is wider than the screen: {each}" for each in page.evaluate(WIDER_THAN_THE_SCREEN)]
    return found + [f"{name} has a small target: {each}" for each in page.evaluate(TOO_SMALL)]


@pytest.mark.parametrize("screen", SCREENS)
def test_every_page_can_be_read_and_used_by_everybody(browser: Browser, house: House, screen: str) -> None:
    width, height, scheme = SCREENS[screen]
    context = browser.new_context(
        java_script_enabled=True,
        bypass_csp=True,
        viewport={"width": width, "height": height},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    page = context.new_page()
    page.set_default_timeout(15_000)
    found: list[str] = []
    try:
        page.goto(f"{house.server.url}/cqm/case")
        found += faults(page, f"{screen}-1-begin")
        page.get_by_role("button", name="Send me a code").click()
        found += faults(page, f"{screen}-2-begin-wrong")
        case = house.file()
        case.tell("acknowledged")
        case.tell("responded")
        page.get_by_label("Your reference").fill(case.reference)
        page.get_by_role("button", name="Send me a code").click()
        page.get_by_role("button", name="Open my complaint").click()
        found += faults(page, f"{screen}-3-code-wrong")
        open_case(page, house, case, asked_before=1)
        found += faults(page, f"{screen}-4-case")
        for place, link in enumerate(
            ("Take it further", "Change how CQM reaches you", "Withdraw this complaint")
        ):
            page.goto(f"{house.server.url}/cqm/case")
            page.get_by_role("link", name=link).click()
            found += faults(page, f"{screen}-{5 + place}-{link.split()[0].lower()}")
        page.get_by_role("button", name="Yes, withdraw it").click()
        found += faults(page, f"{screen}-8-withdrawn")
        page.get_by_role("button", name="Sign out").click()
        found += faults(page, f"{screen}-9-left")
        page.goto(f"{house.server.url}/cqm/case?lang=cy")
        found += faults(page, f"{screen}-10-welsh")
    finally:
        context.close()
    assert found == []


def test_a_case_is_opened_with_nothing_but_keys(browser: Browser, house: House) -> None:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 320, "height": 568})
    page = context.new_page()
    try:
        case = house.file(OTHER)
        page.goto(f"{house.server.url}/cqm/case")
        for _ in range(30):
            page.keyboard.press("Tab")
            if page.locator("#reference:focus").count():
                break
        page.keyboard.type(case.reference)
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Type the code")).to_be_visible()
        codes = Guest(house)
        soon(lambda: bool(codes.codes_to(case.email)))
        code = codes.codes_to(case.email)[-1]
        codes.close()
        for _ in range(30):
            page.keyboard.press("Tab")
            if page.locator("#answer:focus").count():
                break
        page.keyboard.type(code)
        page.keyboard.press("Enter")
        expect(page.get_by_text(re.compile("until the person you write for has agreed"))).to_be_visible()
        # The browser's back button shows the code's page, and its form leads to the case again.
        page.go_back()
        page.goto(f"{house.server.url}/cqm/case")
        expect(page.get_by_text(case.reference, exact=True)).to_be_visible()
    finally:
        context.close()
