"""The conversation of a case in staff's hands."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import Response

from bot.console.conversing import Conversing, Spot, Typed, Voice
from bot.console.permissions import Permission
from bot.console.site import Console, Page, Visit


class Talking:
    """The page on which staff talk with the person of a case."""

    def __init__(self, console: Console, voice: Voice) -> None:
        self._conversing = Conversing(console.desk, voice)

    def pages(self) -> Sequence[Page]:
        """The conversation, and what is done with it."""
        path = "/cases/{reference}/talk"
        return [
            Page("GET", path, Permission.WORK_ON_CASES, self.show),
            Page("POST", path, Permission.WORK_ON_CASES, self.act),
        ]

    async def show(self, visit: Visit) -> Response:
        """The newest messages, and whoever has the conversation in hand."""
        return await self._page(visit, await self._spot(visit), Typed())

    async def act(self, visit: Visit) -> Response:
        """Take it over, write, or give it back."""
        spot = await self._spot(visit)
        typed = await self._conversing.take(visit, spot)
        if typed.done is not None:
            return visit.go(f"/cases/{spot.reference}/talk?done={typed.done}")
        return await self._page(visit, spot, typed)

    async def _spot(self, visit: Visit) -> Spot:
        here = await visit.case(visit.request.path_params["reference"])
        return Spot(here.organisation, here.reference, here.conversation_id)

    async def _page(self, visit: Visit, spot: Spot, typed: Typed) -> Response:
        values = await self._conversing.values(visit, spot, typed)
        title = f"Write to the person: {spot.reference}"
        shown = {**values, "title": title, "reference": spot.reference}
        return visit.page("case_talk.html", shown, status=typed.status)
