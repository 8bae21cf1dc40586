"""Every channel can begin a conversation in a language, and each reply says which one it is in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.channels.servers import Running, question_of, running, socket, somebody

WELSH = "Gwasanaeth cwynion"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server where CMS offers Welsh and nobody else does."""
    folder: Path = tmp_path_factory.mktemp("data")
    (folder / "organisations").mkdir()
    (folder / "organisations" / "cms.yml").write_text("languages: [en, cy]\n")
    with running(folder) as started:
        yield started


def language_in(entries: list[dict[str, Any]]) -> str | None:
    found = [
        entry["custom"]["conversation"] for entry in entries if "conversation" in entry.get("custom", {})
    ]
    return found[0].get("lang") if found else None


@pytest.mark.parametrize("asked", ["cy", "cy-GB", "CY_gb"])
def test_metadata_begins_a_conversation_in_a_language(server: Running, asked: str) -> None:
    entries = server.say(somebody(), "hello", "cms", language=asked)
    assert entries[0]["text"].startswith(WELSH)
    assert language_in(entries) == "cy"


@pytest.mark.parametrize("asked", [None, "", "fr", 7, {"code": "cy"}, ["cy"], "c" * 500])
def test_what_is_no_language_that_is_offered_is_left_alone(server: Running, asked: Any) -> None:
    entries = server.say(somebody(), "hello", "cms", language=asked)
    assert language_in(entries) == "en"
    assert question_of(entries)["id"] == "story"


def test_metadata_of_later_messages_leaves_the_persons_choice_alone(server: Running) -> None:
    sender = somebody()
    server.say(sender, "hello", "cms", language="en")
    assert language_in(server.say(sender, "/language(cy)", "cms", language="en")) == "cy"
    entries = server.say(sender, "Collwyd fy nhystysgrif bythefnos yn ôl.", "cms", language="en")
    assert language_in(entries) == "cy"


def test_an_organisation_that_has_not_switched_it_on_answers_as_ever(server: Running) -> None:
    entries = server.say(somebody(), "hello", "cim", language="cy")
    assert not entries[0]["text"].startswith(WELSH)
    assert language_in(entries) is None


def test_the_socket_begins_in_a_language_and_changes_it(server: Running) -> None:
    with socket(server, "cms") as face:
        face.hello(language="cy")
        greeting = face.take("reply")
        assert greeting["entries"][0]["text"].startswith(WELSH)
        assert language_in(greeting["entries"]) == "cy"
        changed = face.say("English")
        assert language_in(changed["entries"]) == "en"
        assert question_of(changed["entries"])["id"] == "story"


def test_a_hello_by_post_begins_in_a_language_too(server: Running) -> None:
    answer = server.http.post("/cms/hello", json={"resume": None, "last_seen": 0, "language": "cy"})
    assert language_in(answer.json()["replies"][0]["entries"]) == "cy"


def test_who_comes_back_finds_each_reply_in_its_own_language(server: Running) -> None:
    with socket(server, "cms") as face:
        key = face.hello(language="cy")["resume"]
        face.take("reply")
        face.say("/language(en)")
    with socket(server, "cms") as face:
        face.hello(resume=key)
        assert [language_in(face.take("reply")["entries"]) for _ in range(2)] == ["cy", "en"]


def test_the_page_for_the_person_represented_is_in_the_language_of_the_complaint(server: Running) -> None:
    sender = somebody()
    facts = (
        "/SetSlots(nature=complaint, subject=service, stage_reached=none, complainant_type=learner, "
        "on_behalf_of=other, representative_basis=none, representative_name=Bob Evans, complainant_name=Ann Evans)"
    )
    for text in [
        "/language(cy)",
        "Nid oes neb wedi marcio'r gwaith ers chwe wythnos.",
        facts,
        *["/skip"] * 30,
    ]:
        entries = server.say(sender, text, "cms")
        if entries[-1]["custom"].get("question", {}).get("id") == "check_answers":
            break
    server.say(sender, "/SetSlots(check_answers=send)", "cms")
    row = server.row("cases", "organisation = 'cms' AND record LIKE '%consent_link%'")
    path = "/cms/consent/" + row["record"].split("/cms/consent/")[1].split('"')[0]
    page = server.http.get(path).text
    assert '<html lang="cy">' in page
    assert "Cwyn yn eich enw chi" in page
    assert "Rwy&#39;n cytuno" in page
    assert "<dt>E-bost</dt>" in page
