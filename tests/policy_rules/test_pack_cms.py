"""What CMS's pack must always and never do, proved over every case that its rules can tell apart."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from policy_rules.calendar import WorkingCalendar
from policy_rules.compiled import CompiledPack
from policy_rules.decide import decide
from policy_rules.decision import Decision
from policy_rules.facts import VOCABULARY
from policy_rules.loader import load_pack, parse_pack
from policy_rules.pack import Condition
from policy_rules.space import Node, accepts
from policy_rules.verify import verify

PACK = Path(__file__).parents[2] / "policy_rules" / "organisations" / "cms.yml"
COMPLAINT: Condition = {"nature": ("complaint", "appeal")}
STAFF: Condition = {"complainant_type": ("staff",)}
OUTSIDERS: Condition = {
    "complainant_type": tuple(v for v in VOCABULARY["complainant_type"].values if v != "staff")
}
UNANSWERED: Condition = {"stage_reached": ("none", "informal")}
DIRECTOR: Condition = {"subject": ("director",)}
ORAL: Condition = {"channel": ("phone", "voicemail", "in_person", "via_staff")}
UNAUTHORISED: Condition = {"on_behalf_of": ("other",), "representative_basis": ("none",)}


@pytest.fixture(scope="module")
def cms() -> CompiledPack:
    return CompiledPack(load_pack(PACK))


def planted(good: str, bad: str) -> CompiledPack:
    """The pack with one piece of its text replaced."""
    text = PACK.read_text("utf-8")
    assert text.count(good) == 1, f"{good!r} stands {text.count(good)} times"
    return CompiledPack(parse_pack(text.replace(good, bad), "planted.yml"))


def where(compiled: CompiledPack, *conditions: Condition) -> Node:
    """The cases in which all conditions hold; none may be finer than what the rules tell apart."""
    for condition in conditions:
        for level in compiled.space.levels:
            test = condition.get(level.fact)
            for group in level.classes:
                held = {accepts(test, value) for value in group}
                assert len(held) == 1, f"no rule tells these apart: {level.fact} {', '.join(group)}"
    return compiled.space.both(*(compiled.space.condition(condition) for condition in conditions))


def routed(compiled: CompiledPack, **wanted: str | None) -> Node:
    """The cases whose route has these fields."""

    def fits(index: object) -> bool:
        route = compiled.routes[int(str(index))]
        return all(getattr(route, name) == value for name, value in wanted.items())

    return compiled.space.map(compiled.route_root, fits)


def staged(compiled: CompiledPack) -> Node:
    """The cases that are taken as a complaint or as its appeal."""
    return compiled.space.either(routed(compiled, stage=stage) for stage in ("stage_1", "appeal"))


def having(compiled: CompiledPack, kind: str) -> Node:
    """The cases with a duty of this kind."""
    return compiled.space.either(compiled.part_roots[d.id] for d in compiled.pack.duties if d.kind == kind)


def escalates_to(compiled: CompiledPack, body: str, within: str | None) -> Node:
    rules = compiled.pack.escalations
    places = {i for i, rule in enumerate(rules) if (rule.to, rule.within) == (body, within)}
    assert places
    return compiled.space.map(compiled.escalation_root, lambda i: i in places)


def never(compiled: CompiledPack, *nodes: Node) -> None:
    """No case lies in all of these; a case that does is shown."""
    assert compiled.space.witness(compiled.space.both(*nodes)) is None


def same(compiled: CompiledPack, one: Node, other: Node) -> None:
    """The same cases lie in both, and there are some."""
    assert compiled.space.witness(one) is not None
    never(compiled, one, compiled.space.negate(other))
    never(compiled, other, compiled.space.negate(one))


class TestWhoAnswers:
    def test_a_complaint_from_staff_is_never_taken_here_at_any_stage(self, cms: CompiledPack) -> None:
        sent = routed(cms, disposition="signpost", handler="Discipline and Grievance policy")
        same(cms, where(cms, COMPLAINT, STAFF), sent)

    def test_staff_are_told_apart_for_complaints_alone(self, cms: CompiledPack) -> None:
        views = where(cms, {"nature": ("feedback", "compliment")})
        same(cms, views, routed(cms, disposition="accept", handler="CMS", stage=None))
        same(cms, where(cms, {"nature": ("enquiry",)}), routed(cms, disposition="refer_internal"))

    def test_nobody_else_is_refused_before_the_board_has_answered(self, cms: CompiledPack) -> None:
        open_still: Condition = {"stage_reached": ("none", "informal", "stage_1")}
        same(cms, where(cms, COMPLAINT, OUTSIDERS, open_still), staged(cms))
        assert not [r for r in cms.routes if r.disposition == "close_no_further_action"]

    def test_a_first_complaint_is_the_operations_directors_unless_it_is_about_a_director(
        self, cms: CompiledPack
    ) -> None:
        first = where(cms, COMPLAINT, OUTSIDERS, UNANSWERED)
        about = cms.space.both(first, where(cms, DIRECTOR))
        same(cms, about, routed(cms, handler="Appropriate board member", stage="stage_1"))
        others = cms.space.both(first, cms.space.negate(where(cms, DIRECTOR)))
        same(cms, others, routed(cms, handler="Operations Director", stage="stage_1"))

    def test_the_first_answer_opens_the_appeal_and_nothing_else_does(self, cms: CompiledPack) -> None:
        answered: Condition = {"stage_reached": ("stage_1",)}
        appeal = routed(cms, handler="Appropriate board member", stage="appeal")
        same(cms, where(cms, COMPLAINT, OUTSIDERS, answered), appeal)

    def test_after_the_appeal_comes_the_awarding_organisation(self, cms: CompiledPack) -> None:
        over: Condition = {"stage_reached": ("stage_2", "final")}
        sent = routed(cms, disposition="signpost", handler="Appropriate awarding organisation")
        same(cms, where(cms, COMPLAINT, OUTSIDERS, over), sent)

    def test_the_person_hears_who_is_next_and_how_soon_to_ask(self, cms: CompiledPack) -> None:
        board = escalates_to(cms, "Appropriate board member", "10 working days")
        same(cms, board, routed(cms, stage="stage_1"))
        body = escalates_to(cms, "Appropriate awarding organisation", None)
        same(cms, body, routed(cms, stage="appeal"))
        assert [rule.contact for rule in cms.pack.escalations] == [None, "awarding_organisation"]

    def test_whatever_is_accepted_about_a_director_shows_the_conflict(self, cms: CompiledPack) -> None:
        warned = cms.space.either(cms.part_roots[w.id] for w in cms.pack.warnings)
        same(cms, cms.space.both(where(cms, DIRECTOR), staged(cms)), warned)
        first = next(w for w in cms.pack.warnings if w.routes == ("about_a_director",))
        assert "Operations Director" in first.says


class TestPromises:
    def test_every_complaint_and_appeal_has_a_day_for_its_answer_and_nothing_else_has(
        self, cms: CompiledPack
    ) -> None:
        same(cms, cms.part_roots["answer"], routed(cms, stage="stage_1"))
        same(cms, cms.part_roots["appeal_answer"], routed(cms, stage="appeal"))
        same(cms, cms.part_roots["window_to_appeal"], routed(cms, stage="stage_1"))

    def test_no_acknowledgement_is_promised_to_anybody(self, cms: CompiledPack) -> None:
        assert not [clock for clock in cms.pack.clocks if clock.kind == "acknowledge"]
        silent = cms.space.either(cms.applies(s) for s in cms.pack.silent if s.kind == "acknowledge")
        same(cms, silent, routed(cms, disposition="accept"))

    def test_the_clocks_are_those_of_the_policy(self, cms: CompiledPack) -> None:
        assert {(c.amount, c.unit, c.first_day) for c in cms.pack.clocks} == {(10, "working_day", "next")}
        assert {c.id: (c.kind, c.by, c.from_event, c.force) for c in cms.pack.clocks} == {
            "answer": ("respond", "organisation", "received", "will"),
            "appeal_answer": ("respond", "organisation", "stage_began", "should"),
            "window_to_appeal": ("escalate", "complainant", "response_received", "must"),
        }

    @pytest.mark.parametrize(
        "kind",
        "investigate inform_of_timescale agree_timescale inform_of_results inform_board"
        " discuss_at_operations_meeting".split(),
    )
    def test_what_the_procedure_asks_of_the_first_answer_is_owed_to_every_complaint(
        self, cms: CompiledPack, kind: str
    ) -> None:
        same(cms, having(cms, kind), routed(cms, stage="stage_1"))

    def test_every_paper_is_filed_in_confidence_at_both_steps(self, cms: CompiledPack) -> None:
        for kind in ("keep_record", "keep_confidential", "repair_relationship"):
            same(cms, having(cms, kind), staged(cms))
        same(cms, having(cms, "improve_services"), routed(cms, disposition="accept"))

    def test_the_directors_are_consulted_on_every_serious_complaint(self, cms: CompiledPack) -> None:
        serious = cms.space.both(where(cms, {"serious": ("true",)}), routed(cms, stage="stage_1"))
        same(cms, serious, having(cms, "consult_directors"))

    def test_whatever_is_said_aloud_is_confirmed_in_writing(self, cms: CompiledPack) -> None:
        same(cms, cms.space.both(where(cms, ORAL), staged(cms)), having(cms, "confirm_in_writing"))

    def test_without_authority_consent_is_sought_and_nothing_else_changes(self, cms: CompiledPack) -> None:
        same(cms, cms.space.both(where(cms, UNAUTHORISED), staged(cms)), having(cms, "obtain_consent"))
        decided_by = [rule.when for rule in cms.routes]
        decided_by += [rule.when for rule in (*cms.pack.clocks, *cms.pack.escalations)]
        assert not any(UNAUTHORISED.keys() & when.keys() for when in decided_by)


class TestTheWindow:
    """The complainant's own ten working days, against a sum that walks the calendar day by day."""

    @staticmethod
    def _working_days_after(start: date, amount: int, calendar: WorkingCalendar) -> date:
        days = (start + timedelta(days=n) for n in range(1, 60))
        return [day for day in days if calendar.is_working(day)][amount - 1]

    @staticmethod
    def _decided(compiled: CompiledPack, answered: date, day: date) -> Decision:
        facts = {"stage_reached": "stage_1", "previous_response_at": answered.isoformat()}
        noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
        decision = decide(compiled, facts, noon, assume=True)
        assert isinstance(decision, Decision)
        return decision

    def test_an_appeal_a_day_late_is_shown_and_still_taken(self, cms: CompiledPack) -> None:
        """Every fifth day of two years: each weekday, each holiday season."""
        for answered in (date(2026, 1, 1) + timedelta(days=n) for n in range(0, 730, 5)):
            last_day = self._working_days_after(answered, 10, cms.calendar)
            assert not self._decided(cms, answered, last_day).warnings
            late = self._decided(cms, answered, last_day + timedelta(days=1))
            assert [(w.kind, w.last_day) for w in late.warnings] == [("outside_window", last_day)]
            assert (late.disposition, late.stage) == ("accept", "appeal")


class TestPlantedFaults:
    def test_an_appeal_that_lets_staff_in_is_found(self) -> None:
        good = "    when: {complainant_type: [staff]}\n"
        broken = planted(good, good.replace("]}", "], nature: [complaint]}"))
        with pytest.raises(AssertionError):
            TestWhoAnswers().test_a_complaint_from_staff_is_never_taken_here_at_any_stage(broken)

    def test_an_operations_director_who_judges_himself_is_found(self) -> None:
        good = "    when: {subject: [director]}\n    disposition: accept\n    handler: Appropriate board member\n"
        bad = (
            "    when: {subject: [certificate]}\n    disposition: accept\n    handler: Operations Director\n"
        )
        assert "own_judge" in {finding.kind for finding in verify(planted(good, bad))}

    def test_a_voicemail_that_nobody_writes_up_is_found(self) -> None:
        broken = planted("channel: [phone, voicemail, in_person", "channel: [phone, in_person")
        with pytest.raises(AssertionError, match="voicemail"):
            TestPromises().test_whatever_is_said_aloud_is_confirmed_in_writing(broken)

    def test_a_window_of_calendar_days_is_found(self) -> None:
        good = "    from: response_received\n    amount: 10\n    unit: working_day\n"
        broken = planted(good, good.replace("working_day", "calendar_day"))
        with pytest.raises(AssertionError):
            TestTheWindow().test_an_appeal_a_day_late_is_shown_and_still_taken(broken)
