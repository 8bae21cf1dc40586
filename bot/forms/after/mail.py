"""The e-mails about a filed case that are no letters: the code, and word of a contact that was changed.

A code is made here, at the moment at which it goes out, so that it stands nowhere but in the e-mail. Somebody else may
read the mailbox: the e-mail says nothing of a complaint.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from bot.dialogue import outcome
from bot.dialogue.catalogue import Catalogue
from bot.turn import Desk, context_of
from cases import afterwards, codes
from handoff.letters.post import Mail, message
from handoff.mail import MailServer, one_line
from handoff.target import Delivery, Target


@dataclass(frozen=True, slots=True)
class CasePost:
    """The target of what goes to the person: codes and words of caution from here, all else by `otherwise`."""

    otherwise: Target
    server: MailServer
    desk: Callable[[], Desk]

    async def deliver(self, item: Delivery) -> None:
        """Returns once the mail server has taken it, or where it would come too late."""
        if item.kind == codes.KIND:
            await self._code(item)
        elif item.kind == afterwards.SECURITY:
            await self._changed(item)
        else:
            await self.otherwise.deliver(item)

    async def _code(self, item: Delivery) -> None:
        desk, asking = self.desk(), str(item.detail["asking"])
        address = one_line((item.record.get("complainant") or {}).get("email") or "")
        if not address:
            return
        code = f"{secrets.randbelow(10**codes.DIGITS):0{codes.DIGITS}d}"
        hashed = await asyncio.to_thread(codes.code_hash, asking, code)
        now = desk.clock()
        issued = await desk.store.write(
            lambda conn: codes.issue(conn, item.organisation, asking, hashed, now)
        )
        if issued is None:
            return
        words = self._words(item, issued.language)
        half = codes.DIGITS // 2
        lines = [
            words.say("after.mail_code", code=f"{code[:half]} {code[half:]}"),
            words.say("after.mail_use"),
            words.say("after.mail_not_you"),
        ]
        mail = Mail(words.say("after.mail_subject"), "\n\n".join(lines) + "\n")
        # Each attempt has a code of its own, so it must not be taken for a copy of the one before.
        made = message(mail, f"{item.id}.{secrets.token_hex(4)}", self.server.sender, (address,))
        await self.server.send(made, (address,))

    async def _changed(self, item: Delivery) -> None:
        """To the address that was given up: whoever reads it may not be who changed it."""
        desk, number = self.desk(), int(item.detail["change"])
        changes = await desk.store.read(
            lambda conn: afterwards.changes_of(conn, item.organisation, item.reference)
        )
        old = one_line(next((each["old"] or "" for each in changes if each["number"] == number), ""))
        if not old:
            return
        words = self._words(item, str(item.record.get("language") or "en"))
        context = context_of(desk, item.organisation, words.language, item.reference)
        lines = [
            words.say("after.changed_what", reference=item.reference),
            words.say("after.changed_not_you"),
            outcome.person_message(context),
        ]
        mail = Mail(words.say("after.changed_subject"), "\n\n".join(lines) + "\n")
        await self.server.send(message(mail, item.id, self.server.sender, (old,)), (old,))

    def _words(self, item: Delivery, language: str) -> Catalogue:
        return context_of(self.desk(), item.organisation, language, item.reference).words


def with_corrections(write: Callable[[Delivery], Mail]) -> Callable[[Delivery], Mail]:
    """What staff are sent: that a contact was put right is written here, everything else by `write`."""

    def written(item: Delivery) -> Mail:
        return corrected(item) if item.kind == afterwards.CORRECTED else write(item)

    return written


def corrected(item: Delivery) -> Mail:
    """That a contact was changed; the case has the new one, and its history the old one."""
    fields = ", ".join(str(name).replace("_", " ") for name in item.detail.get("fields") or ())
    lines = [
        f"In case {item.reference} the complainant changed how they can be reached: {fields}.",
        "Please use what stands in the case now. What it was before is kept with the case.",
        f"To read the case: hearout case show {item.reference}",
    ]
    return Mail(f"{item.reference}: contact details changed", "\n".join(lines) + "\n")
