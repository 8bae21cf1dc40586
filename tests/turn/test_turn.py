"""The turn: everything or nothing is kept, the same message gives the same reply, and a case is filed once."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from bot.messages import Incoming
from bot.turn import Desk, UnknownConversation, open_conversation, replies_after, take_turn
from cases.outbox import claim
from policy_rules.errors import UnknownOrganisation
from tests.desk import Clock, Person

pytestmark = pytest.mark.anyio
STORY = "The parcel with my course books came three weeks late, and nobody answered my e-mails about it."
SETTLED = "/SetSlots(nature=complaint, subject=service, stage_reached=none)"


async def to_the_check(person: Person) -> None:
    await person.says(STORY, SETTLED)
    await person.skip_to("check_answers")


async def test_a_story_is_stored_with_a_reference_before_anything_is_asked(
    person: Person, clock: Clock
) -> None:
    reply = await person.say(STORY)
    assert person.custom("conversation") == {"reference": reply.reference}
    record = person.record()
    assert record["narrative"] == STORY
    assert record["state"] == "draft"
    assert record["first_told_at"] == clock.now.isoformat()
    assert [m["text"] for m in record["messages"] if m["role"] == "complainant"] == [STORY]


async def test_an_automated_assistant_says_so_with_the_privacy_notice_and_a_way_to_a_person(
    person: Person,
) -> None:
    await person.say("hello")
    assert "automated" in person.texts
    assert "person" in person.texts
    assert "only to look into your complaint" in person.texts
    assert person.asked == "story"
    assert person.record()["privacy_notice_version"] == "hearout-1"


async def test_every_reply_of_an_open_conversation_ends_with_one_question(person: Person) -> None:
    await person.say("hello")
    for _ in range(30):
        assert person.last is not None
        text, custom = person.last.entries[-2:]
        assert text["text"].count("?") == 1
        assert "question" in custom["custom"]
        assert sum(e.get("text", "").count("?") for e in person.last.entries) == 1
        if person.asked == "check_answers":
            return
        await person.say("/skip" if person.asked != "story" else STORY)
    raise AssertionError("never came to check_answers")


async def test_a_case_is_filed_with_its_dates_clocks_and_one_row_to_hand_it_over(
    person: Person, desk: Desk, clock: Clock
) -> None:
    await to_the_check(person)
    clock.forward(minutes=5)
    await person.say("/SetSlots(check_answers=send)")
    outcome = person.outcome
    assert outcome["state"] == "filed"
    assert outcome["decision"]["acknowledge_by"] == "2026-12-23"
    assert "Wednesday 23 December 2026" in person.texts
    record = person.record()
    assert (record["state"], record["received_at"]) == ("filed", clock.now.isoformat())
    assert record["decision"] == outcome["decision"]
    rows = desk.store.write_sync(lambda conn: claim(conn, clock.now, limit=10, lease=timedelta(seconds=60)))
    assert [(row.case_reference, row.target) for row in rows] == [(outcome["reference"], "folder")]


async def test_the_same_message_again_gives_the_same_reply_and_changes_nothing(person: Person) -> None:
    await person.say("hello", "m1")
    first = await person.say(STORY, "m2")
    again = await person.say(STORY, "m2")
    assert again.replayed
    assert (again.seq, again.entries) == (first.seq, first.entries)
    assert len([m for m in person.record()["messages"] if m["text"] == STORY]) == 1


async def test_the_same_confirmation_twice_at_once_files_one_case(
    person: Person, desk: Desk, clock: Clock
) -> None:
    await to_the_check(person)
    sent = [person.say("/SetSlots(check_answers=send)", "send-1") for _ in range(5)]
    replies = await asyncio.gather(*sent)
    assert sorted(reply.replayed for reply in replies) == [False, True, True, True, True]
    rows = desk.store.write_sync(lambda conn: claim(conn, clock.now, limit=10, lease=timedelta(seconds=60)))
    assert len(rows) == 1


async def test_two_tabs_writing_at_once_are_both_kept(person: Person) -> None:
    await person.say("hello")
    await asyncio.gather(
        *(person.say(f"Words number {i} that are long enough for a story of mine.") for i in range(6))
    )
    said = [m["text"] for m in person.record()["messages"] if m["role"] == "complainant"]
    assert sorted(said[1:]) == [
        f"Words number {i} that are long enough for a story of mine." for i in range(6)
    ]


async def test_staff_record_an_oral_complaint_with_the_time_of_the_call(desk: Desk) -> None:
    called = datetime(2026, 12, 18, 16, 30, tzinfo=UTC)
    staff = Person(desk, "mini", channel="phone", received_at=called, recorded_by="R. Ahmed")
    await to_the_check(staff)
    await staff.say("send")
    record = staff.record()
    assert (record["channel"], record["recorded_by"]) == ("phone", "R. Ahmed")
    assert record["received_at"] == called.isoformat()
    assert record["decision"]["acknowledge_by"] == "2026-12-22"
    assert {m["role"] for m in record["messages"]} == {"staff", "assistant"}


async def test_a_face_that_was_away_gets_the_replies_it_missed(person: Person, desk: Desk) -> None:
    first = await person.say("hello")
    second = await person.say(STORY)
    missed = await replies_after(desk, "mini", person.sender, first.seq)
    assert [(reply.seq, reply.entries) for reply in missed] == [(second.seq, second.entries)]
    with pytest.raises(UnknownConversation):
        await replies_after(desk, "mini", "somebody else's key", 0)


async def test_opening_again_greets_once(desk: Desk) -> None:
    incoming = Incoming("mini", "k" * 32, "", "hello")
    first = await open_conversation(desk, incoming)
    again = await open_conversation(desk, incoming)
    assert again.replayed
    assert again.entries == first.entries


async def test_an_unknown_organisation_is_refused_and_nothing_is_stored(desk: Desk) -> None:
    with pytest.raises(UnknownOrganisation, match="Did you mean 'mini'"):
        await take_turn(desk, Incoming("mimi", "k" * 32, "hello", "m1"))


async def test_conversations_of_two_people_do_not_touch(desk: Desk) -> None:
    one, two = Person(desk, "mini"), Person(desk, "mini")
    await one.say(STORY)
    await two.say("hello")
    assert one.last is not None
    assert two.last is not None
    assert one.last.reference != two.last.reference
    assert two.record()["narrative"] is None
