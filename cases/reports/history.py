"""What happened in a conversation and its cases, and when each thing was known: from the tables, or as it was kept.

Both have one shape, plain JSON, so that a case counts the same before it is erased and after. `standing` says how it
all stood at an instant; nothing that was told later changes that.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy import Connection

from cases import audit
from cases.models import audit as trail
from cases.models import case_events, cases, conversations, report_past
from cases.reports.past import counted
from cases.reports.steps import steps_of

ZONE = ZoneInfo("Europe/London")
# What says in the trail that a conversation without a case changed its state.
_STATES: Mapping[str, str] = {
    audit.OPENED: "draft",
    audit.REOPENED: "draft",
    audit.ABANDONED: "abandoned",
    "conversation.withdrawn": "withdrawn",
}
_ANSWERS = frozenset({"responded", "resolved"})
History = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Clock:
    """A promise of the organisation, as it stood: `state` is kept, late, not_kept, running or stopped."""

    kind: str
    amount: int | None
    unit: str | None
    state: str


@dataclass(frozen=True, slots=True)
class Matter:
    """Something that was received, as it stood at an instant. What is None was not known, or has not happened."""

    state: str
    received_at: datetime
    told_at: datetime | None = None
    channel: str | None = None
    nature: str | None = None
    subject: str | None = None
    complainant_type: str | None = None
    stage: str | None = None
    sent_to: str | None = None
    represented: str | None = None
    adjustments: bool | None = None
    acknowledged_at: datetime | None = None
    answered_at: datetime | None = None
    closed_at: datetime | None = None
    outcome: str | None = None
    remedies: tuple[str, ...] = ()
    cause: str | None = None
    failure_in_assessment: bool = False
    reopened: bool = False
    clocks: tuple[Clock, ...] = ()

    @property
    def day(self) -> date:
        """The local day of receipt."""
        return self.received_at.astimezone(ZONE).date()


def standing(history: History, as_of: datetime) -> list[Matter]:
    """What had been received of this conversation by then, each as it stood: its cases, or itself where it told
    something and had made none. An instant that is `as_of` counts as known."""
    if _at(history["opened_at"]) > as_of:
        return []
    made = [matter for case in history["cases"] if (matter := _case(case, as_of)) is not None]
    told = history["told_at"]
    if made or told is None or _at(told) > as_of:
        return made
    state = "draft"
    for at, became in history["states"]:
        if _at(at) <= as_of:
            state = became
    return [Matter(state=state, received_at=_at(told), told_at=_at(told))]


def live(
    conn: Connection, organisation: str, ids: Sequence[str], *, as_of: datetime | None, steps: bool = False
) -> list[dict[str, Any]]:
    """The histories of conversations that are there; with their steps where those are asked for.

    `as_of` None tells all; else nothing that is later is needed, and the trail is read only where it could matter.
    """
    opened = _conversations(conn, organisation, ids)
    mine = _cases_of(conn, organisation, ids)
    unsettled = [
        row.reference
        for row in opened
        if row.first_told_at is not None and (as_of is None or row.updated_at > as_of)
    ]
    states = _states(conn, organisation, unsettled)
    walked = steps_of(conn, organisation, ids) if steps else {}
    found = []
    for row in opened:
        known = states.get(row.reference) or [[_iso(row.updated_at), row.state]]
        face, its_steps = walked.get(row.id, (None, []))
        found.append(
            {
                "opened_at": _iso(row.created_at),
                "told_at": _iso(row.first_told_at),
                "face": "phone" if row.recorded_by is not None else face,
                "states": known if row.first_told_at is not None else [],
                "cases": mine.get(row.id, []),
                "steps": its_steps,
            }
        )
    return found


def _conversations(conn: Connection, organisation: str, ids: Sequence[str]) -> list[Any]:
    names = "id reference state recorded_by created_at first_told_at updated_at".split()
    query = sa.select(*(conversations.c[name] for name in names)).where(
        conversations.c.organisation == organisation, conversations.c.id.in_(ids)
    )
    return list(conn.execute(query.order_by(conversations.c.id)))


def _cases_of(conn: Connection, organisation: str, ids: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    query = sa.select(cases.c.reference, cases.c.conversation_id, cases.c.created_at, cases.c.record).where(
        cases.c.organisation == organisation, cases.c.conversation_id.in_(ids)
    )
    rows = list(conn.execute(query.order_by(cases.c.reference)))
    references = [row.reference for row in rows]
    past, events = _past(conn, organisation, references), _events(conn, organisation, references)
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        versions = [*past.get(row.reference, []), [None, counted(row.record)]]
        found[row.conversation_id].append(
            {"from": _iso(row.created_at), "versions": versions, "events": events.get(row.reference, [])}
        )
    return found


def _past(conn: Connection, organisation: str, references: Sequence[str]) -> dict[str, list[list[Any]]]:
    query = sa.select(report_past.c.case_reference, report_past.c.until, report_past.c.data).where(
        report_past.c.organisation == organisation, report_past.c.case_reference.in_(references)
    )
    found: dict[str, list[list[Any]]] = defaultdict(list)
    for row in conn.execute(query.order_by(report_past.c.case_reference, report_past.c.number)):
        found[row.case_reference].append([_iso(row.until), row.data])
    return found


def _events(
    conn: Connection, organisation: str, references: Sequence[str]
) -> dict[str, list[dict[str, Any]]]:
    names = "case_reference kind at recorded_at clocks".split()
    # Only of a closing more is wanted than its clocks.
    told = sa.case((case_events.c.kind == "closed", case_events.c.data), else_=sa.null()).label("data")
    query = sa.select(*(case_events.c[name] for name in names), told).where(
        case_events.c.organisation == organisation, case_events.c.case_reference.in_(references)
    )
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in conn.execute(query.order_by(case_events.c.case_reference, case_events.c.number)):
        found[row.case_reference].append(
            {
                "known": _iso(row.recorded_at),
                "at": _iso(row.at),
                "kind": row.kind,
                "clocks": [[one["kind"], one["state"], one["due"], one["met_at"]] for one in row.clocks],
                **({"closing": _closing(row.data)} if row.kind == "closed" else {}),
            }
        )
    return found


def _closing(data: Mapping[str, Any]) -> dict[str, Any]:
    closing = data.get("closing") or {}
    return {
        "outcome": closing.get("outcome"),
        "remedies": list(closing.get("remedies") or ()),
        "cause": closing.get("cause"),
        "failure_in_assessment": bool(closing.get("failure_in_assessment")),
    }


def _states(conn: Connection, organisation: str, references: Sequence[str]) -> dict[str, list[list[Any]]]:
    """What the trail says of conversations by reference: when each state was reached."""
    if not references:
        return {}
    query = sa.select(trail.c.reference, trail.c.at, trail.c.action).where(
        trail.c.organisation == organisation,
        trail.c.reference.in_(references),
        trail.c.action.in_(_STATES),
    )
    found: dict[str, list[list[Any]]] = defaultdict(list)
    for row in conn.execute(query.order_by(trail.c.number)):
        found[row.reference].append([_iso(row.at), _STATES[row.action]])
    return found


def _case(case: Mapping[str, Any], as_of: datetime) -> Matter | None:
    """A case as it stood; None while there was none."""
    began = _at(case["from"])
    if began > as_of:
        return None
    versions = [version for until, version in case["versions"] if until is None or _at(until) > as_of]
    was = versions[0]
    events = [event for event in case["events"] if _at(event["known"]) <= as_of]
    return Matter(
        state=was["state"],
        received_at=_at(was["received_at"]) if was["received_at"] else began,
        **{name: was[name] for name in "channel nature subject complainant_type stage sent_to".split()},
        represented=was["represented"],
        adjustments=was["adjustments"],
        **_course(events),
        clocks=tuple(_clocks(case["versions"], events, as_of)),
    )


def _course(events: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """When it was acknowledged and first answered, and how it ended; nothing of an end that was taken back."""
    found: dict[str, Any] = {}
    for event in events:
        kind, at = event["kind"], _at(event["at"])
        if kind == "acknowledged":
            found.setdefault("acknowledged_at", at)
        elif kind in _ANSWERS:
            found.setdefault("answered_at", at)
        elif kind == "reopened":
            for name in ("closed_at", "outcome", "remedies", "cause", "failure_in_assessment"):
                found.pop(name, None)
            found["reopened"] = True
        elif kind == "closed":
            closing = event["closing"]
            found |= {**closing, "closed_at": at, "remedies": tuple(closing["remedies"])}
    if found.get("outcome") in ("upheld", "partly_upheld", "not_upheld", "resolved"):
        found.setdefault("answered_at", found["closed_at"])
    return found


def _clocks(
    versions: Iterable[Sequence[Any]], events: Iterable[Mapping[str, Any]], as_of: datetime
) -> Iterable[Clock]:
    """The organisation's promises as the decisions until then gave them, and what the events until then did to them."""
    rules: dict[str, Sequence[Any]] = {}
    for until, version in versions:
        rules |= {clock[0]: clock for clock in version["clocks"]}
        if until is None or _at(until) > as_of:
            break
    became = {kind: (state, due, met) for event in events for kind, state, due, met in event["clocks"]}
    today = as_of.astimezone(ZONE).date()
    for kind, (_, by, first_due, amount, unit) in sorted(rules.items()):
        if by != "organisation":
            continue
        state, due, met = became.get(kind, ("running", first_due, None))
        yield Clock(kind, amount, unit, _state_of(state, due, met, today))


def _state_of(state: str, due: str | None, met: str | None, today: date) -> str:
    if state == "met":
        return "kept"
    if state == "stopped":
        return "stopped"
    if met is not None:
        return "late"
    if state == "missed" or (state == "running" and due is not None and date.fromisoformat(due) < today):
        return "not_kept"
    return "running"


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)
