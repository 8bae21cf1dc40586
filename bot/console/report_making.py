"""Reports made away from the loop, in a thread, and remembered: what was known at an instant does not change."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar, cast

from bot.console.site import Visit
from bot.turn import Desk
from cases.reports import funnel, making
from cases.reports.funnel import Funnel
from cases.reports.gather import beginning, matters
from cases.reports.history import Matter
from cases.reports.measures import Report
from cases.reports.period import BadPeriod, Period, checked, latest, year
from policy_rules.decide import parse_instant

T = TypeVar("T")
# A report is some tens of kilobytes; the lines of a regulator's file are not remembered.
MOST = 24


@dataclass(frozen=True, slots=True)
class Asked:
    """Which report: of what days, as of when."""

    period: Period
    as_of: datetime

    @property
    def query(self) -> str:
        """The same as the end of an address."""
        return f"from={self.period.first}&to={self.period.last}&as_of={instant(self.as_of)}"


def instant(at: datetime) -> str:
    """An instant as it stands in addresses: in UTC."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def asked(given: Callable[[str], str], now: datetime) -> Asked:
    """What an address or a form asks for; this year as it stands now, where it says nothing. BadPeriod (422)."""
    as_of = _as_of(given("as_of"), now)
    this_year = year(as_of.year)
    first = _day(given("from"), "from") or this_year.first
    last = _day(given("to"), "to") or this_year.last
    return Asked(checked(first, last, as_of, now), as_of)


def _as_of(text: str, now: datetime) -> datetime:
    """The instant, or the end of a day; the latest that there can be, where nothing or today is said."""
    if not text:
        return latest(now)
    if len(text) == len("2026-01-31") and (day := _day(text, "as_of")) is not None:
        end = beginning(day + timedelta(days=1)).astimezone(UTC)
        return min(end, latest(now)) if beginning(day) <= now else end
    return parse_instant(text, "as_of")


def asked_by(visit: Visit, now: datetime) -> Asked:
    """What the address of a page asks for. BadPeriod (422)."""
    return asked(lambda name: visit.request.query_params.get(name, "").strip(), now)


def _day(text: str, where: str) -> date | None:
    if not text:
        return None
    try:
        found = date.fromisoformat(text)
    except ValueError:
        raise BadPeriod("Write a day such as 2026-01-31.", where=where) from None
    if not 1990 <= found.year <= 2099:
        raise BadPeriod("The year must be one from 1990 to 2099.", where=where)
    return found


class Maker:
    """Makes reports, each once: whoever asks for one that is being made waits for it."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._made: OrderedDict[tuple[Any, ...], asyncio.Task[Any]] = OrderedDict()

    async def report(self, organisation: str, wanted: Asked) -> Report:
        """The board's report."""
        return await self._once("board", organisation, wanted, making.make)

    async def funnel(self, organisation: str, wanted: Asked) -> Funnel:
        """The funnel of the interview."""
        return await self._once("funnel", organisation, wanted, funnel.make)

    async def matters(self, organisation: str, wanted: Asked) -> list[Matter]:
        """Each thing that was received, for the regulator's file."""
        period, read = wanted.period, self._desk.store.read_sync
        return await asyncio.to_thread(matters, read, organisation, wanted.as_of, period.first, period.last)

    async def _once(self, kind: str, organisation: str, wanted: Asked, make: Callable[..., T]) -> T:
        key = (kind, organisation, wanted)
        task = self._made.get(key)
        if task is None or (task.done() and (task.cancelled() or task.exception() is not None)):
            work = asyncio.to_thread(
                make, self._desk.store.read_sync, organisation, wanted.period, wanted.as_of
            )
            task = self._made[key] = asyncio.create_task(work)
        self._made.move_to_end(key)
        while len(self._made) > MOST:
            self._made.popitem(last=False)
        # One reader who goes away must not call it off for another.
        return cast(T, await asyncio.shield(task))
