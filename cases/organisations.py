"""An organisation that begins here, from an empty pack: nobody shipped a file of its rules.

It begins with a draft and with two invitations, to whoever writes the draft and to whoever approves it. Nothing of it
is public until its first version is published. No table of its own: an organisation that began here has a draft that
was made from no version, and an id is free while nothing was ever written into its audit trail.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy import Connection

from cases import audit, drafts, staff
from cases.drafts import About, Base, sha256_of
from cases.events import Writer
from cases.models import rule_drafts
from cases.staff import ID_BYTES
from policy_rules.errors import Refusal

BEGUN = "organisation.begun"
INVITED_DAYS = 7
LONGEST_ID, LONGEST_NAME, LONGEST_SHORT = 20, 120, 40
# What leads an address of the server itself, or is kept for one; a test holds this against every route there is.
RESERVED = frozenset(
    "admin api app assets auth case cases chat complain complaint complaints conversations data default demo docs "
    "evidence favicon file files forms handoff health healthz hearout help index login logout metrics model new none "
    "null openapi organisation organisations pages public readyz root rules staff static status system test webhook "
    "webhooks widget ws www".split()
)
_ID = re.compile(rf"[a-z]{{2,{LONGEST_ID}}}")
# The draft of an organisation that has no version: made from none.
NONE = Base(0, sha256_of(""))


class BadId(Refusal):
    kind = "bad-organisation-id"
    title = "This cannot be an organisation's address"


class IdTaken(Refusal):
    status = 409
    kind = "organisation-exists"
    title = "There is such an organisation already"


@dataclass(frozen=True, slots=True)
class Invited:
    """Somebody who is invited to the new organisation. `random` are SECRET_BYTES + ID_BYTES bytes that nobody knows."""

    name: str
    email: str
    roles: tuple[str, ...]
    random: bytes

    @property
    def account_id(self) -> str:
        return self.random[:ID_BYTES].hex()


@dataclass(frozen=True, slots=True)
class Founding:
    """What an organisation begins with: its id, its name, its empty pack as a draft, and the two who work on it."""

    id: str
    name: str
    about: About
    text: str
    draft_id: str
    editor: Invited
    approver: Invited


def check_id(organisation: str, taken: Collection[str]) -> str:
    """The id, where it can be one. BadId (422), IdTaken (409)."""
    if not _ID.fullmatch(organisation):
        raise BadId(
            f"Use 2 to {LONGEST_ID} of the letters a to z, without spaces, numbers or capitals.",
            where="id",
            found=organisation[:40],
        )
    if organisation in RESERVED:
        raise BadId(f"“{organisation}” is a word of the server's own addresses. Choose another.", where="id")
    if organisation in taken:
        raise _taken(organisation)
    return organisation


def found(conn: Connection, wanted: Founding, writer: Writer, home: str, now: datetime) -> tuple[str, str]:
    """Begin the organisation; the secrets of the editor's and the approver's links, this once.

    `writer` works for the organisation `home`, whose trail keeps that it was done. IdTaken (409) where anything was
    ever kept under this id, by whomever.
    """
    new = audit.Event(BEGUN, wanted.draft_id, "staff", caller=wanted.editor.account_id)
    audit.append(conn, wanted.id, now, [new])
    # The chain's head is ours until the commit: of two who take one id at once, the second finds the first here.
    if audit.heads(conn)[wanted.id].number != 1:
        raise _taken(wanted.id)
    until = now + timedelta(days=INVITED_DAYS)
    secrets = [
        staff.invite(conn, wanted.id, who.email, who.roles, who.random, now, until, name=who.name)
        for who in (wanted.editor, wanted.approver)
    ]
    author = Writer(wanted.editor.name, "staff", wanted.editor.account_id)
    what = "Began the organisation."
    drafts.create_draft(
        conn, wanted.id, wanted.draft_id, wanted.about, wanted.text, NONE, author, now, what=what
    )
    audit.append(conn, home, now, [audit.Event(BEGUN, wanted.id, "staff", caller=writer.caller)])
    return secrets[0], secrets[1]


def begun(conn: Connection, organisation: str) -> str | None:
    """The text of the newest draft of an organisation that began here; None where none did under this id."""
    query = (
        sa.select(rule_drafts.c.text)
        .where(rule_drafts.c.organisation == organisation, rule_drafts.c.base == 0)
        .order_by(rule_drafts.c.updated_at.desc(), rule_drafts.c.id)
        .limit(1)
    )
    text: str | None = conn.execute(query).scalar()
    return text


def _taken(organisation: str) -> IdTaken:
    return IdTaken(f"“{organisation}” is an organisation here, or was one. Choose another word.", where="id")
