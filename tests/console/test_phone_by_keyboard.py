"""An oral complaint, logged by keyboard alone: how many keys and seconds it takes, beside the same case in the chat.

Both are typed at the same speed, so that what differs is what each asks for. `pytest -s` prints the figures.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, Page, expect

from cases import register
from tests.browsing import chromium
from tests.console.office import Office, office
from tests.console.test_phone_in_a_browser import colleague, served
from tests.widget.faces import Face

pytestmark = pytest.mark.browser
STORY = (
    "My son Tom died in September. He was an apprentice, and nobody told us what happens to his portfolio. "
    "I wrote twice and had no reply."
)
# By question, as the caller answers: of what is not here the caller says nothing.
ANSWERS = {
    "subject": "service",
    "confidentiality": "none",
    "effect": "We cannot close his affairs.",
    "desired_remedy": "His portfolio, and an apology.",
    "on_behalf_of": "other",
    "representative_basis": "deceased",
    "complainant_name": "Tom Lee",
    "representative_name": "Ann Lee",
    "preferred_contact": "post",
    "contact_post": "1 High Street, Leeds LS1 1AA",
    "adjustments": "Large print, please.",
}
# Milliseconds from one key to the next.
PACE = 25
MOST_TABS = 60


@dataclass
class Hand:
    """Somebody who types: every key counts as one."""

    page: Page
    keys: int = 0
    began: float = field(default_factory=time.monotonic)
    ended: float = 0.0

    @property
    def seconds(self) -> float:
        return self.ended - self.began

    def press(self, key: str) -> None:
        self.page.keyboard.press(key)
        self.page.wait_for_timeout(PACE)
        self.keys += 1

    def type(self, text: str) -> None:
        self.page.keyboard.type(text, delay=PACE)
        self.keys += len(text)

    def is_at(self, selector: str) -> bool:
        return bool(self.page.evaluate("(s) => document.activeElement.matches(s)", selector))

    def look(self) -> None:
        """What a choice brings up is there before anybody has read the next question."""
        self.page.wait_for_timeout(200)

    def tab_to(self, selector: str) -> None:
        for _ in range(MOST_TABS):
            if self.is_at(selector):
                return
            self.press("Tab")
            assert self.page.evaluate("document.activeElement !== document.body")
        raise AssertionError(f"{selector} cannot be reached by Tab")

    def choose(self, value: str) -> None:
        """Of the radio buttons that have the focus."""
        if self.is_at(f"[value='{value}'], [value$='={value})']"):
            self.press("Space")
        for _ in range(20):
            if self.is_at(f"[value='{value}'], [value$='={value})']"):
                return
            self.press("ArrowDown")
        there = self.page.evaluate("[...document.querySelectorAll('#ask input')].map((i) => i.outerHTML)")
        raise AssertionError(f"there is no choice {value}: {there}")


@pytest.fixture(scope="module")
def browser(chromium_path: str) -> Iterator[Browser]:
    with chromium(chromium_path) as started:
        yield started


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Office, str]]:
    with office(tmp_path_factory.mktemp("keys"), limits="off") as made, served(made) as url:
        yield made, url


def on_the_page(page: Page, url: str) -> Hand:
    """Log it on the phone page."""
    page.goto(f"{url}/cqm/staff/phone/new")
    expect(page.locator("#caller_name")).to_be_focused()
    hand = Hand(page)
    hand.type(ANSWERS["representative_name"])
    hand.tab_to("#story")
    hand.type(STORY)
    hand.press("Tab")
    expect(page.locator("#saved")).to_have_text(re.compile("Saved at"))
    for _ in range(MOST_TABS):
        at = page.evaluate(
            "(() => { const a = document.activeElement; return {id: a.id, name: a.name || '', type: a.type || ''}; })()"
        )
        if at["id"] == "file":
            break
        name = at["name"]
        if at["type"] == "radio" and name == "agreed":
            hand.choose("yes")
            hand.look()
        elif at["type"] == "radio" and name in ANSWERS:
            if not page.locator(f"#{name}-{ANSWERS[name]}").is_checked():
                hand.choose(ANSWERS[name])
                hand.look()
        elif at["type"] == "select-one" and name in ANSWERS:
            label = page.locator(f"#{name} option[value={ANSWERS[name]}]").inner_text()
            if page.locator(f"#{name}").input_value() != ANSWERS[name]:
                hand.type(label[:12])
                hand.look()
        elif (
            at["type"] in ("text", "textarea")
            and name in ANSWERS
            and not page.locator(f"#{name}").input_value()
        ):
            hand.type(ANSWERS[name])
        hand.press("Tab")
    hand.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("The complaint is logged")
    hand.ended = time.monotonic()
    return hand


# What the chat asks, by words of the question.
ASKED = {
    "mainly about": "subject",
    "kept from others": "confidentiality",
    "affected": "effect",
    "put things right": "desired_remedy",
    "yourself or for someone": "on_behalf_of",
    "true of the person": "representative_basis",
    "your own name": "representative_name",
    "name of the person who died": "complainant_name",
    "reach you": "preferred_contact",
    "postal address": "contact_post",
    "make it easier": "adjustments",
}


def in_the_chat(page: Page, url: str) -> Hand:
    """The same case, in the chat."""
    page.goto(f"{url}/cqm/widget")
    face = Face(page, page).begun()
    hand = Hand(page)
    hand.tab_to("#box")
    hand.type(STORY)
    hand.press("Control+Enter")
    face.wait()
    for _ in range(MOST_TABS):
        if face.at(".outcome").count():
            hand.ended = time.monotonic()
            return hand
        said = face.at(".turn.theirs").last.inner_text()
        name = next((n for words, n in ASKED.items() if words in said), None)
        if face.kind in ("confirm", "check", "yes_no"):
            hand.tab_to("#ask .first" if face.kind == "check" else "#ask .choice")
            hand.press("Enter")
        elif face.kind == "choice":
            hand.tab_to("#ask input[type=radio]")
            if name in ANSWERS:
                hand.choose(ANSWERS[name])
            else:
                hand.press("Space")
            hand.tab_to("#send")
            hand.press("Enter")
        elif name in ANSWERS:
            hand.tab_to("#box")
            hand.type(ANSWERS[name])
            hand.press("Control+Enter" if face.at("textarea#box").count() else "Enter")
        else:
            hand.tab_to("#actions .second")
            hand.press("Enter")
        face.wait()
    raise AssertionError("the chat did not end")


def test_an_oral_complaint_by_keyboard_takes_no_longer_than_in_the_chat(
    browser: Browser, desk: tuple[Office, str]
) -> None:
    here, url = desk
    with colleague(browser, desk) as context:
        page = context.new_page()
        logged = on_the_page(page, url)
        spaced = page.locator("#spaced + p").inner_text()
    kept = here.store.read_sync(lambda conn: register.show(conn, spaced))
    assert kept["narrative"] == STORY
    assert kept["complainant"]["name"] == "Tom Lee"
    assert kept["representation"]["representative_name"] == "Ann Lee"
    assert (kept["desired_remedy"], kept["complainant"]["post"]) == (
        ANSWERS["desired_remedy"],
        ANSWERS["contact_post"],
    )
    context = browser.new_context(viewport={"width": 460, "height": 860})
    chatted = in_the_chat(context.new_page(), url)
    context.close()
    words = len(STORY) + sum(len(v) for n, v in ANSWERS.items() if " " in v)
    for name, hand in (("phone page", logged), ("chat", chatted)):
        figures = f"{hand.keys} keys ({hand.keys - words} beside the words), {hand.seconds:.1f} s"
        sys.stdout.write(f"\n{name}: {figures}\n")
    assert logged.keys < chatted.keys
