"""What a case has to say in a letter: names, days, rights and blocks, from its record, its Decision and its clocks.

Nothing here makes a date: each is the Decision's, a clock's, the receipt, the day on which the letter is written, or
one that staff gave.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from handoff.letters.wording import LetterWords

LONDON = ZoneInfo("Europe/London")
_SOFT = ("aims", "normally", "where_possible")
NOT_OURS = ("signpost", "close_no_further_action")
CONTACT_KEYS = ("phone", "email", "post", "url")
OPEN = ("running", "missed")


@dataclass(frozen=True, slots=True)
class House:
    """Who writes: the organisation's names, its zone, and how its policy's times are said (`10 working days`)."""

    name: str
    short: str
    zone: ZoneInfo = LONDON
    times: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Matter:
    """A case as a letter sees it.

    `clocks` are its rows as they stand now (kind, by, due, promised, state, force, extended_reason; ISO dates), None
    for those of the Decision. `note` is what staff add in their own words, `expected` the day by which they expect to
    answer (ISO). `acknowledges`: whether this letter is what the promise to acknowledge asks for. `case_page`: where
    people see their cases, empty where they cannot.
    """

    record: Mapping[str, Any]
    house: House
    written_on: date
    clocks: Sequence[Mapping[str, Any]] | None = None
    note: str = ""
    expected: str = ""
    acknowledges: bool = False
    case_page: str = ""

    @cached_property
    def decision(self) -> Mapping[str, Any]:
        return self.record.get("decision") or {}

    @cached_property
    def standing(self) -> list[Mapping[str, Any]]:
        """The clocks as they stand now."""
        if self.clocks is not None:
            return list(self.clocks)
        decided = [*(self.decision.get("clocks") or []), *(self.record.get("statutory_clocks") or [])]
        return [{"state": "running", **clock} for clock in decided]

    @cached_property
    def writer(self) -> str:
        """Who wrote to us: the representative, or the person themselves; empty where no name was given."""
        stands = self.record.get("representation") or {}
        if stands.get("on_behalf_of") == "other":
            return str(stands.get("representative_name") or "")
        return self.person

    @cached_property
    def person(self) -> str:
        """Whom it is about; empty for somebody who gave no name."""
        if self.record.get("confidentiality") == "anonymous":
            return ""
        return str((self.record.get("complainant") or {}).get("name") or "")

    def promised(self, kind: str) -> Mapping[str, Any]:
        """The organisation's clock of a kind; empty where there is none."""
        return next((c for c in self.standing if c["kind"] == kind and c["by"] == "organisation"), {})

    def dates(self, words: LetterWords, *, acknowledging: bool = False) -> list[tuple[str, str]]:
        """What the organisation does, and by when, the earliest first."""
        hidden = ("acknowledge",) if acknowledging and self.acknowledges else ()
        clocks = [
            clock
            for clock in self.standing
            if clock["by"] == "organisation"
            and clock.get("due")
            and clock.get("state") in OPEN
            and not clock.get("met_at")
            and clock["kind"] not in hidden
        ]
        clocks.sort(key=lambda clock: str(clock["due"]))
        return [(words.clock(str(c["kind"])), words.date(c["due"])) for c in clocks]

    def contact(self) -> list[tuple[str, str]]:
        """The ways to reach whoever the Decision names, as (email | phone | post | url, value)."""
        found = self.decision.get("contact") or {}
        return [(key, str(found[key])) for key in CONTACT_KEYS if found.get(key)]

    def stale(self) -> list[str]:
        """What is known to be out of date about a contact that the policy prints."""
        warnings = self.decision.get("warnings") or []
        return [str(warning["says"]) for warning in warnings if warning["kind"] == "stale_contact"]

    def names(self, words: LetterWords) -> dict[str, str]:
        """Every name that a letter may have in braces; empty where the case has nothing to put there."""
        decision = self.decision
        reason = (decision.get("reasons") or [{}])[0]
        within = str(decision.get("escalate_within") or "")
        respond, window = self.promised("respond"), self._window
        earlier = respond.get("promised") or ""
        days = {
            "received": self._received,
            "respond_by": respond.get("due"),
            "earlier_day": earlier if earlier != respond.get("due") else "",
            "escalate_day": window.get("last_day") or window.get("due"),
            "last_day": self._last_day,
            "expected_day": self.expected,
        }
        return {
            "reference": str(self.record["reference"]),
            "name": self.house.name,
            "short": self.house.short,
            "handler": str(decision.get("handler") or ""),
            "stage_name": str(decision.get("stage_name") or ""),
            "escalate_to": str(decision.get("escalate_to") or ""),
            "escalate_within": self.house.times.get(within, within),
            "reason": f"{str(reason.get('says') or '').rstrip('.')}." if reason.get("says") else "",
            "clause": str(reason.get("clause") or ""),
            "writer": self.writer,
            **{name: words.date(day) if day else "" for name, day in days.items()},
        }

    def conditions(self) -> dict[str, bool]:
        """Every name that may stand after `when`."""
        disposition, decision = str(self.decision.get("disposition") or ""), self.decision
        promises = [c for c in self.standing if c["by"] == "organisation" and c.get("due")]
        accepted = disposition in ("accept", "accept_and_signpost")
        duties = [duty["kind"] for duty in decision.get("duties") or []]
        stands = self.record.get("representation") or {}
        return {
            "accepted": accepted,
            "referred": disposition == "refer_internal",
            "elsewhere": disposition in NOT_OURS,
            "closed": disposition == "close_no_further_action",
            "reachable": disposition not in NOT_OURS and bool(self.contact()),
            "no_contact": disposition == "signpost" and not self.contact(),
            "bereaved": stands.get("basis") == "deceased",
            "all_aims": bool(promises) and all(clock.get("force") in _SOFT for clock in promises),
            "no_answer_date": accepted and not decision.get("respond_by"),
            "late": bool(self._last_day),
            "confirm_in_writing": "confirm_in_writing" in duties,
            "missed": any(clock.get("state") == "missed" for clock in promises),
            "nameless_writer": not self.writer,
            "escalate_day_known": bool(self._window.get("last_day") or self._window.get("due")),
            "no_escalation": not decision.get("escalate_to"),
            "has_page": bool(self.page_of_case),
            "next_on_page": bool(self.page_of_case and decision.get("escalate_to")),
        }

    def told(self, name: str) -> str:
        """The person's own words under `story`, `effect` or `remedy`, or what staff wrote under `note`."""
        if name == "extended_reason":
            return str(self.promised("respond").get("extended_reason") or "")
        field_of = {"story": "narrative", "effect": "effect", "remedy": "desired_remedy"}
        return self.note if name == "note" else str(self.record.get(field_of[name]) or "")

    @property
    def page_of_case(self) -> str:
        """Where the person sees the case; empty for who gave no e-mail address, since the code goes there."""
        return self.case_page if (self.record.get("complainant") or {}).get("email") else ""

    @property
    def consent_link(self) -> str:
        return str((self.record.get("representation") or {}).get("consent_link") or "")

    @property
    def _window(self) -> Mapping[str, Any]:
        """The complainant's own time to take the next step, once it has a day."""
        return next((c for c in self.standing if c["kind"] == "escalate" and c["by"] == "complainant"), {})

    @property
    def _received(self) -> date | None:
        received = self.record.get("received_at")
        return datetime.fromisoformat(received).astimezone(self.house.zone).date() if received else None

    @property
    def _last_day(self) -> str | None:
        """The day before which this should have come, where it came later."""
        warnings = self.decision.get("warnings") or []
        return next((w.get("last_day") for w in warnings if w["kind"] == "outside_window"), None)
