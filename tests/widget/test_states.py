"""Every state of the conversation, in every way of looking at it: axe finds nothing, and nothing is cut off."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.channels.servers import Running
from tests.widget.axe import findings
from tests.widget.faces import Face, framed, new_page, own_page
from tests.widget.hosts import Website

pytestmark = pytest.mark.browser

# How the screen is looked at: what the browser is told, its size, and a style that is laid over the page.
VIEWS: dict[str, tuple[dict[str, Any], dict[str, int], str]] = {
    "light": ({}, {}, ""),
    "dark": ({"color_scheme": "dark"}, {}, ""),
    "forced colours": ({"forced_colors": "active"}, {}, ""),
    "320 px": ({}, {"width": 320, "height": 256}, ""),
    "text at 200 %": ({}, {}, ":root { font-size: 200% }"),
    "text spacing": (
        {},
        {},
        "* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important }"
        " p { margin-bottom: 2em !important }",
    ),
}
PLAIN: dict[str, Any] = {"color_scheme": "light", "forced_colors": "none"}
LAID_OVER = """(css) => {
  window.laidOver ??= document.adoptedStyleSheets[document.adoptedStyleSheets.push(new CSSStyleSheet()) - 1];
  window.laidOver.replaceSync(css);
}"""
TOO_WIDE = """() => [...document.querySelectorAll('body *')]
  .filter((e) => e.getClientRects().length && !e.closest('.hidden')
    && (e.getBoundingClientRect().right > document.documentElement.clientWidth + 1 || e.getBoundingClientRect().left < -1))
  .map((e) => e.tagName + '#' + e.id + '.' + e.className)"""
TOO_SMALL = """() => [...document.querySelectorAll('button, input, textarea, summary, select')]
  .filter((e) => e.getClientRects().length && !e.closest('.hidden'))
  .filter((e) => { const box = (e.type === 'radio' || e.type === 'checkbox' ? e.parentElement : e).getBoundingClientRect();
    return box.width < 24 || box.height < 24; })
  .map((e) => e.tagName + '#' + e.id + ' ' + e.textContent)"""
# axe cannot tell the contrast of text in forced colours, nor of what is scrolled below the sticky bar; both are
# measured from the style sheet by test_overlay.py and test_contrast below.
UNSURE = ("color-contrast",)


def states(face: Face) -> list[tuple[str, Callable[[], None]]]:
    """The states of a conversation in the order in which a person comes to them."""
    page = face.page

    def press(selector: str) -> Callable[[], None]:
        return lambda: face.at(selector).first.click()

    def shut() -> None:
        page.keyboard.press("Escape")

    def wrong() -> None:
        face.at("#send").click()
        expect(face.at("#alert")).to_be_visible()

    def later() -> None:
        face.at("#more").click()
        face.at("#panel").get_by_role("button", name="Show my private link").click()

    def until(kind: str) -> Callable[[], None]:
        return lambda: face.until(kind)

    def file() -> None:
        face.until("file")
        expect(face.at("input[type=file]")).to_be_visible()

    return [
        ("the start", lambda: None),
        ("nothing written", wrong),
        ("a person", press("#person")),
        ("no person", shut),
        ("confirm", face.tell),
        ("own words", press("details.own summary")),
        ("choice", until("choice")),
        ("nothing chosen", wrong),
        ("email", until("email")),
        ("file", file),
        ("save or change", later),
        ("no panel", shut),
        ("check", until("check")),
        ("the end", until("end")),
    ]


@contextmanager
def seen(page: Page, view: str) -> Iterator[None]:
    """The page as it looks in this view."""
    media, size, style = VIEWS[view]
    usual = page.viewport_size
    page.emulate_media(**{**PLAIN, **media})
    page.evaluate(LAID_OVER, style)
    if size:
        page.set_viewport_size({"width": size["width"], "height": size["height"]})
    yield
    if usual:
        page.set_viewport_size(usual)
    page.evaluate(LAID_OVER, "")
    page.emulate_media(**PLAIN)


def looked_at(page: Page) -> list[str]:
    """What is wrong with the page as it is now."""
    violations, unsure = findings(page)
    wrong = [*violations, *(f"unsure: {finding}" for finding in unsure if not finding.startswith(UNSURE))]
    wrong += [f"too wide: {what}" for what in page.evaluate(TOO_WIDE)]
    return [*wrong, *(f"too small: {what}" for what in page.evaluate(TOO_SMALL))]


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_axe_finds_nothing_in_any_state_and_any_view(browser: Browser, server: Running) -> None:
    with new_page(browser, bypass_csp=True) as page:
        face = own_page(page, server.url).begun()
        wrong: list[str] = []
        for name, reach in states(face):
            reach()
            for view in VIEWS:
                with seen(page, view):
                    wrong += [f"{name}, {view}: {finding}" for finding in looked_at(page)]
        assert wrong == []


def test_axe_finds_nothing_in_welsh(browser: Browser, server: Running) -> None:
    with new_page(browser, bypass_csp=True) as page:
        page.goto(f"{server.url}/cim/widget?lang=cy")
        face = Face(page, page).begun()
        wrong: list[str] = []
        face.tell()
        for kind in ("choice", "check", "end"):
            face.until(kind)
            wrong += [f"{kind}: {finding}" for finding in findings(page)[0]]
        assert wrong == []


def test_axe_finds_nothing_on_the_website_around_the_frame(
    browser: Browser, server: Running, site: Website
) -> None:
    with new_page(browser, bypass_csp=True, viewport={"width": 1100, "height": 800}) as page:
        face = framed(page, site.url).begun()
        assert findings(page)[0] == []
        face.tell()
        assert findings(page)[0] == []


def test_nothing_moves_for_those_who_want_nothing_to_move(browser: Browser, server: Running) -> None:
    with new_page(browser, reduced_motion="reduce") as page:
        face = own_page(page, server.url).begun()
        face.at("#box").fill("My certificate never came.")
        face.at("#send").click()
        expect(face.at(".turn.theirs")).to_have_count(2)
        assert page.evaluate("document.getAnimations().length") == 0


# The ratio of WCAG 1.4.3 and 1.4.11: texts, and the edges of what is typed into or pressed.
CONTRAST = """() => {
  const parts = (c) => c.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ratio = (one, two) => { const [a, b] = [light(one), light(two)]; return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05); };
  const behind = (e) => {
    for (; e; e = e.parentElement) {
      const c = parts(getComputedStyle(e).backgroundColor);
      if (c.length < 4 || c[3] === 1) return c;
    }
    return [255, 255, 255];
  };
  const seen = [...document.querySelectorAll('body *')].filter((e) => e.getClientRects().length && !e.closest('.hidden'));
  const texts = seen.filter((e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()))
    .map((e) => [ratio(parts(getComputedStyle(e).color), behind(e)), 4.5, e]);
  const edges = seen.filter((e) => e.matches('textarea, input:not([type=radio], [type=checkbox], [type=file])'))
    .map((e) => [ratio(parts(getComputedStyle(e).borderTopColor), behind(e.parentElement)), 3, e]);
  return [...texts, ...edges].filter(([found, least]) => found < least)
    .map(([found, , e]) => `${found.toFixed(2)} ${e.tagName}#${e.id}.${e.className} ${e.textContent}`);
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast_holds_in_every_state(browser: Browser, server: Running, scheme: Any) -> None:
    with new_page(browser, color_scheme=scheme, reduced_motion="reduce") as page:
        face = own_page(page, server.url).begun()
        wrong: list[str] = []
        for name, reach in states(face):
            reach()
            wrong += [f"{name}: {finding}" for finding in page.evaluate(CONTRAST)]
        assert wrong == []


# What axe and a test cannot see: how it reads. A change of this is read by a person before it is accepted.
def test_every_control_has_a_name_and_every_turn_says_who_speaks(page: Page, server: Running) -> None:
    face = own_page(page, server.url).begun()
    face.tell()
    # A question is asked by its name once; what leads up to it was read out in the log.
    expect(face.at("#group")).to_have_accessible_name("Is that right?")
    face.until("choice")
    tree = face.at("hearout-chat").aria_snapshot()
    for line in (
        "- main:",
        '- heading "The Chartered Institute of Marketing" [level=1]',
        '- button "Speak to a person"',
        '- button "Save or change"',
        '- log "Conversation":',
        "Assistant: This is the complaints service",
        "You said: My late father",
        '- group "In which part of the United Kingdom did that person study?":',
        '- radio "England"',
        '- button "Continue"',
        '- button "Why do you ask?"',
    ):
        assert line in tree, tree
