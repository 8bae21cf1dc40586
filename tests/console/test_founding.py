"""A new organisation begins on a page: who may, under which id, and what there is of it before its first rules."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot.settings import Settings
from cases import drafts, organisations, staff
from cases.models import rule_drafts, staff_accounts
from tests.console.office import PASSWORD, Colleague, Office, office
from tests.console.severn import text_of_a_small_policy
from tests.handoff.smtp import mail_server

PAGE = "/rules/new-organisation"
ASKED: dict[str, Any] = {
    "id": "svit",
    "name": "Severn Valley Institute of Tuning",
    "short_name": "SVIT",
    "approver_name": "Lee Approver",
    "approver_email": "lee@example.org",
}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """For what keeps nothing."""
    with office(tmp_path_factory.mktemp("shared"), limits="off") as made:
        yield made


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Office]:
    with office(tmp_path, limits="off") as made:
        yield made


def begun(here: Office, **other: str) -> tuple[Colleague, str, str]:
    """An editor of CQM who has begun an organisation, and the two secrets."""
    who = here.signed_in("rules_editor", email="jo@example.org")
    who.get(PAGE)
    page = who.post(PAGE, **{**ASKED, **other})
    assert page.status_code == 200, who.text
    ours = re.search(r'id="ours" href="[^"]*invitation=([0-9a-f]{64})"', page.text)
    theirs = re.search(r'id="theirs">[^<]*invitation=([0-9a-f]{64})<', page.text)
    assert ours is not None
    assert theirs is not None
    return who, ours[1], theirs[1]


def joined(here: Office, secret: str, name: str = "Jo Field", organisation: str = "svit") -> Colleague:
    """Somebody who has used their link."""
    who = here.browser(organisation)
    who.get(f"/welcome?invitation={secret}")
    assert who.post("/welcome", invitation=secret, name=name, password=PASSWORD).status_code == 303, who.text
    return who


class TestBeginning:
    def test_it_has_a_draft_two_invitations_and_a_trail(self, here: Office) -> None:
        begun(here)
        with_draft = sa.select(rule_drafts).where(rule_drafts.c.organisation == "svit")
        (draft,) = here.store.read_sync(lambda conn: conn.execute(with_draft).all())
        assert (draft.base, draft.state, draft.author_name) == (0, "open", "jo")
        query = sa.select(staff_accounts.c.id, staff_accounts.c.email, staff_accounts.c.roles)
        query = query.where(staff_accounts.c.organisation == "svit").order_by(staff_accounts.c.email)
        jo, lee = here.store.read_sync(lambda conn: conn.execute(query).all())
        assert (jo.email, jo.roles) == ("jo@example.org", ["rules_editor"])
        assert (lee.email, lee.roles) == ("lee@example.org", ["staff", "rules_approver"])
        assert draft.author == jo.id
        assert sorted(action for action, _, _ in here.trail("svit")) == sorted(
            [organisations.BEGUN, staff.INVITED, staff.INVITED, drafts.CREATED]
        )
        assert (organisations.BEGUN, "svit") in [(action, about) for action, about, _ in here.trail()]

    def test_its_people_sign_in_before_there_are_rules(self, here: Office) -> None:
        _, ours, theirs = begun(here)
        jo, lee = joined(here, ours), joined(here, theirs, "Lee Approver")
        for who in (jo, lee):
            answer = who.get()
            assert (answer.status_code, answer.headers["location"]) == (303, "/svit/staff/rules")
            assert who.get("/account").status_code == 200
            assert "SVIT" in who.page.text
        again = here.browser("svit")
        assert again.sign_in("jo@example.org").status_code == 303
        assert again.is_signed_in

    def test_what_begins_with_the_first_rules_says_so(self, here: Office) -> None:
        _, _, theirs = begun(here)
        lee = joined(here, theirs, "Lee Approver")
        for path in ("/phone", "/unfinished", "/cases/SVIT-0000-0001-1"):
            assert lee.get(path).status_code == 404, path
            assert "No rules are in force here yet" in lee.text, path
        assert '<a href="/svit/staff/phone"' not in lee.get("/account").text

    def test_nothing_of_it_is_public(self, here: Office) -> None:
        begun(here)
        who = here.browser("svit")
        for path in ("", "/", "/complain", "/case", "/widget", "/colours.css", "/widget.json", "/consent/x"):
            found, unknown = who.http.get(f"/svit{path}"), who.http.get(f"/nobody{path}")
            assert found.status_code == unknown.status_code == 404, path
            assert _told(found) == _told(unknown), path

    def test_nor_is_it_told_by_the_api_the_index_or_health(self, here: Office) -> None:
        who, _, _ = begun(here)
        for path in ("/", "/api/v1/organisations", "/healthz", "/readyz", "/widget/hearout-loader.js"):
            assert "svit" not in who.http.get(path).text, path
        said = who.http.post(
            "/webhooks/rest/webhook",
            json={"sender": "0" * 32, "message": "hello", "metadata": {"organisation": "svit"}},
        )
        assert said.status_code == 404

    def test_the_pages_of_an_organisation_that_never_began_are_none(self, shared: Office) -> None:
        assert shared.browser("nobody").get("/sign-in").status_code == 404
        assert shared.browser("a%00b").get("/sign-in").status_code in (404, 422)


def _told(answer: Any) -> str:
    """What an answer says, without what differs from each request to the next."""
    text = re.sub(r'"request_id":"\w+"', "", answer.text.replace("svit", "nobody"))
    return re.sub(r"[0-9a-f]{64}", "", text)


class TestWhatIsRefused:
    @pytest.mark.parametrize(
        ("field", "value", "says"),
        [
            ("id", "", "letters a to z"),
            ("id", "s", "letters a to z"),
            ("id", "SVIT", "letters a to z"),
            ("id", "sv-it", "letters a to z"),
            ("id", "svit2", "letters a to z"),
            ("id", "../etc", "letters a to z"),
            ("id", "a" * 21, "letters a to z"),
            ("id", "cim", "is an organisation here"),
            ("id", "staff", "word of the server"),
            ("id", "api", "word of the server"),
            ("id", "healthz", "word of the server"),
            ("name", "", "Write the organisation's name"),
            ("name", "x" * 121, "At most 120"),
            ("short_name", "", "for short"),
            ("approver_name", "", "the person who approves"),
            ("approver_email", "lee", "such as lee@example.org"),
            ("approver_email", "one's own", "name somebody else"),
        ],
    )
    def test_and_nothing_is_kept(self, shared: Office, field: str, value: str, says: str) -> None:
        here = shared
        who = here.signed_in("rules_editor")
        email = who.get("/account").text
        own = re.search(r"\w+@example\.org", email)
        assert own is not None
        value = own[0].title() if value == "one's own" else value
        who.get(PAGE)
        assert who.post(PAGE, **{**ASKED, field: value}).status_code == 422
        assert says in who.text
        # What was typed is still there, but for the field that was wrong too.
        assert ASKED["approver_name" if field != "approver_name" else "name"] in who.page.text
        assert _rows(here, rule_drafts) == 0

    def test_an_id_that_somebody_begins_with(self, here: Office) -> None:
        who, _, _ = begun(here)
        who.get(PAGE)
        assert who.post(PAGE, **ASKED).status_code == 422
        assert "is an organisation here, or was one" in who.text
        assert _rows(here, rule_drafts) == 1

    def test_an_id_that_was_somebodys_is_never_given_again(self, here: Office) -> None:
        """Else the new people would find the old ones' cases."""
        here.account("old@example.org", organisation="svit")
        who = here.signed_in("rules_editor")
        who.get(PAGE)
        assert who.post(PAGE, **ASKED).status_code == 422
        assert "or was one" in who.text

    @pytest.mark.parametrize("role", ["staff", "rules_approver", "auditor", "privacy_officer"])
    def test_other_roles(self, shared: Office, role: str) -> None:
        who = shared.signed_in(role)
        assert who.get(PAGE).status_code == 403
        assert who.post(PAGE, **ASKED).status_code == 403

    @pytest.mark.parametrize(
        ("settings", "allowed"),
        [
            ({}, True),
            ({"new_organisations": "off"}, False),
            ({"demo": "off"}, False),
            ({"public_url": "https://complaints.example.org"}, False),
            ({"public_url": "https://complaints.example.org", "new_organisations": "on"}, True),
        ],
    )
    def test_a_host_may_forbid_it(self, settings: dict[str, Any], allowed: bool) -> None:
        assert Settings(**settings).lets_new_organisations is allowed


def test_a_server_that_does_not_allow_it_says_who_can(tmp_path: Path) -> None:
    with office(tmp_path, limits="off", new_organisations="off") as here:
        who = here.signed_in("rules_editor")
        assert who.get(PAGE).status_code == 403
        assert "HEAROUT_NEW_ORGANISATIONS" in who.text
        assert who.post(PAGE, **ASKED).status_code == 403
        assert _rows(here, rule_drafts) == 0


class TestTheLinks:
    def test_the_approvers_goes_by_mail_and_is_shown_to_nobody(self, tmp_path: Path, free_port: int) -> None:
        settings: dict[str, Any] = {"smtp_host": "127.0.0.1", "smtp_port": free_port, "smtp_security": "none"}
        with mail_server(free_port) as box, office(tmp_path, limits="off", **settings) as here:
            who = here.signed_in("rules_editor", email="jo@example.org")
            who.get(PAGE)
            page = who.post(PAGE, **ASKED)
            assert page.text.count("invitation=") == 2, "one's own, as a link and its words"
            (mail,) = box.messages
            assert box.recipients == [["lee@example.org"]]
            found = re.search(r"invitation=([0-9a-f]{64})", str(mail.get_content()))
            assert found is not None
            assert joined(here, found[1], "Lee Approver").is_signed_in

    def test_where_no_mail_goes_out_it_is_shown(self, tmp_path: Path, free_port: int) -> None:
        settings: dict[str, Any] = {"smtp_host": "127.0.0.1", "smtp_port": free_port, "smtp_security": "none"}
        with office(tmp_path, limits="off", **settings) as here:
            who, _, theirs = begun(here)
            assert "could not be sent" in who.text
            assert joined(here, theirs, "Lee Approver").is_signed_in

    def test_a_lost_one_is_made_anew_by_the_command_and_for_nobody_unknown(self, here: Office) -> None:
        who, _, _ = begun(here)
        wanted = {"organisation": "svit", "email": "sam@example.org", "roles": ["rules_approver"]}
        answer = who.http.post("/api/v1/staff/invite", json=wanted)
        assert answer.status_code == 200
        assert joined(here, answer.json()["invitation"], "Sam").is_signed_in
        answer = who.http.post("/api/v1/staff/invite", json={**wanted, "organisation": "nobody"})
        assert answer.status_code == 404


def test_no_address_of_the_server_can_be_an_organisation(shared: Office) -> None:
    leading = {path.strip("/").partition("/")[0] for path in _paths(shared.app.routes)}
    words = {word for word in leading if re.fullmatch(r"[a-z]{2,20}", word)}
    assert {"api", "widget", "healthz", "metrics"} <= words <= organisations.RESERVED


def _paths(routes: Any) -> Iterator[str]:
    for route in routes:
        if getattr(route, "path", None) is not None:
            yield route.path
        else:
            yield from _paths(getattr(route, "routes", None) or route.original_router.routes)


def _rows(here: Office, table: sa.Table) -> int:
    return int(
        here.store.read_sync(
            lambda conn: conn.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
        )
    )


class TestTheFirstVersion:
    def test_from_a_later_day_it_is_public_from_that_day(self, here: Office) -> None:
        """Approved today for tomorrow: until midnight there is nothing of it, and then without a restart there is."""
        _, ours, theirs = begun(here)
        jo, lee = joined(here, ours), joined(here, theirs, "Lee Approver")
        draft = _draft(here)
        jo.get(f"/rules/drafts/{draft}/file")
        jo.post(f"/rules/drafts/{draft}/file", text=text_of_a_small_policy(), seen=1, replace="yes")
        tomorrow = (here.clock() + timedelta(days=1)).date().isoformat()
        why: dict[str, Any] = {"reason": "The first.", "source": "Minute 3.", "effective_on": tomorrow}
        jo.get(f"/rules/drafts/{draft}/changes")
        assert jo.post(f"/rules/drafts/{draft}/submit", revision=2, **why).status_code == 303, jo.text
        page = lee.get(f"/rules/drafts/{draft}/approve").text
        seen = {name: _hidden(page, name) for name in ("revision", "sha256")}
        sent: dict[str, Any] = {**seen, "read": "yes", "effective_on": tomorrow}
        assert lee.post(f"/rules/drafts/{draft}/approve", **sent).status_code == 303, lee.text
        assert lee.http.get("/svit/complain").status_code == 404
        assert lee.get("/phone").status_code == 404
        assert lee.get("/rules").status_code == 200
        assert "To come" in lee.text
        here.clock.forward(days=1)
        again = here.signed_in("staff", organisation="svit", email="new@example.org")
        assert again.http.get("/svit/complain").status_code == 200
        assert again.get("/phone").status_code == 200

    def test_one_that_was_given_up_can_be_begun_anew(self, here: Office) -> None:
        _, ours, _ = begun(here)
        jo, draft = joined(here, ours), _draft(here)
        jo.get(f"/rules/drafts/{draft}/changes")
        assert jo.post(f"/rules/drafts/{draft}/withdraw", revision=1, sure="yes").status_code == 303, jo.text
        assert "Start a change" in jo.get("/rules").text
        assert "go on from what was last written" in jo.get("/rules/drafts/new").text
        assert jo.post("/rules/drafts/new", title="Once more").status_code == 303
        assert jo.get(jo.page.headers["location"].removeprefix(jo.home)).status_code == 200
        assert "First steps" in jo.page.text
        # Its people stay in.
        assert jo.is_signed_in


def _draft(here: Office) -> str:
    query = sa.select(rule_drafts.c.id).where(rule_drafts.c.organisation == "svit")
    return str(here.store.read_sync(lambda conn: conn.execute(query).scalar_one()))


def _hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found is not None
    return found[1]
