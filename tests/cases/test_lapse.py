"""Drafts lapse once, however many workers look after them, and never while anybody writes in them."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection

from cases import audit_check, lapse, outbox, register
from cases.audit import heads
from cases.conversations import Conversation
from cases.lapse import Limits
from cases.models import conversations
from cases.store import Store, open_store
from tests.cases.builders import NOW, say

LIMITS = Limits()
ANSWERS = {"story": "My tutor lost my work.", "contact_email": "ann@example.org"}
LATER, LONG_AFTER = NOW + timedelta(days=2), NOW + timedelta(days=14)


def draft(store: Store, number: int = 1, **changes: Any) -> str:
    """A draft with a story and an address, last written to at NOW; its reference."""
    reference = f"CQM-{number}"
    data = {"answers": changes.pop("answers", ANSWERS), **changes.pop("data", {})}
    say(store, conversation_id=f"c{number}", key_hash=f"k{number}", reference=reference, data=data, **changes)
    return reference


def due(
    store: Store, find: Callable[..., list[Conversation]], days: float, **more: Any
) -> list[Conversation]:
    now = NOW + timedelta(days=days)
    return store.read_sync(lambda conn: find(conn, "cqm", now, LIMITS, **more))


def rows(store: Store) -> list[tuple[str, str, str]]:
    found = store.read_sync(outbox.listing)
    return [(row["case_reference"], row["kind"], row["target"]) for row in found]


def remind_all(store: Store) -> list[bool]:
    return [reminded(store, found) for found in due(store, lapse.to_remind, 2)]


def abandon_all(store: Store, found: list[Conversation]) -> list[bool]:
    return [abandoned(store, one) for one in found]


def reminded(store: Store, one: Conversation) -> bool:
    return store.write_sync(lambda conn: lapse.remind(conn, one, LATER))


def abandoned(store: Store, one: Conversation) -> bool:
    places = ("folder", "email")
    return store.write_sync(lambda conn: lapse.abandon(conn, one, ["effect"], places, LONG_AFTER))


def test_a_draft_gets_its_one_reminder_on_the_second_day_and_not_before(store: Store) -> None:
    reference = draft(store)
    assert due(store, lapse.to_remind, 1.99) == []
    assert remind_all(store) == [True]
    assert rows(store) == [(reference, "draft.reminder", "to-person")]
    assert due(store, lapse.to_remind, 2) == []


def test_words_after_the_reminder_do_not_bring_a_second_one(store: Store) -> None:
    draft(store)
    remind_all(store)
    say(store, expected_version=1, message_id="m2", data={"answers": ANSWERS}, reference="CQM-1", at=LATER)
    assert due(store, lapse.to_remind, 9) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"answers": {"story": "My tutor lost my work."}},
        {"answers": {**ANSWERS, "contact_email": None}},
        {"answers": {"contact_email": "ann@example.org"}},
        {"answers": {**ANSWERS, "preferred_contact": "none"}},
        {"answers": {**ANSWERS, "preferred_contact": "post"}},
        {"recorded_by": "R. Ahmed"},
        {"data": {"taken_over_by": "R. Ahmed"}},
        {"state": "filed"},
        {"organisation": "cim"},
    ],
    ids=[
        "no address",
        "address skipped",
        "no story",
        "no contact wanted",
        "by post",
        "staff wrote it",
        "staff have it",
        "filed",
        "another organisation",
    ],
)
def test_nobody_else_is_reminded(store: Store, changes: dict[str, Any]) -> None:
    draft(store, **changes)
    assert due(store, lapse.to_remind, 9) == []


def test_how_they_want_to_be_reached_may_be_e_mail_or_not_said_yet(store: Store) -> None:
    draft(store, 1, answers={**ANSWERS, "preferred_contact": "email"})
    draft(store, 2, answers={**ANSWERS, "preferred_contact": None})
    assert remind_all(store) == [True, True]


def test_a_draft_with_a_story_reaches_every_target_with_what_is_missing(store: Store) -> None:
    reference = draft(store)
    assert due(store, lapse.to_abandon, 13.99) == []
    assert abandon_all(store, due(store, lapse.to_abandon, 14)) == [True]
    assert sorted(rows(store)) == [(reference, "draft.abandoned", name) for name in ("email", "folder")]
    claimed = store.write_sync(lambda conn: outbox.claim(conn, LONG_AFTER, 10, timedelta(seconds=60)))
    for item in claimed:
        assert (item.record["state"], item.record["missing"]) == ("abandoned", ["effect"])
        assert item.record["narrative"] == ANSWERS["story"]
        assert item.record["decision"] is None
    listed = store.read_sync(register.list_cases)
    assert [(row["reference"], row["state"]) for row in listed] == [(reference, "abandoned")]


def test_an_untouched_greeting_is_abandoned_and_handed_to_nobody(store: Store) -> None:
    draft(store, answers={}, said="")
    assert abandon_all(store, due(store, lapse.to_abandon, 14)) == [True]
    assert rows(store) == []
    assert store.read_sync(register.list_cases)[0]["state"] == "abandoned"


def test_what_a_person_has_taken_over_is_theirs_to_end(store: Store) -> None:
    draft(store, data={"taken_over_by": "R. Ahmed"})
    assert due(store, lapse.to_abandon, 400) == []


def test_drafts_that_cannot_lapse_do_not_keep_others_waiting(store: Store) -> None:
    for number in range(3):
        draft(store, number, data={"taken_over_by": "R. Ahmed"})
    draft(store, 9)
    assert [d.reference for d in due(store, lapse.to_abandon, 14, most=1)] == ["CQM-9"]
    assert [d.reference for d in due(store, lapse.to_remind, 14, most=1)] == ["CQM-9"]


def test_a_message_that_came_meanwhile_keeps_the_draft_open(store: Store) -> None:
    draft(store)
    found = due(store, lapse.to_abandon, 14)
    say(
        store,
        expected_version=1,
        message_id="m2",
        data={"answers": ANSWERS},
        reference="CQM-1",
        at=LONG_AFTER,
    )
    assert abandon_all(store, found) == [False]
    assert rows(store) == []
    assert store.read_sync(register.list_cases)[0]["state"] == "draft"


def together(store: Store) -> list[tuple[str, str, str]]:
    """Four workers that have all read the same ten drafts remind and abandon them at the same time; the rows."""
    for number in range(10):
        draft(store, number)
    silent, over = due(store, lapse.to_remind, 2), due(store, lapse.to_abandon, 14)
    assert (len(silent), len(over)) == (10, 10)

    def work(_: int) -> int:
        return sum([*(reminded(store, one) for one in silent), *abandon_all(store, over)])

    with ThreadPoolExecutor(4) as workers:
        list(workers.map(work, range(4)))
    return rows(store)


def test_workers_that_do_it_at_the_same_time_do_nothing_twice(store: Store) -> None:
    found = together(store)
    assert len(found) == len(set(found)) == 30
    report = store.read_sync(lambda conn: audit_check.verify(conn, heads(conn)))
    # Opened, reminded and abandoned, each draft once.
    assert (report.entries["cqm"], report.breaks) == (30, [])


def test_a_worker_that_does_not_look_at_the_version_is_caught(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def careless(conn: Connection, before: Conversation, values: dict[str, Any]) -> None:
        conn.execute(conversations.update().where(conversations.c.id == before.id).values(values))

    monkeypatch.setattr(lapse, "advance", careless)
    found = together(store)
    assert len(found) > len(set(found))


def test_a_reminder_whose_id_is_drawn_anew_is_caught(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    class Drawn:
        def hexdigest(self) -> str:
            return f"{next(numbers):032x}"

    numbers = iter(range(1000))
    monkeypatch.setattr("cases.lapse.hashlib.sha256", lambda _: Drawn())
    draft(store)
    (found,) = due(store, lapse.to_remind, 2)
    assert [reminded(store, found) for _ in range(2)] == [True, True]
    assert len(rows(store)) == 2


def test_drafts_are_found_by_the_index(sqlite_url: str) -> None:
    def plan(conn: Connection) -> str:
        query = sa.select(conversations.c.id).where(
            conversations.c.organisation == "cqm", conversations.c.state == "draft"
        )
        text = str(query.compile(conn, compile_kwargs={"literal_binds": True}))
        return str(conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}").all())

    store = open_store(sqlite_url)
    try:
        assert "ix_conversations_organisation_state" in store.read_sync(plan)
    finally:
        store.close()
