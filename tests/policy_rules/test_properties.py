"""What a pack says must hold is proved; a rule that breaks it is refused, with the case that shows it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from policy_rules.compiled import CompiledPack
from policy_rules.errors import BrokenPack
from policy_rules.loader import load_pack, parse_pack
from policy_rules.shelf import SHIPPED, PackShelf
from policy_rules.verify import Finding, refuse_if_unsound, verify

# Organisation, what stands in its pack, what an unlucky edit makes of it, and the property that must catch it.
PLANTED = [
    pytest.param(
        "cim",
        "    when: {subject: [member_conduct]}\n    disposition: refer_internal\n    handler: Institute Secretary\n",
        "    when: {subject: [member_conduct]}\n    disposition: accept\n    handler: Relevant department manager\n",
        "conduct_is_never_a_service_complaint",
        id="CIM investigates a member's conduct itself",
    ),
    pytest.param(
        "cim",
        "    kind: respond\n    routes: [business_centre, business_centre_customer, department]\n",
        "    kind: respond\n    routes: [business_centre, business_centre_customer, department, member_conduct]\n",
        "conduct_has_no_service_answer",
        id="CIM promises a service answer about conduct",
    ),
    pytest.param(
        "cim",
        'subject: [study_centre], centre_procedure_exhausted: ["false"]}',
        'subject: [study_centre], centre_procedure_exhausted: ["false"], nation: [england]}',
        "centre_answers_first",
        id="CIM takes a centre's complaint in Wales before the centre",
    ),
    pytest.param(
        "cim",
        "    handler: Accredited Study Centre\n    contact: study_centre\n",
        "    handler: Accredited Study Centre\n",
        "every_signpost_leads_elsewhere",
        id="CIM sends somebody to the centre at its own address",
    ),
    pytest.param(
        "cipfa",
        "    when: {subject: [member_conduct]}\n    disposition: signpost\n",
        "    when: {subject: [member_conduct]}\n    disposition: accept\n    stage: stage_1\n",
        "conduct_is_never_a_service_complaint",
        id="CIPFA investigates a member's conduct itself",
    ),
    pytest.param(
        "cipfa",
        "warnings:\n",
        "warnings:\n",
        "nobody_judges_themselves",
        id="CIPFA's director answers a complaint about a director unwarned",
    ),
    pytest.param(
        "cms",
        "    when: {complainant_type: [staff]}\n",
        "    when: {complainant_type: [staff], channel: [email]}\n",
        "staff_use_their_own_policy",
        id="CMS accepts a complaint by staff that came by chat",
    ),
    pytest.param(
        "cqm",
        "warnings:\n",
        "warnings:\n",
        "directors_do_not_judge_themselves",
        id="CQM's director answers a complaint about a director unwarned",
    ),
]
# Where the edit takes away a warning whole, by its id.
WITHOUT = {"cipfa": "director_complained_of", "cqm": "director_answers_own_case"}


def shipped(organisation: str) -> str:
    return (SHIPPED / f"{organisation}.yml").read_text("utf-8")


def broken_properties(pack: CompiledPack) -> dict[str, Finding]:
    return {f.says.split("'")[1]: f for f in verify(pack) if f.kind == "property"}


@pytest.mark.parametrize(("organisation", "good", "bad", "caught_by"), PLANTED)
def test_a_planted_breach_is_refused_with_a_case(
    organisation: str, good: str, bad: str, caught_by: str
) -> None:
    text = shipped(organisation)
    before, found, after = text.partition(good)
    assert found, good
    pack = CompiledPack(parse_pack(before + bad + after, f"{organisation}.yml"))
    if good == bad:
        kept = tuple(w for w in pack.pack.warnings if w.id != WITHOUT[organisation])
        assert len(kept) == len(pack.pack.warnings) - 1
        loaded = type(pack.loaded)(
            pack.pack.model_copy(update={"warnings": kept}), pack.sha256, pack.loaded.lines
        )
        pack = CompiledPack(loaded)
    finding = broken_properties(pack)[caught_by]
    assert finding.unsound
    assert finding.example is not None
    # The case breaks it in the decisions themselves, not only in the diagram.
    match = pack.match(pack.with_defaults(finding.example))
    assert match is not None
    assert f"'{match.route.id}' takes it" in finding.says
    with pytest.raises(BrokenPack, match="must hold and does not"):
        refuse_if_unsound(pack)


@pytest.mark.parametrize("organisation", PackShelf().ids())
def test_every_shipped_pack_states_properties_and_keeps_them(organisation: str) -> None:
    pack = CompiledPack(load_pack(SHIPPED / f"{organisation}.yml"))
    assert len(pack.pack.properties) >= 2
    assert broken_properties(pack) == {}


# --- the small pack ----------------------------------------------------------------------------------------------

Edit = Callable[[str, str], CompiledPack]
OFFICERS = "officers: {The Director: director}\n"


def stating(edited: Edit, *properties: str) -> CompiledPack:
    lines = "".join(f"  - {{{stated}}}\n" for stated in properties)
    return edited(OFFICERS, f"{OFFICERS}properties:\n{lines}")


def test_never_and_always_hold_or_do_not(edited: Edit) -> None:
    pack = stating(
        edited,
        "id: a, says: Holds., when: {nature: [enquiry]}, never: {disposition: [accept]}",
        "id: b, says: Fails., never: {disposition: [refer_internal]}",
        "id: c, says: Holds., when: {nature: [complaint]}, always: {route: [centre_first, after_us, second, first]}",
        "id: d, says: Fails., when: {nature: [complaint]}, always: {clocks: [respond]}",
        "id: e, says: Holds., when: {subject: [director]}, never: {handler: [The Director]}, unless: {warnings: [conflict]}",
        "id: f, says: Fails., never: {stage: [stage_2], clocks: [respond]}, unless: {duties: [obtain_consent]}",
    )
    found = broken_properties(pack)
    assert found.keys() == {"b", "d", "f"}
    assert found["b"].example == {"nature": "enquiry"}
    assert found["f"].example is not None
    assert found["f"].example["stage_reached"] == "stage_1"


def test_a_property_that_speaks_of_no_case_is_found(edited: Edit) -> None:
    pack = stating(edited, "id: a, says: Idle., when: {nature: [feedback]}, never: {disposition: [accept]}")
    assert broken_properties(pack).keys() == {"a"}  # `feedback` is no rule's own value, yet it is a case
    idle = edited(
        OFFICERS,
        f"{OFFICERS}impossible:\n  - {{when: {{nature: [feedback]}}, because: a test}}\nproperties:\n"
        "  - {id: a, says: Idle., when: {nature: [feedback]}, never: {disposition: [accept]}}\n",
    )
    (finding,) = [f for f in verify(idle) if f.kind == "idle_property"]
    assert "speaks of no possible case" in finding.says


def test_properties_are_no_part_of_the_policys_hash(edited: Edit, mini: CompiledPack) -> None:
    pack = stating(edited, "id: a, says: Holds., when: {nature: [enquiry]}, never: {disposition: [accept]}")
    assert pack.sha256 == mini.sha256


@pytest.mark.parametrize(
    ("stated", "says"),
    [
        ("id: a, says: x, never: {handler: [The Directr]}", "did you mean 'The Director'?"),
        ("id: a, says: x, never: {clocks: [respnd]}", "unknown clock 'respnd'; did you mean 'respond'?"),
        ("id: a, says: x, never: {route: [frist]}", "did you mean 'first'?"),
        ("id: a, says: x, never: {contact: [bdy]}", "did you mean 'body'?"),
        ("id: a, says: x, never: {disposition: [acept]}", "Did you mean 'accept'?"),
        ("id: a, says: x, never: {dispositon: [accept]}", "did you mean 'disposition'?"),
        ("id: a, says: x, when: {nature: [enqiry]}, never: {stage: [final]}", "did you mean 'enquiry'?"),
        ("id: a, says: x", "give either 'never' or 'always'"),
        ("id: a, says: x, never: {}", "'never' names no outcome"),
        ("id: first, says: x, never: {stage: [final]}", "the id 'first' already names one of the routes"),
    ],
)
def test_a_slip_in_a_property_is_refused_with_the_nearest_right_name(
    mini_text: str, tmp_path: Path, stated: str, says: str
) -> None:
    path = tmp_path / "mini.yml"
    path.write_text(mini_text.replace(OFFICERS, f"{OFFICERS}properties:\n  - {{{stated}}}\n"), "utf-8")
    with pytest.raises(BrokenPack) as refused:
        load_pack(path)
    assert says in str(refused.value)
