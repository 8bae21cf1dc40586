"""How much an exact analysis may attempt. Past these sizes, or out of time, it answers "undecided" and says why."""

from __future__ import annotations

import time
from collections.abc import Callable

from policy_rules.names import SECTIONS, fact_values
from policy_rules.pack import Pack

MAX_FACTS, MAX_VALUES, MAX_RULES = 16, 24, 150
SECONDS = 5.0
# A clock is read once in so many steps: often enough to stop in time, seldom enough to cost nothing.
STEPS_BETWEEN_LOOKS = 512


class Undecided(Exception):
    """The analysis stopped before it was exact; the text says what it met."""


class Budget:
    """A time box in seconds; `clock` counts seconds, from anywhere. `Undecided` once it has run out."""

    def __init__(self, seconds: float = SECONDS, clock: Callable[[], float] = time.monotonic) -> None:
        self.seconds = seconds
        self._clock = clock
        self._end = clock() + seconds
        self._steps = 0

    def step(self) -> None:
        """Count one step of work."""
        self._steps += 1
        if self._steps % STEPS_BETWEEN_LOOKS == 0:
            self.look()

    def look(self) -> None:
        """Undecided if the time has run out."""
        if self._clock() >= self._end:
            raise Undecided(f"it was not done after {self.seconds:g} seconds")


def too_large(pack: Pack) -> str | None:
    """Why a pack is more than an exact analysis attempts, or None."""
    conditions = [part.when for section in SECTIONS for part in getattr(pack, section)]
    tested = {fact for when in conditions for fact in when}
    if len(tested) > MAX_FACTS:
        return f"its rules test {len(tested)} facts; at most {MAX_FACTS} are analysed"
    for fact in sorted(tested):
        values = len(fact_values(pack, fact))
        if values > MAX_VALUES:
            return f"'{fact}' has {values} values; at most {MAX_VALUES} are analysed"
    if len(conditions) > MAX_RULES:
        return f"it has {len(conditions)} rules; at most {MAX_RULES} are analysed"
    return None
