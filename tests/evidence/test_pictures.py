"""Pictures lose where they were taken and keep every byte of the picture itself."""

from __future__ import annotations

import io
import random

import pytest

from bot.evidence.pictures import Damaged, strip_jpeg, strip_png
from tests.evidence import corpus
from tests.evidence.corpus import JFIF, OWNER, PICTURE, PLACE, PROFILE, jpeg, png, segment


def stripped(data: bytes) -> bytes:
    out = io.BytesIO()
    strip = strip_jpeg if data.startswith(b"\xff\xd8") else strip_png
    strip(memoryview(data), out)
    return out.getvalue()


class TestJpeg:
    @pytest.mark.parametrize("order", ["<", ">"])
    def test_nothing_tells_where_or_whose_it_was_and_the_picture_is_the_same(self, order: str) -> None:
        before = jpeg(order)
        # The fault that must be caught is in there.
        assert PLACE in before
        assert OWNER in before
        after = stripped(before)
        assert PLACE not in after
        assert OWNER not in after
        assert after.startswith(b"\xff\xd8" + JFIF)
        assert after.endswith(PROFILE + PICTURE + b"\xff\xd9")

    @pytest.mark.parametrize("order", ["<", ">"])
    def test_which_way_is_up_and_when_it_was_taken_stay(self, order: str) -> None:
        after = stripped(jpeg(order, upright=8))
        exif = after.partition(b"Exif\x00\x00")[2]
        assert exif.startswith(b"MM\x00*")
        assert exif[18:20] == b"\x00\x08"
        assert b"2026:11:03 09:15:00\x00" in exif
        assert stripped(after) == after

    def test_one_that_never_said_anything_is_left_as_it_is(self) -> None:
        plain = jpeg(exif=False)
        assert stripped(plain) == plain

    def test_what_hangs_behind_the_end_is_left_out(self) -> None:
        zipped = corpus.archive({"run.js": b"alert(1)"})
        assert stripped(jpeg(exif=False, after=zipped)) == jpeg(exif=False)
        assert stripped(jpeg(exif=False, after=jpeg())) == jpeg(exif=False)

    def test_one_that_breaks_off_within_the_picture_is_ended(self) -> None:
        assert stripped(jpeg(exif=False)[:-2]) == jpeg(exif=False)

    @pytest.mark.parametrize(
        "exif",
        [b"", b"MM", b"MM\x00*\xff\xff\xff\xff", b"II*\x00\x08\x00\x00\x00\xff\xff", b"XX" + b"\x00" * 40],
    )
    def test_metadata_that_cannot_be_read_is_dropped(self, exif: bytes) -> None:
        odd = b"\xff\xd8" + segment(0xE1, b"Exif\x00\x00" + exif) + PICTURE + b"\xff\xd9"
        assert stripped(odd) == b"\xff\xd8" + PICTURE + b"\xff\xd9"

    def test_a_time_that_is_none_is_dropped(self) -> None:
        odd = jpeg().replace(b"2026:11:03 09:15:00", b"Moor Hall, Cookham!")
        assert b"Moor" not in stripped(odd)

    @pytest.mark.parametrize("name", ["broken.jpg", "cut.jpg"])
    def test_what_is_no_picture_is_refused(self, name: str) -> None:
        with pytest.raises(Damaged):
            stripped(corpus.BAD[name])

    def test_damage_is_refused_or_harmless_and_never_an_accident(self) -> None:
        dice, whole = random.Random(7), jpeg()  # noqa: S311 - the same damage each time
        for _ in range(2000):
            broken = bytearray(whole)
            for _ in range(dice.randint(1, 4)):
                broken[dice.randrange(2, len(broken))] = dice.randrange(256)
            del broken[dice.randrange(2, len(broken)) :]
            try:
                stripped(bytes(broken))
            except Damaged:
                continue


class TestPng:
    def test_texts_times_and_exif_go_and_the_picture_stays(self) -> None:
        before = png(after=corpus.archive({"run.js": b"alert(1)"}))
        assert PLACE in before
        after = stripped(before)
        assert PLACE not in after
        assert [name for name in (b"tEXt", b"zTXt", b"iTXt", b"eXIf", b"tIME", b"PK") if name in after] == []
        assert [name for name in (b"IHDR", b"gAMA", b"IDAT") if name not in after] == []
        assert after.endswith(corpus.chunk(b"IEND", b""))
        assert stripped(after) == after

    def test_what_is_no_picture_is_refused(self) -> None:
        for broken in (corpus.BAD["broken.png"], b"\x89PNG\r\n\x1a\n", png().replace(b"IHDR", b"XHDR")):
            with pytest.raises(Damaged):
                stripped(broken)
