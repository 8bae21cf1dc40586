"""A process that delivers by e-mail and hangs at a chosen step, to be killed there.

    python -m tests.handoff.courier URL PORT MODE

MODE: `settle` hangs after the delivery and before the row is settled. `settle_first` plants a fault: it settles
before it delivers, and hangs in between.
"""

from __future__ import annotations

import asyncio
import sys

from cases import outbox
from cases.store import open_store
from handoff.deliver import DeliveryLoop
from handoff.mail import MailServer
from handoff.target import Delivery, Target
from handoff.targets.email import EmailTarget
from tests.handoff.builders import Clock


async def hang() -> None:
    """Say so and wait for the end."""
    sys.stdout.write("here\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


class HangsAfterwards:
    """Delivers, then never returns."""

    def __init__(self, target: Target) -> None:
        self.target = target

    async def deliver(self, item: Delivery) -> None:
        await self.target.deliver(item)
        await hang()


class SettlesFirst(DeliveryLoop):
    """The planted fault: the row is marked before anything has arrived."""

    async def _hand_over(self, item: outbox.Claimed) -> None:
        await self._store.write(lambda conn: outbox.delivered(conn, item, self._clock()))
        await hang()


async def main(url: str, port: int, mode: str) -> None:
    target = HangsAfterwards(EmailTarget(MailServer("127.0.0.1", port, "none"), ("cases@example.org",)))
    kind = SettlesFirst if mode == "settle_first" else DeliveryLoop
    await kind(open_store(url), lambda organisation: {"email": target}, Clock()).run()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), sys.argv[3]))
