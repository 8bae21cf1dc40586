"""A case system with faults of its own, at the other end of the webhook while the server is killed."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.handoff.receiver import Receiver, Reply, Request, receiving

SECRET = "whsec_" + "A" * 43 + "="
# How often it takes a case and then says that it did not, and how often it takes its time.
DENIES, SLOW = 0.06, 0.5
SLOWEST = 0.05
# Now and then it says nothing for longer than anybody waits (handoff.http.SECONDS).
STALLS, STALL = 0.003, 25.0


@dataclass
class FaultyReceiver:
    """It drops the webhook-ids that it has had, as every receiver is asked to, unless its own fault is planted."""

    line: Receiver
    chance: random.Random
    forgets: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, request: Request) -> Reply:
        """Taken it has the case by now; what it says of it is another matter."""
        with self.lock:
            wait = self.chance.uniform(0, SLOWEST) if self.chance.random() < SLOW else 0.0
            if self.chance.random() < STALLS:
                return Reply(wait=STALL, hang_up=True)
            if self.chance.random() >= DENIES:
                return Reply(204, b"", wait=wait)
            denials = (
                Reply(500, wait=wait),
                Reply(503, headers={"retry-after": "1"}, wait=wait),
                Reply(wait=wait, hang_up=True),
                Reply(wait=wait, reset=True),
            )
            return self.chance.choice(denials)

    def ids(self) -> dict[str, list[str]]:
        """The ids under which it had each reference."""
        found: dict[str, list[str]] = {}
        every = [(request.headers["webhook-id"], request.body) for request in self.line.requests]
        for delivery_id, body in every if self.forgets else self.line.effects().items():
            found.setdefault(json.loads(body)["data"]["reference"], []).append(delivery_id)
        return found

    def name_it_to(self, data: Path, organisations: Sequence[str]) -> None:
        """Make it the only place that each organisation's cases go to."""
        (data / "organisations").mkdir(parents=True, exist_ok=True)
        (data / "secret").write_text(SECRET)
        for organisation in organisations:
            (data / "organisations" / f"{organisation}.yml").write_text(
                f"handoff:\n  - target: webhook\n    url: {self.line.url}/cases\n"
                "    secret_file: secret\n    allow_private: true\n"
            )


@contextmanager
def faulty_receiver(seed: int, *, forgets: bool = False) -> Iterator[FaultyReceiver]:
    """One on 127.0.0.1, whose faults come from the seed."""
    with receiving() as line:
        receiver = FaultyReceiver(line, random.Random(seed), forgets)  # noqa: S311 - it must come out the same again
        line.otherwise = receiver.answer
        yield receiver
