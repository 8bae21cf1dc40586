"""Rules that change while people complain: each complaint is under those of the day on which it came."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.turn import Desk
from policy_rules.editions import Edition
from policy_rules.shelf import SHIPPED
from tests.desk import Clock, Person, open_desk
from tests.published import publish, replaced

pytestmark = pytest.mark.anyio

LONDON = ZoneInfo("Europe/London")
DECEMBER = datetime(2026, 12, 1, 9, tzinfo=UTC)
NEW_YEAR = datetime(2027, 1, 1, tzinfo=LONDON)
CIM = (SHIPPED / "cim.yml").read_text("utf-8")
CQM = (SHIPPED / "cqm.yml").read_text("utf-8")
# As different as rules can be: those of CMS, in the name of CQM.
OTHER_RULES = replaced((SHIPPED / "cms.yml").read_text("utf-8"), ("{id: cms", "{id: cqm"))
STORY = "The service of your members team was poor. Nobody answered my three letters about my subscription."
ACKNOWLEDGE = "    from: received\n    amount: {}\n    unit: working_day\n    force: will\n    clause: Complaints procedure\n"
ACKNOWLEDGE += "    says: Every complaint is acknowledged no later than the second"


@pytest.fixture
def clock() -> Clock:
    return Clock(DECEMBER)


@pytest.fixture
def desk(tmp_path: Path, clock: Clock) -> Iterator[Desk]:
    with open_desk(tmp_path, clock=clock) as desk:
        yield desk


def one_day(desk: Desk, at: datetime = NEW_YEAR, now: datetime = DECEMBER) -> None:
    """CIM's acknowledgement takes one working day from `at` on. Its examples, which show two, are not decided by."""
    text = replaced(CIM, (ACKNOWLEDGE.format(2), ACKNOWLEDGE.format(1)))
    publish(desk.store, desk.packs, "cim", text, at, now)


async def ready(desk: Desk, organisation: str = "cim", **who: object) -> Person:
    """Somebody who has answered everything, and has not sent it."""
    person = Person(desk, organisation, **who)  # type: ignore[arg-type]
    await person.says("hello", STORY, "/SetSlots(nature=complaint, subject=service, complainant_type=member)")
    await person.skip_to("check_answers")
    return person


async def filed(desk: Desk, organisation: str = "cim", **who: object) -> Person:
    """Somebody who complains and sends it."""
    person = await ready(desk, organisation, **who)
    await person.say("send")
    return person


@pytest.mark.parametrize(
    ("received", "due"),
    [
        # Old rule: Friday is a bank holiday; Monday is the first day and Tuesday the second.
        (datetime(2026, 12, 31, 23, 58, tzinfo=LONDON), "2027-01-05"),
        # New rule. It came on a day off: its date stands, and the next working day is the first.
        (datetime(2027, 1, 1, 0, 0, tzinfo=LONDON), "2027-01-04"),
        (datetime(2027, 1, 1, 12, 0, tzinfo=LONDON), "2027-01-04"),
        (datetime(2027, 1, 4, 9, 0, tzinfo=LONDON), "2027-01-05"),
    ],
)
async def test_the_acknowledgement_of_cim_changes_at_new_year(
    desk: Desk, clock: Clock, received: datetime, due: str
) -> None:
    one_day(desk)
    clock.now = received
    outcome = (await filed(desk)).outcome
    assert outcome["decision"]["acknowledge_by"] == due
    before = received < NEW_YEAR
    old, new = (desk.packs.get("cim", at).sha256 for at in (DECEMBER, NEW_YEAR))
    assert old != new
    assert outcome["decision"]["policy_sha256"] == (old if before else new)


async def test_what_is_decided_on_one_day_before_and_after_is_not_mixed_up_in_memory(
    desk: Desk, clock: Clock
) -> None:
    """The rules change at noon, as they do when they are approved for the same day."""
    one_day(desk, datetime(2027, 1, 6, 12, 0, tzinfo=LONDON))
    due, said = [], []
    for hour in (10, 13, 11, 14):
        clock.now = datetime(2027, 1, 6, hour, tzinfo=LONDON)
        person = await ready(desk)
        # Answered from what is kept in memory; the filing decides anew.
        await person.say("When will I hear from you?")
        said.append("Friday 8 January" if "Friday 8 January" in person.texts else person.texts)
        await person.say("send")
        due.append(person.outcome["decision"]["acknowledge_by"])
    assert due == ["2027-01-08", "2027-01-07", "2027-01-08", "2027-01-07"]
    assert [text == "Friday 8 January" for text in said] == [True, False, True, False]
    assert all("Thursday 7 January" in text for text in (said[1], said[3]))


async def test_a_call_is_under_the_rules_of_when_it_came_and_not_of_when_it_is_written_down(
    desk: Desk, clock: Clock
) -> None:
    one_day(desk)
    clock.now = datetime(2027, 1, 4, 9, 0, tzinfo=LONDON)
    at = datetime(2026, 12, 31, 16, 0, tzinfo=LONDON)
    person = await filed(desk, channel="phone", received_at=at, recorded_by="R. Ahmed")
    assert person.outcome["decision"]["acknowledge_by"] == "2027-01-05"


async def test_who_sends_after_midnight_is_under_the_new_rules_and_is_asked_nothing_twice(
    desk: Desk, clock: Clock
) -> None:
    one_day(desk)
    clock.now = datetime(2026, 12, 31, 23, 50, tzinfo=LONDON)
    person = Person(desk, "cim")
    await person.says("hello", STORY, "/SetSlots(nature=complaint, subject=service, complainant_type=member)")
    await person.skip_to("check_answers")
    answers = dict(person.record()["facts"])
    clock.forward(minutes=11)
    await person.say("send")
    outcome = person.outcome
    assert outcome["state"] == "filed"
    assert outcome["decision"]["acknowledge_by"] == "2027-01-04"
    assert answers.items() <= person.record()["facts"].items()


async def test_filed_cases_never_move(desk: Desk, clock: Clock) -> None:
    clock.now = datetime(2026, 12, 31, 9, 0, tzinfo=LONDON)
    person = await filed(desk)
    before = person.record()
    one_day(desk, NEW_YEAR, clock.now)
    clock.now = datetime(2027, 1, 4, 9, 0, tzinfo=LONDON)
    await person.say("I have one more thing to say about the letters that I wrote.")
    after = person.record()
    assert after["decision"] == before["decision"]
    assert after["policy"] == before["policy"]


async def test_a_question_that_the_new_rules_ask_no_more_neither_stops_the_interview_nor_loses_its_answer(
    desk: Desk, clock: Clock
) -> None:
    """CQM's own subject `malpractice` is gone at midnight, while somebody who chose it is in the interview."""
    desk.packs.adopt("cqm", [Edition(1, CQM), Edition(2, OTHER_RULES, NEW_YEAR)], DECEMBER)
    assert desk.packs.findings == []
    assert "malpractice" not in desk.packs.get("cqm", NEW_YEAR).accepted["subject"]
    clock.now = datetime(2026, 12, 31, 23, 50, tzinfo=LONDON)
    person = Person(desk, "cqm")
    await person.says("hello", STORY, "/SetSlots(nature=complaint, subject=malpractice)")
    asked_before = person.asked
    clock.forward(minutes=11)
    asked = [asked_before]
    for _ in range(40):
        if person.asked == "check_answers":
            break
        await person.say("/skip")
        asked.append(person.asked)
    assert person.asked == "check_answers"
    assert "subject" not in asked
    assert "malpractice" in person.texts.lower()
    await person.say("send")
    record = person.record()
    assert person.outcome["state"] == "filed"
    assert record["policy"]["sha256"] == desk.packs.get("cqm", NEW_YEAR).sha256
    assert record["narrative"] == STORY
    assert record["answers"]["subject"] == "malpractice"
    assert "subject" in record["assumed"]


async def test_an_open_question_that_is_gone_at_midnight_gives_way_to_the_next(
    desk: Desk, clock: Clock
) -> None:
    """`member_of_staff` is CQM's own question; the new rules do not have it."""
    clock.now = datetime(2026, 12, 31, 23, 50, tzinfo=LONDON)
    person = Person(desk, "cqm")
    await person.says("hello", STORY, "/SetSlots(nature=complaint, subject=service, stage_reached=none)")
    await person.skip_to("member_of_staff")
    desk.packs.adopt("cqm", [Edition(1, CQM), Edition(2, OTHER_RULES, NEW_YEAR)], clock.now)
    assert desk.packs.findings == []
    clock.forward(minutes=11)
    await person.say("I am not sure")
    assert person.asked not in (None, "member_of_staff")
    await person.skip_to("check_answers")
    await person.say("send")
    assert person.outcome["state"] == "filed"
    assert person.outcome["decision"]["policy_sha256"] == desk.packs.get("cqm", NEW_YEAR).sha256


async def test_a_turn_reads_no_versions_from_the_database(
    desk: Desk, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    one_day(desk)

    def refused(*given: object) -> None:
        raise AssertionError("a turn asked the database for versions")

    for name in ("versions", "version", "unknown_to"):
        monkeypatch.setattr(f"cases.rulebook.{name}", refused)
    clock.now = NEW_YEAR + timedelta(days=3)
    assert (await filed(desk)).outcome["state"] == "filed"
