"""Which cases are restricted, and the statutory clock: both are settled when a case is filed."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
import sqlalchemy as sa

from cases.models import clocks
from cases.register import list_cases
from cases.restricted import marked, prepared, speaks_of_special_category, together
from cases.store import Store
from policy_rules.statute import statutory_clocks
from tests.cases.builders import a_filing, a_record, say


@pytest.mark.parametrize(
    ("changes", "because"),
    [
        ({"facts": {"subject": "member_conduct"}}, ["member_conduct"]),
        ({"facts": {"under_disciplinary_scheme": "true"}}, ["disciplinary_scheme"]),
        ({"facts": {"subject": "director"}}, ["about_director"]),
        ({"confidentiality": "asked"}, ["confidentiality"]),
        ({"confidentiality": "none"}, []),
        ({"adjustments": "Large print"}, ["special_category"]),
        ({"narrative": "I told them of my epilepsy."}, ["special_category"]),
        ({"answers": {"added_words": "The tutor made racist remarks."}}, ["special_category"]),
        ({"flags": ["risk_of_harm"]}, ["risk_of_harm"]),
        ({"facts": {"subject": "exam_result"}, "narrative": "The mark was added up wrongly."}, []),
    ],
)
def test_a_case_is_restricted_for_reasons_that_are_named(
    changes: dict[str, object], because: list[str]
) -> None:
    record = marked(a_record(**changes))
    assert (record.restricted, record.restricted_because) == (bool(because), because)


def test_a_reason_once_found_stays() -> None:
    record = marked(a_record(facts={"subject": "member_conduct"}))
    later = marked(record.model_copy(update={"facts": {"subject": "service"}}))
    assert later.restricted_because == ["member_conduct"]


def test_a_case_that_was_told_together_with_a_restricted_one_is_restricted_too() -> None:
    """Both pages show the one conversation."""
    plain, about = a_filing(facts={"subject": "service"}), a_filing(facts={"subject": "director"})
    made = together([plain, about])
    assert [one.record.restricted_because for one in made] == [["told_together"], ["about_director"]]
    assert all(one.record.restricted for one in made)
    assert [one.record.restricted for one in together([plain, plain])] == [False, False]


def test_words_of_special_category_are_known_in_both_languages_and_ordinary_ones_pass() -> None:
    for text in (
        "She is dyslexic",
        "my GP said",
        "Mae gen i iselder",
        "I am a trade union member",
        "a DBS check",
    ):
        assert speaks_of_special_category(text), text
    for text in (
        "The course race was cancelled",
        "I had to hire a van",
        "my grade",
        "general practice paper",
    ):
        assert not speaks_of_special_category(text), text


def test_the_list_says_which_cases_are_restricted(store: Store) -> None:
    for reference, subject in (("CQM-1", "member_conduct"), ("CQM-2", "service")):
        filing = prepared(a_filing(reference=reference, facts={"subject": subject}))
        say(
            store,
            conversation_id=reference,
            key_hash=reference,
            reference=reference,
            state="filed",
            cases=(filing,),
        )
    say(store, conversation_id="c3", key_hash="k3", reference="CQM-3")
    listed = {one["reference"]: one["restricted"] for one in store.read_sync(list_cases)}
    assert listed == {"CQM-1": True, "CQM-2": False, "CQM-3": False}


def test_a_data_protection_complaint_gets_the_clock_of_the_law_beside_the_policys(store: Store) -> None:
    filing = prepared(a_filing(facts={"subject": "data_protection", "nature": "complaint"}))
    say(store, state="filed", cases=(filing,))
    rows = store.read_sync(lambda conn: conn.execute(sa.select(clocks.c.kind, clocks.c.due)).all())
    found = {row.kind: row.due for row in rows}
    assert found["acknowledge"] == date(2026, 12, 30)
    # Received on 24 December: day 30 is a Saturday in January, and no day off moves it.
    assert found["statutory_acknowledge"] == date(2027, 1, 23)
    assert filing.record.decision == a_filing().record.decision


@pytest.mark.parametrize(
    ("facts", "received", "due"),
    [
        ({"subject": "data_protection"}, datetime(2026, 12, 1, 9, tzinfo=UTC), "2026-12-31"),
        # 23:30 UTC in July is the next day in London.
        ({"subject": "data_protection"}, datetime(2026, 7, 1, 23, 30, tzinfo=UTC), "2026-08-01"),
        ({"subject": "data_protection"}, datetime(2026, 6, 18, 12, tzinfo=UTC), None),
        ({"subject": "data_protection"}, datetime(2026, 6, 19, 12, tzinfo=UTC), "2026-07-19"),
        ({"subject": "data_protection", "nature": "enquiry"}, datetime(2026, 12, 1, tzinfo=UTC), None),
        ({"subject": "service"}, datetime(2026, 12, 1, tzinfo=UTC), None),
    ],
)
def test_the_thirty_days_run_from_the_day_after_receipt_since_the_law_is_in_force(
    facts: dict[str, str], received: datetime, due: str | None
) -> None:
    assert [clock["due"] for clock in statutory_clocks(facts, received)] == ([due] if due else [])


def test_what_was_only_signposted_has_no_statutory_clock() -> None:
    filing = a_filing(state="signposted", facts={"subject": "data_protection", "nature": "complaint"})
    assert prepared(filing).record.statutory_clocks == []
