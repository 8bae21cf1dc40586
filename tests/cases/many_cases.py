"""Thousands of cases as a year makes them, put straight into a database: conversations, messages, records, events,
clocks, closings, and the audit trail with its chain. The clocks are moved by the real effects of the real rules.

`fill` gives a tally of its own, kept while it invents, so that a report can be held against something that did not read
the database.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy import Connection

from cases import audit as audit_trail
from cases.clock_moves import ClockRow
from cases.effects import EFFECTS, CaseAt, Happening
from cases.models import audit, audit_heads, case_events, cases, clocks, closings, conversations, messages
from cases.record import CaseFiling, CaseRecord
from cases.store import Store
from cases.told import KINDS
from policy_rules.compiled import CompiledPack
from policy_rules.decide import decide, parse_facts
from policy_rules.decision import Decision
from policy_rules.shelf import PackShelf

LONDON = ZoneInfo("Europe/London")
STATES = {"filed": 62, "signposted": 8, "informal": 10, "withdrawn": 4, "draft": 6, "abandoned": 10}
SUBJECTS = {
    "service": 30, "qualification_assessment": 22, "exam_result": 14, "certificate": 9, "staff_member": 7,
    "study_centre": 6, "product": 5, "membership_application": 4, "data_protection": 2, "director": 1,
}  # fmt: skip
TYPES = {"learner": 48, "apprentice": 14, "member": 14, "employer_customer": 10, "delegate": 8, "public": 6}
CHANNELS = {"chat": 62, "phone": 18, "email": 12, "post": 5, "in_person": 2, "social_media": 1}
OUTCOMES = {
    "upheld": 24, "partly_upheld": 22, "not_upheld": 30, "resolved": 16,
    "not_pursued": 4, "out_of_scope": 2, "duplicate": 2,
}  # fmt: skip
REMEDIES = {
    "apology": 40,
    "explanation": 25,
    "put_right": 15,
    "refund": 8,
    "training": 6,
    "process_changed": 6,
}
CAUSES = {
    "communication": 30,
    "delay": 25,
    "assessment": 15,
    "administration": 15,
    "wrong_information": 10,
    "fees": 5,
}
QUESTIONS = ("story", "confirm_facts", "effect", "desired_remedy", "complainant_name", "preferred_contact",
             "contact_email", "adjustments", "evidence", "check_answers")  # fmt: skip
LESSONS = (
    "Results letters now say when they will arrive.",
    "Tutors confirm receipt of work within two days.",
    "Refunds are agreed by one person, and that person is named.",
)


@dataclass
class Tally:
    """What was invented, by local year of receipt."""

    states: Counter[tuple[int, str]] = field(default_factory=Counter)
    subjects: Counter[tuple[int, str]] = field(default_factory=Counter)
    outcomes: Counter[tuple[int, str]] = field(default_factory=Counter)
    references: list[str] = field(default_factory=list)


@dataclass
class _Rows:
    tables: dict[sa.Table, list[dict[str, Any]]] = field(default_factory=dict)
    trail: list[tuple[datetime, str, str, str]] = field(default_factory=list)

    def add(self, table: sa.Table, **row: Any) -> None:
        self.tables.setdefault(table, []).append(row)


def fill(
    store: Store,
    count: int,
    *,
    organisation: str = "cqm",
    first: date = date(2025, 1, 1),
    last: date = date(2026, 12, 31),
    until: datetime = datetime(2027, 1, 31, tzinfo=UTC),
    seed: int = 7,
) -> Tally:
    """Invent so many matters, received from `first` to `last`, and what became of them by `until`."""
    chance = random.Random(seed)  # noqa: S311 - cases to count, no secrets
    pack, rows, tally = PackShelf().get(organisation), _Rows(), Tally()
    days = (last - first).days + 1
    for number in range(count):
        # A little more every year than the year before.
        day = first + timedelta(days=max(chance.randrange(days), chance.randrange(-4 * days, days)))
        told = datetime(
            day.year, day.month, day.day, chance.randrange(7, 23), chance.randrange(60), tzinfo=LONDON
        )
        _matter(chance, pack, rows, tally, organisation, number, told.astimezone(UTC), until)
    store.write_sync(lambda conn: _write(conn, organisation, rows))
    return tally


def _pick(chance: random.Random, weights: dict[str, int]) -> str:
    return chance.choices(list(weights), list(weights.values()))[0]


def _matter(
    chance: random.Random, pack: CompiledPack, rows: _Rows, tally: Tally, org: str, number: int, told: datetime,
    until: datetime,
) -> None:  # fmt: skip
    state = _pick(chance, STATES)
    reference = f"{org.upper()}-{number // 10000:04d}-{number % 10000:04d}-Q"
    opened, sent = told - timedelta(minutes=1), told + timedelta(minutes=chance.randrange(3, 15))
    channel = _pick(chance, CHANNELS)
    unsent = state in ("draft", "abandoned") or (state == "withdrawn" and number % 2 == 0)
    ended = {"abandoned": told + timedelta(days=14), "draft": told}.get(state, sent)
    if state == "abandoned" and ended > until:
        state, ended = "draft", told
    rows.add(
        conversations, organisation=org, id=f"c{number:08d}", key_hash=f"{number:064d}", reference=reference,
        state=state if unsent else "filed", version=3, channel=channel,
        recorded_by="Jo Field" if channel in ("phone", "post", "in_person") else None, data={},
        privacy_version="1", created_at=opened, first_told_at=told, updated_at=ended, last_seq=20,
    )  # fmt: skip
    rows.trail += [
        (opened, "conversation.opened", reference, "complainant"),
        (told, "story.stored", reference, "complainant"),
    ]
    _talk(chance, rows, org, number, channel, opened, sent, stops=unsent)
    year = told.astimezone(LONDON).year
    tally.references.append(reference)
    if unsent:
        tally.states[year, state] += 1
        if state != "draft":
            rows.trail.append((ended, f"conversation.{state}", reference, "system"))
        return
    _case(chance, pack, rows, tally, org, number, reference, state, channel, told, sent, until)


def _talk(
    chance: random.Random, rows: _Rows, org: str, number: int, channel: str, opened: datetime, sent: datetime, *, stops: bool
) -> None:  # fmt: skip
    questions = QUESTIONS[: chance.randrange(1, len(QUESTIONS))] if stops else QUESTIONS
    form = "form:" if chance.random() < 0.25 else ""
    step = (sent - opened) / (len(QUESTIONS) + 1)
    for place, question in enumerate(questions):
        at = opened + step * place
        # What is said here answers the question before.
        skips = place > 0 and questions[place - 1] == "evidence" and chance.random() < 0.6
        said = "/skip" if skips else "Words."
        rows.add(
            messages, organisation=org, conversation_id=f"c{number:08d}", seq=2 * place + 1, role="complainant",
            text="" if place == 0 else said, at=at, message_id=f"{form}{place}", entries=None, in_reply_to=None,
        )  # fmt: skip
        rows.add(
            messages, organisation=org, conversation_id=f"c{number:08d}", seq=2 * place + 2, role="assistant",
            text="?", at=at, message_id=None, in_reply_to=2 * place + 1,
            entries=[{"text": "?"}, {"custom": {"question": {"id": question, "kind": "text", "optional": True}}}],
        )  # fmt: skip


def _case(
    chance: random.Random, pack: CompiledPack, rows: _Rows, tally: Tally, org: str, number: int, reference: str,
    state: str, channel: str, told: datetime, sent: datetime, until: datetime,
) -> None:  # fmt: skip
    subject, kind = _pick(chance, SUBJECTS), _pick(chance, TYPES)
    facts = {"nature": "feedback" if state == "informal" else "complaint", "subject": subject, "channel": channel,
             "complainant_type": kind, "on_behalf_of": "other" if chance.random() < 0.09 else "self"}  # fmt: skip
    if facts["on_behalf_of"] == "other":
        facts["representative_basis"] = chance.choice(("consent", "consent", "unable", "deceased"))
    if state == "filed" and chance.random() < 0.12:
        facts["stage_reached"] = "stage_1"
    known = {name: value for name, value in facts.items() if name in pack.pack.facts}
    decision = decide(pack, parse_facts(pack, known), sent, assume=True)
    assert isinstance(decision, Decision)
    made = decision.as_json()
    if state == "signposted":
        made |= {"disposition": "signpost", "clocks": [],
                 "handler": chance.choice(("Study centre", "Study centre", "Awarding organisation", "Regulator"))}  # fmt: skip
    record = CaseRecord(
        organisation=org, reference=reference, conversation_reference=reference, state=state,  # type: ignore[arg-type]
        channel=channel, received_at=sent, first_told_at=told, narrative="Words that nobody counts.", facts=facts,
        adjustments="Large print, please." if chance.random() < 0.07 else None, decision=made, filed_at=sent,
        representation={"on_behalf_of": facts["on_behalf_of"], "basis": facts.get("representative_basis"),
                        "representative_name": None, "consent": "not_needed", "consent_link": None},  # type: ignore[arg-type]
        restricted=chance.random() < 0.1,
    )  # fmt: skip
    year = sent.astimezone(LONDON).year
    tally.states[year, state] += 1
    if state in ("filed", "signposted", "informal"):
        tally.subjects[year, subject] += 1
    filing = CaseFiling(record)
    kept = [_clock_row(row) for row in filing.clock_rows()]
    at_last = CaseAt(org, reference, f"c{number:08d}", 1, "received", sent, told, state, record.as_json())
    progress, kept, version = _events(chance, pack, rows, tally, at_last, kept, until, year)
    rows.add(
        cases, organisation=org, reference=reference, conversation_id=f"c{number:08d}",
        conversation_reference=reference, state=state, received_at=sent, first_told_at=told,
        disposition=made["disposition"], handler=made["handler"], stage=made["stage"], record=record.as_json(),
        created_at=sent, updated_at=sent, version=version, progress=progress, restricted=record.restricted,
        acknowledge_by=None, respond_by=None, policy_sha256=None,
    )  # fmt: skip
    for row, clock in zip(filing.clock_rows(), kept, strict=True):
        moved = {name: getattr(clock, name) for name in "due state met_at promised".split()}
        rows.add(clocks, **{**row, **moved})
    rows.trail.append((sent, f"case.{state}", reference, "complainant"))


def _clock_row(row: dict[str, Any]) -> ClockRow:
    return ClockRow(
        kind=row["kind"], by=row["by"], due=row["due"], from_event=row["from_event"], clause=row["clause"],
        state=row["state"], met_at=None, paused_at=None, promised=None, extensions=0, extended_reason=None, stops=None,
    )  # fmt: skip


def _events(
    chance: random.Random, pack: CompiledPack, rows: _Rows, tally: Tally, case: CaseAt, kept: list[ClockRow],
    until: datetime, year: int,
) -> tuple[str, list[ClockRow], int]:  # fmt: skip
    """What became of a case by `until`; its progress, its clocks, its version."""
    progress, number, past = "received", 0, list[dict[str, Any]]()
    ends = case.state == "filed"
    for kind, at, told in _life(chance, case) if ends else ():
        if at > until:
            break
        number += 1
        shape = KINDS[kind].validate_python({"kind": kind, "at": at, **told})
        here = CaseAt(**{**{n: getattr(case, n) for n in CaseAt.__dataclass_fields__}, "progress": progress})
        data = shape.model_dump(mode="json", exclude={"kind", "at", "by"})
        happening = Happening(here, kept, at, pack, past, data)
        progress, after = EFFECTS[kind](happening, shape)
        moved = [new for old, new in zip(kept, after, strict=True) if old != new]
        kept = after
        past.append({"kind": kind, "at": at.isoformat(), "data": data, "clocks": []})
        rows.add(
            case_events, organisation=case.organisation, case_reference=case.reference, number=number, kind=kind,
            at=at, recorded_at=at, by="Case system", data=data, clocks=[{**row.as_json(), "was": "running"} for row in moved],
        )  # fmt: skip
        rows.trail.append((at, f"case.{kind}", case.reference, "staff"))
        if kind == "closed":
            _close(rows, case, at, told["closing"])
            tally.outcomes[year, told["closing"]["outcome"]] += 1
    return progress, kept, number + 1


def _close(rows: _Rows, case: CaseAt, at: datetime, closing: dict[str, Any]) -> None:
    details = {"remedy_given": None, "cause_found": None, "lesson": closing.get("lesson")}
    rows.add(
        closings, organisation=case.organisation, case_reference=case.reference, closed_at=at, by="Case system",
        outcome=closing["outcome"], remedies=closing["remedies"], cause=closing.get("cause"), details=details,
        failure_in_assessment=closing.get("failure_in_assessment", False),
    )  # fmt: skip


def _life(chance: random.Random, case: CaseAt) -> Iterator[tuple[str, datetime, dict[str, Any]]]:
    """What would happen to a filed case, and when."""
    at = case.received_at + timedelta(days=chance.choice((0, 0, 1, 1, 1, 2, 2, 3, 4, 8)), minutes=5)
    if chance.random() < 0.94:
        yield "acknowledged", at, {}
    at += timedelta(days=int(chance.triangular(1, 34, 9)))
    outcome = _pick(chance, OUTCOMES)
    if outcome in ("upheld", "partly_upheld", "not_upheld", "resolved"):
        yield "responded", at, {}
    closing: dict[str, Any] = {"outcome": outcome, "remedies": ["none"]}
    if outcome in ("upheld", "partly_upheld"):
        found = {_pick(chance, REMEDIES), _pick(chance, REMEDIES)}
        closing |= {"remedies": sorted(found), "cause": _pick(chance, CAUSES)}
        if chance.random() < 0.05:
            closing["lesson"] = chance.choice(LESSONS)
        closing["failure_in_assessment"] = chance.random() < 0.02
    yield "closed", at + timedelta(days=chance.randrange(1, 12)), {"closing": closing}


def _write(conn: Connection, organisation: str, rows: _Rows) -> None:
    for table in (conversations, messages, cases, clocks, case_events, closings):
        found = rows.tables.get(table, [])
        for start in range(0, len(found), 2000):
            conn.execute(table.insert(), found[start : start + 2000])
    head = conn.execute(sa.select(audit_heads).where(audit_heads.c.organisation == organisation)).first()
    if head is None:
        key = {"organisation": organisation, "number": 0, "hash": audit_trail.GENESIS}
        conn.execute(audit_heads.insert(), key)
    before = (0, audit_trail.GENESIS) if head is None else (head.number, head.hash)
    chained = list(_chain(organisation, rows.trail, *before))
    for start in range(0, len(chained), 2000):
        conn.execute(audit.insert(), chained[start : start + 2000])


def _chain(
    organisation: str, trail: Sequence[tuple[datetime, str, str, str]], number: int, previous: str
) -> Iterator[dict[str, Any]]:
    for at, action, reference, actor in sorted(trail):
        number += 1
        row: dict[str, Any] = {
            "organisation": organisation, "number": number, "at": at, "actor": actor, "action": action,
            "reference": reference, "delivery_id": None, "digest": None, "caller": None, "previous": previous,
        }  # fmt: skip
        row["hash"] = previous = audit_trail.hash_of(row)
        yield row
