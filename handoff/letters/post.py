"""A letter as an e-mail: text, and the PDF beside it. The words are not ours to know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP

from handoff.mail import one_line


@dataclass(frozen=True, slots=True)
class Mail:
    """What goes out: `attached` is (file name, content) of PDFs, `reply_to` an address or nothing."""

    subject: str
    text: str
    attached: tuple[tuple[str, bytes], ...] = ()
    reply_to: str = ""


def message(mail: Mail, delivery_id: str, sender: str, to: Sequence[str]) -> EmailMessage:
    """The e-mail; under the same Message-ID at every attempt, so that a second copy can be known as one."""
    sender = one_line(sender)
    made = EmailMessage(policy=SMTP)
    made["From"] = sender
    made["To"] = ", ".join(one_line(address) for address in to)
    if mail.reply_to:
        made["Reply-To"] = one_line(mail.reply_to)
    made["Subject"] = one_line(mail.subject)
    made["Message-ID"] = f"<{delivery_id}@{sender.rpartition('@')[2].rstrip('>') or 'localhost'}>"
    made["Auto-Submitted"] = "auto-generated"
    made.set_content(mail.text)
    for name, content in mail.attached:
        made.add_attachment(content, maintype="application", subtype="pdf", filename=one_line(name))
    return made
