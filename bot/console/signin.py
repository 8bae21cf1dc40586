"""Signing in with a password, using an invitation, and signing out.

Whatever is wrong with a sign-in (no such account, another password, disabled, invited and not joined yet), the answer
is the same and takes as long. A sign-in always begins a new session, with a new cookie.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import structlog
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from bot.console import cookies, passwords
from bot.console.permissions import Permission
from bot.console.site import Console, Page, Visit
from bot.console.throttle import Throttle
from cases import sessions, staff
from cases.sessions import How
from cases.staff import LONGEST_EMAIL, LONGEST_NAME, Account

if TYPE_CHECKING:
    from bot.console.oidc import Provider

log = structlog.get_logger("hearout.console")

WRONG = "The e-mail address or the password is not right."
# `/cim/staff/...`, and nothing that a browser could take for another host.
_BACK = re.compile(r"/[a-z0-9_-]+/staff(/[A-Za-z0-9/_.~%-]*)?(\?[A-Za-z0-9/_.~%&=+-]*)?")
_SYSTEMS = ("Windows", "Android", "iPhone", "iPad", "Mac OS", "Linux")
_BROWSERS = (("Edg/", "Edge"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))


class SignIn:
    """The pages before and after a session."""

    def __init__(self, console: Console, provider: Provider | None = None) -> None:
        self._console = console
        self._provider = provider
        self._desk = console.desk
        self.throttle = Throttle(lambda: console.desk.clock().timestamp())

    def pages(self) -> Sequence[Page]:
        """The pages of this part."""
        return [
            Page("GET", "/sign-in", Permission.ANYBODY, self.ask),
            Page("POST", "/sign-in", Permission.ANYBODY, self.sign_in),
            Page("GET", "/welcome", Permission.ANYBODY, self.welcome),
            Page("POST", "/welcome", Permission.ANYBODY, self.join),
            Page("POST", "/sign-out", Permission.SIGNED_IN, self.sign_out),
            Page("GET", "/signed-out", Permission.ANYBODY, self.signed_out),
        ]

    async def ask(self, visit: Visit) -> Response:
        """Ask for address and password; who is signed in already goes where they wanted to."""
        if visit.session is not None:
            return self._back(visit, visit.request.query_params.get("back", ""))
        return self._form(visit, {"back": visit.request.query_params.get("back", "")})

    async def sign_in(self, visit: Visit) -> Response:
        """Begin a session. TooMany (429) after too many tries."""
        email, organisation = visit.said("email")[:LONGEST_EMAIL], visit.organisation
        # A password is taken as it was typed, spaces and all.
        password = str(visit.sent.get("password", ""))
        address = self._console.door.caller(visit.request.scope).address
        self.throttle.try_once(organisation, email, address)
        found = await self._desk.store.read(lambda conn: staff.by_email(conn, organisation, email))
        open_to = found if found is not None and found.disabled_at is None else None
        kept = open_to.password_hash if open_to is not None else None
        right = await passwords.verify(kept, password)
        if not right or open_to is None:
            log.info("sign_in_refused", organisation=organisation)
            values = {"back": visit.said("back"), "email": email, "errors": {"email": WRONG}}
            return self._form(visit, values, status=422)
        self.throttle.succeeded(organisation, email)
        return await self.begin(visit, open_to, "password", visit.said("back"))

    async def begin(self, visit: Visit, account: Account, how: How, back: str) -> Response:
        """A new session for somebody who has shown who they are; the one that the browser had ends."""
        token, now, limits = cookies.new_token(), self._desk.clock(), self._console.limits
        device, before = device_of(visit.request), visit.session

        def work(conn: Any) -> None:
            if before is not None:
                sessions.end(conn, before, now)
            sessions.begin(conn, account, token, how, device, now, limits)

        await self._desk.store.write(work)
        secure = self._console.is_secure(visit.request)
        answer = self._back(visit, back)
        cookies.keep(answer, cookies.SESSION, visit.organisation, token, secure=secure)
        cookies.forget(answer, cookies.DOOR, visit.organisation, secure=secure)
        return answer

    async def welcome(self, visit: Visit) -> Response:
        """Where an invitation leads: choose a password. Looking at it changes nothing."""
        secret = visit.request.query_params.get("invitation", "")
        found = await self._invited(visit, secret)
        if found is None:
            return self._no_invitation(visit)
        return self._with_door(visit, "welcome.html", {**_WELCOME, "invitation": secret, "invited": found})

    async def join(self, visit: Visit) -> Response:
        """Keep the password that was chosen and sign in."""
        secret, name = visit.said("invitation"), visit.said("name")[:LONGEST_NAME]
        password, organisation = str(visit.sent.get("password", "")), visit.organisation
        found = await self._invited(visit, secret)
        if found is None:
            return self._no_invitation(visit)
        errors = {} if name else {"name": "Write your name, as colleagues and complainants are to read it."}
        if fault := passwords.fault_of(password, self.easily_guessed(visit, found.email, name)):
            errors["password"] = fault
        if errors:
            values = {**_WELCOME, "invitation": secret, "invited": found, "name": name, "errors": errors}
            return self._with_door(visit, "welcome.html", values, status=422)
        kept, now = await passwords.hashed(password), self._desk.clock()
        joined = await self._desk.store.write(
            lambda conn: staff.join(conn, organisation, secret, kept, name, now)
        )
        if joined is None:
            return self._no_invitation(visit)
        return await self.begin(visit, joined, "password", "")

    async def sign_out(self, visit: Visit) -> Response:
        """End the session, or with `everywhere` all of one's own."""
        session, now = visit.session, self._desk.clock()
        assert session is not None  # noqa: S101 - the page is for who is signed in
        end = sessions.end_everywhere if visit.said("everywhere") else sessions.end
        await self._desk.store.write(lambda conn: end(conn, session, now))
        answer = visit.go(f"/signed-out?by={session.how}")
        secure = self._console.is_secure(visit.request)
        cookies.forget(answer, cookies.SESSION, visit.organisation, secure=secure)
        return answer

    async def signed_out(self, visit: Visit) -> Response:
        """That it is so."""
        if visit.session is not None:
            return visit.go()
        there = None
        if self._provider is not None and visit.request.query_params.get("by") == "provider":
            there = self._provider.leave(f"{self._console.address(visit.request)}{visit.home}/signed-out")
        return visit.page("signed_off.html", {"title": "You have signed out", "there": there})

    def easily_guessed(self, visit: Visit, email: str, name: str) -> list[str]:
        """What of somebody a guesser tries first."""
        named, words = self._console.named(visit), re.split(r"[@.\s]+", f"{email} {name}")
        if named is not None:
            words += [named.id, named.short_name, *named.name.split()]
        return [word for word in (*words, "hearout", "complaint", "complaints") if len(word) > 2]

    async def _invited(self, visit: Visit, secret: str) -> Account | None:
        organisation, now = visit.organisation, self._desk.clock()
        return await self._desk.store.read(lambda conn: staff.invited(conn, organisation, secret, now))

    def _no_invitation(self, visit: Visit) -> Response:
        said = "It was used already, or it is too old. Ask whoever sent it for a new one."
        return visit.page(
            "trouble.html", {"title": "This invitation opens nothing", "said": said}, status=404
        )

    def _form(self, visit: Visit, values: Mapping[str, Any], *, status: int = 200) -> Response:
        shared = {
            "title": "Sign in",
            "email": "",
            "provider": self._provider.name if self._provider else None,
        }
        return self._with_door(visit, "sign_in.html", {**shared, **values}, status=status)

    def _with_door(
        self, visit: Visit, template: str, values: Mapping[str, Any], *, status: int = 200
    ) -> Response:
        """A page with a form for who is not signed in: the browser gets a secret of its own to prove that it is its."""
        fresh = None
        if visit.secret is None:
            fresh = visit.secret = cookies.new_token()
        answer = visit.page(template, values, status=status)
        if fresh is not None:
            secure = self._console.is_secure(visit.request)
            cookies.keep(answer, cookies.DOOR, visit.organisation, fresh, secure=secure)
        return answer

    def _back(self, visit: Visit, back: str) -> Response:
        """To the page that was asked for before, if it is one of this organisation's console."""
        ours = _BACK.fullmatch(back) is not None and f"{back}/".startswith(
            (f"{visit.home}/", f"{visit.home}?")
        )
        return RedirectResponse(back if ours else visit.home, status_code=303)


_WELCOME: Mapping[str, Any] = {"title": "Choose a password", "name": "", "shortest": passwords.SHORTEST}


def device_of(request: Request) -> str:
    """A browser in two words, such as "Firefox, Windows", for its owner to know it again; nothing finer is kept."""
    agent = request.headers.get("user-agent", "")
    browser = next((name for mark, name in _BROWSERS if mark in agent), "Unknown browser")
    system = next((name for name in _SYSTEMS if name in agent), "unknown system")
    return f"{browser}, {system}"
