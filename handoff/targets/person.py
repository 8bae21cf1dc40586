"""A letter to the person themselves, at the e-mail address that they gave."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP

from handoff.mail import MailServer, one_line
from handoff.target import Delivery, PermanentFailure


@dataclass(frozen=True, slots=True)
class PersonTarget:
    """Sends what `write` makes of a delivery, as (subject, text); the words are not ours to know."""

    server: MailServer
    write: Callable[[Delivery], tuple[str, str]]

    async def deliver(self, item: Delivery) -> None:
        """Returns once the mail server has taken it, or at once when the draft is a draft no more.

        Who has sent their complaint meanwhile, or withdrawn it, would only be puzzled by a reminder.
        """
        if item.record.get("state") != "draft":
            return
        address = one_line((item.record.get("complainant") or {}).get("email") or "")
        if not address:
            raise PermanentFailure("the person has taken their e-mail address back")
        await self.server.send(self._compose(item, address), (address,))

    def _compose(self, item: Delivery, address: str) -> EmailMessage:
        subject, text = self.write(item)
        sender = one_line(self.server.sender)
        message = EmailMessage(policy=SMTP)
        message["From"] = sender
        message["To"] = address
        message["Subject"] = one_line(subject)
        message["Message-ID"] = f"<{item.id}@{sender.rpartition('@')[2].rstrip('>') or 'localhost'}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(text)
        return message
