"""Letters that staff send from the page of a case: looked at as they would be sent, and put on their way."""

from __future__ import annotations

import hashlib
from datetime import datetime

from bot.console.site import Console
from bot.posting import PostOffice
from cases import letters_sent
from cases.effects import CaseAt
from cases.events import Writer
from cases.officers import Connection
from handoff.letters import Bookcase, as_text


class Shown(Exception):
    """Not done: this is the letter that would have been sent. Whoever raises it undoes the transaction."""

    def __init__(self, letter: str) -> None:
        super().__init__("the letter was looked at")
        self.letter = letter


class LetterDesk:
    """Writes the letters of a case."""

    def __init__(self, console: Console) -> None:
        desk, settings = console.desk, console.settings
        self._post = PostOffice(
            desk.packs,
            desk.overlays,
            Bookcase(settings.overlays_dir),
            desk.clock,
            pages=settings.people_see_cases_at,
        )
        self._can_mail = bool(settings.smtp_host)

    def compose(self, conn: Connection, case: CaseAt, kind: str, note: str, expected: str | None) -> str:
        """The letter as text, by the clocks as they stand in this transaction.

        NotToBeTold (409) where it may not be written, NoWay (409) where nobody could have it.
        """
        letters_sent.require_way(case.record, can_mail=self._can_mail)
        clocks = letters_sent.clocks_of(conn, case.organisation, case.reference)
        return as_text(self._post.letter(kind, case.record, clocks=clocks, note=note, expected=expected))

    def send(
        self,
        conn: Connection,
        case: CaseAt,
        kind: str,
        note: str,
        expected: str | None,
        writer: Writer,
        now: datetime,
    ) -> None:
        """Put it on its way. Refusals as of `compose`."""
        letters_sent.send(conn, case, kind, note, writer, now, can_mail=self._can_mail, expected=expected)


def mark_of(letter: str) -> str:
    """What a page sends back of the letter that it showed: another letter has another."""
    return hashlib.sha256(letter.encode()).hexdigest()
