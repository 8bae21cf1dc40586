"""A letter to the person: to their address, once, and not when there is nothing left to remind them of."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from handoff.letters.post import Mail
from handoff.mail import MailServer
from handoff.target import Delivery, PermanentFailure, TransientFailure
from handoff.targets.person import PersonTarget
from tests.handoff.builders import a_delivery, run
from tests.handoff.smtp import mail_server


def deliver(port: int, **changes: Any) -> None:
    def write(item: Delivery) -> Mail:
        return Mail(f"Your reference\r\nBcc: evil@example.org {item.reference}", "Go on when you like.\n")

    server = MailServer("127.0.0.1", port, security="none", sender="hearout@example.org")
    item = replace(a_delivery(**{"state": "draft", **changes}), kind="draft.reminder")
    run(PersonTarget(server, write).deliver(item))


def test_it_goes_to_their_address_with_one_id_and_nothing_of_the_matter(free_port: int) -> None:
    with mail_server(free_port) as mailbox:
        deliver(free_port)
        deliver(free_port)
    assert mailbox.recipients == [["ann@example.org"]] * 2
    first, second = mailbox.messages
    assert first["Message-ID"] == second["Message-ID"] == f"<{'d' * 32}@example.org>"
    assert first["Auto-Submitted"] == "auto-generated"
    assert first["Bcc"] is None
    assert first.get_content().strip() == "Go on when you like."
    assert "tutor" not in str(first)


@pytest.mark.parametrize("state", ["filed", "withdrawn", "abandoned", "signposted"])
def test_who_is_through_is_left_in_peace(free_port: int, state: str) -> None:
    with mail_server(free_port) as mailbox:
        deliver(free_port, state=state)
    assert mailbox.messages == []


def test_an_address_that_was_taken_back_is_no_address(free_port: int) -> None:
    with pytest.raises(PermanentFailure, match="taken their e-mail address back"):
        deliver(free_port, complainant={})


def test_a_server_that_is_away_is_tried_again(free_port: int) -> None:
    with pytest.raises(TransientFailure):
        deliver(free_port)
