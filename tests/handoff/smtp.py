"""A real mail server on loopback, which keeps what it takes and can be told to refuse."""

from __future__ import annotations

import email
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import default
from typing import Any, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


@dataclass
class Mailbox:
    """What came in, and how to answer: `refusals` are said to the next messages, `refused` to these recipients."""

    port: int = 0
    messages: list[EmailMessage] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    signed_in: list[str] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802 - the name is the library's
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.refusals:
            return self.refusals.pop(0)
        content = cast(bytes, envelope.content)
        self.messages.append(email.message_from_bytes(content, policy=default))
        self.recipients.append([str(address) for address in envelope.rcpt_tos])
        return "250 taken"

    def sign_in(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        """Takes the password `right`."""
        assert isinstance(data, LoginPassword)
        good = data.password == b"right"
        if good:
            self.signed_in.append(data.login.decode())
        return AuthResult(success=good, handled=False)


@contextmanager
def mail_server(port: int, **options: Any) -> Iterator[Mailbox]:
    """Serve on 127.0.0.1:`port` until the end of the block."""
    mailbox = Mailbox(port)
    controller = Controller(
        mailbox, hostname="127.0.0.1", port=port, authenticator=mailbox.sign_in, **options
    )
    controller.start()
    try:
        yield mailbox
    finally:
        controller.stop()
