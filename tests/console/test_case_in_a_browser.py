"""The register and a case in Chromium: every state for every eye, and a case dealt with by keyboard alone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from cases import events
from cases.events import Writer
from cases.told import KINDS
from policy_rules.shelf import PackShelf
from tests.browsing import TOO_SMALL, WIDER_THAN_THE_SCREEN, axe, chromium
from tests.console.office import RESTRICTED, Office, office
from tests.console.shelf import decided, file_due, told
from tests.console.test_phone_in_a_browser import served

pytestmark = pytest.mark.browser
CASE = "CQM-LATE-0001-1"
# Where pictures of the pages are put, to be looked at; nowhere by default.
PICTURES = os.environ.get("HEAROUT_PICTURES")
STORY = (
    "The course was moved three times in two months and nobody told me. When I rang, I was told to look at the "
    "website, which still shows the first date.\n\nI have lost two days of leave for it."
)


@pytest.fixture(scope="module")
def browser(chromium_path: str) -> Iterator[Browser]:
    with chromium(chromium_path) as started:
        yield started


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Office, str]]:
    folder = tmp_path_factory.mktemp("cases")
    with office(folder, limits="off", smtp_host="127.0.0.1") as here, served(here) as url:
        more = {key: value for key, value in decided().items() if key != "decision"}
        person = {"name": "Ann Evans", "email": "ann.evans@example.org", "phone": "01234 567890"}
        file_due(here, CASE, -2, narrative=STORY, complainant=person, desired_remedy="An apology", **more)
        file_due(here, "CQM-TDAY-0001-1", 0)
        file_due(here, "CQM-SOON-0001-1", 1)
        yield here, url


@contextmanager
def colleague(browser: Browser, desk: tuple[Office, str], *roles: str, **more: Any) -> Iterator[Page]:
    """A page of somebody who is signed in; nothing on it breaks the content policy or fails."""
    here, url = desk
    context = browser.new_context(**{"viewport": {"width": 1200, "height": 900}, **more})
    token = here.signed_in(*(roles or ("staff", "restricted_cases"))).cookie
    assert token is not None
    context.add_cookies([{"name": "hearout-staff-cqm", "value": token, "url": url}])
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda said: faults.append(said.text) if "policy" in said.text.lower() else None)
    yield page
    assert faults == []
    context.close()


def look(page: Page, name: str) -> None:
    """Light, dark and narrow: nothing for axe to find, nothing wider than the screen, nothing too small to hit."""
    for scheme, width in (("light", 1200), ("dark", 1200), ("light", 320)):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.set_viewport_size({"width": width, "height": 900})
        assert axe(page) == [], (name, scheme, width)
        if width == 320:
            assert page.evaluate(WIDER_THAN_THE_SCREEN) == [], name
            assert page.evaluate("document.documentElement.scrollWidth") <= 320, name
            assert page.evaluate(TOO_SMALL) == [], name
        if PICTURES:
            page.screenshot(path=Path(PICTURES) / f"{name}-{scheme}-{width}.png", full_page=True)
    page.set_viewport_size({"width": 1200, "height": 900})
    page.emulate_media(color_scheme="light")


def test_every_page_and_state_can_be_used_by_everybody(browser: Browser, desk: tuple[Office, str]) -> None:
    _, url = desk
    home = f"{url}/cqm/staff"
    case = f"{home}/cases/{CASE}"
    with colleague(browser, desk) as page:
        page.goto(home)
        look(page, "register")
        page.goto(f"{home}?progress=closed")
        look(page, "register-none")
        page.goto(f"{home}?received_from=x")
        look(page, "register-wrong")
        page.goto(case)
        look(page, "case")
        for act in ("acknowledge", "hold", "extend", "close", "reroute", "talk"):
            page.goto(f"{case}/{act}")
            look(page, act)
        page.goto(f"{case}/close")
        page.get_by_role("button", name="Close the case").click()
        expect(page.get_by_role("alert")).to_contain_text("Choose how it ended.")
        look(page, "close-wrong")
        page.goto(f"{case}/reroute")
        page.get_by_label("What it is about").select_option("director")
        page.get_by_label("Why").fill("It is about a director")
        page.get_by_role("button", name="See what would come of it").click()
        expect(page.get_by_role("button", name="Send it there")).to_be_visible()
        look(page, "reroute-seen")
        page.goto(f"{home}/cases/{RESTRICTED}")
        look(page, "case-restricted")
    with colleague(browser, desk, "auditor") as page:
        page.goto(case)
        look(page, "case-auditor")


def test_a_case_is_dealt_with_by_keyboard_alone(browser: Browser, desk: tuple[Office, str]) -> None:
    here, url = desk
    file_due(here, "CQM-KEYS-0001-1", 2, complainant={"name": "Keyboard Only"})
    with colleague(browser, desk) as page:
        page.goto(f"{url}/cqm/staff")
        _tab_to(page, "Find a case by reference, name or e-mail address")
        page.keyboard.type("CQM-KEYS-0001-1")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("CQM-KEYS-0001-1")
        _tab_to(page, "Note as acknowledged")
        page.keyboard.press("Enter")
        expect(page.get_by_label("On which day")).to_be_visible()
        _tab_to(page, "Note it as acknowledged")
        page.keyboard.press("Enter")
        expect(page.get_by_role("status")).to_contain_text("Kept: the complaint is acknowledged.")
        _tab_to(page, "Write a note")
        page.keyboard.press("Enter")
        expect(page.get_by_label("Note", exact=True)).to_be_visible()
        _tab_to(page, "Note")
        page.keyboard.type("By keyboard")
        _tab_to(page, "Keep the note")
        page.keyboard.press("Enter")
        expect(page.get_by_role("status")).to_contain_text("The note is kept.")
        expect(page.locator("#notes ~ ol")).to_contain_text("By keyboard")
    assert told(here, "CQM-KEYS-0001-1") == ["acknowledged"]


def test_a_stale_page_is_told_and_keeps_what_was_typed(browser: Browser, desk: tuple[Office, str]) -> None:
    here, url = desk
    file_due(here, "CQM-STAL-0001-1", 4)
    with colleague(browser, desk) as page:
        page.goto(f"{url}/cqm/staff/cases/CQM-STAL-0001-1/close")
        page.get_by_label("Outcome").select_option("not_upheld")
        page.get_by_label("Apology").check()
        page.get_by_label("Lesson").fill("An hour's work")
        _acknowledge(here, "CQM-STAL-0001-1")
        page.get_by_role("button", name="Close the case").click()
        expect(page.get_by_role("alert")).to_contain_text("The case has changed since you opened this page")
        expect(page.get_by_role("alert")).to_contain_text("Acknowledged, A colleague")
        expect(page.get_by_label("Lesson")).to_have_value("An hour's work")
        expect(page.get_by_label("Apology")).to_be_checked()
        look(page, "stale")
        page.get_by_role("button", name="Close the case").click()
        expect(page.get_by_role("status")).to_contain_text("Kept: the case is closed.")
        look(page, "case-closed")
    assert told(here, "CQM-STAL-0001-1") == ["acknowledged", "closed"]


def _acknowledge(here: Office, reference: str) -> None:
    now, compiled = here.clock(), PackShelf().get("cqm")
    event = KINDS["acknowledged"].validate_python({"kind": "acknowledged"})
    who = Writer("A colleague", "staff", "abc")
    here.store.write_sync(
        lambda conn: events.record(conn, events.lock(conn, "cqm", reference), event, who, now, compiled)
    )


def _tab_to(page: Page, name: str, most: int = 60) -> None:
    """Press Tab until what has this name has the focus."""
    for _ in range(most):
        page.keyboard.press("Tab")
        label = page.evaluate(
            "(() => { const e = document.activeElement; return (e.labels?.[0] ?? e).textContent.trim(); })()"
        )
        if label == name:
            return
    raise AssertionError(f"'{name}' was not reached")
