"""Whether a report leaves nothing out: received = filed + signposted + informal + withdrawn + open + abandoned.

Two ways of counting are held against each other. Within the period everything that was received must be in one of the
states; and over all time the stories that the audit trail says were stored must be there, live or as what an erasure
left of them. The trail cannot be changed unnoticed, so a row that went missing shows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cases.reports.gather import Read, stories_in_trail, stories_kept
from cases.reports.history import Matter
from cases.reports.period import Period

STATES = ("filed", "signposted", "informal", "withdrawn", "draft", "abandoned")


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """What was counted in two ways. `elsewhere` are matters in a state that no report knows."""

    received: int
    parts: dict[str, int]
    elsewhere: int
    stories_in_trail: int
    stories_kept: int

    @property
    def faults(self) -> tuple[str, ...]:
        """What does not add up, each as a sentence; none where all does."""
        found = []
        if self.received != sum(self.parts.values()):
            found.append(
                f"{self.received} were received, but the parts add up to {sum(self.parts.values())}: "
                f"{self.elsewhere} are in no known state."
            )
        if self.stories_in_trail > self.stories_kept:
            found.append(
                f"The audit trail says that {self.stories_in_trail} stories were stored, but "
                f"{self.stories_kept} are there: {self.stories_in_trail - self.stories_kept} are in no count."
            )
        return tuple(found)

    @property
    def holds(self) -> bool:
        """Whether everything adds up."""
        return not self.faults


def reconcile(
    read: Read[Any], organisation: str, as_of: datetime, period: Period, matters: Iterable[Matter]
) -> Reconciliation:
    """Count what was received in the period by its states, and the stories of all time by both books."""
    states = Counter(matter.state for matter in matters if matter.day in period)
    parts = {state: states[state] for state in STATES}
    in_trail = read(lambda conn: stories_in_trail(conn, organisation, as_of))
    kept = read(lambda conn: stories_kept(conn, organisation, as_of))
    return Reconciliation(
        received=states.total(),
        parts=parts,
        elsewhere=states.total() - sum(parts.values()),
        stories_in_trail=in_trail,
        stories_kept=kept,
    )
