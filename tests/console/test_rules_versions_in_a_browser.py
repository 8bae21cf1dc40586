"""J12 in Chromium: a draft is asked for and approved by somebody else, and its days stand on the pages; no rule of
axe is broken on any of them, and nothing is too wide at 320 px."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from cases import drafts
from cases.drafts import About, Base
from cases.events import Writer
from cases.store import migrate, open_store
from tests.browsing import chromium
from tests.cases.builders import a_filing, say
from tests.channels.servers import Running, running
from tests.console.desk import invitation, look, opened
from tests.console.office import PASSWORD
from tests.console.test_rules_versions import CIM, faster

pytestmark = pytest.mark.browser
DRAFT = secrets.token_hex(8)
# Where pictures of the pages are put, to be looked at; nowhere by default.
SHOTS = os.environ.get("HEAROUT_PICTURES")


@pytest.fixture(scope="module")
def browser(chromium_path: str) -> Iterator[Browser]:
    with chromium(chromium_path) as started:
        yield started


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server with a draft of CIM's and some cases."""
    folder = tmp_path_factory.mktemp("rules")
    database, now = f"sqlite:///{folder / 'hearout.db'}", datetime.now(UTC)
    migrate(database)
    store = open_store(database)
    try:
        base, about = Base(1, drafts.sha256_of(CIM)), About("Acknowledge in one day")
        writer = Writer("Alex Reed", "staff", "alex-id")
        store.write_sync(
            lambda conn: drafts.create_draft(conn, "cim", DRAFT, about, faster(), base, writer, now)
        )
        for number in range(12):
            reference = f"CIM-7000-{number:04d}-0"
            facts = {"nature": "complaint", "subject": "service", "needs_investigation": True}
            filing = a_filing(organisation="cim", reference=reference, facts=facts, received_at=now)
            own = {"conversation_id": reference, "key_hash": reference, "reference": reference}
            say(store, organisation="cim", state="filed", **own, cases=(filing,), targets=())
    finally:
        store.close()
    with running(folder, delivery="off", limits="off") as started:
        yield started


def join(page: Page, server: Running, name: str, *roles: str) -> None:
    page.goto(invitation(server, f"{secrets.token_hex(5)}@example.org", *roles, organisation="cim"))
    page.get_by_label("Your name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Keep it and sign in").click()
    page.wait_for_url("**/cim/staff**")


def shot(page: Page, name: str) -> None:
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / f"rules-{name}.png", full_page=True)


def test_a_change_from_its_draft_to_its_version_with_two_people(server: Running, browser: Browser) -> None:
    staff = f"{server.url}/cim/staff"
    with opened(browser) as page:
        join(page, server, "Jo Field", "rules_editor", "staff")
        page.goto(f"{staff}/rules")
        expect(page.get_by_role("heading", name="In force now")).to_be_visible()
        look(page)
        shot(page, "list")
        page.goto(f"{staff}/rules/drafts/{DRAFT}/changes")
        # Nothing is asked for without why and what says so.
        page.get_by_role("button", name="Ask for approval").click()
        expect(
            page.get_by_role("link", name="Say why the rules change; whoever approves reads it.")
        ).to_be_visible()
        look(page, "light")
        page.get_by_label("Why the rules change").fill("Members wait too long for a first word.")
        page.get_by_label("What says so").fill("Board minute 7 of 2026; Complaints procedure")
        page.get_by_label("In force from").fill("2027-01-01")
        page.get_by_role("button", name="Ask for approval").click()
        expect(page.get_by_role("status")).to_contain_text("Somebody else is asked to approve it now")
        rows = page.locator("tr", has_text="Thursday 31 December 2026 at 23:58")
        expect(rows.first).to_contain_text("Tuesday 5 January 2027")
        expect(page.locator("tr", has_text="Friday 1 January 2027 at 09:00").first).to_contain_text(
            "Monday 4 January 2027"
        )
        expect(page.locator("tr", has_text="Monday 4 January 2027 at 09:00").first).to_contain_text(
            "Tuesday 5 January 2027"
        )
        look(page)
        shot(page, "changes")
    with opened(browser) as page:
        join(page, server, "Sam Hill", "rules_approver")
        page.goto(f"{staff}/rules")
        page.get_by_role("link", name="Read and approve").click()
        expect(page.get_by_role("heading", name="Approve: Acknowledge in one day")).to_be_visible()
        look(page)
        shot(page, "approve")
        page.get_by_role("button", name="Approve and publish").click()
        expect(page.get_by_role("link", name="Tick that you have read what changes.")).to_be_visible()
        page.get_by_label("I have read what changes and for whom, and what says so.").check()
        page.get_by_role("button", name="Approve and publish").click()
        page.wait_for_url("**/rules/versions/2**")
        expect(page.locator("main")).to_contain_text("Friday 1 January 2027")
        look(page)
        shot(page, "version")
    with opened(browser) as page:
        join(page, server, "Jo Field", "rules_editor")
        page.goto(f"{staff}/rules/versions/1")
        expect(page.get_by_role("heading", name="Publish this version again")).to_be_visible()
        look(page, "light", "dark")
        page.goto(f"{staff}/rules")
        expect(page.locator(".now")).to_contain_text("Friday 1 January 2027")
        look(page, "light")
        shot(page, "list-after")
        page.set_viewport_size({"width": 320, "height": 640})
        shot(page, "list-narrow")
        page.goto(f"{staff}/rules/drafts/{DRAFT}/changes")
        shot(page, "changes-narrow")
