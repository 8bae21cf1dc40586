"""Two versions of a pack: who would be treated differently, in words, in numbers, and with a case worked under both."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from policy_rules.compiled import CompiledPack
from policy_rules.diff import Difference, NotComparable, diff
from policy_rules.limits import Budget
from policy_rules.loader import LoadedPack, load_pack, parse_pack
from policy_rules.pack import Extension, Period
from policy_rules.shelf import SHIPPED

RECEIVED = datetime(2026, 12, 24, 16, 45, tzinfo=UTC)
Edit = Callable[[str, str], CompiledPack]


def shipped(organisation: str, *edits: tuple[str, str]) -> CompiledPack:
    """A shipped pack with the first place of each text replaced."""
    text = (SHIPPED / f"{organisation}.yml").read_text("utf-8")
    for old, new in edits:
        assert old in text, old
        text = text.replace(old, new, 1)
    return CompiledPack(parse_pack(text, f"{organisation}.yml"))


def compared(organisation: str, *edits: tuple[str, str]) -> Difference:
    return diff(shipped(organisation), shipped(organisation, *edits), RECEIVED)


CENTRE = 'subject: [study_centre], centre_procedure_exhausted: ["false"]'


class TestWhoIsTreatedDifferently:
    def test_a_lost_condition_is_told_in_plain_words(self) -> None:
        found = compared(
            "cim",
            (f"when: {{{CENTRE}}}", f"when: {{{CENTRE}, stage_reached: [final]}}"),
        )
        taken = next(g for g in found.groups if "before any answer" in g.who)
        assert taken.says.endswith(
            ": was sent to the Accredited Study Centre, would be answered by the Relevant department manager."
        )
        assert taken.says.startswith(
            "A complaint or an appeal about a study centre whose own procedure was not used, before any answer"
        )

    def test_the_groups_share_no_case_and_hold_all_that_changed(self) -> None:
        found = compared(
            "cqm", ("    when: {stage_reached: [stage_2]}\n", "    when: {stage_reached: [final]}\n")
        )
        assert len(found.groups) > 1
        assert sum(group.count or 0 for group in found.groups) == found.changed
        assert 0 < (found.changed or 0) < (found.cases or 0)

    def test_a_worked_example_shows_the_dates_of_a_stated_receipt(self) -> None:
        found = compared("cim", ("    amount: 2\n", "    amount: 3\n"))
        for group in found.groups:
            assert group.example is not None
            assert group.example.received_at == RECEIVED
            assert group.example.differs["acknowledge_by"] == ("2026-12-30", "2026-12-31")
            assert [(c.field, c.was, c.would_be) for c in group.changes] == [
                (
                    "clock acknowledge",
                    "2 working days from received (will)",
                    "3 working days from received (will)",
                )
            ]
        assert any("passed on to the Institute Secretary, on other terms" in g.says for g in found.groups)

    def test_a_stage_is_named_only_where_it_is_all_that_differs(
        self, mini: CompiledPack, edited: Edit
    ) -> None:
        found = diff(
            mini, edited("handler: Mini\n    stage: stage_1", "handler: Mini\n    stage: single"), RECEIVED
        )
        (group,) = found.groups
        assert (group.was, group.would_be) == ("answered by Mini (stage 1)", "answered by Mini (single)")

    def test_another_address_is_a_difference(self, mini: CompiledPack, edited: Edit) -> None:
        found = diff(mini, edited("https://body.example", "https://new.example"), RECEIVED)
        (group,) = found.groups
        assert group.changes[0].as_json() | {"count": 0} == {
            "field": "contact",
            "was": "https://body.example",
            "would_be": "https://new.example",
            "count": 0,
        }

    def test_a_removed_warning_is_a_difference(self, mini: CompiledPack, edited: Edit) -> None:
        found = diff(
            mini,
            edited("when: {subject: [director]}, clause", "when: {subject: [study_centre]}, clause"),
            RECEIVED,
        )
        (group,) = found.groups
        assert {change.field for change in group.changes} == {"warning conflict"}
        assert len(group.changes) == 2


class TestDates:
    def test_another_calendar_is_shown_on_a_day_on_which_it_matters(self) -> None:
        found = compared("cqm", ("nations: [england, wales]", "nations: [england, wales, scotland]"))
        assert found.changed
        shown = [g.example for g in found.groups if g.example is not None and g.example.differs]
        assert len(shown) == len(found.groups)
        assert any(
            "acknowledge_by" in example.differs or "respond_by" in example.differs for example in shown
        )

    def test_a_calendar_that_counts_the_same_days_changes_nothing(self) -> None:
        found = compared("cqm", ("nations: [england, wales]", "nations: [wales]"))
        assert found.changed == 0
        assert found.same_treatment
        assert [part.as_text() for part in found.rules] == ["calendar: it changed (nations)"]

    def test_a_closure_years_ahead_is_found_by_its_date(self) -> None:
        found = compared(
            "cqm", ("nations: [england, wales]}", "nations: [england, wales], closures: [2031-03-03]}")
        )
        example = found.groups[0].example
        assert example is not None
        assert example.received_at.year == 2031

    def test_a_shorter_window_is_shown_by_an_escalation_that_it_makes_late(
        self, mini: CompiledPack, edited: Edit
    ) -> None:
        found = diff(
            mini,
            edited("    amount: 10\n    unit: calendar_day\n", "    amount: 8\n    unit: calendar_day\n"),
            RECEIVED,
        )
        late = [g for g in found.groups if any(c.field == "last day" for c in g.changes)]
        assert late
        assert late[0].example is not None
        assert "previous_response_at" in late[0].example.facts
        assert "warnings" in late[0].example.differs

    def test_a_review_date_changes_the_warning_of_every_case(self) -> None:
        found = compared("cqm", ("next_review: 2024-11-24", "next_review: 2027-11-24"))
        assert found.changed == found.cases


class TestNothingChanges:
    def test_the_same_pack(self) -> None:
        found = compared("cms")
        assert found.same_treatment
        assert found.parts == []

    def test_other_words_are_listed_apart(self, mini: CompiledPack, edited: Edit) -> None:
        found = diff(mini, edited("says: The team answers.", "says: A team answers."), RECEIVED)
        assert found.same_treatment
        assert [part.as_text() for part in found.wording] == ["routes: 'first' changed (says)"]
        assert found.rules == []

    def test_a_warnings_words_are_wording(self, mini: CompiledPack, edited: Edit) -> None:
        found = diff(mini, edited("says: The Director is concerned.", "says: Take care."), RECEIVED)
        assert found.changed == 0
        assert [part.id for part in found.wording] == ["own_case"]

    def test_a_route_by_another_name_is_named_and_nobody_is_treated_differently(
        self, mini_text: str, mini: CompiledPack
    ) -> None:
        text = mini_text.replace("id: second\n", "id: again\n").replace("[second]", "[again]")
        text = text.replace("[first, second]", "[first, again]")
        found = diff(mini, CompiledPack(parse_pack(text, "mini.yml")), RECEIVED)
        assert found.changed == 0
        assert {part.as_text() for part in found.rules} >= {
            "routes: 'second' removed",
            "routes: 'again' added",
        }

    def test_rules_that_cannot_meet_may_change_places(self, mini_text: str, mini: CompiledPack) -> None:
        route = mini_text[mini_text.index("  - id: second\n") : mini_text.index("  - id: first\n")]
        text = mini_text.replace(route, "").replace("  - id: after_us\n", f"{route}  - id: after_us\n")
        found = diff(mini, CompiledPack(parse_pack(text, "mini.yml")), RECEIVED)
        assert found.same_treatment
        assert [part.as_text() for part in found.rules] in (
            ["routes: 'second' moved"],
            ["routes: 'after_us' moved"],
        )


class TestFactsAndAsking:
    def test_a_new_value_is_told_and_how_the_old_pack_takes_it(self) -> None:
        found = compared("cim", ("      - business_centre\n", "      - business_centre\n      - parking\n"))
        assert found.changed == 0
        assert not found.same_treatment
        assert found.facts == [
            "subject: the old pack does not know parking; there it counts as any value that no rule names.",
            "subject: people may now choose 'parking'; no route of the new pack names it.",
        ]

    def test_a_new_value_with_a_rule_is_compared_with_what_was_done_with_any_other(
        self, mini_text: str, mini: CompiledPack
    ) -> None:
        text = mini_text.replace("director, other]}", "director, parking, other]}")
        text = text.replace("when: {stage_reached: [final]}", "when: {subject: [parking]}")
        found = diff(mini, CompiledPack(parse_pack(text, "mini.yml")), RECEIVED)
        group = next(g for g in found.groups if "about parking" in g.who)
        assert group.was == "answered by Mini"
        assert group.example is not None
        assert group.example.facts["subject"] == "parking"

    def test_a_fact_that_only_one_pack_has_is_compared_too(self) -> None:
        extra = ("ask_order:\n", "  moon: {values: [full, new], default: new}\nask_order:\n  - moon\n")
        rule = (
            "  - id: enquiry\n    when: {nature: [enquiry]}\n",
            "  - id: enquiry\n    when: {moon: [full]}\n",
        )
        found = compared("cms", extra, rule)
        assert found.changed
        assert any("does not know this fact" in note for note in found.facts)
        back = diff(shipped("cms", extra, rule), shipped("cms"), RECEIVED)
        assert (back.changed, back.cases) == (found.changed, found.cases)

    def test_another_default_is_told_with_a_case_that_leaves_it_open(self) -> None:
        found = compared("cim", ("  needs_investigation: {}", '  needs_investigation: {default: "false"}'))
        assert found.changed == 0
        (group,) = found.assumed
        assert group.says == (
            "Where needs_investigation is not known it was taken as true, and would be taken as false."
        )
        assert group.example is not None
        assert "needs_investigation" not in group.example.facts
        assert group.example.differs["respond_by"] == ("2027-01-26", None)

    def test_another_order_of_questions_is_told(self) -> None:
        found = compared("cms", ("  - nature\n  - complainant_type\n", "  - complainant_type\n  - nature\n"))
        assert found.changed == 0
        assert [part.as_text() for part in found.asking] == ["ask_order: it changed"]
        assert not found.same_treatment


class TestUndecided:
    def test_what_takes_too_long_says_so_and_shows_what_was_met(self) -> None:
        old, new = (
            shipped("cim"),
            shipped("cim", (f"when: {{{CENTRE}}}", f"when: {{{CENTRE}, nation: [wales]}}")),
        )
        found = diff(old, new, RECEIVED, Budget(0))
        assert found.undecided == "it was not done after 0 seconds"
        assert (found.cases, found.changed, found.same_treatment) == (None, None, False)
        assert found.groups
        assert all(group.count is None and group.example is not None for group in found.groups)
        assert [part.id for part in found.rules] == ["study_centre_first"]

    def test_it_is_not_taken_for_no_difference(self) -> None:
        found = diff(shipped("cim"), shipped("cim"), RECEIVED, Budget(0))
        assert found.undecided is not None
        assert not found.same_treatment


def test_packs_of_two_organisations_are_not_compared() -> None:
    with pytest.raises(NotComparable, match="cim and cqm"):
        diff(shipped("cim"), shipped("cqm"), RECEIVED)


def test_a_pack_file_that_was_loaded_is_not_changed_by_comparing_it() -> None:
    old = CompiledPack(load_pack(SHIPPED / "cqm.yml"))
    before = (old.sha256, old.space.levels, dict(old.accepted))
    diff(
        old,
        shipped(
            "cqm",
            (
                "  - id: enquiry\n    when: {nature: [enquiry]}\n",
                "  - id: enquiry\n    when: {nature: [appeal]}\n",
            ),
        ),
        RECEIVED,
    )
    assert (old.sha256, old.space.levels, dict(old.accepted)) == before


# Every field of a clock and a duty that says what it is, with another value. A field that is added to the model has
# to be added here, and to be seen.
OTHER_CLOCK: dict[str, Any] = {
    "by": "complainant",
    "from_event": "happened",
    "amount": 7,
    "unit": "calendar_day",
    "first_day": "same",
    "force": "aims",
    "latest": Period(amount=9, unit="week"),
    "or_later": "known_about",
    "extension": Extension(amount=5, unit="working_day", clause="1", says="Once."),
    "may_stop": True,
    "early_exit": True,
    "discretion": True,
}
OTHER_DUTY: dict[str, Any] = {
    "from_event": "happened",
    "amount": 7,
    "unit": "calendar_day",
    "first_day": "same",
    "together_with": "acknowledge",
    "if_missed": "respond",
}


@pytest.mark.parametrize(
    ("section", "other"), [("clocks", OTHER_CLOCK), ("duties", OTHER_DUTY)], ids=["clock", "duty"]
)
def test_no_field_of_a_promise_can_change_unseen(
    mini: CompiledPack, section: str, other: dict[str, Any]
) -> None:
    first = getattr(mini.pack, section)[0]
    if section == "duties":
        first = first.model_copy(update={"amount": 3, "unit": "working_day"})
    old = with_first(mini, section, first)
    read = {"id", "clause", "says", "readings", "routes", "when", "opens", "kind"}
    assert set(type(first).model_fields) - read == set(other)
    for name, value in other.items():
        assert getattr(first, name) != value
        found = diff(old, with_first(mini, section, first.model_copy(update={name: value})), RECEIVED)
        assert found.changed, name
        assert found.groups[0].example is not None
        for change in found.groups[0].changes:
            assert change.was != change.would_be, name


def with_first(compiled: CompiledPack, section: str, part: Any) -> CompiledPack:
    parts = (part, *getattr(compiled.pack, section)[1:])
    pack = compiled.pack.model_copy(update={section: parts})
    return CompiledPack(LoadedPack(pack, compiled.sha256, compiled.loaded.lines))
