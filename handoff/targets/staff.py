"""Word to whoever handles a case: a clock that runs out, a letter to print. By e-mail, else as a file."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from handoff.letters.post import Mail, message
from handoff.mail import MailServer
from handoff.target import Delivery

log = logging.getLogger("hearout.handoff")


@dataclass(frozen=True, slots=True)
class StaffTarget:
    """Sends what `write` makes of a delivery to `mailboxes`; without a mail server or a mailbox it goes to `folder`.

    A file there is named after the delivery, so the same delivery twice is one file.
    """

    server: MailServer
    write: Callable[[Delivery], Mail]
    mailboxes: Callable[[Delivery], tuple[str, ...]]
    folder: Path

    async def deliver(self, item: Delivery) -> None:
        """Returns once the mail server has taken it, or it is on disk."""
        mail = await asyncio.to_thread(self.write, item)
        to = self.mailboxes(item)
        if to and self.server.host:
            await self.server.send(message(mail, item.id, self.server.sender, to), to)
            return
        await asyncio.to_thread(self._keep, item, mail)
        log.warning("%s of %s is a file: nobody has a mailbox for it", item.kind, item.reference)

    def _keep(self, item: Delivery, mail: Mail) -> None:
        place = self.folder / item.organisation
        place.mkdir(parents=True, exist_ok=True)
        # Reference first and then a dot: so whoever erases a case finds what there is of it.
        name = f"{item.reference}.{item.kind.replace('.', '-')}-{item.id[:8]}"
        _write(place / f"{name}.txt", f"{mail.subject}\n\n{mail.text}".encode())
        for number, (_, content) in enumerate(mail.attached):
            _write(place / (f"{name}.pdf" if number == 0 else f"{name}-{number}.pdf"), content)


def _write(path: Path, content: bytes) -> None:
    """All of it or nothing, on disk when this returns."""
    under_way = path.with_name(f".{path.name}.part")
    with under_way.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    under_way.replace(path)
