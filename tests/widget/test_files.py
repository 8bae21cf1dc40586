"""Documents and pictures, sent in the conversation; a complaint never waits for one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from tests.channels.servers import Running
from tests.evidence import corpus
from tests.widget.faces import Face, new_page, own_page, watch

pytestmark = pytest.mark.browser
LIMITS = "PDF, JPG, JPEG, PNG, HEIC, HEIF, DOCX, ODT, TXT, EML, MP3, M4A, WAV."


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page whose only faults are requests that were refused or lost, which the browser tells of by itself."""
    with new_page(browser) as opened:
        faults = watch(opened)
        yield opened
        assert [fault for fault in faults if not fault.startswith("Failed to load resource")] == []


def payload(name: str, content: bytes) -> Any:
    return {"name": name, "mimeType": "application/octet-stream", "buffer": content}


def asked_for_files(page: Page, server: Running) -> tuple[Face, Locator, Locator]:
    """A conversation that asks for documents; the chooser, and the lines of what was chosen."""
    face = own_page(page, server.url).begun()
    face.tell()
    face.until("file")
    chooser = face.at("#ask input[type=file]")
    expect(chooser).to_be_visible()
    return face, chooser, face.at("#ask .files li")


def record_of(server: Running, face: Face) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(server.row("cases", f"reference = '{face.reference}'")["record"])
    return found


def test_files_are_chosen_with_their_limits_said_sent_taken_back_and_filed(
    page: Page, server: Running
) -> None:
    face, chooser, lines = asked_for_files(page, server)
    expect(chooser).to_have_accessible_name("Choose documents or pictures")
    expect(chooser).to_have_accessible_description("At most 10 files, each up to 10 MB: " + LIMITS)
    chooser.set_input_files([
        payload("my <b>photo.jpg", corpus.jpeg()),
        payload("letter.pdf", corpus.PDF),
        payload("run.exe", corpus.BAD["program.exe"]),
        payload("film.pdf", b"%PDF-1.4" + b"x" * 10_000_000),
    ])  # fmt: skip
    expect(lines.nth(0)).to_contain_text("my <b>photo.jpg is added")
    expect(lines.nth(1)).to_contain_text("letter.pdf is added")
    expect(lines.nth(2)).to_contain_text("run.exe is not a kind of file")
    expect(lines.nth(3)).to_contain_text("film.pdf is too large")
    lines.nth(1).get_by_role("button", name="Take letter.pdf back").press("Enter")
    expect(lines.nth(1)).to_contain_text("letter.pdf is taken back")
    expect(lines.nth(1)).to_be_focused()
    # What was chosen is an answer by itself.
    face.at("#send").click()
    face.wait()
    expect(face.at(".mine .words").last).to_contain_text("I have added my <b>photo.jpg.")
    face.until("end")
    listed = record_of(server, face)["evidence"]
    assert [entry["name"] for entry in listed if entry["name"]] == ["my <b>photo.jpg"]
    kept = server.settings.data_dir / "evidence" / "cim"
    assert not any(corpus.PLACE in path.read_bytes() for path in kept.rglob("*") if path.is_file())
    # One that is found later is added to what was sent.
    face.at("#more").click()
    face.at("#panel input[type=file]").set_input_files([payload("late.txt", b"They wrote at last.")])
    expect(face.at("#panel .files li")).to_contain_text(["my <b>photo.jpg", "late.txt is added"])
    assert "late.txt" in [entry["name"] for entry in record_of(server, face)["evidence"]]


def test_a_file_that_cannot_be_sent_stands_in_nobodys_way_and_is_tried_again(
    page: Page, server: Running
) -> None:
    face, chooser, lines = asked_for_files(page, server)

    def lost(route: Route) -> None:
        if route.request.method == "POST":
            route.abort()
        else:
            route.continue_()

    page.route("**/cim/evidence", lost)
    chooser.set_input_files([payload("letter.txt", b"Dear sirs")])
    expect(lines).to_contain_text("letter.txt could not be added. You can go on, and send it later.")
    page.unroute("**/cim/evidence")
    lines.get_by_role("button", name="Try letter.txt again").click()
    expect(lines).to_contain_text("letter.txt is added")
    page.route("**/cim/evidence", lost)
    chooser.set_input_files([payload("second.txt", b"Dear sirs")])
    expect(lines.nth(1)).to_contain_text("could not be added")
    face.until("end")
    assert [entry["name"] for entry in record_of(server, face)["evidence"] if entry["name"]] == ["letter.txt"]


def test_no_more_are_sent_than_may_be(page: Page, server: Running) -> None:
    face, chooser, lines = asked_for_files(page, server)
    chooser.set_input_files([payload(f"{number}.txt", b"x") for number in range(11)])
    expect(lines.nth(9)).to_contain_text("9.txt is added")
    expect(lines.nth(10)).to_contain_text("No more than 10 files can be added.")
    assert face.active != "body"
