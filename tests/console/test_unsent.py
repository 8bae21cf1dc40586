"""Unfinished conversations in staff's hands: who waits stands first, what is kept from whom, taken over and given back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from cases import unsent
from cases.models import conversations, messages
from tests.cases.builders import say
from tests.console.office import FIRST, RESTRICTED, Colleague, Office, office

STORY = "The tutor never answered.\nI <b>wrote</b> four times."
HARM, ASKED, BEGUN, GIVEN, GREETING, WRITTEN, HIDDEN, FOREIGN = (
    "CQM-HARM-0001-1",
    "CQM-ASKD-0001-1",
    "CQM-BGUN-0001-1",
    "CQM-GIVN-0001-1",
    "CQM-HELO-0001-1",
    "CQM-STAF-0001-1",
    "CQM-HIDN-0001-1",
    "CIM-BGUN-0001-1",
)


def begin(here: Office, reference: str, organisation: str = "cqm", hours: int = 1, **draft: Any) -> None:
    """A conversation that was begun so many hours ago."""
    at = here.clock() - timedelta(hours=hours)
    told = draft.pop("told", True)
    answers = {**({"story": STORY} if told else {}), **draft.pop("answers", {})}
    state, by = draft.get("state", "draft"), draft.pop("recorded_by", None)
    say(
        here.store, organisation=organisation, conversation_id=f"c-{reference}", key_hash=f"k-{reference}",
        reference=reference, state=state, data={"answers": answers, **draft}, at=at, said=STORY,
        first_told_at=at if told else None, recorded_by=by, message_id=f"m-{reference}",
    )  # fmt: skip


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with office(tmp_path_factory.mktemp("office"), limits="off") as made:
        begin(made, HARM, hours=30, flags=["risk_of_harm"])
        begin(made, ASKED, hours=20, flags=["asked_for_a_person"])
        begin(made, BEGUN, hours=2, answers={"contact_email": "ann@example.org", "subject": "service"})
        begin(made, GIVEN, hours=1, state="abandoned", missing=["desired_remedy"])
        begin(made, GREETING, told=False)
        begin(made, WRITTEN, recorded_by="Jo Field", channel="phone")
        begin(made, HIDDEN, hours=3, answers={"confidentiality": "asked"})
        begin(made, FOREIGN, "cim")
        yield made


def section(page: Any, name: str) -> list[str]:
    found = re.search(rf'<section data-part="{name}">(.*?)</section>', page.text, re.S)
    assert found is not None, page.text
    return re.findall(r"/unfinished/([A-Z]{3}-[0-9A-Z-]+)\"", found[1])


class TestTheList:
    def test_who_waits_for_somebody_stands_first_and_words_of_harm_before_all(self, here: Office) -> None:
        page = here.signed_in("staff", "restricted_cases").get("/unfinished")
        assert page.status_code == 200
        assert section(page, "pressing") == [HARM, ASKED]
        assert section(page, "others") == [GIVEN, BEGUN, HIDDEN]
        assert "Somebody may be at risk" in page.text
        assert "Asked for a person" in page.text

    def test_what_staff_write_down_and_a_greeting_are_not_there(self, here: Office) -> None:
        page = here.signed_in("staff", "restricted_cases").get("/unfinished")
        assert not {GREETING, WRITTEN, FIRST} & set(section(page, "pressing") + section(page, "others"))

    def test_a_list_that_forgets_the_flags_is_caught(
        self, here: Office, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(unsent, "_WAITS", sa.false())
        monkeypatch.setattr(unsent, "_QUERY", sa.select(conversations, sa.literal(False).label("waits")))
        with pytest.raises(AssertionError):
            self.test_who_waits_for_somebody_stands_first_and_words_of_harm_before_all(here)

    @pytest.mark.parametrize(("state", "left"), [("draft", {BEGUN, HIDDEN}), ("abandoned", {GIVEN})])
    def test_it_can_be_narrowed(self, here: Office, state: str, left: set[str]) -> None:
        page = here.signed_in("auditor").get(f"/unfinished?state={state}")
        assert set(section(page, "others")) == left

    @pytest.mark.parametrize("path", ["?state=lost", "?after=", "?state=filed"])
    def test_an_address_of_nothing_shows_all(self, here: Office, path: str) -> None:
        assert here.signed_in("auditor").get(f"/unfinished{path}").status_code == 200

    @pytest.mark.parametrize("after", ["x", "2026-01-01~A", "~", "2026-01-01T00:00:00+00:00~%00"])
    def test_a_cursor_that_is_none_is_refused(self, here: Office, after: str) -> None:
        assert (
            here.signed_in("auditor").get(f"/unfinished?after={after.replace('+', '%2B')}").status_code == 422
        )

    def test_pages_hold_every_one_once(self, here: Office, monkeypatch: pytest.MonkeyPatch) -> None:
        from bot.console import unsent as pages

        monkeypatch.setattr(pages, "MOST", 1)
        monkeypatch.setattr(unsent, "_AT_ONCE", 1)
        who, seen, path = here.signed_in("auditor"), [], "/unfinished"
        for _ in range(10):
            page = who.get(path)
            seen += section(page, "others")
            older = re.search(r'href="/cqm/staff(/unfinished\?[^"]+)">Older', page.text)
            if older is None:
                break
            path = older[1].replace("&amp;", "&")
        assert seen == [GIVEN, BEGUN, HIDDEN]

    def test_an_empty_list_says_so(self, here: Office) -> None:
        who = here.signed_in("staff", organisation="cmi")
        assert who.get("/unfinished").status_code == 200
        assert "Nobody waits for a person just now." in who.text

    def test_that_they_were_listed_is_in_the_trail(self, here: Office) -> None:
        account = here.account("lists@example.org")
        here.signed_in(account=account).get("/unfinished")
        assert (unsent.LISTED, "*", account.id) in here.trail()


class TestWhatIsKeptBack:
    def test_restricted_ones_are_listed_only_for_who_may_open_them(self, here: Office) -> None:
        page = here.signed_in("staff").get("/unfinished")
        assert section(page, "pressing") == [ASKED]
        assert section(page, "others") == [GIVEN, BEGUN]
        assert HARM not in page.text
        assert "Restricted ones are not among them." in page.text

    @pytest.mark.parametrize(
        "reference", [HARM, HIDDEN, GREETING, WRITTEN, FOREIGN, RESTRICTED, "CQM-NONE-0001-1"]
    )
    def test_what_one_may_not_open_is_not_there(self, here: Office, reference: str) -> None:
        who = here.signed_in("staff")
        page = who.get(f"/unfinished/{reference}")
        said = who.text.replace(reference, "")
        who.get("/unfinished/CQM-9999-9999-9")
        assert page.status_code == who.page.status_code == 404
        assert said == who.text.replace("CQM-9999-9999-9", "")
        sent = who.post(f"/unfinished/{reference}", seen="2", act="takeover", csrf=who.token)
        assert sent.status_code == 404

    def test_a_page_that_forgets_it_is_caught(self, here: Office, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(unsent.Unsent, "restricted", False)
        with pytest.raises(AssertionError):
            self.test_restricted_ones_are_listed_only_for_who_may_open_them(here)
        with pytest.raises(AssertionError):
            self.test_what_one_may_not_open_is_not_there(here, HARM)

    def test_what_became_a_case_leads_to_it(self, here: Office) -> None:
        page = here.signed_in("staff").get(f"/unfinished/{FIRST.lower()}")
        assert (page.status_code, page.headers["location"]) == (303, f"/cqm/staff/cases/{FIRST}")

    def test_an_auditor_reads_and_changes_nothing(self, here: Office) -> None:
        who = here.signed_in("auditor")
        assert who.get(f"/unfinished/{BEGUN}").status_code == 200
        assert "Take it over" not in who.page.text
        assert who.post(f"/unfinished/{BEGUN}", act="takeover", seen="2").status_code == 403


class TestThePage:
    def test_it_tells_what_was_told_as_it_was_written(self, here: Office) -> None:
        who = here.signed_in("staff")
        who.get(f"/unfinished/{BEGUN}")
        assert "I &lt;b&gt;wrote&lt;/b&gt; four times." in who.page.text
        assert "ann@example.org" in who.text
        assert "Begun, not sent" in who.text
        who.get(f"/unfinished/{GIVEN}")
        assert "Given up, not sent" in who.text
        assert "Not asked any more:" in who.text

    def test_that_it_was_opened_is_in_the_trail(self, here: Office) -> None:
        account = here.account("opens@example.org")
        here.signed_in(account=account).get(f"/unfinished/{BEGUN}")
        assert (unsent.READ, BEGUN, account.id) in here.trail()


def seen(page: Any) -> str:
    found = re.search(r'name="seen" value="(\d+)"', page.text)
    assert found is not None, page.text
    return found[1]


def do(who: Colleague, reference: str, act: str, **typed: Any) -> Any:
    shown = seen(who.get(f"/unfinished/{reference}"))
    return who.post(f"/unfinished/{reference}", seen=shown, act=act, **typed)


def written(here: Office, reference: str) -> list[tuple[str, str]]:
    query = (
        sa.select(messages.c.role, messages.c.text)
        .where(messages.c.conversation_id == f"c-{reference}")
        .order_by(messages.c.seq)
    )
    return [tuple(row) for row in here.store.read_sync(lambda conn: conn.execute(query).all())]


class TestTakingOver:
    def test_it_is_taken_over_written_in_and_given_back(self, here: Office) -> None:
        begin(here, "CQM-TAKE-0001-1", flags=["asked_for_a_person"])
        who, reference = here.signed_in("staff"), "CQM-TAKE-0001-1"
        assert reference in section(who.get("/unfinished"), "pressing")
        assert do(who, reference, "takeover").status_code == 303
        page = who.get("/unfinished")
        assert reference in section(page, "others")
        assert "With " in page.text
        assert do(who, reference, "say", text="I am here. What can I do?").status_code == 303
        assert ("staff", "I am here. What can I do?") in written(here, reference)
        assert do(who, reference, "giveback").status_code == 303
        # Answered, it waits for nobody until the person writes again.
        assert reference in section(who.get("/unfinished"), "others")

    def test_two_voices_do_not_answer_at_once(self, here: Office) -> None:
        begin(here, "CQM-TWOV-0001-1")
        one, other, reference = here.signed_in("staff"), here.signed_in("staff"), "CQM-TWOV-0001-1"
        do(one, reference, "takeover")
        stale = seen(one.get(f"/unfinished/{reference}"))
        do(other, reference, "say", text="First")
        answer = one.post(f"/unfinished/{reference}", seen=stale, act="say", text="Second")
        assert answer.status_code == 412
        assert "Second" in answer.text
        assert ("staff", "Second") not in written(here, reference)

    @pytest.mark.parametrize(
        ("sent", "says"),
        [
            ({"act": "dance"}, "Choose what to do."),
            ({"act": "say", "text": " "}, "Write what you want to say."),
            ({"act": "say", "text": "x"}, "Take the conversation over first"),
        ],
    )
    def test_what_cannot_be_is_said(self, here: Office, sent: dict[str, Any], says: str) -> None:
        who = here.signed_in("staff")
        shown = seen(who.get(f"/unfinished/{BEGUN}"))
        assert who.post(f"/unfinished/{BEGUN}", seen=shown, **sent).status_code == 422
        assert says in who.text

    def test_who_took_it_over_is_in_the_trail_by_their_id(self, here: Office) -> None:
        begin(here, "CQM-TRAL-0001-1")
        account = here.account("trail@example.org")
        who = here.signed_in(account=account)
        do(who, "CQM-TRAL-0001-1", "takeover")
        assert ("conversation.taken_over", "CQM-TRAL-0001-1", account.id) in here.trail()


def test_what_the_rule_of_waiting_goes_by(here: Office) -> None:
    """Somebody who writes again after an answer waits again."""
    reference = "CQM-AGIN-0001-1"
    begin(here, reference, flags=["possible_harm"])
    who = here.signed_in("staff", "restricted_cases")
    do(who, reference, "takeover")
    do(who, reference, "say", text="We have read it.")
    do(who, reference, "giveback")
    found = here.store.read_sync(lambda conn: unsent.find(conn, "cqm", reference))
    assert not found.waits
    row = {"organisation": "cqm", "conversation_id": f"c-{reference}", "seq": 90, "role": "complainant",
           "text": "And now?", "at": here.clock(), "message_id": "again"}  # fmt: skip
    here.store.write_sync(lambda conn: conn.execute(messages.insert(), row))
    assert here.store.read_sync(lambda conn: unsent.find(conn, "cqm", reference)).waits
