"""What a screen reader is given, step by step, of the conversation and the form: `python -m docs.heard > heard.txt`.

For reading, not for comparing: somebody reads it as one who cannot see the page, and mends what confuses or repeats.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page

from bot.cli.serving import own_server
from bot.settings import Settings
from docs.screenshots import LONGEST, MONDAY, STORY
from tests.browsing import chromium
from tests.chromium import require
from tests.widget.faces import own_page

ORGANISATION = "cim"


def main() -> None:
    """Write every step to standard output."""
    with tempfile.TemporaryDirectory() as data, chromium(require()) as browser:
        settings = Settings(data_dir=Path(data), delivery="off", log_level="warning")
        with own_server(settings, clock=lambda: MONDAY) as url:
            conversation(browser, url)
            form(browser, url)


def conversation(browser: Browser, url: str) -> None:
    """The conversation: what is asked at each step, the panels, and the whole at the end."""
    page = browser.new_context(viewport={"width": 460, "height": 860}).new_page()
    face = own_page(page, url, ORGANISATION).begun()
    say("the start", face.at("hearout-chat").aria_snapshot(), face.active)
    for opener in ("#person", "#more"):
        face.at(opener).click()
        say(face.at(opener).inner_text(), face.at("#panel").aria_snapshot(), face.active)
        page.keyboard.press("Escape")
    face.tell(STORY)
    for _ in range(LONGEST):
        if face.at(".outcome").count():
            break
        last = face.at(".turn.theirs").last.aria_snapshot()
        say(str(face.kind), f"{last}\n{face.at('#form').aria_snapshot()}", face.active)
        face.answer()
    say("the end, whole", face.at("hearout-chat").aria_snapshot(), face.active)


def form(browser: Browser, url: str) -> None:
    """The form: every page from the first to the last."""
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(f"{url}/{ORGANISATION}/complain")
    say(page.title(), page.locator("body").aria_snapshot())
    page.locator("main form .button").last.click()
    page.locator("main form .button").first.click()
    _said(page)
    page.locator("#answer").fill(STORY)
    page.locator("main form .button").first.click()
    for _ in range(LONGEST):
        _said(page)
        if page.url.endswith("/done"):
            break
        if page.locator("input[type=radio]").count():
            page.locator("input[type=radio]").first.check()
        elif page.locator("textarea#answer, input#answer").count():
            page.locator("#answer").fill("jane@example.org")
        page.locator("main form .actions:not(.close) .button").first.click()


def say(what: str, tree: str, focus: str = "") -> None:
    """One step: its name, where the focus is, and what there is."""
    at = f" (focus: {focus})" if focus else ""
    sys.stdout.write(f"\n== {what}{at}\n{tree}\n")


def _said(page: Page) -> None:
    say(page.title(), page.locator("main").aria_snapshot())


if __name__ == "__main__":
    main()
