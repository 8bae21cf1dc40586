"""The widget as a person meets it: a page or a frame, and what can be done there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Frame, Locator, Page, expect

from tests.channels.servers import soon

STORY = "My late father was a learner with you.\n\nHis certificate never came and nobody answered my letters."
LONGEST = 40


@dataclass
class Face:
    """One conversation on the screen. `where` is the page itself, or the frame on somebody's website."""

    page: Page
    where: Page | Frame
    faults: list[str] = field(default_factory=list)

    def at(self, selector: str, **only: Any) -> Locator:
        return self.where.locator(selector, **only)

    @property
    def focused(self) -> Page | Frame:
        """The document that has the focus: that of the conversation, or of the website around it."""
        outside = self.page.evaluate("document.activeElement.tagName") != "IFRAME"
        return self.page if outside else self.where

    @property
    def kind(self) -> str | None:
        """What is asked for now."""
        return self.at("#form").get_attribute("data-kind")

    @property
    def kept(self) -> dict[str, Any]:
        """What the tab remembers."""
        script = (
            "Object.fromEntries(Object.keys(sessionStorage).map((k) => [k, JSON.parse(sessionStorage[k])]))"
        )
        found: dict[str, Any] = self.where.evaluate(script)
        return found

    @property
    def settled(self) -> bool:
        """Whether everything that was said has its answer."""
        return bool(
            self.where.evaluate(
                """() => {
                  const log = document.querySelector('#log');
                  return Boolean(log && log.lastElementChild && !log.lastElementChild.matches('.mine, .note')
                    && !log.querySelector('[data-state=sending]'));
                }"""
            )
        )

    def begun(self) -> Face:
        """Wait for the first question."""
        expect(self.at(".turn.theirs").first).to_be_visible(timeout=15_000)
        return self

    def wait(self) -> None:
        soon(lambda: self.settled)

    def tell(self, story: str = STORY) -> None:
        """The story, and what is answered to it."""
        self.at("#box").fill(story)
        self.at("#send").click()
        self.wait()

    def answer(self) -> None:
        """Answer what is asked, with a mouse."""
        match self.kind:
            case "yes_no" | "confirm":
                self.at("#ask .choice").first.click()
            case "check":
                self.at("#ask .first").click()
            case "choice":
                self.at("#ask input[type=radio]").first.check()
                self.at("#send").click()
            case _ if self.at("#actions .second").count():
                self.at("#actions .second").click()
            case _:
                self.at("#box").fill("Jane Hartley")
                self.at("#send").click()
        self.wait()

    def until(self, kind: str) -> None:
        """Answer until this is asked for; `end` is the end."""
        for _ in range(LONGEST):
            if self.at(".outcome").count() if kind == "end" else self.kind == kind:
                return
            self.answer()
        raise AssertionError(f"{kind} was never asked for")

    @property
    def reference(self) -> str:
        return self.at("#kind strong").inner_text()

    @property
    def active(self) -> str:
        """What has the focus, as a selector would name it."""
        script = """() => {
          let active = document.activeElement;
          while (active && active.shadowRoot && active.shadowRoot.activeElement) active = active.shadowRoot.activeElement;
          return active === document.body ? 'body' : active.id || active.className || active.tagName;
        }"""
        return str(self.focused.evaluate(script))


def watch(page: Page, ours: tuple[str, ...] = ("127.0.0.1", "localhost")) -> list[str]:
    """The faults of a page from now on: failed scripts, breaches of a content policy, anything foreign that is loaded."""
    faults: list[str] = []

    def said(message: Any) -> None:
        if message.type == "error":
            faults.append(message.text)

    def asked(request: Any) -> None:
        if not request.url.startswith(("data:", "blob:")) and not any(host in request.url for host in ours):
            faults.append(request.url)

    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", said)
    page.on("request", asked)
    return faults


@contextmanager
def new_page(browser: Browser, **options: Any) -> Iterator[Page]:
    """A page in a context of its own. What moves on the screen moves at once, else it slips away under the mouse."""
    usual = {"viewport": {"width": 460, "height": 860}, "reduced_motion": "reduce"}
    context: BrowserContext = browser.new_context(**{**usual, **options})
    try:
        yield context.new_page()
    finally:
        context.close()


def own_page(page: Page, url: str, organisation: str = "cim") -> Face:
    """The conversation as a page by itself."""
    face = Face(page, page, watch(page))
    page.goto(f"{url}/{organisation}/widget")
    return face


def framed(page: Page, site: str) -> Face:
    """The conversation that the link on a website opens."""
    faults = watch(page)
    page.goto(site)
    expect(page.locator("#complain[role=button]")).to_be_visible()
    page.locator("#complain").click()
    frame = page.locator("dialog iframe").element_handle().content_frame()
    assert frame is not None
    return Face(page, frame, faults)


def words_of(log: Locator) -> list[str]:
    """What stands in a conversation, one for each part; not what has become of it."""
    return log.locator(".turn > p:not(.state)").all_inner_texts()
