"""The staff's pages, under /{org}/staff: signing in, the account, the register.

A page more: docs/staff.md.
"""

from __future__ import annotations

from starlette.routing import BaseRoute

from bot.console import accounts
from bot.console.account import OwnAccount
from bot.console.cases_privacy import CasePrivacy, Keeper
from bot.console.conversing import Voice
from bot.console.founding import Founders
from bot.console.phone import Phone
from bot.console.register import Register
from bot.console.reports import Reports
from bot.console.rules_versions import RuleVersions
from bot.console.rules_workshop import Workshop
from bot.console.signin import SignIn
from bot.console.site import Console, Part
from bot.console.unsent import UnsentConversations
from bot.door import Door
from bot.settings import Settings
from bot.turn import Desk
from handoff.mail import MailServer

__all__ = ["routes"]


def routes(
    desk: Desk,
    door: Door,
    settings: Settings,
    voice: Voice,
    keeper: Keeper,
    mail: MailServer | None = None,
) -> list[BaseRoute]:
    """The pages of the console; another part is a line here. Without a `mail` server no invitation is sent."""
    console = Console(desk, door, settings)
    provider = None
    if settings.oidc_issuer:
        # Authlib and cryptography take a fifth of a second and 12 MiB: not where nobody uses them.
        from bot.console.oidc import Provider

        provider = Provider(settings, desk.clock)
    sign_in = SignIn(console, provider)
    parts: list[Part] = [
        Register(console, voice),
        CasePrivacy(console, keeper),
        UnsentConversations(console, voice),
        Phone(console),
        Reports(console),
        Founders(console, mail),
        RuleVersions(console),
        # Last of the rules' pages: its sections take whatever address of a draft is left.
        Workshop(console),
        OwnAccount(console, sign_in),
        sign_in,
    ]
    if provider is not None:
        from bot.console.provider import ProviderSignIn

        parts.append(ProviderSignIn(console, sign_in, provider))
    return [*accounts.routes(desk, door), *console.routes(parts)]
