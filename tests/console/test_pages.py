"""The console in Chromium: every page for every eye, by keyboard, under its own content policy."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from bot.console.rendering import PAGES as TEMPLATES
from bot.console.rendering import asset
from tests import browsing
from tests.channels.servers import Running
from tests.console.desk import invitation, look, opened, serving, sign_in
from tests.console.office import PASSWORD

pytestmark = pytest.mark.browser

# htmx.org 4.0.1 from npm (dist/htmx.min.js, Zero-Clause BSD), byte for byte.
HTMX = "a0abb04f2f45a1f89d1d4844023245537e5e6014c87b144553e0607b4cc32130"
# Pages that need nothing but somebody with a role: where, and which role. A page that you add is a line here.
PAGES = [
    ("", "staff"),
    ("", "rules_editor"),
    ("/account", "staff"),
    ("/reports", "staff"),
    ("/reports?from=yesterday", "auditor"),
    ("/reports/board", "auditor"),
    ("/reports/funnel", "staff"),
    ("/reports/lessons", "staff"),
    ("/nothing-here", "staff"),
]


@pytest.fixture(scope="module")
def browser(chromium_path: str) -> Iterator[Browser]:
    with browsing.chromium(chromium_path) as started:
        yield started


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with serving(tmp_path_factory.mktemp("data")) as started:
        yield started


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with opened(browser) as made:
        yield made


@pytest.mark.parametrize(("path", "role"), PAGES)
def test_every_page_can_be_used_by_everybody(page: Page, server: Running, path: str, role: str) -> None:
    sign_in(page, server, role, email=f"{role}@example.org")
    page.goto(f"{server.url}/cqm/staff{path}")
    look(page)


def test_so_can_the_pages_before_anybody_is_signed_in(page: Page, server: Running) -> None:
    home = f"{server.url}/cqm/staff"
    page.goto(home)
    assert page.url == f"{home}/sign-in"
    look(page)
    page.get_by_label("E-mail address").fill("nobody@example.org")
    page.get_by_label("Password").fill("not the password")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("is not right")
    expect(page.get_by_label("E-mail address")).to_have_value("nobody@example.org")
    assert page.title().startswith("Error: Sign in")
    look(page)
    page.goto(invitation(server, "new@example.org"))
    look(page)
    page.get_by_label("Password").fill("too short")
    page.get_by_role("button", name="Keep it and sign in").click()
    look(page)
    for path in ("/welcome?invitation=none", "/signed-out"):
        page.goto(home + path)
        look(page)
    page.goto(f"{server.url}/nobody/staff")
    look(page)


def test_signing_in_with_a_provider_can_be_used_by_everybody(browser: Browser, tmp_path: Path) -> None:
    settings = {"oidc_issuer": "http://127.0.0.1:9", "oidc_client_id": "x", "oidc_name": "your work account"}
    with serving(tmp_path, **settings) as server, opened(browser) as page:
        page.goto(f"{server.url}/cqm/staff/sign-in")
        look(page)
        page.get_by_text("Sign in with a password instead").click()
        look(page)
        # Nobody is at home there.
        page.get_by_role("link", name="Sign in with your work account").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Signing in did not work")
        look(page)


def test_a_password_is_changed_and_a_browser_signed_out(
    browser: Browser, page: Page, server: Running
) -> None:
    sign_in(page, server, email="two@example.org")
    with opened(browser) as other:
        other.goto(f"{server.url}/cqm/staff/sign-in")
        other.get_by_label("E-mail address").fill("two@example.org")
        other.get_by_label("Password").fill(PASSWORD)
        other.get_by_role("button", name="Sign in").click()
        page.goto(f"{server.url}/cqm/staff/account")
        expect(page.locator("#browsers + p + ul li")).to_have_count(2)
        look(page)
        page.get_by_role("button", name=re.compile("Sign out Chrome")).click()
        expect(page.locator("#browsers + p + ul li")).to_have_count(1)
        other.reload()
        expect(other.get_by_role("heading", level=1)).to_have_text("Sign in")
    page.get_by_label("New password").fill("short")
    page.get_by_role("button", name="Change the password").click()
    expect(page.get_by_role("alert")).to_contain_text("This is not your present password.")
    look(page)
    page.get_by_label("Present password").fill(PASSWORD)
    page.get_by_label("New password").fill("four other words entirely")
    page.get_by_role("button", name="Change the password").click()
    expect(page.get_by_role("status")).to_contain_text("Your password is changed")
    look(page, "light", "dark")


def test_by_keyboard_alone_and_under_the_policy_of_the_pages(browser: Browser, server: Running) -> None:
    with opened(browser, policy=True) as page:
        broken: list[str] = []
        page.on(
            "console", lambda said: broken.append(said.text) if said.type in ("error", "warning") else None
        )
        page.goto(invitation(server, "keys@example.org"))
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Skip to the main part")).to_be_focused()
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        page.keyboard.type("Jo Field")
        page.keyboard.press("Tab")
        page.keyboard.type(PASSWORD)
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        page.get_by_role("button", name="Sign out").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("You have signed out")
        page.go_back()
        # Nothing of the page was kept, so the browser has to ask again.
        expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
        assert broken == []


class TestTheWarningBeforeTheEnd:
    def test_it_comes_in_time_and_the_session_can_be_prolonged(self, page: Page, server: Running) -> None:
        page.clock.install()
        sign_in(page, server, email="slow@example.org")
        page.goto(f"{server.url}/cqm/staff/account")
        band = page.locator("#session")
        page.get_by_label("New password").fill("half typed")
        page.clock.fast_forward("26:30")
        expect(band).to_be_hidden()
        page.clock.fast_forward("00:40")
        expect(band).to_contain_text("signed out in 3 minutes")
        # Nobody who is typing is taken elsewhere.
        expect(page.get_by_label("New password")).to_be_focused()
        look(page)
        page.get_by_role("button", name="Stay signed in").click()
        expect(band).to_be_hidden()
        page.clock.fast_forward("26:00")
        expect(band).to_be_hidden()
        page.clock.fast_forward("04:01")
        expect(band).to_contain_text("You are signed out. What you typed is still here")
        expect(page.get_by_label("New password")).to_have_value("half typed")

    def test_what_the_page_sends_by_itself_counts(self, page: Page, server: Running) -> None:
        page.clock.install()
        sign_in(page, server, email="busy@example.org")
        band = page.locator("#session")
        page.clock.fast_forward("28:00")
        expect(band).to_be_visible()
        page.evaluate("fetch('/cqm/staff/account').then((answer) => answer.text())")
        expect(band).to_be_hidden()

    def test_one_that_cannot_be_prolonged_says_so(self, browser: Browser, tmp_path: Path) -> None:
        with (
            serving(tmp_path, staff_session_hours=1, staff_idle_minutes=120) as server,
            opened(browser) as page,
        ):
            page.clock.install()
            sign_in(page, server)
            page.clock.fast_forward("58:00")
            expect(page.locator("#session")).to_contain_text("Finish what you are at")
            expect(page.get_by_role("button", name="Stay signed in")).to_be_hidden()


def test_every_stop_of_the_keyboard_can_be_seen(page: Page, server: Running) -> None:
    sign_in(page, server, email="ring@example.org")
    page.goto(f"{server.url}/cqm/staff/account")
    for _ in range(12):
        page.keyboard.press("Tab")
        shown = page.evaluate(
            "() => { const s = getComputedStyle(document.activeElement);"
            " return s.boxShadow !== 'none' || parseFloat(s.outlineWidth) > 0; }"
        )
        assert shown, page.evaluate("document.activeElement.outerHTML")


def test_what_the_pages_load_is_ours_and_pinned() -> None:
    assert hashlib.sha256((TEMPLATES / "console" / "htmx.js").read_bytes()).hexdigest() == HTMX
    for template in (TEMPLATES / "console").glob("*.html"):
        text = template.read_text()
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=|hx-on|https?://", text), (
            template
        )


def test_a_request_of_htmx_carries_the_token(page: Page, server: Running) -> None:
    sign_in(page, server, email="htmx@example.org")
    page.evaluate(
        "document.querySelector('main').innerHTML = "
        '\'<button hx-post="/cqm/staff/account/stay" hx-swap="none">Try it</button>\''
    )
    page.add_script_tag(url=f"{server.url}{asset('console/htmx.js')}")
    with page.expect_response("**/account/stay") as answered:
        page.get_by_role("button", name="Try it").click()
    assert answered.value.status == 204


def test_every_link_of_the_first_page_leads_somewhere(page: Page, server: Running) -> None:
    sign_in(page, server, email="links@example.org")
    found = page.locator("a[href^='/']").evaluate_all("(links) => links.map((link) => link.href)")
    assert found
    for address in found:
        answer = page.request.get(address)
        assert answer.status == 200, address
