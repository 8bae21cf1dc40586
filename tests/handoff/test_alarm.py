"""The alarm reaches a named person, by reference and never by words."""

from __future__ import annotations

import logging

import pytest

from handoff.alarm import MailAlarm, Trouble, log_alarm
from handoff.mail import MailServer
from tests.handoff.builders import run
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
    run(MailAlarm(MailServer("127.0.0.1"), lambda organisation: None)(DEAD))
    assert "CQM-0000-0000-0" in caplog.text


def test_an_alarm_that_cannot_be_sent_is_itself_logged(
    free_port: int, caplog: pytest.LogCaptureFixture
) -> None:
    run(MailAlarm(MailServer("127.0.0.1", free_port, "none"), _head)(DEAD))
    assert "alarm for CQM-0000-0000-0 could not be sent" in caplog.text
