"""A turn through the REST channel beside the ceiling, both measured in the same minute, turn and turn about."""

from __future__ import annotations

import asyncio
import statistics
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.ceiling import BARE
from bench.figures import Figure
from bench.load import Load, as_scripted, is_echo, run_load
from bench.scripts import scripts
from bench.servers import Server, cpu_seconds, free_port, hearout_command, resident_mib, running, settings
from policy_rules.shelf import PackShelf

MANY = 16
WARM_UP_TURNS = 200
# Milliseconds that a turn may take beyond the ceiling's, and the share of the ceiling's rate that it must reach.
P50_ABOVE, P99_ABOVE, RATE_SHARE = 2.0, 8.0, 0.25
# Rasa Open Source 3.6.21, the same kind of form on the same kind of machine: median of one client's turns.
RASA_P50 = 53.0
RASA_TIMES = 20
MEMORY_MIB = 250.0


@dataclass(slots=True)
class Rounds:
    """The rounds of one server: with one conversation, and with many."""

    single: list[Load] = field(default_factory=list)
    many: list[Load] = field(default_factory=list)
    cpu_ms: list[float] = field(default_factory=list)

    def p(self, share: float) -> list[float]:
        return [load.milliseconds(share) for load in self.single]

    def p_many(self, share: float) -> list[float]:
        return [load.milliseconds(share) for load in self.many]

    @property
    def rates(self) -> list[float]:
        return [load.rate for load in self.many]

    @property
    def wrong(self) -> list[str]:
        return [what for load in (*self.single, *self.many) for what in load.wrong]


@contextmanager
def hearout(folder: Path) -> Iterator[Server]:
    """A real `hearout serve` with the shipped packs, all other settings as they come."""
    port = free_port()
    command = hearout_command("serve", "--port", str(port))
    with running(command, settings(folder), port, folder / "hearout.log") as server:
        yield server


@contextmanager
def ceiling(folder: Path) -> Iterator[Server]:
    """The server that shows what this machine can do at best."""
    port = free_port()
    command = [sys.executable, "-m", "bench.ceiling", str(port), str(folder)]
    with running(command, settings(folder), port, folder / "ceiling.log") as server:
        yield server


def measure_turns(folder: Path, *, rounds: int, seconds: float, say: Callable[[str], None]) -> list[Figure]:
    """The rows of a turn. Each of the `rounds` takes four times `seconds`."""
    written = scripts(PackShelf())
    ours, best = Rounds(), Rounds()
    with hearout(folder) as server, ceiling(folder) as echo:
        warm = asyncio.run(run_load(server.port, written, MANY, turns=WARM_UP_TURNS))
        memory = resident_mib(server.pid)
        asyncio.run(run_load(echo.port, written, MANY, turns=WARM_UP_TURNS, check=is_echo))
        for number in range(rounds):
            say(f"turns: round {number + 1} of {rounds}")
            for conversations in (1, MANY):
                for at, kept, check in ((echo, best, is_echo), (server, ours, as_scripted)):
                    spent = cpu_seconds(at.pid)
                    run = run_load(at.port, written, conversations, seconds=seconds, check=check)
                    load = asyncio.run(run)
                    (kept.single if conversations == 1 else kept.many).append(load)
                    if conversations > 1 and spent is not None:
                        kept.cpu_ms.append(((cpu_seconds(at.pid) or 0) - spent) * 1000 / len(load.seconds))
        bare = asyncio.run(run_load(echo.port, written, MANY, seconds=seconds, check=is_echo, path=BARE))
    wrong = [*warm.wrong, *ours.wrong, *best.wrong]
    for what in wrong[:5]:
        say(f"not as scripted: {what}")
    figures = turn_figures(ours, best, memory, len(wrong))
    return [
        *figures,
        Figure("the same echo + commit without FastAPI", [bare.rate], "/s", note="informs only"),
    ]


def turn_figures(ours: Rounds, best: Rounds, memory: float, wrong: int) -> list[Figure]:
    """The rows from what was measured: limits stand on the ceiling's medians of the same run."""
    p50, p99 = statistics.median(best.p(0.5)), statistics.median(best.p(0.99))
    rate = statistics.median(best.rates)
    turns = sum(len(load.seconds) for load in (*ours.single, *ours.many))
    figures = [
        Figure("turn, 1 conversation, p50", ours.p(0.5), "ms", f"<= ceiling + {P50_ABOVE:g} ms",
               p50 + P50_ABOVE, ceiling=p50),
        Figure("turn, 1 conversation, p99", ours.p(0.99), "ms", f"<= ceiling + {P99_ABOVE:g} ms",
               p99 + P99_ABOVE, ceiling=p99),
        Figure(
            "turn, 1 conversation, p50 beside Rasa",
            ours.p(0.5),
            "ms",
            f"<= {RASA_P50:g} ms / {RASA_TIMES}",
            RASA_P50 / RASA_TIMES,
            note="Rasa's 53 ms is from an earlier day",
        ),
        Figure(
            f"turns a second, {MANY} conversations",
            ours.rates,
            "/s",
            f">= {RATE_SHARE:.0%} of ceiling",
            at_least=RATE_SHARE * rate,
            ceiling=rate,
        ),
        Figure(
            f"turn, {MANY} conversations, p99",
            ours.p_many(0.99),
            "ms",
            ceiling=statistics.median(best.p_many(0.99)),
        ),
        Figure("replies not as scripted", [float(wrong)], "", "0", 0, note=f"of {turns:,} turns"),
        Figure(f"memory after {WARM_UP_TURNS} turns", [memory], "MiB", f"<= {MEMORY_MIB:g} MiB", MEMORY_MIB),
    ]  # fmt: skip
    if ours.cpu_ms and best.cpu_ms:
        spent = statistics.median(best.cpu_ms)
        figures.insert(
            5, Figure(f"CPU of the server a turn, {MANY} conversations", ours.cpu_ms, "ms", ceiling=spent)
        )
    return figures
