"""HEIC pictures and sound lose where they were made, and nothing in them moves."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from bot.evidence.media import Damaged, blank, kind_of
from tests.evidence.corpus import BAD, OWNER, PLACE, heic, m4a


def blanked(tmp_path: Path, data: bytes) -> bytes:
    path = tmp_path / "file"
    path.write_bytes(data)
    blank(path)
    return path.read_bytes()


def test_a_heic_loses_its_exif_and_keeps_its_picture(tmp_path: Path) -> None:
    before = heic()
    assert PLACE in before
    after = blanked(tmp_path, before)
    assert PLACE not in after
    assert OWNER not in after
    assert len(after) == len(before)
    assert b"\x01" * 40 in after
    assert after[: before.index(b"\x01" * 40)] == before[: before.index(b"\x01" * 40)]


def test_sound_loses_the_place_and_keeps_its_tracks(tmp_path: Path) -> None:
    before = m4a()
    assert before.count(PLACE) == 3
    after = blanked(tmp_path, before)
    assert PLACE not in after
    assert len(after) == len(before)
    assert after.endswith(b"\x7f" * 64)
    path = tmp_path / "file"
    assert kind_of(path) == "m4a"


def test_a_heic_whose_metadata_cannot_be_found_is_refused(tmp_path: Path) -> None:
    for broken in (BAD["broken.heic"], heic().replace(b"iloc", b"xloc"), heic().replace(b"meta", b"mata")):
        with pytest.raises(Damaged):
            blanked(tmp_path, broken)


def test_damage_is_refused_or_harmless_and_never_an_accident(tmp_path: Path) -> None:
    dice, path = random.Random(11), tmp_path / "file"  # noqa: S311 - the same damage each time
    for whole in (heic(), m4a()):
        for _ in range(600):
            broken = bytearray(whole)
            for _ in range(dice.randint(1, 3)):
                broken[dice.randrange(len(broken))] = dice.randrange(256)
            path.write_bytes(broken)
            try:
                kind_of(path)
                blank(path)
            except Damaged:
                continue
            assert path.stat().st_size == len(whole)
