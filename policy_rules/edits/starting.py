"""The rules of an organisation that has none yet: as little as the workshop can open, which adds the rest."""

from __future__ import annotations

from collections.abc import Sequence

from policy_rules.edits import rendering
from policy_rules.edits.values import refused, tidy
from policy_rules.pack import Organisation

NO_TEXT = "0" * 64


def empty_pack(
    organisation: str, name: str, short_name: str, nations: Sequence[str] = ("england", "wales")
) -> str:
    """The text of a pack without rules. EditRefused where the id is none: a-z, 0-9 and _, a letter first.

    Without `nations`, their bank holidays are still to be chosen before anything can be worked out.
    """
    try:
        Organisation(id=organisation, name=name, short_name=short_name)
    except ValueError:
        says = "An organisation's address has a-z, 0-9 and _ alone, and begins with a letter."
        raise refused(("organisation", "id"), says, organisation) from None
    if not tidy(name) or not tidy(short_name):
        raise refused(("organisation", "name"), "Say what the organisation is called.")
    return rendering.document({
        "organisation": {"id": organisation, "name": tidy(name), "short_name": tidy(short_name)},
        "source": {"title": "", "version": "", "sha256": NO_TEXT},
        "calendar": {"nations": list(nations)},
        "contacts": {},
        "facts": {"nature": {"values": ["complaint", "enquiry", "feedback", "compliment"]}, "on_behalf_of": {},
                  "representative_basis": {}},
        "ask_order": ["nature", "on_behalf_of", "representative_basis"],
        "routes": [],
    })  # fmt: skip
