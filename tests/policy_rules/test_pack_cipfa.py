"""What CIPFA's pack must always and never do, proved over every case that its rules can tell apart."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from policy_rules.compiled import CompiledPack
from policy_rules.decide import decide
from policy_rules.decision import Decision
from policy_rules.facts import VOCABULARY
from policy_rules.loader import load_pack, parse_pack
from policy_rules.pack import Condition
from policy_rules.space import Node, accepts
from policy_rules.verify import verify

PACK = Path(__file__).parents[2] / "policy_rules" / "organisations" / "cipfa.yml"
COMPLAINT: Condition = {"nature": ("complaint", "appeal")}
UNAUTHORISED: Condition = {"on_behalf_of": ("other",), "representative_basis": ("none",)}
SCHEME: Condition = {"under_disciplinary_scheme": ("true",)}
STAGES = ("stage_1", "stage_2", "stage_3")


def subjects_but(*doors: str) -> tuple[str, ...]:
    """Every subject of the vocabulary save these."""
    return tuple(value for value in VOCABULARY["subject"].values if value not in doors)


# The subjects with no door of their own.
PLAIN = subjects_but("exam_result", "member_conduct", "qualification_assessment")


@pytest.fixture(scope="module")
def cipfa() -> CompiledPack:
    return CompiledPack(load_pack(PACK))


def planted(good: str, bad: str) -> CompiledPack:
    """The pack with one piece of its text replaced."""
    text = PACK.read_text("utf-8")
    assert text.count(good) == 1, f"{good!r} stands {text.count(good)} times"
    return CompiledPack(parse_pack(text.replace(good, bad), "planted.yml"))


def where(compiled: CompiledPack, condition: Condition) -> Node:
    """The cases in which a condition holds; it must not be finer than what the rules tell apart."""
    for level in compiled.space.levels:
        test = condition.get(level.fact)
        for group in level.classes:
            held = {accepts(test, value) for value in group}
            assert len(held) == 1, f"no rule tells these apart: {level.fact} {', '.join(group)}"
    return compiled.space.condition(condition)


def routed(compiled: CompiledPack, **wanted: str | None) -> Node:
    """The cases whose route has these fields."""

    def fits(index: object) -> bool:
        route = compiled.routes[int(str(index))]
        return all(getattr(route, name) == value for name, value in wanted.items())

    return compiled.space.map(compiled.route_root, fits)


def staged(compiled: CompiledPack) -> Node:
    """The cases that one of the three stages takes."""
    return compiled.space.either(routed(compiled, stage=stage) for stage in STAGES)


def having(compiled: CompiledPack, kind: str) -> Node:
    """The cases with a duty of this kind."""
    return compiled.space.either(compiled.part_roots[d.id] for d in compiled.pack.duties if d.kind == kind)


def clocked(compiled: CompiledPack, *kinds: str) -> Node:
    """The cases with a clock of one of these kinds."""
    return compiled.space.either(compiled.part_roots[c.id] for c in compiled.pack.clocks if c.kind in kinds)


def never(compiled: CompiledPack, *nodes: Node) -> None:
    """No case lies in all of these; a case that does is shown."""
    assert compiled.space.witness(compiled.space.both(*nodes)) is None


def same(compiled: CompiledPack, one: Node, other: Node) -> None:
    """The same cases lie in both, and there are some."""
    assert compiled.space.witness(one) is not None
    never(compiled, one, compiled.space.negate(other))
    never(compiled, other, compiled.space.negate(one))


class TestWhoAnswers:
    def test_a_complaint_about_a_member_is_never_accepted_whatever_went_before(
        self, cipfa: CompiledPack
    ) -> None:
        conduct = where(cipfa, {**COMPLAINT, "subject": ("member_conduct",)})
        same(cipfa, conduct, routed(cipfa, disposition="signpost", handler="Conduct and Ethics"))

    def test_whatever_questions_a_mark_is_for_the_qualifications_team_at_every_stage(
        self, cipfa: CompiledPack
    ) -> None:
        marks = where(cipfa, {"nature": ("complaint", "appeal", "enquiry"), "subject": ("exam_result",)})
        never(cipfa, marks, cipfa.space.negate(routed(cipfa, handler="Qualifications team")))
        appeals = where(
            cipfa,
            {
                "nature": ("appeal",),
                "subject": ("qualification_assessment",),
                "stage_reached": ("none", "informal"),
            },
        )
        same(cipfa, routed(cipfa, handler="Qualifications team"), cipfa.space.either([marks, appeals]))

    def test_a_complaint_about_how_an_assessment_was_run_stays_a_complaint(self, cipfa: CompiledPack) -> None:
        run = where(cipfa, {"nature": ("complaint",), "subject": ("qualification_assessment",)})
        over = where(cipfa, {"stage_reached": ("final",)})
        never(cipfa, run, cipfa.space.negate(over), cipfa.space.negate(staged(cipfa)))

    def test_questions_are_passed_to_customer_service_save_those_about_results(
        self, cipfa: CompiledPack
    ) -> None:
        questions = where(cipfa, {"nature": ("enquiry",), "subject": subjects_but("exam_result")})
        handed = routed(cipfa, disposition="refer_internal", handler="Customer Service Team")
        same(cipfa, questions, handed)

    def test_feedback_is_always_taken_and_starts_no_stage(self, cipfa: CompiledPack) -> None:
        feedback = where(cipfa, {"nature": ("feedback", "compliment")})
        same(cipfa, feedback, routed(cipfa, disposition="accept", stage=None))

    @pytest.mark.parametrize(
        ("reached", "handler", "stage"),
        [
            (("none", "informal"), "Customer Service Team", "stage_1"),
            (("stage_1",), "Senior manager", "stage_2"),
            (("stage_2",), "Relevant Director", "stage_3"),
        ],
    )
    def test_each_answer_opens_the_next_stage_and_nothing_else_does(
        self, cipfa: CompiledPack, reached: tuple[str, ...], handler: str, stage: str
    ) -> None:
        complaint: Condition = {"nature": ("complaint",), "subject": PLAIN, "stage_reached": reached}
        taken = routed(cipfa, handler=handler, stage=stage)
        never(cipfa, where(cipfa, complaint), cipfa.space.negate(taken))
        same(cipfa, taken, routed(cipfa, stage=stage))
        never(cipfa, taken, cipfa.space.negate(where(cipfa, {**COMPLAINT, "stage_reached": reached})))

    def test_after_the_directors_answer_nothing_is_accepted(self, cipfa: CompiledPack) -> None:
        over = where(cipfa, {"nature": ("complaint", "appeal"), "stage_reached": ("final",)})
        never(cipfa, over, routed(cipfa, disposition="accept"))
        closed = routed(cipfa, disposition="close_no_further_action")
        never(cipfa, closed, cipfa.space.negate(over))

    def test_no_complaint_is_refused_for_who_makes_it(self, cipfa: CompiledPack) -> None:
        assert "complainant_type" not in cipfa.tested


class TestPromises:
    def test_only_a_first_complaint_is_acknowledged_and_each_of_them_is(self, cipfa: CompiledPack) -> None:
        same(cipfa, cipfa.part_roots["acknowledgement"], routed(cipfa, stage="stage_1"))

    def test_near_the_scheme_only_the_acknowledgement_has_a_date_and_a_person_is_warned(
        self, cipfa: CompiledPack
    ) -> None:
        near = where(cipfa, SCHEME)
        never(cipfa, near, clocked(cipfa, "respond", "resolve_aim"))
        never(cipfa, near, having(cipfa, "resolve_promptly"))
        same(cipfa, cipfa.space.both(near, staged(cipfa)), cipfa.part_roots["scheme"])

    def test_the_scheme_moves_no_case_to_another_door(self, cipfa: CompiledPack) -> None:
        decided_by = [rule.when for rule in cipfa.routes]
        decided_by += [rule.when for rule in cipfa.pack.escalations]
        assert not any("under_disciplinary_scheme" in when for when in decided_by)

    def test_elsewhere_every_stage_has_its_target_and_the_overall_aim(self, cipfa: CompiledPack) -> None:
        usual = cipfa.space.both(staged(cipfa), cipfa.space.negate(where(cipfa, SCHEME)))
        for kind in ("respond", "resolve_aim"):
            same(cipfa, usual, clocked(cipfa, kind))

    def test_whoever_complains_at_any_stage_is_kept_informed_and_heard_in_full(
        self, cipfa: CompiledPack
    ) -> None:
        for kind in ("keep_informed", "address_fully_and_fairly"):
            same(cipfa, staged(cipfa), having(cipfa, kind))
        same(cipfa, routed(cipfa, stage="stage_1"), having(cipfa, "agree_timescale"))
        feedback = where(cipfa, {"nature": ("feedback", "compliment")})
        same(cipfa, cipfa.space.either([feedback, staged(cipfa)]), having(cipfa, "improve_services"))

    def test_a_failed_assessment_is_put_right_at_every_stage(self, cipfa: CompiledPack) -> None:
        assessed = where(cipfa, {"subject": ("qualification_assessment",)})
        same(cipfa, cipfa.space.both(assessed, staged(cipfa)), having(cipfa, "prevent_recurrence"))
        team = routed(cipfa, handler="Qualifications team")
        same(cipfa, team, having(cipfa, "guide_next_steps"))
        regulated = cipfa.space.either([team, cipfa.space.both(assessed, staged(cipfa))])
        same(cipfa, regulated, having(cipfa, "comply_with_regulator"))

    def test_without_authority_consent_is_sought_and_nothing_else_changes(self, cipfa: CompiledPack) -> None:
        matters = cipfa.space.either([staged(cipfa), routed(cipfa, handler="Qualifications team")])
        same(cipfa, cipfa.space.both(matters, where(cipfa, UNAUTHORISED)), cipfa.part_roots["third_party"])
        decided_by = [rule.when for rule in cipfa.routes]
        decided_by += [rule.when for rule in (*cipfa.pack.clocks, *cipfa.pack.escalations)]
        assert not any(UNAUTHORISED.keys() & when.keys() for when in decided_by)

    def test_a_director_never_gives_the_final_answer_on_a_director_unwarned(
        self, cipfa: CompiledPack
    ) -> None:
        about = where(cipfa, {"subject": ("director",)})
        third = routed(cipfa, stage="stage_3")
        same(cipfa, cipfa.space.both(about, third), cipfa.part_roots["director_complained_of"])

    def test_there_is_no_limit_for_going_further(self, cipfa: CompiledPack) -> None:
        assert not [clock for clock in cipfa.pack.clocks if clock.by == "complainant"]
        assert {escalation.within for escalation in cipfa.pack.escalations} == {None}

    def test_the_clocks_are_those_of_the_policy(self, cipfa: CompiledPack) -> None:
        assert {(c.unit, c.first_day) for c in cipfa.pack.clocks} == {("working_day", "next")}
        assert {c.id: (c.kind, c.amount, c.from_event, c.force) for c in cipfa.pack.clocks} == {
            "acknowledgement": ("acknowledge", 2, "received", "will"),
            "stage_1_target": ("respond", 2, "received", "where_possible"),
            "stage_2_target": ("respond", 4, "stage_began", "aims"),
            "stage_3_target": ("respond", 15, "stage_began", "aims"),
            "overall_aim": ("resolve_aim", 15, "original_received", "aims"),
        }


class TestTheOverallAim:
    """The fifteen days from the first receipt, whatever the stages take."""

    FIRST = datetime(2026, 10, 5, 12, tzinfo=UTC)

    def _aim(self, compiled: CompiledPack, stage_reached: str, original: datetime | None) -> date | None:
        facts = {"stage_reached": stage_reached}
        later = self.FIRST + timedelta(days=9)
        decision = decide(compiled, facts, later, assume=True, original_received_at=original)
        assert isinstance(decision, Decision)
        return {clock.kind: clock.due for clock in decision.clocks}["resolve_aim"]

    @pytest.mark.parametrize("stage_reached", ["stage_1", "stage_2"])
    def test_it_does_not_begin_again_with_a_later_stage(
        self, cipfa: CompiledPack, stage_reached: str
    ) -> None:
        assert self._aim(cipfa, stage_reached, self.FIRST) == date(2026, 10, 26)

    @pytest.mark.parametrize("stage_reached", ["stage_1", "stage_2"])
    def test_it_has_no_day_while_the_first_receipt_is_unknown(
        self, cipfa: CompiledPack, stage_reached: str
    ) -> None:
        assert self._aim(cipfa, stage_reached, None) is None

    def test_it_begins_with_a_first_complaint(self, cipfa: CompiledPack) -> None:
        assert self._aim(cipfa, "none", None) == date(2026, 11, 4)


class TestPlantedFaults:
    def test_a_member_whose_conduct_becomes_a_service_complaint_is_found(self) -> None:
        good = "    when: {subject: [member_conduct]}\n"
        broken = planted(good, good.replace("]}", "], stage_reached: [none]}"))
        with pytest.raises(AssertionError):
            TestWhoAnswers().test_a_complaint_about_a_member_is_never_accepted_whatever_went_before(broken)

    def test_a_date_that_survives_the_scheme_is_found(self) -> None:
        good = '    routes: [director]\n    when: {under_disciplinary_scheme: ["false"]}\n'
        broken = planted(good, "    routes: [director]\n")
        with pytest.raises(AssertionError):
            TestPromises().test_near_the_scheme_only_the_acknowledgement_has_a_date_and_a_person_is_warned(
                broken
            )

    def test_a_director_without_a_warning_is_found(self) -> None:
        broken = planted("when: {subject: [director]}", "when: {subject: [staff_member]}")
        assert "own_judge" in {finding.kind for finding in verify(broken)}

    def test_an_overall_aim_that_begins_again_is_found(self) -> None:
        broken = planted("    from: original_received\n", "    from: received\n")
        with pytest.raises(AssertionError):
            TestTheOverallAim().test_it_does_not_begin_again_with_a_later_stage(broken, "stage_1")
