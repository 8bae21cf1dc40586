"""Signing in through an identity provider: a real one of somebody else's making, and one that lies."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa
from authlib.integrations.httpx_client import AsyncOAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc.jwk import RSAKey
from pydantic import ValidationError

from bot.console import oidc
from bot.settings import Settings
from cases import sessions
from cases.models import staff_accounts, staff_sessions
from tests.console.identity import (
    CLIENT,
    SECRET,
    Liar,
    RealProvider,
    lying_provider,
    real_provider,
)
from tests.console.office import HOST, Colleague, Office, office

ROLES = "staff: {roles: {complaints: [staff], seniors: [staff, restricted_cases], nobody: []}}\n"


def settings_of(issuer: str) -> dict[str, Any]:
    return {
        "oidc_issuer": issuer,
        "oidc_client_id": CLIENT,
        "oidc_client_secret": SECRET,
        "oidc_scope": "openid email profile groups",
        "limits": "off",
    }


def go(who: Colleague, back: str = "") -> str:
    """Follow the button; where it leads."""
    answer = who.get(f"/sign-in/provider{f'?back={back}' if back else ''}")
    assert answer.status_code == 303, who.text
    return str(answer.headers["location"])


def come_back(who: Colleague, address: str) -> Any:
    """The browser follows the provider's redirect, which is another site's."""
    parts = urlsplit(address)
    return who.get(f"{parts.path}?{parts.query}".removeprefix(who.home), **{"Sec-Fetch-Site": "cross-site"})


def clear(here: Office) -> None:
    def work(conn: sa.Connection) -> None:
        conn.execute(staff_sessions.delete())
        conn.execute(staff_accounts.delete())

    here.store.write_sync(work)


@pytest.fixture(scope="module")
def provider() -> Iterator[RealProvider]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    back = [f"{HOST}/{org}/staff/signed-in" for org in ("cqm", "cim")]
    leave = [f"{HOST}/{org}/staff/signed-out" for org in ("cqm", "cim")]
    with real_provider(port, back_to=back, leave_to=leave) as running:
        yield running


@pytest.fixture(scope="module")
def house(provider: RealProvider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    folder = tmp_path_factory.mktemp("office")
    (folder / "organisations").mkdir()
    (folder / "organisations" / "cqm.yml").write_text(ROLES)
    with office(folder, **settings_of(provider.issuer)) as made:
        yield made


@pytest.fixture
def here(house: Office) -> Office:
    clear(house)
    return house


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Office, Liar]]:
    folder = tmp_path_factory.mktemp("office")
    with lying_provider() as liar, office(folder, **settings_of(liar.issuer)) as made:
        yield made, liar


class TestWithARealOne:
    def test_who_is_in_the_right_group_has_its_roles_and_lands_where_they_wanted(
        self, here: Office, provider: RealProvider
    ) -> None:
        who = here.browser()
        assert "Sign in with your organisation" in who.get("/sign-in").text
        answer = come_back(who, provider.log_in(go(who, "/cqm/staff/account"), "jo"))
        assert (answer.status_code, answer.headers["location"]) == (303, "/cqm/staff/account")
        page = who.get("/account").text
        for told in ("Jo Field", "jo@example.org", "<dd>Staff</dd>"):
            assert told in page

    def test_the_same_person_comes_to_the_same_account(self, here: Office, provider: RealProvider) -> None:
        for _ in range(2):
            who = here.browser()
            come_back(who, provider.log_in(go(who), "jo"))
            assert who.is_signed_in
        assert here.store.read_sync(lambda conn: len(conn.execute(sa.select(staff_accounts)).all())) == 1

    def test_who_is_in_none_has_no_account(self, here: Office, provider: RealProvider) -> None:
        who = here.browser()
        assert come_back(who, provider.log_in(go(who), "sam")).status_code == 403
        assert "gives you no role here" in who.text
        assert not who.is_signed_in

    def test_where_roles_are_given_by_invitation_the_invited_address_has_them(
        self, here: Office, provider: RealProvider
    ) -> None:
        here.invite("jo@example.org", ["auditor"], "cim")
        stranger, who = here.browser("cim"), here.browser("cim")
        # It shows the same address, which its provider does not vouch for.
        assert come_back(stranger, provider.log_in(go(stranger), "loose")).status_code == 403
        assert come_back(who, provider.log_in(go(who), "jo")).status_code == 303
        assert "<dd>Auditor</dd>" in who.get("/account").text

    def test_a_state_is_good_once(self, here: Office, provider: RealProvider) -> None:
        who = here.browser()
        address = provider.log_in(go(who), "jo")
        door = dict(who.http.cookies)
        assert come_back(who, address).status_code == 303
        who.http.cookies.clear()
        for name, value in door.items():
            who.http.cookies.set(name, value, domain="127.0.0.1", path="/")
        assert come_back(who, address).status_code == 400

    def test_a_state_is_good_in_the_browser_that_went(self, here: Office, provider: RealProvider) -> None:
        """Nobody can finish their own sign-in in somebody else's browser."""
        mallory, victim = here.browser(), here.browser()
        address = provider.log_in(go(mallory), "jo")
        victim.get("/sign-in")
        assert come_back(victim, address).status_code == 400
        assert not victim.is_signed_in

    def test_a_browser_that_is_not_asked_for_again_is_seen(
        self, here: Office, provider: RealProvider, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        real = sessions.hash_of  # type: ignore[attr-defined]
        monkeypatch.setattr(
            sessions,
            "hash_of",
            lambda secret: real("any" if len(secret) == 43 and "." not in secret else secret),
        )
        with pytest.raises(AssertionError):
            self.test_a_state_is_good_in_the_browser_that_went(here, provider)

    def test_a_state_grows_old(self, here: Office, provider: RealProvider) -> None:
        who = here.browser()
        address = provider.log_in(go(who), "jo")
        here.clock.forward(minutes=11)
        try:
            assert come_back(who, address).status_code == 400
        finally:
            here.clock.forward(minutes=-11)

    def test_a_code_is_no_use_without_the_verifier(
        self, here: Office, provider: RealProvider, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The real provider checks it; with another verifier, or none, it gives no token."""
        real = AsyncOAuth2Client.fetch_token
        for verifier in ("y" * 86, None):
            who = here.browser()
            address = provider.log_in(go(who), "jo")

            def other(self: Any, url: str, verifier: str | None = verifier, **given: Any) -> Any:
                given.pop("code_verifier")
                return real(self, url, **given, **({"code_verifier": verifier} if verifier else {}))

            monkeypatch.setattr(AsyncOAuth2Client, "fetch_token", other)
            assert come_back(who, address).status_code == 502
            assert not who.is_signed_in
            monkeypatch.undo()

    def test_it_is_not_asked_without_a_challenge(
        self, here: Office, provider: RealProvider, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        who = here.browser()
        asked = parse_qs(urlsplit(go(who)).query)
        assert asked["code_challenge_method"] == ["S256"]
        assert len(asked["code_challenge"][0]) == 43
        assert asked["response_type"] == ["code"]
        assert {"state", "nonce"} <= set(asked)
        # Were it left out, this provider would send the person back with an error, and nobody in.
        monkeypatch.setattr(
            AsyncOAuth2Client, "create_authorization_url",
            _without_challenge(AsyncOAuth2Client.create_authorization_url),
        )  # fmt: skip
        address = provider.log_in(go(who), "jo")
        assert "error=invalid_request" in address
        come_back(who, address)
        assert not who.is_signed_in

    def test_who_refuses_there_is_asked_again_here(self, here: Office) -> None:
        who = here.browser()
        state = parse_qs(urlsplit(go(who)).query)["state"][0]
        answer = come_back(who, f"{HOST}/cqm/staff/signed-in?error=access_denied&state={state}")
        assert answer.headers["location"] == "/cqm/staff/sign-in"

    def test_after_signing_out_the_way_out_of_the_provider_is_shown(
        self, here: Office, provider: RealProvider
    ) -> None:
        who = here.browser()
        come_back(who, provider.log_in(go(who), "jo"))
        gone = who.post("/sign-out", csrf=who.token)
        who.get(gone.headers["location"].removeprefix(who.home))
        assert f"{provider.issuer}/session/end?client_id=hearout" in who.page.text


def _without_challenge(real: Any) -> Any:
    def made(self: Any, url: str, **given: Any) -> Any:
        given.pop("code_verifier")
        return real(self, url, **given)

    return made


class TestWithOneThatLies:
    def attempt(self, both: tuple[Office, Liar], **answer: str) -> Colleague:
        """Somebody whose browser comes back with what the liar says; nothing is remembered of it from before."""
        here, liar = both
        clear(here)
        here.clock.forward(hours=2)
        liar.claims = {**{k: _in_time(v, here) for k, v in {"iat": 0, "exp": 300}.items()}, **liar.claims}
        here.invite("jo@example.org", ["staff"])
        who = here.browser()
        try:
            asked = parse_qs(urlsplit(go(who)).query)
            liar.nonce = asked["nonce"][0]
            said = "&".join(
                f"{k}={v}" for k, v in {"code": "c", "state": asked["state"][0], **answer}.items()
            )
            come_back(who, f"{HOST}/cqm/staff/signed-in?{said}")
        finally:
            liar.claims, liar.metadata, liar.userinfo, liar.algorithm, liar.published = (
                {},
                {},
                None,
                "RS256",
                [],
            )
        return who

    def test_an_honest_one_lets_in(self, both: tuple[Office, Liar]) -> None:
        assert self.attempt(both).is_signed_in
        assert len(both[1].asked[-1]["code_verifier"]) == 86
        assert self.attempt(both, iss=both[1].issuer).is_signed_in

    @pytest.mark.parametrize(
        "claims",
        [
            {"iss": "https://elsewhere.example"},
            {"iss": None},
            {"aud": "another client"},
            {"aud": None},
            {"aud": [CLIENT, "another client"]},
            {"azp": "another client"},
            {"nonce": "of another sign-in"},
            {"nonce": None},
            {"exp": -61},
            {"exp": None},
            {"iat": 61},
            {"nbf": 61},
            {"sub": None},
            {"at_hash": "of another token"},
            {"email": None},
        ],
        ids=str,
    )
    def test_a_token_that_does_not_hold_lets_nobody_in(
        self, both: tuple[Office, Liar], claims: dict[str, Any]
    ) -> None:
        both[1].claims = {
            name: _in_time(value, both[0], hours=2) if isinstance(value, int) else value
            for name, value in claims.items()
        }
        who = self.attempt(both)
        assert who.page.status_code == 502
        assert not who.is_signed_in

    @pytest.mark.parametrize("claims", [{"exp": -59}, {"iat": 59}, {"nbf": 59}, {"aud": [CLIENT]}], ids=str)
    def test_clocks_may_differ_by_a_minute(self, both: tuple[Office, Liar], claims: dict[str, Any]) -> None:
        both[1].claims = {
            name: _in_time(value, both[0], hours=2) if isinstance(value, int) else value
            for name, value in claims.items()
        }
        assert self.attempt(both).is_signed_in

    def test_a_token_by_nobody_or_by_our_own_secret_lets_nobody_in(self, both: tuple[Office, Liar]) -> None:
        for algorithm in ("none", "HS256"):
            both[1].algorithm = algorithm
            assert not self.attempt(both).is_signed_in

    def test_a_token_by_another_key_lets_nobody_in(self, both: tuple[Office, Liar]) -> None:
        both[1].published = [RSAKey.generate_key(2048, {"kid": "first"})]
        assert not self.attempt(both).is_signed_in

    def test_new_keys_are_fetched_when_they_are_met(self, both: tuple[Office, Liar]) -> None:
        here, liar = both
        assert self.attempt(both).is_signed_in
        liar.key = RSAKey.generate_key(2048, {"kid": "second"})
        # Within the hour, so that what it said of itself is remembered.
        here.clock.forward(hours=-2)
        assert self.attempt(both).is_signed_in
        liar.key = RSAKey.generate_key(2048, {"kid": "first"})

    @pytest.mark.parametrize(
        "metadata",
        [
            {"issuer": "https://elsewhere.example"},
            {"token_endpoint": "http://elsewhere.example/token"},
            {"code_challenge_methods_supported": ["plain"]},
            {"authorization_endpoint": None},
        ],
        ids=str,
    )
    def test_a_configuration_that_does_not_hold_is_refused(
        self, both: tuple[Office, Liar], metadata: dict[str, Any]
    ) -> None:
        both[1].metadata = metadata
        both[0].clock.forward(hours=2)
        who = both[0].browser()
        answer = who.get("/sign-in/provider")
        both[1].metadata = {}
        assert answer.status_code == 502
        assert "did not answer as it should" in who.text

    def test_an_answer_of_another_issuer_is_refused(self, both: tuple[Office, Liar]) -> None:
        assert not self.attempt(both, iss="https://elsewhere.example").is_signed_in
        both[1].metadata = {"authorization_response_iss_parameter_supported": True}
        assert not self.attempt(both).is_signed_in

    def test_what_it_tells_of_somebody_else_is_refused(self, both: tuple[Office, Liar]) -> None:
        both[1].userinfo = {"sub": "another", "email": "jo@example.org", "email_verified": True}
        assert not self.attempt(both).is_signed_in

    def test_an_audience_that_is_not_checked_is_seen(
        self, both: tuple[Office, Liar], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(CodeIDToken, "validate", lambda self, now=None, leeway=0: None)
        for claims in ({"aud": "another client"}, {"nonce": "of another sign-in"}, {"exp": -61}):
            with pytest.raises(AssertionError):
                self.test_a_token_that_does_not_hold_lets_nobody_in(both, claims)


class TestSettings:
    def test_an_open_line_is_refused_beyond_this_machine(self) -> None:
        with pytest.raises(ValidationError, match="use https"):
            Settings(oidc_issuer="http://login.example.org", oidc_client_id="x")

    def test_a_provider_needs_a_client(self) -> None:
        with pytest.raises(ValidationError, match="HEAROUT_OIDC_CLIENT_ID"):
            Settings(oidc_issuer="https://login.example.org")

    def test_roles_may_stand_deep_in_a_claim(self) -> None:
        claims = {"realm_access": {"roles": ["a", 1, "b"]}, "one": "c"}
        assert oidc.roles_in(claims, "realm_access.roles") == ["a", "b"]
        assert oidc.roles_in(claims, "one") == ["c"]
        assert oidc.roles_in(claims, "one.two") == oidc.roles_in(claims, "none") == []

    def test_a_role_that_is_none_is_told_with_its_line(self, tmp_path: Path) -> None:
        from bot.overlay import BrokenOverlay, parse_overlay

        with pytest.raises(BrokenOverlay, match=r"cqm\.yml:1"):
            parse_overlay("staff: {roles: {complaints: [stuff]}}", "cqm.yml")


def _in_time(seconds: int, here: Office, hours: int = 0) -> int:
    return int(here.clock().timestamp()) + hours * 3600 + seconds
