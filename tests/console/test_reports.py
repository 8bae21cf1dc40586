"""The pages of the reports: who sees them, what stands on them, files with their entry in the trail, lessons."""

from __future__ import annotations

import hashlib
import io
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pikepdf
import pytest
import sqlalchemy as sa

from bot.console.report_files import FILES
from cases import case_row, events
from cases.models import audit, cases
from cases.reports import funnel, measures, sheets
from cases.reports.measures import Cell
from cases.reports.period import latest, year
from cases.store import Store
from cases.told import KINDS
from tests.api.registered import decision
from tests.cases import afterlife
from tests.cases.afterlife import SYSTEM, pack
from tests.cases.builders import a_filing, say
from tests.console.office import Colleague, Office, office
from tests.handoff.letters import read

HOUR = timedelta(hours=1)


def case(store: Store, reference: str, when: datetime, **record: Any) -> str:
    fields = {"reference": reference, "conversation_reference": reference, "received_at": when, "first_told_at": when,
              "filed_at": when, "decision": decision(), **record}  # fmt: skip
    say(
        store, conversation_id=f"c-{reference}", key_hash=f"k-{reference}", reference=reference, state="filed",
        cases=(a_filing(**fields),), targets=(), at=when, first_told_at=when, data={"state": "filed"},
    )  # fmt: skip
    return reference


def close(store: Store, reference: str, when: datetime, lesson: str | None = None) -> None:
    closing = {"outcome": "upheld", "cause": "delay", "remedies": ["apology"], "lesson": lesson}
    told = KINDS["closed"].validate_python({"kind": "closed", "at": when, "closing": closing})
    asked = afterlife.request(f"{reference} closed", reference=reference)
    store.write_sync(lambda conn: events.tell(conn, asked, None, told, SYSTEM, when, pack()))


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """An office with a handful of cases of today, two of them closed with a lesson."""
    with office(tmp_path_factory.mktemp("office"), limits="off") as made:
        when = made.clock() - HOUR
        for number in range(7):
            case(made.store, f"CQM-{number:04d}-RPRT-0", when, facts={"subject": "certificate"})
        close(made.store, "CQM-0000-RPRT-0", when, "Ann Evans waited for her certificate.")
        restricted = {"restricted": True, "restricted_because": ["member_conduct"]}
        case(made.store, "CQM-0009-RPRT-0", when, **restricted)
        close(made.store, "CQM-0009-RPRT-0", when, "Mr Grey should be spoken to.")
        yield made


@pytest.fixture
def staff(here: Office) -> Colleague:
    return here.signed_in("staff")


@pytest.fixture
def officer(here: Office) -> Colleague:
    return here.signed_in("privacy_officer")


def as_of(here: Office) -> str:
    return (here.clock() - timedelta(minutes=2)).astimezone(UTC).isoformat().replace("+00:00", "Z")


class TestThePages:
    def test_the_list_leads_to_this_year(self, staff: Colleague, here: Office) -> None:
        staff.get("/reports")
        assert f"{here.clock().year} so far" in staff.text
        (link,) = [
            one
            for one in re.findall(r'href="(\S*?/reports/board\S*)"', staff.page.text)
            if f"from={here.clock().year}-01-01" in one
        ]
        assert staff.http.get(link.replace("&amp;", "&")).status_code == 200

    def test_the_report_shows_numbers_and_keeps_small_ones_back(self, staff: Colleague) -> None:
        staff.get("/reports/board")
        # Seven, the restricted one, and the two that every office has.
        assert "Received 10 Filed as a complaint 10" in staff.text
        assert "fewer than 5" in staff.text
        assert "Certificates" in staff.text
        assert "CQM-0000-RPRT-0" not in staff.page.text
        assert "Ann Evans" not in staff.page.text

    def test_its_address_gives_the_same_page_later(self, here: Office, staff: Colleague) -> None:
        year = here.clock().year
        address = f"/reports/board?from={year}-01-01&to={year}-12-31&as_of={as_of(here)}"
        before = staff.get(address).text
        case(here.store, "CQM-LATE-RPRT-0", here.clock())
        try:
            fresh = here.signed_in("staff")
            assert main(fresh.get(address).text) == main(before)
            here.clock.forward(minutes=3)
            assert "Received 11" in text_of(here.signed_in("staff"), "/reports/board")
        finally:
            forget(here.store, "CQM-LATE-RPRT-0")

    @pytest.mark.parametrize(
        ("query", "says"),
        [
            ("from=2026-13-01", "Write a day such as"),
            ("from=2026-02-01&to=2026-01-01", "must not be before"),
            ("as_of=2098-01-01T00:00:00Z", "a minute ago"),
            ("as_of=2026-01-01T00:00:00", "offset"),
            ("from=1066-01-01", "from 1990"),
        ],
    )
    def test_days_that_cannot_be_are_explained(self, staff: Colleague, query: str, says: str) -> None:
        assert staff.get(f"/reports/board?{query}").status_code == 422
        assert says in staff.text
        assert staff.get(f"/reports?{query}").status_code == 422
        assert says in staff.text

    def test_the_form_leads_to_the_report(self, here: Office, staff: Colleague) -> None:
        year = here.clock().year
        answer = staff.get(f"/reports?from={year}-01-01&to={year}-12-31")
        assert answer.status_code == 303
        assert f"from={year}-01-01&to={year}-12-31&as_of=" in answer.headers["location"]

    def test_a_day_as_the_instant_is_its_end(self, here: Office, staff: Colleague) -> None:
        answer = staff.get("/reports?from=2026-01-01&to=2026-03-31&as_of=2026-06-30")
        assert answer.headers["location"].endswith("as_of=2026-06-30T23:00:00Z")

    def test_the_funnel(self, staff: Colleague) -> None:
        staff.get("/reports/funnel")
        assert "Opened it" in staff.text
        assert "Conversation" in staff.text

    def test_rules_editors_have_no_reports(self, here: Office) -> None:
        who = here.signed_in("rules_editor")
        assert who.get("/reports").status_code == 403
        assert ">Reports<" not in who.get("").text

    def test_a_report_that_does_not_add_up_says_so_in_red(self, here: Office) -> None:
        """Planted: somebody has changed a record behind our back."""
        query = sa.select(cases.c.record).where(cases.c.reference == "CQM-0001-RPRT-0")
        record = here.store.read_sync(lambda conn: conn.execute(query).scalar_one())
        place = cases.c.reference == "CQM-0001-RPRT-0"
        spoil = cases.update().where(place).values(record={**record, "state": "mislaid"})
        here.store.write_sync(lambda conn: conn.execute(spoil))
        try:
            here.clock.forward(minutes=2)
            who = here.signed_in("staff")
            who.get("/reports/board")
            assert "This report does not add up. 10 were received, but the parts add up to 9" in who.text
            assert 'class="noted bad" role="alert"' in who.page.text
            assert "every story that was ever stored is in a count" not in who.text
        finally:
            mend = cases.update().where(place).values(record=record)
            here.store.write_sync(lambda conn: conn.execute(mend))
            here.clock.forward(minutes=2)


class TestFiles:
    def test_only_who_may_export_is_offered_them(
        self, here: Office, staff: Colleague, officer: Colleague
    ) -> None:
        assert "board.pdf" not in staff.get("/reports/board").text
        assert staff.post("/reports/file", file="board.csv").status_code == 403
        assert "board.pdf" in officer.get("/reports/board").text
        assert "board.pdf" in here.signed_in("auditor").get("/reports/board").text

    @pytest.mark.parametrize("kind", FILES)
    def test_each_comes_and_is_in_the_trail(self, here: Office, officer: Colleague, kind: str) -> None:
        answer = officer.post("/reports/file", file=kind)
        assert answer.status_code == 200, answer.text
        year = here.clock().year
        name = f"cqm-{year}-{kind}"
        assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'
        assert answer.headers["content-type"] == FILES[kind].media_type
        digest = hashlib.sha256(answer.content).hexdigest()
        query = sa.select(audit).where(audit.c.digest == digest)
        (entry,) = here.store.read_sync(lambda conn: conn.execute(query).all())[-1:]
        assert entry.action == "report.exported"
        assert entry.reference.startswith(f"{kind} {year}-01-01/{year}-12-31 {year}-")
        assert entry.actor == "staff"
        assert entry.caller is not None
        assert officer.post("/reports/file", file=kind).content == answer.content

    def test_none_holds_a_name_a_word_or_a_reference(self, officer: Colleague) -> None:
        for kind in FILES:
            content = officer.post("/reports/file", file=kind).content
            for found in (b"Ann Evans", b"ann@example.org", b"tutor", b"RPRT"):
                assert found not in content, (kind, found)

    def test_the_pdf_is_tagged_and_says_what_the_page_says(self, officer: Colleague) -> None:
        content = officer.post("/reports/file", file="board.pdf").content
        pdf = read(content)
        assert "Everything that was received" in pdf.text
        assert "fewer than 5" in pdf.text
        assert pdf.is_ua
        assert pdf.title.startswith("Complaints in ")
        # Every number stands in a tagged table, and the chart has its words.
        assert {"H1", "H2", "H3", "TH", "TD", "Figure"} <= {tag for tag, _ in pdf.tags} | _all_tags(content)
        assert any(text.startswith("Columns: received each month") for text in _alternatives(content))

    def test_the_page_to_keep_stands_alone(self, officer: Colleague) -> None:
        text = officer.post("/reports/file", file="board.html").text
        assert text.lstrip().startswith("<!doctype html>")
        assert "<link" not in text
        assert "<script" not in text
        assert "--accent" in text

    def test_the_table_reads_as_the_page_does(self, officer: Colleague) -> None:
        header, *rows = sheets.read(officer.post("/reports/file", file="board.csv").content)
        assert header == ["table", "row", "label", "count", "count_before"]
        found = {(row[0], row[1]): row[3] for row in rows}
        assert found["received", "total"] == "10"
        assert found["nature", "not_known"] == "10"
        # Seven of ten are about certificates; the other three could be counted.
        assert found["subject", "certificate"] == "not shown"
        parsed = json.loads(officer.post("/reports/file", file="board.json").content)
        assert len(parsed) == len(rows)

    def test_one_that_is_none_is_refused(self, officer: Colleague) -> None:
        assert officer.post("/reports/file", file="../../etc/passwd").status_code == 422
        assert officer.post("/reports/file", file="board.csv", as_of="soon").status_code == 422

    def test_nobody_is_led_to_take_one(self, officer: Colleague) -> None:
        assert officer.get("/reports/file?file=board.csv").status_code in (404, 405)
        headers = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
        assert officer.post("/reports/file", file="board.csv", headers=headers).status_code == 403


class TestLessons:
    def test_whoever_reads_them_is_in_the_trail(self, here: Office) -> None:
        account = here.account("reader@example.org", ["staff"])
        who = here.signed_in(account=account)
        assert "Ann Evans waited" in text_of(who, "/reports/lessons")
        assert ("cases.listed", "*", account.id) in here.trail()

    def test_those_of_restricted_cases_are_for_the_others(self, here: Office, staff: Colleague) -> None:
        assert "Mr Grey" not in text_of(staff, "/reports/lessons")
        assert "Mr Grey" in text_of(here.signed_in("privacy_officer"), "/reports/lessons")
        sent: dict[str, Any] = {"event": "1", "act": "take", "fit": "yes", "words": "x"}
        assert staff.post("/reports/lessons/CQM-0009-RPRT-0", **sent).status_code == 404

    def test_an_auditor_reads_and_changes_nothing(self, here: Office) -> None:
        who = here.signed_in("auditor")
        who.get("/reports/lessons")
        assert "Ann Evans waited" in who.text
        assert "<textarea" not in who.page.text
        assert who.post("/reports/lessons/CQM-0000-RPRT-0", event="1", act="leave_out").status_code == 403

    def test_one_is_taken_in_words_of_its_own_after_a_tick(self, here: Office, staff: Colleague) -> None:
        staff.get("/reports/lessons")
        sent: dict[str, Any] = {"event": "1", "act": "take", "words": "Certificates are sent within a week."}
        assert staff.post("/reports/lessons/CQM-0000-RPRT-0", **sent).status_code == 422
        assert "Tick that the words name nobody" in staff.text
        # What was typed is still there.
        assert "Certificates are sent within a week." in staff.page.text
        assert (
            staff.post(
                "/reports/lessons/CQM-0000-RPRT-0",
                event="1",
                act="take",
                words=" ",
                fit="yes",
            ).status_code
            == 422
        )
        done = staff.post("/reports/lessons/CQM-0000-RPRT-0", **sent, fit="yes")
        assert done.status_code == 303
        assert "In the report" in text_of(staff, "/reports/lessons")
        here.clock.forward(minutes=2)
        board = text_of(here.signed_in("staff"), "/reports/board")
        assert "Certificates are sent within a week." in board
        assert "Ann Evans" not in board
        staff = here.signed_in("staff")
        assert staff.post("/reports/lessons/CQM-0000-RPRT-0", event="1", act="leave_out").status_code == 303
        here.clock.forward(minutes=2)
        assert "Certificates are sent within a week." not in text_of(
            here.signed_in("staff"), "/reports/board"
        )

    def test_a_form_that_is_none_of_ours_is_refused(self, staff: Colleague) -> None:
        bad: tuple[dict[str, Any], ...] = (
            {"event": "one", "act": "take"},
            {"event": "1", "act": "burn"},
            {"event": "7", "act": "leave_out"},
        )
        for sent in bad:
            answer = staff.post("/reports/lessons/CQM-0000-RPRT-0", fit="yes", words="x", **sent)
            assert answer.status_code in (400, 404, 422)


def _objects(content: bytes) -> Iterator[Any]:
    with pikepdf.open(io.BytesIO(content)) as pdf:
        yield from (one for one in pdf.objects if isinstance(one, pikepdf.Dictionary))


def _all_tags(content: bytes) -> set[str]:
    return {str(one.S).lstrip("/") for one in _objects(content) if "/S" in one and "/P" in one}


def _alternatives(content: bytes) -> list[str]:
    return [str(one.Alt) for one in _objects(content) if "/Alt" in one]


def main(page: str) -> str:
    """The report on a page, without what differs between two sessions."""
    return re.sub(r'value="[0-9a-f]{64}"', "", page.partition("<main")[2].partition("</main>")[0])


def text_of(who: Colleague, path: str) -> str:
    who.get(path)
    return who.text


def forget(store: Store, reference: str) -> None:
    from cases import erasure
    from cases.models import report_kept

    def work(conn: sa.Connection) -> None:
        erasure.erase(conn, "cqm", [f"c-{reference}"], "request", datetime.now(UTC))
        conn.execute(report_kept.delete())

    store.write_sync(work)


class TestARealInterview:
    def test_its_questions_are_read_from_what_was_put(self, tmp_path: Path) -> None:
        """Six people say hello, tell a story, leave one question out, and stop at the next."""
        with office(tmp_path, limits="off") as here:
            who = here.signed_in("staff")
            for number in range(6):
                key = f"{number:032d}"
                for count, text in enumerate(
                    ("hello", "My certificate never came and nobody answers me.", "/skip", "")
                ):
                    if text:
                        sent = {"sender": key, "message": text, "metadata": {"message_id": f"m{count}"}}
                        answer = who.http.post("/cqm/webhooks/rest/webhook", json=sent)
                        assert answer.status_code == 200, answer.text
            here.clock.forward(days=3)
            late = here.signed_in("staff")
            made = funnel.make(here.store.read_sync, "cqm", year(here.clock().year), latest(here.clock()))
            asked = {one.id: one for one in made.faces["chat"].questions}
            assert asked["story"].answered == Cell(6)
            stopped = [one.id for one in made.faces["chat"].questions if one.left == Cell(6)]
            assert len(stopped) == 1
            assert stopped[0] != "story"
            late.get("/reports/funnel")
            assert "What happened 6 6 0 0 0" in late.text


class TestShares:
    def test_a_share_is_given_only_where_it_tells_nothing(self) -> None:
        """76 of 100 to 103 is 76 or 74 per cent: that would tell which."""
        side = measures._Side([])
        side.counts.total("due", {"kept": 76, "late": 21, "never": 3})
        side.keep_back()
        assert side.cell("never") == Cell(None, "small")
        assert measures._share(side, ["kept"], ["kept", "late", "never"], 0) is None

    def test_where_it_is_the_same_whatever_is_hidden_it_is_given(self) -> None:
        side = measures._Side([])
        side.counts.total("due", {"kept": 1044, "late": 330, "never": 3, "open": 40})
        side.keep_back()
        share = measures._share(side, ["kept"], ["kept", "late", "never"], 0)
        assert share == 76.0


def test_a_writer_of_records_leaves_what_reports_need(tmp_path: Path) -> None:
    """Whatever replaces a record does it through case_row: no other module updates that column."""
    for path in Path(case_row.__file__).parent.rglob("*.py"):
        text = path.read_text("utf-8")
        if path.name != "case_row.py" and "migrations" not in path.parts:
            assert not re.search(r"cases\.update\(\)[^\n]*record", text), path
