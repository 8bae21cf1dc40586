"""Who may open which page: every route of the console x every role x one's own and another organisation.

The matrix is read from the app, so that a page that is added later is in it. What a page needs in its address stands in
ADDRESSES: a new name there is one line.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.console.permissions import CHANGES, MAY, OPEN, ROLE_NAMES, Permission, may
from bot.console.site import ROOT, Page, StaffRoute, Visit
from cases import drafts, listing
from cases.events import Writer
from cases.staff import ROLES
from tests.console.office import FIRST, OTHER, RESTRICTED, Colleague, Office, office

DRAFT, FOREIGN_DRAFT = "a" * 24, "b" * 24
# What stands in an address, of one's own organisation and of another; None: it is of no organisation.
ADDRESSES: dict[str, tuple[str, str | None]] = {
    "reference": (FIRST, OTHER),
    "rest": ("nothing-here", None),
    # Of the evidence; which case has it is checked first.
    "file": ("0" * 32, None),
    # Of the outbox, likewise.
    "delivery": ("0" * 32, None),
    # Of the rules; `section` and `name` are parts of the draft.
    "draft": (DRAFT, FOREIGN_DRAFT),
    "section": ("routes", None),
    # Of a version of the rules: every organisation has a first one, and the address says whose.
    "number": ("1", None),
    "name": ("enquiry", None),
}
SIGN_IN = "/cqm/staff/sign-in"


def routes_of(app: Any) -> list[Any]:
    """Every route that stands under the console's addresses, however it came there."""
    return [route for route in app.routes if getattr(route, "path", "").startswith("/{org}/staff")]


def undeclared(app: Any) -> list[str]:
    """Routes under the console's addresses that name no permission."""
    return [
        route.path
        for route in routes_of(app)
        if not isinstance(route, StaffRoute) or not isinstance(route.needs, Permission)
    ]


def address_of(route: StaffRoute, *, foreign: bool = False) -> str | None:
    """The address of a page, with what it needs filled in; None where nothing in it is of an organisation."""
    path, changed = route.path.replace("{org}", "cqm"), False
    for name in re.findall(r"{(\w+)(?::\w+)?}", path):
        assert name in ADDRESSES, (
            f"add '{name}' to ADDRESSES, with one of our own and one of another organisation"
        )
        ours, theirs = ADDRESSES[name]
        if foreign and theirs is not None:
            changed = True
        path = re.sub(rf"{{{name}(:\w+)?}}", theirs if foreign and theirs is not None else ours, path)
    return path if changed or not foreign else None


def ask(who: Colleague, route: StaffRoute, path: str) -> Any:
    """The page, or its form sent empty."""
    (method,) = set(route.methods or ()) - {"HEAD"}
    relative = path.removeprefix(who.home)
    if method == "GET":
        return who.get(relative)
    return who.post(relative, csrf=who.token)


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """With a provider, so that its pages are in the matrix; nobody is at home there."""
    provider = {"oidc_issuer": "http://127.0.0.1:9", "oidc_client_id": "x"}
    with office(tmp_path_factory.mktemp("office"), limits="off", **provider) as made:
        draft(made, "cqm", DRAFT)
        draft(made, "cim", FOREIGN_DRAFT)
        yield made


def draft(here: Office, organisation: str, draft_id: str) -> None:
    """A draft of the organisation's rules."""
    text = here.app.state.house.packs.editions(organisation)[0].text
    base, writer = drafts.Base(1, drafts.sha256_of(text)), Writer("Ed", "staff", "0" * 32)
    here.store.write_sync(
        lambda conn: drafts.create_draft(
            conn, organisation, draft_id, drafts.About("x"), text, base, writer, here.clock()
        )
    )


@pytest.fixture(scope="module")
def console(here: Office) -> list[StaffRoute]:
    return [route for route in routes_of(here.app) if isinstance(route, StaffRoute)]


def test_every_route_declares_what_it_needs(here: Office) -> None:
    assert len(routes_of(here.app)) >= 10
    assert undeclared(here.app) == []


def test_a_route_without_a_permission_is_seen(here: Office) -> None:
    async def open_to_all(request: Request) -> Response:
        return Response("everything")

    planted = Route(f"{ROOT}/planted", open_to_all)
    here.app.router.routes.append(planted)
    try:
        assert undeclared(here.app) == [f"{ROOT}/planted"]
    finally:
        here.app.router.routes.remove(planted)


def test_a_page_cannot_be_made_without_a_permission() -> None:
    with pytest.raises(TypeError):
        Page("GET", "/planted", endpoint=_nothing)  # type: ignore[call-arg]


async def _nothing(visit: Visit) -> Response:
    return Response()


def test_the_matrix(here: Office, console: list[StaffRoute]) -> None:
    """Each role is let in where it may, and nowhere else."""
    wrong = []
    for role in ROLES:
        for route in console:
            # Signing out would spoil the session for the next page.
            who = here.signed_in(role)
            path = address_of(route)
            assert path is not None
            answer = ask(who, route, path)
            allowed = route.needs in may([role])
            if allowed == (answer.status_code in (401, 403)) or _asks_to_sign_in(answer):
                wrong.append(f"{role}: {route.methods} {route.path} answered {answer.status_code}")
    assert wrong == []


def test_nobody_is_let_in_without_signing_in(here: Office, console: list[StaffRoute]) -> None:
    for route in console:
        who = here.browser()
        who.get("/sign-in")
        path = address_of(route)
        assert path is not None
        answer = ask(who, route, path)
        if route.needs is Permission.ANYBODY:
            assert answer.status_code < 500 or route.path.endswith("/sign-in/provider")
        else:
            assert answer.status_code == (303 if "GET" in (route.methods or ()) else 401), route.path
            assert FIRST not in answer.text


def test_a_session_of_another_organisation_opens_nothing(here: Office, console: list[StaffRoute]) -> None:
    for route in console:
        if route.needs is Permission.ANYBODY:
            continue
        who = here.signed_in("staff", "auditor", "privacy_officer", organisation="cim")
        token = who.token
        path = address_of(route)
        assert path is not None
        cookie = who.cookie
        assert cookie is not None
        # As a browser would send it, and under the name that the other organisation's would have.
        who.http.cookies.set("hearout-staff-cqm", cookie, domain="127.0.0.1", path="/")
        if "GET" in (route.methods or ()):
            assert who.http.get(path).status_code == 303
        else:
            headers = {"Origin": "http://127.0.0.1:8000"}
            assert who.http.post(path, data={"csrf": token}, headers=headers).status_code in (401, 403)


def test_another_organisations_case_is_not_there(here: Office, console: list[StaffRoute]) -> None:
    """Not even for who may do everything at home; and the answer is that of a case that never was."""
    for route in console:
        path = address_of(route, foreign=True)
        if path is None:
            continue
        who = here.signed_in(*(role for role in ROLES if role != "api_client"))
        answer = ask(who, route, path)
        assert answer.status_code == 404, f"{route.path} answered {answer.status_code}"
        never = ask(who, route, path.replace(OTHER, "CIM-9999-9999-9"))
        assert never.text.replace("CIM-9999-9999-9", OTHER) == answer.text


def test_a_restricted_case_is_not_there_for_who_may_not_open_it(
    here: Office, console: list[StaffRoute]
) -> None:
    for route in console:
        if "{reference}" not in route.path:
            continue
        path = route.path.replace("{org}", "cqm").replace("{reference}", RESTRICTED)
        who = here.signed_in("staff", "rules_editor", "rules_approver")
        assert ask(who, route, path).status_code in (403, 404), route.path


def untold(here: Office, console: list[StaffRoute]) -> list[str]:
    """Pages that showed a case, of which the audit trail does not say who saw it."""
    found = []
    for route in console:
        account = here.account(
            f"{len(here.trail())}@example.org", [role for role in ROLES if role != "api_client"]
        )
        who = here.signed_in(account=account)
        path = address_of(route)
        assert path is not None
        answer = ask(who, route, path)
        seen = answer.status_code == 200 and FIRST in answer.text
        told = {
            action
            for action, _, caller in here.trail()
            if caller == account.id and not action.startswith("staff.")
        }
        if seen and not told:
            found.append(f"{route.methods} {route.path}")
    return found


def test_whoever_sees_a_case_is_in_the_trail(here: Office, console: list[StaffRoute]) -> None:
    assert untold(here, console) == []


def test_a_case_that_is_seen_by_nobody_is_noticed(
    here: Office, console: list[StaffRoute], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "opened", lambda *_: None)
    monkeypatch.setattr(listing, "listed", lambda *_: None)
    assert len(untold(here, console)) >= 2


def _asks_to_sign_in(answer: Any) -> bool:
    return answer.status_code == 303 and SIGN_IN in answer.headers["location"]


class TestTheRoles:
    def test_every_role_is_named_and_placed(self) -> None:
        assert set(MAY) == set(ROLES) == set(ROLE_NAMES)

    def test_every_permission_is_somebodys(self) -> None:
        assert OPEN.union(*MAY.values()) == set(Permission)

    def test_an_auditor_changes_nothing(self) -> None:
        assert not MAY["auditor"] & CHANGES

    def test_who_writes_rules_does_not_approve_them(self) -> None:
        assert Permission.APPROVE_RULES not in MAY["rules_editor"]
        assert Permission.EDIT_RULES not in MAY["rules_approver"]

    def test_a_program_has_no_pages(self) -> None:
        assert MAY["api_client"] == frozenset()

    def test_a_role_that_is_none_gives_nothing(self) -> None:
        assert may(["superuser", ""]) == OPEN


Guard = Callable[[Page], Callable[[Request], Awaitable[Response]]]


def test_a_page_that_lets_everybody_in_is_seen_by_the_matrix(here: Office, console: list[StaffRoute]) -> None:
    """The matrix compares answers, not declarations: a page that does not ask is found."""
    (home,) = [route for route in console if route.path == ROOT]
    page = Page("GET", "/planted", Permission.EDIT_RULES, _nothing)
    open_to_all = replace(page, needs=Permission.SIGNED_IN)
    planted = StaffRoute(page, _guard_of(home)(open_to_all))
    here.app.router.routes.insert(0, planted)
    try:
        with pytest.raises(AssertionError, match="planted answered 200"):
            test_the_matrix(here, [planted])
    finally:
        here.app.router.routes.remove(planted)


def _guard_of(route: StaffRoute) -> Guard:
    """How the console guards its pages, found from one that it guards."""
    cells = dict(zip(route.endpoint.__code__.co_freevars, route.endpoint.__closure__ or (), strict=True))
    guard: Guard = cells["self"].cell_contents._guard
    return guard
