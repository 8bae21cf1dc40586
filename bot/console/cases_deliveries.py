"""A delivery of a case that failed, or was given up, is tried again by whoever deals with the case."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import Response

from bot.console.permissions import Permission
from bot.console.site import Console, Page, Visit
from cases import officers, retries
from cases.officers import Connection
from cases.retries import Retried
from policy_rules.errors import Refusal


class NoSuchDelivery(Refusal):
    status = 404
    kind = "unknown-delivery"
    title = "There is no such delivery"


class Deliveries:
    """One thing to do: try it again, as `hearout handoff retry` does."""

    def __init__(self, console: Console) -> None:
        self._desk = console.desk

    def pages(self) -> Sequence[Page]:
        """A delivery is named by its id, under its case."""
        path = "/cases/{reference}/deliveries/{delivery}/retry"
        return [Page("POST", path, Permission.WORK_ON_CASES, self.retry)]

    async def retry(self, visit: Visit) -> Response:
        """Due again now, under its old id; its place is trusted again. One that has arrived meanwhile stays arrived."""
        here = await visit.case(visit.request.path_params["reference"])
        wanted, now, caller = visit.request.path_params["delivery"], self._desk.clock(), visit.writer.caller

        def work(conn: Connection) -> Retried | None:
            rows = officers.deliveries(conn, here.organisation, here.reference)
            if wanted not in {row["id"] for row in rows}:
                return None
            return retries.retry(conn, [wanted], now, caller=caller)

        done = await self._desk.store.write(work)
        if done is None:
            raise NoSuchDelivery("The case has no such delivery.", where="delivery")
        self._desk.wake_delivery()
        tried = done.dead or done.waiting
        return visit.go(f"/cases/{here.reference}?done={'retry' if tried else 'retried'}#sent")
