"""Closing with a letter, a holding letter that says when, and promises that are noted as kept or resolved."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from bot.console import cases_acts
from bot.console.cases_offers import ACTS, LETTERS
from cases import clock_moves, listing, notes
from cases.models import cases, outbox
from handoff.letters import KINDS
from tests.api.registered import decision, file
from tests.console.office import Office, office
from tests.console.shelf import decided, do, due_on, told, version_of

ANN = {"name": "Ann Evans", "email": "ann@example.org"}
CLOSED: dict[str, Any] = {
    "outcome": "upheld",
    "cause": "delay",
    "letter": "yes",
    "text": "We have marked the work again.",
}


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with office(tmp_path_factory.mktemp("office"), limits="off", smtp_host="127.0.0.1") as made:
        yield made


@pytest.fixture
def new(here: Office) -> Callable[..., str]:
    def file_one(**record: Any) -> str:
        reference = f"CQM-LETR-{_COUNT.pop():04d}-1"
        file(here.store, reference, **record)
        return reference

    return file_one


_COUNT = list(range(999, 0, -1))


def letters(here: Office, reference: str) -> list[tuple[str, str, Any]]:
    query = sa.select(outbox.c.kind, outbox.c.target, outbox.c.detail).where(
        outbox.c.case_reference == reference, outbox.c.kind.like("letter.%")
    )
    return [tuple(row) for row in here.store.read_sync(lambda conn: conn.execute(query).all())]


def letter_in(page: Any) -> str:
    found = re.search(r'<pre class="letter">(.*?)</pre>', page.text, re.S)
    return found[1] if found is not None else ""


def shown(page: Any) -> str:
    found = re.search(r'name="shown" value="([0-9a-f]{64})"', page.text)
    assert found is not None, page.text
    return found[1]


class TestClosing:
    def test_the_letter_is_shown_first_and_goes_with_the_closing(
        self, here: Office, new: Callable[..., str]
    ) -> None:
        who, reference = here.signed_in("staff"), new(**decided(), complainant=ANN)
        page = do(who, reference, "close", **CLOSED)
        assert page.status_code == 200
        assert "Nothing is done yet." in who.text
        seen = letter_in(page)
        assert "We have marked the work again." in seen
        assert "If you are not satisfied" in seen
        assert (told(here, reference), letters(here, reference)) == ([], [])
        done = who.post(f"/cases/{reference}/close", version=version_of(page), shown=shown(page), **CLOSED)
        assert done.status_code == 303
        assert told(here, reference) == ["closed"]
        ((kind, target, detail),) = letters(here, reference)
        assert (kind, target, detail["note"]) == ("letter.closure", "to-person", CLOSED["text"])
        # The person's own time has begun with the answer, and the letter says until when.
        window = next(clock for clock in detail["clocks"] if clock["by"] == "complainant")
        assert window["due"]
        assert "until" in seen
        assert progress(here, reference) == "closed"
        who.get(f"/cases/{reference}")
        assert "The closing letter was sent. We have marked the work again." in who.text

    def test_another_letter_than_was_shown_is_shown_again(
        self, here: Office, new: Callable[..., str]
    ) -> None:
        who, reference = here.signed_in("staff"), new(**decided(), complainant=ANN)
        page = do(who, reference, "close", **CLOSED)
        other = {**CLOSED, "text": "Something else."}
        again = who.post(f"/cases/{reference}/close", version=version_of(page), shown=shown(page), **other)
        assert again.status_code == 200
        assert "Something else." in letter_in(again)
        assert told(here, reference) == []

    def test_one_that_is_not_looked_at_is_not_sent(
        self, here: Office, new: Callable[..., str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(cases_acts, "SHOWN_FIRST", ())
        with pytest.raises(AssertionError):
            self.test_the_letter_is_shown_first_and_goes_with_the_closing(here, new)

    def test_without_the_letter_it_closes_at_once(self, here: Office, new: Callable[..., str]) -> None:
        who, reference = here.signed_in("staff"), new(complainant=ANN)
        assert do(who, reference, "close", outcome="withdrawn").status_code == 303
        assert letters(here, reference) == []
        assert progress(here, reference) == "closed"

    def test_who_can_have_no_letter_is_told_of_and_the_case_stays_open(
        self, here: Office, new: Callable[..., str]
    ) -> None:
        who, reference = here.signed_in("staff"), new(complainant={"name": "Ann"})
        assert do(who, reference, "close", **CLOSED).status_code == 422
        assert "They gave no address for letters" in who.text
        assert told(here, reference) == []

    def test_a_stale_page_shows_no_letter_and_closes_nothing(
        self, here: Office, new: Callable[..., str]
    ) -> None:
        who, reference = here.signed_in("staff"), new(complainant=ANN)
        page = do(who, reference, "close", **CLOSED)
        do(here.signed_in("staff"), reference, "acknowledge")
        late = who.post(f"/cases/{reference}/close", version=version_of(page), shown=shown(page), **CLOSED)
        assert late.status_code == 412
        assert told(here, reference) == ["acknowledged"]

    def test_looking_leaves_nothing_behind(self, here: Office, new: Callable[..., str]) -> None:
        who, reference = here.signed_in("staff"), new(complainant=ANN)
        before = here.store.read_sync(lambda conn: listing.whole(conn, listing.place(conn, "cqm", reference)))
        do(who, reference, "close", **CLOSED)
        do(who, reference, "close", **CLOSED, look="yes")
        # The box for the letter need not be ticked for a look at it.
        assert do(who, reference, "close", outcome="not_upheld", look="yes").status_code == 200
        assert "We have finished dealing with the complaint" in letter_in(who.page)
        assert re.search(r'name="letter" type="checkbox" value="yes" checked', who.page.text)
        do(who, reference, "extend", clock="respond", to="2099-01-01", reason="x", look="yes")
        after = here.store.read_sync(lambda conn: listing.whole(conn, listing.place(conn, "cqm", reference)))
        assert after == before
        assert "case.closed" not in {entry[0] for entry in here.trail() if entry[1] == reference}


class TestTheHoldingLetter:
    def late(self, here: Office) -> dict[str, Any]:
        day = here.clock().date() - timedelta(days=2)
        return {**due_on(day, "respond"), "organisation": "cqm"}

    def test_it_says_when_an_answer_is_expected(self, here: Office, new: Callable[..., str]) -> None:
        who, reference = here.signed_in("staff"), new(complainant=ANN, decision=self.late(here))
        day = here.clock().date() + timedelta(days=5)
        looked = do(who, reference, "hold", text="Soon.", expected=day.isoformat(), look="yes")
        said = f"We now expect to send you our answer by {day:%A} {day.day} {day:%B %Y}."
        assert said in re.sub(r"\s+", " ", letter_in(looked))
        assert do(who, reference, "hold", text="Soon.", expected=day.isoformat()).status_code == 303
        ((_, _, detail),) = letters(here, reference)
        assert detail["expected"] == day.isoformat()
        (note,) = here.store.read_sync(lambda conn: notes.listing(conn, "cqm", reference))
        assert "It says that the answer is expected by" in note["text"]

    def test_a_late_answer_is_not_held_back_without_a_day(
        self, here: Office, new: Callable[..., str]
    ) -> None:
        who, reference = here.signed_in("staff"), new(complainant=ANN, decision=self.late(here))
        assert do(who, reference, "hold", text="Soon.").status_code == 422
        assert "say when you expect to answer" in who.text
        assert letters(here, reference) == []

    @pytest.mark.parametrize("days", [-1, 400])
    def test_the_day_is_one_to_come(self, here: Office, new: Callable[..., str], days: int) -> None:
        who, reference = here.signed_in("staff"), new(complainant=ANN)
        day = (here.clock().date() + timedelta(days=days)).isoformat()
        assert do(who, reference, "hold", expected=day).status_code == 422
        assert "Give a day from today on, within a year." in who.text

    def test_after_more_time_was_taken_it_says_the_new_day(
        self, here: Office, new: Callable[..., str]
    ) -> None:
        who, reference = here.signed_in("staff"), new(complainant=ANN)
        row = next(r for r in rows(here, reference) if r.kind == "respond")
        assert row.due is not None
        to = row.due + timedelta(days=1)
        while do(who, reference, "extend", clock="respond", to=str(to), reason="Away").status_code != 303:
            to += timedelta(days=1)
        who.get(f"/cases/{reference}/hold")
        seen = re.sub(r"\s+", " ", letter_in(who.page))
        assert f"{to:%A} {to.day} {to:%B %Y}" in seen
        assert f"{row.due:%A} {row.due.day} {row.due:%B %Y}" not in seen


class TestPromises:
    def with_own_promise(self) -> dict[str, Any]:
        made = decision()
        own = {**made["clocks"][0], "kind": "call_back"}
        return {**made, "organisation": "cqm", "clocks": [*made["clocks"], own]}

    def test_a_promise_of_the_policys_own_is_noted_as_kept(
        self, here: Office, new: Callable[..., str]
    ) -> None:
        who, reference = here.signed_in("staff"), new(decision=self.with_own_promise())
        page = who.get(f"/cases/{reference}/keep")
        assert re.findall(r'<option value="(\w+)"', page.text) == ["call_back"]
        assert do(who, reference, "keep", clock="call_back").status_code == 303
        assert told(here, reference) == ["fulfilled"]
        assert {r.kind: r.state for r in rows(here, reference)}["call_back"] == "met"
        who.get(f"/cases/{reference}")
        assert "A promise was kept" in who.text
        assert f"/cases/{reference}/keep" not in who.page.text

    def test_without_one_there_is_nothing_to_note(self, here: Office, new: Callable[..., str]) -> None:
        who, reference = here.signed_in("staff"), new()
        assert f"/cases/{reference}/keep" not in who.get(f"/cases/{reference}").text
        assert do(who, reference, "keep").status_code == 422
        assert "Choose a promise." in who.text

    def test_a_matter_that_is_resolved_is_answered(self, here: Office, new: Callable[..., str]) -> None:
        who, reference = here.signed_in("staff"), new()
        assert f"/cases/{reference}/resolve" in who.get(f"/cases/{reference}").text
        assert do(who, reference, "resolve").status_code == 303
        assert told(here, reference) == ["resolved"]
        assert progress(here, reference) == "responded"
        assert f"/cases/{reference}/resolve" not in who.get(f"/cases/{reference}").text


def rows(here: Office, reference: str) -> list[clock_moves.ClockRow]:
    return here.store.read_sync(lambda conn: clock_moves.rows_of(conn, "cqm", reference))


def progress(here: Office, reference: str) -> str:
    query = sa.select(cases.c.progress).where(cases.c.reference == reference)
    return str(here.store.read_sync(lambda conn: conn.execute(query).scalar_one()))


def test_every_letter_that_staff_send_is_one_that_there_is() -> None:
    assert set(LETTERS.values()) <= set(KINDS)
    assert set(LETTERS) <= set(ACTS)
