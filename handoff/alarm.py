"""Telling somebody that a case is not arriving. The words of the complaint stay out of it: a reference is enough."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from typing import Literal

from handoff.mail import MailServer, one_line
from handoff.target import DeliveryFailure

log = logging.getLogger("hearout.handoff")


@dataclass(frozen=True, slots=True)
class Trouble:
    """Deliveries to one place that keep failing (`late`, they will be tried again), that were given up (`dead`), or
    that wait because the place wants no more (`disabled`). `also` are the references of further ones.
    """

    kind: Literal["late", "dead", "disabled"]
    organisation: str
    reference: str
    delivery_id: str
    target: str
    failures: int
    error: str
    also: tuple[str, ...] = ()


# False: nobody could be told now, and it has to be tried again.
Alarm = Callable[[Trouble], Awaitable[bool]]


async def log_alarm(trouble: Trouble) -> bool:
    """The alarm that is always there: an error in the log."""
    log.error(
        "handoff %s: %s %s to %s, delivery %s, %d failures, %s%s",
        trouble.kind,
        trouble.organisation,
        trouble.reference,
        trouble.target,
        trouble.delivery_id,
        trouble.failures,
        trouble.error,
        f"; also {', '.join(trouble.also)}" if trouble.also else "",
    )
    return True


@dataclass(frozen=True, slots=True)
class MailAlarm:
    """Logs, and writes to the person whom the organisation named; `address_of` gives None where it named nobody."""

    server: MailServer
    address_of: Callable[[str], str | None]

    async def __call__(self, trouble: Trouble) -> bool:
        """True once the mail server has the letter, or where there is nobody to write to."""
        await log_alarm(trouble)
        if not (address := self.address_of(trouble.organisation)) or not self.server.host:
            return True
        try:
            await self.server.send(_letter(trouble, self.server.sender, address), [address])
        except DeliveryFailure as failure:
            log.error("handoff alarm for %s could not be sent: %s", trouble.reference, failure)
            return False
        return True


_SUBJECTS = {
    "late": "Case {reference} is not yet handed over",
    "dead": "Case {reference} was not handed over",
    "disabled": "Case {reference} waits: '{target}' takes no more cases",
}
MOST_LISTED = 50


def _letter(trouble: Trouble, sender: str, address: str) -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"] = one_line(sender), one_line(address)
    subject = _SUBJECTS[trouble.kind].format(reference=trouble.reference, target=trouble.target)
    message["Subject"] = one_line(subject + (f", and {len(trouble.also)} more" if trouble.also else ""))
    message["Message-ID"] = (
        f"<{trouble.delivery_id}.{trouble.kind}@{one_line(sender).rpartition('@')[2] or 'localhost'}>"
    )
    message["Auto-Submitted"] = "auto-generated"
    message.set_content("\n".join(_body(trouble)) + "\n")
    return message


def _body(trouble: Trouble) -> Iterator[str]:
    safe = "The case is safe in the register, but it has"
    if trouble.also:
        safe = f"{len(trouble.also) + 1} cases are safe in the register, but they have"
    yield f"{safe} not reached '{trouble.target}' of {trouble.organisation}."
    yield f"Attempts: {trouble.failures}. The last answer: {trouble.error or 'none yet'}"
    yield ""
    if trouble.kind == "late":
        yield "It will be tried again. To try now: hearout handoff retry " + trouble.delivery_id
    else:
        yield "It will not be tried again by itself. Mend the cause, then:"
        if trouble.kind == "dead" and not trouble.also:
            yield f"  hearout handoff retry {trouble.delivery_id}"
        else:
            yield f"  hearout handoff retry --all --organisation {trouble.organisation} --target {trouble.target}"
    yield f"To read it: hearout case show {trouble.reference}"
    if trouble.also:
        yield ""
        yield "The others:"
        yield from (f"  {reference}" for reference in trouble.also[:MOST_LISTED])
        if len(trouble.also) > MOST_LISTED:
            yield f"  and {len(trouble.also) - MOST_LISTED} more: see hearout handoff dead and hearout handoff list"
