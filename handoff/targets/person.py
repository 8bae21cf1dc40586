"""Letters to the person themselves, at the e-mail address that they gave. Hearout writes to them from nowhere else."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from handoff.letters.post import Mail, message
from handoff.mail import MailServer, one_line
from handoff.target import Delivery, PermanentFailure

DRAFT = "draft."
REMINDER = "letter.reminder"


async def _nothing(item: Delivery) -> None:
    """For who need not know."""


@dataclass(frozen=True, slots=True)
class PersonTarget:
    """Sends what `write` makes of a delivery; `sent` is told once the mail server has taken it."""

    server: MailServer
    write: Callable[[Delivery], Mail]
    sent: Callable[[Delivery], Awaitable[None]] = _nothing

    async def deliver(self, item: Delivery) -> None:
        """Returns once the mail server has taken it, or at once when there is nothing left to write about."""
        if not _is_wanted(item.kind, item.record):
            return
        address = one_line((item.record.get("complainant") or {}).get("email") or "")
        if not address:
            raise PermanentFailure("the person has taken their e-mail address back")
        mail = await asyncio.to_thread(self.write, item)
        await self.server.send(message(mail, item.id, self.server.sender, (address,)), (address,))
        await self.sent(item)


def _is_wanted(kind: str, record: dict[str, Any]) -> bool:
    """Whether the letter still says something that is so.

    Who has sent their complaint meanwhile, or withdrawn it, would only be puzzled by a reminder of the draft. Who has
    withdrawn the case wants no letter about it, and a consent that was answered no reminder.
    """
    if kind.startswith(DRAFT):
        return record.get("state") == "draft"
    if kind == REMINDER and (record.get("representation") or {}).get("consent") != "pending":
        return False
    return record.get("state") != "withdrawn"
