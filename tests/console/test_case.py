"""The page of a case, and what is done with it: who said what, stale pages, one transaction, the trail."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from bot.console import cases_offers
from cases import audit_check, clock_moves, events, listing, notes, rerouting
from cases.events import Moved
from cases.models import evidence, outbox
from cases.told import KINDS
from tests.api.registered import RECEIVED, file
from tests.console.office import FIRST, OTHER, RESTRICTED, Colleague, Office, office
from tests.console.shelf import REAL, decided, do, told, version_of

STORY = "The course was moved three times.\nNobody told me <b>why</b>."


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with office(tmp_path_factory.mktemp("office"), limits="off", smtp_host="127.0.0.1") as made:
        yield made


@pytest.fixture
def new(here: Office) -> Callable[..., str]:
    """Files a case that no other test has; its reference."""

    def file_one(**record: Any) -> str:
        number = _COUNT.pop()
        reference = f"CQM-CASE-{number:04d}-1"
        file(here.store, reference, **record)
        return reference

    return file_one


_COUNT = list(range(999, 0, -1))


class TestThePage:
    def test_it_tells_the_story_as_it_was_written_and_no_more(
        self, here: Office, new: Callable[..., str]
    ) -> None:
        who = here.signed_in("staff")
        page = who.get(f"/cases/{new(narrative=STORY, desired_remedy='An apology')}")
        assert page.status_code == 200
        assert "Nobody told me &lt;b&gt;why&lt;/b&gt;." in page.text
        assert "What they ask for An apology" in who.text
        assert "<script>" not in page.text

    def test_who_said_what_is_told_apart(self, here: Office, new: Callable[..., str]) -> None:
        who, reference = here.signed_in("staff"), new(**decided())
        who.get(f"/cases/{reference}")
        assert "Assumed Nobody said; the policy's default was taken." in who.text
        assert "Recorded Known from how it came" in who.text

    @pytest.mark.parametrize("how", ["confirmed", "chosen", "said", "proposed"])
    def test_how_the_interview_came_to_a_fact_is_said(
        self, here: Office, new: Callable[..., str], how: str
    ) -> None:
        from cases.models import conversations

        who, reference = here.signed_in("staff"), new(**decided())
        here.store.write_sync(
            lambda conn: conn.execute(
                conversations.update()
                .where(conversations.c.reference == reference)
                .values(data={"state": "filed", "how": {"subject": how}})
            )
        )
        who.get(f"/cases/{reference}")
        word = {"confirmed": "Confirmed", "chosen": "Chosen", "said": "Said", "proposed": "Understood"}[how]
        row = re.search(r'<th role="rowheader" scope="row">What it is about</th>(.*?)</tr>', who.page.text)
        # What took its default was not said, whatever the draft keeps.
        assert row is not None
        assert f">{word}</span>" in row[1]

    def test_the_decision_has_its_reasons_with_clauses_and_why_not_in_words(
        self, here: Office, new: Callable[..., str]
    ) -> None:
        who = here.signed_in("staff")
        who.get(f"/cases/{new(**decided())}")
        assert "Stage 1: Frontline Resolution, third paragraph" in who.text
        assert "Why not something else" in who.text
        assert "nature is complaint, not enquiry" in who.text
        assert "stage_reached" not in who.text

    def test_a_moved_promise_stands_beside_the_first(self, here: Office, new: Callable[..., str]) -> None:
        who, reference = here.signed_in("staff"), new()
        row = next(r for r in rows(here, reference) if r.kind == "respond")
        assert row.due is not None
        to = (row.due + timedelta(days=1)).isoformat()
        while (
            do(who, reference, "extend", clock="respond", to=to, reason="A witness is away").status_code
            != 303
        ):
            to = (row.due + timedelta(days=3)).isoformat()
        who.get(f"/cases/{reference}")
        assert "First said:" in who.text
        assert "Moved because: A witness is away" in who.text

    def test_the_trail_is_for_who_may_see_it(self, here: Office, new: Callable[..., str]) -> None:
        reference = new()
        assert "Audit trail of this case" not in here.signed_in("staff").get(f"/cases/{reference}").text
        auditor = here.signed_in("auditor")
        auditor.get(f"/cases/{reference}")
        assert "Audit trail of this case" in auditor.text
        assert "Case: read" in auditor.text
        assert not re.search(r'class="acts"', auditor.page.text)

    def test_that_it_was_opened_is_in_the_trail(self, here: Office, new: Callable[..., str]) -> None:
        reference, who = new(), here.signed_in("staff")
        who.get(f"/cases/{reference}")
        assert [entry[:2] for entry in here.trail() if entry[1] == reference][-1] == (listing.READ, reference)

    @pytest.mark.parametrize("path", ["", "/note", "/close", "/reroute", "/files/" + "0" * 32])
    @pytest.mark.parametrize("reference", [OTHER, RESTRICTED, "CQM-9999-9999-9"])
    def test_a_case_that_is_not_theirs_is_not_there(self, here: Office, path: str, reference: str) -> None:
        assert here.signed_in("staff").get(f"/cases/{reference}{path}").status_code == 404

    def test_a_page_that_looks_in_every_organisation_is_caught(
        self, here: Office, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        place = listing.place
        monkeypatch.setattr(listing, "place", lambda conn, _, reference: place(conn, None, reference))
        with pytest.raises(AssertionError):
            self.test_a_case_that_is_not_theirs_is_not_there(here, "", OTHER)


class TestEvidence:
    def keep(self, here: Office, reference: str, name: str, scan: str = "clean") -> str:
        """A file of the case, in the vault and in its row."""
        identity = f"{len(name):032x}"
        vault = here.app.state.house.intake.vault
        path = vault.path("cqm", identity)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"%PDF-1.7 hello")
        row = {"organisation": "cqm", "id": identity, "conversation_id": f"c-{reference}", "name": name, "size": 14,
               "sha256": "0" * 64, "type": "application/pdf", "scan": scan, "at": RECEIVED}  # fmt: skip
        here.store.write_sync(lambda conn: conn.execute(evidence.insert(), row))
        return identity

    def test_a_file_is_saved_and_never_shown(self, here: Office, new: Callable[..., str]) -> None:
        reference, who = new(), here.signed_in("staff")
        identity = self.keep(here, reference, "<letter>.pdf")
        assert f"/cases/{reference}/files/{identity}" in who.get(f"/cases/{reference}").text
        answer = who.get(f"/cases/{reference}/files/{identity}")
        assert answer.content == b"%PDF-1.7 hello"
        assert answer.headers["content-disposition"].startswith("attachment;")
        assert "sandbox" in answer.headers["content-security-policy"]
        assert (listing.FILE_READ, reference) in [entry[:2] for entry in here.trail()]

    def test_what_a_scanner_found_is_given_to_nobody(self, here: Office, new: Callable[..., str]) -> None:
        reference, who = new(), here.signed_in("staff")
        identity = self.keep(here, reference, "invoice.pdf", "infected")
        assert who.get(f"/cases/{reference}/files/{identity}").status_code == 409
        assert f"files/{identity}" not in who.get(f"/cases/{reference}").text

    def test_a_file_of_another_case_is_not_there(self, here: Office, new: Callable[..., str]) -> None:
        reference, who = new(), here.signed_in("staff")
        identity = self.keep(here, new(), "somebody-elses.pdf")
        assert who.get(f"/cases/{reference}/files/{identity}").status_code == 404


def rows(here: Office, reference: str) -> list[clock_moves.ClockRow]:
    return here.store.read_sync(lambda conn: clock_moves.rows_of(conn, "cqm", reference))


class TestActs:
    def test_a_case_from_its_receipt_to_its_end_and_on(self, here: Office, new: Callable[..., str]) -> None:
        who, reference = here.signed_in("staff"), new()
        assert do(who, reference, "acknowledge").headers["location"].endswith(f"{reference}?done=acknowledge")
        assert do(who, reference, "note", text="Rang the centre.\nThey agree.").status_code == 303
        assert do(who, reference, "pause", reason="Waiting for the person").status_code == 303
        assert "Run the clocks again" in who.get(f"/cases/{reference}").text
        assert do(who, reference, "resume").status_code == 303
        assert do(who, reference, "respond").status_code == 303
        closed = do(
            who, reference, "close", outcome="upheld", remedies=["apology", "refund"], remedy_given="£40",
            cause="delay", cause_found="Two people were ill", lesson="A second person is trained",
        )  # fmt: skip
        assert closed.status_code == 303
        assert told(here, reference) == ["acknowledged", "paused", "resumed", "responded", "closed"]
        who.get(f"/cases/{reference}?done=close")
        for says in ("Kept: the case is closed.", "Upheld", "Apology, Refund; £40", "Two people were ill",
                     "A second person is trained", "Rang the centre."):  # fmt: skip
            assert says in who.text
        assert do(who, reference, "reopen", reason="They wrote again").status_code == 303
        assert told(here, reference)[-1] == "reopened"
        mine = [entry for entry in here.trail() if entry[1] == reference and entry[0] == "case.closed"]
        assert mine[0][2]
        assert here.store.read_sync(lambda conn: audit_check.verify(conn)).breaks == []

    @pytest.mark.parametrize(
        ("act", "typed", "says"),
        [
            ("note", {}, "Write the note."),
            ("acknowledge", {"on": "2001-01-01"}, "this would be before it"),
            ("acknowledge", {"on": "2999-01-01"}, "this lies ahead"),
            ("acknowledge", {"on": "soon"}, "Write a day such as"),
            ("pause", {}, "Say why."),
            ("extend", {"clock": "respond", "to": "2999-01-01", "reason": "x"}, ""),
            ("extend", {"clock": "", "to": "", "reason": ""}, "Choose a promise."),
            ("extend", {"clock": "respond", "to": "later", "reason": "x"}, "Write a day such as"),
            ("close", {"outcome": "upheld", "lesson": "keep me"}, "needs a cause"),
            ("close", {}, "Choose how it ended."),
            ("close", {"outcome": "resolved", "remedies": ["none", "apology"]}, "must be 'none' alone"),
            ("close", {"outcome": "lost"}, ""),
            ("resume", {}, "No clock of this case stands still."),
            ("reopen", {"reason": "x"}, "The case is not closed."),
        ],
    )
    def test_what_cannot_be_is_said_and_nothing_is_kept_or_lost(
        self, here: Office, act: str, typed: dict[str, Any], says: str
    ) -> None:
        who = here.signed_in("staff")
        answer = do(who, FIRST, act, **typed)
        assert answer.status_code == 422, who.text
        assert "There is a problem" in who.text
        assert says in who.text
        assert told(here, FIRST) == []
        for text in typed.values():
            assert not isinstance(text, str) or text in answer.text or text == "lost"
        links = re.findall(
            r'<a href="#([^"]+)">', answer.text.partition("There is a problem")[2].partition("</ul>")[0]
        )
        assert links
        assert all(f'id="{link}"' in answer.text for link in links)

    def test_a_page_without_its_version_does_nothing(self, here: Office) -> None:
        who = here.signed_in("staff")
        assert who.post(f"/cases/{FIRST}/acknowledge").status_code == 412
        assert who.post(f"/cases/{FIRST}/acknowledge", version="*").status_code == 412
        assert told(here, FIRST) == []


class TestStalePages:
    def test_a_stale_page_changes_nothing_says_so_and_keeps_what_was_typed(
        self, here: Office, new: Callable[..., str]
    ) -> None:
        one, other, reference = here.signed_in("staff"), here.signed_in("staff"), new()
        version = version_of(one.get(f"/cases/{reference}/close"))
        assert do(other, reference, "respond").status_code == 303
        typed: dict[str, Any] = {
            "outcome": "not_upheld",
            "remedies": ["explanation"],
            "lesson": "Typed for an hour",
        }
        answer = one.post(f"/cases/{reference}/close", version=version, **typed)
        assert answer.status_code == 412
        assert "The case has changed since you opened this page" in one.text
        assert "Answered," in one.text
        assert "Typed for an hour" in answer.text
        assert '<option value="not_upheld" selected>' in answer.text
        assert re.search(r'value="explanation" checked', answer.text)
        assert told(here, reference) == ["responded"]
        again = one.post(f"/cases/{reference}/close", version=version_of(answer), **typed)
        assert again.status_code == 303
        assert told(here, reference) == ["responded", "closed"]

    def test_a_page_that_overwrites_is_caught(
        self, here: Office, new: Callable[..., str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(events, "require_version", lambda case, seen: None)
        with pytest.raises(AssertionError):
            self.test_a_stale_page_changes_nothing_says_so_and_keeps_what_was_typed(here, new)

    def test_sent_twice_it_is_done_once(self, here: Office, new: Callable[..., str]) -> None:
        who, reference = here.signed_in("staff"), new()
        version = version_of(who.get(f"/cases/{reference}/note"))
        answers = [who.post(f"/cases/{reference}/note", version=version, text="Once") for _ in range(2)]
        assert [answer.status_code for answer in answers] == [303, 412]
        kept = here.store.read_sync(lambda conn: notes.listing(conn, "cqm", reference))
        assert [note["text"] for note in kept] == ["Once"]


class TestLetters:
    def letters(self, here: Office, reference: str) -> list[tuple[str, str, Any]]:
        query = sa.select(outbox.c.kind, outbox.c.target, outbox.c.detail).where(
            outbox.c.case_reference == reference, outbox.c.kind.like("letter.%")
        )
        return [tuple(row) for row in here.store.read_sync(lambda conn: conn.execute(query).all())]

    def test_a_holding_letter_is_seen_first_and_then_on_its_way_with_the_staffs_words(
        self, here: Office, new: Callable[..., str]
    ) -> None:
        who = here.signed_in("staff")
        reference = new(**decided(), complainant={"name": "Ann Evans", "email": "ann@example.org"})
        who.get(f"/cases/{reference}/hold")
        assert "We are still looking into your complaint" in who.text
        looked = do(who, reference, "hold", text="The tutor is back on Monday.", look="yes")
        assert looked.status_code == 200
        assert "The tutor is back on Monday." in who.text.partition("As it would be sent now.")[2]
        assert self.letters(here, reference) == []
        assert do(who, reference, "hold", text="The tutor is back on Monday.").status_code == 303
        ((kind, target, detail),) = self.letters(here, reference)
        assert (kind, target, detail["note"]) == (
            "letter.holding",
            "to-person",
            "The tutor is back on Monday.",
        )
        assert {clock["kind"] for clock in detail["clocks"]} >= {"respond"}
        assert "A holding letter was sent. The tutor is back on Monday." in here_text(who, reference)
        assert ("letter.sent", reference) in [entry[:2] for entry in here.trail()]

    def test_who_can_be_sent_nothing_is_told_of_and_nothing_is_kept(
        self, here: Office, new: Callable[..., str]
    ) -> None:
        who, reference = here.signed_in("staff"), new(complainant={"name": "Ann"})
        answer = do(who, reference, "hold", text="Typed")
        assert answer.status_code == 422
        assert "They gave no address for letters" in who.text
        assert self.letters(here, reference) == []
        assert here.store.read_sync(lambda conn: notes.listing(conn, "cqm", reference)) == []

    def test_more_time_and_its_letter_are_one(self, here: Office, new: Callable[..., str]) -> None:
        who, reference = here.signed_in("staff"), new(complainant={"name": "Ann"})
        due = next(r.due for r in rows(here, reference) if r.kind == "respond")
        assert due is not None
        typed: dict[str, Any] = {
            "clock": "respond",
            "to": str(due + timedelta(days=2)),
            "reason": "Away",
            "letter": "yes",
        }
        assert do(who, reference, "extend", **typed).status_code == 422
        assert told(here, reference) == []


def here_text(who: Colleague, reference: str) -> str:
    who.get(f"/cases/{reference}")
    return who.text


class TestRerouting:
    def test_it_is_seen_first_and_then_done(self, here: Office, new: Callable[..., str]) -> None:
        who, reference = here.signed_in("staff"), new(**decided())
        version = version_of(who.get(f"/cases/{reference}/reroute"))
        typed: dict[str, Any] = {**REAL, "subject": "director", "reason": "It is about a director"}
        seen = who.post(f"/cases/{reference}/reroute", version=version, **typed)
        assert seen.status_code == 200
        assert "Director concerned changes" in who.text
        assert told(here, reference) == []
        assert "You will not be able to open the case any more." in who.text
        assert "it is about a director" in who.text
        # Restricted from now on, so that who sent it there may not open it any more.
        sent = who.post(f"/cases/{reference}/reroute", version=version, **typed, do="yes")
        assert (sent.status_code, sent.headers["location"]) == (303, "/cqm/staff?done=reroute")
        assert "It is restricted now" in (who.get("?done=reroute"), who.text)[1]
        assert reference not in who.page.text
        assert told(here, reference) == ["rerouted"]
        officer = here.signed_in("staff", "restricted_cases")
        officer.get(f"/cases/{reference}")
        assert "Sent to somebody else" in officer.text
        assert "Why: It is about a director" in officer.text
        assert "Staff Set by staff" in officer.text

    def test_who_may_open_it_afterwards_is_told_of_that_alone(
        self, here: Office, new: Callable[..., str]
    ) -> None:
        reference, typed = new(**decided()), {"subject": "director", "reason": "x"}
        officer = here.signed_in("staff", "restricted_cases")
        do(officer, reference, "reroute", **typed)
        assert "The case becomes restricted." in officer.text
        assert "You will not be able" not in officer.text
        do(officer, reference, "reroute", **{**typed, "subject": "staff_member"})
        assert "What would come of it" in officer.text
        assert "restricted" not in officer.text

    @pytest.mark.parametrize(
        ("typed", "says"),
        [
            ({"subject": "director"}, "Say why"),
            ({"reason": "x"}, "change at least one"),
            ({"reason": "x", "subject": "dragons"}, ""),
        ],
    )
    def test_what_cannot_be_is_said(
        self, here: Office, new: Callable[..., str], typed: dict[str, str], says: str
    ) -> None:
        who, reference = here.signed_in("staff"), new(**decided())
        answer = do(who, reference, "reroute", **typed, do="yes")
        assert answer.status_code == 422
        assert says in who.text
        assert told(here, reference) == []

    def test_a_stale_page_sends_nothing(self, here: Office, new: Callable[..., str]) -> None:
        one, other, reference = here.signed_in("staff"), here.signed_in("staff"), new(**decided())
        version = version_of(one.get(f"/cases/{reference}/reroute"))
        do(other, reference, "acknowledge")
        typed: dict[str, Any] = {"subject": "staff_member", "reason": "Typed", "do": "yes"}
        answer = one.post(f"/cases/{reference}/reroute", version=version, **typed)
        assert answer.status_code == 412
        assert "Typed" in answer.text
        assert '<option value="staff_member" selected>' in answer.text
        assert told(here, reference) == ["acknowledged"]


def test_what_fails_half_way_leaves_nothing(
    here: Office, new: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The event, the letter and the trail stand together or not at all."""
    who, reference = (
        here.signed_in("staff"),
        new(**decided(), complainant={"name": "A", "email": "a@example.org"}),
    )
    before = len(here.trail())
    monkeypatch.setattr(notes, "add", _broken)
    assert do(who, reference, "hold", text="Typed").status_code == 500
    assert TestLetters().letters(here, reference) == []
    assert "letter.sent" not in [entry[0] for entry in here.trail()[before:]]


def _broken(*_: Any) -> None:
    raise OSError


def test_every_act_has_its_words() -> None:
    assert set(cases_offers.EVENT.values()) <= set(KINDS)
    assert set(cases_offers.EVENT) <= set(cases_offers.ACTS)
    assert Moved.status == 412
    assert rerouting.REROUTED


class TestTalking:
    def seen(self, page: Any) -> str:
        found = re.search(r'name="seen" value="(\d+)"', page.text)
        assert found is not None
        return found[1]

    def act(self, who: Colleague, reference: str, act: str, **typed: Any) -> Any:
        seen = self.seen(who.get(f"/cases/{reference}/talk"))
        return who.post(f"/cases/{reference}/talk", act=act, seen=seen, **typed)

    def test_it_is_taken_over_written_in_and_given_back(self, here: Office, new: Callable[..., str]) -> None:
        who, reference = here.signed_in("staff"), new()
        assert "Take it over first" in (who.get(f"/cases/{reference}/talk"), who.text)[1]
        assert self.act(who, reference, "say", text="Too early").status_code == 422
        assert "Too early" in who.page.text
        assert self.act(who, reference, "takeover").status_code == 303
        assert self.act(who, reference, "say", text="I have rung the centre.").status_code == 303
        who.get(f"/cases/{reference}")
        assert "I have rung the centre." in who.text
        assert self.act(who, reference, "giveback").status_code == 303
        kept = [entry for entry in here.trail() if entry[1] == reference]
        assert {"conversation.taken_over", "staff.wrote", "conversation.given_back"} <= {k[0] for k in kept}
        assert all(
            caller for action, _, caller in kept if action in ("conversation.taken_over", "staff.wrote")
        )

    def test_what_was_said_meanwhile_is_read_first(self, here: Office, new: Callable[..., str]) -> None:
        one, other, reference = here.signed_in("staff"), here.signed_in("staff"), new()
        self.act(one, reference, "takeover")
        seen = self.seen(one.get(f"/cases/{reference}/talk"))
        assert self.act(other, reference, "say", text="The other was quicker").status_code == 303
        answer = one.post(f"/cases/{reference}/talk", act="say", seen=seen, text="Typed long")
        assert answer.status_code == 412
        assert "The other was quicker" in answer.text
        assert "Typed long" in answer.text
