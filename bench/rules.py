"""What the rules cost in-process: deciding, the next question, proving a pack, loading one."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from bench.figures import Figure
from policy_rules.check import check_file
from policy_rules.compiled import CompiledPack
from policy_rules.decide import decide, parse_facts, parse_instant
from policy_rules.loader import load_pack
from policy_rules.questions import needs_of_person
from policy_rules.shelf import PackShelf, pack_files
from policy_rules.verify import verify

Facts = dict[str, str]
Measure = Callable[[CompiledPack], float]


def microseconds(call: Callable[[], object], least: float = 0.004) -> float:
    """Time of one call, from as many calls as fill `least` seconds."""
    calls = 1
    while True:
        began = time.perf_counter()
        for _ in range(calls):
            call()
        took = time.perf_counter() - began
        if took >= least:
            return took / calls * 1e6
        calls = max(calls * 2, int(calls * least / max(took, 1e-9)))


def once(call: Callable[[], object]) -> float:
    """Time of this one call, in microseconds."""
    began = time.perf_counter()
    call()
    return (time.perf_counter() - began) * 1e6


def rule_figures(runs: int) -> list[Figure]:
    """One row a figure: the slowest pack counts, and is named."""
    shelf = PackShelf()
    packs = [shelf.get(organisation) for organisation in shelf.ids()]
    rows: list[tuple[str, Measure, float | None]] = [
        ("match of a whole case", match_cost, 20),
        ("Decision, all facts known", whole_cost, 150),
        ("Decision, few facts and assume, cached", lambda pack: assume_cost(pack, cold=False), 150),
        ("Decision, few facts and assume, cold", lambda pack: assume_cost(pack, cold=True), 150),
        ("next question, uncached, typical", lambda pack: statistics.median(question_costs(pack)), 1000),
        ("next question, uncached, slowest", lambda pack: max(question_costs(pack)), 1000),
    ]
    figures = [slowest(name, measure, packs, runs, limit) for name, measure, limit in rows]
    return figures + [figure for path in pack_files(shelf.folder) for figure in pack_figures(path, runs)]


def slowest(
    name: str, measure: Measure, packs: Sequence[CompiledPack], runs: int, limit: float | None
) -> Figure:
    """The figure of the pack whose median is largest; all medians are in the note."""
    measured = {pack.pack.organisation.id: [measure(pack) for _ in range(runs)] for pack in packs}
    worst = max(measured, key=lambda organisation: statistics.median(measured[organisation]))
    note = " ".join(
        f"{organisation} {statistics.median(took):.0f}" for organisation, took in measured.items()
    )
    budget = "" if limit is None else f"<= {limit:g} us"
    return Figure(name, measured[worst], "us", budget, limit, note=note)


def cases(compiled: CompiledPack) -> list[Facts]:
    """The facts of the pack's examples, as the rules take them."""
    return [parse_facts(compiled, example.facts) for example in compiled.pack.examples]


def match_cost(compiled: CompiledPack) -> float:
    """The median example's match, in microseconds."""
    wholes = [compiled.with_defaults(facts) for facts in cases(compiled)]
    return statistics.median(microseconds(partial(compiled.match, whole)) for whole in wholes)


def whole_cost(compiled: CompiledPack) -> float:
    """The median example's whole Decision, every fact known."""
    received = parse_instant("2026-12-24T16:45:00+00:00", "received_at")
    wholes = [compiled.with_defaults(facts) for facts in cases(compiled)]
    return statistics.median(microseconds(partial(decide, compiled, whole, received)) for whole in wholes)


def assume_cost(compiled: CompiledPack, *, cold: bool) -> float:
    """The median example's Decision from its first two facts; `cold` has not met these facts before."""
    received = parse_instant("2026-12-24T16:45:00+00:00", "received_at")
    few = [dict(list(facts.items())[:2]) for facts in cases(compiled)]

    def answer(facts: Facts) -> object:
        return decide(compiled, facts, received, assume=True)

    if not cold:
        return statistics.median(microseconds(partial(answer, facts)) for facts in few)
    took = []
    for facts in few:
        compiled._needs_cache.clear()
        took.append(once(partial(answer, facts)))
    return statistics.median(took)


def question_costs(compiled: CompiledPack) -> list[float]:
    """What is asked next, at every step on the way to every example; each situation is met for the first time."""
    took = []
    for facts in cases(compiled):
        known: Facts = {}
        for fact, value in facts.items():
            compiled._needs_cache.clear()
            took.append(once(partial(needs_of_person, compiled, known, ())))
            known = {**known, fact: value}
    return took


def pack_figures(path: Path, runs: int) -> list[Figure]:
    """Proof, load and the whole of `hearout check`, for one pack."""
    organisation = path.stem
    loaded = load_pack(path)
    proved = [once(lambda: verify(CompiledPack(loaded))) / 1000 for _ in range(max(runs, 5))]
    load = [once(lambda: CompiledPack(load_pack(path))) / 1000 for _ in range(runs)]
    checked = [once(lambda: check_file(path)) / 1000 for _ in range(runs)]
    return [
        Figure(f"verify of {organisation}", proved, "ms", "<= 5 ms", 5, note="diagrams built anew"),
        Figure(f"load of {organisation}", load, "ms"),
        Figure(f"hearout check of {organisation}", checked, "ms", note="load, proof, examples, coverage"),
    ]
