"""A pack's questions in another language: complete beside the pack, or refused with file and line."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from policy_rules.check import advise_file, check_file
from policy_rules.errors import BrokenPack
from policy_rules.shelf import SHIPPED, PackShelf, wording_files
from policy_rules.wording import gaps, load_wording

SHELF = PackShelf()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The pack of CMS with its Welsh, to be spoilt."""
    (tmp_path / "cy").mkdir()
    shutil.copy(SHIPPED / "cms.yml", tmp_path)
    shutil.copy(SHIPPED / "cy" / "cms.yml", tmp_path / "cy")
    return tmp_path


def spoil(path: Path, before: str, after: str) -> None:
    text = path.read_text("utf-8")
    assert text.count(before) >= 1
    path.write_text(text.replace(before, after, 1), "utf-8")
    os.utime(path, ns=(1, path.stat().st_mtime_ns + 1_000_000))


def test_every_shipped_pack_has_its_questions_in_welsh() -> None:
    assert [path.stem for path in wording_files(SHIPPED)] == SHELF.ids()
    assert [i for i in SHELF.ids() if SHELF.wording(i, "cy") is None] == []
    assert SHELF.findings == []


@pytest.mark.parametrize("organisation", SHELF.ids())
def test_each_is_complete_beside_its_pack(organisation: str) -> None:
    assert gaps(SHIPPED / "cy" / f"{organisation}.yml", SHELF.get(organisation).pack) == []


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("  previous_response_at:", "  previous_respons_at:", "'previous_response_at' is missing"),
        ("  previous_response_at:", "  previous_respons_at:", "did you mean 'previous_response_at'"),
        ("      other: Rhywbeth arall\n", "", "'other' is missing here"),
        ("      other: Rhywbeth", "      wrong: Da\n      other: Rhywbeth", "'wrong' is not in the pack"),
        ("    why: Mae gan CMS bolisi arall ar gyfer cwynion gan ei staff ei hun.\n", "", "'why' is missing"),
        ("times:\n  10 working days:", "times:\n  10 days:", "'10 working days' is missing here"),
    ],
)
def test_what_is_missing_or_too_much_is_told_as_advice(
    folder: Path, before: str, after: str, says: str
) -> None:
    path = folder / "cy" / "cms.yml"
    spoil(path, before, after)
    found = [line for line in gaps(path, SHELF.get("cms").pack) if says in line]
    assert found
    assert found[0].startswith("cy/cms.yml:")
    assert found[0] in advise_file(folder / "cms.yml")
    assert check_file(folder / "cms.yml") == []


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("    why: Mae gan CMS", "    cofnod: Mae gan CMS", "cofnod"),
        ("    why: Mae gan CMS bolisi", "    why: Mae gan {short} bolisi", "the names in braces"),
        ("questions:\n", "questions:\n  effect: {text: 'Beth am {hyn}?'}\n", "the names in braces"),
        ("    why: Mae gan CMS bolisi", "    why: Mae gan { bolisi", "the names in braces"),
        ("language: cy", "language: en", "'language' is 'en'; from where the file stands it is 'cy'"),
        ("organisation: cms", "organisation: cim", "'organisation' is 'cim'"),
        ("questions:\n", "questions: [\n", "not readable as YAML"),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_place(
    folder: Path, before: str, after: str, says: str
) -> None:
    path = folder / "cy" / "cms.yml"
    spoil(path, before, after)
    with pytest.raises(BrokenPack) as caught:
        load_wording(path, SHELF.get("cms").pack)
    assert says in str(caught.value)
    assert str(caught.value).startswith("cy/cms.yml:")
    assert any(says in finding for finding in check_file(folder / "cms.yml"))
    assert says not in "".join(advise_file(folder / "cms.yml"))


@pytest.mark.parametrize(
    "write",
    [lambda path: path.write_bytes(b"\xff\xfe"), lambda path: path.write_bytes(b"a: b\n" * 300_000)],
)
def test_what_is_no_text_or_far_too_much_is_refused(folder: Path, write: Callable[[Path], None]) -> None:
    path = folder / "cy" / "cms.yml"
    write(path)
    with pytest.raises(BrokenPack):
        load_wording(path, SHELF.get("cms").pack)


def test_a_wording_that_breaks_leaves_the_last_good_one_in_use(folder: Path) -> None:
    shelf, path = PackShelf(folder), folder / "cy" / "cms.yml"
    good = shelf.wording("cms", "cy")
    spoil(path, "Mae gan CMS bolisi", "Mae gan {nobody} bolisi")
    assert "the names in braces" in shelf.refresh()[0]
    assert shelf.wording("cms", "cy") == good
    spoil(path, "Mae gan {nobody} bolisi", "Mae bolisi gan CMS")
    assert shelf.refresh() == []
    changed = shelf.wording("cms", "cy")
    assert changed is not None
    assert changed.questions["complainant_type"].why.startswith("Mae bolisi gan CMS")  # type: ignore[union-attr]


def test_a_pack_that_was_changed_is_not_left_with_words_that_broke(folder: Path) -> None:
    shelf = PackShelf(folder)
    spoil(folder / "cms.yml", "why: CMS has another", "why: '{short} has another")
    spoil(folder / "cms.yml", "from its own staff.", "from its own staff.'")
    assert "the names in braces" in shelf.refresh()[0]
    assert shelf.wording("cms", "cy") is None


def test_a_question_that_came_later_leaves_the_rest_in_use(folder: Path) -> None:
    shelf = PackShelf(folder)
    spoil(folder / "cms.yml", "questions:\n", "questions:\n  - {id: room, kind: text, text: Which room?}\n")
    assert shelf.refresh() == []
    assert shelf.wording("cms", "cy") is not None
    assert any("'room' is missing here" in line for line in advise_file(folder / "cms.yml"))


def test_a_pack_without_words_in_a_language_has_none(folder: Path) -> None:
    shutil.rmtree(folder / "cy")
    shelf = PackShelf(folder)
    assert shelf.wording("cms", "cy") is None
    assert shelf.findings == []
