"""What CMI's pack must always do, proved over every case that its rules can tell apart."""

from __future__ import annotations

from pathlib import Path

import pytest

from policy_rules.check import check_file
from policy_rules.compiled import CompiledPack
from policy_rules.loader import load_pack, parse_pack
from policy_rules.pack import Condition
from policy_rules.space import Node

PACK = Path(__file__).parents[2] / "policy_rules" / "organisations" / "cmi.yml"
COMPLAINT: Condition = {"nature": ("complaint", "appeal")}
ENQUIRY: Condition = {"nature": ("enquiry",)}
WRITTEN: Condition = {"channel": ("email", "chat", "social_media", "post")}


@pytest.fixture(scope="module")
def cmi() -> CompiledPack:
    return CompiledPack(load_pack(PACK))


def routed(compiled: CompiledPack, **wanted: str | None) -> Node:
    """The cases whose route has these fields."""

    def fits(index: object) -> bool:
        route = compiled.routes[int(str(index))]
        return all(getattr(route, name) == value for name, value in wanted.items())

    return compiled.space.map(compiled.route_root, fits)


def answered(compiled: CompiledPack, at_most: int) -> Node:
    """The cases that are promised an answer within so many working days."""
    clocks = [c for c in compiled.pack.clocks if c.kind == "respond" and c.amount <= at_most]
    assert {clock.unit for clock in clocks} == {"working_day"}
    return compiled.space.either(compiled.part_roots[clock.id] for clock in clocks)


def never(compiled: CompiledPack, *nodes: Node) -> None:
    """No case lies in all of these; a case that does is shown."""
    assert compiled.space.witness(compiled.space.both(*nodes)) is None


def test_every_check_passes() -> None:
    assert check_file(PACK) == []


def test_every_complaint_is_accepted_with_an_answer_in_three_working_days(cmi: CompiledPack) -> None:
    complaint = cmi.space.condition(COMPLAINT)
    never(cmi, complaint, cmi.space.negate(routed(cmi, disposition="accept", stage="single")))
    never(cmi, complaint, cmi.space.negate(cmi.part_roots["complaint_answer"]))
    never(cmi, complaint, cmi.space.negate(cmi.part_roots["complaint_timescale"]))


def test_every_written_question_is_answered_in_three_working_days_at_most(cmi: CompiledPack) -> None:
    written = cmi.space.condition({**ENQUIRY, **WRITTEN})
    never(cmi, written, cmi.space.negate(answered(cmi, 3)))


def test_whoever_leaves_a_message_is_called_back_and_no_question_waits_longer(cmi: CompiledPack) -> None:
    message = cmi.space.condition({"channel": ("voicemail",)})
    question = cmi.space.condition(
        {"channel": ("voicemail",), "nature": ("enquiry", "feedback", "compliment")}
    )
    never(cmi, message, cmi.space.negate(cmi.part_roots["message_call_back"]))
    never(cmi, question, cmi.space.negate(answered(cmi, 1)))


def test_the_same_day_is_for_employers_questions_of_systems_and_support_alone(cmi: CompiledPack) -> None:
    questions = cmi.space.condition(
        {
            **ENQUIRY,
            "complainant_type": ("employer_customer",),
            "subject": ("system_delivery", "process_support"),
        }
    )
    same_day = cmi.part_roots["same_day_answer"]
    never(cmi, questions, cmi.space.negate(same_day))
    never(cmi, same_day, cmi.space.negate(questions))


def test_only_what_is_asked_aloud_is_passed_on_without_a_case(cmi: CompiledPack) -> None:
    aloud = cmi.space.condition({**ENQUIRY, "channel": ("phone", "in_person", "via_staff")})
    never(cmi, routed(cmi, disposition="refer_internal"), cmi.space.negate(aloud))


def test_nothing_is_acknowledged_and_nobody_is_named_afterwards(cmi: CompiledPack) -> None:
    assert not [clock for clock in cmi.pack.clocks if clock.kind == "acknowledge"]
    assert not cmi.pack.escalations
    assert not [route for route in cmi.pack.routes if route.disposition == "signpost"]


def test_without_permission_nothing_of_another_persons_matter_is_disclosed(cmi: CompiledPack) -> None:
    unauthorised: Condition = {"on_behalf_of": ("other",), "representative_basis": ("none",)}
    matters = cmi.space.both(
        cmi.space.condition({**unauthorised, "nature": ("complaint", "appeal", "enquiry")}),
        routed(cmi, disposition="accept"),
    )
    never(cmi, matters, cmi.space.negate(cmi.part_roots["third_party"]))


def exactly(compiled: CompiledPack, first: Node, second: Node) -> None:
    """The same cases lie in both."""
    never(compiled, first, compiled.space.negate(second))
    never(compiled, second, compiled.space.negate(first))


def having(compiled: CompiledPack, kind: str) -> Node:
    """The cases with a duty of this kind."""
    return compiled.space.either(compiled.part_roots[d.id] for d in compiled.pack.duties if d.kind == kind)


def test_every_question_and_complaint_is_given_a_time_and_news_of_it(cmi: CompiledPack) -> None:
    matters = cmi.space.condition({"nature": ("complaint", "appeal", "enquiry")})
    for kind in ("agree_timescale", "keep_informed", "adapt_to_needs"):
        exactly(cmi, matters, having(cmi, kind))
    exactly(cmi, cmi.space.condition(ENQUIRY), having(cmi, "resolve_promptly"))


def test_what_is_promised_to_one_kind_of_customer_is_theirs_alone(cmi: CompiledPack) -> None:
    employers: Condition = {**ENQUIRY, "complainant_type": ("employer_customer",)}
    exactly(cmi, cmi.space.condition(employers), having(cmi, "dedicated_contact"))
    centres: Condition = {
        **ENQUIRY,
        "complainant_type": ("learning_organisation",),
        "subject": ("study_centre",),
    }
    exactly(cmi, cmi.space.condition(centres), having(cmi, "complete_approval"))
    certificates: Condition = {**centres, "subject": ("certificate",)}
    exactly(cmi, cmi.space.condition(certificates), cmi.part_roots["certificate_issue"])


def test_wherever_no_answer_is_dated_the_silence_is_declared(cmi: CompiledPack) -> None:
    silent = cmi.space.either(cmi.applies(s) for s in cmi.pack.silent if s.kind == "respond")
    exactly(cmi, cmi.space.negate(answered(cmi, 3)), silent)


def test_the_clocks_are_those_of_the_charter(cmi: CompiledPack) -> None:
    assert {(c.unit, c.from_event) for c in cmi.pack.clocks} == {("working_day", "received")}
    assert {c.id: (c.kind, c.amount, c.first_day, c.force) for c in cmi.pack.clocks} == {
        "complaint_answer": ("respond", 3, "next", "will"),
        "same_day_answer": ("respond", 0, "same", "will"),
        "learning_support_answer": ("respond", 2, "next", "where_possible"),
        "application_answer": ("respond", 3, "next", "will"),
        "application_outcome": ("confirm_outcome", 3, "next", "will"),
        "certificate_issue": ("issue_certificate", 15, "next", "will"),
        "written_answer": ("respond", 3, "next", "aims"),
        "feedback_answer": ("respond", 3, "next", "aims"),
        "message_answer": ("respond", 1, "next", "aims"),
    }


def test_the_proof_finds_a_written_question_that_has_lost_its_promise() -> None:
    """Planted: letters fall out of the reply promise."""
    good = "    routes: [written_query, learning_certificate]\n    when: {channel: [chat, email, post, social_media]}"
    text = PACK.read_text("utf-8")
    assert text.count(good) == 1
    broken = CompiledPack(parse_pack(text.replace(good, good.replace("post, ", "")), "planted.yml"))
    with pytest.raises(AssertionError):
        test_every_written_question_is_answered_in_three_working_days_at_most(broken)
