"""What there is one of: the organisation, its document, the calendar, the hours; and who may be complained of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.responses import Response

from bot.console.permissions import Permission
from bot.console.rules_bench import Bench, Opened
from bot.console.rules_forms import Asked, Field, asked, field_of, typed
from bot.console.rules_merge import Merging
from bot.console.rules_view import entry, frame
from bot.console.rules_words import address, id_of, key_of
from bot.console.site import Page, Visit
from policy_rules.edits import Edit, EditRefused, Put, Remove
from policy_rules.edits import names as words
from policy_rules.edits.cells import cells, fact_values, roles
from policy_rules.edits.places import SINGLE, Document, get, names

# Sections of which there is one.
POLICY = ("organisation", "source", "calendar", "hours")


class Policy:
    """The page about the policy itself."""

    def __init__(self, bench: Bench, merging: Merging) -> None:
        self._bench = bench
        self._merging = merging

    def pages(self) -> Sequence[Page]:
        """The page, and its form."""
        here = "/rules/drafts/{draft}/policy"
        return [
            Page("GET", here, Permission.SEE_RULES, self.policy),
            Page("POST", here, Permission.EDIT_RULES, self.send_policy),
        ]

    async def policy(self, visit: Visit) -> Response:
        """The organisation, the document, the calendar and the hours."""
        here = await self._bench.open(visit)
        return await self._policy_page(visit, here, self._policy_fields(here.document))

    async def send_policy(self, visit: Visit) -> Response:
        """Keep what was changed of them."""
        here = await self._bench.open(visit)
        base = await self._merging.base(visit, here)
        fields = [(s, typed(visit.sent, f)) for s, f in self._policy_fields(here.document)]
        found = Asked()
        for section in POLICY:
            its = [f for s, f in fields if s == section]
            if section == "hours" and not base.get("hours") and not any(f.text or f.chosen for f in its):
                continue
            part = asked(section, "", its, lambda cell, s=section: get(base, (s, *cell.path)))  # type: ignore[misc]
            found.edits += part.edits
            found.errors |= part.errors
        if visit.said("no_hours") and base.get("hours"):
            found.edits = [e for e in found.edits if not (isinstance(e, Put) and e.path[0] == "hours")]
            found.edits.append(Remove("hours", ""))
        try:
            found.edits += _officers(visit, base)
        except EditRefused as refusal:
            found.errors["officer-role"] = refusal.detail
        if found.errors:
            return await self._policy_page(visit, here, fields, found.errors)
        try:
            back = address(here.draft.id, "policy")
            return await self._merging.keep(visit, here, found.edits, back, "")
        except EditRefused as refusal:
            where = id_of("policy", "", *(refusal.where or "").split("."))
            return await self._policy_page(visit, here, fields, {where: refusal.detail})

    def _policy_fields(self, document: Document) -> list[tuple[str, Field]]:
        found = []
        for section in POLICY:
            for cell in cells(document, section):
                made = field_of(document, "policy", "", cell, get(document, (section, *cell.path)))
                made.key, made.id = f"{section}.{key_of(cell.path)}", id_of("policy", "", section, *cell.path)
                found.append((section, made))
        return found

    async def _policy_page(
        self,
        visit: Visit,
        here: Opened,
        fields: list[tuple[str, Field]],
        errors: dict[str, str] | None = None,
    ) -> Response:
        values = {
            **await frame(visit, self._bench, here, "policy"),
            "parts_of_policy": [(section, [f for s, f in fields if s == section]) for section in POLICY],
            "officers": _officer_rows(here.document),
            "has_hours": bool(here.document.get("hours")),
            "errors": errors or {},
            "seen": here.draft.revision,
            "notes": [
                entry(here, note) for note in here.review.notes if note.path[:1] and note.path[0] in SINGLE
            ],
        }
        return visit.page("workshop_policy.html", values, status=422 if errors else 200)


def _officer_rows(document: Document) -> dict[str, Any]:
    """Who deals with complaints about whom, and what can be chosen."""
    known = document.get("officers")
    given = list(known.items()) if isinstance(known, dict) else []
    taken = {role for role, _ in given}
    return {
        "rows": [(role, str(subject)) for role, subject in given],
        "roles": [role for role in roles(document) if role not in taken],
        "subjects": [
            (value, words.value_name("subject", value)) for value in fact_values(document, "subject")
        ],
    }


def _officers(visit: Visit, base: Document) -> list[Edit]:
    """The edits of the list of officers: another subject, none, or one more. EditRefused for a role of nobody."""
    found: list[Edit] = []
    for place, role in enumerate(names(base, "officers")):
        subject = visit.said(f"officer~{place}")
        if f"officer~{place}" in visit.sent and subject != get(base, ("officers", role)):
            found.append(Put(("officers", role), subject) if subject else Remove("officers", role))
    role, subject = visit.said("officer~role"), visit.said("officer~subject")
    if role and role not in roles(base):
        raise EditRefused(f"Nobody of these rules is called '{role[:60]}'.", where="officers", found=role)
    if bool(role) != bool(subject):
        raise EditRefused(
            "Choose both: who it is, and what a complaint about them is about.", where="officers"
        )
    return [*found, Put(("officers", role), subject)] if role else found
