"""The demo pages in a real browser: a whole conversation by keyboard, a break, a reload, small and dark screens."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.channels.servers import Running, running, soon

pytestmark = pytest.mark.browser

ARGUMENTS = (
    "--no-sandbox --disable-gpu --disable-dev-shm-usage --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync"
).split()
STORY = "My late father was a learner with you.\n\nHis certificate never came and nobody answered my letters."
LONGEST = 40


@pytest.fixture(scope="module")
def browser(chromium_path: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium_path, args=ARGUMENTS)
        yield started
        started.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    opened = browser.new_context(viewport={"width": 1280, "height": 860})
    yield opened
    opened.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A page on which no script fails, nothing breaks the content policy and nothing foreign is loaded."""
    faults: list[str] = []
    opened = context.new_page()
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
    opened.on("request", lambda asked: None if "127.0.0.1" in asked.url else faults.append(asked.url))
    yield opened
    assert faults == []


def open_chat(page: Page, server: Running, organisation: str = "cqm") -> None:
    page.goto(f"{server.url}/{organisation}/chat")
    expect(page.locator("#box")).to_be_visible()
    expect(page.locator(".turn.theirs")).to_have_count(1)


def tell_the_story(page: Page) -> None:
    page.locator("#box").fill(STORY)
    page.locator("#send").click()
    expect(page.locator("#choices button").first).to_be_visible()


class TestByKeyboard:
    def test_a_whole_conversation_is_held_without_a_mouse(self, page: Page, server: Running) -> None:
        page.goto(server.url)
        tab_to(page, "CQM")
        page.keyboard.press("Enter")
        expect(page.locator("#box")).to_be_visible()
        expect(page.locator(".turn.theirs")).to_have_count(1)
        # The first thing that can be reached leads past the rest to the answer.
        page.keyboard.press("Tab")
        expect(page.locator(".skip")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.locator("#box")).to_be_focused()
        page.keyboard.type("My late father was a learner with you.")
        page.keyboard.press("Enter")
        page.keyboard.type("His certificate never came.")
        # In a long answer Enter is a new line; the button sends.
        page.keyboard.press("Tab")
        expect(page.locator("#send")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.locator(".turn.mine .words p")).to_have_text(re.compile(r"with you\.\nHis certificate"))
        # The fragment of the skip link is no key of a conversation.
        page.reload()
        expect(page.locator(".turn.mine")).to_have_count(1)
        page.locator("#box").focus()
        # From here on focus is never lost: it stays in the box, or moves on with the choices.
        self.answer_to_the_end(page)
        expect(page.locator(".outcome h2")).to_have_text("Your complaint is filed")
        reference = page.locator("#reference-value").inner_text()
        expect(page.locator(".outcome .big")).to_have_text(f"Reference {reference}")
        # Dates stand in words.
        assert re.search(
            r"(Mon|Tues|Wednes|Thurs|Fri)day \d+ \w+ 20\d\d", page.locator(".outcome dl").inner_text()
        )
        assert server.stored()["cases"] == 1

    def answer_to_the_end(self, page: Page) -> None:
        for _ in range(LONGEST):
            wait_for_reply(page)
            if page.locator(".outcome").count():
                return
            assert page.evaluate("document.activeElement !== document.body")
            if page.locator("#choices button").count():
                if page.evaluate("!document.activeElement.closest('#choices')"):
                    page.locator("#choices button").first.focus()
                page.keyboard.press("Enter")
            else:
                expect(page.locator("#box")).to_be_focused()
                page.keyboard.type("Jane Hartley")
                page.keyboard.press("Enter")
        raise AssertionError("the conversation did not end")


class TestFocus:
    def test_pressing_a_choice_moves_on_to_the_next_choice(self, page: Page, server: Running) -> None:
        open_chat(page, server)
        tell_the_story(page)
        page.locator("#choices button").first.focus()
        page.keyboard.press("Enter")
        wait_for_reply(page)
        assert page.evaluate("document.activeElement.closest('#choices') !== null")

    def test_somebody_who_is_typing_is_never_moved(self, page: Page, server: Running) -> None:
        open_chat(page, server)
        tell_the_story(page)
        page.locator("#box").focus()
        page.keyboard.type("yes")
        page.keyboard.press("Enter")
        wait_for_reply(page)
        expect(page.locator("#box")).to_be_focused()

    def test_the_log_is_a_log_and_every_control_has_a_name(self, page: Page, server: Running) -> None:
        open_chat(page, server)
        expect(page.get_by_role("log", name="Conversation")).to_be_visible()
        expect(page.get_by_role("textbox", name="Your answer")).to_be_visible()
        tell_the_story(page)
        expect(page.get_by_role("group", name="Choices").get_by_role("button", name="Yes")).to_be_visible()
        expect(page.get_by_role("textbox", name="Or in your own words")).to_be_visible()
        for name in ("Send", "Go back", "Why do you ask?", "Speak to a person"):
            expect(page.get_by_role("button", name=name)).to_be_visible()


class TestResume:
    def test_a_reload_keeps_what_was_said_and_what_was_being_typed(self, page: Page, server: Running) -> None:
        open_chat(page, server)
        tell_the_story(page)
        page.locator("#box").fill("half a thou")
        said = page.locator("#log").inner_text()
        page.reload()
        expect(page.locator("#box")).to_have_value("half a thou")
        assert page.locator("#log").inner_text() == said
        page.locator("#choices button").first.click()
        expect(page.locator(".turn.mine")).to_have_count(2)

    def test_the_private_link_goes_on_elsewhere_and_leaves_the_address_bar(
        self, page: Page, browser: Browser, server: Running
    ) -> None:
        open_chat(page, server)
        tell_the_story(page)
        link, reference = page.locator("#link").input_value(), page.locator("#reference-value").inner_text()
        elsewhere = browser.new_context()
        other = elsewhere.new_page()
        other.goto(link)
        expect(other.locator("#choices button").first).to_be_visible()
        expect(other.locator("#reference-value")).to_have_text(reference)
        assert "#" not in other.url
        # What one of them answers, both see.
        other.locator("#choices button").first.click()
        expect(page.locator(".turn.theirs")).to_have_count(3)
        elsewhere.close()

    def test_forgetting_begins_anew(self, page: Page, server: Running) -> None:
        open_chat(page, server)
        tell_the_story(page)
        before = page.locator("#reference-value").inner_text()
        page.locator("#forget").click()
        expect(page.locator("#reference-value")).not_to_have_text(before)
        expect(page.locator(".turn.mine")).to_have_count(0)


def test_a_server_that_goes_away_loses_nothing(
    context: BrowserContext, tmp_path_factory: pytest.TempPathFactory, free_port: int
) -> None:
    data = tmp_path_factory.mktemp("data")
    page = context.new_page()
    with running(data, port=free_port) as server:
        open_chat(page, server)
    expect(page.locator("#status")).to_contain_text("connection")
    page.locator("#box").fill(STORY)
    page.locator("#send").click()
    expect(page.locator(".turn.mine .state")).to_have_text("Sending…")
    page.evaluate("sessionStorage.length")
    with running(data, port=free_port) as server:
        expect(page.locator(".turn.mine .state")).to_have_text("Received", timeout=20_000)
        expect(page.locator("#choices button").first).to_be_visible()
        assert page.locator(".turn.mine").count() == 1
        # The greeting and the story, each with its reply.
        assert server.stored()["messages"] == 4


def test_a_message_that_is_refused_comes_back_into_the_box(page: Page, server: Running) -> None:
    open_chat(page, server)
    page.locator("#box").fill("x" * 20_000)
    page.locator("#send").click()
    expect(page.locator(".turn.mine .state")).to_have_text("Not sent")
    expect(page.locator("#status")).to_contain_text("16 KiB")
    assert len(page.locator("#box").input_value()) == 20_000


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 768, 1280])
def test_nothing_overflows_and_text_has_contrast(
    browser: Browser, server: Running, width: int, scheme: str
) -> None:
    opened = browser.new_context(
        viewport={"width": width, "height": 700}, color_scheme="dark" if scheme == "dark" else "light"
    )
    page = opened.new_page()
    page.goto(server.url)
    assert page.evaluate(WIDER_THAN_THE_SCREEN) == []
    open_chat(page, server)
    tell_the_story(page)
    assert page.evaluate(WIDER_THAN_THE_SCREEN) == []
    assert page.evaluate(POOR_CONTRAST) == []
    opened.close()


def wait_for_reply(page: Page) -> None:
    """Until everything that was said has its answer."""
    soon(lambda: bool(page.evaluate(ANSWERED)))


def tab_to(page: Page, text: str) -> None:
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("(text) => document.activeElement.textContent.includes(text)", text):
            return
    raise AssertionError(f"{text} cannot be reached by Tab")


ANSWERED = """() => JSON.parse(sessionStorage.getItem('hearout:cqm')).pending.length === 0
  && document.querySelector('#log').lastElementChild.matches(':not(.mine)')"""

WIDER_THAN_THE_SCREEN = """() => [...document.querySelectorAll('body *')]
  .filter((e) => e.getClientRects().length && !e.closest('.skip') && e.getBoundingClientRect().right > innerWidth + 1)
  .map((e) => e.tagName + '.' + e.className)"""

# The ratio of WCAG 1.4.3 for every element with text of its own, against the nearest opaque background.
POOR_CONTRAST = """() => {
  const parts = (c) => c.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (e) => {
    for (; e; e = e.parentElement) {
      const c = parts(getComputedStyle(e).backgroundColor);
      if (c.length < 4 || c[3] === 1) return c;
    }
    return [255, 255, 255];
  };
  return [...document.querySelectorAll('body *')]
    .filter((e) => e.getClientRects().length && [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()))
    .map((e) => {
      const [a, b] = [light(parts(getComputedStyle(e).color)), light(behind(e))];
      return [(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), e.tagName + '.' + e.className + ': ' + e.textContent];
    })
    .filter(([ratio]) => ratio < 4.5)
    .map(([ratio, what]) => ratio.toFixed(2) + ' ' + what);
}"""
