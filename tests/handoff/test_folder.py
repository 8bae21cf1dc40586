"""The folder: whole files only, readable by name, nothing left lying about."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from handoff.target import PermanentFailure
from handoff.targets.folder import FolderTarget
from tests.handoff.builders import REFERENCE, a_delivery


def test_the_file_is_named_by_reference_and_delivery_and_is_the_record(tmp_path: Path) -> None:
    item = a_delivery()
    asyncio.run(FolderTarget(tmp_path / "a" / "b").deliver(item))
    (file,) = (tmp_path / "a" / "b").iterdir()
    assert file.name == f"{REFERENCE}.{'d' * 32}.json"
    assert json.loads(file.read_text()) == item.record
    assert "naïve" in file.read_text()
    assert file.stat().st_mode & 0o777 == 0o640


def test_what_a_killed_attempt_left_behind_is_cleared_away(tmp_path: Path) -> None:
    (tmp_path / f".{REFERENCE}.{'d' * 32}.json.abc.part").write_text("half")
    (tmp_path / "somebody-elses.part").touch()
    asyncio.run(FolderTarget(tmp_path).deliver(a_delivery()))
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        f"{REFERENCE}.{'d' * 32}.json",
        "somebody-elses.part",
    ]


def test_a_reference_cannot_lead_out_of_the_folder(tmp_path: Path) -> None:
    with pytest.raises(PermanentFailure):
        asyncio.run(FolderTarget(tmp_path / "in").deliver(a_delivery(reference="../../etc/passwd")))
    assert list(tmp_path.iterdir()) == []
