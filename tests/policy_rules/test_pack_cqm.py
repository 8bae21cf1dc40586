"""What CQM's pack must always and never do, proved over every case that its rules can tell apart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from policy_rules.calendar import WorkingCalendar
from policy_rules.compiled import CompiledPack
from policy_rules.decide import decide
from policy_rules.decision import Decision
from policy_rules.loader import load_pack, parse_pack
from policy_rules.pack import Condition
from policy_rules.space import Node, accepts
from policy_rules.verify import verify

PACK = Path(__file__).parents[2] / "policy_rules" / "organisations" / "cqm.yml"
COMPLAINT: Condition = {"nature": ("complaint", "appeal")}
UNANSWERED: Condition = {"stage_reached": ("none", "informal")}
ORAL: Condition = {"channel": ("phone", "voicemail", "in_person", "via_staff")}
UNAUTHORISED: Condition = {"on_behalf_of": ("other",), "representative_basis": ("none",)}


@pytest.fixture(scope="module")
def cqm() -> CompiledPack:
    return CompiledPack(load_pack(PACK))


def planted(good: str, bad: str) -> CompiledPack:
    """The pack with one piece of its text replaced."""
    text = PACK.read_text("utf-8")
    assert text.count(good) == 1, f"{good!r} stands {text.count(good)} times"
    return CompiledPack(parse_pack(text.replace(good, bad), "planted.yml"))


def where(compiled: CompiledPack, condition: Condition) -> Node:
    """The cases in which a condition holds; it must not be finer than what the rules tell apart.

    A diagram has one branch for all values that no rule tells apart, so a finer condition would be answered by
    the first of them alone.
    """
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


def accepted_complaints(compiled: CompiledPack) -> Node:
    accepted = routed(compiled, disposition="accept")
    return compiled.space.both(where(compiled, COMPLAINT), accepted)


def escalates_to(compiled: CompiledPack, body: str) -> Node:
    places = {i for i, escalation in enumerate(compiled.pack.escalations) if escalation.to == body}
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


def decided(compiled: CompiledPack, facts: dict[str, str], received_at: datetime) -> Decision:
    decision = decide(compiled, facts, received_at, assume=True)
    assert isinstance(decision, Decision)
    return decision


class TestWhoAnswers:
    def test_anyone_may_complain_so_who_they_are_sends_nobody_elsewhere(self, cqm: CompiledPack) -> None:
        assert "complainant_type" not in cqm.tested

    @pytest.mark.parametrize(
        ("stage_reached", "handler", "stage"),
        [
            ("stage_1", "Instructus Chief Executive", "stage_2"),
            ("stage_2", "Chair of CQM (or nominee)", "final"),
        ],
    )
    def test_each_answer_opens_the_next_stage_and_nothing_else_does(
        self, cqm: CompiledPack, stage_reached: str, handler: str, stage: str
    ) -> None:
        answered: Condition = {**COMPLAINT, "stage_reached": (stage_reached,)}
        same(cqm, routed(cqm, handler=handler, stage=stage), where(cqm, answered))

    def test_a_first_complaint_about_a_director_always_shows_the_conflict(self, cqm: CompiledPack) -> None:
        about: Condition = {"nature": ("complaint",), "subject": ("director",), **UNANSWERED}
        never(cqm, where(cqm, about), cqm.space.negate(routed(cqm, handler="Director concerned")))
        same(cqm, routed(cqm, handler="Director concerned"), cqm.part_roots["director_answers_own_case"])

    def test_nobody_accepts_a_complaint_about_a_director_without_a_warning(self, cqm: CompiledPack) -> None:
        about = where(cqm, {"subject": ("director",)})
        warned = cqm.space.either(cqm.part_roots[w.id] for w in cqm.pack.warnings if w.kind == "conflict")
        never(cqm, accepted_complaints(cqm), about, cqm.space.negate(warned))

    def test_only_who_is_unsure_is_sent_to_the_managing_director(self, cqm: CompiledPack) -> None:
        unsure = where(cqm, {"member_of_staff": ("unsure",)})
        never(cqm, routed(cqm, handler="Managing Director (MD)"), cqm.space.negate(unsure))
        assert cqm.default("member_of_staff", {}) == "known"

    def test_appeals_and_malpractice_are_referred_only_before_a_formal_answer(
        self, cqm: CompiledPack
    ) -> None:
        appeal = where(cqm, {**UNANSWERED, "nature": ("appeal",)})
        same(cqm, appeal, routed(cqm, handler="Appeals Procedure"))
        malpractice = where(cqm, {**UNANSWERED, "nature": ("complaint",), "subject": ("malpractice",)})
        same(cqm, malpractice, routed(cqm, handler="Malpractice - Maladministration Policy"))

    def test_the_esfa_hears_of_apprenticeships_alone_and_only_after_the_chair(
        self, cqm: CompiledPack
    ) -> None:
        after: Condition = {**COMPLAINT, "stage_reached": ("final",), "apprenticeship": ("true",)}
        same(cqm, routed(cqm, handler="ESFA Apprenticeship Service"), where(cqm, after))
        before: Condition = {**after, "stage_reached": ("stage_2",)}
        same(cqm, escalates_to(cqm, "ESFA Apprenticeship Service"), where(cqm, before))


class TestPromises:
    def test_acknowledgement_and_answer_are_promised_at_stage_one_alone(self, cqm: CompiledPack) -> None:
        for clock in ("acknowledged", "answered"):
            same(cqm, cqm.part_roots[clock], routed(cqm, stage="stage_1"))

    def test_later_stages_promise_news_of_what_will_be_done(self, cqm: CompiledPack) -> None:
        same(cqm, cqm.part_roots["action_by_chief_executive"], routed(cqm, stage="stage_2"))
        same(cqm, cqm.part_roots["action_by_chair"], routed(cqm, stage="final"))

    @pytest.mark.parametrize("part", ["record_sent", "copy_of_record"])
    def test_every_spoken_complaint_that_is_accepted_gets_its_record(
        self, cqm: CompiledPack, part: str
    ) -> None:
        spoken = cqm.space.both(accepted_complaints(cqm), where(cqm, ORAL))
        same(cqm, cqm.part_roots[part], spoken)

    def test_without_authority_consent_is_sought_and_nothing_else_changes(self, cqm: CompiledPack) -> None:
        unauthorised = where(cqm, UNAUTHORISED)
        never(cqm, accepted_complaints(cqm), unauthorised, cqm.space.negate(cqm.part_roots["consent_needed"]))
        decided_by = [rule.when for rule in cqm.routes]
        decided_by += [rule.when for rule in (*cqm.pack.clocks, *cqm.pack.escalations)]
        assert not any(UNAUTHORISED.keys() & when.keys() for when in decided_by)

    def test_questions_feedback_thanks_and_referrals_start_no_clock(self, cqm: CompiledPack) -> None:
        for clock in cqm.pack.clocks:
            never(cqm, cqm.part_roots[clock.id], cqm.space.negate(accepted_complaints(cqm)))

    def test_every_accepted_complaint_is_kept_confidential_and_reported_to_the_board(
        self, cqm: CompiledPack
    ) -> None:
        for duty in ("confidence_kept", "board_report"):
            same(cqm, cqm.part_roots[duty], accepted_complaints(cqm))


class TestWindows:
    """The complainant's own time, against a sum of its own that walks the calendar day by day."""

    @staticmethod
    def _working_days_after(start: date, amount: int, calendar: WorkingCalendar) -> date:
        days = (start + timedelta(days=n) for n in range(1, 60))
        return [day for day in days if calendar.is_working(day)][amount - 1]

    @staticmethod
    def _at_noon(day: date) -> datetime:
        return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)

    @staticmethod
    def _days_of_answers() -> Iterator[date]:
        """Every fifth day of two years: each weekday, each holiday season."""
        return (date(2026, 1, 1) + timedelta(days=n) for n in range(0, 730, 5))

    def _check(self, compiled: CompiledPack, stage_reached: str, answered: date, last_day: date) -> None:
        facts = {"stage_reached": stage_reached, "previous_response_at": answered.isoformat()}
        in_time = decided(compiled, facts, self._at_noon(last_day))
        late = decided(compiled, facts, self._at_noon(last_day + timedelta(days=1)))
        assert "outside_window" not in [w.kind for w in in_time.warnings]
        assert [w.last_day for w in late.warnings if w.kind == "outside_window"] == [last_day]
        assert late.disposition == "accept"

    def test_a_day_late_for_the_chief_executive_is_shown_and_still_accepted(self, cqm: CompiledPack) -> None:
        for answered in self._days_of_answers():
            self._check(cqm, "stage_1", answered, self._working_days_after(answered, 15, cqm.calendar))

    def test_a_day_late_for_the_chair_is_shown_and_still_accepted(self, cqm: CompiledPack) -> None:
        for answered in self._days_of_answers():
            self._check(cqm, "stage_2", answered, answered + timedelta(days=10))

    def test_the_ten_days_name_the_later_reading_too(self, cqm: CompiledPack) -> None:
        for answered in self._days_of_answers():
            facts = {"stage_reached": "stage_2", "previous_response_at": answered.isoformat()}
            late = decided(cqm, facts, self._at_noon(answered + timedelta(days=11)))
            warning = next(w for w in late.warnings if w.kind == "outside_window")
            assert warning.latest_day == self._working_days_after(answered, 10, cqm.calendar)


class TestContacts:
    def test_the_esfa_contact_is_stale_from_the_day_it_closed(self, cqm: CompiledPack) -> None:
        facts = {"stage_reached": "final", "complainant_type": "apprentice"}
        for day, stale in ((date(2025, 3, 30), False), (date(2025, 3, 31), True)):
            moment = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
            kinds = [w.kind for w in decided(cqm, facts, moment).warnings]
            assert ("stale_contact" in kinds) is stale

    def test_a_first_complaint_has_no_printed_address(self, cqm: CompiledPack) -> None:
        first = decided(cqm, {}, datetime(2026, 11, 20, 12, tzinfo=UTC))
        assert first.contact == {"email": None, "phone": None, "post": None, "url": None}


class TestPlantedFaults:
    def test_a_director_without_a_conflict_warning_is_found(self) -> None:
        conflict = "kind: conflict\n    routes: "
        broken = planted(f"{conflict}[about_a_director]", f"{conflict}[investigation]")
        assert "own_judge" in {finding.kind for finding in verify(broken)}

    def test_a_voicemail_without_a_record_is_found(self) -> None:
        text = PACK.read_text("utf-8").replace("voicemail, ", "")
        broken = CompiledPack(parse_pack(text, "planted.yml"))
        with pytest.raises(AssertionError, match="voicemail"):
            TestPromises().test_every_spoken_complaint_that_is_accepted_gets_its_record(broken, "record_sent")

    def test_a_record_that_the_chair_forgets_is_found(self, cqm: CompiledPack) -> None:
        clocks = tuple(
            clock.model_copy(update={"routes": clock.routes[:-1]}) if clock.id == "record_sent" else clock
            for clock in cqm.pack.clocks
        )
        broken = CompiledPack(replace(cqm.loaded, pack=cqm.pack.model_copy(update={"clocks": clocks})))
        with pytest.raises(AssertionError):
            TestPromises().test_every_spoken_complaint_that_is_accepted_gets_its_record(broken, "record_sent")

    def test_a_window_that_is_a_day_too_long_is_found(self, cqm: CompiledPack) -> None:
        clocks = tuple(
            clock.model_copy(update={"amount": 11}) if clock.id == "window_to_chair" else clock
            for clock in cqm.pack.clocks
        )
        longer = CompiledPack(replace(cqm.loaded, pack=cqm.pack.model_copy(update={"clocks": clocks})))
        with pytest.raises(AssertionError):
            TestWindows().test_a_day_late_for_the_chair_is_shown_and_still_accepted(longer)
