"""The cases API beside the ceiling, in the same minute: a page of cases, a case whole, an event told, a note written.

Every call is audited, so every one makes a durable commit before it is answered: the ceiling is echo + commit for all.
"""

from __future__ import annotations

import asyncio
import gc
import itertools
import json
import secrets
import statistics
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.client import Connection
from bench.figures import Figure
from bench.load import Load, is_echo, run_load
from bench.scripts import scripts
from bench.turns import MANY, ceiling, hearout
from cases import keys
from cases.conversations import TurnWrite, commit_turn
from cases.keys import RANDOM_BYTES, SCOPES, NewKey
from cases.record import CaseFiling, CaseRecord
from cases.store import Store, migrate, open_store
from policy_rules.decide import decide, parse_facts
from policy_rules.shelf import PackShelf

PACKS = PackShelf()
CASES, ORGANISATION = 2000, "cqm"
PATH = "/api/v1/cases"
Call = Callable[[int], tuple[str, str, bytes, str]]


def measure_case_calls(
    folder: Path, *, rounds: int, seconds: float, say: Callable[[str], None]
) -> list[Figure]:
    """The rows of the cases API."""
    for name in ("ours", "echo"):
        (folder / name).mkdir()
    key = register(folder / "ours")
    written = scripts(PACKS)
    found: dict[str, list[Load]] = {name: [] for name in ("echo", *CALLS)}
    with hearout(folder / "ours") as server, ceiling(folder / "echo") as echo:
        asyncio.run(run_load(echo.port, written, MANY, turns=200, check=is_echo))
        for number in range(rounds):
            say(f"cases: round {number + 1} of {rounds}")
            echoed = run_load(echo.port, written, MANY, seconds=seconds, check=is_echo)
            found["echo"].append(asyncio.run(echoed))
            for name, call in CALLS.items():
                found[name].append(asyncio.run(run(server.port, key, call, seconds)))
    return list(figures(found))


def figures(found: dict[str, list[Load]]) -> Iterator[Figure]:
    """The rows from what was measured."""
    best = found["echo"]
    rate = statistics.median(load.rate for load in best)
    for name in CALLS:
        loads = found[name]
        wrong = [answer for load in loads for answer in load.wrong]
        note = f"{len(wrong)} not as expected: {wrong[0]}" if wrong else ""
        yield Figure(
            f"{name}, {MANY} connections", [load.rate for load in loads], "/s", ceiling=rate, note=note
        )
        for share, called in ((0.5, "p50"), (0.99, "p99")):
            times = statistics.median(load.milliseconds(share) for load in best)
            yield Figure(
                f"{name}, {called}", [load.milliseconds(share) for load in loads], "ms", ceiling=times
            )


_TOLD = itertools.count()


def _fresh() -> str:
    return f'Idempotency-Key: "{secrets.token_hex(12)}"\r\n'


def _event(number: int) -> tuple[str, str, bytes, str]:
    # Each event is told of a case once.
    del number
    told = next(_TOLD)
    kind = "acknowledged" if told < CASES else "recorded" if told < 2 * CASES else "responded"
    reference = reference_of(told % CASES)
    return "POST", f"{PATH}/{reference}/events", json.dumps({"kind": kind}).encode(), _fresh()


CALLS: dict[str, Call] = {
    "page of 50 cases": lambda number: ("GET", f"{PATH}?limit=50", b"", ""),
    "case whole": lambda number: ("GET", f"{PATH}/{reference_of(number % CASES)}", b"", ""),
    "event told": _event,
    "note written": lambda number: (
        "POST",
        f"{PATH}/{reference_of(number % CASES)}/notes",
        b'{"text": "Rang her, and left a message with her neighbour."}',
        _fresh(),
    ),
}


async def run(port: int, key: str, call: Call, seconds: float) -> Load:
    """Keep `MANY` connections busy for so long."""
    load, numbers = Load(), itertools.count()
    authorised = f"Authorization: Bearer {key}\r\n"
    began = time.perf_counter()
    gc.collect()
    gc.disable()

    async def one() -> None:
        connection = await Connection.open(port)
        try:
            while time.perf_counter() - began < seconds:
                method, path, body, headers = call(next(numbers))
                at = time.perf_counter()
                status, answer = await connection.request(method, path, body, authorised + headers)
                load.seconds.append(time.perf_counter() - at)
                if status not in (200, 201):
                    load.wrong.append(f"{status} {answer[:120].decode()}")
        finally:
            connection.hang_up()

    try:
        await asyncio.gather(*(one() for _ in range(MANY)))
    finally:
        gc.enable()
    load.wall = time.perf_counter() - began
    return load


def reference_of(number: int) -> str:
    """The reference of one of the cases."""
    return f"CQM-BNCH-{number:04d}-0"


def register(folder: Path) -> str:
    """A database full of cases, and a key to them."""
    url = f"sqlite:///{folder / 'hearout.db'}"
    migrate(url)
    store = open_store(url)
    try:
        for number in range(CASES):
            file(store, reference_of(number), datetime.now(UTC) - timedelta(hours=1, seconds=CASES - number))
        wanted = NewKey(organisation=ORGANISATION, name="bench", scopes=SCOPES)
        random = secrets.token_bytes(RANDOM_BYTES)
        return store.write_sync(lambda conn: keys.add(conn, wanted, random, datetime.now(UTC)))
    finally:
        store.close()


def file(store: Store, reference: str, at: datetime) -> None:
    """One case, as a plain complaint is."""
    compiled = PACKS.get(ORGANISATION)
    decided = decide(compiled, parse_facts(compiled, {}), at, assume=True).as_json()
    record = CaseRecord.model_validate(
        {
            "organisation": ORGANISATION,
            "reference": reference,
            "conversation_reference": reference,
            "state": "filed",
            "channel": "chat",
            "received_at": at,
            "first_told_at": at,
            "narrative": "My books have not come, and nobody could tell me where they are. " * 8,
            "complainant": {"name": "Jane Hartley", "email": "jane@example.org"},
            "decision": decided,
            "filed_at": at,
        }
    )
    turn = TurnWrite(
        organisation=ORGANISATION,
        conversation_id=reference,
        key_hash=reference,
        reference=reference,
        expected_version=0,
        state="filed",
        channel="chat",
        recorded_by=None,
        data={"state": "filed"},
        privacy_version="1",
        first_told_at=at,
        message_id="m",
        said="My books have not come.",
        said_role="complainant",
        reply_text="Thank you.",
        entries=[],
        at=at,
        cases=(CaseFiling(record),),
    )
    store.write_sync(lambda conn: commit_turn(conn, turn))
