"""Drains the outbox: claim what is due, hand it over, settle it. The promise is at least once, under one id.

A crash between two steps leaves a lease behind; when it runs out the row is claimed again. Nothing is dropped: what
cannot be delivered ends dead, alarmed and ready to be replayed.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from cases import outbox
from cases.outbox import Claimed
from cases.store import Store
from handoff.alarm import Alarm, Trouble, log_alarm
from handoff.target import Delivery, DeliveryFailure, PermanentFailure, Target, TransientFailure

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

TargetsOf = Callable[[str], Mapping[str, Target]]


@dataclass(frozen=True, slots=True)
class Pace:
    """`poll`: seconds between looks when nobody wakes us. `at_once`: deliveries under way together.

    `patience`: seconds that one delivery may take; `lease` must be longer, or two would deliver the same row.
    `farewell`: seconds that deliveries under way are given when we stop.
    """

    poll: float = 1.0
    at_once: int = 16
    patience: float = 60.0
    lease: timedelta = timedelta(seconds=90)
    farewell: float = 5.0


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
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._store = store
        self._targets = targets
        self._clock = clock
        self._alarm = alarm
        self._pace = pace or Pace()
        self._chance = chance
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
            await self._quietly(self._store.write(outbox.give_back))
        while not self._stopping:
            self._wake.clear()
            await self._quietly(self._claim())
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), self._pace.poll)
        await self._part()

    async def _claim(self) -> None:
        room = self._pace.at_once - len(self._under_way)
        if room <= 0:
            return
        now = self._clock()
        claimed = await self._store.write(lambda conn: outbox.claim(conn, now, room, self._pace.lease))
        for item in claimed:
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
        if failure is None:
            await self._store.write(lambda conn: outbox.delivered(conn, item, now))
            log.info("handoff delivered %s %s to %s", item.organisation, item.case_reference, item.target)
            return
        await self._settle_failure(item, failure, now)

    async def _attempt(self, item: Claimed) -> DeliveryFailure | None:
        delivery = Delivery(item.id, item.kind, item.organisation, item.case_reference, item.record)
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
        due = None
        if not isinstance(failure, PermanentFailure):
            wait = failure.retry_after if isinstance(failure, TransientFailure) else None
            due = next_attempt(failures, now, wait, self._chance())
        if due is None:
            settled = await self._store.write(lambda conn: outbox.bury(conn, item, error, now))
        else:
            settled = await self._store.write(lambda conn: outbox.retry_at(conn, item, due, error))
            log.warning(
                "handoff of %s to %s failed (%d): %s", item.case_reference, item.target, failures, error
            )
        if settled and (due is None or failures == LATE_AFTER):
            kind: Literal["dead", "late"] = "dead" if due is None else "late"
            trouble = Trouble(
                kind, item.organisation, item.case_reference, item.id, item.target, failures, error
            )
            await self._quietly(self._alarm(trouble), f"the {kind} alarm")

    async def _quietly(self, waiting: Awaitable[object], what: str = "a look at the outbox") -> None:
        """Await it; a failure is logged by its name and we go on, since this loop must outlive every trouble."""
        try:
            await waiting
        except Exception as error:  # noqa: BLE001 - see above
            log.error("handoff: %s failed: %s", what, type(error).__name__)

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
            await self._quietly(self._store.write(lambda conn: outbox.release(conn, items)))
