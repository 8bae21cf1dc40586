"""Whole conversations leave exactly the entries that tell of them, on both databases."""

from __future__ import annotations

import pytest

from bot.turn import Desk
from cases import audit_check
from cases.audit import heads
from cases.models import audit
from tests.desk import Clock, Person

pytestmark = pytest.mark.anyio
STORY = "The parcel with my course books came three weeks late, and nobody answered my e-mails about it."
SETTLED = "/SetSlots(nature=complaint, subject=service, stage_reached=none)"


def done(desk: Desk) -> list[str]:
    """The actions of the chain in order, after every link and what it tells of were found whole."""
    report = desk.store.read_sync(lambda conn: audit_check.verify(conn, heads(conn)))
    assert report.breaks == []
    query = audit.select().order_by(audit.c.number)
    return desk.store.read_sync(lambda conn: [row.action for row in conn.execute(query)])


async def test_a_complaint_from_greeting_to_filing(person: Person, desk: Desk, clock: Clock) -> None:
    for text in ("hello", STORY, SETTLED, "/skip", "back", "why do you ask?", "/restart", STORY, SETTLED):
        clock.forward(seconds=30)
        await person.say(text)
    await person.skip_to("check_answers")
    await person.say("send")
    await person.say("thank you")
    assert done(desk) == ["conversation.opened", "story.stored", "case.filed"]


async def test_a_withdrawal_that_is_undone(person: Person, desk: Desk) -> None:
    await person.says(STORY, "I want to withdraw my complaint", "are you sure?", "undo", SETTLED)
    assert done(desk) == [
        "conversation.opened",
        "story.stored",
        "conversation.withdrawn",
        "conversation.reopened",
    ]


async def test_somebody_who_was_sent_elsewhere_and_complains_here_after_all(
    person: Person, desk: Desk
) -> None:
    slots = "/SetSlots(nature=complaint, subject=study_centre, centre_procedure_exhausted=false, stage_reached=none)"
    await person.says(STORY, slots)
    await person.skip_to("still_complain")
    await person.say("no")
    assert person.outcome["state"] == "signposted"
    await person.say("/SetSlots(still_complain=true)")
    await person.skip_to("check_answers")
    await person.say("send")
    assert done(desk) == [
        "conversation.opened",
        "story.stored",
        "case.signposted",
        "conversation.reopened",
        "record.replaced",
        "case.filed",
    ]


async def test_the_same_message_again_is_no_second_entry(person: Person, desk: Desk) -> None:
    await person.say(STORY, "m1")
    again = await person.say(STORY, "m1")
    assert again.replayed
    assert done(desk) == ["conversation.opened", "story.stored"]
