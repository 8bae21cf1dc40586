"""The form in a real browser with JavaScript off: by keyboard, on a small screen, back and forth, in two tabs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, FilePayload, Page, expect

from tests.browsing import TOO_SMALL, WIDER_THAN_THE_SCREEN, axe, chromium
from tests.channels.servers import Running, running
from tests.evidence import corpus

pytestmark = pytest.mark.browser

STORY = "I am a member and my exam result was marked wrong. I want it marked again, and nobody replied."
LONGEST = 30


@pytest.fixture(scope="module")
def browser(chromium_path: str) -> Iterator[Browser]:
    with chromium(chromium_path) as started:
        yield started


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server with an organisation that offers both languages."""
    folder = tmp_path_factory.mktemp("data")
    (folder / "organisations").mkdir()
    (folder / "organisations" / "cim.yml").write_text(
        "languages: [en, cy]\nleave_to: https://www.example.org/\n"
    )
    with running(folder) as started:
        yield started


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    opened = browser.new_context(java_script_enabled=False, viewport={"width": 1100, "height": 860})
    yield opened
    opened.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A page on which nothing breaks the content policy and nothing foreign is loaded."""
    faults: list[str] = []
    opened = context.new_page()
    opened.set_default_timeout(10_000)
    # That a form was sent back with an error is no fault.
    opened.on(
        "console", lambda m: faults.append(m.text) if m.type == "error" and "422" not in m.text else None
    )
    opened.on("request", lambda asked: None if "127.0.0.1" in asked.url else faults.append(asked.url))
    yield opened
    assert faults == []


def payload(name: str, content: bytes) -> FilePayload:
    """A file to be chosen. What a browser says of its kind counts for nothing."""
    return {"name": name, "mimeType": "image/jpeg", "buffer": content}


def begin(page: Page, server: Running, story: str = STORY, organisation: str = "cim") -> None:
    page.goto(f"{server.url}/{organisation}/complain")
    page.get_by_role("button", name="Start now").click()
    page.locator("#answer").fill(story)
    go_on(page)


def go_on(page: Page) -> None:
    page.get_by_role("button", name="Continue").click()


def step(page: Page) -> str:
    return page.url.rpartition("/")[2]


def leave_out(page: Page) -> None:
    """The quickest way past a page."""
    if step(page) == "confirm_facts":
        page.get_by_role("button", name="Yes, this is right").click()
    elif step(page) == "check_answers":
        page.get_by_role("button", name="Send it to").click()
    elif page.locator("input[type=radio]").count():
        page.locator("input[type=radio]").last.check()
        go_on(page)
    else:
        page.get_by_role("button", name="Skip this question").click()


def go_to(page: Page, question: str) -> None:
    for _ in range(LONGEST):
        if step(page) == question:
            return
        leave_out(page)
    raise AssertionError(f"{question} was never asked; at {page.url}")


class TestByKeyboard:
    def test_a_complaint_is_sent_with_nothing_but_keys_on_a_small_screen(
        self, browser: Browser, server: Running
    ) -> None:
        context = browser.new_context(java_script_enabled=False, viewport={"width": 320, "height": 568})
        page = context.new_page()
        page.goto(f"{server.url}/cim/complain")
        page.keyboard.press("Tab")
        expect(page.locator(".skip")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.locator("#main")).to_be_focused()
        self.press(page, "Start now")
        for _ in range(LONGEST):
            assert page.evaluate(WIDER_THAN_THE_SCREEN) == [], page.url
            assert page.evaluate(TOO_SMALL) == [], page.url
            if step(page) == "done":
                break
            self.answer(page)
        expect(page.get_by_role("heading", level=1)).to_have_text("Your complaint has been sent")
        assert re.search(r"by \w+day \d+ \w+ 20\d\d", page.locator("main").inner_text())
        context.close()

    def answer(self, page: Page) -> None:
        if step(page) == "confirm_facts":
            self.press(page, "Yes, this is right")
        elif step(page) == "check_answers":
            self.press(page, "Send it to CIM")
        elif page.locator("input[type=radio]").count():
            self.tab_to(page, page.locator("input[type=radio]").first.get_attribute("id") or "")
            page.keyboard.press("Space")
            self.press(page, "Continue")
        else:
            self.tab_to(page, "answer")
            page.keyboard.type("jane@example.org" if step(page) == "contact_email" else STORY[:60])
            self.press(page, "Continue")

    def press(self, page: Page, name: str) -> None:
        for _ in range(40):
            page.keyboard.press("Tab")
            assert page.evaluate("document.activeElement !== document.body"), f"focus lost at {page.url}"
            assert page.evaluate(RINGED), (
                f"no visible ring: {page.evaluate('document.activeElement.outerHTML')}"
            )
            if page.evaluate("document.activeElement.innerText") == name:
                with page.expect_navigation():
                    page.keyboard.press("Enter")
                return
        raise AssertionError(f"'{name}' cannot be reached by Tab at {page.url}")

    def tab_to(self, page: Page, element_id: str) -> None:
        for _ in range(40):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.id") == element_id:
                return
        raise AssertionError(f"#{element_id} cannot be reached by Tab at {page.url}")


# What has the focus is told apart by an outline, a shadow, or for a radio button by its label's.
RINGED = """() => {
  const seen = (s) => (s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) > 0) || s.boxShadow !== 'none';
  const e = document.activeElement;
  if (seen(getComputedStyle(e))) return true;
  const label = e.nextElementSibling;
  return e.type === 'radio' && label !== null && seen(getComputedStyle(label, '::before'));
}"""


class TestBack:
    def test_the_browsers_own_back_shows_the_answer_and_lets_it_be_changed(
        self, page: Page, server: Running
    ) -> None:
        begin(page, server)
        go_to(page, "effect")
        page.locator("#answer").fill("Mark it again")
        go_on(page)
        expect(page.locator("#answer")).to_be_visible()
        after = step(page)
        page.go_back()
        assert step(page) == "effect"
        expect(page.locator("#answer")).to_have_value("Mark it again")
        page.locator("#answer").fill("Mark it again, by somebody else")
        go_on(page)
        assert step(page) == after
        page.get_by_role("link", name="Back", exact=True).click()
        expect(page.locator("#answer")).to_have_value("Mark it again, by somebody else")

    def test_reloading_a_page_sends_nothing_again(self, page: Page, server: Running) -> None:
        begin(page, server)
        before = server.stored()["messages"]
        for _ in range(3):
            page.reload()
        assert server.stored()["messages"] == before

    def test_two_tabs_answer_each_its_own_question(self, context: BrowserContext, server: Running) -> None:
        first, second = context.new_page(), context.new_page()
        begin(first, server)
        go_to(first, "effect")
        second.goto(first.url)
        first.locator("#answer").fill("written in the first")
        go_on(first)
        asked_next = step(first)
        # The second tab still shows the question that the first one has answered.
        second.locator("#answer").fill("written in the second")
        go_on(second)
        assert step(second) == asked_next
        go_to(second, "check_answers")
        expect(second.locator("dl.answers")).to_contain_text("written in the second")
        # What the first tab would send is not what was read there.
        go_to(first, "check_answers")
        second.goto(second.url.replace("check_answers", "effect"))
        second.locator("#answer").fill("changed at the last moment")
        go_on(second)
        first.get_by_role("button", name="Send it to CIM").click()
        expect(first.get_by_role("alert")).to_contain_text("changed in another window")
        expect(first.locator("dl.answers")).to_contain_text("changed at the last moment")
        first.get_by_role("button", name="Send it to CIM").click()
        expect(first.locator("h1")).to_have_text("Your complaint has been sent")
        second.reload()
        assert step(second) == "done"


class TestErrors:
    def test_the_summary_leads_to_the_field_and_nothing_typed_is_lost(
        self, page: Page, server: Running
    ) -> None:
        begin(page, server)
        go_to(page, "preferred_contact")
        go_on(page)
        expect(page).to_have_title(re.compile("^Error: "))
        page.get_by_role("alert").get_by_role("link").click()
        expect(page.locator("input[type=radio]").first).to_be_focused()
        page.get_by_label("By e-mail").check()
        go_on(page)
        page.locator("#answer").fill("jane@")
        go_on(page)
        expect(page.locator("#answer")).to_have_value("jane@")
        expect(page.locator("#answer")).to_have_attribute("aria-invalid", "true")
        expect(page.locator("#answer")).to_have_accessible_description(
            re.compile("does not look like an e-mail")
        )
        page.get_by_role("alert").get_by_role("link").click()
        expect(page.locator("#answer")).to_be_focused()


class TestFiles:
    def test_files_are_sent_shown_taken_back_and_filed(
        self, page: Page, server: Running, tmp_path: Path
    ) -> None:
        begin(page, server)
        go_to(page, "evidence")
        expect(page.locator("#files")).to_have_accessible_description(
            re.compile("Up to 10 files of at most 10 MB")
        )
        expect(page.locator("#files")).to_have_accessible_description(re.compile("Where a picture was taken"))
        page.get_by_role("button", name="Add the chosen files").click()
        expect(page.get_by_role("alert")).to_contain_text("Choose a file first")
        page.locator("#files").set_input_files([
            payload("my <b>photo.jpg", corpus.jpeg()),
            payload("letter.pdf", corpus.PDF),
        ])  # fmt: skip
        page.get_by_role("button", name="Add the chosen files").click()
        sent = page.get_by_role("list", name="Files that were sent")
        expect(sent.get_by_role("listitem")).to_have_count(2)
        expect(sent).to_contain_text("my <b>photo.jpg")
        page.get_by_role("button", name="Take back letter.pdf").click()
        expect(sent.get_by_role("listitem")).to_have_count(1)
        bad = payload("run.exe", corpus.BAD["program.exe"])
        page.locator("#answer").fill("And two letters at home.")
        page.locator("#files").set_input_files([bad])
        go_on(page)
        expect(page.get_by_role("alert")).to_contain_text("run.exe is not a kind of file")
        expect(page.locator("#answer")).to_have_value("And two letters at home.")
        page.locator("#files").set_input_files([payload("a.txt", b"x")])
        go_on(page)
        assert step(page) == "check_answers"
        expect(page.locator("dl.answers")).to_contain_text("a.txt")
        expect(page.locator("dl.answers")).to_contain_text("And two letters at home.")
        leave_out(page)
        reference = page.locator(".panel strong").inner_text()
        record = json.loads(server.row("cases", f"reference = '{reference}'")["record"])
        assert [entry["name"] for entry in record["evidence"]] == [None, "my <b>photo.jpg", "a.txt"]
        kept = server.settings.data_dir / "evidence" / "cim"
        assert not any(corpus.PLACE in path.read_bytes() for path in kept.rglob("*") if path.is_file())
        page.locator("#files").set_input_files([payload("late.txt", b"y")])
        page.get_by_role("button", name="Add it").click()
        expect(page.get_by_role("list", name="Files that were sent")).to_contain_text("late.txt")


class TestComingBack:
    def test_the_private_link_goes_on_in_another_browser(
        self, page: Page, browser: Browser, server: Running
    ) -> None:
        begin(page, server)
        go_to(page, "effect")
        page.get_by_role("link", name="Save and come back later").click()
        link = page.locator(".private a").inner_text()
        # The address that people are given is the server's; the test's port is another.
        path = re.sub(r"^https?://[^/]+", "", link)
        elsewhere = browser.new_context(java_script_enabled=False)
        other = elsewhere.new_page()
        other.goto(f"{server.url}{path}")
        assert step(other) == "effect"
        assert path.rpartition("/")[2] not in other.url
        elsewhere.close()

    def test_the_language_changes_on_any_page_and_nothing_typed_is_lost(
        self, page: Page, server: Running
    ) -> None:
        page.goto(f"{server.url}/cim/complain")
        page.get_by_role("link", name="Cymraeg").click()
        expect(page.locator("html")).to_have_attribute("lang", "cy")
        page.get_by_role("link", name="English").click()
        begin(page, server)
        go_to(page, "effect")
        page.locator("#answer").fill("half a thou")
        page.get_by_role("button", name="Cymraeg").click()
        expect(page.locator("html")).to_have_attribute("lang", "cy")
        expect(page.locator("#answer")).to_have_value("half a thou")
        # It is the conversation's from now on.
        page.reload()
        expect(page.locator("html")).to_have_attribute("lang", "cy")
        page.get_by_role("button", name="English").click()
        expect(page.locator("html")).to_have_attribute("lang", "en")


STATES: dict[str, dict[str, str]] = {
    "light": {"color_scheme": "light", "forced_colors": "none"},
    "dark": {"color_scheme": "dark", "forced_colors": "none"},
    "forced": {"color_scheme": "light", "forced_colors": "active"},
}


class TestForEverybody:
    @pytest.fixture
    def seeing(self, browser: Browser) -> Iterator[Page]:
        """A page that axe can look at: with JavaScript, which the form makes no use of."""
        context = browser.new_context(bypass_csp=True, viewport={"width": 1100, "height": 860})
        opened = context.new_page()
        opened.set_default_timeout(10_000)
        yield opened
        context.close()

    def look(self, page: Page, states: tuple[str, ...] = tuple(STATES)) -> None:
        """No rule of axe is broken in any colours, and nothing is too wide or too small for a small screen."""
        if page.locator("html[lang=cy]").count():
            # Another language changes names and widths, and no colour.
            states = ("light",)
        for name in states:
            media = STATES[name]
            page.emulate_media(**media)  # type: ignore[arg-type]
            assert axe(page) == [], f"{page.url}, {name}"
        page.emulate_media(color_scheme="light", forced_colors="none")
        page.set_viewport_size({"width": 320, "height": 568})
        assert page.evaluate(WIDER_THAN_THE_SCREEN) == [], page.url
        assert page.evaluate(TOO_SMALL) == [], page.url
        page.set_viewport_size({"width": 1100, "height": 860})
        # Text of twice the size, and spaced as WCAG 1.4.12 wants it.
        page.evaluate("document.documentElement.style.fontSize = '225%'")
        page.evaluate(
            "document.body.style.cssText = 'line-height:1.5;letter-spacing:.12em;word-spacing:.16em'"
        )
        assert page.evaluate(WIDER_THAN_THE_SCREEN) == [], f"{page.url}, large and spaced"
        page.evaluate("document.documentElement.style.fontSize = ''; document.body.style.cssText = ''")

    @pytest.mark.parametrize("language", ["en", "cy"])
    def test_every_page_of_a_whole_journey_passes(self, seeing: Page, server: Running, language: str) -> None:
        page, seen = seeing, set[str]()
        page.goto(f"{server.url}/cim/complain?lang={language}")
        self.look(page)
        page.locator("main form .button").last.click()
        page.locator("main form .button").first.click()
        self.look(page)
        page.locator("#answer").fill(STORY)
        page.locator("main form .button").first.click()
        for _ in range(LONGEST):
            if step(page) == "done":
                break
            if step(page) not in seen:
                seen.add(step(page))
                self.look(page)
            self.answer(page, wrong=step(page) in ("preferred_contact", "contact_email"))
        self.look(page)
        assert {"confirm_facts", "preferred_contact", "contact_email", "evidence", "check_answers"} <= seen
        page.locator("main form.add .button").click()
        self.look(page)
        for name in ("/person", "/save", "/withdraw", "", "/step/nothing"):
            page.goto(f"{server.url}/cim/complain{name}")
            self.look(page)
            assert page.locator("html").get_attribute("lang") == language
        page.goto(f"{server.url}/cim/complain/{'0' * 32}")
        self.look(page)

    def answer(self, page: Page, *, wrong: bool) -> None:
        if wrong:
            if page.locator("#answer[type=email]").count():
                page.locator("#answer").fill("jane@")
            page.locator("main form .button").first.click()
            self.look(page)
        if page.locator("input[type=radio]").count():
            page.locator("input[type=radio]").first.check()
        elif step(page) == "contact_email":
            page.locator("#answer").fill("jane@example.org")
        elif page.locator("#files").count():
            page.locator("#files").set_input_files([payload("a.txt", b"x")])
            page.locator("main form .button").first.click()
            self.look(page)
        elif page.locator("textarea#answer, input#answer").count():
            page.locator("#answer").fill("Jane Hartley")
        page.locator("main form .actions:not(.close) .button").first.click()

    def test_the_other_ends_pass_too(self, seeing: Page, server: Running) -> None:
        page = seeing
        begin(page, server, "My study centre lost my coursework and its tutor shouts at us.")
        go_to(page, "still_complain")
        self.look(page)
        page.get_by_label("No, I go there myself").check()
        go_on(page)
        self.look(page)
        page.get_by_role("button", name="Complain to CIM after all").click()
        page.goto(f"{server.url}/cim/complain/withdraw")
        page.get_by_role("button", name="Yes, withdraw it").click()
        self.look(page)
        page.get_by_role("button", name="Open it again").click()
        reference = re.findall(r"Reference (\S+)", page.locator("header").inner_text())[0]
        act = f"/api/v1/conversations/{reference}/staff"
        server.http.post(act, json={"act": "takeover", "by": "Sam Field"})
        server.http.post(act, json={"act": "say", "by": "Sam Field", "text": "Which centre was it?"})
        page.reload()
        self.look(page)

    def test_what_is_read_aloud_tells_each_page_apart(self, page: Page, server: Running) -> None:
        begin(page, server)
        expect(page.get_by_role("main")).to_match_aria_snapshot("""
          - region "Please note":
            - paragraph: /Your words are saved under reference CIM-/
          - heading "Did we understand you?" [level=1]
          - paragraph
          - term: Kind of message
          - definition: A complaint
          - definition:
            - link "Change Kind of message"
        """)
        go_to(page, "preferred_contact")
        expect(page.get_by_role("main")).to_match_aria_snapshot("""
          - group "How should CIM reach you?":
            - heading "How should CIM reach you?" [level=1]
            - radio "By e-mail"
            - text: By e-mail
            - radio "By phone"
            - text: By phone
        """)
