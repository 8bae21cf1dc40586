"""Versions of a pack by time: each governs from its beginning, a bad one never, and nothing waits for a refresh."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from policy_rules.editions import Edition
from policy_rules.errors import UnknownOrganisation
from policy_rules.shelf import SHIPPED, PackShelf

NOW = datetime(2026, 12, 20, 12, tzinfo=UTC)
NEW_YEAR = datetime(2027, 1, 1, tzinfo=UTC)
INSTANT = timedelta(microseconds=1)
TEXT = (SHIPPED / "cms.yml").read_text("utf-8")
FILE = Edition(1, TEXT)


class Clock:
    now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def shelf(tmp_path: Path, clock: Clock) -> PackShelf:
    shutil.copy(SHIPPED / "cms.yml", tmp_path)
    return PackShelf(tmp_path, clock=clock)


def titled(number: int, title: str, begins: datetime | None, *, intact: bool = True) -> Edition:
    """A version whose source document has this title."""
    line = next(line for line in TEXT.splitlines() if line.startswith("  title:"))
    return Edition(number, TEXT.replace(line, f"  title: {title}"), begins, intact)


def title_at(shelf: PackShelf, at: datetime | None) -> str:
    return shelf.get("cms", at).pack.source.title


def test_the_file_governs_until_something_is_published(shelf: PackShelf) -> None:
    before = shelf.get("cms")
    assert shelf.get("cms", NEW_YEAR) is before
    assert [(one.number, one.effective_from) for one in shelf.editions("cms")] == [(1, None)]
    assert shelf.editions("cms")[0].text == TEXT
    assert shelf.number_of(before) == 1


def test_a_version_governs_from_its_instant_without_any_refresh(shelf: PackShelf, clock: Clock) -> None:
    assert shelf.adopt("cms", [FILE, titled(2, "New year", NEW_YEAR)], NOW) == []
    old = title_at(shelf, NOW)
    assert title_at(shelf, NEW_YEAR - INSTANT) == old
    assert title_at(shelf, NEW_YEAR) == "New year"
    assert title_at(shelf, None) == old
    clock.now = NEW_YEAR
    assert title_at(shelf, None) == "New year"
    assert title_at(shelf, NOW) == old


def test_the_file_governs_no_longer_once_something_is_published(shelf: PackShelf) -> None:
    shelf.adopt("cms", [FILE, titled(2, "New year", NEW_YEAR)], NOW)
    path = shelf.folder / "cms.yml"
    path.write_text(titled(9, "Edited by hand", None).text + "\n", "utf-8")
    assert shelf.refresh() == []
    assert title_at(shelf, NOW) != "Edited by hand"
    found = shelf.from_file("cms")
    assert found is not None
    assert found[1].pack.source.title == "Edited by hand"


def test_of_two_that_begin_together_the_higher_number_governs(shelf: PackShelf) -> None:
    versions = [FILE, titled(3, "Three", NEW_YEAR), titled(2, "Two", NEW_YEAR)]
    shelf.adopt("cms", versions, NOW)
    assert title_at(shelf, NEW_YEAR) == "Three"


def test_one_that_was_tampered_with_is_passed_over_and_named(shelf: PackShelf) -> None:
    bad = titled(2, "Tampered", NOW - timedelta(days=1), intact=False)
    findings = shelf.adopt("cms", [FILE, bad], NOW)
    assert ["version 2" in finding and "not what was published" in finding for finding in findings] == [True]
    assert shelf.findings == findings
    assert title_at(shelf, None) != "Tampered"


def test_one_that_cannot_be_read_is_passed_over_and_named(shelf: PackShelf) -> None:
    bad = Edition(2, TEXT.replace("disposition: accept", "disposition: acept"), NOW - timedelta(days=1))
    findings = shelf.adopt("cms", [FILE, bad], NOW)
    assert findings
    assert "cms version 2:" in findings[0]
    assert shelf.get("cms").pack.organisation.id == "cms"


def test_where_no_version_can_be_used_the_file_is_the_last_good_one(shelf: PackShelf) -> None:
    shelf.adopt("cms", [replace(FILE, intact=False)], NOW)
    assert shelf.get("cms") is not None
    assert shelf.findings


def test_a_case_is_read_with_the_version_that_decided_it(shelf: PackShelf) -> None:
    shelf.adopt("cms", [FILE, titled(2, "New year", NEW_YEAR)], NOW)
    new, old = shelf.get("cms", NEW_YEAR), shelf.get("cms", NOW)
    assert shelf.of("cms", new.sha256, NOW) is new
    assert shelf.of("cms", "0" * 64, NOW) is old
    assert shelf.of("cms", None, NEW_YEAR) is new
    assert (shelf.number_of(old), shelf.number_of(new)) == (1, 2)
    assert shelf.numbered("cms", 2) is new
    assert shelf.numbered("cms", 3) is None


def test_versions_that_come_later_are_added_and_known_ones_kept(shelf: PackShelf) -> None:
    shelf.adopt("cms", [FILE], NOW)
    first = shelf.get("cms")
    shelf.adopt("cms", [FILE, titled(2, "New year", NEW_YEAR)], NOW)
    assert shelf.get("cms") is first
    assert shelf.newest == {"cms": 2}


def test_a_new_organisation_is_there_from_its_first_version_on(shelf: PackShelf, clock: Clock) -> None:
    text = TEXT.replace("{id: cms", "{id: new", 1)
    assert shelf.adopt("new", [Edition(1, text, NEW_YEAR)], NOW) == []
    assert shelf.ids() == ["cms"]
    with pytest.raises(UnknownOrganisation):
        shelf.get("new")
    clock.now = NEW_YEAR
    assert shelf.ids() == ["cms", "new"]
    # What was received on paper before is under the first rules that there are.
    assert shelf.get("new", NOW) is shelf.get("new")


def test_a_version_in_the_name_of_another_organisation_is_refused(shelf: PackShelf) -> None:
    findings = shelf.adopt("cms", [FILE, Edition(2, TEXT.replace("{id: cms", "{id: new", 1), NOW)], NOW)
    assert findings == ["cms version 2: it is a pack of 'new'."]


def test_the_words_of_a_version_are_its_own(tmp_path: Path, clock: Clock) -> None:
    shutil.copy(SHIPPED / "cqm.yml", tmp_path)
    (tmp_path / "cy").mkdir()
    shutil.copy(SHIPPED / "cy" / "cqm.yml", tmp_path / "cy")
    shelf = PackShelf(tmp_path, clock=clock)
    assert shelf.wording("cqm", "cy") is not None
    text = (SHIPPED / "cqm.yml").read_text("utf-8")
    shelf.adopt("cqm", [Edition(1, text), Edition(2, f"{text}\n# A comment.\n", NEW_YEAR)], NOW)
    for at in (NOW, NEW_YEAR):
        found = shelf.wording("cqm", "cy", shelf.get("cqm", at))
        assert found is not None
        assert found.organisation == "cqm"
    assert shelf.wording("cqm", "fr", shelf.get("cqm", NOW)) is None
