"""A server with cases, and staff at a browser of their own, for the tests that look at the console's pages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, ViewportSize

from cases.store import migrate, open_store
from tests.api.registered import file
from tests.browsing import TOO_SMALL, WIDER_THAN_THE_SCREEN, axe
from tests.channels.servers import Running, running
from tests.console.office import FIRST, OTHER, PASSWORD, RESTRICTED

STATES: dict[str, dict[str, str]] = {
    "light": {"color_scheme": "light", "forced_colors": "none"},
    "dark": {"color_scheme": "dark", "forced_colors": "none"},
    "forced": {"color_scheme": "light", "forced_colors": "active"},
}
WIDE: ViewportSize = {"width": 1200, "height": 860}


@contextmanager
def serving(folder: Path, **settings: Any) -> Iterator[Running]:
    """A server over a register with two cases of CQM and one of CIM."""
    database = f"sqlite:///{folder / 'hearout.db'}"
    migrate(database)
    store = open_store(database)
    try:
        file(store, FIRST)
        file(store, RESTRICTED, restricted=True, restricted_because=["member_conduct"])
        file(store, OTHER, "cim")
    finally:
        store.close()
    with running(folder, delivery="off", limits="off", **settings) as server:
        yield server


def invitation(server: Running, email: str, *roles: str, organisation: str = "cqm") -> str:
    """The address of an invitation, as `hearout staff invite` prints it."""
    wanted = {"organisation": organisation, "email": email, "roles": list(roles or ("staff",))}
    answer = server.http.post("/api/v1/staff/invite", json=wanted)
    assert answer.status_code == 200, answer.text
    return f"{server.url}/{organisation}/staff/welcome?invitation={answer.json()['invitation']}"


def sign_in(page: Page, server: Running, *roles: str, email: str = "jo.field@example.org") -> None:
    """Join by an invitation: somebody with these roles, on the first page."""
    page.goto(invitation(server, email, *roles))
    page.get_by_label("Your name").fill("Jo Field")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Keep it and sign in").click()
    page.wait_for_url(re.compile(r"/staff$"))


@contextmanager
def opened(browser: Browser, *, policy: bool = False, **options: Any) -> Iterator[Page]:
    """A page in a browser of its own. axe cannot be put into one whose content `policy` is kept."""
    context = browser.new_context(bypass_csp=not policy, viewport=WIDE, **options)
    try:
        page = context.new_page()
        page.set_default_timeout(10_000)
        yield page
    finally:
        context.close()


def look(page: Page, *states: str) -> None:
    """No rule of axe is broken in any colours; nothing is too wide or too small at 320 px, or with large spaced text."""
    for name in states or tuple(STATES):
        page.emulate_media(**STATES[name])  # type: ignore[arg-type]
        assert axe(page) == [], f"{page.url}, {name}"
    page.emulate_media(color_scheme="light", forced_colors="none")
    page.set_viewport_size({"width": 320, "height": 568})
    assert page.evaluate(WIDER_THAN_THE_SCREEN) == [], page.url
    assert page.evaluate(TOO_SMALL) == [], page.url
    assert axe(page) == [], f"{page.url}, 320 px"
    page.set_viewport_size(WIDE)
    # Text of twice the size, and spaced as WCAG 1.4.12 wants it.
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    page.evaluate("document.body.style.cssText = 'line-height:1.5;letter-spacing:.12em;word-spacing:.16em'")
    assert page.evaluate(WIDER_THAN_THE_SCREEN) == [], f"{page.url}, large and spaced"
    page.evaluate("document.documentElement.style.fontSize = ''; document.body.style.cssText = ''")
