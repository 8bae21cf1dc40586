"""Closed-loop load: each conversation sends its next message when the reply to the last one has come."""

from __future__ import annotations

import asyncio
import gc
import itertools
import json
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from bench.client import Connection
from bench.figures import percentile
from bench.scripts import Line, open_after

PATH = "/webhooks/rest/webhook"
# Whether a reply is what the script expects; the ceiling server's replies cannot be.
Check = Callable[[bytes, Line], bool]


@dataclass(slots=True)
class Load:
    """What a run of load measured. `seconds` are the turns' latencies, `wrong` the replies that were not expected."""

    wall: float = 0.0
    seconds: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Turns a second."""
        return len(self.seconds) / self.wall

    def milliseconds(self, share: float) -> float:
        """The latency that this share of the turns did not exceed."""
        return percentile(self.seconds, share) * 1000


def as_scripted(body: bytes, line: Line) -> bool:
    """Hearout's reply leaves open what the script says."""
    return open_after(body) == line.then


def is_echo(body: bytes, line: Line) -> bool:
    """The ceiling's reply is the message."""
    return bool(json.loads(body)[0]["text"] == line.says)


async def run_load(
    port: int,
    scripts: Mapping[str, Sequence[Line]],
    conversations: int,
    *,
    seconds: float = float("inf"),
    turns: int | None = None,
    check: Check = as_scripted,
    path: str = PATH,
) -> Load:
    """Hold that many conversations at once until the time is over or that many turns have been begun."""
    load = Load()
    organisations = itertools.cycle(scripts)
    began = time.perf_counter()
    budget = iter(range(turns)) if turns is not None else itertools.count()
    # A collection of the client's own rubbish would be counted as the server's slowness.
    gc.collect()
    gc.disable()
    try:
        await asyncio.gather(
            *(
                _talker(port, path, scripts, organisations, load, began + seconds, budget, check)
                for _ in range(conversations)
            )
        )
    finally:
        gc.enable()
    load.wall = time.perf_counter() - began
    return load


async def _talker(
    port: int,
    path: str,
    scripts: Mapping[str, Sequence[Line]],
    organisations: Iterator[str],
    load: Load,
    until: float,
    budget: Iterator[int],
    check: Check,
) -> None:
    """One client: conversation after conversation, each with the next organisation."""
    connection = await Connection.open(port)
    try:
        while True:
            organisation = next(organisations)
            sender = secrets.token_urlsafe(16)
            for number, line in enumerate(scripts[organisation]):
                if time.perf_counter() >= until or next(budget, None) is None:
                    return
                body = message(organisation, sender, line.says, f"m{number}")
                began = time.perf_counter()
                status, reply = await connection.request("POST", path, body)
                load.seconds.append(time.perf_counter() - began)
                if status != 200 or not check(reply, line):
                    what = open_after(reply) if status == 200 else reply[:200].decode()
                    load.wrong.append(f"{organisation}: {line.says[:30]!r} -> {status} {what}")
                    break
    finally:
        connection.hang_up()


def message(organisation: str, sender: str, text: str, message_id: str) -> bytes:
    """The body of one message to the REST channel."""
    metadata = {"organisation": organisation, "message_id": message_id}
    return json.dumps({"sender": sender, "message": text, "metadata": metadata}).encode()
