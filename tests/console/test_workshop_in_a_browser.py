"""The rules workshop in Chromium: by mouse, by keyboard, without scripts, by two people at once, for every eye."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests import browsing
from tests.channels.servers import Running
from tests.console.desk import invitation, look, opened, serving
from tests.console.office import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def browser(chromium_path: str) -> Iterator[Browser]:
    with browsing.chromium(chromium_path) as started:
        yield started


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with serving(tmp_path_factory.mktemp("data")) as started:
        yield started


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with opened(browser) as made:
        yield made


@contextmanager
def another(browser: Browser, path: str) -> Iterator[Browser]:
    """A second Chromium, with nothing of the first one's."""
    started = browser.browser_type.launch(executable_path=path, args=["--no-sandbox"])
    try:
        yield started
    finally:
        started.close()


def sign_in(page: Page, server: Running, email: str, name: str = "Ann Field") -> None:
    """Join CIM as somebody who edits rules."""
    page.goto(invitation(server, email, "rules_editor", organisation="cim"))
    page.get_by_label("Your name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Keep it and sign in").click()
    page.wait_for_url(re.compile(r"/staff"))


def start(page: Page, server: Running) -> str:
    """Begin a change; the address of the draft."""
    page.goto(f"{server.url}/cim/staff/rules/drafts/new")
    page.get_by_label("Name of the change").fill("Acknowledge in one day")
    page.get_by_label("Why the rules change").fill("The board decided so.")
    page.get_by_label("What says so").fill("Policy of 2027, section 4")
    page.get_by_role("button", name="Start").click()
    page.wait_for_url(re.compile(r"/drafts/[0-9a-f]{24}$"))
    return page.url


def test_a_cell_is_changed_in_its_place_and_the_keyboard_stays_there(page: Page, server: Running) -> None:
    sign_in(page, server, "place@example.org")
    draft = start(page, server)
    page.goto(f"{draft}/clocks")
    cell = page.locator("#c-clocks-acknowledgement-amount")
    cell.focus()
    page.keyboard.press("Enter")
    expect(page.locator("td form")).to_be_visible()
    expect(page.get_by_label("How many")).to_be_focused()
    page.keyboard.press("ControlOrMeta+A")
    page.keyboard.type("1")
    page.keyboard.press("Enter")
    expect(page.locator("#said")).to_contain_text("Saved as step 2")
    expect(cell).to_contain_text("1 working day")
    expect(cell).to_be_focused()
    expect(page.get_by_text("combinations of facts would be treated differently")).to_be_visible()
    assert page.url == f"{draft}/clocks"
    # A form that is given up leaves the cell as it was.
    page.locator("#c-clocks-answer-amount").click()
    page.get_by_label("How many").fill("99")
    page.get_by_role("link", name="Go back without it").click()
    expect(page.locator("td form")).to_have_count(0)
    expect(page.locator("#c-clocks-answer-amount")).to_contain_text("20 working days")


def test_a_condition_is_ticked_and_what_was_found_leads_to_its_cell(page: Page, server: Running) -> None:
    sign_in(page, server, "ticks@example.org")
    draft = start(page, server)
    page.goto(f"{draft}/routes/department?cell=when.subject")
    page.get_by_label("Exam result", exact=True).check()
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#said")).to_contain_text("cannot be put in force yet")
    finding = page.locator(".findings li", has_text="taken by no route").first
    expect(finding).to_contain_text("For example")
    finding.get_by_role("link", name=re.compile("Try it")).click()
    expect(page.get_by_text("The draft cannot decide cases yet")).to_be_visible()
    page.go_back()
    page.locator("#c-routes-department-when-subject").click()
    page.get_by_label("Exam result", exact=True).uncheck()
    page.locator("#cell").get_by_role("button", name="Save").click()
    expect(page.get_by_text("Checked, nothing found")).to_be_visible()


def test_without_scripts_everything_works(browser: Browser, server: Running) -> None:
    with opened(browser, policy=True, java_script_enabled=False) as page:
        sign_in(page, server, "plain@example.org")
        draft = start(page, server)
        page.goto(f"{draft}/clocks")
        page.locator("#c-clocks-acknowledgement-amount").click()
        page.get_by_label("How many").fill("1")
        page.get_by_role("button", name="Save").click()
        expect(page.locator("#said")).to_contain_text("Saved as step 2")
        page.goto(f"{draft}/routes")
        page.get_by_role("button", name="Up with Business centre feedback").click()
        expect(page.locator("tbody tr").first).to_contain_text("Business centre feedback")
        page.goto(f"{draft}/try")
        page.get_by_label("What it is about").select_option(label="Service")
        page.get_by_label("Received on").fill("2026-12-31")
        page.get_by_label("At", exact=True).fill("23:58")
        page.get_by_role("button", name="See what comes of it").click()
        expect(page.locator("tr", has_text="Acknowledge it")).to_contain_text("Mon 4 January 2027 differs")


class TestTwoEditorsAtOnce:
    def test_other_cells_are_both_kept_and_the_same_one_is_asked_about(
        self, browser: Browser, chromium_path: str, server: Running
    ) -> None:
        with another(browser, chromium_path) as second, opened(browser) as ann, opened(second) as ben:
            sign_in(ann, server, "ann@example.org", "Ann Field")
            sign_in(ben, server, "ben@example.org", "Ben Hill")
            draft = start(ann, server)
            for who, cell in ((ann, "amount"), (ben, "force")):
                who.goto(f"{draft}/clocks")
                who.locator(f"#c-clocks-answer-{cell}").click()
                expect(who.locator("#cell")).to_be_visible()
            ann.get_by_label("How many").fill("19")
            ann.locator("#cell").get_by_role("button", name="Save").click()
            expect(ann.locator("#said")).to_contain_text("Saved as step 2")
            ben.get_by_label("How firm it is").select_option(label="aims to")
            ben.locator("#cell").get_by_role("button", name="Save").click()
            expect(ben.locator("#said")).to_contain_text("both are kept")
            expect(ben.locator("#said")).to_contain_text("Ann Field: Answer (time), How many: 19, was 20.")
            expect(ben.locator("#c-clocks-answer-amount")).to_contain_text("19 working days")
            expect(ben.locator("#c-clocks-answer-force")).to_contain_text("aims to")
            # Both at the same cell.
            for who in (ann, ben):
                who.goto(f"{draft}/clocks")
                who.locator("#c-clocks-answer-amount").click()
                expect(who.locator("#cell")).to_be_visible()
            ann.get_by_label("How many").fill("18")
            ann.locator("#cell").get_by_role("button", name="Save").click()
            expect(ann.locator("#said")).to_contain_text("Saved as step 4")
            ben.get_by_label("How many").fill("17")
            ben.locator("#cell").get_by_role("button", name="Save").click()
            expect(ben.get_by_role("alert")).to_contain_text("Ann Field changed the same thing")
            expect(ben.get_by_label("Yours: 17")).to_be_checked()
            look(ben)
            ben.get_by_label("Saved by Ann Field: 18").check()
            ben.get_by_role("button", name="Save what I chose").click()
            expect(ben.locator("#c-clocks-answer-amount")).to_contain_text("18 working days")

    def test_a_whole_rule_with_much_typed_into_it_is_not_lost(
        self, browser: Browser, chromium_path: str, server: Running
    ) -> None:
        with another(browser, chromium_path) as second, opened(browser) as ann, opened(second) as ben:
            sign_in(ann, server, "ann2@example.org", "Ann Field")
            sign_in(ben, server, "ben2@example.org", "Ben Hill")
            draft = start(ann, server)
            ben.goto(f"{draft}/duties/record")
            ben.get_by_label("In our own words").fill(
                "Ben wrote a long text about records, which he would not write twice."
            )
            ann.goto(f"{draft}/duties/record")
            ann.get_by_role("button", name="Delete it").click()
            ann.get_by_role("button", name="Delete it").click()
            expect(ann.locator("#said")).to_contain_text("Saved as step 2")
            ben.get_by_role("button", name="Save", exact=True).click()
            expect(ben.get_by_role("alert")).to_contain_text("Ann Field changed the same thing")
            expect(ben.get_by_label(re.compile("bring it back"))).to_be_checked()
            ben.get_by_role("button", name="Save what I chose").click()
            expect(ben.locator("#c-duties-record")).to_contain_text("Ben wrote a long text about records")


class TestSlipsOfTheHand:
    def test_a_second_clock_a_moved_rule_and_a_deleted_one_are_each_told_of(
        self, page: Page, server: Running
    ) -> None:
        sign_in(page, server, "slips@example.org")
        draft = start(page, server)
        page.goto(f"{draft}/clocks/answer")
        page.get_by_role("button", name="Copy it").click()
        expect(page.locator(".findings")).to_contain_text("are both clocks of the kind")
        draft = start(page, server)
        page.goto(f"{draft}/routes/department")
        page.get_by_role("button", name="Move to the top").click()
        expect(page.locator(".findings").first).to_contain_text("must hold and does not")
        draft = start(page, server)
        page.goto(f"{draft}/routes/member_conduct")
        page.get_by_role("button", name="Delete it").click()
        expect(page.get_by_role("heading", level=2)).to_have_text("Delete the rule “Member conduct”?")
        page.get_by_role("button", name="Delete it").click()
        expect(page.get_by_text("Not yet fit to be put in force.")).to_be_visible()

    def test_no_control_offers_a_word_that_the_rules_do_not_know(self, page: Page, server: Running) -> None:
        sign_in(page, server, "words@example.org")
        draft = start(page, server)
        for path in ("routes/department", "clocks/answer", "facts/subject", "escalations/later_ofqual"):
            page.goto(f"{draft}/{path}")
            typed = page.locator("#cell input[type=text], #cell input:not([type])").evaluate_all(
                "(all) => all.map((one) => one.name)"
            )
            assert all(
                name in ("clause", "within") or name.endswith(("~new", ".clause")) for name in typed
            ), typed


def test_a_file_goes_out_and_comes_back(page: Page, server: Running, tmp_path: Path) -> None:
    sign_in(page, server, "file@example.org")
    draft = start(page, server)
    page.goto(f"{draft}/file")
    with page.expect_download() as taken:
        page.get_by_role("link", name="Take the file away").click()
    text = Path(taken.value.path()).read_text("utf-8")
    assert text.startswith("# The Chartered Institute of Marketing")
    mine = tmp_path / "mine.yml"
    mine.write_text(text.replace("amount: 20", "amount: 15", 1), "utf-8")
    page.get_by_label("A file").set_input_files(mine)
    page.get_by_role("button", name="See what it would change").click()
    expect(page.get_by_text("Answer (time), How many: 15, was 20.")).to_be_visible()
    look(page, "light")
    page.get_by_role("button", name="Put it in the draft's place").click()
    page.goto(f"{draft}/clocks")
    expect(page.locator("#c-clocks-answer-amount")).to_contain_text("15 working days")


PAGES = (
    "", "clocks", "facts", "contacts", "examples", "properties", "policy", "checks", "expect", "about", "file",
    "routes/ofqual", "clocks/acknowledgement", "facts/complainant_type", "questions/subject", "routes/new", "facts/new",
    "routes/ofqual?cell=when.subject", "try?on=2026-12-31&time=23:58&f-subject=service",
)  # fmt: skip


def test_every_page_can_be_used_by_everybody(page: Page, server: Running) -> None:
    sign_in(page, server, "eyes@example.org")
    page.goto(f"{server.url}/cim/staff/rules/drafts/new")
    look(page, "light")
    draft = start(page, server)
    page.goto(f"{draft}/clocks/acknowledgement?cell=amount")
    page.get_by_label("How many").fill("1")
    page.get_by_role("button", name="Save").click()
    for number, path in enumerate(PAGES):
        page.goto(f"{draft}/{path}".rstrip("/"))
        # Every colour on some pages, the usual ones on all: the styles are the same everywhere.
        look(page, *(() if number < 3 else ("light",)))


def test_under_the_policy_of_the_pages_nothing_is_refused(browser: Browser, server: Running) -> None:
    with opened(browser, policy=True) as page:
        broken: list[str] = []
        page.on(
            "console", lambda said: broken.append(said.text) if said.type in ("error", "warning") else None
        )
        sign_in(page, server, "policy@example.org")
        draft = start(page, server)
        page.goto(f"{draft}/clocks")
        page.locator("#c-clocks-answer-amount").click()
        page.get_by_label("How many").fill("19")
        page.locator("td form").get_by_role("button", name="Save").click()
        expect(page.locator("#said")).to_contain_text("Saved as step 2")
        page.goto(f"{draft}/try")
        page.get_by_role("button", name="See what comes of it").click()
        expect(page.get_by_role("heading", name="What comes of it")).to_be_visible()
        assert broken == []
