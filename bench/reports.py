"""The year's report over 5,000 cases: how long it takes to make, and how long anybody's read waits meanwhile."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

from bench.figures import Figure, percentile
from bot.console.report_files import as_pdf
from bot.console.report_view import House
from bot.dialogue.catalogue import Catalogue, words_of
from cases.reports import funnel
from cases.reports.making import make
from cases.reports.period import year
from cases.store import Store, open_store
from policy_rules.shelf import PackShelf
from tests.cases.many_cases import fill
from tests.databases import migrated_database

COUNT, AS_OF = 5000, datetime(2027, 1, 31, tzinfo=UTC)
YEAR = year(2026)


def report_figures(folder: Path, runs: int, say: Callable[[str], None]) -> list[Figure]:
    """The rows of the reports; processor time is that of this process, which does nothing else."""
    say(f"a year of {COUNT} cases")
    with migrated_database("sqlite", folder) as url:
        store = open_store(url)
        try:
            fill(store, COUNT, first=date(2026, 1, 1), last=date(2026, 12, 31))
            return _measured(store, runs)
        finally:
            store.close()


def _measured(store: Store, runs: int) -> list[Figure]:
    def board() -> object:
        return make(store.read_sync, "cqm", YEAR, AS_OF)

    pack = PackShelf().get("cqm").pack
    house = House(pack.organisation.name, Catalogue(words_of("en"), pack))
    made = make(store.read_sync, "cqm", YEAR, AS_OF)
    assert made.reconciliation.holds
    assert made.reconciliation.received == COUNT
    waits: list[float] = []
    walls = [_beside(store, board, waits) for _ in range(runs)]
    cpu = [_cpu(board) for _ in range(runs)]
    walked = [_cpu(lambda: funnel.make(store.read_sync, "cqm", YEAR, AS_OF)) for _ in range(runs)]
    pages = [_cpu(lambda: as_pdf(made, house)) for _ in range(runs)]
    note = f"{COUNT} cases of a year, SQLite; made in a thread and remembered"
    return [
        Figure("report of a year, processor time", cpu, "s", "<= 2 s", at_most=2.0, note=note),
        Figure("the same beside a reader, wall", walls, "s", note="another thread reads all the while"),
        Figure(
            "a read beside it, p99", [percentile(waits, 0.99) * 1000], "ms", "<= 250 ms", at_most=250.0,
            note=f"median {statistics.median(waits) * 1000:.2f} ms",
        ),
        Figure("funnel of a year, processor time", walked, "s", "<= 4 s", at_most=4.0),
        Figure("its PDF", pages, "s", "<= 2 s", at_most=2.0),
    ]  # fmt: skip


def _cpu(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def _beside(store: Store, work: Callable[[], object], waits: list[float]) -> float:
    """How long the work takes while another thread reads by key, as a turn does; its reads go into `waits`."""
    done = threading.Event()

    def reader() -> None:
        while not done.is_set():
            began = time.perf_counter()
            store.read_sync(lambda conn: conn.exec_driver_sql("SELECT 1").first())
            waits.append(time.perf_counter() - began)
            time.sleep(0.002)

    thread = threading.Thread(target=reader)
    thread.start()
    began = time.perf_counter()
    try:
        work()
        return time.perf_counter() - began
    finally:
        done.set()
        thread.join()
