"""Each fault that `hearout check` must find is planted, and seen to be found with a case that shows it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from policy_rules.compiled import CompiledPack
from policy_rules.errors import BrokenPack
from policy_rules.loader import parse_pack
from policy_rules.verify import Finding, refuse_if_unsound, verify

Edit = Callable[[str, str], CompiledPack]


def only(pack: CompiledPack, kind: str) -> list[Finding]:
    return [finding for finding in verify(pack) if finding.kind == kind]


def test_the_small_pack_has_nothing_to_mend(mini: CompiledPack) -> None:
    assert [finding.as_text(mini.loaded.lines) for finding in verify(mini)] == []


def test_a_gap_is_found_with_a_case_that_falls_through(edited: Edit) -> None:
    pack = edited(
        "  - id: first\n    disposition", "  - id: first\n    when: {subject: [service]}\n    disposition"
    )
    (gap,) = only(pack, "gap")
    assert gap.example is not None
    assert gap.example["subject"] != "service"
    assert pack.match(pack.with_defaults(gap.example)) is None
    with pytest.raises(BrokenPack, match="taken by no route"):
        refuse_if_unsound(pack)


def test_a_route_that_another_hides_is_found(edited: Edit) -> None:
    pack = edited("    when: {nature: [enquiry]}\n", "")
    hidden = {finding.says.split("'")[1] for finding in only(pack, "unreachable")}
    assert {"centre_first", "after_us", "second", "first"} <= hidden
    assert "'enquiry' stands above it" in only(pack, "unreachable")[0].says


def test_two_clocks_of_a_kind_are_found_with_a_case_that_has_both(edited: Edit) -> None:
    pack = edited("kind: acknowledge, routes: [first], from", "kind: respond, routes: [first], from")
    (double,) = only(pack, "double_clock")
    assert "'ack' and 'answer'" in double.says
    assert double.unsound


def test_a_promise_that_is_neither_made_nor_declared_silent_is_found(edited: Edit) -> None:
    pack = edited(
        "  - {id: no_second_ack, kind: acknowledge, routes: [second], clause: Stage two, says: No acknowledgement is promised.}",
        "  - {id: no_second_ack, kind: acknowledge, routes: [enquiry], clause: Stage two, says: No acknowledgement is promised.}",
    )
    (missing,) = only(pack, "missing_acknowledge")
    assert "'second' accepts" in missing.says
    assert missing.example is not None


def test_a_silence_that_contradicts_a_clock_is_found(edited: Edit) -> None:
    pack = edited("kind: acknowledge, routes: [second]", "kind: acknowledge, routes: [first, second]")
    assert "'no_second_ack' declares silence" in only(pack, "contradiction")[0].says


def test_a_signpost_to_ourselves_has_no_destination(edited: Edit) -> None:
    pack = edited("    handler: The Body\n    contact: body\n", "    handler: The Body\n")
    assert "'after_us' signposts without a destination" in only(pack, "no_destination")[0].says


def test_a_judge_in_their_own_case_is_found(edited: Edit) -> None:
    pack = edited("when: {subject: [director]}, clause", "when: {subject: [service]}, clause")
    (judge,) = only(pack, "own_judge")
    assert judge.example is not None
    assert judge.example["subject"] == "director"


def test_a_rule_that_applies_to_no_case_is_found(edited: Edit) -> None:
    pack = edited(
        "routes: [second], when: {subject: [director]}", "routes: [second], when: {nature: [enquiry]}"
    )
    assert any("'own_case'" in finding.says for finding in only(pack, "unreachable"))


def test_a_reading_and_a_contact_that_nothing_uses_are_found(edited: Edit) -> None:
    pack = edited("    readings: [ten_days]\n", "")
    assert [f.says for f in only(pack, "unused")] == ["the reading 'ten_days' is cited by no rule."]


def test_a_fact_without_a_default_is_found(mini_text: str) -> None:
    text = mini_text.replace(
        "when: {subject: [director]}, clause", "when: {previous_response_by: [md]}, clause"
    )
    text = text.replace("  on_behalf_of: {}\n", "  on_behalf_of: {}\n  previous_response_by: {}\n")
    text = text.replace("  - on_behalf_of\n", "  - on_behalf_of\n  - previous_response_by\n")
    pack = CompiledPack(parse_pack(text, "mini.yml"))
    assert any("no default" in finding.says for finding in verify(pack))


def test_impossible_cases_are_not_held_against_a_pack(edited: Edit) -> None:
    pack = edited(
        "officers: {The Director: director}",
        "officers: {The Director: director}\n"
        "impossible:\n  - {when: {stage_reached: [stage_1], subject: [director]}, because: a test}",
    )
    assert any("'own_case'" in finding.says for finding in only(pack, "unreachable"))
