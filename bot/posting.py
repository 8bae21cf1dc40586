"""Letters and notices of one server: the organisation's names and words meet a case's record.

What goes out by itself comes from the outbox (`to_person`, `to_staff`); `hearout letter` prints any other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog

from bot.overlay import Overlay
from handoff.letters import Bookcase, House, Letter, Matter, NotToBeTold, as_pdf, as_text, compose
from handoff.letters.pdf import NoLayout
from handoff.letters.post import Mail
from handoff.letters.wording import LAYOUT
from handoff.notices import clock_notice, consent_notice, to_print
from handoff.target import Delivery
from policy_rules.compiled import CompiledPack
from policy_rules.shelf import PackShelf

log = structlog.get_logger("hearout.letters")

LETTER, CLOCK = "letter.", "clock."
# Both hold nothing of the case; to anybody else a reply would have to go through whoever handles it.
_NO_REPLY = ("receipt", "reminder")


def _no_reminder(item: Delivery) -> tuple[str, str]:
    raise LookupError(f"nobody here writes {item.kind}")


@dataclass(frozen=True)
class PostOffice:
    """Writes letters. `draft_reminder` gives subject and text of the one letter about a draft; it has no decision.

    `pages`: the address under which people see their cases (`/{organisation}/case`); empty where they cannot.
    """

    packs: PackShelf
    overlays: Callable[[str], Overlay]
    bookcase: Bookcase
    clock: Callable[[], datetime]
    draft_reminder: Callable[[Delivery], tuple[str, str]] = _no_reminder
    pages: str = ""

    def letter(
        self,
        kind: str,
        record: Mapping[str, Any],
        *,
        clocks: Sequence[Mapping[str, Any]] | None = None,
        note: str = "",
        expected: str | None = None,
        language: str | None = None,
    ) -> Letter:
        """A letter about a case, dated today where the organisation is. Raises UnknownLetter, NotToBeTold."""
        organisation = str(record["organisation"])
        compiled, overlay = self._rules(record), self.overlays(organisation)
        chosen = language or str(record.get("language") or "")
        language = chosen if chosen in overlay.languages else overlay.languages[0]
        wording = self.packs.wording(organisation, language, compiled)
        names = compiled.pack.organisation
        zone = compiled.calendar.zone
        matter = Matter(
            record=record,
            house=House(names.name, names.short_name, zone, {} if wording is None else wording.times),
            written_on=self.clock().astimezone(zone).date(),
            clocks=clocks,
            note=note,
            expected=expected or "",
            acknowledges=overlay.letters.acknowledge,
            case_page=self._case_page(organisation, language, overlay),
        )
        return compose(kind, matter, self.bookcase.words(organisation, language))

    def _case_page(self, organisation: str, language: str, overlay: Overlay) -> str:
        """Where a person sees their case, in the letter's language."""
        if not self.pages:
            return ""
        asked = "" if language == overlay.languages[0] else f"?lang={language}"
        return f"{self.pages}/{organisation}/case{asked}"

    def _rules(self, record: Mapping[str, Any]) -> CompiledPack:
        """The rules that the case is under; those of now for a draft."""
        organisation, received = str(record["organisation"]), record.get("received_at")
        sha256 = (record.get("policy") or {}).get("sha256")
        return self.packs.of(organisation, sha256, datetime.fromisoformat(received) if received else None)

    def pdf(self, letter: Letter, organisation: str) -> bytes:
        """The letter in the organisation's layout; in ours where that cannot be set, since a letter must not wait."""
        layout = self.bookcase.layout(organisation)
        try:
            return as_pdf(letter, layout)
        except NoLayout as broken:
            if layout == LAYOUT:
                raise
            log.error("layout_refused", organisation=organisation, finding=str(broken))
            return as_pdf(letter)

    def check(self, organisation: str) -> None:
        """Read the organisation's words, so that a slip in them is told at the start and not at the first letter."""
        for language in self.overlays(organisation).languages:
            self.bookcase.words(organisation, language)

    def to_person(self, item: Delivery) -> Mail:
        """What the person is sent for a delivery: the text, and the same letter as a PDF."""
        if not item.kind.startswith(LETTER):
            subject, text = self.draft_reminder(item)
            return Mail(subject, text)
        letter = self._as_sent(item)
        text = f"{as_text(letter)}\n{letter.labels['attached']}\n"
        attached = ((f"{item.reference}-{letter.kind}.pdf", self.pdf(letter, item.organisation)),)
        contact = (item.record.get("decision") or {}).get("contact") or {}
        ours = letter.kind not in _NO_REPLY and not _is_elsewhere(item.record)
        return Mail(letter.subject, text, attached, str(contact.get("email") or "") if ours else "")

    def to_staff(self, item: Delivery) -> Mail:
        """What whoever handles the case is sent: word of a clock or a consent, or a letter to print."""
        if item.kind.startswith(CLOCK):
            return clock_notice(item)
        if item.kind.startswith(LETTER):
            letter = self._as_sent(item)
            return to_print(item, letter, self.pdf(letter, item.organisation))
        request: Letter | None
        try:
            request = self.letter("consent_request", item.record)
        except NotToBeTold:
            # It was answered meanwhile.
            request = None
        return consent_notice(item, request, lambda letter: self.pdf(letter, item.organisation))

    def _as_sent(self, item: Delivery) -> Letter:
        """The letter of a delivery; what staff wrote into it, and the days as they stood then, come with it."""
        kind, detail = item.kind.removeprefix(LETTER), item.detail
        note, expected = str(detail.get("note") or ""), detail.get("expected")
        return self.letter(kind, item.record, clocks=detail.get("clocks"), note=note, expected=expected)

    def mailboxes(self, item: Delivery) -> tuple[str, ...]:
        """Whoever handles the case, else the person to alarm; both, once a promise was missed."""
        overlay = self.overlays(item.organisation)
        handler = str((item.record.get("decision") or {}).get("handler") or "")
        found = [overlay.handlers[handler]] if handler in overlay.handlers else []
        if overlay.alarm is not None and (not found or item.kind == "clock.missed"):
            found.append(overlay.alarm.email)
        return tuple(dict.fromkeys(found))


def _is_elsewhere(record: Mapping[str, Any]) -> bool:
    return (record.get("decision") or {}).get("disposition") in ("signpost", "close_no_further_action")
