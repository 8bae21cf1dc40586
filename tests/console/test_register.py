"""The register: what is due, filters, search, pages, and what is kept from whom."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.console import register
from cases import listing, watch
from tests.console.office import FIRST, OTHER, RESTRICTED, Colleague, Office, office
from tests.console.shelf import do, file_due

LATE, TODAY, SOON = "CQM-LATE-0001-1", "CQM-TDAY-0001-1", "CQM-SOON-0001-1"


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with office(tmp_path_factory.mktemp("office"), limits="off") as made:
        file_due(made, LATE, -2)
        file_due(made, TODAY, 0, complainant={"name": "Zoë Ñandú", "email": "zoe@example.org"})
        file_due(made, SOON, 3, facts={"nature": "complaint", "subject": "director"})
        file_due(made, "CQM-RSTR-0001-1", -9, restricted=True, restricted_because=["about_director"])
        file_due(made, "CIM-LATE-0001-1", -9, "cim")
        yield made


def section(page: Any, name: str) -> str:
    found = re.search(rf'<section data-part="{name}">(.*?)</section>', page.text, re.S)
    assert found is not None, page.text
    return found[1]


def references(page: Any) -> set[str]:
    return set(re.findall(r"/cases/([A-Z]{3}-[0-9A-Z-]+)\"", page.text))


class TestWhatIsDue:
    def test_each_promise_stands_in_its_group_with_its_day_in_words(self, here: Office) -> None:
        page = here.signed_in("staff").get()
        assert page.status_code == 200
        assert LATE in section(page, "late")
        assert "2 days late" in section(page, "late")
        assert TODAY in section(page, "today")
        assert SOON in section(page, "coming")
        assert "in 3 days" in section(page, "coming")
        assert "Centre manager" in section(page, "late")

    def test_what_was_done_is_owed_no_more(self, here: Office) -> None:
        file_due(here, "CQM-DONE-0001-1", -1)
        who = here.signed_in("staff")
        assert "CQM-DONE-0001-1" in section(who.get(), "late")
        assert do(who, "CQM-DONE-0001-1", "acknowledge").status_code == 303
        assert "CQM-DONE-0001-1" not in section(who.get(), "late")

    def test_a_promise_that_was_missed_is_owed_no_more_once_the_case_is_closed(self, here: Office) -> None:
        reference = "CQM-GONE-0001-1"
        file_due(here, reference, -3)
        today = here.clock().date()
        found = here.store.read_sync(
            lambda conn: watch.to_warn(conn, "cqm", {watch.PASSED: today - timedelta(days=1)}, 100)
        )
        here.store.write_sync(
            lambda conn: watch.warn(conn, [d for d in found if d.reference == reference], here.clock())
        )
        who = here.signed_in("staff")
        assert reference in section(who.get(), "late")
        assert do(who, reference, "close", outcome="withdrawn").status_code == 303
        assert reference not in section(who.get(), "late")


class TestWhatIsKeptBack:
    @pytest.mark.parametrize("path", ["", "?reference=CQM", "?progress=received", "?handler=Centre+manager"])
    def test_restricted_cases_are_listed_only_for_who_may_open_them(self, here: Office, path: str) -> None:
        page = here.signed_in("staff").get(path)
        assert {RESTRICTED, "CQM-RSTR-0001-1"}.isdisjoint(references(page))
        assert "Restricted cases are not among them." in page.text
        both = here.signed_in("staff", "restricted_cases").get(path)
        assert {RESTRICTED, "CQM-RSTR-0001-1"} <= references(both)

    def test_a_search_does_not_find_them_either(self, here: Office) -> None:
        who = here.signed_in("staff")
        who.post("/search", text=RESTRICTED)
        assert who.page.status_code == 200
        assert "No case has" in who.text
        assert here.signed_in("auditor").post("/search", text=RESTRICTED).status_code == 303

    def test_a_list_that_forgets_it_is_caught(self, here: Office, monkeypatch: pytest.MonkeyPatch) -> None:
        page = listing.page
        monkeypatch.setattr(
            listing,
            "page",
            lambda conn, filters, *more: page(conn, replace(filters, restricted=True), *more),
        )
        with pytest.raises(AssertionError):
            self.test_restricted_cases_are_listed_only_for_who_may_open_them(here, "")

    def test_what_is_due_that_forgets_it_is_caught(
        self, here: Office, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        clocks = watch.open_clocks
        monkeypatch.setattr(
            watch, "open_clocks", lambda conn, organisation, _, *more: clocks(conn, organisation, True, *more)
        )
        with pytest.raises(AssertionError):
            self.test_restricted_cases_are_listed_only_for_who_may_open_them(here, "")

    def test_nothing_of_another_organisation_is_there(self, here: Office) -> None:
        who = here.signed_in("staff", "restricted_cases")
        assert not [name for name in references(who.get()) if name.startswith("CIM")]
        who.post("/search", text="CIM")
        assert "No case has" in who.text
        assert OTHER not in who.page.text

    def test_who_sees_no_cases_sees_none(self, here: Office) -> None:
        who = here.signed_in("rules_editor")
        assert "Your roles show no cases" in who.get().text
        assert not references(who.page)
        assert who.post("/search", text="CQM").status_code == 403


class TestFilters:
    @pytest.mark.parametrize(
        ("path", "there", "not_there"),
        [
            ("?subject=director", SOON, FIRST),
            ("?reference=late", LATE, SOON),
            ("?progress=received", LATE, "CQM-NONE"),
            ("?state=filed", LATE, "CQM-NONE"),
            ("?received_from=2000-01-01&received_to=2099-12-31", LATE, "CQM-NONE"),
        ],
    )
    def test_they_narrow_the_list(self, here: Office, path: str, there: str, not_there: str) -> None:
        found = references(here.signed_in("staff").get(path))
        assert there in found
        assert not_there not in found

    @pytest.mark.parametrize(
        "path",
        ["?progress=closed&subject=director", "?received_to=2001-01-01", "?handler=Nobody", "?subject=cats"],
    )
    def test_nothing_found_is_said(self, here: Office, path: str) -> None:
        who = here.signed_in("staff")
        assert who.get(path).status_code == 200
        assert "No case matches." in who.text

    @pytest.mark.parametrize(
        ("path", "says"),
        [
            ("?received_from=yesterday", "Write a day such as"),
            ("?received_from=1500-01-01", "1990 to 2099"),
            ("?received_from=2026-02-02&received_to=2026-01-01", "must not be before"),
            ("?progress=lost", "Choose one of: Received"),
            ("?after=nonsense", "as it came"),
            ("?handler=%00", "NUL"),
        ],
    )
    def test_what_is_wrong_with_an_address_is_said(self, here: Office, path: str, says: str) -> None:
        who = here.signed_in("staff")
        assert who.get(path).status_code == 422
        assert says in who.text

    def test_pages_hold_every_case_once(self, here: Office, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(register, "MOST", 2)
        who, seen, path = here.signed_in("staff"), [], "?progress=received"
        for _ in range(10):
            page = who.get(path)
            seen += re.findall(r"/cases/([A-Z]{3}-[0-9A-Z-]+)\"", section(page, "all"))
            older = re.search(r'href="/cqm/staff(\?[^"]+)">Older', page.text)
            if older is None:
                break
            path = older[1].replace("&amp;", "&")
            assert "progress=received" in path
        assert len(seen) == len(set(seen)) >= 4
        assert RESTRICTED not in seen


class TestSearch:
    @pytest.mark.parametrize("text", ["zoë ñ", "Zoë Ñandú", "ZOE@EXAMPLE", "cqm-tday"])
    def test_a_reference_a_name_or_an_address_finds_the_case(self, here: Office, text: str) -> None:
        who = here.signed_in("staff")
        if "ñ" in text:
            # SQLite knows the small letters of ASCII alone.
            text = text.replace("ñ", "Ñ")
        page = who.post("/search", text=text)
        assert page.status_code == 200
        assert references(page) == {TODAY}

    def test_a_whole_reference_opens_the_case(self, here: Office) -> None:
        page = here.signed_in("staff").post("/search", text=f" {FIRST.lower()} ")
        assert (page.status_code, page.headers["location"]) == (303, f"/cqm/staff/cases/{FIRST}")

    @pytest.mark.parametrize("text", ["%", "_", "' or 1=1 --", "<script>"])
    def test_signs_are_only_signs(self, here: Office, text: str) -> None:
        who = here.signed_in("staff")
        assert who.post("/search", text=text).status_code == 200
        assert "No case has" in who.text
        assert "<script>" not in who.page.text.replace("<script src", "")

    def test_an_empty_search_says_what_to_write(self, here: Office) -> None:
        who = here.signed_in("staff")
        assert who.post("/search", text=" ").status_code == 422
        assert "Write a reference, a name or an e-mail address." in who.text

    def test_names_stand_in_no_address(self, here: Office) -> None:
        assert 'method="post" action="/cqm/staff/search"' in here.signed_in("staff").get().text


def test_that_cases_were_listed_is_in_the_trail(here: Office) -> None:
    who = here.signed_in("auditor")
    before = here.trail().count((listing.LISTED, listing.OF_MANY, who_is(here, who)))
    who.get()
    who.post("/search", text="cqm")
    who.get("?handler=Nobody")
    after = here.trail().count((listing.LISTED, listing.OF_MANY, who_is(here, who)))
    assert after == before + 2


def who_is(here: Office, who: Colleague) -> str:
    from cases import sessions

    token, now = who.cookie, here.clock()
    assert token is not None
    found = here.store.read_sync(lambda conn: sessions.find(conn, "cqm", token, now, here.limits))
    assert found is not None
    return found.account.id


def test_an_empty_register_says_so(tmp_path: Path) -> None:
    with office(tmp_path, limits="off") as made:
        who = made.signed_in("staff", organisation="cmi")
        assert who.get().status_code == 200
        assert "There is no case yet." in who.text
        assert "Nothing is late." in who.text
