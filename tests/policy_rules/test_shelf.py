"""A pack is taken into use only when it holds, and gives what its author showed by example."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from policy_rules.shelf import SHIPPED, PackShelf


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copy(SHIPPED / "cms.yml", tmp_path)
    return tmp_path


def change(folder: Path, old: str, new: str) -> None:
    path = folder / "cms.yml"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")
    stat = path.stat()
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns + 1_000_000))


def test_a_pack_whose_examples_do_not_come_out_never_displaces_the_last_good_one(folder: Path) -> None:
    shelf = PackShelf(folder)
    before = shelf.get("cms").sha256
    change(folder, "amount: 10\n", "amount: 11\n")
    findings = shelf.refresh()
    assert findings
    assert all("the example '" in finding and "does not come out" in finding for finding in findings)
    assert shelf.get("cms").sha256 == before


def test_at_the_start_such_a_pack_is_named_and_left_out(folder: Path) -> None:
    change(folder, "amount: 10\n", "amount: 11\n")
    shelf = PackShelf(folder)
    assert shelf.ids() == []
    assert "cms.yml:" in shelf.findings[0]
