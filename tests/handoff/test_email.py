"""The e-mail: readable, safe in its headers, and clear about what a refusal means. The mail server is a real one."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handoff.mail import MailServer
from handoff.target import DeliveryFailure, PermanentFailure, TransientFailure
from handoff.targets.email import EmailTarget, compose
from tests.handoff.builders import REFERENCE, a_delivery, run
from tests.handoff.certificate import serving, trusting
from tests.handoff.smtp import Mailbox, mail_server

TO = ("cases@example.org", "deputy@example.org")


def _send(port: int, **server: Any) -> None:
    settings = {"security": "none", "sender": "hearout@example.org", **server}
    run(EmailTarget(MailServer("127.0.0.1", port, **settings), TO).deliver(a_delivery()))


def test_a_case_officer_reads_dates_handler_contact_and_remedy_at_a_glance(free_port: int) -> None:
    with mail_server(free_port) as mailbox:
        _send(free_port)
    (message,) = mailbox.messages
    assert mailbox.recipients == [list(TO)]
    assert message["Subject"] == (
        f"Complaint {REFERENCE} (filed), acknowledge by Wednesday 30 December 2026, "
        "respond by Tuesday 26 January 2027"
    )
    assert message["Message-ID"] == f"<{'d' * 32}@example.org>"
    assert message["Auto-Submitted"] == "auto-generated"
    body = message.get_body(("plain",))
    assert body is not None
    text = body.get_content()
    for line in (
        "For: Centre manager",
        "Stage: Stage 1",
        "Received: Thursday 24 December 2026, 16:45",
        "Acknowledge by: Wednesday 30 December 2026",
        "Respond by: Tuesday 26 January 2027",
        "Duty: written record: Wednesday 30 December 2026",
        "Name: Ann Evans",
        "E-mail: ann@example.org",
        "An apology",
        "Twice — naïve of me to trust them.",
    ):
        assert line in text.splitlines(), line


def test_the_subject_tells_nothing_of_the_person() -> None:
    subject = str(compose(a_delivery(), "a@b.org", TO)["Subject"])
    assert "Ann" not in subject
    assert "tutor" not in subject


def test_a_representative_without_consent_is_marked() -> None:
    stands = {"on_behalf_of": "other", "basis": "consent", "representative_name": "Bo", "consent": "pending"}
    body = compose(a_delivery(representation=stands), "a@b.org", TO).get_body(("plain",))
    assert body is not None
    assert "Written for them by: Bo" in body.get_content()
    assert "Tell the representative nothing about the case until consent is given." in body.get_content()


def test_a_restricted_case_and_the_clock_of_the_law_are_shown() -> None:
    law = {"kind": "statutory_acknowledge", "by": "organisation", "due": "2027-01-23"}
    record: dict[str, Any] = {"restricted_because": ["member_conduct"], "statutory_clocks": [law]}
    body = compose(a_delivery(**record), "a@b.org", TO).get_body(("plain",))
    assert body is not None
    assert "Restricted to those who deal with it, because of: member_conduct" in body.get_content()
    assert "By law, acknowledge by: Saturday 23 January 2027" in body.get_content()


def test_a_record_with_nothing_but_its_reference_makes_a_letter() -> None:
    bare = a_delivery(
        decision=None, complainant={}, narrative=None, desired_remedy=None, policy={}, filed_at=None, facts={}
    )
    body = compose(bare, "a@b.org", TO).get_body(("plain",))
    assert body is not None
    assert "None" not in body.get_content()


@given(st.text(max_size=60), st.text(max_size=60))
def test_no_text_can_start_a_header_of_its_own(reference: str, state: str) -> None:
    item = a_delivery()
    item.record["state"] = f"filed\r\nBcc: thief@example.org\r\n{state}"
    forged = type(item)(
        item.id, item.kind, item.organisation, f"X\nBcc: thief@example.org {reference}", item.record
    )
    head = compose(forged, "a@b.org", TO).as_bytes().split(b"\r\n\r\n")[0].decode("ascii", "replace")
    names = {line.split(":")[0].lower() for line in re.split(r"\r\n(?![ \t])", head)}
    assert names <= {
        "from", "to", "subject", "message-id", "auto-submitted", "date", "mime-version", "content-type"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ("451 local error", TransientFailure),
        ("421 closing", TransientFailure),
        ("550 not wanted: My tutor lost my work", PermanentFailure),
        ("552 too large", PermanentFailure),
        ("554 spam", PermanentFailure),
    ],
)
def test_the_code_of_a_refusal_says_whether_to_try_again(free_port: int, answer: str, kind: type) -> None:
    with mail_server(free_port) as mailbox:
        mailbox.refusals.append(answer)
        with pytest.raises(kind) as failure:
            _send(free_port)
    assert answer[:3] in str(failure.value)
    assert "tutor" not in str(failure.value)


@pytest.mark.parametrize(
    ("refused", "outcome"),
    [
        ({TO[0]: "550 no such user", TO[1]: "550 no such user"}, PermanentFailure),
        ({TO[0]: "550 no such user", TO[1]: "450 busy"}, TransientFailure),
        ({TO[0]: "450 greylisted"}, TransientFailure),
        ({TO[0]: "550 no such user"}, None),
    ],
)
def test_recipients_that_are_refused(
    free_port: int, refused: dict[str, str], outcome: type[DeliveryFailure] | None
) -> None:
    with mail_server(free_port) as mailbox:
        mailbox.refused = refused
        if outcome is None:
            _send(free_port)
            assert mailbox.recipients == [[TO[1]]]
        else:
            with pytest.raises(outcome):
                _send(free_port)


def test_nobody_listening_is_transient(free_port: int) -> None:
    with pytest.raises(TransientFailure, match="cannot be reached"):
        _send(free_port)


def test_no_server_in_the_settings_is_said_plainly() -> None:
    with pytest.raises(TransientFailure, match="HEAROUT_SMTP_HOST"):
        run(EmailTarget(MailServer(""), TO).deliver(a_delivery()))


class TestSecurity:
    """STARTTLS, TLS from the first byte, and signing in."""

    def test_starttls_and_sign_in(self, free_port: int, tmp_path: Path) -> None:
        with mail_server(free_port, tls_context=serving(tmp_path), auth_required=True) as mailbox:
            _send(free_port, security="starttls", user="me", password="right", trust=trusting(tmp_path))
        assert (len(mailbox.messages), mailbox.signed_in) == (1, ["me"])

    def test_tls_from_the_first_byte(self, free_port: int, tmp_path: Path) -> None:
        with mail_server(free_port, ssl_context=serving(tmp_path)) as mailbox:
            _send(free_port, security="tls", trust=trusting(tmp_path))
        assert len(mailbox.messages) == 1

    def test_a_wrong_password_is_for_somebody_to_mend(self, free_port: int, tmp_path: Path) -> None:
        with (
            mail_server(free_port, tls_context=serving(tmp_path), auth_required=True),
            pytest.raises(PermanentFailure, match="535"),
        ):
            _send(free_port, security="starttls", user="me", password="wrong", trust=trusting(tmp_path))

    def test_a_server_without_starttls_gets_no_word(self, free_port: int) -> None:
        with mail_server(free_port) as mailbox, pytest.raises(PermanentFailure):
            _send(free_port, security="starttls")
        assert mailbox.messages == []

    def test_a_certificate_that_is_not_trusted_gets_no_word(self, free_port: int, tmp_path: Path) -> None:
        mailbox: Mailbox
        with mail_server(free_port, tls_context=serving(tmp_path)) as mailbox, pytest.raises(DeliveryFailure):
            _send(free_port, security="starttls")
        assert mailbox.messages == []

    def test_the_password_is_not_in_the_repr(self) -> None:
        assert "right" not in repr(MailServer("h", password="right"))
