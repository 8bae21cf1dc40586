"""What is pointed out to staff as perhaps the same matter, on a corpus of pairs; and that nothing else becomes of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from cases import afterwards, erasure, likeness
from cases.events import Writer
from cases.likeness import WEEKS, overlap
from cases.models import person_marks
from cases.record import CaseRecord
from cases.store import Store, open_store
from tests.cases.builders import NOW, REFERENCE, a_record, file_a_case

SECOND = "CQM-0000-0001-1"
ANN = {"name": "Ann Evans", "email": "ann@example.org", "phone": "01792 123456"}
MARKED = "My assignment was marked six weeks late and two e-mails about it were never answered by the tutor."

# (what the pair shows, the earlier story, the later story, the later person, same subject)
SAME = [
    ("word for word", MARKED, MARKED, ANN, True),
    ("sent again a day later in other words", MARKED,
     "Two e-mails about my assignment were not answered. It was marked six weeks late.", ANN, True),
    ("a reminder that tells half of it", MARKED, "Still no answer: assignment marked six weeks late!", ANN, True),
    ("told longer the second time", "Certificate has a wrong name, nobody replies to e-mails.",
     "I wrote before: my certificate has the wrong name printed on it and nobody replies to any e-mails that I send "
     "to the office in Cardiff, which I find hard to bear.", ANN, True),
    ("the address in capitals", MARKED, MARKED, {**ANN, "name": None, "phone": None, "email": "ANN@Example.ORG"}, True),
    ("only the number, with its country", MARKED, MARKED, {"phone": "+44 1792 123456"}, True),
    ("only the name, and the same words", MARKED, MARKED, {"name": "Mrs Ann  EVANS"}, True),
    ("filed under another subject", MARKED, "Assignment marked late, e-mails never answered by tutor", ANN, False),
    ("in Welsh twice", "Cafodd fy aseiniad ei farcio chwe wythnos yn hwyr ac ni atebodd neb yr e-byst.",
     "Ni atebodd neb yr e-byst. Cafodd fy aseiniad ei farcio yn hwyr.", ANN, True),
    ("the same fee, asked about again", "I was charged the exam fee twice in November on the same card.",
     "The exam fee was taken twice from the card in November and I want it back.", ANN, True),
]  # fmt: skip
OTHERS = [
    ("another person, the same words", MARKED, MARKED, {"name": "Bob Rees", "email": "bob@example.org"}, True),
    ("the same person, another matter", MARKED,
     "The heating in the exam hall at Swansea was broken and three candidates had to leave before noon.", ANN, True),
    ("the same name, another matter", MARKED, "The fire alarm rang during the exam.", {"name": "Ann Evans"}, True),
    ("a first name alone", MARKED, MARKED, {"name": "Ann"}, True),
    ("nobody's name", MARKED, MARKED, {}, True),
    ("an anonymous one without an address", MARKED, MARKED, {"name": "Ann Evans", "_": "anonymous"}, True),
    ("the same subject and three common words", "Nobody answered my e-mail about the course materials.",
     "My course tutor shouted at me in front of the whole class and I left in tears.", ANN, True),
    ("a number too short to tell anybody by", MARKED, MARKED, {"phone": "3456"}, True),
    ("hardly a word", "Late marking", "Late certificate", ANN, True),
    ("the same training, another wrong", "The training in Leeds was cancelled on the morning and no refund came.",
     "The trainer in Leeds made remarks about women all through the second afternoon.", ANN, True),
]  # fmt: skip


def later(story: str, person: dict[str, Any], *, same_subject: bool = True, **changes: Any) -> CaseRecord:
    known = {"confidentiality": person["_"]} if "_" in person else {}
    person = {name: value for name, value in person.items() if name != "_"}
    values: dict[str, Any] = {
        "reference": SECOND,
        "conversation_reference": SECOND,
        "received_at": NOW + timedelta(days=3),
        "narrative": story,
        "complainant": person,
        "facts": {"subject": "service" if same_subject else "staff_member"},
    }
    return a_record(**{**values, **known, **changes})


def found(store: Store, record: CaseRecord) -> list[str]:
    return [like.reference for like in store.read_sync(lambda conn: likeness.find(conn, record))]


class TestOnTheCorpus:
    @pytest.mark.parametrize(
        ("what", "first", "second", "person", "same"), SAME, ids=[pair[0] for pair in SAME]
    )
    def test_the_same_matter_is_pointed_out(
        self, sqlite_url: str, what: str, first: str, second: str, person: dict[str, Any], same: bool
    ) -> None:
        del what
        with_store(sqlite_url, first, later(second, person, same_subject=same), [REFERENCE])

    @pytest.mark.parametrize(
        ("what", "first", "second", "person", "same"), OTHERS, ids=[pair[0] for pair in OTHERS]
    )
    def test_another_matter_is_not(
        self, sqlite_url: str, what: str, first: str, second: str, person: dict[str, Any], same: bool
    ) -> None:
        del what
        with_store(sqlite_url, first, later(second, person, same_subject=same), [])

    def test_a_measure_that_forgets_the_person_is_caught(self) -> None:
        """Planted: by words alone, other people's complaints would be pointed out too."""
        by_words = [pair[0] for pair in OTHERS if overlap(pair[1], pair[2]) >= likeness.ALIKE]
        assert "another person, the same words" in by_words

    def test_a_measure_by_subject_alone_is_caught(self) -> None:
        """Planted: a person with two complaints about the service would have them taken for one."""
        assert overlap(*OTHERS[1][1:3]) < likeness.SOMEWHAT


def with_store(url: str, first: str, record: CaseRecord, expected: list[str]) -> None:
    store = open_store(url)
    try:
        file_a_case(store, narrative=first, complainant=ANN)
        assert found(store, record) == expected
    finally:
        store.close()


class TestWhichCases:
    def test_the_same_is_found_on_both_databases(self, store: Store) -> None:
        file_a_case(store, narrative=MARKED, complainant=ANN)
        assert found(store, later(MARKED, ANN)) == [REFERENCE]

    def test_what_is_long_ago_is_another_matter(self, store: Store) -> None:
        file_a_case(store, narrative=MARKED, complainant=ANN)
        at_last = NOW + timedelta(weeks=WEEKS)
        assert found(store, later(MARKED, ANN, received_at=at_last)) == [REFERENCE]
        assert found(store, later(MARKED, ANN, received_at=at_last + timedelta(seconds=1))) == []

    def test_another_organisation_is_not_looked_at(self, store: Store) -> None:
        file_a_case(store, narrative=MARKED, complainant=ANN)
        assert found(store, later(MARKED, ANN, organisation="cim")) == []

    def test_a_linked_case_is_known_already(self, store: Store) -> None:
        file_a_case(store, narrative=MARKED, complainant=ANN)
        assert found(store, later(MARKED, ANN, linked=[REFERENCE])) == []
        assert found(store, later(MARKED, ANN, escalated_from=REFERENCE)) == []

    def test_a_case_is_not_like_itself(self, store: Store) -> None:
        file_a_case(store, narrative=MARKED, complainant=ANN)
        assert found(store, a_record(narrative=MARKED, complainant=ANN)) == []

    def test_only_hashes_are_kept_and_they_go_with_the_case(self, store: Store) -> None:
        file_a_case(store, narrative=MARKED, complainant=ANN)
        rows = store.read_sync(lambda conn: conn.execute(sa.select(person_marks)).all())
        assert {row.kind for row in rows} == {"email", "phone", "name"}
        assert all(len(row.mark) == 64 for row in rows)
        erased = store.write_sync(
            lambda conn: erasure.erase(conn, "cqm", [f"c-{REFERENCE}"], "retention", NOW)
        )
        assert erased.rows["person_marks"] == 3

    def test_marks_are_looked_up_by_their_index(self, sqlite_url: str) -> None:
        """Cheap: the cost is in how many cases this person has, not in how many there are."""
        plan = "EXPLAIN QUERY PLAN SELECT * FROM person_marks WHERE organisation='a' AND mark IN ('b', 'c') AND at>'d'"
        store = open_store(sqlite_url)
        try:
            told = store.read_sync(lambda conn: str(conn.exec_driver_sql(plan).all()))
        finally:
            store.close()
        assert "ix_person_marks_organisation_mark_at" in told


class TestLinkedByAPerson:
    STAFF = Writer("Eve", "staff")

    def test_a_person_links_two_cases_and_both_are_handed_over(self, store: Store) -> None:
        file_a_case(store, narrative=MARKED, complainant=ANN)
        file_a_case(
            store,
            narrative=MARKED,
            complainant=ANN,
            reference=SECOND,
            conversation_reference=SECOND,
            possible_duplicates=[REFERENCE],
        )
        assert self.link(store)
        first, second = (self.record(store, name) for name in (REFERENCE, SECOND))
        assert (first.linked, second.linked, second.possible_duplicates) == ([SECOND], [REFERENCE], [])
        assert not self.link(store)

    def link(self, store: Store) -> bool:
        return store.write_sync(
            lambda conn: afterwards.link(conn, "cqm", REFERENCE, SECOND, ("folder",), self.STAFF, NOW)
        )

    def record(self, store: Store, reference: str) -> CaseRecord:
        return store.read_sync(lambda conn: afterwards.standing(conn, "cqm", reference)).record
