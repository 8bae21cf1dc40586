"""The versions of a pack by time: which of them governs what was received at an instant.

Each is in force from its beginning until the next one's; of two that begin together, the higher number. One that was
tampered with or cannot be read is passed over, so that the one before it stays in force, and its findings say so.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property

from policy_rules.compiled import CompiledPack
from policy_rules.errors import BrokenPack
from policy_rules.loader import parse_pack

EVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Edition:
    """A version of an organisation's rules. `effective_from` None: since ever. `intact` is False where what is kept
    is not what was published."""

    number: int
    text: str
    effective_from: datetime | None = None
    intact: bool = True

    @property
    def begins(self) -> datetime:
        """From when it is in force."""
        return self.effective_from or EVER

    @property
    def text_sha256(self) -> str:
        """SHA-256 of the text, hex."""
        return hashlib.sha256(self.text.encode()).hexdigest()


@dataclass
class Placed:
    """An edition in its place; its pack is compiled when it is first asked for."""

    organisation: str
    edition: Edition
    findings: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.begins = self.edition.begins

    @property
    def name(self) -> str:
        return f"{self.organisation} version {self.edition.number}"

    @cached_property
    def compiled(self) -> CompiledPack | None:
        """The pack; None where it cannot be used, and then `findings` say why."""
        if not self.edition.intact:
            self.findings = [
                f"{self.name}: it is not what was published, somebody changed it in the database. It is not used; "
                "the version before it governs. Run hearout audit verify, and restore it from a backup."
            ]
            return None
        try:
            found = CompiledPack(parse_pack(self.edition.text, self.name))
        except BrokenPack as broken:
            self.findings = broken.findings
            return None
        if found.pack.organisation.id != self.organisation:
            self.findings = [f"{self.name}: it is a pack of '{found.pack.organisation.id}'."]
            return None
        return found


class Timeline:
    """The versions of one organisation, in the order in which they come into force. Never changed: `with_` makes
    another one."""

    def __init__(self, organisation: str, placed: Iterable[Placed] = ()) -> None:
        self.organisation = organisation
        self._placed = tuple(sorted(placed, key=lambda one: (one.begins, one.edition.number)))
        self.newest = max((one.edition.number for one in self._placed), default=0)

    @property
    def editions(self) -> tuple[Edition, ...]:
        return tuple(one.edition for one in self._placed)

    @property
    def findings(self) -> list[str]:
        """What is wrong with those that were asked for so far."""
        return [finding for one in self._placed for finding in one.findings]

    def with_(self, editions: Iterable[Edition]) -> Timeline:
        """These versions too; what was compiled stays so."""
        known = {one.edition.number for one in self._placed}
        new = [Placed(self.organisation, one) for one in editions if one.number not in known]
        return Timeline(self.organisation, (*self._placed, *new))

    def at(self, moment: datetime) -> CompiledPack | None:
        """The pack in force at an instant; None where none is."""
        for one in reversed(self._placed):
            if one.begins <= moment and (found := one.compiled) is not None:
                return found
        return None

    def first(self, now: datetime) -> CompiledPack | None:
        """The earliest that has begun by `now`: it governs what was received before there were any rules."""
        for one in self._placed:
            if one.begins <= now and (found := one.compiled) is not None:
                return found
        return None

    def of(self, sha256: str) -> CompiledPack | None:
        """The pack of that hash, of those that can be used; None where there is none."""
        for one in reversed(self._placed):
            if (found := one.compiled) is not None and found.sha256 == sha256:
                return found
        return None

    def numbered(self, number: int) -> CompiledPack | None:
        """The pack of a version; None where there is none, or it cannot be used."""
        return next((one.compiled for one in self._placed if one.edition.number == number), None)

    def number_of(self, compiled: CompiledPack) -> int | None:
        """The number of the version that this pack is of."""
        return next((one.edition.number for one in self._placed if one.compiled is compiled), None)

    def prepare(self, now: datetime) -> list[str]:
        """Compile what governs now and what is to come, so that no turn waits for it; all findings."""
        self.at(now)
        for one in self._placed:
            if one.begins > now:
                one.compiled  # noqa: B018 - it is kept
            elif not one.edition.intact:
                one.compiled  # noqa: B018 - its finding is
        return self.findings
