"""A person complains for somebody else: the link is asked for once, and nothing is disclosed until it says yes."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from bot.api.staff import Consent, Counter, NoConsentNeeded
from bot.turn import Desk
from cases import audit_check, consent, outbox, remarks
from cases.audit import heads
from cases.consent import Answer, Asked
from cases.models import clocks, consents
from tests.desk import Clock, Person

pytestmark = pytest.mark.anyio
STORY = "The parcel with the course books came three weeks late, and nobody answered the e-mails about it."
SETTLED = "/SetSlots(nature=complaint, subject=service, stage_reached=none, on_behalf_of=other)"
ASIDES = (
    "when will I hear?",
    "what is happening with my complaint?",
    "who handles this?",
    "what happens next?",
)
_TELLING = re.compile(r"\b20\d\d\b|goes to:|next step|answer by|has been sent|manager|agreed\b(?! to)", re.I)


async def file(person: Person, basis: str = "none") -> dict[str, Any]:
    """File a complaint for somebody else; the record."""
    await person.says(
        STORY, SETTLED, f"/SetSlots(representative_basis={basis}, representative_name=Bob Evans)"
    )
    await person.skip_to("check_answers")
    await person.say("send")
    assert person.outcome["state"] == "filed"
    return person.record()


def token_of(record: dict[str, Any]) -> str:
    return str(record["representation"]["consent_link"]).rpartition("/")[2]


def asked(desk: Desk, clock: Clock, token: str) -> Asked | None:
    return desk.store.read_sync(lambda conn: consent.find(conn, "mini", token, clock.now))


def answer(desk: Desk, clock: Clock, token: str, said: Answer) -> bool:
    found = asked(desk, clock, token)
    assert found is not None
    return desk.store.write_sync(
        lambda conn: consent.record_answer(conn, found, said, "Noted.", ("folder",), clock.now)
    )


def kinds(desk: Desk) -> list[str]:
    return sorted(row["kind"] for row in desk.store.read_sync(outbox.listing))


def running(desk: Desk) -> list[tuple[str, str, Any]]:
    query = sa.select(clocks.c.kind, clocks.c.state, clocks.c.due).order_by(clocks.c.kind)
    return desk.store.read_sync(lambda conn: [tuple(row) for row in conn.execute(query)])


async def staff(desk: Desk, reference: str, said: Answer) -> bool:
    async def nobody(*_: object) -> None:
        return

    done = await Counter(desk, nobody).do(reference, Consent(act="consent", by="R. Ahmed", answer=said))
    assert done.consent == said
    return done.changed


async def told(person: Person) -> list[str]:
    """Everything that questions after filing are answered with; the way to a person left out."""
    found = []
    for text in ASIDES:
        await person.say(text)
        found.append(person.texts.partition("You can speak to a person")[0])
    return found


def leaks(texts: list[str]) -> list[str]:
    """What in these discloses more than that there is a case and that agreement is awaited."""
    return [found[0] for text in texts for found in _TELLING.finditer(text.replace("has agreed.", ""))]


class TestTheLink:
    async def test_it_stands_in_the_record_and_never_in_the_chat(self, person: Person, desk: Desk) -> None:
        record = await file(person)
        link = record["representation"]["consent_link"]
        assert link.startswith("http://127.0.0.1:8000/mini/consent/")
        # 128 bits in letters of six.
        assert len(token_of(record)) == 22
        assert "/consent/" not in str([m["text"] for m in record["messages"]])
        assert "/consent/" not in str(person.last)
        claimed = desk.store.write_sync(
            lambda conn: outbox.claim(conn, desk.clock(), 9, timedelta(seconds=60))
        )
        assert claimed[0].record["representation"]["consent_link"] == link

    async def test_only_the_hash_of_its_token_is_kept_beside_it(self, person: Person, desk: Desk) -> None:
        token = token_of(await file(person))
        (row,) = desk.store.read_sync(lambda conn: conn.execute(sa.select(consents)).all())
        assert token not in str(row)
        assert row.token_hash == consent.hash_of(token)

    @pytest.mark.parametrize("basis", ["consent", "deceased", "unable"])
    async def test_nobody_is_asked_where_no_consent_is_awaited(
        self, person: Person, desk: Desk, basis: str
    ) -> None:
        record = await file(person, basis)
        assert record["representation"]["consent_link"] is None
        assert desk.store.read_sync(lambda conn: conn.execute(sa.select(consents)).all()) == []

    async def test_it_ends_after_its_time_and_no_other_token_opens_anything(
        self, person: Person, desk: Desk, clock: Clock
    ) -> None:
        token = token_of(await file(person))
        assert asked(desk, clock, token) is not None
        assert asked(desk, clock, token[:-1]) is None
        assert asked(desk, clock, consent.hash_of(token)) is None
        elsewhere = desk.store.read_sync(lambda conn: consent.find(conn, "cqm", token, clock.now))
        assert elsewhere is None
        clock.forward(days=90)
        assert asked(desk, clock, token) is None


class TestTheAnswer:
    @pytest.mark.parametrize("said", ["given", "refused"])
    async def test_it_is_kept_once_and_the_organisation_is_told(
        self, person: Person, desk: Desk, clock: Clock, said: Answer
    ) -> None:
        token = token_of(await file(person))
        assert answer(desk, clock, token, said)
        assert not answer(desk, clock, token, said)
        assert not answer(desk, clock, token, "refused" if said == "given" else "given")
        record = person.record()
        assert record["representation"]["consent"] == said
        assert record["representation"]["consent_link"] is None
        assert kinds(desk) == [f"case.consent_{said}", "case.filed"]
        assert [m["text"] for m in record["messages"] if m["role"] == "system"] == ["Noted."]
        assert desk.store.read_sync(lambda conn: audit_check.verify(conn, heads(conn))).breaks == []

    @pytest.mark.parametrize("said", ["given", "refused"])
    async def test_no_clock_stops_or_moves(
        self, person: Person, desk: Desk, clock: Clock, said: Answer
    ) -> None:
        record = await file(person)
        before = running(desk)
        assert {state for _, state, _ in before} == {"running"}
        clock.forward(days=3)
        answer(desk, clock, token_of(record), said)
        assert running(desk) == before
        assert person.record()["decision"] == record["decision"]

    async def test_a_letter_counts_as_an_answer_and_may_change_one(
        self, person: Person, desk: Desk, clock: Clock
    ) -> None:
        record = await file(person)
        reference, token = record["reference"], token_of(record)
        assert await staff(desk, reference, "refused")
        assert not answer(desk, clock, token, "given")
        assert not await staff(desk, reference, "refused")
        assert await staff(desk, reference, "given")
        assert person.record()["representation"]["consent"] == "given"
        notes = [m["text"] for m in person.record()["messages"] if m["role"] == "system"]
        assert notes == [
            "R. Ahmed recorded that the person represented did not agree.",
            "R. Ahmed recorded that the person represented agreed.",
        ]
        assert desk.store.read_sync(lambda conn: audit_check.verify(conn, heads(conn))).breaks == []

    async def test_two_linked_cases_are_answered_by_one_link(
        self, person: Person, desk: Desk, clock: Clock
    ) -> None:
        await person.says(STORY, SETTLED, "/SetSlots(representative_basis=none)")
        await person.skip_to("check_answers")
        record = person.record()
        assert record["state"] == "draft"
        await _with_a_second_matter(person)
        await person.say("send")
        first, second = person.outcome["reference"], person.outcome["linked"][0]["reference"]
        found = asked(desk, clock, token_of(person.record()))
        assert found is not None
        assert [r.reference for r in found.records] == [first, second]
        answer(desk, clock, token_of(person.record()), "given")
        assert kinds(desk) == ["case.consent_given"] * 2 + ["case.filed"] * 2

    async def test_nobody_can_consent_to_their_own_complaint(self, person: Person, desk: Desk) -> None:
        await person.says(STORY, "/SetSlots(nature=complaint, subject=service, stage_reached=none)")
        with pytest.raises(NoConsentNeeded):
            await staff(desk, person.record()["reference"], "given")


async def _with_a_second_matter(person: Person) -> None:
    """As if the story had named two matters, and the person wanted two cases."""

    def plant(conn: sa.Connection) -> None:
        assert person.last is not None
        before = remarks.conversation_of(conn, person.last.reference).conversation
        answers = {**before.data["answers"], "second_matter": "true"}
        data = {**before.data, "second": "product", "answers": answers}
        remarks.advance(conn, before, {"data": data, "version": before.version + 1})

    person.desk.store.write_sync(plant)


class TestTheHold:
    async def test_while_it_is_awaited_only_that_the_case_exists_is_said(self, person: Person) -> None:
        await file(person)
        texts = await told(person)
        assert leaks(texts) == []
        assert all("until the person you write for has agreed" in text for text in texts)

    async def test_a_refusal_is_not_told_to_the_representative(
        self, person: Person, desk: Desk, clock: Clock
    ) -> None:
        record = await file(person)
        waiting = await told(person)
        answer(desk, clock, token_of(record), "refused")
        assert await told(person) == waiting

    async def test_once_it_is_given_dates_and_handler_are_told(
        self, person: Person, desk: Desk, clock: Clock
    ) -> None:
        record = await file(person)
        answer(desk, clock, token_of(record), "given")
        when, _, who, then = await told(person)
        assert "Wednesday 23 December 2026" in when
        assert record["decision"]["handler"] in who
        assert leaks([when, who, then])

    async def test_words_can_still_be_added_and_the_link_stays(self, person: Person, desk: Desk) -> None:
        record = await file(person)
        await person.say("I also kept the envelope with the postmark on it, in case anybody wants it.")
        assert leaks([person.texts.partition("You can speak")[0]]) == []
        after = person.record()
        assert "envelope" in after["answers"]["added_words"]
        assert after["representation"] == record["representation"]

    async def test_words_that_meet_the_answer_do_not_undo_it(
        self, person: Person, desk: Desk, clock: Clock
    ) -> None:
        record = await file(person)
        answer(desk, clock, token_of(record), "given")
        await person.say("I also kept the envelope with the postmark on it, in case anybody wants it.")
        assert person.record()["representation"]["consent"] == "given"

    async def test_a_hold_that_does_not_hold_is_caught(
        self, person: Person, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await file(person)
        monkeypatch.setattr("bot.dialogue.disclosure.is_withheld", lambda record: False)
        assert leaks(await told(person))
