"""An organisation that has begun here and has no rules in force yet: what its pages are while that is so.

Its staff can sign in, work on the rules and approve them. There is nothing else of it: no case, no form, no register.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.console.permissions import Permission
from policy_rules.edits import read
from policy_rules.errors import BrokenPack, Refusal

# The pages that there are already.
BEFORE = frozenset({
    Permission.ANYBODY, Permission.SIGNED_IN, Permission.SEE_RULES, Permission.EDIT_RULES, Permission.APPROVE_RULES,
})  # fmt: skip


class NotInForce(Refusal):
    status = 404
    kind = "rules-not-in-force"
    title = "This begins with the first rules"

    def __init__(self) -> None:
        super().__init__(
            "No rules are in force here yet, so there are no cases. The page is there once the first version is."
        )


@dataclass(frozen=True, slots=True)
class Named:
    """What an organisation is called, as its draft says."""

    id: str
    name: str
    short_name: str


def named(organisation: str, text: str) -> Named:
    """The names in a draft's text; the id where it does not say them."""
    try:
        said = read(text).get("organisation")
    except BrokenPack:
        said = None
    given = said if isinstance(said, dict) else {}
    name = str(given.get("name") or organisation)
    return Named(organisation, name, str(given.get("short_name") or name))
