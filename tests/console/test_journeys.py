"""Each role's day in Chromium, on the real app: signing in, the work, and what the role does not do."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from cases import register
from tests.browsing import chromium
from tests.console.identity import CLIENT, SECRET, real_provider
from tests.console.office import FIRST, PASSWORD, RESTRICTED, Office, office
from tests.console.shelf import decided, file_due, told
from tests.console.test_phone_by_keyboard import Hand
from tests.console.test_phone_in_a_browser import served
from tests.console.test_unsent import begin as begin_talk

pytestmark = pytest.mark.browser
STORY = "My tutor never came to the last three sessions, and nobody at the centre answers my letters."
CASE = "CQM-JRNY-0001-1"
# What somebody who only reads may send: to find, to take a file, and what is their own.
HARMLESS = re.compile(r"/(sign-out|search|export|reports/file|account/(password|sessions|stay))$")


@pytest.fixture(scope="module")
def browser(chromium_path: str) -> Iterator[Browser]:
    with chromium(chromium_path) as started:
        yield started


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Office, str]]:
    folder = tmp_path_factory.mktemp("journeys")
    with office(folder, limits="off", smtp_host="127.0.0.1") as here, served(here) as url:
        person = {"name": "Ann Evans", "email": "ann@example.org"}
        more = {key: value for key, value in decided().items() if key != "decision"}
        file_due(here, CASE, 2, narrative=STORY, complainant=person, **more)
        file_due(here, "CQM-GONE-0001-1", 3, complainant=person)
        begin_talk(here, "CQM-HARM-0001-1", flags=["risk_of_harm"])
        begin_talk(here, "CQM-ASKD-0001-1", flags=["asked_for_a_person"])
        yield here, url


@contextmanager
def browsing(browser: Browser, url: str, cookie: str | None = None) -> Iterator[tuple[BrowserContext, Page]]:
    context = browser.new_context(viewport={"width": 1200, "height": 900}, accept_downloads=True)
    if cookie is not None:
        context.add_cookies([{"name": "hearout-staff-cqm", "value": cookie, "url": url}])
    page = context.new_page()
    page.set_default_timeout(15_000)
    try:
        yield context, page
    finally:
        context.close()


@pytest.fixture
def at(browser: Browser, desk: tuple[Office, str]) -> Iterator[Callable[..., Page]]:
    """A page of somebody with these roles, on their first page."""
    opened = []

    def open_page(*roles: str) -> Page:
        here, url = desk
        visit = browsing(browser, url, here.signed_in(*roles).cookie)
        opened.append(visit)
        _, page = visit.__enter__()
        page.goto(f"{url}/cqm/staff")
        return page

    yield open_page
    for visit in opened:
        visit.__exit__(None, None, None)


def sections(page: Page) -> list[str]:
    return page.get_by_role("navigation", name="Sections").get_by_role("link").all_inner_texts()


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


class TestStaff:
    def test_a_call_is_logged_by_keyboard_and_the_case_dealt_with_to_its_end(
        self, at: Callable[..., Page], desk: tuple[Office, str]
    ) -> None:
        page = at("staff")
        reference = self.log(page)
        kept = desk[0].store.read_sync(lambda conn: register.show(conn, reference))
        assert (kept["narrative"], kept["channel"]) == (STORY, "phone")
        page.get_by_role("link", name="Home").click()
        expect(page.locator("[data-part=coming]")).to_contain_text(reference)
        page.get_by_role("link", name=reference).first.click()
        self.deal(page, reference)
        assert told(desk[0], reference) == ["acknowledged", "rerouted", "closed"]

    def log(self, page: Page) -> str:
        """By keyboard alone; the reference of the case, on its page."""
        hand = Hand(page)
        hand.tab_to("nav a[href$='/phone']")
        hand.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("Log a complaint")
        hand.tab_to("a[href$='/phone/new']")
        hand.press("Enter")
        expect(page.locator("#caller_name")).to_be_focused()
        hand.type("Ann Lee")
        hand.tab_to("#story")
        hand.type(STORY)
        hand.press("Tab")
        expect(page.locator("#saved")).to_have_text(re.compile("Saved at"))
        hand.tab_to("[name=preferred_contact]")
        hand.choose("email")
        expect(page.locator("#contact_email")).to_be_visible()
        hand.tab_to("#contact_email")
        hand.type("ann.lee@example.org")
        hand.tab_to("[name=agreed]")
        hand.choose("yes")
        expect(page.locator("#saved")).to_have_text(re.compile("Saved at"))
        hand.tab_to("#file")
        hand.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("The complaint is logged")
        reference = page.locator("#spaced + p").inner_text()
        hand.tab_to(f"a[href$='/cases/{reference}']")
        hand.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text(reference)
        return reference

    def deal(self, page: Page, reference: str) -> None:
        page.get_by_role("link", name="Note as acknowledged").click()
        press(page, "Note it as acknowledged")
        expect(page.get_by_role("status")).to_contain_text("Kept: the complaint is acknowledged.")
        page.get_by_role("link", name="Send a holding letter").click()
        page.get_by_label("Your own words in it").fill("The tutor is back on Monday.")
        press(page, "See the letter")
        expect(page.locator("pre.letter")).to_contain_text("The tutor is back on Monday.")
        press(page, "Send the letter")
        expect(page.get_by_role("status")).to_contain_text("The letter is on its way.")
        page.get_by_role("link", name="Send it to somebody else").click()
        page.get_by_label("What it is about").select_option("product")
        page.get_by_label("Why").fill("It is about the course itself.")
        press(page, "See what would come of it")
        expect(page.locator("#then")).to_be_visible()
        press(page, "Send it there")
        expect(page.get_by_role("status")).to_contain_text("Kept: the case went to somebody else")
        page.get_by_role("link", name="Close the case").click()
        page.get_by_label("Outcome").select_option("upheld")
        page.get_by_label("Cause", exact=True).select_option("communication")
        page.get_by_label("Apology").check()
        page.get_by_label("Lesson").fill("Say beforehand who takes the session.")
        page.get_by_label("Send the person a letter").check()
        press(page, "Close the case")
        expect(page.locator("pre.letter")).to_contain_text("We have finished dealing with the complaint")
        press(page, "Close the case and send the letter")
        expect(page.get_by_role("status")).to_contain_text("Kept: the case is closed.")
        expect(page.locator("[data-part=owed]")).to_contain_text("Say beforehand who takes the session.")
        expect(page.locator("[data-part=sent]")).to_contain_text("Letter: closure")
        assert page.url.partition("?")[0].endswith(reference)

    def test_somebody_who_asked_for_a_person_gets_one(self, at: Callable[..., Page]) -> None:
        page = at("staff")
        page.get_by_role("link", name="Unfinished").click()
        expect(page.locator("[data-part=pressing]")).to_contain_text("Asked for a person")
        page.get_by_role("link", name="CQM-ASKD-0001-1").click()
        press(page, "Take it over")
        page.get_by_label("Your words").fill("I am here. What can I do?")
        press(page, "Send")
        expect(page.locator("ol.talk")).to_contain_text("I am here. What can I do?")
        press(page, "Give it back to the interview")
        expect(page.get_by_role("status")).to_contain_text("The interview has the conversation again.")


def test_restricted_cases_are_there_for_who_deals_with_them_alone(at: Callable[..., Page]) -> None:
    without, page = at("staff"), at("staff", "restricted_cases")
    for one, there in ((without, 0), (page, 1)):
        expect(one.locator(f"[data-part=all] a[href$='{RESTRICTED}']")).to_have_count(there)
        one.get_by_role("link", name="Unfinished").click()
        expect(one.locator("a[href$='CQM-HARM-0001-1']")).to_have_count(there)
    page.get_by_role("link", name="CQM-HARM-0001-1").click()
    expect(page.locator(".under")).to_contain_text("Somebody may be at risk")
    without.goto(page.url)
    expect(without.get_by_role("heading", level=1)).not_to_have_text("CQM-HARM-0001-1")
    page.goto(page.url.replace("unfinished/CQM-HARM-0001-1", f"cases/{RESTRICTED}"))
    expect(page.locator(".under")).to_contain_text("Restricted")
    without.goto(page.url)
    expect(without.get_by_role("main")).to_contain_text("There is no case")


def test_a_privacy_officer_takes_a_list_holds_a_case_and_erases_it(
    at: Callable[..., Page], desk: tuple[Office, str]
) -> None:
    page, gone = at("privacy_officer"), "CQM-GONE-0001-1"
    assert "Log a complaint" not in sections(page)
    page.get_by_text("Save this list as a file").click()
    page.get_by_label("JSON, for a program").check()
    with page.expect_download() as saving:
        press(page, "Save the file")
    taken = json.loads(Path(saving.value.path()).read_text("utf-8"))
    assert {RESTRICTED, gone} <= {case["reference"] for case in taken["cases"]}
    assert saving.value.suggested_filename.startswith("cqm-cases-")
    page.get_by_role("link", name=gone).first.click()
    expect(page.get_by_role("link", name="Note as acknowledged")).to_have_count(0)
    page.get_by_role("link", name="Hold or erase").click()
    page.get_by_label("Why").fill("Claim 26/113")
    press(page, "Place the hold")
    expect(page.get_by_role("button", name="Erase it for good")).to_have_count(0)
    press(page, "Lift the hold")
    page.get_by_label("Write the reference of this case").fill("another")
    press(page, "Erase it for good")
    expect(page.get_by_role("alert")).to_contain_text("Write the reference of the case")
    page.get_by_label("Write the reference of this case").fill(gone)
    press(page, "Erase it for good")
    expect(page.get_by_role("heading", level=1)).to_have_text("It is erased")
    page.get_by_role("link", name="All complaints").click()
    expect(page.locator("[data-part=all]")).not_to_contain_text(gone)
    assert ("cases.exported", "*") in [entry[:2] for entry in desk[0].trail()]


def test_an_auditor_reads_all_and_no_button_changes_anything(at: Callable[..., Page]) -> None:
    page = at("auditor")
    home, seen, forms = page.url, set[str](), set[str]()
    todo = [home, f"{home}/cases/{FIRST}", f"{home}/cases/{RESTRICTED}", f"{home}/unfinished/CQM-HARM-0001-1"]
    todo += (
        page.get_by_role("navigation", name="Sections")
        .locator("a")
        .evaluate_all("(all) => all.map((a) => a.href)")
    )
    while todo:
        where = todo.pop().partition("#")[0]
        # A page once, whatever it is narrowed to: years and lists go on for ever.
        path = where.partition("?")[0]
        if path in seen or len(seen) > 60:
            continue
        seen.add(path)
        answer = page.goto(where)
        assert answer is not None
        assert answer.status == 200, where
        forms |= set(page.locator("form[method=post]").evaluate_all("(all) => all.map((f) => f.action)"))
        links: list[str] = page.locator("main a[href^='/cqm/staff']").evaluate_all(
            "(all) => all.map((a) => a.href)"
        )
        # What is saved and not shown is no page.
        todo += [link for link in links if not re.search(r"/files?(/|$)", link)]
    assert len(seen) >= 8
    assert [form for form in forms if not HARMLESS.search(form)] == []


def test_an_auditors_button_that_changes_something_is_seen(
    at: Callable[..., Page], monkeypatch: pytest.MonkeyPatch
) -> None:
    from bot.console.permissions import MAY, Permission

    monkeypatch.setitem(MAY, "auditor", MAY["auditor"] | {Permission.WORK_ON_CASES})
    with pytest.raises(AssertionError):
        test_an_auditor_reads_all_and_no_button_changes_anything(at)


@pytest.mark.parametrize("role", ["rules_editor", "rules_approver"])
def test_who_looks_after_rules_sees_no_case(at: Callable[..., Page], role: str) -> None:
    page = at(role)
    assert not {"Unfinished", "Log a complaint", "Reports"} & set(sections(page))
    expect(page.get_by_role("main")).not_to_contain_text("CQM-")
    home = page.url
    for path in (f"/cases/{FIRST}", "/unfinished", "/phone", f"/cases/{FIRST}/privacy"):
        answer = page.goto(home + path)
        assert answer is not None
        assert answer.status == 403, path
        expect(page.get_by_role("heading", level=1)).to_have_text("Your role does not include this page")
        expect(page.get_by_role("main")).not_to_contain_text(FIRST)


class TestSigningIn:
    def test_ten_wrong_passwords_lock_a_break_glass_account_for_a_quarter_of_an_hour(
        self, browser: Browser, desk: tuple[Office, str]
    ) -> None:
        here, url = desk
        secret = here.invite("glass@example.org", ["staff"])
        with browsing(browser, url) as (_, page):
            page.goto(f"{url}/cqm/staff/welcome?invitation={secret}")
            page.get_by_label("Your name").fill("Jo Field")
            page.get_by_label("Password").fill(PASSWORD)
            press(page, "Keep it and sign in")
            expect(page.get_by_role("link", name="Jo Field")).to_be_visible()
            press(page, "Sign out")
            page.goto(f"{url}/cqm/staff/cases/{FIRST}")
            for _ in range(10):
                self.sign_in(page, "not the password")
                expect(page.get_by_role("alert")).to_contain_text("is not right")
            self.sign_in(page, PASSWORD)
            expect(page.get_by_role("main")).to_contain_text("Too many")
            here.clock.forward(minutes=16)
            page.goto(f"{url}/cqm/staff/cases/{FIRST}")
            self.sign_in(page, PASSWORD)
            # Back to the page that was asked for.
            expect(page.get_by_role("heading", level=1)).to_have_text(FIRST)

    def sign_in(self, page: Page, password: str) -> None:
        page.get_by_label("E-mail address").fill("glass@example.org")
        page.get_by_label("Password").fill(password)
        press(page, "Sign in")
        page.wait_for_load_state()

    def test_who_was_away_too_long_signs_in_and_is_back_where_they_were(
        self, browser: Browser, desk: tuple[Office, str]
    ) -> None:
        here, url = desk
        with browsing(browser, url, here.signed_in("staff").cookie) as (_, page):
            page.goto(f"{url}/cqm/staff/cases/{FIRST}/note")
            page.get_by_label("Note", exact=True).fill("Half a thought")
            here.clock.forward(minutes=31)
            press(page, "Keep the note")
            expect(page.get_by_role("heading", level=1)).to_have_text("You are signed out")
            page.goto(f"{url}/cqm/staff/cases/{FIRST}/note")
            expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
            assert "back=" in page.url


def test_through_an_identity_provider_and_really_out_again(browser: Browser, tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    given: dict[str, Any] = {
        "oidc_issuer": f"http://127.0.0.1:{port}", "oidc_client_id": CLIENT, "oidc_client_secret": SECRET,
        "oidc_scope": "openid email profile groups", "oidc_name": "your work account", "limits": "off",
    }  # fmt: skip
    (tmp_path / "organisations").mkdir()
    (tmp_path / "organisations" / "cqm.yml").write_text("staff: {roles: {complaints: [staff]}}\n")
    with office(tmp_path, **given) as here, served(here) as url:
        home = f"{url}/cqm/staff"
        addresses: dict[str, Any] = {"back_to": [f"{home}/signed-in"], "leave_to": [f"{home}/signed-out"]}
        with real_provider(port, **addresses), browsing(browser, url) as (context, page):
            page.goto(f"{home}/cases/{FIRST}")
            page.get_by_role("link", name="Sign in with your work account").click()
            log_in_there(page)
            expect(page.get_by_role("heading", level=1)).to_have_text(FIRST)
            expect(page.get_by_role("link", name="Jo Field")).to_be_visible()
            old = [cookie for cookie in context.cookies() if cookie["name"] == "hearout-staff-cqm"]
            press(page, "Sign out")
            page.get_by_role("link", name="Sign out there too").click()
            page.get_by_role("button", name=re.compile("Yes")).click()
            expect(page.get_by_role("heading", level=1)).to_have_text("You have signed out")
            # Here the cookie is worth nothing any more, and there it is asked for again who it is.
            context.add_cookies([{"name": "hearout-staff-cqm", "value": str(old[0]["value"]), "url": url}])
            page.goto(f"{home}/cases/{FIRST}")
            expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
            page.get_by_role("link", name="Sign in with your work account").click()
            expect(page.locator("input[name=login]")).to_be_visible()


def log_in_there(page: Page) -> None:
    page.locator("input[name=login]").fill("jo")
    page.locator("input[name=password]").fill("anything")
    page.locator("button[type=submit]").click()
    page.get_by_role("button", name="Continue").click()
