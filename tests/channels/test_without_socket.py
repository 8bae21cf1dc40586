"""The conversation over plain HTTP: the same calls, the same promises, and the socket's conversations."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.channels.servers import STRANGER, Running, problem_in, question_of, running, socket

STORY = "My certificate never came."


def post(server: Running, what: str, organisation: str = "cqm", **body: Any) -> dict[str, Any]:
    answer = server.http.post(f"/{organisation}/{what}", json=body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


class TestConversation:
    def test_a_hello_gives_a_key_a_reference_and_the_first_question(self, server: Running) -> None:
        hello = post(server, "hello")
        assert set(hello) == {"resume", "conversation", "seq", "replies"}
        assert hello["conversation"]["reference"].startswith("CQM-")
        assert len(hello["resume"]) * 6 >= 128
        (reply,) = hello["replies"]
        assert reply["seq"] == hello["seq"]
        assert question_of(reply["entries"])["id"] == "story"

    def test_a_message_is_on_disk_when_it_is_answered(self, server: Running) -> None:
        key = post(server, "hello")["resume"]
        before = server.stored()["messages"]
        answered = post(server, "message", resume=key, id="m1", text=STORY)
        assert server.stored()["messages"] == before + 2
        (reply,) = answered["replies"]
        assert (answered["id"], answered["seq"], reply["in_reply_to"]) == ("m1", reply["seq"], "m1")

    def test_a_message_sent_again_has_the_same_answer_and_stores_nothing(self, server: Running) -> None:
        key = post(server, "hello")["resume"]
        first = post(server, "message", resume=key, id="m1", text=STORY)
        kept = server.stored()
        assert post(server, "message", resume=key, id="m1", text=STORY) == first
        assert server.stored() == kept

    def test_a_hello_with_the_key_gives_what_was_missed_and_what_it_answers(self, server: Running) -> None:
        hello = post(server, "hello")
        answered = post(server, "message", resume=hello["resume"], id="m1", text=STORY)
        again = post(server, "hello", resume=hello["resume"], last_seen=hello["seq"])
        assert again["seq"] == answered["seq"]
        assert [reply["said"] for reply in again["replies"]] == [{"id": "m1", "text": STORY}]
        assert post(server, "hello", resume=hello["resume"], last_seen=again["seq"])["replies"] == []

    def test_a_body_may_come_as_plain_text_so_that_browsers_need_not_ask_first(self, server: Running) -> None:
        answer = server.http.post("/cqm/hello", content="{}", headers={"Content-Type": "text/plain"})
        assert answer.status_code == 200


class TestBesideTheSocket:
    def test_what_is_posted_is_shown_by_the_sockets_of_the_conversation(self, server: Running) -> None:
        with socket(server) as client:
            key = client.hello()["resume"]
            client.take("reply")
            answered = post(server, "message", resume=key, id="m1", text=STORY)
            shown = client.take("reply")
        assert (shown["seq"], shown["said"]) == (answered["seq"], {"id": "m1", "text": STORY})

    def test_a_conversation_goes_on_by_socket_where_posts_left_it(self, server: Running) -> None:
        key = post(server, "hello")["resume"]
        answered = post(server, "message", resume=key, id="m1", text=STORY)
        with socket(server) as client:
            assert client.hello(key, answered["seq"])["seq"] == answered["seq"]
            client.send(type="message", id="m1", text=STORY)
            assert client.take("ack")["seq"] == answered["seq"]


class TestWaiting:
    def test_a_look_waits_for_a_reply_that_comes_by_the_socket(self, server: Running) -> None:
        with socket(server) as client:
            key = client.hello()["resume"]
            seen = client.take("reply")["seq"]
            found: list[dict[str, Any]] = []
            look = threading.Thread(
                target=lambda: found.append(post(server, "replies", resume=key, last_seen=seen, wait=5))
            )
            look.start()
            time.sleep(0.1)
            reply = client.say(STORY, "m1")
            look.join(timeout=5)
        assert [(r["seq"], r["said"]["id"]) for r in found[0]["replies"]] == [(reply["seq"], "m1")]
        assert found[0]["seq"] == reply["seq"]

    def test_a_look_that_finds_nothing_ends_after_its_time(self, server: Running) -> None:
        hello = post(server, "hello")
        began = time.monotonic()
        found = post(server, "replies", resume=hello["resume"], last_seen=hello["seq"], wait=0.2)
        assert found == {"seq": hello["seq"], "replies": []}
        assert 0.15 < time.monotonic() - began < 2


class TestRefusals:
    @pytest.mark.parametrize(
        ("what", "body", "status", "where"),
        [
            ("hello", "{", 400, None),
            ("hello", '{"last_seen": -1}', 422, "last_seen"),
            ("message", "{}", 422, "resume"),
            ("message", '{"resume": "' + "k" * 32 + '", "id": "", "text": "x"}', 422, "id"),
            ("message", '{"resume": "' + "k" * 32 + '", "id": "m", "text": "x"}', 404, "resume"),
            ("replies", '{"resume": "' + "k" * 32 + '"}', 404, "resume"),
            ("hello", '{"resume": "' + "k" * 32 + '"}', 404, "resume"),
        ],
    )
    def test_what_cannot_be_taken_is_named(
        self, server: Running, what: str, body: str, status: int, where: str | None
    ) -> None:
        answer = server.http.post(f"/cqm/{what}", content=body)
        assert answer.json()["status"] == answer.status_code == status
        assert answer.json().get("where") == where

    def test_a_message_never_begins_a_conversation(self, server: Running) -> None:
        before = server.stored()["conversations"]
        body = {"resume": "k" * 40, "id": "m1", "text": STORY}
        assert server.http.post("/cqm/message", json=body).status_code == 404
        assert server.stored()["conversations"] == before

    def test_nul_and_texts_over_16_kib_are_refused(self, server: Running) -> None:
        key = post(server, "hello")["resume"]
        for text, status in (("a\x00b", 422), ("x" * 16_385, 413)):
            answer = server.http.post("/cqm/message", json={"resume": key, "id": "m1", "text": text})
            assert answer.status_code == status

    def test_a_key_of_another_organisation_opens_nothing(self, server: Running) -> None:
        key = post(server, "hello")["resume"]
        assert server.http.post("/cim/hello", json={"resume": key}).status_code == 404

    def test_an_organisation_that_is_not_there_is_refused(self, server: Running) -> None:
        assert server.http.post("/nobody/hello", json={}).status_code == 404

    def test_keys_that_can_be_guessed_open_nothing_to_strangers(self, server: Running) -> None:
        server.say("guessable", STORY)
        assert post(server, "hello", resume="guessable")["replies"]
        headers = {"X-Forwarded-For": STRANGER}
        answer = server.http.post("/cqm/hello", json={"resume": "guessable"}, headers=headers)
        assert answer.status_code == 404


class TestPages:
    def test_pages_of_strange_origins_hold_no_conversation(self, server: Running) -> None:
        answer = server.http.post("/cqm/hello", content="{}", headers={"Origin": "https://evil.example"})
        problem_in(answer, 403)
        assert "access-control-allow-origin" not in answer.headers

    def test_pages_of_allowed_origins_may_read_answers_and_refusals(self, tmp_path: Path) -> None:
        origin = "https://www.example.org"
        with running(tmp_path, allowed_origins=(origin,)) as server:
            for body, status in (("{}", 200), ("{", 400)):
                answer = server.http.post("/cqm/hello", content=body, headers={"Origin": origin})
                assert answer.status_code == status
                assert answer.headers["access-control-allow-origin"] == origin
                assert "Origin" in answer.headers["vary"]

    def test_strangers_are_held_to_their_limit(self, tmp_path: Path) -> None:
        with running(tmp_path, limit_address="3/minute") as server:
            found: list[httpx.Response] = [
                server.http.post("/cqm/hello", json={}, headers={"X-Forwarded-For": STRANGER})
                for _ in range(4)
            ]
        assert [answer.status_code for answer in found] == [200, 200, 200, 429]
        assert int(found[3].headers["retry-after"]) > 0
        assert json.loads(found[3].text)["status"] == 429
