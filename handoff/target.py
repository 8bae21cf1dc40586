"""What a place that cases are handed to has to be able to do. `tests/handoff/test_targets.py` is the contract."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Delivery:
    """One thing to hand over: `record` is the published case record, `kind` the event (case.filed ...).

    `id` is the same on every attempt: a target may be given a delivery that it has already taken.
    """

    id: str
    kind: str
    organisation: str
    reference: str
    record: dict[str, Any]
    # What it is about beside its case, where that is not all: which clock is due.
    detail: dict[str, Any] = field(default_factory=dict)


class DeliveryFailure(Exception):
    """It did not arrive. The message is kept and logged: it names codes and causes, never the complaint's words."""


class TransientFailure(DeliveryFailure):
    """It may arrive later; not before `retry_after` has passed, where the receiver said so.

    `of_receiver` is false where it says nothing of the place itself, such as one recipient's full mailbox: then other
    deliveries go there as before.
    """

    def __init__(
        self, message: str, retry_after: timedelta | None = None, *, of_receiver: bool = True
    ) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.of_receiver = of_receiver


class PermanentFailure(DeliveryFailure):
    """It will not arrive as things are: somebody has to look, mend it and replay it."""


class ReceiverGone(DeliveryFailure):
    """The place wants nothing more (410 Gone): it is disabled, and its deliveries wait until somebody sees to it."""


class Target(Protocol):
    """A place that cases go to."""

    async def deliver(self, item: Delivery) -> None:
        """Hand it over; returning means that it has arrived. The same delivery twice has the effect of one.

        Raises TransientFailure, PermanentFailure or ReceiverGone. Anything else counts as transient.
        """
