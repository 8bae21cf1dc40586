"""A draft that nobody goes on with: one reminder, then the staff queue, and always a way back."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from bot.app.lapsing import LapseLoop
from bot.dialogue import unfinished
from bot.dialogue.catalogue import lint
from bot.dialogue.context import Context, Routing
from bot.dialogue.draft import Draft
from bot.dialogue.letters import reminder
from bot.turn import Desk, context_of
from cases import audit_check, outbox
from cases.audit import heads
from cases.lapse import Limits
from cases.models import audit
from tests.desk import Clock, Person

pytestmark = pytest.mark.anyio
STORY = "The parcel with my course books came three weeks late, and nobody answered my e-mails about it."
SETTLED = "/SetSlots(nature=complaint, subject=service, stage_reached=none)"
MAIL = "/SetSlots(contact_email=ann@example.org)"


def look_after(desk: Desk, *, mail: bool = True) -> LapseLoop:
    return LapseLoop(desk, Limits(), can_mail=lambda: mail)


def rows(desk: Desk) -> list[tuple[str, str]]:
    return [(row["kind"], row["target"]) for row in desk.store.read_sync(outbox.listing)]


async def test_a_reminder_on_day_two_and_the_staff_queue_on_day_fourteen(
    person: Person, desk: Desk, clock: Clock
) -> None:
    await person.says(STORY, SETTLED, MAIL)
    loop = look_after(desk)
    for _ in range(16):
        clock.forward(days=1)
        await loop.look("mini")
    assert sorted(rows(desk)) == [("draft.abandoned", "folder"), ("draft.reminder", "to-person")]
    record = person.record()
    assert (record["state"], record["narrative"]) == ("abandoned", STORY)
    assert record["complainant"]["email"] == "ann@example.org"
    assert {"effect", "complainant_name", "evidence"} <= set(record["missing"])
    assert not {"story", "subject", "contact_email", "check_answers"} & set(record["missing"])
    query = audit.select().order_by(audit.c.number)
    done = desk.store.read_sync(lambda conn: [row.action for row in conn.execute(query)])
    assert done == ["conversation.opened", "story.stored", "draft.reminded", "conversation.abandoned"]
    assert desk.store.read_sync(lambda conn: audit_check.verify(conn, heads(conn))).breaks == []


async def test_without_a_mail_server_nobody_is_reminded(person: Person, desk: Desk, clock: Clock) -> None:
    await person.says(STORY, SETTLED, MAIL)
    clock.forward(days=5)
    assert await look_after(desk, mail=False).look("mini") == 0
    assert rows(desk) == []


async def test_whoever_comes_back_goes_on_where_they_stopped(
    person: Person, desk: Desk, clock: Clock
) -> None:
    await person.says(STORY, SETTLED)
    asked = person.asked
    clock.forward(days=20)
    assert await look_after(desk).look("mini") == 1
    await person.say("why do you ask?")
    assert (person.asked, person.record()["state"], person.record()["missing"]) == (asked, "draft", [])
    await person.skip_to("check_answers")
    await person.say("send")
    assert person.outcome["state"] == "filed"
    # Clocks run from the day it was sent.
    assert person.record()["received_at"] == clock.now.isoformat()
    assert desk.store.read_sync(lambda conn: audit_check.verify(conn, heads(conn))).breaks == []


async def test_a_greeting_alone_is_abandoned_without_a_word_to_anybody(
    person: Person, desk: Desk, clock: Clock
) -> None:
    await person.say("hello")
    clock.forward(days=14)
    assert await look_after(desk).look("mini") == 1
    assert (person.record()["state"], rows(desk)) == ("abandoned", [])
    await person.say(STORY)
    assert (person.record()["state"], person.record()["narrative"]) == ("draft", STORY)


async def test_what_ended_otherwise_never_lapses(person: Person, desk: Desk, clock: Clock) -> None:
    await person.says(STORY, SETTLED, "I want to withdraw my complaint")
    other = Person(desk, "mini")
    await other.says(STORY, SETTLED)
    await other.skip_to("check_answers")
    await other.say("send")
    clock.forward(days=400)
    assert await look_after(desk).look("mini") == 0


async def test_two_workers_at_the_same_time_do_nothing_twice(desk: Desk, clock: Clock) -> None:
    people = [Person(desk, "mini") for _ in range(6)]
    for person in people:
        await person.says(STORY, SETTLED, MAIL)
    clock.forward(days=3)
    both = [look_after(desk), look_after(desk)]
    assert sum(await asyncio.gather(*(loop.look("mini") for loop in both))) == 6
    clock.forward(days=14)
    assert sum(await asyncio.gather(*(loop.look("mini") for loop in both))) == 6
    assert sorted(rows(desk)) == [
        *[("draft.abandoned", "folder")] * 6,
        *[("draft.reminder", "to-person")] * 6,
    ]


async def test_a_claimed_draft_is_delivered_as_it_stands(person: Person, desk: Desk, clock: Clock) -> None:
    await person.says(STORY, SETTLED)
    clock.forward(days=14)
    await look_after(desk).look("mini")
    (item,) = desk.store.write_sync(lambda conn: outbox.claim(conn, clock.now, 9, timedelta(seconds=60)))
    assert (item.kind, item.record["narrative"]) == ("draft.abandoned", STORY)
    assert item.record["state"] == "abandoned"


def test_the_letter_is_short_and_tells_nothing_of_the_matter(desk: Desk) -> None:
    subject, text = reminder(context_of(desk, "mini", "en", "MINI-0000-0000-0"), 14)
    assert "MINI-0000-0000-0" in subject
    assert "complain" not in f"{subject}{text}".lower().replace("complaints@", "")
    assert "14 days" in text
    assert lint(text) == []


def test_a_question_that_stays_open_although_it_was_left_out_is_caught(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = context_of(desk, "mini", "en", "MINI-0000-0000-0")

    def stuck(context: Context, draft: Draft, routing: Routing) -> object:
        return context.questions.get("effect")

    monkeypatch.setattr(unfinished, "next_question", stuck)
    with pytest.raises(LookupError, match="'effect' is open although"):
        unfinished.open_questions(context, Draft(), Routing())
