"""Reports add up, and the same question has the same answer a year later, whatever became of the cases since."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import sqlalchemy as sa

from cases import erasure, events, lapse, rerouting
from cases.conversations import find
from cases.effects import CaseAt
from cases.events import NoSuchCase, Writer
from cases.models import audit as audit_table
from cases.models import case_events, cases, conversations, metadata, report_kept, report_past
from cases.reports import funnel, gather, lessons, measures, open_data, sheets
from cases.reports.gather import matters
from cases.reports.history import Matter
from cases.reports.making import make
from cases.reports.measures import Cell, Report
from cases.reports.past import counted
from cases.reports.period import BadPeriod, Period, checked, latest, year
from cases.reports.reconcile import STATES, Reconciliation
from cases.store import Store, open_store
from cases.told import KINDS
from tests.cases import afterlife
from tests.cases.afterlife import SYSTEM, pack
from tests.cases.builders import NOW, a_decision, a_filing, a_record, say
from tests.cases.many_cases import fill
from tests.databases import migrated_database

YEAR = year(2026)
JO = Writer("Jo Field", "staff", "j0f1e1d")
AS_OF = datetime(2027, 1, 15, 9, 30, tzinfo=UTC)


def at(day: int, month: int = 12, hour: int = 10, years: int = 2026) -> datetime:
    return datetime(years, month, day, hour, tzinfo=UTC)


def shown(report: Report) -> dict[str, dict[str, Any]]:
    """The counts of a report by table and row, hidden ones as why."""
    return {
        table.id: {
            row.id: row.now.value if row.now.value is not None else row.now.hidden for row in table.rows
        }
        for table in report.tables.values()
    }


def everything(store: Store, as_of: datetime = AS_OF, period: Period = YEAR) -> dict[str, bytes]:
    """Every file that is made of a period."""
    made = make(store.read_sync, "cqm", period, as_of)
    walked = funnel.make(store.read_sync, "cqm", period, as_of)
    found = matters(store.read_sync, "cqm", as_of, period.first, period.last)
    return {
        "board": sheets.board(made, lambda table, row: f"{table} {row}"),
        "regulator": sheets.regulator("cqm", period, found),
        "clocks.csv": open_data.as_csv(made),
        "clocks.json": open_data.as_json(made),
        "funnel": sheets.funnel(walked, lambda table, row: f"{table} {row}"),
    }


@dataclass
class Year:
    """Cases that are told by the real functions, one after the other."""

    store: Store
    number: int = 0

    def reference(self) -> str:
        self.number += 1
        return f"CQM-{self.number:04d}-0000-0"

    def case(self, when: datetime, state: str = "filed", **record: Any) -> str:
        """A conversation that makes a case at once."""
        reference = self.reference()
        fields = {"received_at": when, "first_told_at": when, "state": state, "reference": reference,
                  "conversation_reference": reference, "filed_at": when, **record}  # fmt: skip
        say(
            self.store, conversation_id=f"c-{reference}", key_hash=f"k-{reference}", reference=reference, state=state,
            cases=(a_filing(**{"decision": afterlife.decided(), **fields}),), targets=(), at=when, first_told_at=when,
        )  # fmt: skip
        return reference

    def draft(self, when: datetime, told: bool = True) -> str:
        reference = self.reference()
        say(
            self.store, conversation_id=f"c-{reference}", key_hash=f"k-{reference}", reference=reference, at=when,
            first_told_at=when if told else None, data={"answers": {"story": "It never came."} if told else {}},
            entries=[{"text": "?"}, {"custom": {"question": {"id": "effect", "kind": "text", "optional": True}}}],
        )  # fmt: skip
        return reference

    def tell(
        self, reference: str, kind: str, when: datetime, known: datetime | None = None, **more: Any
    ) -> None:
        told = KINDS[kind].validate_python({"kind": kind, "at": when, **more})
        asked = afterlife.request(f"{reference} {kind} {when}", reference=reference)
        self.store.write_sync(
            lambda conn: events.tell(conn, asked, None, told, SYSTEM, known or when, pack())
        )

    def close(self, reference: str, when: datetime, outcome: str = "upheld", **closing: Any) -> None:
        cause = {"cause": "delay"} if outcome in ("upheld", "partly_upheld") else {}
        self.tell(
            reference,
            "closed",
            when,
            closing={"outcome": outcome, "remedies": ["apology"], **cause, **closing},
        )

    def abandon(self, reference: str, when: datetime) -> None:
        draft = self.store.read_sync(lambda conn: find(conn, "cqm", f"k-{reference}"))
        assert draft is not None
        assert self.store.write_sync(lambda conn: lapse.abandon(conn, draft, [], (), when))

    def go_on(self, reference: str, when: datetime, state: str = "draft", **changes: Any) -> None:
        """A further turn; `changes` are of the turn."""
        draft = self.store.read_sync(lambda conn: find(conn, "cqm", f"k-{reference}"))
        assert draft is not None
        say(
            self.store, conversation_id=f"c-{reference}", key_hash=f"k-{reference}", reference=reference,
            expected_version=draft.version, state=state, at=when, before=draft, message_id=f"m {when}", **changes,
        )  # fmt: skip

    def erase(self, reference: str, when: datetime) -> None:
        self.store.write_sync(lambda conn: erasure.erase(conn, "cqm", [f"c-{reference}"], "retention", when))

    def reroute(self, reference: str, when: datetime, **facts: str) -> None:
        def work(conn: sa.Connection) -> None:
            case: CaseAt = events.lock(conn, "cqm", reference)
            rerouting.reroute(conn, case, facts, "It is about something else.", JO, when, pack(), ())

        self.store.write_sync(work)


@pytest.fixture
def told(store: Store) -> Year:
    """A year with a little of everything."""
    made = Year(store)
    for number in range(12):
        reference = made.case(
            at(1 + number, 11), facts={"subject": "service" if number % 2 else "certificate"}
        )
        made.tell(reference, "acknowledged", at(2 + number, 11))
        if number < 9:
            made.tell(reference, "responded", at(10 + number, 11))
            made.close(reference, at(12 + number, 11), "upheld" if number < 6 else "not_upheld")
    for number in range(6):
        made.case(
            at(3 + number),
            "signposted",
            decision={**a_decision(), "disposition": "signpost", "handler": "Study centre", "clocks": []},
        )
        made.case(
            at(3 + number), "informal", facts={"nature": "feedback"}, decision={**a_decision(), "clocks": []}
        )
    for _ in range(5):
        made.draft(at(20))
        made.abandon(made.draft(at(2)), at(16))
    for _ in range(5):
        made.go_on(made.draft(at(4)), at(4, hour=11), "withdrawn")
    made.draft(at(5), told=False)
    return made


class TestAddingUp:
    def test_received_is_what_became_of_it(self, told: Year) -> None:
        made = make(told.store.read_sync, "cqm", YEAR, AS_OF)
        assert made.reconciliation.parts == {
            "filed": 12, "signposted": 6, "informal": 6, "withdrawn": 5, "draft": 5, "abandoned": 5,
        }  # fmt: skip
        assert made.reconciliation.received == 39
        assert made.reconciliation.holds
        assert made.tables["received"].total.now == Cell(39)
        assert made.tables["subject"].total.now == Cell(24)

    def test_a_mere_greeting_is_nothing_received(self, told: Year) -> None:
        before = make(told.store.read_sync, "cqm", YEAR, AS_OF).reconciliation.received
        told.draft(at(6), told=False)
        assert make(told.store.read_sync, "cqm", YEAR, AS_OF).reconciliation.received == before

    def test_other_organisations_are_not_in_it(self, told: Year) -> None:
        made = make(told.store.read_sync, "cim", YEAR, AS_OF)
        assert made.reconciliation.received == 0
        assert made.reconciliation.holds
        assert made.times.median is None

    def test_a_case_in_a_state_that_nobody_knows_is_a_fault(self, told: Year) -> None:
        lost = a_record(reference="CQM-0001-0000-0").as_json() | {
            "state": "mislaid",
            "received_at": at(1, 11).isoformat(),
        }
        here = cases.c.reference == "CQM-0001-0000-0"
        told.store.write_sync(lambda conn: conn.execute(cases.update().where(here).values(record=lost)))
        made = make(told.store.read_sync, "cqm", YEAR, AS_OF)
        assert made.reconciliation.faults == (
            "39 were received, but the parts add up to 38: 1 are in no known state.",
        )

    def test_a_story_that_went_missing_is_a_fault(self, told: Year) -> None:
        """Behind our back: nothing is erased by the proper way, so nothing is left to count."""

        def lose(conn: sa.Connection) -> None:
            for table in reversed(metadata.sorted_tables):
                column = erasure.place_of(table)
                if column in ("id", "conversation_id"):
                    conn.execute(table.delete().where(table.c[column] == "c-CQM-0025-0000-0"))

        told.store.write_sync(lose)
        faults = make(told.store.read_sync, "cqm", YEAR, AS_OF).reconciliation.faults
        assert len(faults) == 1
        assert faults[0].endswith("1 are in no count.")

    def test_the_outcomes_are_out_of_what_was_filed(self, told: Year) -> None:
        report = make(told.store.read_sync, "cqm", YEAR, AS_OF)
        made = shown(report)
        # Three were not upheld and three are open: with all the rest shown, anybody could work these out.
        assert made["outcome"]["outcome.not_upheld"] == "small"
        assert made["outcome"]["outcome.open"] == "small"
        assert made["outcome"]["outcome.upheld"] == "withheld"
        assert made["outcome"]["outcome.resolved"] == 0
        assert report.tables["outcome"].total.now.hidden == "withheld"

    def test_promises(self, told: Year) -> None:
        made = make(told.store.read_sync, "cqm", YEAR, AS_OF)
        (acknowledge,) = (one for one in made.promises if one.kind == "acknowledge")
        assert acknowledge.counts["kept"].now == Cell(12)
        assert acknowledge.share == 100.0
        assert acknowledge.amounts == ((2, "working_day"),)

    def test_days_to_answer(self, told: Year) -> None:
        assert make(told.store.read_sync, "cqm", YEAR, AS_OF).times == measures.Times(9.0, None)


class TestTheSameNextYear:
    def test_whatever_becomes_of_the_cases(self, told: Year) -> None:
        """Closed, reopened, rerouted, sent after all, erased, and told late: what was known then does not change."""
        before = everything(told.store)
        later = at(1, 6, years=2027)
        told.close("CQM-0010-0000-0", later, "withdrawn")
        told.tell("CQM-0001-0000-0", "reopened", later, reason="New evidence.")
        told.close("CQM-0001-0000-0", later + timedelta(days=1), "not_upheld")
        # Told in June of something that happened in December.
        told.tell("CQM-0011-0000-0", "responded", at(22), known=later)
        told.reroute("CQM-0012-0000-0", later, subject="exam_result")
        # Somebody who was sent elsewhere complains all the same: the record is replaced.
        told.go_on(
            "CQM-0013-0000-0", later, "filed",
            cases=(a_filing(reference="CQM-0013-0000-0", conversation_reference="CQM-0013-0000-0", received_at=later),),
        )  # fmt: skip
        # A draft that lay open is abandoned, and an abandoned one is gone on with and sent.
        told.abandon("CQM-0025-0000-0", later)
        told.go_on("CQM-0026-0000-0", later)
        told.go_on(
            "CQM-0026-0000-0", later + timedelta(hours=1), "filed",
            cases=(a_filing(reference="CQM-0026-0000-0", conversation_reference="CQM-0026-0000-0", received_at=later),),
        )  # fmt: skip
        told.case(later)
        assert everything(told.store) == before

        for reference in ("CQM-0001-0000-0", "CQM-0002-0000-0", "CQM-0013-0000-0", "CQM-0025-0000-0",
                          "CQM-0026-0000-0", "CQM-0027-0000-0", "CQM-0030-0000-0", "CQM-0040-0000-0"):  # fmt: skip
            told.erase(reference, later + timedelta(days=200))
        assert everything(told.store) == before
        assert make(told.store.read_sync, "cqm", YEAR, later + timedelta(days=300)).reconciliation.holds

    def test_when_all_of_it_is_erased(self, told: Year) -> None:
        instants = [at(10, 11), at(16, hour=9), at(16, hour=11), AS_OF, at(1, 3, years=2027)]
        before = [everything(told.store, as_of) for as_of in instants]
        for number in range(1, told.number + 1):
            told.erase(f"CQM-{number:04d}-0000-0", at(1, 7, years=2027))
        assert told.store.read_sync(lambda conn: conn.execute(sa.select(conversations)).all()) == []
        assert [everything(told.store, as_of) for as_of in instants] == before

    def test_as_of_each_day_is_what_was_known_on_it(self, told: Year) -> None:
        def states(as_of: datetime) -> dict[str, int]:
            return make(told.store.read_sync, "cqm", YEAR, as_of).reconciliation.parts

        assert states(at(6, 11))["filed"] == 6
        assert states(at(15))["abandoned"] == 0
        assert states(at(15))["draft"] == 5
        assert states(at(16))["abandoned"] == 5

    def test_what_was_told_late_counts_from_when_it_was_told(self, told: Year) -> None:
        told.tell("CQM-0010-0000-0", "responded", at(20, 11), known=at(20, 2, years=2027))

        def answered(as_of: datetime) -> int:
            found = matters(told.store.read_sync, "cqm", as_of, YEAR.first, YEAR.last)
            return sum(matter.answered_at is not None for matter in found)

        assert answered(AS_OF) == 9
        assert answered(at(21, 2, years=2027)) == 10

    def test_a_record_that_changes_what_is_counted_is_kept_as_it_was(self, told: Year) -> None:
        told.reroute("CQM-0012-0000-0", at(3, 3, years=2027), subject="exam_result")
        query = sa.select(report_past.c.data)
        (was,) = told.store.read_sync(lambda conn: conn.execute(query).scalars().all())
        assert was["subject"] == "service"
        now = shown(make(told.store.read_sync, "cqm", YEAR, at(4, 3, years=2027)))
        assert "subject.exam_result" in now["subject"]
        assert "subject.exam_result" not in shown(make(told.store.read_sync, "cqm", YEAR, AS_OF))["subject"]

    def test_without_the_record_as_it_was_the_old_report_would_change(
        self, told: Year, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The planted fault: a writer that forgets to keep it."""
        from cases.reports import past

        before = everything(told.store)
        monkeypatch.setattr(past, "note", lambda *_: None)
        told.reroute("CQM-0012-0000-0", at(3, 3, years=2027), subject="exam_result")
        assert everything(told.store) != before

    def test_without_what_is_kept_of_the_erased_it_would_change_and_be_noticed(
        self, told: Year, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from cases.reports import past

        before = everything(told.store)
        monkeypatch.setattr(past, "keep", lambda *_: None)
        told.erase("CQM-0001-0000-0", at(1, 7, years=2027))
        assert everything(told.store) != before
        assert not make(told.store.read_sync, "cqm", YEAR, AS_OF).reconciliation.holds


class TestWhatIsKept:
    def test_nothing_of_it_leads_to_a_person(self, told: Year) -> None:
        told.erase("CQM-0001-0000-0", at(1, 7, years=2027))
        query = sa.select(report_kept)
        (row,) = told.store.read_sync(lambda conn: conn.execute(query).all())
        text = json.dumps(row.history)
        for word in (
            "CQM-0001",
            "Ann",
            "ann@example.org",
            "tutor",
            "c-CQM",
            "apology from",
            "Jo Field",
            "Case system",
        ):
            assert word not in text
        assert row.id != "c-CQM-0001-0000-0"

    def test_counted_is_coded_values_only(self) -> None:
        words = {"narrative": "My tutor lost it", "adjustments": "Large print", "about_whom": "Mr Grey"}
        found = json.dumps(counted(a_record(**words).as_json()))
        assert not any(text in found for text in words.values())
        assert json.loads(found)["adjustments"] is True

    @pytest.mark.parametrize(
        "text", [None, "", "no", "No, thank you.", "None", "nothing", "N/A", "Not needed", "dim"]
    )
    def test_whoever_needs_no_adjustment_is_not_counted_as_asking(self, text: str | None) -> None:
        assert counted(a_record(adjustments=text).as_json())["adjustments"] is False

    @pytest.mark.parametrize(
        "text", ["I can not read small print", "No stairs", "a sign language interpreter"]
    )
    def test_whoever_needs_one_is(self, text: str) -> None:
        assert counted(a_record(adjustments=text).as_json())["adjustments"] is True

    def test_what_was_erased_before_there_were_reports_is_counted_by_its_state(self, store: Store) -> None:
        """The migration makes histories of the tombstones; here is one as it makes them."""
        told = "2026-05-01T23:00:00+00:00"
        counted_of = {
            **counted(a_record().as_json()),
            "received_at": told,
            "represented": None,
            "adjustments": None,
        }
        history = {"opened_at": told, "told_at": told, "face": None, "states": [], "steps": [],
                   "cases": [{"from": told, "versions": [[None, counted_of]], "events": []}]}  # fmt: skip
        row = {"organisation": "cqm", "id": "0" * 32, "erased_at": NOW, "history": history}
        store.write_sync(lambda conn: conn.execute(report_kept.insert(), row))
        assert make(store.read_sync, "cqm", YEAR, AS_OF).reconciliation.parts["filed"] == 1


class TestPeriods:
    def test_the_year_before_a_year(self) -> None:
        assert year(2024).before == year(2023)
        assert year(2025).before == year(2024)

    def test_a_financial_year(self) -> None:
        period = Period(date(2025, 4, 1), date(2026, 3, 31))
        assert period.before == Period(date(2024, 4, 1), date(2025, 3, 31))

    def test_a_quarter_and_some_days(self) -> None:
        assert Period(date(2026, 4, 1), date(2026, 6, 30)).before == Period(
            date(2026, 1, 1), date(2026, 3, 31)
        )
        assert Period(date(2026, 4, 3), date(2026, 4, 9)).before == Period(
            date(2026, 3, 27), date(2026, 4, 2)
        )

    @pytest.mark.parametrize(
        ("first", "last", "as_of"),
        [
            (date(2026, 2, 1), date(2026, 1, 1), AS_OF),
            (date(2020, 1, 1), date(2026, 1, 1), AS_OF),
            (date(2026, 1, 1), date(2026, 12, 31), AS_OF + timedelta(seconds=1)),
            (date(2027, 2, 1), date(2027, 2, 2), AS_OF),
        ],
    )
    def test_what_cannot_be_a_period_is_refused(self, first: date, last: date, as_of: datetime) -> None:
        with pytest.raises(BadPeriod):
            checked(first, last, as_of, AS_OF + timedelta(minutes=1))

    def test_the_latest_instant_is_settled(self) -> None:
        now = datetime(2027, 1, 1, 9, 30, 59, tzinfo=UTC)
        assert latest(now) == datetime(2027, 1, 1, 9, 29, tzinfo=UTC)
        checked(YEAR.first, YEAR.last, latest(now), now)

    def test_a_receipt_at_midnight_counts_on_its_local_day(self, store: Store) -> None:
        year_of_cases = Year(store)
        # Half past midnight in London, on 1 July.
        year_of_cases.case(datetime(2026, 6, 30, 23, 30, tzinfo=UTC))
        july, june = Period(date(2026, 7, 1), date(2026, 7, 31)), Period(date(2026, 6, 1), date(2026, 6, 30))
        assert make(store.read_sync, "cqm", july, AS_OF).reconciliation.received == 1
        assert make(store.read_sync, "cqm", june, AS_OF).reconciliation.received == 0


class TestSheets:
    def test_no_text_is_a_formula(self) -> None:
        for text in ("=1+1", "+44", "-2+3", "@SUM(A1)", "\t=1", "\r=1", " =1"):
            assert sheets.safe(text).startswith("'")
        assert sheets.safe(-3) == "-3"
        assert sheets.safe("fine = good") == "fine = good"
        assert sheets.safe(None) == ""

    def test_a_formula_in_a_fact_is_made_harmless(self, store: Store) -> None:
        made = Year(store)
        for _ in range(6):
            made.case(at(3), facts={"subject": "=HYPERLINK(1)"})
        for file in everything(store).values():
            assert b",=" not in file
            assert b'"=' not in file

    def test_they_begin_with_a_byte_order_mark_and_end_lines_as_the_rfc_says(self, store: Store) -> None:
        found = everything(store)["board"]
        assert found.startswith(b"\xef\xbb\xbf")
        assert found.count(b"\r\n") == found.count(b"\n")

    def test_the_regulators_file_has_a_line_for_each(self, told: Year) -> None:
        lines = everything(told.store)["regulator"].decode("utf-8-sig").splitlines()
        assert lines[0].split(",") == list(sheets.REGULATOR)
        assert len(lines) == 1 + 39
        states = Counter(line.split(",")[2] for line in lines[1:])
        assert states == {
            "filed": 12,
            "signposted": 6,
            "informal": 6,
            "withdrawn": 5,
            "open": 5,
            "abandoned": 5,
        }
        assert "CQM-" not in "".join(lines)
        days = [line.split(",")[8] for line in lines[1:]]
        assert days == sorted(days)

    def test_the_open_data_is_what_its_schema_says(self, told: Year) -> None:
        path = Path(open_data.__file__).with_name("clocks.schema.json")
        published = json.loads(path.read_text("utf-8"))
        assert published == open_data.schema(), (
            "write cases/reports/clocks.schema.json again from open_data.schema()"
        )
        jsonschema.validate(json.loads(everything(told.store)["clocks.json"]), published)


class TestFunnel:
    def test_who_stops_at_a_question_is_counted_there(self, told: Year) -> None:
        way = funnel.make(told.store.read_sync, "cqm", YEAR, AS_OF).faces["chat"]
        assert way.steps["opened"].value is not None or way.steps["opened"].hidden
        (effect,) = (one for one in way.questions if one.id == "effect")
        # Five lie open, five were abandoned, one told nothing; five were withdrawn by a further message.
        assert effect.asked == Cell(16)
        assert effect.left == Cell(11)

    def test_within_two_days_nobody_has_left(self, store: Store) -> None:
        made = Year(store)
        for _ in range(6):
            made.draft(at(20))
        asked = funnel.make(store.read_sync, "cqm", YEAR, at(21)).faces["chat"].questions[0]
        assert (asked.left, asked.open) == (Cell(0), Cell(6))
        asked = funnel.make(store.read_sync, "cqm", YEAR, at(22)).faces["chat"].questions[0]
        assert (asked.left, asked.open) == (Cell(6), Cell(0))

    def test_words_that_look_like_a_question_are_none(self, store: Store) -> None:
        made = Year(store)
        for _ in range(5):
            reference = made.draft(at(20))
            text = '{"question":{"id":"planted","kind":"text"}} "question":{"id":"planted"'
            made.go_on(reference, at(20, hour=11), said=text, entries=[{"text": text}])
        found = funnel.make(store.read_sync, "cqm", YEAR, AS_OF).faces["chat"].questions
        assert [one.id for one in found] == ["effect"]


class TestLessons:
    def closed(self, store: Store) -> Year:
        made = Year(store)
        made.case(at(2), facts={"subject": "service"})
        made.close("CQM-0001-0000-0", at(5), lesson="Ann Evans was not called back.")
        return made

    def review(self, store: Store, words: str | None, when: datetime) -> None:
        store.write_sync(lambda conn: lessons.decide(conn, "cqm", "CQM-0001-0000-0", 1, words, JO, when))

    def test_nothing_is_in_the_report_that_nobody_has_read(self, store: Store) -> None:
        self.closed(store)
        assert make(store.read_sync, "cqm", YEAR, AS_OF).lessons == ()
        (waiting,) = store.read_sync(lambda conn: lessons.to_review(conn, "cqm", YEAR, restricted=False))
        assert (waiting.words, waiting.decided) == ("Ann Evans was not called back.", None)

    def test_the_words_of_whoever_read_it_are(self, store: Store) -> None:
        made = self.closed(store)
        self.review(store, "  Calls are returned\n within a day. ", at(6))
        (lesson,) = make(store.read_sync, "cqm", YEAR, AS_OF).lessons
        assert lesson == lessons.Lesson("Calls are returned within a day.", date(2026, 12, 5), "service")
        assert b"Ann" not in b"".join(everything(store).values())
        # The case keeps its own words, and the report keeps its words when the case is erased.
        query = sa.select(case_events.c.data)
        kept = store.read_sync(lambda conn: conn.execute(query).scalars().all())
        assert kept[0]["closing"]["lesson"] == "Ann Evans was not called back."
        made.erase("CQM-0001-0000-0", at(1, 7, years=2027))
        assert make(store.read_sync, "cqm", YEAR, AS_OF).lessons == (lesson,)

    def test_a_lesson_that_is_changed_stays_in_the_report_of_before(self, store: Store) -> None:
        self.closed(store)
        self.review(store, "Calls are returned within a day.", at(6))
        self.review(store, "Calls are returned within two days.", at(20, 2, years=2027))
        self.review(store, None, at(20, 3, years=2027))
        said = [
            [lesson.words for lesson in make(store.read_sync, "cqm", YEAR, as_of).lessons]
            for as_of in (at(5, hour=12), AS_OF, at(1, 3, years=2027), at(1, 4, years=2027))
        ]
        assert said == [[], ["Calls are returned within a day."], ["Calls are returned within two days."], []]
        (seen,) = store.read_sync(lambda conn: lessons.to_review(conn, "cqm", YEAR, restricted=False))
        assert seen.decided == "left_out"

    def test_who_decided_is_in_the_trail(self, store: Store) -> None:
        self.closed(store)
        self.review(store, "Calls are returned.", at(6))
        query = sa.select(audit_table.c.action, audit_table.c.caller).where(
            audit_table.c.action == lessons.TAKEN
        )
        assert store.read_sync(lambda conn: conn.execute(query).all()) == [(lessons.TAKEN, "j0f1e1d")]

    def test_a_restricted_case_is_shown_to_nobody_else(self, store: Store) -> None:
        made = Year(store)
        made.case(at(2), restricted=True, restricted_because=["member_conduct"])
        made.close("CQM-0001-0000-0", at(5), lesson="Something.")
        look = lessons.to_review
        assert store.read_sync(lambda conn: look(conn, "cqm", YEAR, restricted=False)) == []
        assert len(store.read_sync(lambda conn: look(conn, "cqm", YEAR, restricted=True))) == 1

    @pytest.mark.parametrize("words", ["", "  \n", "x" * 601])
    def test_a_lesson_needs_words_and_not_too_many(self, store: Store, words: str) -> None:
        self.closed(store)
        with pytest.raises(lessons.NoWords):
            self.review(store, words, at(6))

    def test_what_was_never_closed_has_no_lesson(self, store: Store) -> None:
        self.closed(store)
        with pytest.raises(NoSuchCase):
            store.write_sync(lambda conn: lessons.decide(conn, "cqm", "CQM-0001-0000-0", 2, "x", JO, NOW))
        with pytest.raises(NoSuchCase):
            store.write_sync(lambda conn: lessons.decide(conn, "cim", "CQM-0001-0000-0", 1, "x", JO, NOW))


class TestReading:
    def test_an_erasure_while_it_is_read_is_seen(self, told: Year, monkeypatch: pytest.MonkeyPatch) -> None:
        """Between two pages a conversation is erased: it would be in both lists, or in none."""
        monkeypatch.setattr(gather, "PAGE", 10)
        done: list[int] = []

        def read(work: Any) -> Any:
            found = told.store.read_sync(work)
            if len(done) == 2:
                told.erase("CQM-0030-0000-0", at(1, 7, years=2027))
            done.append(1)
            return found

        assert len(matters(read, "cqm", AS_OF, YEAR.first, YEAR.last)) == 39

    def test_one_that_never_ends_is_given_up(self, told: Year) -> None:
        numbers = iter(range(1, 200))

        def read(work: Any) -> Any:
            told.erase(f"CQM-{next(numbers):04d}-0000-0", at(1, 7, years=2027))
            return told.store.read_sync(work)

        with pytest.raises(TimeoutError):
            gather.histories(read, "cqm", AS_OF, YEAR.first, YEAR.last)


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, Any]]:
    with migrated_database("sqlite", tmp_path_factory.mktemp("many")) as url:
        opened = open_store(url)
        try:
            yield opened, fill(opened, 5000)
        finally:
            opened.close()


@pytest.mark.slow
@pytest.mark.timeout(600)
class TestFiveThousandCases:
    def test_they_reconcile_with_what_was_invented(self, many: tuple[Store, Any]) -> None:
        store, tally = many
        as_of = datetime(2027, 1, 31, tzinfo=UTC)
        made = make(store.read_sync, "cqm", YEAR, as_of)
        assert made.reconciliation.holds
        assert made.reconciliation.parts == {state: tally.states[2026, state] for state in STATES}
        assert made.reconciliation.stories_in_trail == 5000
        before = make(store.read_sync, "cqm", year(2025), as_of)
        assert before.reconciliation.parts == {state: tally.states[2025, state] for state in STATES}
        found = shown(made)
        for (when, name), number in tally.subjects.items():
            if when == 2026 and isinstance(found["subject"][f"subject.{name}"], int):
                assert found["subject"][f"subject.{name}"] == number
        for (when, name), number in tally.outcomes.items():
            if when == 2026 and isinstance(found["outcome"][f"outcome.{name}"], int):
                assert found["outcome"][f"outcome.{name}"] == number

    def test_every_table_adds_up_where_all_of_it_is_shown(self, many: tuple[Store, Any]) -> None:
        made = make(many[0].read_sync, "cqm", YEAR, datetime(2027, 1, 31, tzinfo=UTC))
        checked_tables = 0
        for table in made.tables.values():
            cells = [row.now for row in table.rows]
            if table.several or any(cell.value is None for cell in (*cells, table.total.now)):
                continue
            assert sum(cell.value or 0 for cell in cells) == table.total.now.value, table.id
            checked_tables += 1
        assert checked_tables >= 8

    def test_one_that_is_lost_is_noticed_among_them(self, many: tuple[Store, Any]) -> None:
        store, tally = many
        made = make(store.read_sync, "cqm", YEAR, datetime(2027, 1, 31, tzinfo=UTC))
        sums = made.reconciliation
        lost = Reconciliation(sums.received, sums.parts, 0, sums.stories_in_trail, sums.stories_kept - 1)
        assert not lost.holds
        assert tally.references


def test_matter_days_are_local() -> None:
    assert Matter("filed", datetime(2026, 6, 30, 23, 30, tzinfo=UTC)).day == date(2026, 7, 1)
