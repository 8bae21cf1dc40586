"""What the exact analysis costs: each pack compared with an edited copy, and proofs of large random packs."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.figures import Figure
from bench.rules import once
from policy_rules.compiled import CompiledPack
from policy_rules.diff import Difference, diff
from policy_rules.limits import Budget
from policy_rules.lint import shorter_order
from policy_rules.loader import LoadedPack, load_pack
from policy_rules.shelf import SHIPPED, pack_files
from policy_rules.verify import verify
from tests.policy_rules.tables import compiled, random_document

RECEIVED = datetime(2026, 12, 24, 16, 45, tzinfo=UTC)
FACTS, VALUES, RULES = 10, 6, 60
# Tables differ more than runs do, so each run is another table.
LARGE = f"{FACTS} facts x {VALUES} values x {RULES} rules"


def analysis_figures(runs: int) -> list[Figure]:
    """Diff and asking order of each pack; proof and diff of random packs, one a run, within the time box."""
    figures: list[Figure] = []
    for path in pack_files(SHIPPED):
        figures += _of_pack(path, runs)
    return figures + _of_large(max(runs, 5))


def _of_pack(path: Path, runs: int) -> list[Figure]:
    old = CompiledPack(load_pack(path))
    took = [_diff_time(old, _without_second(old)) for _ in range(max(runs, 5))]
    asked = [once(lambda: shorter_order(CompiledPack(old.loaded))) / 1000 for _ in range(runs)]
    return [
        Figure(
            f"diff of {path.stem}",
            took,
            "ms",
            budget="5 ms",
            at_most=5,
            note="its second route dragged to the top",
        ),
        Figure(f"asking order of {path.stem}", asked, "ms", note="every move of one fact tried"),
    ]


def _without_second(old: CompiledPack) -> CompiledPack:
    first, second, *rest = old.pack.routes
    pack = old.pack.model_copy(update={"routes": (second, first, *rest)})
    return CompiledPack(LoadedPack(pack, old.sha256, old.loaded.lines))


def _diff_time(old: CompiledPack, new: CompiledPack) -> float:
    return once(lambda: diff(old, new, RECEIVED)) / 1000


def _of_large(tables: int) -> list[Figure]:
    proofs, diffs, undecided = [], [], 0
    for seed in range(tables):
        document = _large(seed)
        pack = compiled(document)
        proofs.append(once(lambda pack=pack: verify(pack, Budget(60))) / 1000)  # type: ignore[misc]
        found: list[Difference] = []
        edited = _edited(document, seed)
        new = compiled(edited)
        diffs.append(once(lambda: found.append(diff(pack, new, RECEIVED))) / 1000)  # noqa: B023
        undecided += found[0].undecided is not None
    note = f"{undecided} of {tables} undecided after 5 s" if undecided else f"{tables} tables, all decided"
    return [
        Figure(f"verify, {LARGE}", proofs, "ms", note="no time box"),
        Figure(f"diff, {LARGE}", diffs, "ms", note=note),
    ]


def _large(seed: int) -> dict[str, Any]:
    """54 routes and 6 further rules; half of them test any one fact."""
    chance = random.Random(seed)  # noqa: S311 - the same tables every time
    document = random_document(chance, FACTS, VALUES, RULES - 6, limited=6)
    document["routes"][-1]["when"] = {}
    return document


def _edited(document: dict[str, Any], seed: int) -> dict[str, Any]:
    """One condition of one route dropped."""
    chance = random.Random(seed)  # noqa: S311
    routes = [dict(route) for route in document["routes"]]
    place = chance.choice([i for i, route in enumerate(routes[:20]) if route["when"]])
    when = dict(routes[place]["when"])
    del when[next(iter(when))]
    routes[place]["when"] = when
    return {**document, "routes": routes}
