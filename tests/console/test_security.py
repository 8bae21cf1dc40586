"""What a second look for holes found, and what it looked for: each is held by a test that was red before."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa
from starlette.responses import Response

from bot.console import oidc
from bot.console.permissions import Permission
from bot.console.site import Page, StaffRoute, Visit
from cases.models import metadata
from cases.staff import ROLES
from tests.console.identity import CLIENT, SECRET, Liar, lying_provider
from tests.console.office import HOST, Colleague, Office, office
from tests.console.test_authorisation import _guard_of, address_of, ask, routes_of
from tests.console.test_provider import clear, come_back, go

# What looking may write: who looked, and that their session is in use or began.
KEPT_OF_LOOKING = {"audit", "audit_heads", "staff_sessions", "staff_sign_ins", "staff_accounts"}


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Office, Liar]]:
    with lying_provider() as liar:
        given = {"oidc_issuer": liar.issuer, "oidc_client_id": CLIENT, "oidc_client_secret": SECRET}
        with office(tmp_path_factory.mktemp("office"), limits="off", **given) as made:
            yield made, liar


@pytest.fixture(scope="module")
def console(both: tuple[Office, Liar]) -> list[StaffRoute]:
    return [route for route in routes_of(both[0].app) if isinstance(route, StaffRoute)]


def attempt(both: tuple[Office, Liar], email: str = "jo@example.org", **lies: Any) -> Colleague:
    """Somebody comes back from a provider that lies like this; who has that address is invited."""
    here, liar = both
    clear(here)
    here.clock.forward(hours=2)
    now = int(here.clock().timestamp())
    liar.claims = {"iat": now, "exp": now + 300, **lies.pop("claims", {})}
    for name, value in lies.items():
        setattr(liar, name, value)
    here.invite(email, ["staff"])
    who = here.browser()
    try:
        asked = parse_qs(urlsplit(go(who)).query)
        liar.nonce = asked["nonce"][0]
        come_back(who, f"{HOST}/cqm/staff/signed-in?code=c&state={asked['state'][0]}")
    finally:
        liar.claims, liar.metadata, liar.userinfo, liar.header = {}, {}, None, {}
    return who


class TestTheProvider:
    def test_it_vouches_for_the_address_that_it_vouched_for_and_for_no_other(
        self, both: tuple[Office, Liar]
    ) -> None:
        """The ID token vouches for one address, and userinfo tells of another that anybody may have typed."""
        mine = {"email": "mine@example.org", "email_verified": True}
        other = {"sub": "liar", "email": "boss@example.org"}
        assert not attempt(both, "boss@example.org", claims=mine, userinfo=other).is_signed_in
        assert attempt(
            both, "boss@example.org", claims=mine, userinfo={**other, "email_verified": True}
        ).is_signed_in
        assert attempt(both, "mine@example.org", claims=mine, userinfo={"sub": "liar"}).is_signed_in

    @pytest.mark.parametrize("userinfo", [[], "x", 7, [{"sub": "liar"}]])
    def test_what_is_no_object_is_the_providers_fault_and_not_ours(
        self, both: tuple[Office, Liar], userinfo: Any
    ) -> None:
        who = attempt(both, userinfo=userinfo)
        assert who.page.status_code == 502
        assert not who.is_signed_in

    @pytest.mark.parametrize(
        "header", [{"crit": ["exp"], "exp": 1}, {"crit": ["b64"], "b64": False}, {"crit": []}], ids=str
    )
    def test_what_its_token_calls_critical_and_nobody_here_knows_lets_nobody_in(
        self, both: tuple[Office, Liar], header: dict[str, Any]
    ) -> None:
        who = attempt(both, header=header)
        assert who.page.status_code == 502
        assert not who.is_signed_in

    @pytest.mark.parametrize(
        "where",
        [
            "javascript:alert(1)",
            "javascript://127.0.0.1/%0aalert(1)",
            "http://elsewhere.example/out",
            "//x.example",
        ],
    )
    def test_its_way_out_is_a_page_over_a_closed_line(self, both: tuple[Office, Liar], where: str) -> None:
        here, liar = both
        liar.metadata = {"end_session_endpoint": where}
        here.clock.forward(hours=2)
        try:
            go(here.browser())
        finally:
            liar.metadata = {}
        who = here.browser()
        who.get("/signed-out?by=provider")
        assert "Sign out there too" not in who.text

    @pytest.mark.parametrize(
        "where", ["javascript://127.0.0.1/%0aalert(1)", "ftp://127.0.0.1/x", "file://localhost/etc/passwd"]
    )
    def test_an_address_of_this_machine_is_http(self, where: str) -> None:
        with pytest.raises(oidc.ProviderTrouble):
            oidc._check_address(where)


class TestEveryPage:
    def ways(self, here: Office, console: list[StaffRoute]) -> Iterator[tuple[StaffRoute, Any]]:
        """What each page answers: to who may all, to who may little, and to nobody."""
        for route in console:
            path = address_of(route)
            assert path is not None
            for who in (
                here.signed_in(*(role for role in ROLES if role != "api_client")),
                here.signed_in("rules_editor"),
                here.browser(),
            ):
                who.get("/sign-in")
                yield route, ask(who, route, path) if _has_form(who) else who.get(path.removeprefix(who.home))

    def loose(self, here: Office, console: list[StaffRoute]) -> list[str]:
        found = []
        for route, answer in self.ways(here, console):
            given = answer.headers
            if (
                given.get("cache-control") != "no-store"
                or given.get("referrer-policy") not in ("same-origin", "no-referrer")
                or given.get("x-content-type-options") != "nosniff"
                or "frame-ancestors 'none'"
                not in given.get("content-security-policy", "frame-ancestors 'none'")
                or "unsafe" in given.get("content-security-policy", "")
            ):
                found.append(f"{route.methods} {route.path}: {answer.status_code} {dict(given)}")
        return found

    def test_none_is_kept_framed_or_told_of_elsewhere(
        self, both: tuple[Office, Liar], console: list[StaffRoute]
    ) -> None:
        assert self.loose(both[0], console) == []

    def test_one_that_may_be_kept_is_seen(self, both: tuple[Office, Liar], console: list[StaffRoute]) -> None:
        async def kept(visit: Visit) -> Response:
            return Response("x", headers={"Cache-Control": "max-age=60", "Referrer-Policy": "unsafe-url"})

        (home,) = [route for route in console if route.path == "/{org}/staff"]
        page = Page("GET", "/planted", Permission.SIGNED_IN, kept)
        planted = StaffRoute(page, _guard_of(home)(page))
        both[0].app.router.routes.insert(0, planted)
        try:
            assert len(self.loose(both[0], [planted])) >= 1
        finally:
            both[0].app.router.routes.remove(planted)

    def test_looking_changes_nothing(self, both: tuple[Office, Liar], console: list[StaffRoute]) -> None:
        """A link that somebody is led to follow does nothing in their name."""
        here, moved = both[0], []
        for route in console:
            path = address_of(route)
            if "GET" not in (route.methods or ()) or path is None:
                continue
            who = here.signed_in(*(role for role in ROLES if role != "api_client"))
            before = standing(here)
            for query in ("", "?do=yes", "?act=takeover", "?format=csv", "?done=x", "?kept=1"):
                who.get(path.removeprefix(who.home) + query, **{"Sec-Fetch-Site": "cross-site"})
            if standing(here) != before:
                moved.append(route.path)
        assert moved == []


def standing(here: Office) -> dict[str, list[Any]]:
    """Everything that is kept, but for what looking may write."""
    tables = [table for table in metadata.sorted_tables if table.name not in KEPT_OF_LOOKING]
    return here.store.read_sync(
        lambda conn: {t.name: sorted(map(repr, conn.execute(sa.select(t)).all())) for t in tables}
    )


def _has_form(who: Colleague) -> bool:
    return 'name="csrf"' in who.page.text or who.cookie is not None


@pytest.mark.parametrize(
    "reference",
    ["x%0d%0aSet-Cookie:%20a=b", "%0aLocation:%20http://evil.example", "..%2f..%2fevil", "%5cevil.example"],
)
def test_no_address_writes_a_header_or_leads_away(
    tmp_path_factory: pytest.TempPathFactory, reference: str
) -> None:
    with office(tmp_path_factory.mktemp("office"), limits="off") as here:
        who = here.signed_in(*(role for role in ROLES if role != "api_client"))
        for path in ("cases", "unfinished", "phone"):
            answer = who.get(f"/{path}/{reference}")
            assert "set-cookie" not in answer.headers
            assert answer.status_code in (404, 422) or answer.headers["location"].startswith("/cqm/staff")
            assert "evil" not in answer.headers.get("location", "")


@pytest.mark.parametrize(
    "organisation", ["%5cevil.example", "%2fevil.example", "..", "cqm%00", "CQM", "cqm%2f.."]
)
def test_an_organisation_that_is_none_links_nowhere(both: tuple[Office, Liar], organisation: str) -> None:
    who = both[0].browser()
    answer = who.http.get(f"{HOST}/{organisation}/staff/sign-in")
    assert answer.status_code in (404, 422)
    assert "evil" not in "".join(_links(answer.text))
    assert "set-cookie" not in answer.headers


def _links(html: str) -> list[str]:
    return re.findall(r'(?:href|action|src)="([^"]*)"', html)
