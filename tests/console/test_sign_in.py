"""Signing in with a password, invitations, sessions and their ends, and what stands against forged forms."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot.console import cookies, forgery, passwords
from bot.console.throttle import Throttle
from bot.door import TooMany
from cases import sessions
from cases.models import staff_accounts, staff_sessions
from cases.staff import hash_of
from tests.console.office import HOST, PASSWORD, Colleague, Office, office


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with office(tmp_path_factory.mktemp("office"), limits="off") as made:
        yield made


@pytest.fixture
def here(house: Office) -> Office:
    """An office without staff, in which nobody has tried anything for a while."""
    house.clock.forward(minutes=16)

    def clear(conn: sa.Connection) -> None:
        conn.execute(staff_sessions.delete())
        conn.execute(staff_accounts.delete())

    house.store.write_sync(clear)
    return house


def joined(here: Office, email: str = "jo@example.org", *roles: str) -> Colleague:
    """Somebody who has used their invitation, and is signed in by it."""
    secret = here.invite(email, roles or ("staff",))
    who = here.browser()
    who.get(f"/welcome?invitation={secret}")
    answer = who.post("/welcome", invitation=secret, name="Jo Field", password=PASSWORD)
    assert answer.status_code == 303, who.text
    return who


class TestInvitations:
    def test_a_link_lets_somebody_choose_a_password_and_signs_them_in(self, here: Office) -> None:
        who = joined(here)
        assert who.is_signed_in
        assert "Jo Field" in who.get("/account").text

    def test_looking_at_the_link_changes_nothing_and_it_works_once(self, here: Office) -> None:
        secret = here.invite("jo@example.org")
        for _ in range(2):
            assert here.browser().get(f"/welcome?invitation={secret}").status_code == 200
        first, second = here.browser(), here.browser()
        for who in (first, second):
            who.get(f"/welcome?invitation={secret}")
        sent: dict[str, Any] = {"invitation": secret, "name": "Jo", "password": PASSWORD}
        assert first.post("/welcome", **sent).status_code == 303
        assert second.post("/welcome", **sent).status_code == 404
        assert here.browser().get(f"/welcome?invitation={secret}").status_code == 404

    def test_a_link_grows_old(self, here: Office) -> None:
        secret = here.invite("jo@example.org")
        here.clock.forward(days=3)
        assert here.browser().get(f"/welcome?invitation={secret}").status_code == 404

    def test_a_link_of_one_organisation_opens_nothing_at_another(self, here: Office) -> None:
        secret = here.invite("jo@example.org", organisation="cim")
        assert here.browser("cqm").get(f"/welcome?invitation={secret}").status_code == 404

    def test_neither_the_link_nor_the_password_is_kept(self, here: Office) -> None:
        secret = here.invite("sam@example.org")
        joined(here)
        kept = str(here.store.read_sync(lambda conn: conn.execute(sa.select(staff_accounts)).all()))
        assert secret not in kept
        assert PASSWORD not in kept
        assert "$argon2id$" in kept

    @pytest.mark.parametrize(
        ("password", "says"),
        [
            ("too short 1", "at least 12"),
            ("passwordpassword", "guessed too easily"),
            ("qwertyuiop1234", "guessed too easily"),
            ("Password1234!", "guessed too easily"),
            ("aaaaaaaaaaaaaaaa", "guessed too easily"),
            ("jane.hartley12", "guessed too easily"),
            ("x" * 257, "at most 256"),
        ],
    )
    def test_a_poor_password_is_refused_and_says_why(self, here: Office, password: str, says: str) -> None:
        secret, who = here.invite("jane.hartley@example.org"), here.browser()
        who.get(f"/welcome?invitation={secret}")
        answer = who.post("/welcome", invitation=secret, name="Jane", password=password)
        assert answer.status_code == 422
        assert says in who.text
        assert password not in answer.text

    @pytest.mark.parametrize(
        "password", ["purple lantern otter seven", "vastjumblequartz", "æøå ∞ ßtrange wörds"]
    )
    def test_there_are_no_rules_of_composition(self, password: str) -> None:
        assert passwords.fault_of(password, ["jane"]) is None


class TestSigningIn:
    def test_the_right_password_leads_to_the_page_that_was_asked_for(self, here: Office) -> None:
        joined(here)
        who = here.browser()
        asked = who.get("/account?x=1")
        assert asked.status_code == 303
        address = asked.headers["location"].removeprefix(who.home)
        who.get(address)
        assert 'value="/cqm/staff/account?x=1"' in who.page.text
        answer = who.post(
            "/sign-in", email=" JO@example.org ", password=PASSWORD, back="/cqm/staff/account?x=1"
        )
        assert (answer.status_code, answer.headers["location"]) == (303, "/cqm/staff/account?x=1")

    @pytest.mark.parametrize(
        "back",
        ["https://evil.example", "//evil.example/cqm/staff", "/\\evil.example", "/cim/staff", "/cqm/staffroom",
         "/cqm/staff/../../x\r\nSet-Cookie: a=b", "/cqm/staff@evil.example", "javascript:alert(1)"],
    )  # fmt: skip
    def test_it_leads_nowhere_else(self, here: Office, back: str) -> None:
        here.account("jo@example.org", kept=_hash())
        who = here.browser()
        assert who.sign_in("jo@example.org", back=back).headers["location"] == "/cqm/staff"

    def test_whatever_is_wrong_is_told_alike(self, here: Office) -> None:
        here.account("jo@example.org", kept=_hash())
        here.account("gone@example.org", kept=_hash())
        here.invite("new@example.org")
        here.account("elsewhere@example.org", organisation="cim", kept=_hash())
        _disable(here, "gone@example.org")
        pages = set()
        for email, password in (
            ("jo@example.org", "not the password"),
            ("nobody@example.org", PASSWORD),
            ("gone@example.org", PASSWORD),
            ("new@example.org", PASSWORD),
            ("elsewhere@example.org", PASSWORD),
        ):
            who = here.browser()
            answer = who.sign_in(email, password)
            assert who.cookie is None
            assert "is not right" in who.text
            pages.add(
                (answer.status_code, answer.text.replace(email, "EMAIL").replace(_token(answer.text), ""))
            )
        assert len(pages) == 1

    def test_an_account_that_is_none_takes_as_long(self, here: Office) -> None:
        here.account("jo@example.org", kept=_hash())
        known, unknown = _times(here)
        assert 0.5 < unknown / known < 2

    def test_an_answer_that_comes_too_soon_is_seen(
        self, here: Office, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        here.account("jo@example.org", kept=_hash())
        real = passwords.verify

        async def hasty(kept: str | None, password: str) -> bool:
            return kept is not None and await real(kept, password)

        monkeypatch.setattr(passwords, "verify", hasty)
        known, unknown = _times(here)
        assert not 0.5 < unknown / known < 2

    def test_the_eleventh_try_is_refused_for_an_account_that_exists_or_not(self, here: Office) -> None:
        here.account("jo@example.org", kept=_hash())
        said = set()
        for email in ("jo@example.org", "nobody@example.org"):
            who = here.browser()
            for _ in range(10):
                assert who.sign_in(email, "wrong").status_code == 422
            answer = who.sign_in(email, PASSWORD)
            assert answer.status_code == 429
            assert int(answer.headers["retry-after"]) > 0
            said.add(who.text.partition("Try again")[0])
        assert len(said) == 1

    def test_an_address_that_tries_many_accounts_is_refused(self) -> None:
        at = [0.0]
        throttle = Throttle(lambda: at[0])
        for number in range(60):
            throttle.try_once("cqm", f"{number}@example.org", "192.0.2.1")
        with pytest.raises(TooMany):
            throttle.try_once("cqm", "another@example.org", "192.0.2.1")
        throttle.try_once("cqm", "another@example.org", "192.0.2.2")
        at[0] = 901
        throttle.try_once("cqm", "another@example.org", "192.0.2.1")

    def test_the_right_password_begins_the_count_of_its_account_anew(self) -> None:
        throttle = Throttle(lambda: 0.0)
        for _ in range(3):
            for _ in range(9):
                throttle.try_once("cqm", "jo@example.org", "192.0.2.1")
            throttle.succeeded("cqm", "jo@example.org")


class TestSessions:
    def test_a_sign_in_begins_a_new_session_whatever_the_browser_brought(self, here: Office) -> None:
        """Nobody can plant a session in a browser and wait for its owner to sign in."""
        here.account("jo@example.org", kept=_hash())
        assert _survives(here) is False

    def test_a_session_that_is_not_changed_is_seen(
        self, here: Office, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        here.account("jo@example.org", kept=_hash())
        planted: list[str] = []
        monkeypatch.setattr(cookies, "new_token", lambda: planted[-1] if planted else "x" * 43)
        assert _survives(here, planted) is True

    def test_it_ends_after_a_time_without_a_page(self, here: Office) -> None:
        who = here.signed_in("staff")
        for _ in range(4):
            here.clock.forward(minutes=29)
            assert who.is_signed_in
        here.clock.forward(minutes=30)
        assert not who.is_signed_in

    def test_it_ends_after_a_time_in_any_case(self, here: Office) -> None:
        who = here.signed_in("staff")
        for _ in range(28):
            here.clock.forward(minutes=25)
            assert who.is_signed_in
        here.clock.forward(minutes=20)
        assert not who.is_signed_in

    def test_signing_out_ends_it_on_the_server(self, here: Office) -> None:
        who = here.signed_in("staff")
        token = who.cookie
        assert who.post("/sign-out", csrf=who.token).status_code == 303
        assert who.cookie is None
        assert token is not None
        who.http.cookies.set("hearout-staff-cqm", token, domain="127.0.0.1", path="/")
        assert not who.is_signed_in

    def test_signing_out_everywhere_ends_all_of_ones_own_and_no_others(self, here: Office) -> None:
        account = here.account("jo@example.org")
        one, two, other = here.signed_in(account=account), here.signed_in(account=account), here.signed_in()
        one.post("/sign-out", csrf=one.token, everywhere="1")
        assert [who.is_signed_in for who in (one, two, other)] == [False, False, True]

    def test_one_browser_can_be_signed_out_from_another_but_nobody_elses(self, here: Office) -> None:
        account = here.account("jo@example.org")
        one, two, other = here.signed_in(account=account), here.signed_in(account=account), here.signed_in()
        handles = [_handle(who) for who in (two, other)]
        for handle in handles:
            one.post("/account/sessions", csrf=one.token, session=handle)
        assert [who.is_signed_in for who in (one, two, other)] == [True, False, True]

    def test_other_roles_end_the_sessions_that_had_the_old_ones(self, here: Office) -> None:
        account = here.account("jo@example.org", ["auditor"])
        who = here.signed_in(account=account)
        here.invite("jo@example.org", ["auditor"])
        assert who.is_signed_in
        here.invite("jo@example.org", ["auditor", "staff"])
        assert not who.is_signed_in

    def test_a_disabled_account_is_out_at_once(self, here: Office) -> None:
        who = here.signed_in(account=here.account("jo@example.org"))
        _disable(here, "jo@example.org")
        assert not who.is_signed_in

    def test_another_password_changes_ones_session_and_ends_the_others(self, here: Office) -> None:
        account = here.account("jo@example.org", kept=_hash())
        one, two = here.signed_in(account=account), here.signed_in(account=account)
        before = one.cookie
        wrong = one.post(
            "/account/password", csrf=one.token, current="wrong", password="another long phrase here"
        )
        assert wrong.status_code == 422
        assert two.is_signed_in
        changed = one.post(
            "/account/password", csrf=one.token, current=PASSWORD, password="another long phrase here"
        )
        assert changed.status_code == 303
        assert one.cookie != before
        assert [one.is_signed_in, two.is_signed_in] == [True, False]
        assert here.browser().sign_in("jo@example.org").status_code == 422
        assert here.browser().sign_in("jo@example.org", "another long phrase here").status_code == 303

    def test_the_browsers_secret_is_kept_as_a_hash(self, here: Office) -> None:
        who = here.signed_in("staff")
        kept = str(here.store.read_sync(lambda conn: conn.execute(sa.select(staff_sessions)).all()))
        assert who.cookie is not None
        assert who.cookie not in kept
        assert hash_of(who.cookie) in kept

    def test_the_trail_knows_who_signed_in_and_out_by_an_id_alone(self, here: Office) -> None:
        account = here.account("jo@example.org", kept=_hash())
        who = here.browser()
        who.sign_in("jo@example.org")
        who.post("/sign-out", csrf=who.token)
        found = [
            entry
            for entry in here.trail()
            if account.id in entry and entry[0] in ("staff.signed_in", "staff.signed_out")
        ]
        assert found == [
            (action, account.id, account.id) for action in ("staff.signed_in", "staff.signed_out")
        ]
        assert "example.org" not in str(here.trail())


class TestTheCookie:
    def test_over_https_no_other_host_or_path_can_set_it_and_no_script_reads_it(self, tmp_path: Path) -> None:
        with office(tmp_path, public_url="https://complaints.example.org", limits="off") as here:
            here.account("jo@example.org", kept=_hash())
            who = here.browser()
            who.http.base_url = who.http.base_url.copy_with(
                scheme="https", host="complaints.example.org", port=None
            )
            page = who.get("/sign-in")
            assert "__Host-hearout-staff-door-cqm=" in page.headers["set-cookie"]
            sent = {"csrf": _token(page.text), "email": "jo@example.org", "password": PASSWORD}
            answer = who.http.post(
                "/cqm/staff/sign-in", data=sent, headers={"Origin": "https://complaints.example.org"}
            )
            (kept,) = [c for c in answer.headers.get_list("set-cookie") if "hearout-staff-cqm=" in c]
            name, _, attributes = kept.partition("; ")
            assert name.startswith("__Host-")
            assert {"HttpOnly", "Secure", "Path=/", "SameSite=lax"} <= set(attributes.split("; "))
            assert "Domain" not in attributes

    def test_on_this_machine_it_goes_without(self, here: Office) -> None:
        page = here.browser().get("/sign-in")
        assert page.headers["set-cookie"].startswith("hearout-staff-door-cqm=")
        assert "Secure" not in page.headers["set-cookie"]

    def test_from_elsewhere_without_https_nobody_signs_in(self, here: Office) -> None:
        who = here.browser()
        answer = who.http.get("/cqm/staff/sign-in", headers={"Host": "complaints.example.org"})
        assert answer.status_code == 403
        assert "needs https" in answer.text
        assert "set-cookie" not in answer.headers

    def test_it_holds_256_random_bits(self) -> None:
        made = {cookies.new_token() for _ in range(100)}
        assert len(made) == 100
        assert all(cookies.is_token(token) and len(token) == 43 for token in made)


class TestForgedForms:
    SENT = "/account/sessions"

    @pytest.mark.parametrize(
        "headers",
        [
            {},
            {"Origin": "https://evil.example"},
            {"Origin": "null"},
            {"Origin": HOST, "Sec-Fetch-Site": "cross-site"},
            {"Origin": HOST, "Sec-Fetch-Site": "same-site"},
            {"Sec-Fetch-Site": "none"},
        ],
    )
    def test_a_form_from_another_page_is_refused(self, here: Office, headers: dict[str, str]) -> None:
        who = here.signed_in("staff")
        answer = who.post(self.SENT, csrf=who.token, headers=headers)
        assert answer.status_code == 403
        assert "another site" in who.text

    def test_a_form_without_the_token_or_with_another_is_refused(self, here: Office) -> None:
        who, other = here.signed_in("staff"), here.signed_in("staff")
        for token in (None, "0" * 64, other.token, forgery.token_of("")):
            assert who.post(self.SENT, csrf=token).status_code == 403
            assert "out of date" in who.text

    def test_the_token_may_come_in_a_header(self, here: Office) -> None:
        who = here.signed_in("staff")
        headers = {"Origin": HOST, "X-CSRF-Token": who.token}
        assert who.post(self.SENT, csrf=None, headers=headers).status_code == 303

    def test_nobody_can_be_signed_in_as_somebody_else_by_a_foreign_form(self, here: Office) -> None:
        here.account("mallory@example.org", kept=_hash())
        for secret in (None, "", "0" * 64, forgery.token_of("")):
            who = here.browser()
            answer = who.post("/sign-in", csrf=secret or None, email="mallory@example.org", password=PASSWORD)
            assert answer.status_code == 403
            assert who.cookie is None

    def test_a_form_that_is_taken_without_a_token_is_seen(
        self, here: Office, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(forgery, "check_token", lambda given, secret: None)
        with pytest.raises(AssertionError):
            self.test_a_form_without_the_token_or_with_another_is_refused(here)
        with pytest.raises(AssertionError):
            self.test_nobody_can_be_signed_in_as_somebody_else_by_a_foreign_form(here)

    def test_a_form_that_is_taken_from_anywhere_is_seen(
        self, here: Office, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(forgery, "check_page", lambda request: None)
        with pytest.raises(AssertionError):
            self.test_a_form_from_another_page_is_refused(here, {"Origin": "https://evil.example"})


class TestWhatIsRefusedIsAPage:
    def test_a_session_that_is_over_loses_nothing_that_was_typed_without_saying_so(
        self, here: Office
    ) -> None:
        who = here.signed_in("staff")
        token = who.token
        here.clock.forward(hours=1)
        answer = who.post("/account/sessions", csrf=token)
        assert answer.status_code == 401
        assert "copy what you typed" in who.text

    def test_htmx_is_sent_to_sign_in(self, here: Office) -> None:
        answer = here.browser().get("/account", **{"HX-Request": "true"})
        assert (answer.status_code, answer.headers["hx-redirect"]) == (401, "/cqm/staff/sign-in")

    def test_an_organisation_that_is_none_is_a_page_too(self, here: Office) -> None:
        answer = here.browser().http.get("/nobody/staff/sign-in")
        assert answer.status_code == 404
        assert "<h1>No such organisation</h1>" in answer.text

    def test_a_failure_of_ours_is_a_page_without_a_trace(
        self, here: Office, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def broken(*_: object, **__: object) -> None:
            raise RuntimeError("words of a complaint")

        who = here.signed_in("staff")
        monkeypatch.setattr(sessions, "of_account", broken)
        answer = who.get("/account")
        assert answer.status_code == 500
        assert "words of a complaint" not in answer.text
        assert "<h1>This page failed</h1>" in answer.text

    def test_no_page_is_kept_by_a_browser_or_shown_in_a_frame(self, here: Office) -> None:
        answer = here.signed_in("staff").get("/account")
        assert answer.headers["cache-control"] == "no-store"
        policy = answer.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy


def test_colleagues_in_one_office_do_not_use_up_each_others_requests(tmp_path: Path) -> None:
    """They come from one address, which strangers share too."""
    with office(tmp_path, limit_address="6/minute") as here:
        staff = [here.signed_in("staff") for _ in range(2)]
        proxied = {"X-Forwarded-For": "203.0.113.9"}
        stranger = here.browser()
        asked = [stranger.get("/sign-in", **proxied).status_code for _ in range(8)]
        assert asked == [200] * 6 + [429] * 2
        for who in staff:
            assert {who.get("/account", **proxied).status_code for _ in range(8)} == {200}


def test_the_console_goes_by_the_limits_of_the_settings(tmp_path: Path) -> None:
    with office(tmp_path, staff_idle_minutes=5, limits="off") as here:
        who = here.signed_in("staff")
        here.clock.forward(minutes=6)
        assert not who.is_signed_in


def _hash() -> str:
    return passwords._HASHER.hash(PASSWORD)


def _token(html: str) -> str:
    return html.partition('name="csrf" value="')[2].partition('"')[0]


def _handle(who: Colleague) -> str:
    assert who.cookie is not None
    return hash_of(who.cookie)[:16]


def _disable(here: Office, email: str) -> None:
    from cases import staff

    here.store.write_sync(lambda conn: staff.disable(conn, "cqm", email, here.clock()))


def _times(here: Office) -> tuple[float, float]:
    """Seconds that a wrong password takes, for an account that there is and one that there is not."""
    taken: dict[str, list[float]] = {"jo@example.org": [], "nobody@example.org": []}
    who = here.browser()
    for _ in range(5):
        for email, times in taken.items():
            who.get("/sign-in")
            began = time.perf_counter()
            who.post("/sign-in", email=email, password="not the password")
            times.append(time.perf_counter() - began)
    # The shortest: the machine may be busy with something else.
    known, unknown = (min(times) for times in taken.values())
    return known, unknown


def _survives(here: Office, planted: list[str] | None = None) -> bool:
    """Whether a token that somebody planted in a browser is a session after its owner has signed in there."""
    who, token = here.browser(), "p" * 43
    who.http.cookies.set("hearout-staff-cqm", token, domain="127.0.0.1", path="/")
    who.get("/sign-in")
    if planted is not None:
        planted.append(token)
    assert who.post("/sign-in", email="jo@example.org", password=PASSWORD).status_code == 303
    thief = here.browser()
    thief.http.cookies.set("hearout-staff-cqm", token, domain="127.0.0.1", path="/")
    return thief.is_signed_in
