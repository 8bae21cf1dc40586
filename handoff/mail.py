"""The mail server: one e-mail goes out, or the failure says whether another try can help."""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Literal

import aiosmtplib

from handoff.target import DeliveryFailure, PermanentFailure, TransientFailure

Security = Literal["starttls", "tls", "none"]


@dataclass(frozen=True, slots=True)
class MailServer:
    """How to reach the mail server and who Hearout's e-mails come from.

    `security`: starttls (refused when the server does not offer it), tls from the first byte, or none.
    `seconds` limits each step. `trust` replaces the machine's certificate authorities.
    """

    host: str
    port: int = 587
    security: Security = "starttls"
    user: str = ""
    password: str = field(default="", repr=False)
    sender: str = "hearout@localhost"
    seconds: float = 20.0
    trust: ssl.SSLContext | None = field(default=None, repr=False)

    async def send(self, message: EmailMessage, recipients: Sequence[str]) -> None:
        """Returns once the server has taken the message for every recipient that it will ever take it for.

        Raises PermanentFailure when it took it for nobody and never will, TransientFailure when trying again may help.
        """
        if not self.host:
            raise TransientFailure("no mail server is set (HEAROUT_SMTP_HOST)")
        try:
            refused, _ = await aiosmtplib.send(
                message,
                sender=self.sender,
                recipients=list(recipients),
                hostname=self.host,
                port=self.port,
                use_tls=self.security == "tls",
                start_tls=self.security == "starttls",
                username=self.user or None,
                password=self.password or None,
                timeout=self.seconds,
                tls_context=self.trust,
            )
        except aiosmtplib.SMTPException as error:
            raise _failure(error) from None
        except OSError as error:
            raise TransientFailure(f"the mail server cannot be reached: {type(error).__name__}") from None
        # Some took it. Those who never will are a matter for whoever set the addresses; the others get it again.
        if any(_passes(response.code) for response in refused.values()):
            raise TransientFailure(
                f"{len(refused)} of {len(recipients)} recipients refused for now", of_receiver=False
            )


def _failure(error: aiosmtplib.SMTPException) -> DeliveryFailure:
    """What to do about it. Only codes are told: a server may quote the message in its answer."""
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        codes = [refusal.code for refusal in error.recipients]
        return _by_codes("every recipient was refused", codes, of_server=False)
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return _by_codes(type(error).__name__, [error.code])
    # The library raises its bare base class where STARTTLS or AUTH is not offered.
    if isinstance(error, aiosmtplib.SMTPNotSupported) or type(error) is aiosmtplib.SMTPException:
        return PermanentFailure("the mail server does not offer what is set (STARTTLS or sign-in)")
    return TransientFailure(f"the mail server cannot be reached: {type(error).__name__}")


def _by_codes(what: str, codes: Iterable[int], *, of_server: bool = True) -> DeliveryFailure:
    codes = list(codes)
    said = f"{what} ({', '.join(str(code) for code in sorted(set(codes)))})"
    if any(map(_passes, codes)):
        return TransientFailure(said, of_receiver=of_server)
    return PermanentFailure(said)


def _passes(code: int) -> bool:
    """Whether the refusal is for now: RFC 5321 gives 4xx to what may pass, 5xx to what will not."""
    return not 500 <= code <= 599


def one_line(text: str) -> str:
    """Text that can stand in a header: no line break or other control character can start a header of its own."""
    return re.sub(r"[\x00-\x20\x7f-\x9f\u2028\u2029]+", " ", text).strip()
