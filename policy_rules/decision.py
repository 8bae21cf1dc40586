"""What `decide` hands back: a whole `Decision`, or `Needs` where facts are still open. Both speak the fixed JSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


@dataclass(frozen=True, slots=True)
class DueExtension:
    """How a promise may be moved; `latest_day` is the limit, once the promise has a date and the policy a limit."""

    amount: int | None
    unit: str | None
    times: int | None
    needs_reason: bool
    needs_consent: bool
    must_tell: tuple[str, ...]
    latest_day: date | None

    def as_json(self) -> dict[str, Any]:
        return {
            "amount": self.amount,
            "unit": self.unit,
            "times": self.times,
            "needs_reason": self.needs_reason,
            "needs_consent": self.needs_consent,
            "must_tell": list(self.must_tell),
            "latest_day": _iso(self.latest_day),
        }


@dataclass(frozen=True, slots=True)
class DueClock:
    """A clock on this case; `due` is null while the event that it runs from has not happened.

    `latest_day` is the rival reading of a window, or the outer bound of a clock that still waits.
    """

    kind: str
    by: str
    due: date | None
    amount: int
    unit: str
    from_event: str
    first_day: str
    force: str
    clause: str
    two_readings: bool = False
    last_day: date | None = None
    latest_day: date | None = None
    extension: DueExtension | None = None
    or_later: str | None = None
    may_stop: bool = False
    early_exit: bool = False
    discretion: bool = False

    def as_json(self) -> dict[str, Any]:
        shown: dict[str, Any] = {
            "kind": self.kind,
            "by": self.by,
            "due": _iso(self.due),
            "amount": self.amount,
            "unit": self.unit,
            "from": self.from_event,
            "first_day": self.first_day,
            "force": self.force,
            "clause": self.clause,
        }
        if self.two_readings:
            # The window has two readings; both last days come with the answer that starts it.
            shown["last_day"] = _iso(self.last_day)
        if self.two_readings or self.latest_day is not None:
            shown["latest_day"] = _iso(self.latest_day)
        if self.extension is not None:
            shown["extension"] = self.extension.as_json()
        if self.or_later is not None:
            shown["or_later"] = self.or_later
        for name in ("may_stop", "early_exit", "discretion"):
            if getattr(self, name):
                shown[name] = True
        return shown


@dataclass(frozen=True, slots=True)
class DueDuty:
    """Something to be done. `if_missed` names the kind of clock whose breach brings it about."""

    kind: str
    due: date | None
    clause: str
    together_with: str | None = None
    if_missed: str | None = None

    def as_json(self) -> dict[str, Any]:
        shown: dict[str, Any] = {"kind": self.kind, "due": _iso(self.due), "clause": self.clause}
        if self.together_with is not None:
            shown["with"] = self.together_with
        if self.if_missed is not None:
            shown["if_missed"] = self.if_missed
        return shown


@dataclass(frozen=True, slots=True)
class Caution:
    """Something a person must see; `last_day`, `latest_day` and `discretion` are set for a window only."""

    id: str
    kind: str
    says: str
    clause: str
    last_day: date | None = None
    latest_day: date | None = None
    discretion: bool = False

    def as_json(self) -> dict[str, Any]:
        shown: dict[str, Any] = {"kind": self.kind, "last_day": _iso(self.last_day), "says": self.says}
        if self.latest_day is not None:
            shown["latest_day"] = _iso(self.latest_day)
        if self.discretion:
            shown["discretion"] = True
        return shown


@dataclass(frozen=True, slots=True)
class Reason:
    rule: str
    clause: str
    says: str

    def as_json(self) -> dict[str, str]:
        return {"rule": self.rule, "clause": self.clause, "says": self.says}


@dataclass(frozen=True, slots=True)
class Decision:
    """What the policy says of one case. Dates are local to the organisation; null means none."""

    organisation: str
    route: str
    disposition: str
    handler: str | None
    stage: str | None
    stage_name: str | None
    acknowledge_by: date | None
    respond_by: date | None
    clocks: tuple[DueClock, ...]
    escalate_to: str | None
    escalate_within: str | None
    contact: dict[str, str | None]
    duties: tuple[DueDuty, ...]
    reasons: tuple[Reason, ...]
    why_not: tuple[tuple[str, str], ...]
    assumed: tuple[str, ...]
    warnings: tuple[Caution, ...]
    policy_version: str
    policy_sha256: str
    calendar_version: str
    readings: tuple[str, ...]
    settled: bool = field(default=True, init=False)
    needs: tuple[str, ...] = field(default=(), init=False)

    @property
    def accepted(self) -> bool:
        return self.disposition in ("accept", "accept_and_signpost")

    def as_json(self) -> dict[str, Any]:
        return {
            "organisation": self.organisation,
            "settled": True,
            "needs": [],
            "disposition": self.disposition,
            "handler": self.handler,
            "stage": self.stage,
            "stage_name": self.stage_name,
            "acknowledge_by": _iso(self.acknowledge_by),
            "respond_by": _iso(self.respond_by),
            "clocks": [clock.as_json() for clock in self.clocks],
            "escalate_to": self.escalate_to,
            "escalate_within": self.escalate_within,
            "contact": dict(self.contact),
            "duties": [duty.as_json() for duty in self.duties],
            "reasons": [reason.as_json() for reason in self.reasons],
            "why_not": [{"rule": rule, "because": because} for rule, because in self.why_not],
            "assumed": list(self.assumed),
            "warnings": [warning.as_json() for warning in self.warnings],
            "policy_version": self.policy_version,
            "policy_sha256": self.policy_sha256,
            "calendar_version": self.calendar_version,
            "readings": list(self.readings),
        }


@dataclass(frozen=True, slots=True)
class Needs:
    """The facts that can still change the outcome, in asking order, and what is certain whatever they are."""

    organisation: str
    needs: tuple[str, ...]
    certain: dict[str, Any]
    policy_version: str
    policy_sha256: str
    calendar_version: str
    settled: bool = field(default=False, init=False)

    def as_json(self) -> dict[str, Any]:
        return {
            "organisation": self.organisation,
            "settled": False,
            "needs": list(self.needs),
            **self.certain,
            "policy_version": self.policy_version,
            "policy_sha256": self.policy_sha256,
            "calendar_version": self.calendar_version,
        }
