"""What CIM's pack must never do, proved over every case that its rules can tell apart."""

from __future__ import annotations

from pathlib import Path

import pytest

from policy_rules.check import check_file
from policy_rules.compiled import CompiledPack
from policy_rules.loader import load_pack, parse_pack
from policy_rules.pack import Condition
from policy_rules.space import Node

PACK = Path(__file__).parents[2] / "policy_rules" / "organisations" / "cim.yml"
COMPLAINT: Condition = {"nature": ("complaint", "appeal")}
ANSWERED: Condition = {"stage_reached": ("stage_1", "stage_2", "final")}
AWARDING: Condition = {"subject": ("qualification_assessment", "exam_result", "certificate", "study_centre")}


@pytest.fixture(scope="module")
def cim() -> CompiledPack:
    return CompiledPack(load_pack(PACK))


def routed(compiled: CompiledPack, **wanted: str | None) -> Node:
    """The cases whose route has these fields."""

    def fits(index: object) -> bool:
        route = compiled.routes[int(str(index))]
        return all(getattr(route, name) == value for name, value in wanted.items())

    return compiled.space.map(compiled.route_root, fits)


def never(compiled: CompiledPack, *nodes: Node) -> None:
    """No case lies in all of these; a case that does is shown."""
    assert compiled.space.witness(compiled.space.both(*nodes)) is None


def test_every_check_passes() -> None:
    assert check_file(PACK) == []


def test_a_complaint_of_a_members_conduct_always_goes_to_the_institute_secretary(cim: CompiledPack) -> None:
    conduct = cim.space.condition({**COMPLAINT, "subject": ("member_conduct",)})
    to_secretary = routed(cim, disposition="refer_internal", handler="Institute Secretary")
    never(cim, conduct, cim.space.negate(to_secretary))
    never(cim, to_secretary, cim.space.negate(conduct))


def test_a_complaint_of_a_study_centre_whose_procedure_is_unused_is_never_accepted(cim: CompiledPack) -> None:
    unused: Condition = {**COMPLAINT, "subject": ("study_centre",), "centre_procedure_exhausted": ("false",)}
    never(cim, cim.space.condition(unused), routed(cim, disposition="accept"))


def test_nothing_that_cim_has_answered_is_accepted_again(cim: CompiledPack) -> None:
    answered = cim.space.condition({**COMPLAINT, **ANSWERED})
    never(cim, answered, routed(cim, disposition="accept"))


@pytest.mark.parametrize("regulator", ["Ofqual", "Qualifications Wales", "CCEA"])
def test_a_regulator_takes_only_awarding_matters_that_cim_has_answered(
    cim: CompiledPack, regulator: str
) -> None:
    sent = routed(cim, handler=regulator)
    allowed = cim.space.condition({**COMPLAINT, **ANSWERED, **AWARDING})
    assert cim.space.witness(sent) is not None
    never(cim, sent, cim.space.negate(allowed))


def test_nobody_in_scotland_is_sent_to_a_regulator(cim: CompiledPack) -> None:
    scotland = cim.space.condition({"nation": ("scotland",)})
    regulators = {i for i, body in enumerate(cim.pack.escalations) if body.to != "CIM"}
    assert len(regulators) == 3
    never(cim, scotland, cim.space.map(cim.escalation_root, lambda i: i in regulators))
    for i in regulators:
        never(cim, scotland, routed(cim, handler=cim.pack.escalations[i].to))


def test_every_complaint_that_cim_takes_is_acknowledged(cim: CompiledPack) -> None:
    taken = cim.space.either(
        [
            cim.space.both(cim.space.condition(COMPLAINT), routed(cim, disposition=disposition))
            for disposition in ("accept", "refer_internal")
        ]
    )
    acknowledged = cim.part_roots["acknowledgement"]
    never(cim, taken, cim.space.negate(acknowledged))
    never(cim, acknowledged, cim.space.negate(taken))


def test_questions_feedback_and_praise_start_no_clock(cim: CompiledPack) -> None:
    not_complaints = cim.space.condition({"nature": ("enquiry", "feedback", "compliment")})
    for clock in cim.pack.clocks:
        never(cim, not_complaints, cim.part_roots[clock.id])


def test_without_permission_every_complaint_taken_for_somebody_else_seeks_it(cim: CompiledPack) -> None:
    unauthorised: Condition = {**COMPLAINT, "on_behalf_of": ("other",), "representative_basis": ("none",)}
    taken = cim.space.both(cim.space.condition(unauthorised), cim.part_roots["acknowledgement"])
    never(cim, taken, cim.space.negate(cim.part_roots["third_party"]))


def exactly(compiled: CompiledPack, first: Node, second: Node) -> None:
    """The same cases lie in both."""
    never(compiled, first, compiled.space.negate(second))
    never(compiled, second, compiled.space.negate(first))


def complaints_taken(compiled: CompiledPack, *dispositions: str) -> Node:
    complaint = compiled.space.condition(COMPLAINT)
    taken = compiled.space.either(routed(compiled, disposition=d) for d in dispositions)
    return compiled.space.both(complaint, taken)


def test_what_cim_promises_under_scope_holds_for_every_complaint_that_it_takes(cim: CompiledPack) -> None:
    taken = complaints_taken(cim, "accept", "refer_internal")
    for duty in ("confidence", "record", "action", "monitoring"):
        exactly(cim, taken, cim.part_roots[duty])
    feedback = cim.space.both(
        cim.space.condition({"nature": ("feedback", "compliment")}), routed(cim, disposition="accept")
    )
    exactly(cim, cim.space.either([taken, feedback]), cim.part_roots["learning"])


def test_findings_and_twenty_days_go_with_an_investigation(cim: CompiledPack) -> None:
    looked_into = cim.space.condition({"needs_investigation": ("true",)})
    accepted = complaints_taken(cim, "accept")
    exactly(cim, cim.space.both(accepted, looked_into), cim.part_roots["investigation"])
    exactly(cim, cim.space.both(accepted, looked_into), cim.part_roots["answer"])
    taken = complaints_taken(cim, "accept", "refer_internal")
    exactly(cim, cim.space.both(taken, looked_into), cim.part_roots["results"])


def next_is(compiled: CompiledPack, name: str, contact: str) -> Node:
    """The cases in which this body, with this contact, is next after the handler."""
    bodies = {i for i, e in enumerate(compiled.pack.escalations) if (e.to, e.contact) == (name, contact)}
    return compiled.space.map(compiled.escalation_root, lambda i: i in bodies)


def test_an_accepted_awarding_matter_and_no_other_has_its_nations_regulator_next(cim: CompiledPack) -> None:
    awarding = cim.space.both(complaints_taken(cim, "accept"), cim.space.condition(AWARDING))
    exactly(cim, awarding, cim.part_roots["assessment_failure"])
    for nation, name, contact in (
        ("england", "Ofqual", "ofqual"),
        ("wales", "Qualifications Wales", "qualifications_wales"),
        ("northern_ireland", "CCEA", "ccea"),
    ):
        there = cim.space.both(awarding, cim.space.condition({"nation": (nation,)}))
        exactly(cim, there, next_is(cim, name, contact))


def test_cim_itself_is_next_only_after_a_study_centre(cim: CompiledPack) -> None:
    exactly(cim, routed(cim, handler="Accredited Study Centre"), next_is(cim, "CIM", "complaints"))


def test_the_clocks_are_those_of_the_policy(cim: CompiledPack) -> None:
    terms = {c.kind: (c.amount, c.unit, c.from_event, c.first_day, c.force) for c in cim.pack.clocks}
    assert terms == {
        "acknowledge": (2, "working_day", "received", "next", "will"),
        "respond": (20, "working_day", "received", "next", "will"),
    }


def test_the_proof_finds_a_study_centre_that_is_let_in_too_early() -> None:
    """Planted: the centre's rule forgets the centres in Wales."""
    good = 'when: {subject: [study_centre], centre_procedure_exhausted: ["false"]}'
    text = PACK.read_text("utf-8")
    assert text.count(good) == 1
    bad = good.replace("}", ", nation: {not: [wales]}}")
    broken = CompiledPack(parse_pack(text.replace(good, bad), "planted.yml"))
    with pytest.raises(AssertionError):
        test_a_complaint_of_a_study_centre_whose_procedure_is_unused_is_never_accepted(broken)
