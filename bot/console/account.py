"""One's own page: name and roles, the browsers that are signed in, another password, signing out everywhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.responses import Response

from bot.console import passwords
from bot.console.permissions import ROLE_NAMES, Permission
from bot.console.signin import SignIn
from bot.console.site import Console, Page, Visit
from cases import sessions, staff


class OwnAccount:
    """The account page. `signs_in` begins the session that follows a change of password."""

    def __init__(self, console: Console, signs_in: SignIn) -> None:
        self._console = console
        self._desk = console.desk
        self._signs_in = signs_in

    def pages(self) -> Sequence[Page]:
        """The pages of this part."""
        return [
            Page("GET", "/account", Permission.SIGNED_IN, self.show),
            Page("POST", "/account/password", Permission.SIGNED_IN, self.change_password),
            Page("POST", "/account/sessions", Permission.SIGNED_IN, self.end_session),
            Page("POST", "/account/stay", Permission.SIGNED_IN, self.stay),
        ]

    async def show(self, visit: Visit) -> Response:
        """What is known of who is signed in."""
        return await self._page(visit)

    async def change_password(self, visit: Visit) -> Response:
        """Keep another password; every session ends, and this browser gets a new one."""
        account = visit.account
        before, wanted = str(visit.sent.get("current", "")), str(visit.sent.get("password", ""))
        address = self._console.door.caller(visit.request.scope).address
        self._signs_in.throttle.try_once(visit.organisation, account.email, address)
        errors = {}
        if account.password_hash is None or not await passwords.verify(account.password_hash, before):
            errors["current"] = "This is not your present password."
        about = self._signs_in.easily_guessed(visit, account.email, account.name)
        if fault := passwords.fault_of(wanted, about):
            errors["password"] = fault
        if errors:
            return await self._page(visit, {"errors": errors}, status=422)
        self._signs_in.throttle.succeeded(visit.organisation, account.email)
        kept, now = await passwords.hashed(wanted), self._desk.clock()
        await self._desk.store.write(lambda conn: staff.set_password(conn, account, kept, now))
        visit.session = None
        return await self._signs_in.begin(visit, account, "password", f"{visit.home}/account?changed=1")

    async def end_session(self, visit: Visit) -> Response:
        """Sign one of one's own browsers out."""
        session, now, handle = visit.session, self._desk.clock(), visit.said("session")
        assert session is not None  # noqa: S101 - the page is for who is signed in
        await self._desk.store.write(lambda conn: sessions.end_other(conn, session, handle, now))
        return visit.go("/account")

    async def stay(self, visit: Visit) -> Response:
        """Prolong the session by asking for something: a page that was open for long does."""
        return Response(status_code=204)

    async def _page(
        self, visit: Visit, values: Mapping[str, Any] | None = None, *, status: int = 200
    ) -> Response:
        account, now, limits = visit.account, self._desk.clock(), self._console.limits
        held = await self._desk.store.read(lambda conn: sessions.of_account(conn, account, now, limits))
        shown = {
            "title": "Your account",
            "roles": [name for role, name in ROLE_NAMES.items() if role in account.roles],
            "sessions": held,
            "this": visit.session.handle if visit.session is not None else "",
            "changed": "changed" in visit.request.query_params,
            "shortest": passwords.SHORTEST,
            "idle_minutes": self._console.settings.staff_idle_minutes,
            "longest_hours": self._console.settings.staff_session_hours,
        }
        return visit.page("account.html", {**shown, **(values or {})}, status=status)
