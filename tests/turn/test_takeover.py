"""A person takes the conversation over: the interview keeps quiet, and goes on where it was when it is given back."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter

from bot.api.staff import Act, Counter, Done, NotTakenOver
from bot.turn import Desk, replies_after
from cases import audit_check
from cases.audit import heads
from cases.models import audit
from cases.references import UnknownReference
from tests.desk import Clock, Person

pytestmark = pytest.mark.anyio
STORY = "The parcel with my course books came three weeks late, and nobody answered my e-mails about it."
SETTLED = "/SetSlots(nature=complaint, subject=service, stage_reached=none)"
ACT: TypeAdapter[Any] = TypeAdapter(Act)


class Office:
    """Staff at their counter, and what the person's open faces were sent."""

    def __init__(self, desk: Desk) -> None:
        self.frames: list[dict[str, Any]] = []
        self.counter = Counter(desk, self._tell)

    async def _tell(self, organisation: str, key_hash: str, frame: dict[str, Any]) -> None:
        self.frames.append(frame)

    async def do(self, person: Person, **act: str) -> Done:
        assert person.last is not None
        return await self.counter.do(person.last.reference, ACT.validate_python(act))

    async def take_over(self, person: Person, by: str = "R. Ahmed") -> Done:
        return await self.do(person, act="takeover", by=by)

    @property
    def shown(self) -> str:
        return "\n".join(entry.get("text", "") for entry in self.frames[-1]["entries"])


@pytest.fixture
def office(desk: Desk) -> Office:
    return Office(desk)


async def test_messages_are_kept_and_answered_by_one_line(person: Person, office: Office) -> None:
    await person.says(STORY, SETTLED)
    done = await office.take_over(person)
    assert (done.taken_over_by, done.changed) == ("R. Ahmed", True)
    assert "R. Ahmed" in office.shown
    for text in ("Can somebody call me?", "/skip", "/SetSlots(subject=product)", "send"):
        await person.say(text)
        assert person.texts.endswith("has taken over this conversation. What you write is kept for them.")
        assert (len(person.texts.splitlines()), person.asked) == (1, None)
    said = [m["text"] for m in person.record()["messages"] if m["role"] == "complainant"]
    assert said[-4:] == ["Can somebody call me?", "/skip", "/SetSlots(subject=product)", "send"]
    assert person.record()["facts"]["subject"] == "service"


async def test_staff_write_under_their_name_and_a_face_that_was_away_gets_it(
    person: Person, office: Office, desk: Desk
) -> None:
    await person.says(STORY, SETTLED)
    assert person.last is not None
    before = person.last.seq
    await office.take_over(person)
    await office.do(person, act="say", by="R. Ahmed", text="I can call you at three. Does that suit you?")
    assert "R. Ahmed" in office.shown
    assert office.shown.endswith("I can call you at three. Does that suit you?")
    missed = await replies_after(desk, "mini", person.sender, before)
    assert [(r.seq, r.entries) for r in missed] == [(f["seq"], f["entries"]) for f in office.frames]
    spoken = person.record()["messages"][-1]
    assert (spoken["role"], spoken["text"]) == ("staff", "I can call you at three. Does that suit you?")


async def test_given_back_the_same_question_is_asked_again(person: Person, office: Office) -> None:
    await person.says(STORY, SETTLED)
    asked = person.asked
    await office.take_over(person)
    await person.say("Can somebody call me?")
    done = await office.do(person, act="giveback")
    assert (done.taken_over_by, done.changed) == (None, True)
    assert office.frames[-1]["entries"][-1]["custom"]["question"]["id"] == asked
    await person.say("/skip")
    assert person.asked not in (None, asked)


async def test_given_back_at_the_last_question_the_answers_are_read_back_again(
    person: Person, office: Office
) -> None:
    await person.says(STORY, SETTLED)
    await person.skip_to("check_answers")
    await office.take_over(person)
    await office.do(person, act="giveback")
    assert STORY in office.shown
    await person.say("send")
    assert person.outcome["state"] == "filed"


async def test_a_filed_case_can_be_taken_over_by_its_reference(person: Person, office: Office) -> None:
    await person.says(STORY, SETTLED)
    await person.skip_to("check_answers")
    await person.say("send")
    assert (await office.take_over(person)).state == "filed"
    await person.say("When will I hear?")
    assert "R. Ahmed" in person.texts
    await office.do(person, act="giveback")
    assert len(office.frames[-1]["entries"]) == 1
    await person.say("When will I hear?")
    assert "December 2026" in person.texts


async def test_somebody_in_danger_is_shown_help_although_a_person_is_there(
    person: Person, office: Office
) -> None:
    await person.says(STORY, SETTLED)
    await office.take_over(person)
    await person.say("I want to kill myself")
    assert "116 123" in person.texts
    assert "R. Ahmed" in person.texts
    await office.do(person, act="giveback")
    await person.skip_to("check_answers")
    await person.say("send")
    assert "risk_of_harm" in person.record()["flags"]


async def test_taking_over_again_changes_nothing_and_somebody_else_can(
    person: Person, office: Office
) -> None:
    await person.says(STORY, SETTLED)
    await office.take_over(person)
    assert not (await office.take_over(person)).changed
    assert (await office.take_over(person, "L. Price")).taken_over_by == "L. Price"
    await person.say("Hello?")
    assert "L. Price" in person.texts


async def test_nobody_talks_over_the_interview(person: Person, office: Office) -> None:
    await person.says(STORY, SETTLED)
    with pytest.raises(NotTakenOver):
        await office.do(person, act="say", by="R. Ahmed", text="Hello")
    assert not (await office.do(person, act="giveback")).changed
    with pytest.raises(UnknownReference):
        await office.counter.do("MINI-0000-0000-0", ACT.validate_python({"act": "giveback"}))


async def test_a_turn_that_was_thought_out_before_staff_came_is_taken_anew(
    person: Person, office: Office, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await person.says(STORY, SETTLED)
    real, not_yet = desk.store.write, [True]

    async def late(work: Any, **how: Any) -> Any:
        if not_yet and not_yet.pop():
            await office.take_over(person)
        return await real(work, **how)

    monkeypatch.setattr(desk.store, "write", late)
    await person.say("Can somebody call me?")
    assert (person.asked, "R. Ahmed" in person.texts) == (None, True)
    seqs = [m["seq"] for m in person.record()["messages"]]
    assert seqs == list(range(1, len(seqs) + 1))


async def test_each_step_is_in_the_audit_trail_without_a_word_of_it(
    person: Person, office: Office, desk: Desk, clock: Clock
) -> None:
    await person.says(STORY, SETTLED)
    await office.take_over(person)
    await office.do(person, act="say", by="R. Ahmed", text="I can call you at three.")
    await office.do(person, act="giveback")
    query = audit.select().order_by(audit.c.number)
    rows = desk.store.read_sync(lambda conn: conn.execute(query).all())
    assert [(row.action, row.actor) for row in rows[-3:]] == [
        ("conversation.taken_over", "staff"),
        ("staff.wrote", "staff"),
        ("conversation.given_back", "staff"),
    ]
    assert "Ahmed" not in str(rows)
    assert desk.store.read_sync(lambda conn: audit_check.verify(conn, heads(conn))).breaks == []
