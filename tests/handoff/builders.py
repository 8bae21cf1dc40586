"""Deliveries and helpers to test the handoff with."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from handoff.alarm import Trouble
from handoff.target import Delivery, Target
from tests.cases.builders import NOW, REFERENCE, a_record

T = TypeVar("T")


def a_delivery(delivery_id: str = "d" * 32, **changes: Any) -> Delivery:
    record = a_record(**changes)
    return Delivery(delivery_id, "case.filed", record.organisation, record.reference, record.as_json())


@dataclass
class Clock:
    """A clock that stands still until it is moved."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Script:
    """A target that does what it is told, then takes everything: each step is None or an exception."""

    steps: list[Exception | None] = field(default_factory=list)
    taken: list[Delivery] = field(default_factory=list)
    attempts: list[str] = field(default_factory=list)

    async def deliver(self, item: Delivery) -> None:
        self.attempts.append(item.id)
        step = self.steps.pop(0) if self.steps else None
        if step is not None:
            raise step
        self.taken.append(item)


@dataclass
class Bell:
    """An alarm that remembers."""

    rung: list[Trouble] = field(default_factory=list)

    async def __call__(self, trouble: Trouble) -> bool:
        self.rung.append(trouble)
        return True


def always(**targets: Target) -> Callable[[str], Mapping[str, Target]]:
    """The same targets for every organisation."""
    return lambda organisation: targets


async def until(true: Callable[[], bool], seconds: float = 5.0) -> None:
    """Wait until something holds; fails after `seconds`."""
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110 - what is waited for may be a file or a row, which set no event
            await asyncio.sleep(0.002)


def run(work: Awaitable[T]) -> T:
    """Run it in a loop that lives long enough for a connection that was broken off to be put away."""
    return asyncio.run(_with_time_to_tidy(work))


async def _with_time_to_tidy(work: Awaitable[T]) -> T:
    try:
        return await work
    finally:
        await asyncio.sleep(0.02)


__all__ = ["NOW", "REFERENCE", "Bell", "Clock", "Script", "a_delivery", "always", "run", "until"]
