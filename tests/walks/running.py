"""Holding a number of walks, and saying where one broke a rule.

python -m tests.walks.running --walks 10000 [--seed 7]
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.walks.machine import Room, machine_in, open_room

STEPS = 20
# One database holds so many walks; then a fresh one is taken, as small as that of a new installation.
OF_A_ROOM = 2000


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
            # As it was found: the fewest steps would take minutes, and twenty can be read.
            phases=[Phase.generate],
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        ),
    )


def main(say: Callable[[str], object] = sys.stdout.write) -> None:
    """Hold `--walks` walks, one database for each two thousand. `say` takes what is reported."""
    parser = argparse.ArgumentParser(description="Generated conversations, each checked after every reply.")
    parser.add_argument("--walks", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 1_000_000)
    given = parser.parse_args()
    begun, done = time.monotonic(), 0
    say(f"{given.walks} walks, seed {given.seed}\n")
    while done < given.walks:
        with open_room() as room:
            walk(room, min(OF_A_ROOM, given.walks - done), seeded=given.seed + done)
            ended = ", ".join(f"{count} {state}" for state, count in room.ended.most_common())
        done += sum(room.ended.values())
        rate = done / (time.monotonic() - begun)
        say(f"{done} walks, {rate:.1f} a second; the last {room.turns} turns ended {ended}\n")
    say("no rule of the house was broken\n")


if __name__ == "__main__":
    main()
