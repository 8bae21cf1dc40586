"""The register as a file: what is in it, for whom, what a spreadsheet would run, and what the trail keeps."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from bot.console import exports, register_filters
from bot.console.permissions import MAY, Permission
from cases import audit, exported, models, sessions
from tests.console.office import FIRST, OTHER, RESTRICTED, Colleague, Office, office
from tests.console.shelf import do, file_due

EVIL = '=HYPERLINK("http://evil.example","x")\nsecond line'


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with office(tmp_path_factory.mktemp("office"), limits="off") as made:
        file_due(made, "CQM-LATE-0001-1", -2, complainant={"name": EVIL})
        file_due(made, "CQM-SOON-0001-1", 3, facts={"nature": "complaint", "subject": "director"})
        yield made


def rows_of(page: Any) -> list[dict[str, str]]:
    assert page.status_code == 200, page.text
    text = page.content.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def references(rows: list[dict[str, str]]) -> set[str]:
    return {row["reference"] for row in rows}


def taken(who: Colleague, **narrowed: Any) -> set[str]:
    """The references in both kinds of file, which hold the same."""
    told = json.loads(who.post("/export", format="json", **narrowed).text)
    found = references(rows_of(who.post("/export", format="csv", **narrowed)))
    assert found == {case["reference"] for case in told["cases"]}
    return found


class TestWhatIsInIt:
    def test_a_spreadsheet_has_a_row_for_each_case_of_the_list(self, here: Office) -> None:
        who = here.signed_in("privacy_officer")
        rows = rows_of(who.post("/export", format="csv"))
        assert references(rows) == {FIRST, RESTRICTED, "CQM-LATE-0001-1", "CQM-SOON-0001-1"}
        late = next(row for row in rows if row["reference"] == "CQM-LATE-0001-1")
        assert (late["late_by_days"], late["next_due"], late["handler"]) == (
            "2",
            "acknowledge",
            "Centre manager",
        )
        assert "name" not in late
        given = who.page.headers
        assert re.fullmatch(
            r'attachment; filename="cqm-cases-[0-9-]{10}-[0-9a-f]{16}\.csv"', given["content-disposition"]
        )
        assert (given["cache-control"], given["x-content-type-options"]) == ("no-store", "nosniff")

    @pytest.mark.parametrize(
        ("narrowed", "left"),
        [
            ({"subject": "director"}, {"CQM-SOON-0001-1"}),
            ({"reference": "late"}, {"CQM-LATE-0001-1"}),
            ({"search": "hyperlink"}, {"CQM-LATE-0001-1"}),
            ({"progress": "closed"}, set()),
            ({"received_to": "2001-01-01"}, set()),
        ],
    )
    def test_it_is_narrowed_as_the_list_is(
        self, here: Office, narrowed: dict[str, Any], left: set[str]
    ) -> None:
        who = here.signed_in("auditor")
        assert references(rows_of(who.post("/export", format="csv", **narrowed))) == left
        told = json.loads(who.post("/export", format="json", **narrowed).text)
        assert {case["reference"] for case in told["cases"]} == left
        assert told["narrowed_to"] == narrowed
        assert told["count"] == len(left)

    def test_more_than_one_page_is_read(self, here: Office, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(exports, "AT_ONCE", 1)
        rows = rows_of(here.signed_in("auditor").post("/export", format="csv"))
        assert len(rows) == len(references(rows)) == 4

    def test_how_a_case_ended_is_in_it(self, here: Office) -> None:
        file_due(here, "CQM-ENDS-0001-1", 2)
        do(here.signed_in("staff"), "CQM-ENDS-0001-1", "close", outcome="withdrawn")
        who = here.signed_in("auditor")
        (case,) = json.loads(who.post("/export", format="json", reference="ENDS").text)["cases"]
        assert (case["outcome"], case["progress"], case["next_due"]) == ("withdrawn", "closed", None)

    @pytest.mark.parametrize(
        ("sent", "says"),
        [
            ({"format": "xls"}, "Choose one of: csv, json."),
            ({"format": "csv", "received_from": "yesterday"}, "Write a day such as"),
            ({"format": "csv", "state": "lost"}, "Choose one of"),
        ],
    )
    def test_what_cannot_be_is_said(self, here: Office, sent: dict[str, Any], says: str) -> None:
        who = here.signed_in("auditor")
        assert who.post("/export", **sent).status_code == 422
        assert says in who.text

    def test_too_many_are_not_cut_off_in_silence(self, here: Office, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(exports, "MOST", 2)
        who = here.signed_in("auditor")
        assert who.post("/export", format="csv").status_code == 422
        assert "Narrow the list" in who.text


class TestFormulas:
    @pytest.mark.parametrize(
        "text",
        ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", "|calc", "\uff1d1+1", "%0A=1"],
    )
    def test_none_is_run(self, text: str) -> None:
        assert exports.cell(text) == f"'{text}"

    @pytest.mark.parametrize("text", ["", "Ann Evans", "2026-11-21", "O'Neill - Smith", "a=b"])
    def test_words_stay_as_they_are(self, text: str) -> None:
        assert exports.cell(text) == text

    def test_a_name_of_evil_stays_one_cell(self, here: Office) -> None:
        who = here.signed_in("auditor")
        rows = rows_of(who.post("/export", format="csv", names="yes", reference="LATE"))
        assert [row["name"] for row in rows] == [f"'{EVIL}"]

    def test_a_file_without_the_guard_is_caught(self, here: Office, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(exports, "cell", lambda text: text)
        with pytest.raises(AssertionError):
            self.test_a_name_of_evil_stays_one_cell(here)


class TestForWhom:
    def test_restricted_cases_are_in_it_only_for_who_may_open_them(
        self, here: Office, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(MAY, "rules_editor", frozenset({Permission.SEE_CASES, Permission.EXPORT_CASES}))
        narrowings: list[dict[str, Any]] = [{}, {"search": RESTRICTED}, {"reference": RESTRICTED}]
        for narrowed in narrowings:
            who = here.signed_in("rules_editor")
            assert RESTRICTED not in taken(who, names="yes", **narrowed)
            assert RESTRICTED in taken(here.signed_in("rules_editor", "restricted_cases"), **narrowed)

    def test_a_file_that_forgets_it_is_caught(self, here: Office, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(register_filters, "sees_restricted", lambda _: True)
        with pytest.raises(AssertionError):
            self.test_restricted_cases_are_in_it_only_for_who_may_open_them(here, monkeypatch)

    def test_who_may_not_export_is_refused_and_sees_no_button(self, here: Office) -> None:
        for role in ("staff", "rules_editor"):
            assert here.signed_in(role).post("/export", format="csv").status_code == 403
        assert "Save the file" not in here.signed_in("staff").get().text
        assert "Save the file" in here.signed_in("auditor").get().text

    def test_nothing_of_another_organisation_is_in_it(self, here: Office) -> None:
        who = here.signed_in("auditor")
        foreign: list[dict[str, Any]] = [{}, {"organisation": "cim"}, {"search": "CIM"}]
        for more in foreign:
            assert OTHER not in who.post("/export", format="csv", **more).text

    def test_it_is_not_taken_by_following_a_link(self, here: Office) -> None:
        assert here.signed_in("auditor").get("/export?format=csv").status_code == 404

    def test_names_stand_in_no_address(self, here: Office) -> None:
        who = here.signed_in("auditor")
        who.post("/search", text="Evans")
        form = re.search(r'<form[^>]+/export".*?</form>', who.page.text, re.S)
        assert form is not None
        assert 'name="search" value="Evans"' in form[0]
        assert 'method="post"' in form[0]


class TestTheTrail:
    def of(self, here: Office, who: Colleague) -> list[Any]:
        kept = models.audit
        query = (
            sa.select(kept.c.action, kept.c.reference, kept.c.digest)
            .where(kept.c.caller == who_is(here, who), kept.c.action.contains("exported"))
            .order_by(kept.c.number)
        )
        return [tuple(row) for row in here.store.read_sync(lambda conn: conn.execute(query).all())]

    def test_it_keeps_the_file_and_each_case_in_it(self, here: Office) -> None:
        who = here.signed_in("auditor")
        page = who.post("/export", format="json", reference="000")
        told = json.loads(page.text)
        (*each, whole) = self.of(here, who)
        assert whole[:2] == (exported.FILE, "*")
        assert whole[2] == audit.digest_of(page.text, told["export"])
        assert {row[:2] for row in each} == {(exported.CASE, case["reference"]) for case in told["cases"]}
        assert len(each) == len(told["cases"]) > 1

    def test_an_empty_file_is_kept_too(self, here: Office) -> None:
        who = here.signed_in("auditor")
        assert rows_of(who.post("/export", format="csv", handler="Nobody")) == []
        assert [row[:2] for row in self.of(here, who)] == [(exported.FILE, "*")]

    def test_a_refused_one_is_not(self, here: Office) -> None:
        who = here.signed_in("auditor")
        who.post("/export", format="xls")
        assert self.of(here, who) == []


def who_is(here: Office, who: Colleague) -> str:
    token, now = who.cookie, here.clock()
    assert token is not None
    found = here.store.read_sync(lambda conn: sessions.find(conn, "cqm", token, now, here.limits))
    assert found is not None
    return found.account.id
