"""The alarm reaches a named person, by reference and never by words."""

from __future__ import annotations

import json
import logging

import pytest

from handoff.alarm import Alarms, MailAlarm, Trouble, WebhookAlarm, log_alarm
from handoff.mail import MailServer
from tests.handoff.builders import run
from tests.handoff.receiver import Reply, receiving
from tests.handoff.smtp import mail_server

DEAD = Trouble("dead", "cqm", "CQM-0000-0000-0", "d" * 32, "email", 10, "550 (550)")


def _head(organisation: str) -> str | None:
    return "head@example.org" if organisation == "cqm" else None


def test_a_dead_letter_is_logged_by_its_reference(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR, "hearout.handoff"):
        run(log_alarm(DEAD))
    assert "handoff dead: cqm CQM-0000-0000-0 to email" in caplog.text


def test_the_named_person_gets_a_letter_that_says_what_to_do(free_port: int) -> None:
    with mail_server(free_port) as mailbox:
        alarm = MailAlarm(MailServer("127.0.0.1", free_port, "none"), _head)
        run(alarm(DEAD))
    (letter,) = mailbox.messages
    assert mailbox.recipients == [["head@example.org"]]
    assert letter["Subject"] == "Case CQM-0000-0000-0 was not handed over"
    text = letter.get_content()
    assert f"hearout handoff retry {'d' * 32}" in text
    assert "hearout case show CQM-0000-0000-0" in text


def test_where_nobody_is_named_the_log_has_it(caplog: pytest.LogCaptureFixture) -> None:
    nobody = MailAlarm(MailServer("127.0.0.1"), lambda organisation: None)
    assert run(Alarms((nobody,))(DEAD)), "there is nothing that another try could do"
    assert "CQM-0000-0000-0" in caplog.text


def test_an_alarm_that_cannot_be_sent_is_itself_logged(
    free_port: int, caplog: pytest.LogCaptureFixture
) -> None:
    run(MailAlarm(MailServer("127.0.0.1", free_port, "none"), _head)(DEAD))
    assert "alarm for CQM-0000-0000-0 could not be sent" in caplog.text


class TestASecondWay:
    """What is down may be the mail server itself."""

    def alarms(self, port: int, url: str) -> Alarms:
        return Alarms((MailAlarm(MailServer("127.0.0.1", port, "none"), _head), WebhookAlarm(url)))

    def test_with_the_mail_server_down_the_webhook_tells_and_that_is_enough(self, free_port: int) -> None:
        with receiving() as chat:
            assert run(self.alarms(free_port, chat.url + "/services/T0/B0")(DEAD))
        (request,) = chat.requests
        said = json.loads(request.body)
        assert said["text"].startswith(
            "Case CQM-0000-0000-0 was not handed over. The case is safe in the register"
        )
        assert f"hearout handoff retry {'d' * 32}" in said["text"]
        assert (said["kind"], said["organisation"], said["target"]) == ("dead", "cqm", "email")
        assert (request.method, request.path) == ("POST", "/services/T0/B0")
        assert request.headers["webhook-id"] == f"{'d' * 32}.dead"

    def test_with_both_up_both_tell(self, free_port: int) -> None:
        with receiving() as chat, mail_server(free_port) as mailbox:
            assert run(self.alarms(free_port, chat.url)(DEAD))
        assert (len(chat.requests), len(mailbox.messages)) == (1, 1)

    @pytest.mark.parametrize(
        "reply", [Reply(500), Reply(404), Reply(302, headers={"location": "/"}), Reply(410)]
    )
    def test_with_the_webhook_down_the_letter_is_enough(
        self, free_port: int, reply: Reply, caplog: pytest.LogCaptureFixture
    ) -> None:
        with receiving() as chat, mail_server(free_port) as mailbox:
            chat.otherwise = lambda request: reply
            assert run(self.alarms(free_port, chat.url + "/services/s3cret")(DEAD))
        assert len(mailbox.messages) == 1
        assert "could not be sent to the webhook" in caplog.text
        assert "s3cret" not in caplog.text, "whoever knows the address can write there"

    def test_with_both_down_it_is_tried_again(self, free_port: int) -> None:
        with receiving() as gone:
            url = gone.url
        assert not run(self.alarms(free_port, url)(DEAD))

    def test_where_nobody_is_named_for_mail_the_webhook_decides(self) -> None:
        nobody = MailAlarm(MailServer(""), lambda organisation: None)
        with receiving() as chat:
            chat.replies = [Reply(503)]
            alarms = Alarms((nobody, WebhookAlarm(chat.url)))
            assert [run(alarms(DEAD)), run(alarms(DEAD))] == [False, True]

    def test_the_address_of_a_clouds_metadata_is_not_called(self, caplog: pytest.LogCaptureFixture) -> None:
        assert not run(WebhookAlarm("http://169.254.169.254/latest")(DEAD))
        assert "metadata" in caplog.text
