"""Rasa's REST channel: its shapes, what it refuses, and that a message sent twice is one message."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.channels.servers import (
    STRANGER,
    Running,
    message,
    problem_in,
    question_of,
    running,
    somebody,
)

PATH = "/webhooks/rest/webhook"


class TestShapes:
    def test_a_first_message_is_answered_with_addressed_entries_a_reference_and_a_question(
        self, server: Running
    ) -> None:
        sender = somebody()
        entries = server.say(sender, "hello")
        assert all(entry["recipient_id"] == sender for entry in entries)
        assert all(set(entry) <= {"recipient_id", "text", "buttons", "custom"} for entry in entries)
        assert any("reference" in entry.get("custom", {}).get("conversation", {}) for entry in entries)
        assert question_of(entries)["id"] == "story"

    def test_the_organisation_may_stand_in_the_path(self, server: Running) -> None:
        answer = server.http.post(f"/cim{PATH}", json={"sender": somebody(), "message": "hello"})
        assert answer.status_code == 200
        assert "Chartered Institute of Marketing" in answer.text

    def test_choices_are_buttons_whose_payload_answers_the_question(self, server: Running) -> None:
        sender = somebody()
        server.say(sender, "hello")
        entries = server.say(sender, "The invoice was wrong twice.")
        buttons = next(entry["buttons"] for entry in entries if "buttons" in entry)
        assert all(set(button) == {"title", "payload"} for button in buttons)
        before = question_of(entries)["id"]
        assert question_of(server.say(sender, buttons[0]["payload"]))["id"] != before

    def test_a_stream_is_one_json_object_a_line(self, server: Running) -> None:
        answer = server.http.post(f"{PATH}?stream=true", json=message(somebody(), "hello"))
        assert answer.headers["content-type"].startswith("text/event-stream")
        lines = [json.loads(line) for line in answer.text.splitlines()]
        assert question_of(lines)["id"] == "story"

    @pytest.mark.parametrize("path", ["/webhooks/rest/", "/cqm/webhooks/rest/"])
    def test_the_health_check_is_that_of_rasa(self, server: Running, path: str) -> None:
        assert server.http.get(path).json() == {"status": "ok"}

    def test_keys_that_other_clients_of_rasa_send_are_left_alone(self, server: Running) -> None:
        body = message(somebody(), "hello", customer={"tier": 3}, locale="en-GB")
        answer = server.http.post(PATH, json={**body, "input_channel": "rest"})
        assert answer.status_code == 200

    def test_a_message_of_rasa_needs_no_content_type(self, server: Running) -> None:
        body = json.dumps(message(somebody(), "hello"))
        answer = server.http.post(PATH, content=body, headers={"Content-Type": "application/octet-stream"})
        assert answer.status_code == 200


class TestIdempotence:
    def test_the_same_message_id_again_has_the_same_answer_and_stores_nothing(self, server: Running) -> None:
        sender = somebody()
        server.say(sender, "hello", message_id="m1")
        first = server.say(sender, "My certificate never came.", message_id="m2")
        kept = server.stored()
        assert server.say(sender, "My certificate never came.", message_id="m2") == first
        assert server.stored() == kept

    def test_without_an_id_the_same_words_are_two_messages(self, server: Running) -> None:
        sender = somebody()
        server.say(sender, "hello")
        before = server.stored()["messages"]
        server.say(sender, "My certificate never came.")
        server.say(sender, "My certificate never came.")
        assert server.stored()["messages"] == before + 4


# what is wrong, the body, the status, the place that the problem names
BAD: list[tuple[str, Any, int, str | None]] = [
    ("no message", {"sender": "s", "metadata": {"organisation": "cqm"}}, 422, "message"),
    ("message of the wrong type", message("s", 7), 422, "message"),
    ("message null", message("s", None), 422, "message"),
    ("message a list", message("s", ["a"]), 422, "message"),
    ("no sender", {"message": "hi", "metadata": {"organisation": "cqm"}}, 422, "sender"),
    ("empty sender", message("", "hi"), 422, "sender"),
    ("sender of the wrong type", {**message("s", "hi"), "sender": 4}, 422, "sender"),
    ("sender of 201 characters", message("s" * 201, "hi"), 422, "sender"),
    ("a list for a body", [], 422, None),
    ("metadata of the wrong type", {"sender": "s", "message": "hi", "metadata": "cqm"}, 422, "metadata"),
    ("no organisation", message("s", "hi", None), 422, "metadata.organisation"),
    ("unknown organisation", message("s", "hi", "cqn"), 404, "organisation"),
    ("organisation of the wrong type", message("s", "hi", organisation=7), 422, "metadata.organisation"),
    (
        "receipt without offset",
        message("s", "hi", received_at="2026-12-24T10:00:00"),
        422,
        "metadata.received_at",
    ),
    ("receipt that is no instant", message("s", "hi", received_at="yesterday"), 422, "metadata.received_at"),
    ("receipt of the wrong type", message("s", "hi", received_at=1766570400), 422, "metadata.received_at"),
    ("unknown channel", message("s", "hi", channel="fax"), 422, "metadata.channel"),
    ("nobody recorded it", message("s", "hi", recorded_by=""), 422, "metadata.recorded_by"),
    ("message id of the wrong type", message("s", "hi", message_id=5), 422, "metadata.message_id"),
    ("message id of 201 characters", message("s", "hi", message_id="m" * 201), 422, "metadata.message_id"),
    ("empty message id", message("s", "hi", message_id=""), 422, "metadata.message_id"),
    ("NUL in the message", message("s", "a\x00b"), 422, "message"),
    ("NUL in the sender", message("s\x00", "hi"), 422, "sender"),
    ("NUL in the message id", message("s", "hi", message_id="a\x00"), 422, "metadata.message_id"),
    ("NUL in who recorded it", message("s", "hi", recorded_by="\x00"), 422, "metadata.recorded_by"),
    ("a text over 16 KiB", message("s", "x" * (16 * 1024 + 1)), 413, "message"),
    ("a text of 8,000 characters that is over 16 KiB", message("s", "\u20ac" * 8000), 413, "message"),
]

MALFORMED = [
    b"",
    b"{",
    b'{"sender": "s", "message": "hi"',
    b"hello",
    b'{"sender": "s", "message": "\xff\xfe"}',
    b'{"sender": "s", "message": "\\ud800"}',
    b'{"sender": "s", "message": "a\x00b"}',
    b"[" * 60_000,
]


class TestBadInput:
    @pytest.mark.parametrize(
        ("body", "status", "where"), [row[1:] for row in BAD], ids=[row[0] for row in BAD]
    )
    def test_it_is_named_with_its_place_and_nothing_is_stored(
        self, server: Running, body: Any, status: int, where: str | None
    ) -> None:
        before = server.stored()
        problem = problem_in(server.http.post(PATH, json=body), status)
        assert problem.get("where") == where
        assert server.stored() == before

    @pytest.mark.parametrize("body", MALFORMED, ids=range(len(MALFORMED)))
    def test_what_is_not_json_is_a_400_that_says_where(self, server: Running, body: bytes) -> None:
        before = server.stored()
        problem = problem_in(server.http.post(PATH, content=body), 400)
        assert problem["detail"].startswith("The body is not JSON: ")
        assert server.stored() == before

    def test_an_unknown_organisation_is_answered_with_the_nearest(self, server: Running) -> None:
        problem = problem_in(server.http.post(PATH, json=message("s", "hi", "cqn")), 404)
        assert problem["nearest"] == "cqm"
        problem_in(server.http.post(f"/cqn{PATH}", json={"sender": "s", "message": "hi"}), 404)

    def test_a_path_and_metadata_that_disagree_are_refused(self, server: Running) -> None:
        answer = server.http.post(f"/cim{PATH}", json=message("s", "hi", "cqm"))
        assert problem_in(answer, 422)["where"] == "metadata.organisation"

    @pytest.mark.parametrize("size", [64 * 1024 + 1, 1_000_000, 20_000_000])
    def test_a_body_over_64_kib_is_refused_before_it_is_parsed(self, server: Running, size: int) -> None:
        before = server.stored()
        problem = problem_in(server.http.post(PATH, json=message("s", "x" * size)), 413)
        assert "64 KiB" in problem["detail"]
        assert server.stored() == before

    def test_a_body_that_does_not_say_its_length_is_held_to_the_limit_too(self, server: Running) -> None:
        def parts() -> Any:
            yield from (b"x" * 10_000 for _ in range(100))

        problem_in(server.http.post(PATH, content=parts()), 413)

    def test_a_text_of_exactly_16_kib_is_taken(self, server: Running) -> None:
        sender = somebody()
        server.say(sender, "hello")
        assert question_of(server.say(sender, "word " * 3276 + "last"))["id"] != "story"

    def test_another_method_is_refused_as_a_problem(self, server: Running) -> None:
        answer = server.http.get(PATH)
        problem_in(answer, 405)
        assert answer.headers["allow"] == "POST"


class TestStaff:
    def test_a_call_keeps_its_time_channel_and_who_logged_it(self, server: Running) -> None:
        sender = somebody()
        note = {"channel": "phone", "received_at": "2026-12-24T16:45:00+00:00", "recorded_by": "Sam Okafor"}
        server.say(sender, "hello", **note)
        row = server.row("conversations", "recorded_by = 'Sam Okafor'")
        assert row["channel"] == "phone"
        assert "2026-12-24T16:45:00" in row["data"]


class TestStrangers:
    def test_a_caller_from_elsewhere_needs_the_key(self, server: Running) -> None:
        before = server.stored()
        answer = server.http.post(PATH, json=message("s", "hi"), headers={"X-Forwarded-For": STRANGER})
        problem_in(answer, 401)
        assert answer.headers["www-authenticate"] == "Bearer"
        assert server.stored() == before

    @pytest.mark.parametrize(
        "headers",
        [
            {"Origin": "https://evil.example"},
            {"Origin": "null"},
            {"Host": "evil.example"},
            {"Sec-Fetch-Site": "cross-site"},
            {"X-Forwarded-For": "127.0.0.1"},
            {"Forwarded": "for=127.0.0.1"},
        ],
        ids=str,
    )
    def test_a_page_or_a_proxy_on_this_machine_is_a_stranger(
        self, server: Running, headers: dict[str, str]
    ) -> None:
        problem_in(server.http.post(PATH, json=message("s", "hi"), headers=headers), 401)

    def test_the_key_lets_them_in_and_a_wrong_one_does_not(self, tmp_path: Any) -> None:
        key = "a-key-of-more-than-22-characters"
        with running(
            tmp_path, api_key=key, limit_conversation="3/minute", limit_address="4/minute"
        ) as server:
            far = {"X-Forwarded-For": STRANGER}
            body = message(somebody(), "hi")
            right = server.http.post(PATH, json=body, headers={**far, "Authorization": f"Bearer {key}"})
            assert right.status_code == 200
            for wrong in ("Bearer nearly", f"Basic {key}", "Bearer x", key):
                problem_in(server.http.post(PATH, json=body, headers={**far, "Authorization": wrong}), 401)
            # Keys cannot be guessed at speed.
            guess = server.http.post(PATH, json=body, headers={**far, "Authorization": "Bearer more"})
            problem_in(guess, 429)
            self.a_conversation_has_a_limit_of_its_own(server)

    def a_conversation_has_a_limit_of_its_own(self, server: Running) -> None:
        hasty, calm = somebody(), somebody()
        for _ in range(3):
            server.say(hasty, "hello")
        before = server.stored()
        answer = server.http.post(PATH, json=message(hasty, "hello"))
        problem_in(answer, 429)
        assert 1 <= int(answer.headers["retry-after"]) <= 60
        assert server.stored() == before
        server.say(calm, "hello")
