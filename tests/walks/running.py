"""Holding a number of walks, and saying where one broke a rule.

python -m tests.walks.running --walks 10000 [--seed 7]
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.walks.machine import Room, machine_in, open_room

STEPS = 16
# One database holds so many walks; then a fresh one is taken, as small as that of a new installation.
OF_A_ROOM = 500


def walk(room: Room, walks: int, *, derandomize: bool = False, seeded: int | None = None) -> None:
    """Raises what the first broken rule raises; hypothesis prints the steps that led to it."""
    machine = machine_in(room)
    if seeded is not None:
        machine = seed(seeded)(machine)
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=walks,
            stateful_step_count=STEPS,
            deadline=None,
            derandomize=derandomize,
            database=None,
            # As it was found: the fewest steps would take minutes, and sixteen can be read.
            phases=[Phase.generate],
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        ),
    )


def part(walks: int, seeded: int) -> Counter[str]:
    """Some walks in a room of their own; how they ended, and how many turns they took."""
    with open_room() as room:
        walk(room, walks, seeded=seeded)
        return room.ended + Counter(turns=room.turns)


def main(say: Callable[[str], object] = sys.stdout.write) -> None:
    """Hold `--walks` walks on every processor; `say` takes what is reported."""
    parser = argparse.ArgumentParser(description="Generated conversations, each checked after every reply.")
    parser.add_argument("--walks", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 1_000_000)
    given = parser.parse_args()
    say(f"{given.walks} walks, seed {given.seed}\n")
    sizes = [min(OF_A_ROOM, given.walks - begun) for begun in range(0, given.walks, OF_A_ROOM)]
    seeds = range(given.seed, given.seed + len(sizes))
    ended: Counter[str] = Counter()
    start = time.monotonic()
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        for found in pool.map(part, sizes, seeds):
            ended += found
            turns, walks = ended["turns"], ended.total() - ended["turns"]
            say(f"{walks} walks, {turns} turns, {walks / (time.monotonic() - start):.1f} walks a second\n")
            sys.stdout.flush()
    del ended["turns"]
    say("ended " + ", ".join(f"{count} {state}" for state, count in ended.most_common()) + "\n")
    say("no rule of the house was broken\n")


if __name__ == "__main__":
    main()
