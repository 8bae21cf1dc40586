"""Counting in memory for the rate limits."""

from __future__ import annotations

from collections.abc import Callable

from limits.storage import Storage


class Tally(Storage):
    """Counters in memory for the `limits` library, by a clock that is given; swept as they are used, by no thread."""

    SWEEP_EVERY = 4096

    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__()
        self._clock = clock
        self._counts: dict[str, tuple[int, float]] = {}
        self._calls = 0

    @property
    def base_exceptions(self) -> type[Exception]:
        return ValueError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        now = self._clock()
        self._calls += 1
        if self._calls % self.SWEEP_EVERY == 0:
            self._counts = {k: kept for k, kept in self._counts.items() if kept[1] > now}
        count, ends = self._counts.get(key, (0, 0.0))
        if ends <= now:
            count, ends = 0, now + expiry
        self._counts[key] = (count + amount, ends)
        return count + amount

    def get(self, key: str) -> int:
        count, ends = self._counts.get(key, (0, 0.0))
        return count if ends > self._clock() else 0

    def get_expiry(self, key: str) -> float:
        return self._counts.get(key, (0, self._clock()))[1]

    def check(self) -> bool:
        return True

    def reset(self) -> int:
        held = len(self._counts)
        self._counts.clear()
        return held

    def clear(self, key: str) -> None:
        self._counts.pop(key, None)
