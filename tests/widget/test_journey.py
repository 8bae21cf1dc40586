"""From the link on a website to a filed case: by keyboard alone, with a mouse, and as an element of somebody's page."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.channels.servers import Running
from tests.widget.faces import LONGEST, STORY, Face, framed, own_page
from tests.widget.hosts import Website

pytestmark = pytest.mark.browser

# A ring that can be seen: 2 px or more, and 3 to 1 against what is behind it.
RING = """() => {
  const parts = (c) => c.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const active = document.activeElement;
  const around = [active, active.parentElement].map((e) => getComputedStyle(e))
    .find((style) => style.outlineStyle === 'solid' && parseFloat(style.outlineWidth) >= 2);
  if (!around) return `no ring on ${active.tagName} ${active.id || active.textContent}`;
  // The ring stands off the control: what is behind it is what the control stands on.
  let behind = parseFloat(around.outlineOffset) >= 2 ? active.parentElement : active;
  while (behind && parts(getComputedStyle(behind).backgroundColor)[3] === 0) behind = behind.parentElement;
  const [a, b] = [parts(around.outlineColor), behind ? parts(getComputedStyle(behind).backgroundColor) : [255, 255, 255]]
    .map(light);
  const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  return ratio < 3 ? `a ring of ${ratio.toFixed(2)} on ${active.id}` : '';
}"""


class ByKeyboard:
    """Presses keys, and looks at every stop for a ring and for a focus that was lost."""

    def __init__(self, face: Face) -> None:
        self.face = face
        self.keys = face.page.keyboard

    def tab_to(self, selector: str) -> None:
        """Press Tab until this has the focus."""
        for _ in range(60):
            self.keys.press("Tab")
            assert self.face.active != "body"
            assert self.face.focused.evaluate(RING) == ""
            if self.is_at(selector):
                return
        raise AssertionError(f"{selector} cannot be reached by Tab")

    def at(self, selector: str) -> None:
        """Be there already, or go there."""
        if not self.is_at(selector):
            self.tab_to(selector)

    def is_at(self, selector: str) -> bool:
        return bool(self.face.focused.evaluate("(s) => document.activeElement.matches(s)", selector))

    def answer(self) -> None:
        match self.face.kind:
            case "yes_no" | "confirm":
                self.at("#ask .choice")
                self.keys.press("Enter")
            case "check":
                self.at("#ask .first")
                self.keys.press("Enter")
            case "choice":
                self.at("#ask input[type=radio]")
                self.keys.press("Space")
                self.keys.press("ArrowDown")
                self.keys.press("ArrowUp")
                self.tab_to("#send")
                self.keys.press("Enter")
            case "email":
                self.at("#box")
                self.keys.type("jane@example.org")
                # A short answer is sent by Enter, as in any form.
                self.keys.press("Enter")
            case _:
                self.at("#box")
                self.keys.type("Nothing more to say.")
                self.keys.press("Control+Enter" if self.face.at("textarea#box").count() else "Enter")
        self.face.wait()
        assert self.face.active != "body"


def test_a_case_is_filed_by_keyboard_from_a_website(page: Page, server: Running, site: Website) -> None:
    page.goto(site.url)
    expect(page.locator("#complain[role=button]")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.locator("#complain")).to_be_focused()
    page.keyboard.press("Enter")
    frame = page.locator("dialog iframe").element_handle().content_frame()
    assert frame is not None
    face = Face(page, frame).begun()
    hand = ByKeyboard(face)
    page.keyboard.press("Tab")
    hand.at("#person")
    hand.tab_to("#box")
    first, second = STORY.split("\n\n")
    hand.keys.type(first)
    # In a long answer Enter is a new line.
    hand.keys.press("Enter")
    hand.keys.press("Enter")
    hand.keys.type(second)
    hand.tab_to("#send")
    hand.keys.press("Enter")
    face.wait()
    assert face.active != "body"
    before = server.stored()["cases"]
    for _ in range(LONGEST):
        if face.at(".outcome").count():
            break
        hand.answer()
    expect(face.at(".outcome h2")).to_be_focused()
    assert server.stored()["cases"] == before + 1
    assert face.reference in face.at(".outcome .big").inner_text()
    assert re.search(r"(Mon|Tues|Wednes|Thurs|Fri)day \d+ \w+ 20\d\d", face.at(".outcome dl").inner_text())
    # Escape closes, and the link has the focus again.
    page.keyboard.press("Escape")
    expect(page.locator("#complain")).to_be_focused()
    expect(page.locator("dialog")).to_be_hidden()


def test_a_case_is_filed_as_an_element_of_somebodys_page(page: Page, server: Running, site: Website) -> None:
    page.goto(f"{site.url}/inline")
    chat = page.locator("hearout-chat")
    expect(chat.locator(".turn.theirs")).to_have_count(1)
    chat.locator("#box").fill(STORY)
    chat.locator("#send").click()
    expect(chat.locator("#ask .choice").first).to_be_visible()
    chat.locator("#ask .choice").first.click()
    expect(chat.locator(".turn.theirs")).to_have_count(3)
    # The page around it is as it was: its own heading comes first, and there is one main part.
    assert page.locator("h1").count() == 1
    assert page.locator("main").count() == 1


def test_every_answer_can_be_changed_before_and_at_the_end(page: Page, server: Running) -> None:
    face = own_page(page, server.url).begun()
    face.tell()
    face.until("email")
    face.at("#box").fill("jane@exmaple.org")
    face.at("#send").click()
    face.wait()
    # From the panel, in the middle of it all.
    face.at("#more").click()
    row = face.at("#panel .answers > div", has_text="What is your e-mail address")
    expect(row).to_contain_text("jane@exmaple.org")
    row.get_by_role("button", name="Change What is your e-mail address?").click()
    face.wait()
    assert face.kind == "email"
    face.at("#box").fill("jane@example.org")
    face.at("#send").click()
    face.wait()
    face.until("check")
    rows = face.at(".check .answers > div")
    expect(rows.filter(has_text="E-mailjane")).to_contain_text("jane@example.org")
    # What was told stays: it has no link to change it.
    expect(rows.filter(has_text="What happened").get_by_role("button")).to_have_count(0)
    rows.filter(has_text="How it affected you").get_by_role(
        "button", name="Change How it affected you"
    ).click()
    face.wait()
    face.at("#box").fill("We could not settle the estate.")
    face.at("#send").click()
    face.wait()
    expect(face.at(".check .answers > div", has_text="How it affected you")).to_contain_text(
        "settle the estate"
    )
    face.until("end")


def test_a_date_is_given_in_three_fields_or_in_words(page: Page, server: Running) -> None:
    face = own_page(page, server.url, "cqm").begun()
    face.tell("The course was badly run and Mr Hill answered me in writing, but I am not content with that.")
    face.answer()
    # A payload may be written by hand, as programs send it.
    face.at("details.own summary").click()
    face.at("#box").fill(
        "/SetSlots(stage_reached=stage_1,nature=complaint,subject=service,complainant_type=learner)"
    )
    face.at("#send").click()
    face.wait()
    assert face.kind == "date"
    face.at("#send").click()
    expect(face.at("#alert")).to_be_visible()
    expect(face.at("#day")).to_be_focused()
    for field, value in (("#day", "31"), ("#month", "2"), ("#year", "2026")):
        face.at(field).fill(value)
    face.at("#send").click()
    expect(face.at("#alert")).to_contain_text("27 3 2026")
    expect(face.at("#day")).to_have_attribute("aria-invalid", "true")
    face.at("#day").fill("28")
    face.at("#send").click()
    face.wait()
    assert "28 February 2026" in face.at(".mine .words").last.inner_text()
    assert face.kind != "date"


def test_a_person_can_be_reached_in_the_same_place_at_every_step(page: Page, server: Running) -> None:
    face = own_page(page, server.url, "cipfa").begun()
    seen = []
    for _ in range(LONGEST):
        face.at("#person").click()
        expect(face.at("#panel")).to_contain_text("Monday to Friday, 08:30 to 17:30")
        box = face.at("#person").bounding_box()
        assert box is not None
        seen.append((box["x"], box["width"], face.at("#person").inner_text()))
        page.keyboard.press("Escape")
        expect(face.at("#panel")).to_be_hidden()
        expect(face.at("#person")).to_be_focused()
        if face.at(".outcome").count():
            break
        if len(seen) == 1:
            face.tell()
        else:
            face.answer()
    assert len(set(seen)) == 1
    face.at("#person").click()
    face.at("#panel button").click()
    face.wait()
    expect(face.at(".turn.theirs").last).to_contain_text("asked for a person")


def test_a_framed_conversation_is_closed_opened_and_goes_on(
    page: Page, server: Running, site: Website
) -> None:
    face = framed(page, site.url).begun()
    face.tell()
    page.locator("dialog > button").click()
    expect(page.locator("#complain")).to_be_focused()
    page.locator("#complain").press("Space")
    expect(face.at(".turn.mine")).to_have_count(1)
    face.answer()
    assert face.faults == []
