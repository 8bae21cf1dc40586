"""The WebSocket: nothing is acknowledged before it is on disk, and a break loses and doubles nothing."""

from __future__ import annotations

import json
from pathlib import Path
from socket import SHUT_RDWR

import pytest
from websockets.exceptions import InvalidStatus

from tests.channels.servers import STRANGER, Running, question_of, running, socket, somebody


class TestConversation:
    def test_a_hello_is_welcomed_with_a_key_a_reference_and_the_first_question(self, server: Running) -> None:
        with socket(server) as client:
            welcome = client.hello()
            reply = client.take("reply")
        assert set(welcome) == {"type", "resume", "conversation", "seq"}
        assert welcome["conversation"]["reference"].startswith("CQM-")
        # 128 bits or more, in letters of six bits.
        assert len(welcome["resume"]) * 6 >= 128
        assert (reply["seq"], reply["in_reply_to"]) == (welcome["seq"], None)
        assert question_of(reply["entries"])["id"] == "story"

    def test_every_conversation_has_a_key_of_its_own(self, server: Running) -> None:
        with socket(server) as one, socket(server) as other:
            assert one.hello()["resume"] != other.hello()["resume"]

    def test_a_message_is_acknowledged_when_it_is_on_disk_and_then_answered(self, server: Running) -> None:
        with socket(server) as client:
            client.hello()
            client.take("reply")
            before = server.stored()["messages"]
            client.send(type="message", id="m1", text="My certificate never came.")
            client.take("ack")
            assert server.stored()["messages"] == before + 2
            assert client.take("reply")["in_reply_to"] == "m1"

    def test_a_message_sent_again_has_the_same_answer_and_stores_nothing(self, server: Running) -> None:
        with socket(server) as client:
            client.hello()
            client.take("reply")
            first = client.say("My certificate never came.", "m1")
            kept = server.stored()
            assert client.say("My certificate never came.", "m1") == first
            assert server.stored() == kept

    def test_a_ping_is_answered_before_and_after_the_hello(self, server: Running) -> None:
        with socket(server) as client:
            client.send(type="ping")
            client.take("pong")
            client.hello()
            client.take("reply")
            client.send(type="ping")
            client.take("pong")


class TestResume:
    def test_what_was_missed_comes_after_the_welcome_and_what_was_seen_does_not(
        self, server: Running
    ) -> None:
        with socket(server) as client:
            key = client.hello()["resume"]
            seen = client.take("reply")["seq"]
            client.send(type="message", id="m1", text="My certificate never came.")
            # The connection breaks before the acknowledgement is read.
        with socket(server) as client:
            welcome = client.hello(key, seen)
            assert welcome["resume"] == key
            if welcome["seq"] == seen:
                # The message never arrived; the client sends what was not acknowledged.
                reply = client.say("My certificate never came.", "m1")
            else:
                reply = client.take("reply")
                assert reply["seq"] == welcome["seq"] > seen
                client.send(type="message", id="m1", text="My certificate never came.")
                assert client.take("ack")["seq"] == reply["seq"]
        with socket(server) as client:
            assert client.hello(key, reply["seq"])["seq"] == reply["seq"]

            client.send(type="ping")
            client.take("pong")

    def test_a_reply_that_was_missed_says_what_it_answers(self, server: Running) -> None:
        with socket(server) as client:
            key = client.hello()["resume"]
            client.take("reply")
            client.say("My certificate never came.", "m1")
        with socket(server) as elsewhere:
            elsewhere.hello(key)
            assert "said" not in elsewhere.take("reply")
            assert elsewhere.take("reply")["said"] == {"id": "m1", "text": "My certificate never came."}

    def test_from_the_start_every_reply_comes_again(self, server: Running) -> None:
        with socket(server) as client:
            key = client.hello()["resume"]
            told = [client.take("reply"), client.say("My certificate never came.")]
        with socket(server) as client:
            client.hello(key)
            again = [client.take("reply"), client.take("reply")]
        assert [reply["entries"] for reply in again] == [reply["entries"] for reply in told]

    def test_the_store_outlives_the_server(self, tmp_path: Path) -> None:
        with running(tmp_path) as server, socket(server) as client:
            key = client.hello()["resume"]
            client.take("reply")
            told = client.say("My certificate never came.")
        with running(tmp_path) as server, socket(server) as client:
            client.hello(key, told["seq"] - 1)
            assert client.take("reply")["entries"] == told["entries"]

    def test_a_conversation_begun_over_rest_goes_on_here(self, server: Running) -> None:
        sender = somebody()
        server.say(sender, "hello")
        entries = server.say(sender, "My certificate never came.")
        with socket(server) as client:
            client.hello(sender)
            client.take("reply")
            told = client.take("reply")["entries"]
        assert told == [{k: v for k, v in entry.items() if k != "recipient_id"} for entry in entries]

    def test_an_unknown_key_opens_nothing_and_a_new_conversation_may_follow(self, server: Running) -> None:
        with socket(server) as client:
            client.send(type="hello", resume=somebody(), last_seen=0)
            problem = client.take("error")["problem"]
            assert (problem["status"], problem["where"]) == (404, "resume")
            client.hello()
            client.take("reply")

    def test_a_key_of_another_organisation_opens_nothing(self, server: Running) -> None:
        with socket(server, "cqm") as client:
            key = client.hello()["resume"]
        with socket(server, "cim") as client:
            client.send(type="hello", resume=key, last_seen=0)
            assert client.take("error")["problem"]["status"] == 404


class TestTabs:
    def test_every_tab_of_a_conversation_shows_the_reply(self, server: Running) -> None:
        with socket(server) as one, socket(server) as other:
            key = one.hello()["resume"]
            one.take("reply")
            other.hello(key)
            other.take("reply")
            reply = one.say("My certificate never came.", "m1")
            # The other tab was not there when it was said.
            said = {"id": "m1", "text": "My certificate never came."}
            assert other.take("reply") == {**reply, "said": said}
            answered = other.say("yes", "m2")
            assert one.take("reply") == {**answered, "said": {"id": "m2", "text": "yes"}}

    def test_a_tab_that_goes_before_its_answer_comes_leaves_the_others_none_the_wiser(
        self, server: Running
    ) -> None:
        with socket(server) as other:
            key = other.hello()["resume"]
            other.take("reply")
            for name in ("m1", "m2", "m3", "m4"):
                with socket(server) as one:
                    one.hello(key, 1_000)
                    one.send(type="message", id=name, text=f"My certificate never came, {name}.")
                    one.connection.socket.shutdown(SHUT_RDWR)
                assert other.take("reply")["said"]["id"] == name

    def test_another_conversation_hears_nothing(self, server: Running) -> None:
        with socket(server) as one, socket(server) as other:
            one.hello()
            one.take("reply")
            other.hello()
            other.take("reply")
            one.say("My certificate never came.")
            other.send(type="ping")
            other.take("pong")


BAD = [
    ("no JSON", "{", 400, None),
    ("no type", "{}", 422, None),
    ("an unknown type", '{"type":"shout"}', 422, None),
    ("no text", '{"type":"message","id":"m"}', 422, "message.text"),
    ("text of the wrong type", '{"type":"message","id":"m","text":7}', 422, "message.text"),
    ("no id", '{"type":"message","text":"hi"}', 422, "message.id"),
    (
        "an id of 201 characters",
        json.dumps({"type": "message", "id": "m" * 201, "text": "hi"}),
        422,
        "message.id",
    ),
    ("NUL in the text", json.dumps({"type": "message", "id": "m", "text": "a\x00"}), 422, "text"),
    ("a text over 16 KiB", json.dumps({"type": "message", "id": "m", "text": "x" * 16385}), 413, "text"),
    ("a second hello", '{"type":"hello","resume":null,"last_seen":0}', 422, "type"),
]


class TestBadInput:
    @pytest.mark.parametrize(
        ("frame", "status", "where"), [row[1:] for row in BAD], ids=[row[0] for row in BAD]
    )
    def test_it_is_named_nothing_is_stored_and_the_socket_stays_open(
        self, server: Running, frame: str, status: int, where: str | None
    ) -> None:
        with socket(server) as client:
            client.hello()
            client.take("reply")
            before = server.stored()
            client.connection.send(frame)
            problem = client.take("error")["problem"]
            assert (problem["status"], problem.get("where")) == (status, where)
            assert server.stored() == before
            client.say("My certificate never came.")

    def test_the_message_at_fault_is_named_by_its_id(self, server: Running) -> None:
        with socket(server) as client:
            client.hello()
            client.take("reply")
            client.send(type="message", id="long", text="x" * 20_000)
            assert client.take("error")["id"] == "long"

    def test_a_message_before_the_hello_is_refused(self, server: Running) -> None:
        with socket(server) as client:
            client.send(type="message", id="m", text="hi")
            assert client.take("error")["problem"]["nearest"] == "hello"
            client.hello()

    @pytest.mark.parametrize(
        ("part", "value"),
        [
            ("last_seen", -1),
            ("last_seen", "1"),
            ("resume", 5),
            ("resume", ""),
            ("received_at", "2026-12-24T10:00:00"),
        ],
    )
    def test_a_hello_that_cannot_be_read_opens_nothing(
        self, server: Running, part: str, value: object
    ) -> None:
        before = server.stored()
        with socket(server) as client:
            client.send(**{"type": "hello", "resume": None, "last_seen": 0, part: value})
            assert part in client.take("error")["problem"]["where"]
        assert server.stored() == before

    def test_a_frame_over_64_kib_ends_the_socket(self, server: Running) -> None:
        with socket(server) as client:
            client.hello()
            client.connection.send("x" * (64 * 1024 + 1))
            assert client.closed_with() == 1009

    def test_a_binary_frame_ends_the_socket(self, server: Running) -> None:
        with socket(server) as client:
            client.connection.send(b"\x00\x01")
            assert client.closed_with() == 1003

    def test_patience_ends(self, server: Running) -> None:
        with socket(server) as client:
            for _ in range(20):
                client.connection.send("{")
            assert client.closed_with() == 1008

    def test_an_unknown_organisation_is_refused_at_the_handshake_with_the_nearest(
        self, server: Running
    ) -> None:
        with pytest.raises(InvalidStatus) as refused, socket(server, "cqn"):
            pass
        assert refused.value.response.status_code == 404
        assert json.loads(refused.value.response.body or b"")["nearest"] == "cqm"


class TestWhoMayConnect:
    def test_a_page_of_another_origin_may_not(self, server: Running) -> None:
        for origin in ("https://evil.example", "null", "http://127.0.0.1:1"):
            with pytest.raises(InvalidStatus) as refused, socket(server, Origin=origin):
                pass
            assert refused.value.response.status_code == 403

    def test_our_own_page_may(self, server: Running) -> None:
        with socket(server, Origin=server.url) as client:
            client.hello()

    def test_a_stranger_may_complain_but_not_log_for_somebody(self, server: Running) -> None:
        with socket(server, X_Forwarded_For=STRANGER) as client:
            client.send(type="hello", resume=None, last_seen=0, channel="phone")
            assert client.take("error")["problem"]["status"] == 401
            client.hello()
            client.take("reply")
            client.say("My certificate never came.")

    def test_a_key_that_can_be_guessed_opens_nothing_for_a_stranger(self, server: Running) -> None:
        server.say("customer-7", "hello")
        with socket(server, X_Forwarded_For=STRANGER) as client:
            client.send(type="hello", resume="customer-7", last_seen=0)
            assert client.take("error")["problem"]["status"] == 404
        with socket(server) as client:
            client.hello("customer-7")

    def test_an_allowed_origin_may_and_limits_hold(self, tmp_path: Path) -> None:
        with running(
            tmp_path,
            allowed_origins="https://www.example.org",
            limit_address="4/minute",
            limit_conversation="2/minute",
        ) as server:
            with socket(server, Origin="https://www.example.org") as client:
                client.hello()
                client.take("reply")
                client.say("My certificate never came.")
                client.say("yes")
                client.send(type="message", id="m3", text="no")
                refused = client.take("error")
                assert (refused["id"], refused["problem"]["status"]) == ("m3", 429)
                assert 1 <= refused["problem"]["retry_after"] <= 60
            with socket(server, X_Forwarded_For=STRANGER) as client:
                client.hello()
                client.take("reply")
                for number in range(2):
                    client.say("My certificate never came.", f"m{number}")
                client.send(type="message", id="m4", text="no")
                assert "address" in client.take("error")["problem"]["detail"]


def test_staff_log_a_call_with_its_time_and_their_name(server: Running) -> None:
    with socket(server) as client:
        client.hello(channel="phone", received_at="2026-12-24T16:45:00+00:00", recorded_by="Sam Okafor")
        greeting = client.take("reply")["entries"]
    assert "Recording a complaint" in greeting[0]["text"]


def test_words_in_a_failure_reach_neither_the_client_nor_the_log(
    server: Running, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    async def failing(*_: object) -> None:
        raise RuntimeError("the certificate of Jane Hartley")

    with socket(server) as client:
        client.hello()
        monkeypatch.setattr("bot.channels.hearing.take_turn", failing)
        client.send(type="message", id="m1", text="hi")
        assert client.closed_with() == 1011
    told = capfd.readouterr()
    assert "socket_failed" in told.out + told.err
    assert "Hartley" not in told.out + told.err
