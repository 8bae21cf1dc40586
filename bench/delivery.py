"""How fast cases go out: the delivery loop to a webhook, beside plain HTTP POSTs of the same bodies in the same minute.

Both databases. `cases a second` is a backlog that is worked off; the time of one is from its commit to the receiver's
answer, one case at a time.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from bench.figures import Figure, percentile
from bench.servers import free_port
from cases.store import Store, open_store
from handoff.deliver import DeliveryLoop, Pace
from handoff.http import Caller
from handoff.links import Links
from handoff.secrets import Secret
from handoff.target import Delivery
from handoff.targets.webhook import WebhookTarget, message
from tests.cases.builders import file_a_case
from tests.databases import migrated_database

BACKLOG, SINGLY, TOGETHER = 300, 60, 16
_ANSWER = b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n"


class _Receiver(asyncio.Protocol):
    """Takes every POST and says so; as little work as can be."""

    def __init__(self) -> None:
        self._held = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._held += data
        while (end := self._held.find(b"\r\n\r\n")) >= 0:
            head = self._held[:end].lower()
            length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0] or 0)
            if len(self._held) < end + 4 + length:
                return
            self._held = self._held[end + 4 + length :]
            assert isinstance(self._transport, asyncio.Transport)
            self._transport.write(_ANSWER)


async def _serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(_Receiver, "127.0.0.1", port)
    print("ready", flush=True)
    await server.serve_forever()


@contextmanager
def _receiver() -> Iterator[str]:
    """A receiver in a process of its own; its URL."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.delivery", str(port)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    process.stdout.readline()
    try:
        yield f"http://127.0.0.1:{port}/"
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def delivery_figures(runs: int, say: Callable[[str], None]) -> list[Figure]:
    """The rows of the table; each run measures the ceiling and both databases."""
    rates: dict[str, list[float]] = {"ceiling": [], "sqlite": [], "postgresql": []}
    times: dict[str, list[float]] = {"ceiling": [], "sqlite": [], "postgresql": []}
    for number in range(runs):
        say(f"delivery, run {number + 1}")
        with _receiver() as url, tempfile.TemporaryDirectory() as folder:
            secret = Path(folder) / "secret"
            secret.write_text("whsec_" + "A" * 43 + "=")
            rates["ceiling"].append(asyncio.run(_posts_a_second(url)))
            times["ceiling"] += asyncio.run(_each_post(url))
            for kind in ("sqlite", "postgresql"):
                with migrated_database(kind, Path(folder)) as database:
                    target = WebhookTarget(url, Secret(secret), Caller(allow_private=True))
                    rate, single = asyncio.run(_deliver(database, target))
                rates[kind].append(rate)
                times[kind] += single
    rate = statistics.median(rates["ceiling"])
    found = [
        Figure(f"cases handed over, {kind}", rates[kind], "a second", ceiling=rate, note=note)
        for kind, note in (
            ("sqlite", "ceiling: plain POSTs, 16 at once"),
            ("postgresql", "this one does not sync"),
        )
    ]
    for kind in ("sqlite", "postgresql"):
        for share in (0.5, 0.99):
            name = f"one case handed over, p{share * 100:g}, {kind}"
            ceiling = percentile(times["ceiling"], share)
            found.append(
                Figure(name, [percentile(times[kind], share)], "ms", ceiling=ceiling, note="from its commit")
            )
    return found


async def _posts_a_second(url: str) -> float:
    body = _body()
    limits = httpx.Limits(max_connections=TOGETHER)
    async with httpx.AsyncClient(limits=limits, timeout=30) as client:
        left = iter(range(BACKLOG))

        async def work() -> None:
            for _ in left:
                await client.post(url, content=body)

        began = time.perf_counter()
        await asyncio.gather(*(work() for _ in range(TOGETHER)))
        return BACKLOG / (time.perf_counter() - began)


async def _each_post(url: str) -> list[float]:
    """Milliseconds of single POSTs over one connection."""
    body, found = _body(), []
    async with httpx.AsyncClient(timeout=30) as client:
        for _ in range(SINGLY):
            began = time.perf_counter()
            await client.post(url, content=body)
            found.append((time.perf_counter() - began) * 1000)
    return found


def _body() -> bytes:
    from tests.handoff.builders import a_delivery

    return json.dumps(message(a_delivery(), Links())).encode()


async def _deliver(url: str, target: WebhookTarget) -> tuple[float, list[float]]:
    """Cases a second out of a backlog, and the milliseconds of single ones."""
    store = open_store(url)
    try:
        for number in range(BACKLOG):
            _file(store, number)
        arrived = asyncio.Event()
        counting = _Counting(target, arrived)
        loop = DeliveryLoop(
            store, lambda _: {"webhook": counting}, _now, pace=Pace(poll=5.0, at_once=TOGETHER)
        )
        began = time.perf_counter()
        task = asyncio.create_task(loop.run())
        while counting.count < BACKLOG:  # noqa: ASYNC110 - a look every ten milliseconds costs nothing here
            await asyncio.sleep(0.01)
        rate = BACKLOG / (time.perf_counter() - began)
        single = []
        for number in range(BACKLOG, BACKLOG + SINGLY):
            arrived.clear()
            await asyncio.to_thread(_file, store, number)
            began = time.perf_counter()
            loop.wake()
            await arrived.wait()
            single.append((time.perf_counter() - began) * 1000)
        loop.stop()
        await task
        return rate, single
    finally:
        store.close()


class _Counting:
    """Knows when something has arrived."""

    def __init__(self, target: WebhookTarget, arrived: asyncio.Event) -> None:
        self._target, self._arrived, self.count = target, arrived, 0

    async def deliver(self, item: Delivery) -> None:
        await self._target.deliver(item)
        self.count += 1
        self._arrived.set()


def _file(store: Store, number: int) -> None:
    reference = f"CQM-{number // 10**4:04d}-{number % 10**4:04d}-0"
    changes: dict[str, Any] = {"reference": reference, "conversation_reference": reference}
    file_a_case(store, targets=("webhook",), **changes)


def _now() -> datetime:
    # The cases of these tests were filed at Christmas 2026.
    return datetime.now(UTC).replace(year=2027)


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
