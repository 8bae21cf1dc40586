"""What a privacy officer does with a case: keep it from being erased, let go of it, erase it at a person's request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from starlette.responses import Response

from bot.console.permissions import Permission
from bot.console.site import Console, Page, Visit
from cases import erasure, officers
from cases.erasure import Hold
from cases.listing import Place
from cases.officers import Connection
from policy_rules.errors import Refusal

LONGEST_WHY = 2000
DONE = {
    "keep": "Kept: nothing erases it until the hold is lifted.",
    "release": "The hold is lifted, and its reason is forgotten.",
}


class Keeper(Protocol):
    """What holds and erases; `caller` is who it is to the audit trail."""

    async def hold(self, reference: str, why: str, by: str, caller: str) -> bool:
        """False when it is held already."""

    async def release(self, reference: str, caller: str) -> bool:
        """False when nothing held it."""

    async def erase(self, reference: str, caller: str) -> tuple[Sequence[str], Sequence[str]]:
        """The references that are gone, and who else has had a copy. A Refusal where a hold keeps it."""


class CasePrivacy:
    """One page of a case, with three things to do."""

    def __init__(self, console: Console, keeper: Keeper) -> None:
        self._desk = console.desk
        self._keeper = keeper

    def pages(self) -> Sequence[Page]:
        """The page, and what it sends."""
        path = "/cases/{reference}/privacy"
        return [
            Page("GET", path, Permission.PRIVACY, self.show),
            Page("POST", path, Permission.PRIVACY, self.act),
        ]

    async def show(self, visit: Visit) -> Response:
        """Whether a hold keeps it, and what would go with it."""
        here = await visit.case(visit.request.path_params["reference"])
        return await self._page(visit, here, {})

    async def act(self, visit: Visit) -> Response:
        """Keep it, let go of it, or erase it."""
        here = await visit.case(visit.request.path_params["reference"])
        account, act = visit.account, visit.said("act")
        if act == "keep":
            why = visit.said("why")
            if not why or len(why) > LONGEST_WHY:
                said = f"Say why, in {LONGEST_WHY} characters at most: a claim, a request of a court."
                return await self._page(visit, here, {"why": said})
            await self._keeper.hold(here.reference, why, account.name, account.id)
        elif act == "release":
            await self._keeper.release(here.reference, account.id)
        elif act == "erase":
            return await self._erase(visit, here)
        else:
            return await self._page(visit, here, {"why": "Choose what to do."})
        return visit.go(f"/cases/{here.reference}/privacy?done={act}")

    async def _erase(self, visit: Visit, here: Place) -> Response:
        if visit.said("confirm").upper() != here.reference:
            said = "Write the reference of the case, so that no other is erased by mistake."
            return await self._page(visit, here, {"confirm": said})
        try:
            gone, receivers = await self._keeper.erase(here.reference, visit.account.id)
        except Refusal as refusal:
            if refusal.status != 409:
                raise
            return await self._page(visit, here, {"confirm": "A legal hold keeps it. Lift that first."})
        values = {"title": "It is erased", "gone": gone, "receivers": receivers}
        return visit.page("case_erased.html", values)

    async def _page(self, visit: Visit, here: Place, errors: Mapping[str, str]) -> Response:
        def look(conn: Connection) -> tuple[Hold | None, list[str]]:
            held = erasure.hold_of(conn, here.organisation, here.conversation_id)
            return held, officers.references_of(conn, here.organisation, here.conversation_id)

        hold, together = await self._desk.store.read(look)
        values: dict[str, Any] = {
            "title": f"Hold or erase: {here.reference}",
            "reference": here.reference,
            "hold": hold,
            "together": together,
            "why": visit.said("why"),
            "errors": errors,
            "done": DONE.get(visit.request.query_params.get("done", ""), ""),
        }
        return visit.page("case_privacy.html", values, status=422 if errors else 200)
