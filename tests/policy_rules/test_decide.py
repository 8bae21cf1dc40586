"""Deciding whole and partial cases; what is still needed, against trying every case."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy_rules.compiled import CompiledPack
from policy_rules.decide import decide, parse_facts, parse_instant
from policy_rules.decision import Decision, Needs
from policy_rules.errors import BadInstant, UnknownFact, UnknownValue
from policy_rules.facts import VOCABULARY

RECEIVED = datetime(2026, 12, 24, 16, 45, tzinfo=UTC)


def whole(pack: CompiledPack, received: datetime = RECEIVED, **facts: str) -> Decision:
    decision = decide(pack, facts, received, assume=True)
    assert isinstance(decision, Decision)
    return decision


def test_christmas_is_counted_over(mini: CompiledPack) -> None:
    decision = whole(mini, subject="service")
    assert (str(decision.acknowledge_by), str(decision.respond_by)) == ("2026-12-30", "2027-01-12")


def test_the_first_route_that_matches_wins_and_the_others_say_why_not(mini: CompiledPack) -> None:
    decision = whole(mini, subject="study_centre")
    assert (decision.disposition, decision.handler) == ("signpost", "the study centre")
    assert decision.why_not == (("enquiry", "nature is complaint, not enquiry"),)
    assert decision.clocks == ()
    assert decision.escalate_to == "Mini"


def test_a_receipt_after_local_midnight_in_summer_counts_as_the_next_day(mini: CompiledPack) -> None:
    before = whole(mini, datetime(2026, 6, 30, 22, 59, tzinfo=UTC), subject="service")
    after = whole(mini, datetime(2026, 6, 30, 23, 0, tzinfo=UTC), subject="service")
    assert str(before.acknowledge_by) == "2026-07-02"
    assert str(after.acknowledge_by) == "2026-07-03"


@pytest.mark.parametrize(
    ("answered", "late", "says"),
    [
        ("2026-12-14", False, ""),
        ("2026-12-13", True, "other reading"),  # ten days end on the 23rd, ten working days on the 29th
        ("2026-12-01", True, "A person decides"),
    ],
)
def test_a_late_escalation_is_taken_and_shown_with_its_last_days(
    mini: CompiledPack, answered: str, late: bool, says: str
) -> None:
    decision = whole(mini, stage_reached="stage_1", previous_response_at=answered)
    assert decision.disposition == "accept"
    outside = [w for w in decision.warnings if w.kind == "outside_window"]
    assert bool(outside) is late
    if late:
        assert outside[0].last_day is not None
        assert outside[0].latest_day is not None
        assert outside[0].last_day < outside[0].latest_day
        assert says in outside[0].says


def test_unsettled_names_what_is_needed_in_order_and_fills_in_what_is_certain(mini: CompiledPack) -> None:
    found = decide(mini, {"nature": "complaint", "subject": "service", "on_behalf_of": "self"}, RECEIVED)
    assert isinstance(found, Needs)
    assert found.needs == ("stage_reached", "previous_response_at")
    shown = found.as_json()
    assert shown["settled"] is False
    assert shown["duties"] == []
    assert "handler" not in shown
    assert "clocks" not in shown


def test_what_is_assumed_is_what_was_needed(mini: CompiledPack) -> None:
    facts = {"nature": "complaint", "subject": "service"}
    needs = decide(mini, facts, RECEIVED)
    assumed = decide(mini, facts, RECEIVED, assume=True)
    assert isinstance(needs, Needs)
    assert isinstance(assumed, Decision)
    assert assumed.assumed == needs.needs


def test_a_settled_case_is_the_same_with_and_without_assuming(mini: CompiledPack) -> None:
    facts = {"nature": "enquiry", "on_behalf_of": "self"}
    assert decide(mini, facts, RECEIVED) == decide(mini, facts, RECEIVED, assume=True)


VALUES = {
    "nature": ("complaint", "enquiry"),
    "subject": ("service", "study_centre", "director"),
    "centre_procedure_exhausted": ("true", "false"),
    "stage_reached": ("none", "stage_1", "final"),
    "on_behalf_of": ("self", "other"),
    "representative_basis": ("none", "consent"),
}
SHOWN = ("disposition", "handler", "stage", "clocks", "escalate_to", "contact", "duties", "warnings")


def _outcome(pack: CompiledPack, facts: dict[str, str]) -> tuple[Any, ...]:
    decision = whole(pack, RECEIVED, **facts)
    return tuple(str(getattr(decision, name)) for name in SHOWN)


def _by_trying_everything(pack: CompiledPack, known: dict[str, str]) -> set[str]:
    """The facts that change the outcome of some completion, found by brute force."""
    open_facts = [fact for fact in VALUES if fact not in known]
    outcomes = {}
    for values in itertools.product(*(VALUES[fact] for fact in open_facts)):
        case = dict(zip(open_facts, values, strict=True))
        outcomes[values] = _outcome(pack, {**known, **case})
    found = set()
    for values, outcome in outcomes.items():
        for i, fact in enumerate(open_facts):
            for other in VALUES[fact]:
                if outcomes[(*values[:i], other, *values[i + 1 :])] != outcome:
                    found.add(fact)
    return found


@given(
    known=st.fixed_dictionaries({}, optional={fact: st.sampled_from(v) for fact, v in VALUES.items()}),
)
def test_needs_are_exactly_the_facts_that_can_change_the_outcome(
    mini: CompiledPack, known: dict[str, str]
) -> None:
    needs = set(mini.needs(known)) - {"previous_response_at"}
    assert needs == _by_trying_everything(mini, known)


def test_a_rule_that_loses_a_condition_asks_for_less(edited: Callable[[str, str], CompiledPack]) -> None:
    pack = edited(
        'when: {subject: [study_centre], centre_procedure_exhausted: ["false"]}',
        "when: {subject: [study_centre]}",
    )
    assert "centre_procedure_exhausted" not in pack.needs({})


class TestBadInput:
    def test_an_unknown_fact_names_the_nearest(self, mini: CompiledPack) -> None:
        with pytest.raises(UnknownFact, match="Did you mean 'subject'") as caught:
            parse_facts(mini, {"subjct": "service"})
        assert caught.value.problem()["where"] == "facts.subjct"

    def test_an_unknown_value_names_the_nearest(self, mini: CompiledPack) -> None:
        with pytest.raises(UnknownValue, match="Did you mean 'study_centre'"):
            parse_facts(mini, {"subject": "study_center"})

    @pytest.mark.parametrize("value", [3, ["service"], {"a": 1}, 1.5])
    def test_a_value_of_the_wrong_type_is_refused(self, mini: CompiledPack, value: object) -> None:
        with pytest.raises(UnknownValue, match="takes a word"):
            parse_facts(mini, {"subject": value})

    def test_booleans_are_taken_as_json_or_as_words(self, mini: CompiledPack) -> None:
        assert parse_facts(mini, {"serious": True, "apprenticeship": "false"}) == {
            "serious": "true",
            "apprenticeship": "false",
        }

    def test_every_value_of_the_vocabulary_is_taken_by_every_pack(self, mini: CompiledPack) -> None:
        for fact in VOCABULARY.values():
            for value in fact.values:
                assert parse_facts(mini, {fact.name: value}) == {fact.name: value}

    @pytest.mark.parametrize(
        "text", ["2026-12-24T16:45:00", "2026-12-24", "soon", "", "2026-13-01T00:00:00Z"]
    )
    def test_a_receipt_without_an_offset_is_refused(self, text: str) -> None:
        with pytest.raises(BadInstant):
            parse_instant(text, "received_at")

    @pytest.mark.parametrize("text", ["0001-01-01T00:00:00+00:00", "9999-12-31T23:59:00+00:00"])
    def test_a_year_without_known_holidays_is_refused(self, text: str) -> None:
        with pytest.raises(BadInstant, match="year"):
            parse_instant(text, "received_at")

    def test_a_date_may_be_an_instant_and_falls_on_its_local_day(self, mini: CompiledPack) -> None:
        facts = parse_facts(mini, {"previous_response_at": "2026-06-30T23:30:00+00:00"})
        assert facts == {"previous_response_at": "2026-07-01"}

    @pytest.mark.parametrize("value", ["yesterday", "2026-02-30", 7, True])
    def test_what_is_no_date_is_refused(self, mini: CompiledPack, value: object) -> None:
        with pytest.raises(UnknownValue, match="no date"):
            parse_facts(mini, {"previous_response_at": value})


def test_small_letters_in_an_instant_mean_the_same() -> None:
    assert parse_instant("2026-12-24t16:45:00z", "received_at") == parse_instant(
        "2026-12-24T16:45:00+00:00", "received_at"
    )
