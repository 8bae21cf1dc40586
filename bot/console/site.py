"""What stands around every page of the console: who is signed in, what they may do, and how they are refused.

A page is a `Page` in the list of its part: its method, its path after /{org}/staff, the permission that it needs, and
its endpoint, which is handed a `Visit`. There is no other way to put a page here, so none is without a permission.
"""

from __future__ import annotations

import traceback
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import quote, urlsplit

import structlog
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from bot.console import cookies, forgery
from bot.console.beginning import BEFORE, Named, NotInForce, named
from bot.console.permissions import Permission, may
from bot.console.refusals import MayNot, NoSuchPage, NotSecure, SignInFirst
from bot.console.rendering import render
from bot.door import Door, refuse_nul
from bot.door.callers import host_name, is_loopback
from bot.settings import Settings
from bot.turn import Desk
from cases import listing, organisations, sessions
from cases.events import NoSuchCase, Writer
from cases.listing import Place
from cases.sessions import Limits, Session
from cases.staff import Account
from policy_rules.errors import Refusal, UnknownOrganisation
from policy_rules.pack import Organisation

log = structlog.get_logger("hearout.console")

ROOT = "/{org}/staff"
# Scripts and styles of ours alone, none within a page; forms go nowhere else.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


@dataclass(frozen=True, slots=True)
class Page:
    """A page. `nav` is its name in the navigation, which shows it to whoever may open it."""

    method: str
    path: str
    needs: Permission
    endpoint: Callable[[Visit], Awaitable[Response]]
    nav: str | None = None


class Part(Protocol):
    """Some pages that belong together."""

    def pages(self) -> Sequence[Page]: ...


class StaffRoute(Route):
    """A page's place in the app; `needs` is what the authorisation tests read."""

    def __init__(self, page: Page, endpoint: Callable[[Request], Awaitable[Response]]) -> None:
        super().__init__(ROOT + page.path, endpoint, methods=[page.method])
        self.needs = page.needs


@dataclass(slots=True)
class Visit:
    """One request to the console. `session` is None where nobody is signed in, on pages for anybody."""

    console: Console
    request: Request
    organisation: str
    session: Session | None
    # Secret of the browser: the session's token, or the one that it has before.
    secret: str | None
    permissions: frozenset[Permission]
    sent: FormData = field(default_factory=FormData)
    # What the organisation is called while no rules of it are in force; None once some are.
    begun: Named | None = None

    @property
    def account(self) -> Account:
        """Who is signed in; on pages for anybody there may be nobody."""
        if self.session is None:
            raise SignInFirst
        return self.session.account

    @property
    def home(self) -> str:
        """The address of the first page."""
        return f"/{self.organisation}/staff"

    @property
    def writer(self) -> Writer:
        """Who is signed in, as whoever writes: their name stays beside what they write, the trail keeps their id."""
        return Writer(self.account.name, "staff", self.account.id)

    def may(self, permission: Permission) -> bool:
        """Whether who is signed in may do this."""
        return permission in self.permissions

    def said(self, name: str) -> str:
        """What was typed into a field of the form, without the space around it; "" where there is none."""
        value = self.sent.get(name, "")
        return value.strip() if isinstance(value, str) else ""

    def go(self, path: str = "") -> Response:
        """To another page of the console, by GET: a reload then sends nothing again."""
        return RedirectResponse(self.home + path, status_code=303)

    def page(self, template: str, values: Mapping[str, Any] | None = None, *, status: int = 200) -> Response:
        """A template of bot/pages/console as a page. `title` is among the values."""
        return self.console.page(self, template, values or {}, status=status)

    async def case(self, reference: str, action: str = listing.READ) -> Place:
        """The case of this organisation, and that it was opened is kept in the audit trail.

        NoSuchCase (404) where there is none, where it is another organisation's, and where it is restricted and who
        is signed in may not open such cases: whether there is one is told to nobody.
        """
        store, now, writer = self.console.desk.store, self.console.desk.clock(), self.writer
        wanted = reference.strip().upper()
        refuse_nul(wanted)
        here = await store.read(lambda conn: listing.place(conn, self.organisation, wanted))
        if here.restricted and not self.may(Permission.SEE_RESTRICTED):
            raise NoSuchCase(f"There is no case {wanted[:60]}.", where="reference")
        await store.write(lambda conn: listing.opened(conn, here, action, writer, now))
        return here


class Console:
    """What the pages share."""

    def __init__(self, desk: Desk, door: Door, settings: Settings) -> None:
        self.desk = desk
        self.door = door
        self.settings = settings
        self.limits = Limits(settings.staff_idle, settings.staff_longest)
        self._all: list[Page] = []

    def routes(self, parts: Sequence[Part]) -> list[StaffRoute]:
        """The pages of all parts, and at the end one for every address that is none."""
        self._all = [page for part in parts for page in part.pages()]
        rest = [Page(method, "/{rest:path}", Permission.SIGNED_IN, _nothing) for method in ("GET", "POST")]
        return [StaffRoute(page, self._guard(page)) for page in (*self._all, *rest)]

    def is_secure(self, request: Request) -> bool:
        """Whether the browser came by https, itself or to a proxy that says so. NotSecure (403) where it neither did
        nor is on this machine."""
        if request.url.scheme == "https" or urlsplit(self.settings.public_url).scheme == "https":
            return True
        client = request.client.host if request.client is not None else ""
        if is_loopback(client) and is_loopback(host_name(request.headers.get("host", "").encode("latin-1"))):
            return False
        raise NotSecure

    def address(self, request: Request) -> str:
        """Where this server stands for the browser, without a slash at the end."""
        return self.settings.public_url.rstrip("/") or str(request.base_url).rstrip("/")

    def _guard(self, page: Page) -> Callable[[Request], Awaitable[Response]]:
        """The endpoint of a page, for whoever may open it; what is refused is a page too."""

        async def guarded(request: Request) -> Response:
            visit = Visit(self, request, request.path_params["org"], None, None, frozenset())
            try:
                await self._find(visit)
                await self._admit(visit, page)
                if visit.begun is not None and (elsewhere := _before(visit, page)) is not None:
                    return elsewhere
                return await page.endpoint(visit)
            except SignInFirst:
                return self._to_sign_in(visit)
            except Refusal as refusal:
                return self._refused(visit, refusal)
            except Exception as error:  # noqa: BLE001 - whatever failed, a person gets a page, and it is told of
                return self._failed(visit, error)

        return guarded

    async def _find(self, visit: Visit) -> None:
        """Whose pages these are. UnknownOrganisation (404) where it has no rules and nobody works on its first ones."""
        organisation = visit.organisation
        try:
            self.desk.packs.get(organisation)
        except UnknownOrganisation:
            # Whoever guesses names does it at the pace of everybody else.
            self.door.count_address(self.door.caller(visit.request.scope))
            refuse_nul(organisation)
            text = await self.desk.store.read(lambda conn: organisations.begun(conn, organisation))
            if text is None:
                raise
            visit.begun = named(organisation, text)

    async def _admit(self, visit: Visit, page: Page) -> None:
        """Find out who it is; refuse whoever may not, and a form that no page of ours sent."""
        request, organisation = visit.request, visit.organisation
        secure = self.is_secure(request)
        changes = request.method not in ("GET", "HEAD")
        if changes:
            forgery.check_page(request)
        token = cookies.read(request, cookies.SESSION, organisation, secure=secure)
        if token is not None:
            await self._recognise(visit, token)
        self._count(visit)
        if visit.session is None:
            visit.secret = cookies.read(request, cookies.DOOR, organisation, secure=secure)
            visit.permissions = frozenset({Permission.ANYBODY})
            if page.needs is not Permission.ANYBODY:
                raise SignInFirst
        if page.needs not in visit.permissions:
            raise MayNot
        if changes:
            visit.sent = await request.form()
            refuse_nul([value for value in visit.sent.values() if isinstance(value, str)])
            given = request.headers.get(forgery.HEADER) or visit.said(forgery.FIELD)
            forgery.check_token(given, visit.secret)

    def _count(self, visit: Visit) -> None:
        """One more request; TooMany (429). Colleagues share an office's address: who is signed in counts alone."""
        if visit.session is None:
            self.door.count_address(self.door.caller(visit.request.scope))
        else:
            self.door.count_key(visit.organisation, visit.session.account.id)

    async def _recognise(self, visit: Visit, token: str) -> None:
        now, limits, organisation = self.desk.clock(), self.limits, visit.organisation
        store = self.desk.store
        found = await store.read(lambda conn: sessions.find(conn, organisation, token, now, limits))
        if found is None:
            return
        visit.session, visit.secret = found, token
        visit.permissions = may(found.account.roles)
        if sessions.is_worn(found, now):
            await store.write(lambda conn: sessions.seen(conn, found, now))

    def page(self, visit: Visit, template: str, values: Mapping[str, Any], *, status: int = 200) -> Response:
        """A template within the frame: organisation, navigation, who is signed in."""
        shared: dict[str, Any] = {
            "visit": visit,
            "account": visit.session.account if visit.session is not None else None,
            "organisation": self.named(visit),
            "home": visit.home,
            "path": visit.request.url.path,
            "nav": self._navigation(visit),
            "csrf": forgery.token_of(visit.secret) if visit.secret is not None else "",
            "idle_seconds": self.settings.staff_idle_minutes * 60,
            "left_seconds": self._seconds_left(visit),
            "errors": {},
            "title": "",
        }
        html = render(template, {**shared, **values})
        # Forms tell where they come from only if the page lets them.
        headers = {"Content-Security-Policy": POLICY, "Referrer-Policy": "same-origin"}
        return Response(html, status, headers, "text/html")

    def _seconds_left(self, visit: Visit) -> int:
        """How long the session lasts at most."""
        if visit.session is None:
            return 0
        return max(0, int((visit.session.expires_at - self.desk.clock()).total_seconds()))

    def named(self, visit: Visit) -> Organisation | Named | None:
        """What the organisation is called; None where there is none."""
        if visit.begun is not None:
            return visit.begun
        try:
            return self.desk.packs.get(visit.organisation).pack.organisation
        except UnknownOrganisation:
            return None

    def _navigation(self, visit: Visit) -> list[dict[str, Any]]:
        """The pages that who is signed in may open, and which of them this is."""
        if visit.session is None:
            return []
        path = visit.request.url.path
        found = []
        for page in self._all:
            if page.nav is None or not visit.may(page.needs) or _not_yet(visit, page):
                continue
            address = visit.home + page.path
            here = path == address or (page.path != "" and path.startswith(f"{address}/"))
            found.append({"name": page.nav, "address": address, "here": here})
        return found

    def _to_sign_in(self, visit: Visit) -> Response:
        """Who asked for a page goes to sign in and comes back to it; who sent something is told that it was not
        taken."""
        request = visit.request
        back = quote(request.url.path + (f"?{request.url.query}" if request.url.query else ""), safe="")
        address = f"{visit.home}/sign-in"
        if request.headers.get("hx-request") == "true":
            return Response(status_code=401, headers={"HX-Redirect": address})
        if request.method in ("GET", "HEAD"):
            known = back and request.url.path.rstrip("/") != visit.home
            return RedirectResponse(f"{address}?back={back}" if known else address, status_code=303)
        return visit.page("signed_out.html", {"title": "You are signed out"}, status=401)

    def _refused(self, visit: Visit, refusal: Refusal) -> Response:
        values = {"title": refusal.title, "said": refusal.detail}
        answer = visit.page("trouble.html", values, status=refusal.status)
        answer.headers.update(getattr(refusal, "headers", None) or {})
        return answer

    def _failed(self, visit: Visit, error: Exception) -> Response:
        # What the error says may hold words of a case: its kind and places are enough to find it by.
        places = [
            f"{s.filename.rpartition('/')[2]}:{s.lineno}" for s in traceback.extract_tb(error.__traceback__)
        ]
        request_id = visit.request.scope.get("state", {}).get("request_id")
        log.error("page_failed", request_id=request_id, kind=type(error).__name__, places=places[-6:])
        said = "Something failed on our side, and nothing was half stored. Please try again."
        return visit.page("trouble.html", {"title": "This page failed", "said": said}, status=500)


def _not_yet(visit: Visit, page: Page) -> bool:
    """Whether a page is one of those that begin with the first rules: all but the rules' own, and the account."""
    return visit.begun is not None and (page.needs not in BEFORE or page.path == "")


def _before(visit: Visit, page: Page) -> Response | None:
    """Where the first page leads while there are no rules. NotInForce (404) for what begins with them."""
    if not _not_yet(visit, page):
        return None
    if page.path:
        raise NotInForce
    return visit.go("/rules" if visit.may(Permission.SEE_RULES) else "/account")


async def _nothing(visit: Visit) -> Response:
    raise NoSuchPage
