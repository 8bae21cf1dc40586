"""`hearout case takeover | say | giveback | consent`, against a server that runs, with the person's page open."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.channels.servers import STRANGER, Running, problem_in, running, socket
from tests.cli.test_commands import hearout

STORY = "Nobody marked my assignment for six weeks, and my two e-mails about it were never answered."


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("data")) as started:
        yield started


def staff(server: Running, *arguments: str) -> tuple[int, str, str]:
    done = hearout("case", *arguments, HEAROUT_PORT=server.url.rpartition(":")[2])
    return done.returncode, done.stdout, done.stderr


def test_staff_and_the_person_talk_through_the_page_that_is_open(server: Running) -> None:
    with socket(server) as face:
        reference = face.hello()["conversation"]["reference"]
        face.take("reply")
        asked = face.say(STORY)["entries"][-1]["custom"]["question"]["id"]
        said = staff(server, "takeover", reference.lower(), "--by", "R. Ahmed")
        assert said == (0, f"{reference} is with R. Ahmed.\n", "")
        assert "R. Ahmed of CQM has taken over" in face.take("reply")["entries"][0]["text"]
        assert [entry["text"] for entry in face.say("Can you call me?")["entries"]] == [
            "R. Ahmed of CQM has taken over this conversation. What you write is kept for them."
        ]
        staff(server, "say", reference, "At three?\nOn your mobile?", "--by", "R. Ahmed")
        written = face.take("reply")
        assert [entry["text"] for entry in written["entries"]] == [
            "R. Ahmed of CQM writes:",
            "At three?\nOn your mobile?",
        ]
        assert staff(server, "giveback", reference)[:2] == (0, f"The assistant goes on in {reference}.\n")
        given_back = face.take("reply")
        assert given_back["entries"][-1]["custom"]["question"]["id"] == asked
    shown = hearout("case", "show", reference, "--json", HEAROUT_DATA_DIR=str(server.settings.data_dir))
    roles = [message["role"] for message in json.loads(shown.stdout)["messages"]]
    # The greeting, the story and its answer; taken over; a question and its answer; staff; given back.
    assert roles == [
        "assistant", "complainant", "assistant", "system", "complainant", "assistant", "staff", "system",
    ]  # fmt: skip


def test_what_cannot_be_done_is_a_sentence(server: Running) -> None:
    said = "There is no conversation or case CQM-0000-0000-0.\n"
    assert staff(server, "giveback", "CQM-0000-0000-0") == (2, "", said)
    server.say("s" * 32, STORY)
    reference = server.row("conversations", "1 = 1 ORDER BY created_at DESC LIMIT 1")["reference"]
    assert (
        "Take the conversation over first" in staff(server, "say", reference, "Hello", "--by", "R. Ahmed")[2]
    )
    assert "no consent is needed" in staff(server, "consent", reference, "given", "--by", "R. Ahmed")[2]
    assert staff(server, "takeover", reference, "--by", " ")[0] == 2
    assert staff(server, "takeover", reference)[0] == 2


def test_without_a_server_it_says_that_one_has_to_run(free_port: int, tmp_path: Path) -> None:
    given = {"HEAROUT_PORT": str(free_port), "HEAROUT_DATA_DIR": str(tmp_path)}
    done = hearout("case", "takeover", "CQM-0000-0000-0", "--by", "R. Ahmed", **given)
    assert done.returncode == 2
    assert "No Hearout answers" in done.stderr
    assert "hearout serve" in done.stderr
    assert "Traceback" not in done.stderr
    done = hearout("case", "giveback", "CQM-0000-0000-0", "--url", "nonsense", **given)
    assert "is not an address" in done.stderr


def test_nobody_from_elsewhere_can_act_as_staff(server: Running) -> None:
    path, act = "/api/v1/conversations/CQM-0000-0000-0/staff", {"act": "takeover", "by": "Mallory"}
    problem_in(server.http.post(path, json=act, headers={"X-Forwarded-For": STRANGER}), 401)
    problem_in(server.http.post(path, json=act, headers={"Origin": "https://evil.example"}), 401)
    problem_in(server.http.post(path, json=act), 404)


@pytest.mark.parametrize(
    "act",
    [
        {},
        {"act": "sing", "by": "R. Ahmed"},
        {"act": "takeover", "by": ""},
        {"act": "takeover", "by": "R. Ahmed", "loud": True},
        {"act": "say", "by": "R. Ahmed", "text": "a\x00b"},
        {"act": "consent", "by": "R. Ahmed", "answer": "maybe"},
    ],
)
def test_an_act_that_is_none_is_refused(server: Running, act: dict[str, str]) -> None:
    problem_in(server.http.post("/api/v1/conversations/CQM-0000-0000-0/staff", json=act), 422)


def test_two_cases_are_linked_by_somebody_who_has_looked(server: Running) -> None:
    references = []
    for _ in range(2):
        sender = uuid.uuid4().hex
        for text in [STORY, FILED, *["/skip"] * 20]:
            entries = server.say(sender, text)
            if entries[-1]["custom"].get("question", {}).get("id") == "check_answers":
                break
        entries = server.say(sender, "/SetSlots(check_answers=send)")
        references.append(entries[-1]["custom"]["outcome"]["reference"])
    first, second = references
    record = json.loads(server.row("cases", f"reference = '{second}'")["record"])
    assert record["possible_duplicates"] == [first]
    assert staff(server, "link", second, first, "--by", "R. Ahmed")[:2] == (
        0,
        f"{second} and {first} are linked.\n",
    )
    said = (0, f"{first} and {second} are linked already.\n")
    assert staff(server, "link", first, second, "--by", "R. Ahmed")[:2] == said
    record = json.loads(server.row("cases", f"reference = '{second}'")["record"])
    assert (record["linked"], record["possible_duplicates"]) == ([first], [])
    assert "R. Ahmed" in server.row("notes", f"case_reference = '{second}'")["by"]
    assert staff(server, "link", first, first, "--by", "R. Ahmed")[0] == 2
    assert staff(server, "link", first, "CQM-0000-0000-0", "--by", "R. Ahmed")[0] == 2


FILED = (
    "/SetSlots(nature=complaint, subject=service, stage_reached=none, complainant_type=learner, on_behalf_of=self, "
    "complainant_name=Ann Evans, preferred_contact=email, contact_email=ann@example.org)"
)
