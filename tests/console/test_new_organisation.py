"""The guide docs/new-organisation.md, walked in Chromium from its first line to a filed case. No step goes another way."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from policy_rules.check import check_file
from policy_rules.edits import names as words
from tests import browsing
from tests.browsing import ROOT
from tests.console import severn
from tests.console.desk import look
from tests.console.severn import (
    Place,
    approve,
    begin,
    complain,
    join,
    place,
    send,
    somebody,
    text_of_a_small_policy,
    write,
)
from tests.databases import migrated_database

pytestmark = pytest.mark.browser

# Counted by hand. Received on Monday 21 December 2026. Working days: 22, 23, 24; the 25th is Christmas Day and the 28th
# the day in lieu of Boxing Day; 29, 30, 31; 1 January is New Year's Day; 4 to 8, 11 to 15, 18 to 21.
ACKNOWLEDGE, ANSWER = "24 December 2026", "21 January 2027"
GUIDE = ROOT / "docs" / "new-organisation.md"
PUBLIC = ("/svit/complain", "/svit/", "/svit/case", "/svit/widget.json")


@pytest.fixture(scope="module")
def browser(chromium_path: str) -> Iterator[Browser]:
    with browsing.chromium(chromium_path) as started:
        yield started


def answers(where: Place) -> set[int]:
    """How the public addresses answer."""
    return {httpx.get(f"{where.url}{path}", timeout=20).status_code for path in PUBLIC}


def test_from_a_paper_policy_to_a_filed_case(browser: Browser, tmp_path: Path) -> None:
    data = tmp_path / "data"
    with place(data) as where, somebody(browser, bypass_csp=True) as jo, somebody(browser) as lee:
        join(jo, where.invitation("jo@cqm.example", "rules_editor"), "Jo Field")
        ours, theirs = begin(jo, where)
        look(jo)
        assert answers(where) == {404}
        draft = write(jo, ours)
        assert draft.steps().startswith("Nothing.")
        assert draft.state("approval") == "To do"
        look(jo)
        _holds_as_a_file(jo, tmp_path)
        draft.submit()
        _is_refused_to_its_author(jo)
        assert answers(where) == {404}
        approve(lee, theirs)
        # It takes a moment, so that every server has heard of it before it is in force.
        where.clock.forward(minutes=1)
        assert answers(where) == {200}
        _is_filed(browser, where, lee)
        assert "Severn Valley Institute of Tuning" in httpx.get(where.url, timeout=20).text
        assert "/svit/staff/phone" in lee.content()
    # A restart forgets nothing.
    with place(data) as where:
        where.clock.forward(minutes=2)
        assert answers(where) == {200}


def _holds_as_a_file(page: Page, folder: Path) -> None:
    """`hearout check` finds nothing in what is taken away as a file."""
    page.get_by_role("link", name="The file", exact=True).click()
    with page.expect_download() as taken:
        page.locator("a[href$='file.yml']").click()
    file = folder / "svit.yml"
    taken.value.save_as(file)
    assert check_file(file) == []


def _is_refused_to_its_author(page: Page) -> None:
    """Whoever writes the rules has no page to approve them on."""
    address = page.url.partition("/changes")[0] + "/approve"
    expect(page.get_by_role("link", name="Read and approve")).to_have_count(0)
    answer = page.goto(address)
    assert answer is not None
    assert answer.status == 403
    token = page.locator("input[name=csrf]").first.get_attribute("value") or ""
    sent = page.request.post(
        address,
        form={"csrf": token, "read": "yes"},
        headers={"Origin": address.partition("/svit")[0], "Sec-Fetch-Site": "same-origin"},
    )
    assert sent.status == 403


def _is_filed(browser: Browser, where: Place, lee: Page) -> None:
    """Somebody complains without JavaScript; the dates are those of the paper, and staff see the case."""
    with somebody(browser, java_script_enabled=False) as person:
        complain(person, where)
        said = person.locator("main").inner_text()
        assert ACKNOWLEDGE in said
        assert ANSWER in said
        assert "The Council" in said
        reference = re.search(r"SVIT-[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]", said)
        assert reference is not None
    lee.goto(f"{where.url}/svit/staff")
    lee.get_by_role("link", name=reference[0]).first.click()
    case = lee.locator("main").inner_text()
    assert ACKNOWLEDGE in case
    assert ANSWER in case
    assert severn.STORY[:60] in case


def test_a_list_of_steps_can_be_used_by_everybody(browser: Browser, tmp_path: Path) -> None:
    with place(tmp_path) as where, somebody(browser, bypass_csp=True) as jo:
        join(jo, where.invitation("jo@cqm.example", "rules_editor"), "Jo Field")
        jo.goto(f"{where.url}/cqm/staff/rules/new-organisation")
        look(jo)
        send(jo, "Begin it")
        expect(jo.get_by_role("alert")).to_contain_text("letters a to z")
        look(jo)
        ours, _ = begin(jo, where)
        join(jo, ours, "Jo Field")
        look(jo)
        jo.get_by_role("link", name="The first rules of SVIT", exact=True).click()
        look(jo)
        # Each link of the list leads somewhere.
        links = jo.locator(".steps .go a").evaluate_all("(found) => found.map((link) => link.href)")
        assert len(links) >= 10
        for address in links:
            assert jo.request.get(address).status == 200, address
        send(jo, "Take its fingerprint")
        expect(jo.get_by_role("alert")).to_contain_text("Copy the policy's text")
        look(jo)


def test_two_servers_on_postgresql_and_a_first_version_that_comes_by_file(
    browser: Browser, tmp_path: Path
) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    with (
        migrated_database("postgresql", tmp_path) as url,
        place(tmp_path / "a", database_url=url, packs_seconds=0.2) as one,
        place(tmp_path / "b", database_url=url, packs_seconds=0.2) as other,
        somebody(browser) as jo,
        somebody(browser) as lee,
    ):
        join(jo, one.invitation("jo@cqm.example", "rules_editor"), "Jo Field")
        ours, theirs = begin(jo, one)
        # What one server has begun, the other knows: its people sign in at either.
        join(jo, ours.replace(one.url, other.url), "Jo Field")
        jo.get_by_role("link", name="The first rules of SVIT", exact=True).click()
        jo.get_by_role("link", name="The file", exact=True).click()
        jo.locator("textarea").fill(text_of_a_small_policy())
        send(jo, "See what it would change")
        send(jo, "Put it in the draft's place")
        severn.Draft(jo).submit()
        assert answers(one) == answers(other) == {404}
        approve(lee, theirs)
        for where in (one, other):
            where.clock.forward(minutes=1)
            soon(lambda at=where: answers(at) == {200})  # type: ignore[misc]
        # The office of the new organisation, at the server that did not approve it.
        lee.goto(lee.url.replace(one.url, other.url).partition("/rules")[0])
        expect(lee.get_by_role("heading", level=1)).to_be_visible()


def soon(holds: Callable[[], bool], seconds: float = 30) -> None:
    """Wait until something holds."""
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.1)


def unknown_labels(text: str) -> list[str]:
    """What the guide sets in bold or italics in its steps, and no page and no word of the rules says."""
    steps = text.partition("## 1. ")[2].partition("## What stands outside")[0]
    sources = [
        *(ROOT / "bot" / "pages" / "console").glob("*.html"),
        *(ROOT / "bot" / "console").glob("*.py"),
        *(ROOT / "policy_rules").rglob("*.py"),
        # What is typed stands in the walk itself.
        Path(severn.__file__),
    ]
    said = " ".join(path.read_text("utf-8") for path in sources)
    known = re.sub(r"\s+", " ", said).lower()
    added = {f"add a {one}" for one in words.ONE_OF.values()}
    found = []
    for match in re.finditer(r"\*{1,2}([^*|]+)\*{1,2}", steps):
        label = re.sub(r"\s+", " ", match[1]).lower()
        parts = label.split(": ") if label not in known else []
        if label not in known and label not in added and not all(part in known for part in parts):
            found.append(match[1])
    return [label for label in found if not re.search(r"\d{4}", label)]


def test_the_guide_calls_everything_as_the_pages_do() -> None:
    assert unknown_labels(GUIDE.read_text("utf-8")) == []


def test_a_label_that_no_page_has_is_seen() -> None:
    text = GUIDE.read_text("utf-8").replace("**Approve and publish**", "**Approve it and go**")
    assert unknown_labels(text) == ["Approve it and go"]
