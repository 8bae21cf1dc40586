"""Slips of an author's hand, seeded one by one in the five packs: each is refused, reported by `hearout check`, or
shown by `hearout diff`; and where the diff says that nothing changes for anybody, trying every case agrees.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from policy_rules.compiled import CompiledPack
from policy_rules.coverage import check_coverage
from policy_rules.diff import diff
from policy_rules.examples import check_examples
from policy_rules.loader import LoadedPack, load_pack, pack_sha256, read_yaml
from policy_rules.names import check_names
from policy_rules.pack import Pack
from policy_rules.shelf import COVERAGE_SUFFIX, SHIPPED, pack_files
from policy_rules.verify import verify
from tests.policy_rules import slips, tables

RECEIVED = datetime(2026, 12, 24, 16, 45, tzinfo=UTC)
# What a prototype was tried with; no run may be weaker.
AT_LEAST = 277
COLUMNS = ("refused", "reported", "diff only", "equivalent", "silent")
Document = dict[str, Any]


@dataclass(slots=True)
class Tally:
    """How each slip was met, and those that need a second look."""

    met: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    equivalent: list[tuple[str, CompiledPack, CompiledPack]] = field(default_factory=list)
    silent: list[str] = field(default_factory=list)


class Author:
    """One shipped pack, and what its author is told of a changed copy."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.loaded = load_pack(path)
        self.compiled = CompiledPack(self.loaded)
        self.document: Document = read_yaml(path.read_text("utf-8"), path.name)[0]

    def take(self, document: Document) -> CompiledPack | None:
        """The changed copy as the loader takes it; None where it is refused."""
        try:
            pack = Pack.model_validate(document)
        except ValidationError:
            return None
        if check_names(pack):
            return None
        return CompiledPack(LoadedPack(pack, pack_sha256(pack), self.loaded.lines))

    def met(self, document: Document) -> tuple[str, CompiledPack | None]:
        """How a changed copy is met."""
        changed = self.take(document)
        if changed is None:
            return "refused", None
        findings = verify(changed)
        if any(finding.unsound for finding in findings):
            return "refused", None
        if findings or check_examples(changed):
            return "reported", changed
        if check_coverage(changed, self.path.with_name(self.path.stem + COVERAGE_SUFFIX)):
            return "reported", changed
        found = diff(self.compiled, changed, RECEIVED)
        if not found.same_treatment and (found.groups or found.assumed or found.facts or found.asking):
            return "diff only", changed
        # Proved that nothing changes for anybody; the changed part has to be named all the same.
        return ("equivalent" if found.rules or found.wording else "silent"), changed


def author(organisation: str) -> Author:
    return Author(SHIPPED / f"{organisation}.yml")


ORGANISATIONS = tuple(path.stem for path in pack_files(SHIPPED))


def tally(organisations: tuple[str, ...]) -> Tally:
    found = Tally()
    for organisation in organisations:
        mine = author(organisation)
        for kind, where, document in slips.slips(mine.document):
            how, changed = mine.met(document)
            found.met[kind][how] += 1
            if how == "equivalent" and changed is not None:
                found.equivalent.append((f"{organisation} {kind}: {where}", mine.compiled, changed))
            elif how == "silent":
                found.silent.append(f"{organisation} {kind}: {where}")
    return found


def as_table(found: Tally) -> str:
    """Kind, number, and how they were met; one line each."""
    width = max(map(len, slips.KINDS))
    rows = [f"{'slip':<{width}} {'n':>5} " + " ".join(f"{name:>10}" for name in COLUMNS)]
    total: Counter[str] = Counter()
    for kind in slips.KINDS:
        counts = found.met[kind]
        total += counts
        cells = " ".join(f"{counts[name]:>10}" for name in COLUMNS)
        rows.append(f"{kind:<{width}} {counts.total():>5} {cells}")
    cells = " ".join(f"{total[name]:>10}" for name in COLUMNS)
    return "\n".join([*rows, f"{'total':<{width}} {total.total():>5} {cells}"])


def differing_case(old: CompiledPack, new: CompiledPack) -> dict[str, str] | None:
    """A case that two packs show differently, found by trying one of every kind that either tells apart."""
    values: dict[str, list[str]] = {}
    for side in (old, new):
        for level in side.space.levels:
            mine = values.setdefault(level.fact, [])
            mine += [group[0] for group in level.classes if group[0] not in mine]
    for case in tables.all_cases(values):
        possible = tables.is_possible(old.pack, case) or tables.is_possible(new.pack, case)
        if possible and tables.shown(old.pack, case) != tables.shown(new.pack, case):
            return case
    return None


@pytest.mark.timeout(300)
def test_no_slip_is_silent(capsys: pytest.CaptureFixture[str]) -> None:
    found = tally(ORGANISATIONS)
    with capsys.disabled():
        print(f"\n{as_table(found)}")  # noqa: T201 - the table is the point of this test
    assert found.silent == []
    assert sum(counts.total() for counts in found.met.values()) >= AT_LEAST
    assert all(found.met[kind].total() for kind in slips.KINDS)
    # A closed vocabulary leaves nothing to misspell.
    assert found.met[slips.MISSPELT_NAME].keys() == {"refused"}
    for where, old, new in found.equivalent:
        assert differing_case(old, new) is None, where


def test_a_copy_without_a_slip_would_count_as_silent() -> None:
    mine = author("cms")
    assert mine.met(mine.document)[0] == "silent"


def test_a_diff_that_overlooked_a_change_would_be_caught_by_trying_every_case() -> None:
    mine = author("cim")
    seen = 0
    for kind, _, document in slips.slips(mine.document):
        if kind == slips.CONDITION_WIDENED and seen < 5:
            how, changed = mine.met(document)
            if how == "diff only" and changed is not None:
                assert differing_case(mine.compiled, changed) is not None
                seen += 1
    assert seen
