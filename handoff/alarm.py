"""Telling somebody that a case is not arriving, by e-mail and by a webhook: one of them may be what is broken.

The words of the complaint stay out of it: a reference is enough.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any, Literal

from handoff.http import Caller, failure_of
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
# A way to tell somebody; None: there is nobody at the end of it.
Channel = Callable[[Trouble], Awaitable[bool | None]]


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
class Alarms:
    """Logs, and tells by every channel at once. It is told once one of them has taken it, or where there is none."""

    channels: tuple[Channel, ...]

    async def __call__(self, trouble: Trouble) -> bool:
        """False where each channel that leads to somebody failed."""
        await log_alarm(trouble)
        told = await asyncio.gather(*(channel(trouble) for channel in self.channels))
        return True in told or False not in told


@dataclass(frozen=True, slots=True)
class MailAlarm:
    """Writes to the person whom the organisation named; `address_of` gives None where it named nobody."""

    server: MailServer
    address_of: Callable[[str], str | None]

    async def __call__(self, trouble: Trouble) -> bool | None:
        """True once the mail server has the letter; None where there is nobody to write to."""
        if not (address := self.address_of(trouble.organisation)) or not self.server.host:
            return None
        try:
            await self.server.send(_letter(trouble, self.server.sender, address), [address])
        except DeliveryFailure as failure:
            log.error("handoff alarm for %s could not be sent: %s", trouble.reference, failure)
            return False
        return True


@dataclass(frozen=True, slots=True)
class WebhookAlarm:
    """POSTs {"text": ...} and the particulars to an address, such as a team's chat; the address may be the secret.

    `text` is what Slack, Mattermost, Teams and most others show.
    """

    url: str = field(repr=False)
    # Whoever sets up the server names the address; metadata addresses are refused all the same.
    caller: Caller = field(default_factory=lambda: Caller(allow_private=True))
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    async def __call__(self, trouble: Trouble) -> bool:
        """True once the address has answered 2xx."""
        subject = _subject(trouble)
        particulars = {
            "kind": trouble.kind,
            "organisation": trouble.organisation,
            "reference": trouble.reference,
            "also": list(trouble.also[:MOST_LISTED]),
            "target": trouble.target,
            "failures": trouble.failures,
            "error": trouble.error,
        }
        return await self.say(
            f"{subject}. " + " ".join(line.strip() for line in _body(trouble) if line),
            f"{trouble.delivery_id}.{trouble.kind}",
            particulars,
        )

    async def say(self, text: str, name: str, particulars: Mapping[str, Any]) -> bool:
        """Send one alarm under a name of its own; False, and an error in the log, where it was not taken."""
        body = json.dumps({"text": text, **particulars}, ensure_ascii=False).encode()
        headers = {"Content-Type": "application/json", "webhook-id": name}
        try:
            answer = await self.caller.call("POST", self.url, headers, body)
            if (failure := failure_of(answer, self.clock())) is not None:
                raise failure
        except DeliveryFailure as failure:
            log.error("handoff alarm %s could not be sent to the webhook: %s", name, failure)
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
    message["Subject"] = one_line(_subject(trouble))
    message["Message-ID"] = (
        f"<{trouble.delivery_id}.{trouble.kind}@{one_line(sender).rpartition('@')[2] or 'localhost'}>"
    )
    message["Auto-Submitted"] = "auto-generated"
    message.set_content("\n".join(_body(trouble)) + "\n")
    return message


def _subject(trouble: Trouble) -> str:
    subject = _SUBJECTS[trouble.kind].format(reference=trouble.reference, target=trouble.target)
    return subject + (f", and {len(trouble.also)} more" if trouble.also else "")


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
