"""Telling somebody that a case is not arriving. The words of the complaint stay out of it: a reference is enough."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from typing import Literal

from handoff.mail import MailServer, one_line
from handoff.target import DeliveryFailure

log = logging.getLogger("hearout.handoff")


@dataclass(frozen=True, slots=True)
class Trouble:
    """A delivery that keeps failing (`late`, it will be tried again) or that was given up (`dead`)."""

    kind: Literal["late", "dead"]
    organisation: str
    reference: str
    delivery_id: str
    target: str
    failures: int
    error: str


Alarm = Callable[[Trouble], Awaitable[None]]


async def log_alarm(trouble: Trouble) -> None:
    """The alarm that is always there: an error in the log."""
    log.error(
        "handoff %s: %s %s to %s, delivery %s, %d failures, %s",
        trouble.kind,
        trouble.organisation,
        trouble.reference,
        trouble.target,
        trouble.delivery_id,
        trouble.failures,
        trouble.error,
    )


@dataclass(frozen=True, slots=True)
class MailAlarm:
    """Logs, and writes to the person whom the organisation named; `address_of` gives None where it named nobody."""

    server: MailServer
    address_of: Callable[[str], str | None]

    async def __call__(self, trouble: Trouble) -> None:
        await log_alarm(trouble)
        if not (address := self.address_of(trouble.organisation)) or not self.server.host:
            return
        try:
            await self.server.send(_letter(trouble, self.server.sender, address), [address])
        except DeliveryFailure as failure:
            log.error("handoff alarm for %s could not be sent: %s", trouble.reference, failure)


def _letter(trouble: Trouble, sender: str, address: str) -> EmailMessage:
    dead = trouble.kind == "dead"
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"] = one_line(sender), one_line(address)
    message["Subject"] = one_line(
        f"Case {trouble.reference} {'was not' if dead else 'is not yet'} handed over"
    )
    message["Message-ID"] = (
        f"<{trouble.delivery_id}.{trouble.kind}@{one_line(sender).rpartition('@')[2] or 'localhost'}>"
    )
    message["Auto-Submitted"] = "auto-generated"
    then = (
        f"It will not be tried again. Mend the cause, then: hearout handoff replay {trouble.delivery_id}"
        if dead
        else "It will be tried again."
    )
    message.set_content(
        f"The case is safe in the register, but it has not reached '{trouble.target}' after {trouble.failures} "
        f"attempts.\nThe last answer: {trouble.error}\n\n{then}\n"
        f"To read it: hearout case show {trouble.reference}\n"
    )
    return message
