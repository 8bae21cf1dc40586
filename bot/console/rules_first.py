"""The first version of some rules: what is still missing, in order, each with the place where it is said."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from starlette.responses import Response

from bot.console.permissions import Permission
from bot.console.rules_bench import Bench, Opened
from bot.console.rules_merge import Merging
from bot.console.rules_view import entry, frame
from bot.console.rules_words import address
from bot.console.site import Page, Visit
from policy_rules.edits import Put
from policy_rules.edits.steps import Step, missing, steps

MOST_NOTES = 5
STATES = {
    "done": ("Done", "good"),
    "to_do": ("To do", "bad"),
    "waits": ("Later", ""),
    "if_needed": ("If the policy says so", ""),
}
# The place of a step: a page of the draft, with what its link says.
LINKS = {
    "source": "Say which policy it is",
    "nations": "Say whose bank holidays",
    "contacts": "Go to the contacts",
    "facts": "Go to the facts",
    "routes": "Go to the rules",
    "clocks": "Go to the times",
    "escalations": "Go to who is next",
    "examples": "Try a case",
    "checks": "See what was checked",
}
SILENT = ("silent", "Say that there is no time")


class FirstSteps:
    """The page of the steps, and the form for the policy's text."""

    def __init__(self, bench: Bench, merging: Merging) -> None:
        self._bench = bench
        self._merging = merging

    def pages(self) -> Sequence[Page]:
        """The list, and the text."""
        here = "/rules/drafts/{draft}/begin"
        return [
            Page("GET", here, Permission.SEE_RULES, self.show),
            Page("POST", here, Permission.EDIT_RULES, self.keep),
        ]

    async def show(self, visit: Visit) -> Response:
        """The steps as they stand."""
        return await self._page(visit, await self._bench.open(visit), {})

    async def keep(self, visit: Visit) -> Response:
        """Keep the fingerprint of the text that was sent; the text itself is not kept."""
        here = await self._bench.open(visit)
        text = visit.said("text").replace("\r\n", "\n")
        if not text:
            return await self._page(visit, here, {"text": "Copy the policy's text into this field."})
        put = Put(("source", "sha256"), hashlib.sha256(text.encode()).hexdigest())
        return await self._merging.keep(visit, here, [put], address(here.draft.id, "begin"), "")

    async def _page(self, visit: Visit, here: Opened, errors: dict[str, str]) -> Response:
        found = steps(here.review)
        values: dict[str, Any] = {
            **await frame(visit, self._bench, here, "begin"),
            "steps": [_shown(here, step) for step in found],
            "missing": missing(here.review),
            "errors": errors,
            "seen": here.draft.revision,
            "said_why": bool(here.draft.reason and here.draft.source),
        }
        return visit.page("workshop_begin.html", values, status=422 if errors else 200)


def _shown(here: Opened, step: Step) -> dict[str, Any]:
    """A step as the page has it."""
    state, tone = STATES[step.state]
    notes = [entry(here, note) for note in step.more]
    return {
        "id": step.id,
        "title": step.title,
        "why": step.why,
        "state": state,
        "tone": tone,
        "is_open": step.state == "to_do",
        "link": LINKS.get(step.id, ""),
        "address": address(here.draft.id, step.path[0]),
        "notes": notes[:MOST_NOTES],
        "more": max(0, len(notes) - MOST_NOTES),
        "also": (SILENT[1], address(here.draft.id, SILENT[0])) if step.id == "clocks" else None,
    }
