"""The pages on versions: a draft is asked for, read, approved by somebody else, in force from its day, and undone."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from cases import drafts, rulebook, sessions
from cases.audit_check import verify
from cases.drafts import About, Base, Draft
from cases.rulebook import Version
from policy_rules.shelf import SHIPPED
from tests.cases.builders import a_filing, say
from tests.console.office import Colleague, Office, office

LONDON = ZoneInfo("Europe/London")
US = "cim"
CIM = (SHIPPED / "cim.yml").read_text("utf-8")
ACKNOWLEDGE = "    amount: 2\n    unit: working_day\n    force: will\n    clause: Complaints procedure\n"
MONDAY = datetime(2026, 12, 7, 10, 0, tzinfo=UTC)
NEW_YEAR = date(2027, 1, 1)
ABOUT = About("Acknowledge in one day", "Members wait too long.", "Board minute 7 of 2026", NEW_YEAR)


def faster() -> str:
    """CIM's rules with the acknowledgement a day sooner, and without the examples that show two days."""
    assert CIM.count(ACKNOWLEDGE) == 1
    text = CIM.replace(ACKNOWLEDGE, ACKNOWLEDGE.replace("2", "1", 1))
    return text[: text.index("\nexamples:")] + "\n"


@pytest.fixture(scope="module")
def building(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """One server for all, since a start takes longer than a test."""
    with office(tmp_path_factory.mktemp("rules"), limits="off") as made:
        yield made


@pytest.fixture
def here(building: Office) -> Iterator[Office]:
    """The server as if nothing had been published yet."""
    building.clock.now = MONDAY
    yield building
    building.store.write_sync(emptied)
    building.app.state.house.packs._timelines.clear()


def emptied(conn: Any) -> None:
    """No rules. The guards of the tables are taken away for it, and put back."""
    guards = conn.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").all()
    for name, _ in guards:
        conn.exec_driver_sql(f"DROP TRIGGER {name}")
    for table in ("rule_versions", "rule_draft_revisions", "rule_drafts", "audit", "audit_heads"):
        conn.exec_driver_sql(f"DELETE FROM {table}")  # noqa: S608 - names of ours
    for _, words in guards:
        conn.exec_driver_sql(words)


class Desk:
    """An editor, an approver, and the drafts that they have to do with."""

    def __init__(self, here: Office) -> None:
        self.here = here
        self.editor = self.somebody("rules_editor")
        self.approver = self.somebody("rules_approver")

    def somebody(self, *roles: str) -> Colleague:
        return self.here.signed_in(*roles, organisation=US)

    def draft(self, text: str | None = None, about: About = ABOUT, base: Base | None = None) -> Draft:
        """A draft of the editor's, open."""
        made_from = base or Base(1, drafts.sha256_of(CIM))
        writer, now = self.writer(self.editor), self.here.clock()
        return self.here.store.write_sync(
            lambda conn: drafts.create_draft(
                conn, US, secrets.token_hex(8), about, text or faster(), made_from, writer, now
            )
        )

    def writer(self, who: Colleague) -> Any:
        from cases.events import Writer

        token = who.http.cookies.get(f"hearout-staff-{US}")
        assert token is not None
        found = self.here.store.read_sync(
            lambda conn: sessions.find(conn, US, token, self.here.clock(), self.here.limits)
        )
        assert found is not None
        return Writer(found.account.name, "staff", found.account.id)

    def asked(self, draft: Draft, who: Colleague | None = None, **typed: str) -> Any:
        """Ask for approval on its page."""
        who = who or self.editor
        page = who.get(f"/rules/drafts/{draft.id}/changes").text
        return who.post(f"/rules/drafts/{draft.id}/submit", **{**fields(page), **typed})

    def approved(self, draft: Draft, who: Colleague | None = None, **typed: str) -> Any:
        """Read the approver's page and approve there."""
        who = who or self.approver
        page = who.get(f"/rules/drafts/{draft.id}/approve").text
        return who.post(f"/rules/drafts/{draft.id}/approve", **{**fields(page), "read": "yes", **typed})

    def published(self, text: str | None = None, about: About = ABOUT, base: Base | None = None) -> Version:
        """A draft, asked for and approved."""
        draft = self.draft(text, about, base)
        assert self.asked(draft).status_code == 303, self.editor.text
        answer = self.approved(draft)
        assert answer.status_code == 303, self.approver.text
        return self.versions()[-1]

    def versions(self) -> list[Version]:
        return self.here.store.read_sync(lambda conn: rulebook.versions(conn, US))

    def state(self, draft: Draft) -> Draft:
        return self.here.store.read_sync(lambda conn: drafts.read_draft(conn, US, draft.id))


def fields(page: str) -> dict[str, Any]:
    """What the forms of a page hold, by name."""
    found: dict[str, Any] = {}
    for tag in re.findall(r"<input[^>]*>", page):
        at = dict(re.findall(r'([a-z]+)="([^"]*)"', tag))
        if at.get("type") in ("hidden", "date") and at.get("name") not in (None, "csrf"):
            found[at["name"]] = at.get("value", "")
    for name, text in re.findall(r'<textarea id="(\w+)"[^>]*>\n(.*?)</textarea>', page, re.S):
        found[name] = text
    return found


@pytest.fixture
def desk(here: Office) -> Desk:
    return Desk(here)


def received(moment: datetime, here: Office) -> dict[str, Any]:
    """What the API decides of a complaint about the service that comes at an instant."""
    answer = here.signed_in("staff", organisation=US).http.post(
        f"/api/v1/organisations/{US}/decisions",
        json={
            "facts": {"nature": "complaint", "subject": "service"},
            "assume": True,
            "received_at": moment.isoformat(),
        },
    )
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def file(here: Office, number: int, at: datetime, **record: Any) -> str:
    """A case of CIM's about the service, decided by the rules of then."""
    reference = f"CIM-9000-{number:04d}-0"
    compiled = here.app.state.house.packs.get(US, at)
    facts = {"nature": "complaint", "subject": "service", "needs_investigation": True}
    filing = a_filing(
        organisation=US, reference=reference, facts=facts, received_at=at, first_told_at=at,
        policy={"version": "1", "sha256": compiled.sha256}, **record,
    )  # fmt: skip
    own = {"conversation_id": reference, "key_hash": reference, "reference": reference, "state": "filed"}
    say(here.store, organisation=US, **own, cases=(filing,), targets=())
    return reference


class TestJ12:
    """Acknowledgement 2 -> 1 working day from 1 January 2027 at CIM, with its dates."""

    def test_the_days_of_the_journey(self, here: Office, desk: Desk) -> None:
        old = here.app.state.house.packs.get(US).sha256
        made = desk.published()
        assert made.effective_from == datetime(2027, 1, 1, tzinfo=LONDON)
        due = {
            (datetime(2026, 12, 31, 23, 58, tzinfo=LONDON)): ("2027-01-05", old),
            # A bank holiday: its date stands, and the next working day is the first.
            (datetime(2027, 1, 1, 11, 0, tzinfo=LONDON)): ("2027-01-04", made.sha256),
            (datetime(2027, 1, 4, 9, 0, tzinfo=LONDON)): ("2027-01-05", made.sha256),
        }
        for moment, (day, sha256) in due.items():
            found = received(moment, here)
            assert (found["acknowledge_by"], found["policy_sha256"]) == (day, sha256), moment

    def test_the_pages_show_these_days_before_anybody_approves(self, desk: Desk) -> None:
        draft = desk.draft()
        desk.editor.get(f"/rules/drafts/{draft.id}/changes")
        said = desk.editor.text
        for line in (
            "Thursday 31 December 2026 at 23:58 the last minutes before Old Tuesday 5 January 2027",
            "Friday 1 January 2027 at 09:00 the first day, a bank holiday New Monday 4 January 2027",
            "Monday 4 January 2027 at 09:00 the next working day New Tuesday 5 January 2027",
        ):
            assert line in said
        assert "combinations of facts would be treated differently" in said

    def test_a_filed_case_never_moves(self, here: Office, desk: Desk) -> None:
        reference = file(here, 1, MONDAY - timedelta(days=3))
        before = here.store.read_sync(lambda conn: _row(conn, reference))
        desk.published()
        here.clock.now = datetime(2027, 1, 4, 9, 0, tzinfo=UTC)
        here.app.state.house.packs.refresh()
        assert here.store.read_sync(lambda conn: _row(conn, reference)) == before
        staff = desk.somebody("staff")
        assert staff.get(f"/cases/{reference}").status_code == 200

    def test_whoever_deals_with_an_old_case_goes_by_its_own_rules(self, here: Office, desk: Desk) -> None:
        """Sent elsewhere after New Year, a case of December gets the days of December's rules."""
        received_at = datetime(2026, 12, 22, 10, 0, tzinfo=UTC)
        desk.published()
        reference = file(here, secrets.randbelow(9000), received_at)
        here.clock.now = datetime(2027, 1, 4, 9, 0, tzinfo=UTC)
        staff = desk.somebody("staff", "restricted_cases")
        page = staff.get(f"/cases/{reference}/reroute").text
        version = re.search(r'name="version" value="(\d+)"', page)
        assert version is not None
        staff.post(
            f"/cases/{reference}/reroute",
            version=version[1],
            reason="It is about a member.",
            subject="member_conduct",
        )
        assert staff.page.status_code == 200, staff.text
        # Two working days from Tuesday 22 December; by the new rules it would be the 23rd.
        assert "24 December 2026" in staff.text
        assert "23 December 2026" not in staff.text

    def test_whoever_reads_it_afterwards_finds_every_step_in_the_trail(
        self, here: Office, desk: Desk
    ) -> None:
        desk.published()
        actions = [action for action, _, _ in here.trail(US) if action.startswith("rules.")]
        assert actions == [
            drafts.CREATED, drafts.SUBMITTED, rulebook.PUBLISHED_DRAFT, rulebook.KEPT, rulebook.PUBLISHED,
        ] or set(actions) == {
            drafts.CREATED, drafts.SUBMITTED, rulebook.PUBLISHED_DRAFT, rulebook.KEPT, rulebook.PUBLISHED,
        }  # fmt: skip
        assert here.store.read_sync(verify).breaks == []


def _row(conn: Any, reference: str) -> Any:
    import sqlalchemy as sa

    from cases.models import cases, clocks

    case = conn.execute(sa.select(cases).where(cases.c.reference == reference)).one()
    running = conn.execute(sa.select(clocks).where(clocks.c.case_reference == reference)).all()
    return tuple(case), [tuple(row) for row in running]


class TestApproval:
    def test_nobody_approves_their_own_whatever_their_roles(self, desk: Desk) -> None:
        both = desk.somebody("rules_editor", "rules_approver")
        desk.editor = both
        draft = desk.draft()
        desk.asked(draft, both)
        answer = desk.approved(draft, both)
        assert answer.status_code == 403
        assert "somebody else must approve it" in both.text
        assert desk.versions() == []

    def test_an_editor_who_may_not_approve_gets_no_page(self, desk: Desk) -> None:
        draft = desk.draft()
        desk.asked(draft)
        assert desk.editor.get(f"/rules/drafts/{draft.id}/approve").status_code == 403
        assert desk.editor.post(f"/rules/drafts/{draft.id}/approve", read="yes").status_code == 403

    def test_a_draft_that_changed_since_it_was_shown_is_refused_and_shown_anew(self, desk: Desk) -> None:
        draft = desk.draft()
        desk.asked(draft)
        page = desk.approver.get(f"/rules/drafts/{draft.id}/approve").text
        seen = fields(page)
        back = fields(desk.editor.get(f"/rules/drafts/{draft.id}/changes").text)
        assert desk.editor.post(f"/rules/drafts/{draft.id}/take-back", **back).status_code == 303
        assert desk.asked(draft).status_code == 303
        answer = desk.approver.post(f"/rules/drafts/{draft.id}/approve", **{**seen, "read": "yes"})
        assert answer.status_code == 409
        assert "Nothing was approved." in desk.approver.text
        assert desk.versions() == []

    def test_another_text_than_was_shown_is_refused(self, desk: Desk) -> None:
        draft = desk.draft()
        desk.asked(draft)
        assert desk.approved(draft, sha256="0" * 64).status_code == 409
        assert desk.versions() == []

    def test_what_does_not_hold_is_neither_asked_for_nor_approved(self, here: Office, desk: Desk) -> None:
        broken = faster().replace("disposition: accept\n", "disposition: acept\n", 1)
        draft = desk.draft(broken)
        assert desk.asked(draft).status_code == 422
        assert "does not hold yet" in desk.editor.text
        assert "did you mean" in desk.editor.text.lower() or "allowed:" in desk.editor.text
        # Even where somebody got round the page, nothing is published.
        writer, now = desk.writer(desk.editor), here.clock()
        here.store.write_sync(lambda conn: drafts.submit(conn, US, draft.id, 1, writer, now))
        assert desk.approved(draft, revision="2", sha256=draft.text_sha256).status_code == 422
        assert desk.versions() == []

    def test_a_worked_example_that_does_not_come_out_stops_it(self, desk: Desk) -> None:
        slow = CIM.replace(ACKNOWLEDGE, ACKNOWLEDGE.replace("2", "1", 1))
        draft = desk.draft(slow)
        assert desk.asked(draft).status_code == 422
        assert "does not come out" in desk.editor.text

    def test_it_is_sent_back_with_words_and_asked_for_again(self, desk: Desk) -> None:
        draft = desk.draft()
        desk.asked(draft)
        page = desk.approver.get(f"/rules/drafts/{draft.id}/approve").text
        send = f"/rules/drafts/{draft.id}/send-back"
        assert desk.approver.post(send, **{**fields(page), "words": ""}).status_code == 422
        answer = desk.approver.post(send, **{**fields(page), "words": "From which day, says the minute?"})
        assert answer.status_code == 303
        desk.editor.get(f"/rules/drafts/{draft.id}/changes")
        assert "sent it back: From which day, says the minute?" in desk.editor.text
        assert desk.asked(draft).status_code == 303
        assert desk.approved(draft).status_code == 303

    def test_nothing_is_asked_for_without_a_reason_and_a_source(self, desk: Desk) -> None:
        draft = desk.draft(about=About("A change"))
        assert desk.asked(draft, reason="", source="").status_code == 422
        assert "Say why the rules change" in desk.editor.text
        assert desk.asked(draft, reason="They wait.", source="Minute 7").status_code == 303
        assert desk.state(draft).reason == "They wait."

    def test_a_day_that_is_over_is_refused(self, desk: Desk) -> None:
        draft = desk.draft()
        assert desk.asked(draft, effective_on="2026-12-06").status_code == 422
        assert "That day is over" in desk.editor.text
        desk.asked(draft)
        assert desk.approved(draft, effective_on="2026-12-06").status_code == 422
        assert desk.versions() == []

    def test_it_says_that_it_was_read(self, desk: Desk) -> None:
        draft = desk.draft()
        desk.asked(draft)
        assert desk.approved(draft, read="").status_code == 422
        assert desk.versions() == []

    def test_without_a_day_it_is_in_force_a_moment_after_the_approval_and_never_before(
        self, here: Office, desk: Desk
    ) -> None:
        desk.published(about=About("At once", "Why", "What"))
        begins = desk.versions()[-1].effective_from
        assert begins is not None
        assert MONDAY < begins <= MONDAY + timedelta(minutes=1)
        packs = here.app.state.house.packs
        assert packs.get(US, MONDAY) is not packs.get(US, begins)

    def test_given_up_is_given_up_once_it_is_confirmed(self, desk: Desk) -> None:
        draft = desk.draft()
        page = desk.editor.get(f"/rules/drafts/{draft.id}/changes").text
        withdraw = f"/rules/drafts/{draft.id}/withdraw"
        assert desk.editor.post(withdraw, **fields(page)).status_code == 422
        assert desk.editor.post(withdraw, **{**fields(page), "sure": "yes"}).status_code == 303
        assert desk.state(draft).state == "withdrawn"


class TestTwoAtOnce:
    def test_the_second_draft_from_the_same_version_is_told_of_the_first(self, desk: Desk) -> None:
        first, second = desk.draft(), desk.draft(about=About("Another", "Why", "What", NEW_YEAR))
        desk.asked(first)
        desk.asked(second)
        assert desk.approved(first).status_code == 303
        page = desk.approver.get(f"/rules/drafts/{second.id}/approve")
        assert "The rules have changed since this draft was begun." in desk.approver.text
        assert 'name="sha256"' not in page.text
        forced: dict[str, Any] = {
            "revision": "2",
            "sha256": second.text_sha256,
            "read": "yes",
            "effective_on": "2027-01-01",
        }
        answer = desk.approver.post(f"/rules/drafts/{second.id}/approve", **forced)
        assert answer.status_code == 409
        assert [v.number for v in desk.versions()] == [1, 2]

    def test_the_two_are_brought_together_and_what_both_changed_is_named(self, desk: Desk) -> None:
        handler = faster().replace("handler: Institute Secretary", "handler: Conduct Committee")
        other = CIM.partition("\nexamples:")[0] + "\n"
        slower = other.replace(ACKNOWLEDGE, ACKNOWLEDGE.replace("2", "3", 1))
        slower = slower.replace("    amount: 20\n", "    amount: 15\n")
        first, second = desk.draft(handler), desk.draft(slower, About("Another", "Why", "What", NEW_YEAR))
        desk.asked(first)
        assert desk.approved(first).status_code == 303
        page = desk.editor.get(f"/rules/drafts/{second.id}/changes").text
        assert "Bring the two together" in desk.editor.text
        answer = desk.editor.post(f"/rules/drafts/{second.id}/together", **fields(page))
        assert answer.status_code == 303, desk.editor.text
        found = desk.state(second)
        assert "handler: Conduct Committee" in found.text
        assert "handler: Institute Secretary" not in found.text
        assert "    amount: 15\n" in found.text
        assert ACKNOWLEDGE.replace("2", "3", 1) in found.text
        assert found.base == 2
        desk.editor.get(f"/rules/drafts/{second.id}/changes")
        assert "this draft's own were kept: clocks acknowledgement amount" in desk.editor.text
        desk.asked(second)
        assert desk.approved(second).status_code == 303, desk.approver.text
        assert [v.number for v in desk.versions()] == [1, 2, 3]

    def test_a_change_before_one_that_is_coming_is_approved_only_by_who_knows(self, desk: Desk) -> None:
        desk.published()
        urgent = desk.draft(about=About("Urgent", "Why", "What", date(2026, 12, 10)))
        desk.asked(urgent)
        assert desk.approved(urgent).status_code == 422
        assert "comes into force later" in desk.approver.text
        assert desk.approved(urgent, later="yes").status_code == 303
        assert [v.number for v in desk.versions()] == [1, 2, 3]


class TestVersions:
    def test_the_list_shows_what_is_in_force_and_what_comes(self, here: Office, desk: Desk) -> None:
        reader = desk.somebody("auditor")
        reader.get("/rules")
        assert "In force now Version 1 , the rules as they came with the server" in reader.text
        desk.published()
        reader.get("/rules")
        assert "In force now Version 1" in reader.text
        assert "To come Version 2 , Acknowledge in one day , from Friday 1 January 2027" in reader.text
        here.clock.now = datetime(2027, 1, 1, 0, 0, 1, tzinfo=LONDON)
        reader = desk.somebody("auditor")
        reader.get("/rules")
        assert "In force now Version 2" in reader.text

    def test_a_version_is_read_compared_and_saved(self, desk: Desk) -> None:
        made = desk.published()
        reader = desk.somebody("auditor")
        reader.get("/rules/versions/2")
        assert "Compared with version 1" in reader.text
        assert "combinations of facts would be treated differently" in reader.text
        assert "Members wait too long." in reader.text
        assert "Publish this version again" not in reader.text
        saved = reader.get("/rules/versions/2/file")
        assert saved.text == made.text
        assert 'filename="cim-version-2.yml"' in saved.headers["content-disposition"]
        for number in ("3", "0", "x", "99999999999999999999"):
            assert reader.get(f"/rules/versions/{number}").status_code == 404

    def test_an_old_version_is_published_again_by_two_people(self, here: Office, desk: Desk) -> None:
        desk.published()
        here.clock.now = datetime(2027, 1, 4, 9, tzinfo=UTC)
        desk.editor, desk.approver = desk.somebody("rules_editor"), desk.somebody("rules_approver")
        assert received(here.clock(), here)["acknowledge_by"] == "2027-01-05"
        desk.editor.get("/rules/versions/1")
        again = "/rules/versions/1/again"
        assert desk.editor.post(again, reason="", source="").status_code == 422
        answer = desk.editor.post(
            again, reason="Nobody keeps it.", source="Minute 9", effective_on="2027-01-11"
        )
        assert answer.status_code == 303
        (waiting,) = here.store.read_sync(lambda conn: drafts.list_drafts(conn, US))
        assert (waiting.again_of, waiting.state) == (1, "submitted")
        assert desk.approved(waiting).status_code == 303, desk.approver.text
        made = desk.versions()[-1]
        assert (made.number, made.again_of, made.text) == (3, 1, CIM)
        monday = datetime(2027, 1, 11, 9, tzinfo=UTC)
        assert received(monday, here)["acknowledge_by"] == "2027-01-13"
        assert received(monday - timedelta(days=4), here)["acknowledge_by"] == "2027-01-08"

    def test_another_organisation_sees_none_of_it(self, here: Office, desk: Desk) -> None:
        draft = desk.draft()
        other = here.signed_in("rules_editor", "rules_approver", organisation="cqm")
        assert other.get(f"/rules/drafts/{draft.id}/changes").status_code == 404
        assert other.get(f"/rules/drafts/{draft.id}/approve").status_code == 404


class TestReplayOnThePage:
    def test_past_cases_are_counted_and_named_to_who_may_see_them(self, tmp_path: Path) -> None:
        with office(tmp_path, limits="off") as here:
            here.clock.now = MONDAY
            self._look(here, Desk(here))

    def _look(self, here: Office, desk: Desk) -> None:
        shown = file(here, 1, MONDAY - timedelta(days=3))
        hidden = file(
            here, 2, MONDAY - timedelta(days=200), restricted=True, restricted_because=["risk_of_harm"]
        )
        draft = desk.draft()
        desk.editor.get(f"/rules/drafts/{draft.id}/changes")
        # The office has one case of CIM already.
        assert "3 would have had other days" in desk.editor.text
        assert "Acknowledge: an earlier day" in desk.editor.text
        assert shown not in desk.editor.page.text
        reader = desk.somebody("rules_editor", "staff")
        reader.get(f"/rules/drafts/{draft.id}/changes")
        assert shown in reader.page.text
        assert hidden not in reader.page.text
        assert "1 restricted" in reader.text
        assert ("cases.listed", "*") in [(action, reference) for action, reference, _ in here.trail(US)]
        both = desk.somebody("rules_editor", "staff", "restricted_cases")
        both.get(f"/rules/drafts/{draft.id}/changes")
        assert hidden in both.page.text


def test_a_server_that_starts_finds_what_was_published(tmp_path: Path) -> None:
    with office(tmp_path, limits="off") as made:
        made.clock.now = MONDAY
        Desk(made).published()
    with office_again(tmp_path) as again:
        packs = again.app.state.house.packs
        at = datetime(2027, 1, 4, 9, tzinfo=UTC)
        assert packs.number_of(packs.get(US, at)) == 2
        assert packs.findings == []


def test_a_server_refuses_a_version_that_was_changed_in_the_database_and_says_so(tmp_path: Path) -> None:
    import sqlalchemy as sa

    from cases.models import rule_versions

    with office(tmp_path, limits="off") as made:
        made.clock.now = MONDAY
        Desk(made).published()

        def plant(conn: Any) -> None:
            conn.exec_driver_sql("DROP TRIGGER rule_versions_no_update")
            changed = rule_versions.c.text + sa.literal("\n# changed\n")
            conn.execute(rule_versions.update().where(rule_versions.c.number == 2).values(text=changed))

        made.store.write_sync(plant)
    with office_again(tmp_path) as again:
        packs, at = again.app.state.house.packs, datetime(2027, 1, 4, 9, tzinfo=UTC)
        assert packs.number_of(packs.get(US, at)) == 1
        ready = again.browser(US).http.get("/readyz").json()
        assert ready["status"] == "degraded"
        assert any("cim version 2: it is not what was published" in finding for finding in ready["findings"])
        reader = again.signed_in("auditor", organisation=US)
        reader.get("/rules")
        assert "Not as it was published" in reader.text


def office_again(folder: Path) -> Any:
    """The app over a database that is there already."""
    from contextlib import contextmanager

    from bot.app import create_app
    from bot.settings import Settings
    from tests.console.office import Clock

    @contextmanager
    def opened() -> Iterator[Office]:
        clock = Clock(MONDAY)
        app = create_app(Settings(data_dir=folder, delivery="off", limits="off"), clock=clock)
        try:
            yield Office(app, clock)
        finally:
            app.state.house.close()

    return opened()
