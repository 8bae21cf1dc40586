"""What the register is narrowed to, as it stands in an address or a form."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from bot.console import cases_words as words
from bot.console.permissions import Permission
from bot.console.site import Visit
from cases.listing import Filters
from policy_rules.errors import Refusal

DAYS = ("received_from", "received_to")


def sees_restricted(visit: Visit) -> bool:
    """Whether restricted cases are listed, counted and found for who is signed in."""
    return visit.may(Permission.SEE_RESTRICTED)


def filters_of(visit: Visit, asked: Mapping[str, str]) -> tuple[Filters, dict[str, str]]:
    """The filters of an address or a form, and what is wrong with them by field."""
    errors: dict[str, str] = {}
    days: dict[str, date] = {}
    for name in DAYS:
        if text := asked.get(name):
            try:
                days[name] = date.fromisoformat(text)
            except ValueError:
                errors[name] = "Write a day such as 2026-11-24."
            else:
                if not 1990 <= days[name].year <= 2099:
                    errors[name] = "The year must be one from 1990 to 2099."
    first, last = days.get("received_from"), days.get("received_to")
    if first and last and first > last and not errors:
        errors["received_to"] = "The last day must not be before the first."
    for name, known in (("progress", words.PROGRESS), ("state", words.STATES)):
        if asked.get(name) and asked[name] not in known:
            errors[name] = f"Choose one of: {', '.join(known.values())}."
    for text in asked.values():
        if "\x00" in text:
            raise Refusal("The address holds a NUL character.", where="address")
    wanted = Filters(
        organisation=visit.organisation,
        restricted=sees_restricted(visit),
        state=asked.get("state") or None,
        progress=asked.get("progress") or None,
        handler=asked.get("handler") or None,
        subject=asked.get("subject") or None,
        reference=asked.get("reference") or None,
        received_from=first,
        received_to=last,
    )
    return wanted, errors
