"""The pages of cases, unfinished conversations and calls in all their states: for every eye, in any colours, at any size.

Each state is a line of STATES: where, and for which role; or a function that brings the page into it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browsing import axe, chromium
from tests.console import desk as desks
from tests.console.office import RESTRICTED, Office, office
from tests.console.shelf import decided, do, file_due
from tests.console.test_case_in_a_browser import STORY
from tests.console.test_deliveries import put
from tests.console.test_phone import begin as begin_call
from tests.console.test_phone import send as send_call
from tests.console.test_phone_in_a_browser import served
from tests.console.test_unsent import begin as begin_talk

pytestmark = pytest.mark.browser
CASE, CLOSED, TALK = "CQM-LATE-0001-1", "CQM-CLSD-0001-1", "CQM-HARM-0001-1"
# Nobody chooses their name for our columns.
NAME = "Bartholomew Featherstonehaugh-Cholmondeley-Warrington de la Vallée Poussin"
MAIL = "bartholomew.featherstonehaugh-cholmondeley-warrington@accountability.example.org"
ALL, READER = ("staff", "restricted_cases"), ("auditor",)


@dataclass(frozen=True)
class World:
    """The office, where it is served, and the addresses of calls."""

    here: Office
    url: str
    call: str
    logged: str
    given_up: str


@pytest.fixture(scope="module")
def browser(chromium_path: str) -> Iterator[Browser]:
    with chromium(chromium_path) as started:
        yield started


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("states")
    with office(folder, limits="off", smtp_host="127.0.0.1") as here, served(here) as url:
        more = {key: value for key, value in decided().items() if key != "decision"}
        person = {"name": NAME, "email": MAIL, "phone": "01234 567890"}
        file_due(here, CASE, -2, narrative=STORY, complainant=person, desired_remedy="An apology", **more)
        file_due(here, CLOSED, 2, complainant=person)
        for day in range(3):
            file_due(here, f"CQM-DAY{day}-0001-1", day)
        who = here.signed_in(*ALL, email="jo@example.org")
        do(who, CASE, "acknowledge")
        do(who, CASE, "note", text="x" * 200)
        do(
            who,
            CLOSED,
            "close",
            outcome="upheld",
            cause="delay",
            remedies=["apology"],
            lesson="Answer sooner.",
        )
        put(here, "d" * 32, CASE, state="dead", attempts=9, last_error=f"HTTP 500 from https://{'a' * 90}")
        begin_talk(
            here,
            TALK,
            hours=30,
            flags=["risk_of_harm", "asked_for_a_person"],
            answers={"complainant_name": NAME},
        )
        begin_talk(here, "CQM-BGUN-0001-1", hours=2, answers={"contact_email": MAIL})
        begin_talk(here, "CQM-GIVN-0001-1", state="abandoned", missing=["desired_remedy"])
        calls = [begin_call(who, caller_name=name) for name in (NAME, "Logged Caller", "Wrong Number")]
        send_call(who, calls[1], "file", agreed="no")
        who.post(f"{calls[2]}/give-up", csrf=who.token)
        begin_call(here.signed_in("staff"), caller_name="Of a colleague")
        yield World(here, url, *calls)


@pytest.fixture
def opened(browser: Browser, world: World) -> Iterator[Callable[..., Page]]:
    """Opens a page of the console for somebody with these roles; "jo" is who began the calls."""
    contexts = []

    def open_page(where: str, *roles: str, organisation: str = "cqm") -> Page:
        email = "jo@example.org" if roles == ("jo",) else None
        given = ALL if email else roles or ALL
        account = _account(world.here, email) if email else None
        token = world.here.signed_in(*given, organisation=organisation, account=account).cookie
        context = browser.new_context(bypass_csp=True, viewport=desks.WIDE)
        contexts.append(context)
        context.add_cookies(
            [{"name": f"hearout-staff-{organisation}", "value": str(token), "url": world.url}]
        )
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.goto(f"{world.url}/{organisation}/staff{where}")
        return page

    yield open_page
    for context in contexts:
        context.close()


def _account(here: Office, email: str) -> Any:
    from cases import staff

    return here.store.read_sync(lambda conn: staff.by_email(conn, "cqm", email))


STATES: dict[str, tuple[str, tuple[str, ...]]] = {
    "register": ("", ALL),
    "register that can be saved": ("", READER),
    "register, narrowed": ("?progress=acknowledged", READER),
    "register, nothing found": ("?subject=cats", ALL),
    "register, wrong": ("?received_from=x", ALL),
    "case": (f"/cases/{CASE}", ALL),
    "case with its trail": (f"/cases/{CASE}", READER),
    "case, restricted": (f"/cases/{RESTRICTED}", ALL),
    "case, to hold or erase": (f"/cases/{CASE}/privacy", ("privacy_officer",)),
    "case, closed": (f"/cases/{CLOSED}", ALL),
    "unfinished": ("/unfinished", ALL),
    "unfinished, restricted ones left out": ("/unfinished?state=abandoned", ("staff",)),
    "unfinished, one": (f"/unfinished/{TALK}", ALL),
    "unfinished, one that was given up": ("/unfinished/CQM-GIVN-0001-1", READER),
    "calls": ("/phone", ("jo",)),
    "call, new": ("/phone/new", ("jo",)),
    **{
        f"case, to {act}": (f"/cases/{CASE}/{act}", ALL)
        for act in ("respond", "note", "hold", "extend", "reroute")
    },
    **{f"case, and {act}": (f"/cases/{CASE}/{act}", ALL) for act in ("resolve", "pause", "close", "talk")},
}


@pytest.mark.parametrize("name", STATES)
def test_a_state_can_be_used_by_everybody(opened: Callable[..., Page], name: str) -> None:
    where, roles = STATES[name]
    page = opened(where, *roles)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    desks.look(page)


@pytest.mark.parametrize("where", ["", "/unfinished", "/phone"])
def test_so_can_a_page_with_nothing_on_it(opened: Callable[..., Page], where: str) -> None:
    desks.look(opened(where, *ALL, organisation="cmi"))


@pytest.mark.parametrize("which", ["call", "logged", "given_up"])
def test_so_can_a_call(opened: Callable[..., Page], world: World, which: str) -> None:
    desks.look(opened(getattr(world, which), "jo"))


def test_so_can_a_call_that_is_wrong_and_one_that_is_read_back(
    opened: Callable[..., Page], world: World
) -> None:
    page = opened(world.call, "jo")
    page.locator("#received_on").fill("2999-01-01")
    page.get_by_role("button", name="Log the complaint").click()
    expect(page.get_by_role("alert").first).to_contain_text("There is a problem")
    desks.look(page)
    page.goto(f"{world.url}/cqm/staff{world.call}")
    page.get_by_text("Begun by mistake?").click()
    page.get_by_label("The caller agrees").check()
    expect(page.locator("#saved")).to_have_text(re.compile("Saved at"))
    desks.look(page, "light", "dark")


def test_so_can_a_form_that_is_wrong_and_a_page_that_is_out_of_date(
    opened: Callable[..., Page], world: World
) -> None:
    page = opened(f"/cases/{CASE}/close", *ALL)
    page.get_by_role("button", name="Close the case").click()
    expect(page.get_by_role("alert")).to_contain_text("Choose how it ended.")
    desks.look(page)
    page.get_by_label("Outcome").select_option("not_upheld")
    page.get_by_label("Send the person a letter").check()
    page.get_by_role("button", name="Close the case").click()
    expect(page.get_by_role("button", name="Close the case and send the letter")).to_be_visible()
    desks.look(page)
    do(world.here.signed_in("staff"), CASE, "note", text="Somebody was quicker.")
    page.get_by_role("button", name="Close the case and send the letter").click()
    expect(page.get_by_role("alert")).to_contain_text("The case has changed since you opened this page")
    desks.look(page)


def test_so_can_a_look_at_where_a_case_would_go(opened: Callable[..., Page]) -> None:
    page = opened(f"/cases/{CASE}/reroute", "staff")
    page.get_by_label("What it is about").select_option("director")
    page.get_by_label("Why").fill("It is about a director")
    page.get_by_role("button", name="See what would come of it").click()
    expect(page.locator("#restricts")).to_contain_text("You will not be able to open the case any more.")
    desks.look(page)


def test_so_can_a_conversation_in_hand(opened: Callable[..., Page]) -> None:
    page = opened("/unfinished/CQM-BGUN-0001-1", *ALL)
    page.get_by_role("button", name="Take it over").click()
    expect(page.get_by_role("status")).to_contain_text("The conversation is with you.")
    desks.look(page)
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("Write what you want to say.")
    desks.look(page)


def test_a_page_with_a_fault_is_caught(opened: Callable[..., Page]) -> None:
    page = opened(f"/cases/{CASE}", *ALL)
    page.evaluate("document.querySelector('main').insertAdjacentHTML('beforeend', '<button></button>')")
    assert axe(page) != []
    with pytest.raises(AssertionError):
        desks.look(page, "light")
