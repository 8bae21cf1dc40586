"""A new organisation: its address, its names, and the second person without whom its rules are never in force.

Whoever edits the rules of an organisation here may begin another one, where the server lets them
(HEAROUT_NEW_ORGANISATIONS). They have no more to say there than anybody who writes rules: somebody else approves them.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence

import structlog
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from bot.console.permissions import Permission
from bot.console.site import Console, Page, Visit
from cases import organisations
from cases.drafts import About
from cases.organisations import INVITED_DAYS, LONGEST_NAME, LONGEST_SHORT, BadId, Founding, IdTaken, Invited
from cases.staff import ID_BYTES, SECRET_BYTES, Invitation, normal
from handoff.letters.post import Mail, message
from handoff.mail import MailServer
from handoff.target import DeliveryFailure
from policy_rules.edits import empty_pack
from policy_rules.edits.values import tidy
from policy_rules.errors import Refusal

log = structlog.get_logger("hearout.console")

PATH = "/rules/new-organisation"
FIELDS = ("id", "name", "short_name", "approver_name", "approver_email")


class NotHere(Refusal):
    status = 403
    kind = "no-new-organisations"
    title = "No organisation is begun here"

    def __init__(self) -> None:
        super().__init__(
            "Whoever runs this server has not allowed it. The setting is HEAROUT_NEW_ORGANISATIONS; they can set it."
        )


class Founders:
    """The page on which an organisation begins. Without a `mail` server, the links are shown alone."""

    def __init__(self, console: Console, mail: MailServer | None) -> None:
        self._console = console
        self._desk = console.desk
        self._mail = mail

    def pages(self) -> Sequence[Page]:
        """The form."""
        return [
            Page("GET", PATH, Permission.EDIT_RULES, self.ask),
            Page("POST", PATH, Permission.EDIT_RULES, self.begin),
        ]

    async def ask(self, visit: Visit) -> Response:
        """What it is called, and who approves."""
        return self._form(visit, {})

    async def begin(self, visit: Visit) -> Response:
        """Keep it, and show the links; they are never shown again."""
        self._admit()
        errors = self._errors(visit)
        if errors:
            return self._form(visit, errors)
        wanted, now, writer, home = _founding(visit), self._desk.clock(), visit.writer, visit.organisation
        try:
            made = await self._desk.store.write(
                lambda conn: organisations.found(conn, wanted, writer, home, now)
            )
        except IdTaken as refusal:
            return self._form(visit, {"id": refusal.detail})
        log.info("organisation_begun", organisation=wanted.id)
        ours, theirs = (_link(self._console, visit.request, wanted.id, secret) for secret in made)
        mailed = await self._send(visit, wanted, theirs)
        values = {
            "title": f"{wanted.name} has begun",
            "wanted": wanted,
            "ours": ours,
            "theirs": "" if mailed else theirs,
            "can_mail": self._mail is not None,
            "days": INVITED_DAYS,
        }
        return visit.page("organisation_begun.html", values)

    def _admit(self) -> None:
        if not self._console.settings.lets_new_organisations:
            raise NotHere

    def _form(self, visit: Visit, errors: dict[str, str]) -> Response:
        self._admit()
        values = {
            "title": "A new organisation",
            "typed": {name: visit.said(name) for name in FIELDS},
            "errors": errors,
            "address": self._console.address(visit.request),
            "can_mail": self._mail is not None,
            "days": INVITED_DAYS,
        }
        return visit.page("organisation_new.html", values, status=422 if errors else 200)

    def _errors(self, visit: Visit) -> dict[str, str]:
        """What is wrong, by field."""
        found: dict[str, str] = {}
        organisation, packs = visit.said("id"), self._desk.packs
        there = (packs.folder / f"{organisation}.yml").exists() if organisation.isalpha() else False
        try:
            organisations.check_id(organisation, {*packs.ids(), *packs.newest, *([organisation] * there)})
        except (BadId, IdTaken) as refusal:
            found["id"] = refusal.detail
        for name, what, most in (
            ("name", "Write the organisation's name, as its letters have it.", LONGEST_NAME),
            ("short_name", "Write what people call it for short; the name again, if they do not.", LONGEST_SHORT),
            ("approver_name", "Write the name of the person who approves the rules.", LONGEST_NAME),
        ):  # fmt: skip
            said = tidy(visit.said(name))
            if not said or not said.isprintable():
                found[name] = what
            elif len(said) > most:
                found[name] = f"At most {most} characters, please."
        if wrong := _wrong_address(visit):
            found["approver_email"] = wrong
        return found

    async def _send(self, visit: Visit, wanted: Founding, link: str) -> bool:
        """Send the approver their link; whether it went. One that is shown is one that somebody else could use."""
        if self._mail is None:
            return False
        to = wanted.approver
        made = message(
            _invitation(wanted, visit.account.name, link), wanted.draft_id, self._mail.sender, (to.email,)
        )
        try:
            await self._mail.send(made, (to.email,))
        except DeliveryFailure as failure:
            log.warning("invitation_not_sent", organisation=wanted.id, kind=type(failure).__name__)
            return False
        return True


def _link(console: Console, request: Request, organisation: str, secret: str) -> str:
    return f"{console.address(request)}/{organisation}/staff/welcome?invitation={secret}"


def _wrong_address(visit: Visit) -> str:
    """What is wrong with the second person's e-mail address."""
    email = visit.said("approver_email")
    try:
        Invitation(organisation="new", email=email, roles=("rules_approver",))
    except ValidationError:
        return "Write their e-mail address, such as lee@example.org."
    if normal(email) == normal(visit.account.email):
        return "This is your own. Whoever writes rules never approves them: name somebody else."
    return ""


def _founding(visit: Visit, random: Callable[[int], bytes] = secrets.token_bytes) -> Founding:
    """What was asked for, once nothing is wrong with it."""
    organisation, name, short = visit.said("id"), tidy(visit.said("name")), tidy(visit.said("short_name"))
    size = SECRET_BYTES + ID_BYTES
    about = About(f"The first rules of {short}", "They are the first.")
    return Founding(
        id=organisation,
        name=name,
        about=about,
        text=empty_pack(organisation, name, short, ()),
        draft_id=random(12).hex(),
        editor=Invited(visit.account.name, visit.account.email, ("rules_editor",), random(size)),
        approver=Invited(
            tidy(visit.said("approver_name")),
            normal(visit.said("approver_email")),
            ("staff", "rules_approver"),
            random(size),
        ),
    )


def _invitation(wanted: Founding, who: str, link: str) -> Mail:
    lines = (
        f"{who} writes the rules by which {wanted.name} is to deal with complaints, and asks you to approve them.",
        f"Open this address and choose a password. It works once, for {INVITED_DAYS} days:",
        link,
        "Nothing is in force before you have read the rules and said yes. If you do not know what this is about, "
        "leave it: nothing happens then.",
    )
    return Mail(f"Rules of {wanted.name}: you are asked to approve them", "\n\n".join(lines) + "\n")
