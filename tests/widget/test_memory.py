"""What a tab remembers, and forgets: reloads, drafts, private links, other windows, and other people's devices."""

from __future__ import annotations

import re
import time
from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Download, Page, Route, expect

from tests.channels.servers import Running, running, soon
from tests.widget.faces import STORY, Face, new_page, own_page, watch, words_of

pytestmark = pytest.mark.browser


def test_a_reload_keeps_what_was_said_and_what_was_being_written(page: Page, server: Running) -> None:
    face = own_page(page, server.url).begun()
    face.at("#box").fill("Half a thought")
    page.reload()
    expect(face.at("#box")).to_have_value("Half a thought")
    face.begun().tell()
    face.until("email")
    face.at("#box").fill("jane@exa")
    said = words_of(face.at("#log"))
    page.reload()
    expect(face.at("#box")).to_have_value("jane@exa")
    assert words_of(face.at("#log")) == said
    face.wait()
    face.at("#box").fill("jane@example.org")
    face.at("#send").click()
    face.wait()
    assert words_of(face.at("#log"))[: len(said)] == said


def test_words_typed_before_the_script_arrived_are_kept(browser: Browser, server: Running) -> None:
    with new_page(browser) as page:

        def late(route: Route) -> None:
            time.sleep(0.8)
            route.continue_()

        page.route("**/hearout-chat.js*", late)
        page.goto(f"{server.url}/cim/widget", wait_until="commit")
        # The box is there before anything of ours has run.
        page.locator("#box").fill("My father was a learner")
        expect(page.locator(".turn.theirs")).to_have_count(1, timeout=10_000)
        expect(page.locator("#box")).to_have_value("My father was a learner")
        page.locator("#send").click()
        expect(page.locator(".mine .words")).to_contain_text("My father was a learner")


def test_what_was_read_before_a_reload_is_not_read_out_again(page: Page, server: Running) -> None:
    face = own_page(page, server.url).begun()
    face.tell()
    page.reload()
    assert face.at("#log").get_attribute("aria-live") == "off"
    expect(face.at("#log:not([aria-live])")).to_have_count(1)


def test_one_node_is_added_for_each_part_and_none_is_touched_again(page: Page, server: Running) -> None:
    face = own_page(page, server.url)
    expect(face.at("#log[role=log]")).to_have_count(1)
    face.begun()
    page.evaluate(
        """() => {
          window.added = []; window.removed = 0;
          new MutationObserver((all) => all.forEach((one) => {
            one.addedNodes.forEach((node) => window.added.push(node.className));
            window.removed += one.removedNodes.length;
          })).observe(document.querySelector('#log'), { childList: true });
        }"""
    )
    face.tell()
    face.answer()
    assert page.evaluate("window.added") == ["turn mine", "turn theirs"] * 2
    assert page.evaluate("window.removed") == 0


def test_a_private_link_goes_on_elsewhere_with_everything_that_was_said(
    page: Page, browser: Browser, server: Running
) -> None:
    face = own_page(page, server.url).begun()
    face.tell()
    face.at("#more").click()
    # Shown only when it is asked for.
    expect(face.at("#link")).to_have_count(0)
    face.at("#panel").get_by_role("button", name="Show my private link").click()
    link = face.at("#link").input_value()
    assert "#key=" in link
    with new_page(browser) as elsewhere:
        faults = watch(elsewhere)
        elsewhere.goto(link)
        other = Face(elsewhere, elsewhere)
        expect(other.at(".turn.mine")).to_have_count(1)
        assert "key" not in elsewhere.url
        expect(other.at(".mine .words")).to_contain_text(STORY.split("\n")[0])
        assert other.reference == face.reference
        # What one of them answers, both see, and as it was shown.
        other.answer()
        expect(face.at(".turn.mine")).to_have_count(2)
        assert face.at(".mine .words").last.inner_text().endswith("Yes")
        assert words_of(face.at("#log"))[1:] == words_of(other.at("#log"))[1:]
        assert faults == []


def test_what_is_being_written_stays_when_something_else_arrives(
    page: Page, browser: Browser, server: Running
) -> None:
    face = own_page(page, server.url).begun()
    face.tell()
    face.at("#more").click()
    face.at("#panel").get_by_role("button", name="Show my private link").click()
    link = face.at("#link").input_value()
    page.keyboard.press("Escape")
    face.until("end")
    with new_page(browser) as elsewhere:
        elsewhere.goto(link)
        other = Face(elsewhere, elsewhere)
        expect(other.at(".outcome").first).to_be_visible()
        face.at("#box").click()
        page.keyboard.type("I forgot to say ")
        before = face.at(".turn.mine").count()
        other.at("#box").fill("A word from elsewhere.")
        other.at("#send").click()
        expect(face.at(".turn.mine")).to_have_count(before + 1)
        face.wait()
        expect(face.at("#box")).to_have_value("I forgot to say ")
        expect(face.at("#box")).to_be_focused()
        page.keyboard.type("this.")
        # Another language is no reason to forget it either.
        face.at("#languages button").click()
        expect(face.at("#person")).to_have_text(re.compile("Siarad"))
        expect(face.at("#box")).to_have_value("I forgot to say this.")


def test_a_key_that_opens_nothing_begins_anew_and_keeps_the_words(page: Page, server: Running) -> None:
    face = own_page(page, server.url).begun()
    page.evaluate("sessionStorage.clear()")
    faults = watch(page)
    page.goto(f"{server.url}/cim/widget#key={'x' * 40}")
    page.reload()
    face.at("#box").fill("Still here")
    expect(face.at(".note")).to_have_count(1)
    face.begun()
    expect(face.at("#box")).to_have_value("Still here")
    assert face.reference.startswith("CIM-")
    assert faults == []


def test_filing_empties_the_storage_and_keeps_the_screen(page: Page, server: Running) -> None:
    face = own_page(page, server.url).begun()
    face.tell()
    assert face.kept["hearout:cim"]["key"]
    face.until("end")
    assert face.kept == {}
    expect(face.at(".outcome")).to_be_visible()
    # Something more can be added, and still nothing stays here.
    face.at("#box").fill("My mother has the letters too.")
    face.at("#send").click()
    face.wait()
    expect(face.at(".turn.theirs").last).to_contain_text("added to your case")
    assert face.kept == {}


def test_nothing_is_kept_on_a_device_where_somebody_does_not_want_it(page: Page, server: Running) -> None:
    face = own_page(page, server.url).begun()
    face.at("#more").click()
    face.at("#device-not").check()
    page.keyboard.press("Escape")
    face.tell()
    # That nothing be kept is all that is kept.
    assert face.kept == {"hearout:cim:not": 1}
    before = face.reference
    page.reload()
    face.begun()
    assert face.reference != before
    face.at("#more").click()
    expect(face.at("#device-not")).to_be_checked()
    face.at("#device-not").uncheck()
    assert face.kept["hearout:cim"]["key"]


def test_forgetting_begins_anew(page: Page, server: Running) -> None:
    face = own_page(page, server.url).begun()
    face.tell()
    before = face.reference
    face.at("#more").click()
    face.at("#panel").get_by_role("button", name="Forget it here").click()
    expect(face.at("#kind strong")).not_to_have_text(before)
    expect(face.at(".turn.mine")).to_have_count(0)
    assert face.active != "body"


def test_the_quick_exit_leaves_nothing_behind(browser: Browser, server: Running) -> None:
    with new_page(browser) as page:
        page.goto("about:blank")
        face = own_page(page, server.url).begun()
        face.tell()
        page.context.route("https://127.0.0.1/weather", lambda route: route.fulfill(body="Weather"))
        face.at("#leave").click()
        page.wait_for_url("https://127.0.0.1/weather")
        page.goto(f"{server.url}/pages/mark.svg")
        assert page.evaluate("sessionStorage.length") == 0
        # No organisation that has not asked for it has the button.
        page.goto(f"{server.url}/cqm/widget")
        expect(page.locator("#leave")).to_be_hidden()


def test_the_calendar_file_holds_every_promised_date(page: Page, server: Running) -> None:
    face = own_page(page, server.url).begun()
    face.tell()
    face.until("end")
    with page.expect_download() as started:
        face.at(".outcome").get_by_role("button", name="calendar").click()
    text = read(started.value)
    assert started.value.suggested_filename == f"{face.reference}.ics"
    lines = re.sub(r"\r\n ", "", text).split("\r\n")
    assert (lines[0], lines[-2], lines[-1]) == ("BEGIN:VCALENDAR", "END:VCALENDAR", "")
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    days = [date.fromisoformat(f"{v[:4]}-{v[4:6]}-{v[6:]}") for v in values(lines, "DTSTART;VALUE=DATE")]
    shown = face.at(".outcome dl").inner_text()
    assert len(days) >= 2
    for day in days:
        assert f"{day:%A} {day.day} {day:%B %Y}" in shown
    assert [date.fromisoformat(f"{v[:4]}-{v[4:6]}-{v[6:]}") for v in values(lines, "DTEND;VALUE=DATE")] == [
        date.fromordinal(day.toordinal() + 1) for day in days
    ]
    assert len(set(values(lines, "UID"))) == len(days)
    assert all(face.reference in title for title in values(lines, "SUMMARY"))


def values(lines: list[str], name: str) -> list[str]:
    return [line.removeprefix(f"{name}:") for line in lines if line.startswith(f"{name}:")]


def test_the_conversation_can_be_kept_as_a_text(page: Page, server: Running) -> None:
    face = own_page(page, server.url).begun()
    face.tell()
    face.until("end")
    with page.expect_download() as started:
        face.at(".outcome").get_by_role("button", name="Download").click()
    text = read(started.value)
    assert started.value.suggested_filename == f"{face.reference}.txt"
    assert STORY.replace("\n", "\r\n") in text
    assert f"Reference: {face.reference}" in text
    assert "You said: Send it now" in text
    assert "You should have an answer by" in text


def read(download: Download) -> str:
    return Path(download.path()).read_bytes().decode()


def test_the_language_changes_at_any_time_and_nothing_is_lost(page: Page, server: Running) -> None:
    face = own_page(page, server.url).begun()
    face.tell()
    face.until("text")
    face.at("#box").fill("Half a thought")
    before = words_of(face.at("#log"))
    switch = face.at("#languages button")
    expect(switch).to_have_attribute("lang", "cy")
    switch.click()
    face.wait()
    expect(face.at("hearout-chat")).to_have_attribute("lang", "cy")
    assert words_of(face.at("#log"))[: len(before)] == before
    last = face.at(".turn.theirs").last
    expect(last).to_have_attribute("lang", "cy")
    expect(face.at("#box")).to_have_value("Half a thought")
    expect(face.at("#person")).to_have_text(re.compile("Siarad"))
    # A policy's own words are English, and are marked as that.
    face.until("end")
    expect(face.at(".outcome [lang=en]").first).to_be_visible()
    expect(face.at(".outcome dl")).to_contain_text(re.compile(r"Dydd \w+ \d+ \w+ 20\d\d", re.IGNORECASE))
    page.reload()


def test_a_server_that_goes_away_loses_nothing(browser: Browser, tmp_path: Path, free_port: int) -> None:
    with new_page(browser) as page:
        with running(tmp_path, port=free_port) as server:
            face = own_page(page, server.url).begun()
        expect(face.at("#status")).to_contain_text("connection", timeout=10_000)
        face.at("#box").fill(STORY)
        face.at("#send").click()
        expect(face.at(".mine .state")).to_have_text("Sending…")
        # A second press sends nothing twice, and says why.
        face.at("#box").fill("And more")
        face.at("#send").click()
        expect(face.at("#status")).to_contain_text("still on its way")
        with running(tmp_path, port=free_port) as server:
            expect(face.at(".mine .state")).to_have_text("Received", timeout=20_000)
            face.wait()
            expect(face.at(".turn.mine")).to_have_count(1)
            expect(face.at("#ask .choice").first).to_be_visible()
            # The greeting and the story, each with its reply.
            soon(lambda: server.stored()["messages"] == 4)


def test_a_conversation_is_held_where_no_socket_comes_through(browser: Browser, server: Running) -> None:
    with new_page(browser) as page:
        page.add_init_script(
            "window.WebSocket = class { constructor() { setTimeout(() => this.onclose?.(), 10); } close() {} }"
        )
        face = own_page(page, server.url).begun()
        assert page.locator("hearout-chat").get_attribute("data-state") == "posting"
        before = server.stored()["cases"]
        face.tell()
        face.until("end")
        assert server.stored()["cases"] == before + 1
        assert face.faults == []


def test_a_message_that_is_refused_comes_back_into_the_box(page: Page, server: Running) -> None:
    face = own_page(page, server.url).begun()
    face.at("#box").fill("x" * 15_000)
    expect(face.at("#room")).to_contain_text("1384 more")
    face.at("#box").fill("x" * 17_000)
    face.at("#send").click()
    expect(face.at("#alert")).to_contain_text("too long")
    expect(face.at("#box")).to_be_focused()
    assert len(face.at("#box").input_value()) == 17_000
    assert face.at(".turn.mine").count() == 0
