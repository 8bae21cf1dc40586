"""Drains the outbox: claim what is due, hand it over, settle it. The promise is at least once, under one id.

A crash between two steps leaves a lease behind; when it runs out the row is claimed again. Nothing is dropped: what
cannot be delivered ends dead, alarmed and ready to be replayed. A place that fails again and again is left to rest and
probed by one delivery at a time, so that its cases keep their attempts: see cases.receivers.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from cases import outbox, receivers
from cases.outbox import Claimed, Troubled
from cases.receivers import Rests
from cases.store import Store
from handoff.alarm import Alarm, Trouble, log_alarm
from handoff.target import (
    Delivery,
    DeliveryFailure,
    PermanentFailure,
    ReceiverGone,
    Target,
    TransientFailure,
)

log = logging.getLogger("hearout.handoff")

# The Standard Webhooks table: how long after each failure the next attempt comes; the tenth failure is the last.
RETRY_DELAYS = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
# Up to a tenth longer, so that what failed together does not come back together.
JITTER = 0.1
LONGEST_RETRY_AFTER = timedelta(hours=24)
# After 35 minutes of failing somebody should know: an acknowledgement may be promised for tomorrow.
LATE_AFTER = 4
LATE_TIME = timedelta(minutes=35)

TargetsOf = Callable[[str], Mapping[str, Target]]


@dataclass(frozen=True, slots=True)
class Pace:
    """`poll`: seconds between looks when nobody wakes us. `at_once`: deliveries under way together.

    `patience`: seconds that one delivery may take; `lease` must be longer, or two would deliver the same row.
    `farewell`: seconds that deliveries under way are given when we stop. `watch`: between two looks for what somebody
    has to be told of; `quiet`: between two alarms of one kind about one place, so that an outage is no flood.
    """

    poll: float = 1.0
    at_once: int = 16
    patience: float = 60.0
    lease: timedelta = timedelta(seconds=90)
    farewell: float = 5.0
    watch: timedelta = timedelta(minutes=1)
    quiet: timedelta = timedelta(minutes=10)


def next_attempt(
    failures: int, now: datetime, retry_after: timedelta | None, chance: float
) -> datetime | None:
    """When to try again after so many failures; None when that was the last. `chance` is in [0, 1)."""
    if failures > len(RETRY_DELAYS):
        return None
    delay = RETRY_DELAYS[failures - 1] * (1 + JITTER * chance)
    if retry_after is not None:
        delay = max(delay, min(retry_after, LONGEST_RETRY_AFTER))
    return now + delay


class DeliveryLoop:
    """One of these runs beside the server (`run`), is told of new rows (`wake`) and ends by `stop`."""

    def __init__(
        self,
        store: Store,
        targets: TargetsOf,
        clock: Callable[[], datetime],
        alarm: Alarm = log_alarm,
        *,
        pace: Pace | None = None,
        rests: Rests | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._store = store
        self._targets = targets
        self._clock = clock
        self._pace = pace or Pace()
        self._rests = rests or Rests()
        self._chance = chance
        self._bell = _Bell(store, alarm, self._pace)
        self._wake = asyncio.Event()
        self._stopping = False
        self._under_way: dict[asyncio.Task[None], Claimed] = {}

    def wake(self) -> None:
        """There is something new: look at once. Call it from the event loop that runs us."""
        self._wake.set()

    def stop(self) -> None:
        """Ask `run` to end."""
        self._stopping = True
        self._wake.set()

    async def run(self) -> None:
        """Deliver until `stop`. A database that is away for a while only delays us."""
        if self._store.dialect == "sqlite":
            # We hold the file's lock, so whoever had these leases is gone.
            await quietly(self._store.write(outbox.give_back), "a look at the outbox")
        while not self._stopping:
            self._wake.clear()
            await quietly(self._claim(), "a look at the outbox")
            self._bell.look(self._clock())
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), self._pace.poll)
        await self._part()
        self._bell.look(self._clock())
        await self._bell.rest(self._pace.farewell)

    async def _claim(self) -> None:
        room = self._pace.at_once - len(self._under_way)
        if room <= 0:
            return
        now = self._clock()
        claimed = await self._store.write(lambda conn: outbox.claim(conn, now, room, self._pace.lease))
        here = {(other.organisation, other.id) for other in self._under_way.values()}
        for item in claimed:
            if (item.organisation, item.id) in here:
                # The clock leapt over a lease of our own. One hand is enough; should it fail, this lease runs out too.
                continue
            task = asyncio.create_task(self._hand_over(item))
            self._under_way[task] = item
            task.add_done_callback(self._landed)

    def _landed(self, task: asyncio.Task[None]) -> None:
        self._under_way.pop(task, None)
        if not task.cancelled() and (error := task.exception()) is not None:
            # Only its name: what it says may hold the complaint's words. The lease brings the row back.
            log.error("handoff could not settle a delivery: %s", type(error).__name__)
        # There is room for another one.
        self._wake.set()

    async def _hand_over(self, item: Claimed) -> None:
        failure = await self._attempt(item)
        now = self._clock()
        if failure is not None:
            await self._settle_failure(item, failure, now)
            return

        def settle(conn: Any) -> bool:
            outbox.delivered(conn, item, now)
            return receivers.succeeded(conn, item.organisation, item.target, now)

        recovered = await self._store.write(settle)
        log.info("handoff delivered %s %s to %s", item.organisation, item.case_reference, item.target)
        if recovered:
            log.warning("handoff to %s of %s works again", item.target, item.organisation)

    async def _attempt(self, item: Claimed) -> DeliveryFailure | None:
        if item.unreadable is not None:
            return TransientFailure(f"its record cannot be read ({item.unreadable})", of_receiver=False)
        delivery = Delivery(
            item.id, item.kind, item.organisation, item.case_reference, item.record, item.detail or {}
        )
        try:
            target = self._targets(item.organisation).get(item.target)
            if target is None:
                return TransientFailure(f"no target is called '{item.target}' in the settings")
            async with asyncio.timeout(self._pace.patience):
                await target.deliver(delivery)
        except DeliveryFailure as failure:
            return failure
        except TimeoutError:
            return TransientFailure(f"no answer within {self._pace.patience:g} seconds")
        except Exception as error:  # noqa: BLE001 - a faulty target must not end the loop
            return TransientFailure(f"the target failed with {type(error).__name__}")
        return None

    async def _settle_failure(self, item: Claimed, failure: DeliveryFailure, now: datetime) -> None:
        failures, error = item.attempts + 1, str(failure)
        wait = failure.retry_after if isinstance(failure, TransientFailure) else None
        due = None
        if isinstance(failure, ReceiverGone):
            # It waits for a person, and is due as soon as they have seen to it.
            due = now
        elif not isinstance(failure, PermanentFailure):
            due = next_attempt(failures, now, wait, self._chance())

        def settle(conn: Any) -> bool:
            place = (item.organisation, item.target, now, error)
            if isinstance(failure, ReceiverGone):
                receivers.disable(conn, *place)
            elif isinstance(failure, TransientFailure) and failure.of_receiver:
                receivers.failed(conn, *place, self._rests, probe=item.probe, at_least=wait)
            if due is None:
                return outbox.bury(conn, item, error, now)
            return outbox.retry_at(conn, item, due, error)

        settled = await self._store.write(settle)
        log.warning("handoff of %s to %s failed (%d): %s", item.case_reference, item.target, failures, error)
        if settled and (due is None or failures == LATE_AFTER or isinstance(failure, ReceiverGone)):
            self._bell.hurry()

    async def _part(self) -> None:
        """Let what is under way arrive, then give back what did not."""
        if not self._under_way:
            return
        tasks = dict(self._under_way)
        _, late = await asyncio.wait(tasks, timeout=self._pace.farewell)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        items = [tasks[task] for task in late]
        if items:
            await quietly(self._store.write(lambda conn: outbox.release(conn, items)), "giving back")


class _Bell:
    """Tells somebody of what does not arrive, beside the deliveries: a slow mail server must not hold them up."""

    def __init__(self, store: Store, alarm: Alarm, pace: Pace) -> None:
        self._store, self._alarm, self._pace = store, alarm, pace
        self._looked: datetime | None = None
        self._telling: asyncio.Task[None] | None = None
        self._rung: dict[tuple[str, str, str], datetime] = {}

    def hurry(self) -> None:
        """Something happened that somebody has to hear of: the next `look` looks."""
        self._looked = None

    def look(self, now: datetime) -> None:
        """Start to tell, unless we just looked, or are still telling."""
        waits = self._looked is not None and abs(now - self._looked) < self._pace.watch
        if waits or (self._telling is not None and not self._telling.done()):
            return
        self._looked = now
        self._telling = asyncio.create_task(quietly(self._tell(now), "an alarm"))

    async def rest(self, seconds: float) -> None:
        """Let a letter under way go out."""
        if self._telling is not None:
            await asyncio.wait({self._telling}, timeout=seconds)
            self._telling.cancel()

    async def _tell(self, now: datetime) -> None:
        found = await self._store.read(lambda conn: outbox.troubled(conn, now, LATE_TIME, LATE_AFTER))
        ordered = sorted(found, key=_group_of)
        for group, among in groupby(ordered, _group_of):
            rung = self._rung.get(group)
            if rung is not None and rung <= now < rung + self._pace.quiet:
                continue
            items = list(among)
            if await self._alarm(_trouble(items)):
                self._rung[group] = now
                await self._store.write(lambda conn, items=items: outbox.alarmed(conn, items, now))  # type: ignore[misc]


def _group_of(item: Troubled) -> tuple[str, str, str]:
    return item.organisation, item.target, item.kind


def _trouble(items: list[Troubled]) -> Trouble:
    first = items[0]
    also = tuple(dict.fromkeys(item.case_reference for item in items[1:]))
    return Trouble(
        first.kind,
        first.organisation,
        first.case_reference,
        first.id,
        first.target,
        first.failures,
        first.error,
        also,
    )


async def quietly(waiting: Awaitable[object], what: str) -> None:
    """Await it; a failure is logged by its name and we go on, since this loop must outlive every trouble."""
    try:
        await waiting
    except Exception as error:  # noqa: BLE001 - see above
        log.error("handoff: %s failed: %s", what, type(error).__name__)
