"""The pages of signing in through the identity provider: going there, and coming back.

Going is a link: the pages' own policy forbids a form whose answer leads to another site. What was agreed stands in the
database under the state, good once, and only in the browser that went: its cookie is asked for again.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Sequence
from typing import TypeVar

import structlog
from starlette.responses import RedirectResponse, Response

from bot.console import cookies
from bot.console.oidc import Identity, Provider, ProviderTrouble, roles_in
from bot.console.permissions import Permission
from bot.console.signin import SignIn
from bot.console.site import Console, Page, Visit
from cases import sessions, staff
from cases.sessions import Away
from cases.staff import ID_BYTES, Account
from policy_rules.errors import Refusal

T = TypeVar("T")
log = structlog.get_logger("hearout.console")

# 86 characters of 64: more than the 256 bits that RFC 7636 asks for.
VERIFIER_BYTES, STATE_BYTES = 64, 32


class NotOurs(Refusal):
    """Somebody whom the provider knows, and who has no account here."""

    status = 403
    kind = "no-account"
    title = "You have no account here"

    def __init__(self) -> None:
        super().__init__(
            "Your organisation's sign-in knows you, but gives you no role here. Ask whoever gives out the roles."
        )


class LostWay(Refusal):
    status = 400
    kind = "lost-way"
    title = "This sign-in cannot be finished"

    def __init__(self) -> None:
        super().__init__(
            "It was finished before, took more than ten minutes, or began in another browser. Begin again."
        )


class ProviderSignIn:
    """Two pages. `signs_in` begins the session."""

    def __init__(self, console: Console, signs_in: SignIn, provider: Provider) -> None:
        self._console = console
        self._desk = console.desk
        self._signs_in = signs_in
        self._provider = provider

    def pages(self) -> Sequence[Page]:
        """The pages of this part."""
        return [
            Page("GET", "/sign-in/provider", Permission.ANYBODY, self.go),
            Page("GET", "/signed-in", Permission.ANYBODY, self.come_back),
        ]

    async def go(self, visit: Visit) -> Response:
        """Send the browser to the provider, with a state, a nonce and the challenge of a verifier."""
        if visit.session is not None:
            return visit.go()
        state, nonce = secrets.token_urlsafe(STATE_BYTES), secrets.token_urlsafe(STATE_BYTES)
        away = Away(
            nonce, secrets.token_urlsafe(VERIFIER_BYTES), visit.request.query_params.get("back", "")[:2000]
        )
        organisation, now = visit.organisation, self._desk.clock()
        browser, fresh = visit.secret or cookies.new_token(), visit.secret is None
        where = await self._told(
            visit, self._provider.address(state, nonce, away.verifier, self._back_to(visit))
        )
        await self._desk.store.write(
            lambda conn: sessions.go_away(conn, organisation, state, browser, away, now)
        )
        answer = RedirectResponse(where, status_code=303)
        if fresh:
            secure = self._console.is_secure(visit.request)
            cookies.keep(answer, cookies.DOOR, organisation, browser, secure=secure)
        return answer

    async def come_back(self, visit: Visit) -> Response:
        """Begin a session for whom the provider names. LostWay, ProviderTrouble, NotOurs."""
        asked, organisation, now = visit.request.query_params, visit.organisation, self._desk.clock()
        secure = self._console.is_secure(visit.request)
        browser = cookies.read(visit.request, cookies.DOOR, organisation, secure=secure)
        state = asked.get("state", "")
        if browser is None or not state:
            raise LostWay
        away = await self._desk.store.write(
            lambda conn: sessions.come_back(conn, organisation, state, browser, now)
        )
        if away is None:
            raise LostWay
        if "error" in asked:
            log.info("sign_in_refused_there", organisation=organisation)
            return visit.go("/sign-in")
        identity = await self._told(
            visit,
            self._provider.identity(dict(asked), away.nonce, away.verifier, self._back_to(visit)),
        )
        account = await self._account(organisation, identity)
        if account is None:
            log.info("sign_in_without_account", organisation=organisation)
            raise NotOurs
        return await self._signs_in.begin(visit, account, "provider", away.back)

    async def _account(self, organisation: str, who: Identity) -> Account | None:
        """Their account here, with the roles that their claims give where the organisation says which."""
        given = self._desk.overlays(organisation).staff.roles
        roles = None
        if given:
            values = roles_in(who.claims, self._console.settings.oidc_roles_claim)
            roles = [role for value in values for role in given.get(value, ())]
        now, random = self._desk.clock(), secrets.token_bytes(ID_BYTES)
        return await self._desk.store.write(
            lambda conn: staff.from_provider(
                conn,
                organisation,
                (who.issuer, who.subject),
                who.email,
                who.name,
                roles,
                random,
                now,
                proven=who.proven,
            )
        )

    def _back_to(self, visit: Visit) -> str:
        """The address that is registered with the provider."""
        return f"{self._console.address(visit.request)}{visit.home}/signed-in"

    async def _told(self, visit: Visit, asking: Awaitable[T]) -> T:
        """The provider's answer; what is wrong with it stands in the log, and a page says that something is."""
        try:
            return await asking
        except ProviderTrouble as trouble:
            log.warning("provider_trouble", organisation=visit.organisation, why=trouble.why)
            raise
