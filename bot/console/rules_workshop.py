"""The rules workshop: a draft as grids of cells, checked after each save, and compared with the rules in force.

Addresses after /{org}/staff: /rules/drafts/new, /rules/drafts/{draft}[/{section}[/{name}]], and beside the sections
about, begin, policy, checks, try, file and edits.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from starlette.responses import Response

from bot.console.permissions import Permission
from bot.console.refusals import NoSuchPage
from bot.console.rules_bench import Bench, Opened
from bot.console.rules_file import Files
from bot.console.rules_first import FirstSteps
from bot.console.rules_merge import Merging
from bot.console.rules_part import Parts
from bot.console.rules_policy import Policy
from bot.console.rules_start import Starting
from bot.console.rules_table import HELP, WITH_FACTS, other_facts, table
from bot.console.rules_try import Trying
from bot.console.rules_view import frame, panel
from bot.console.site import Console, Page, Part, Visit
from policy_rules.edits import names as words
from policy_rules.edits.review import order_advice

__all__ = ["Workshop"]


class Workshop:
    """The pages on which rules are edited."""

    def __init__(self, console: Console) -> None:
        self._bench = bench = Bench(console.desk)
        self._merging = merging = Merging(bench)
        self._parts: list[Part] = [
            Starting(bench),
            FirstSteps(bench, merging),
            Files(bench),
            Trying(bench, merging),
            Policy(bench, merging),
            merging,
        ]
        # Sections are found last: their addresses take whatever is left.
        self._last = Parts(bench, merging)

    def pages(self) -> Sequence[Page]:
        """Every page of the workshop."""
        here = "/rules/drafts/{draft}"
        own = [
            Page("GET", here, Permission.SEE_RULES, self.first),
            Page("GET", f"{here}/checks", Permission.SEE_RULES, self.checks),
        ]
        sections = [Page("GET", here + "/{section}", Permission.SEE_RULES, self.section)]
        # `/rules/drafts/new` is no draft.
        return [
            *(page for part in self._parts for page in part.pages()),
            *own,
            *self._last.pages(),
            *sections,
        ]

    async def first(self, visit: Visit) -> Response:
        """Who deals with what: the rules themselves."""
        return await self._show(visit, "routes")

    async def section(self, visit: Visit) -> Response:
        """One section as a grid."""
        section = visit.request.path_params["section"]
        if section not in words.SECTIONS:
            raise NoSuchPage
        return await self._show(visit, section)

    async def _show(self, visit: Visit, section: str) -> Response:
        here = await self._bench.open(visit)
        shown = table(here, section)
        values: dict[str, Any] = {
            **await frame(visit, self._bench, here, section),
            **panel(here),
            "table": shown,
            "section": section,
            "help": HELP[section],
            "one": words.ONE_OF[section],
            "others": other_facts(here.document, section) if section in WITH_FACTS else [],
            "at": visit.request.query_params.get("at", ""),
            "shorter": await self._shorter(here) if section == "facts" else "",
        }
        return visit.page("workshop_grid.html", values)

    async def checks(self, visit: Visit) -> Response:
        """Everything that is said of the draft."""
        here = await self._bench.open(visit)
        values = {
            **await frame(visit, self._bench, here, "checks"),
            **panel(here),
            "section": "checks",
            "shorter": await self._shorter(here),
        }
        return visit.page("workshop_checks.html", values)

    async def _shorter(self, here: Opened) -> str:
        """Advice on the order of the questions; it takes longer than a save may."""
        if not here.review.can_be_submitted or here.review.compiled is None:
            return ""
        note = await asyncio.to_thread(order_advice, here.review.compiled)
        return "" if note is None else note.says
