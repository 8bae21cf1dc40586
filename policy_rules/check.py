"""`hearout check`: everything that can be said of a pack file, as sentences with file and line."""

from __future__ import annotations

import contextlib
from pathlib import Path

from policy_rules.compiled import CompiledPack
from policy_rules.coverage import check_coverage
from policy_rules.errors import BrokenPack
from policy_rules.examples import check_examples
from policy_rules.lint import advice
from policy_rules.loader import load_pack
from policy_rules.shelf import COVERAGE_SUFFIX, wording_files
from policy_rules.verify import verify
from policy_rules.wording import gaps, load_wording


def check_file(path: Path) -> list[str]:
    """The findings of one pack file, its examples, and the files beside it; empty when all is well."""
    try:
        compiled = CompiledPack(load_pack(path))
        lines = compiled.loaded.lines
        findings = verify(compiled)
        texts = [finding.as_text(lines) for finding in findings]
        if not any(finding.unsound for finding in findings):
            texts += [finding.as_text(lines) for finding in check_examples(compiled)]
        beside = path.with_name(path.stem + COVERAGE_SUFFIX)
        if beside.exists():
            texts += check_coverage(compiled, beside)
        texts += of_wordings(path, compiled)
    except BrokenPack as broken:
        return broken.findings
    return texts


def of_wordings(path: Path, compiled: CompiledPack) -> list[str]:
    """Why a wording beside the pack cannot be used."""
    findings: list[str] = []
    for wording in wording_files(path.parent, path.stem):
        try:
            load_wording(wording, compiled.pack)
        except BrokenPack as broken:
            findings += broken.findings
    return findings


def advise_file(path: Path) -> list[str]:
    """What could be better in a pack file that holds, and how many cases each route takes; empty if it is broken."""
    try:
        compiled = CompiledPack(load_pack(path))
    except BrokenPack:
        # `check_file` says why.
        return []
    if any(finding.unsound for finding in verify(compiled)):
        return []
    return [*advice(compiled), *_gapsof_wordings(path, compiled)]


def _gapsof_wordings(path: Path, compiled: CompiledPack) -> list[str]:
    """What is asked in English though the pack has a wording in another language."""
    found: list[str] = []
    for wording in wording_files(path.parent, path.stem):
        with contextlib.suppress(BrokenPack):  # told by `check_file`
            found += gaps(wording, compiled.pack)
    return found
