"""The crash test: people complain, the server is killed again and again, and at the end the books are audited.

    python -m tests.faults.campaign --conversations 1000 [--seed N] [--fault NAME] [--seconds N] [--webhook]

With --webhook every case goes to a receiver that is slow, and at times takes a case and says that it did not: it answers
500 or 503, hangs up, resets the connection, or stalls.

Everything random comes from the seed, which is printed; what the clock makes of it differs from run to run.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import random
import secrets
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.servers import free_port, is_ready, settings
from policy_rules.shelf import PackShelf
from tests.faults.audit import DELIVERY_SECONDS, RECEIVER_SECONDS, Finding, audit, wait_for_delivery
from tests.faults.people import START_PATIENCE, Gone, Held, Person
from tests.faults.planted import FAULTS
from tests.faults.processes import Life, Nursery, Program
from tests.faults.receiver import FaultyReceiver, faulty_receiver

CLIENTS = 8
SHORTEST_LIFE, LONGEST_LIFE = 0.020, 0.500


@dataclass(frozen=True, slots=True)
class Plan:
    """How much, how long at most, and from which seed.

    The first and the last start, and every `command_each`-th, are the command itself, unless `forks_only`.
    """

    conversations: int
    seed: int
    seconds: float = 300.0
    fault: str | None = None
    packs: Path | None = None
    command_each: int = 0
    forks_only: bool = False
    longest_life: float = LONGEST_LIFE
    clients: int = CLIENTS
    webhook: bool = False
    patience: float = DELIVERY_SECONDS


@dataclass(slots=True)
class Campaign:
    """What happened. `stuck` are people who gave up; `findings` is what the audit found."""

    plan: Plan
    held: list[Held] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    kills: int = 0
    sent_again: int = 0
    seconds: float = 0.0
    deliveries: int = 0
    findings: list[Finding] = field(default_factory=list)

    @property
    def finished(self) -> list[Held]:
        return [one for one in self.held if one.outcome is not None]

    @property
    def acknowledged(self) -> int:
        return sum(len(one.said) for one in self.held)

    def kinds(self) -> set[str]:
        return {finding.kind for finding in self.findings}

    def __str__(self) -> str:
        found = "; ".join(str(finding) for finding in self.findings[:6]) or "nothing"
        counts = Counter(finding.kind for finding in self.findings)
        # A case that arrived twice, or under two ids, is one of `files` that says so.
        books = ", ".join(f"{counts[kind]} {kind}" for kind in ("lost", "doubled", "handover", "files"))
        raw = f", {self.deliveries} attempts at the receiver" if self.plan.webhook else ""
        return (
            f"seed {self.plan.seed}: {len(self.finished)} conversations, {self.acknowledged} messages acknowledged,"
            f" {self.sent_again} sent again, {self.kills} kills{raw}, {self.seconds:.1f} s; {books}; "
            f"{len(self.findings)} findings: {found}"
        )


class Killer:
    """Chooses the moment: at random, at an acknowledgement, or just after somebody sent their complaint."""

    def __init__(self, chance: random.Random, longest: float) -> None:
        self._chance, self._longest = chance, longest
        self._pid_at_once = 0
        self._acknowledged, self._filing = asyncio.Event(), asyncio.Event()

    async def wait(self, pid: int) -> None:
        """Return when the server is to die: 20 to 500 ms after it is ready, and then as the dice say."""
        await asyncio.sleep(self._chance.uniform(SHORTEST_LIFE, self._longest))
        way = self._chance.random()
        if way < 0.2:
            return
        at_once = way < 0.6
        moment = self._acknowledged if at_once else self._filing
        moment.clear()
        if at_once:
            self._pid_at_once = pid
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(moment.wait(), 0.3)
        self._pid_at_once = 0
        if not at_once:
            # What a filing turn does takes a few milliseconds: somewhere among them.
            await asyncio.sleep(self._chance.uniform(0.0, 0.008))

    def acknowledged(self) -> None:
        """Somebody was told that their message is kept. Where that is the moment, there is none to lose."""
        if self._pid_at_once:
            # Not yet reaped, so the number is still that server's.
            os.kill(self._pid_at_once, signal.SIGKILL)
            self._pid_at_once = 0
        self._acknowledged.set()

    def about_to_file(self) -> None:
        """Somebody is sending their complaint now."""
        self._filing.set()


class Theatre:
    """One data folder, one port, and the servers that live and die on it."""

    def __init__(self, plan: Plan, folder: Path, nursery: Nursery | None) -> None:
        self._plan, self._nursery = plan, nursery
        self.folder, self.port = folder, free_port()
        packs = {} if plan.packs is None else {"HEAROUT_PACKS_DIR": str(plan.packs)}
        # Only the outbox's own wake-up and its looks bring deliveries; a short look keeps the end short.
        self.environment = settings(
            folder, HEAROUT_DELIVERY_SECONDS="0.5", HEAROUT_LOG_LEVEL="warning", **packs
        )
        self._log = folder / "server.log"
        self._starts = 0
        self.up = asyncio.Event()

    async def start(self, *, as_command: bool = False) -> Life:
        """A server that is ready. RuntimeError when it does not come."""
        self._starts += 1
        each = self._plan.command_each
        given = (self.port, self.environment, self._log, self._plan.fault)
        life: Life
        if self._nursery is None or as_command or (each and self._starts % each == 0):
            life = Program(*given)
        else:
            life = self._nursery.start(*given)
        deadline = time.monotonic() + START_PATIENCE
        while not await asyncio.to_thread(is_ready, self.port, "/readyz"):
            if time.monotonic() > deadline:
                life.end()
                raise RuntimeError(f"no server: {self._log.read_text()[-1000:]}")
            await asyncio.sleep(0.005)
        self.up.set()
        return life

    def end(self, life: Life) -> None:
        """The server is dead when this returns."""
        self.up.clear()
        life.end()


async def carry_out(
    plan: Plan, folder: Path, nursery: Nursery | None, receiver: FaultyReceiver | None = None
) -> Campaign:
    """Run the plan and audit what is left. Bounded by the plan's conversations and seconds."""
    campaign = Campaign(plan)
    began = time.monotonic()
    theatre = Theatre(plan, folder, nursery)
    chance = random.Random(plan.seed)  # noqa: S311 - it must come out the same again
    killer = Killer(random.Random(chance.random()), plan.longest_life)  # noqa: S311
    organisations = PackShelf(plan.packs).ids()
    if receiver is not None:
        receiver.name_it_to(folder, organisations)
    places = iter(range(plan.conversations))
    people = [
        Person(
            theatre.port,
            theatre.up,
            random.Random(chance.random()),  # noqa: S311
            killer.about_to_file,
            killer.acknowledged,
        )
        for _ in range(plan.clients)
    ]

    async def live(person: Person) -> None:
        for place in places:
            if time.monotonic() - began > plan.seconds:
                return
            held = Held(organisations[place % len(organisations)], secrets.token_urlsafe(16))
            campaign.held.append(held)
            try:
                await person.complain(held)
            except Gone as gone:
                campaign.stuck.append(str(gone))
                return
        person.hang_up()

    life = await theatre.start(as_command=not plan.forks_only)
    talking = asyncio.gather(*(live(person) for person in people))
    try:
        while not talking.done():
            await first_of(killer.wait(life.pid), talking)
            if talking.done():
                break
            theatre.end(life)
            campaign.kills += 1
            life = await theatre.start()
        await talking
        # The last server is killed as well: what it had not handed over is for one that comes after.
        theatre.end(life)
        campaign.kills += 1
        life = await theatre.start(as_command=not plan.forks_only)
        await asyncio.to_thread(wait_for_delivery, theatre.environment, plan.patience)
    finally:
        talking.cancel()
        life.end()
    campaign.sent_again = sum(person.sent_again for person in people)
    received = None if receiver is None else receiver.ids()
    campaign.deliveries = 0 if receiver is None else len(receiver.line.requests)
    campaign.findings = audit(campaign.held, theatre.environment, received)
    campaign.findings += [Finding("stuck", "", said) for said in campaign.stuck]
    campaign.seconds = time.monotonic() - began
    return campaign


async def first_of(waiting: Coroutine[object, object, None], other: asyncio.Future[Any]) -> None:
    """Return when either is done; what was only waited for is let go."""
    task: asyncio.Future[Any] = asyncio.create_task(waiting)
    await asyncio.wait({task, other}, return_when=asyncio.FIRST_COMPLETED)
    task.cancel()


@contextlib.contextmanager
def nursery_of() -> Iterator[Nursery]:
    """A nursery, ended with the block."""
    nursery = Nursery()
    try:
        yield nursery
    finally:
        nursery.close()


def run(plan: Plan, nursery: Nursery | None = None) -> Campaign:
    """Carry a plan out in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        forgets = plan.fault == "receiver-forgets"
        receiver = stack.enter_context(faulty_receiver(plan.seed, forgets=forgets)) if plan.webhook else None
        return asyncio.run(carry_out(plan, Path(folder), nursery, receiver))


def main(arguments: list[str] | None = None, say: Callable[[str], object] = sys.stdout.write) -> int:
    """A long run: 0 when nothing was found, and with a planted fault when something was."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.campaign", description=__doc__)
    parser.add_argument("--conversations", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--seconds", type=float, default=1800.0)
    parser.add_argument("--fault", choices=sorted(FAULTS), default=None)
    parser.add_argument(
        "--command-each", type=int, default=5, help="every so many starts are the command itself"
    )
    parser.add_argument("--webhook", action="store_true", help="hand over to a faulty receiver")
    chosen = parser.parse_args(arguments)
    seed = secrets.randbelow(2**32) if chosen.seed is None else chosen.seed
    say(f"seed {seed}\n")
    plan = Plan(
        chosen.conversations,
        seed,
        chosen.seconds,
        chosen.fault,
        command_each=chosen.command_each,
        webhook=chosen.webhook,
        patience=RECEIVER_SECONDS if chosen.webhook else DELIVERY_SECONDS,
    )
    with nursery_of() as nursery:
        campaign = run(plan, nursery)
    say(f"{campaign}\n")
    whole = len(campaign.finished) == plan.conversations
    return int(not campaign.findings if plan.fault else bool(campaign.findings) or not whole)


if __name__ == "__main__":
    sys.exit(main())
