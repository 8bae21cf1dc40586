"""What the guide says of properties and of `hearout diff` is what happens to the guide's own pack."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.cli.difference import difference_lines
from policy_rules.compiled import CompiledPack
from policy_rules.diff import diff
from policy_rules.errors import BrokenPack
from policy_rules.limits import MAX_FACTS, MAX_RULES, MAX_VALUES
from policy_rules.loader import parse_pack
from policy_rules.verify import refuse_if_unsound, verify
from tests.policy_rules.test_guide import GUIDE, _blocks

RECEIVED = datetime(2026, 12, 24, 16, 45, tzinfo=UTC)


def block(start: str) -> str:
    (found,) = [block for block in _blocks() if block.startswith(start)]
    return found.replace("<of the text you read>", "0" * 64)


def guide_pack(*edits: tuple[str, str]) -> CompiledPack:
    text = f"{block('organisation:')}\n{block('properties:')}\n"
    for old, new in edits:
        assert text.count(old) == 1
        text = text.replace(old, new)
    return CompiledPack(parse_pack(text, "acme.yml"))


def test_the_properties_of_the_guide_hold_of_its_pack() -> None:
    assert len(guide_pack().pack.properties) == 2
    assert verify(guide_pack()) == []


@pytest.mark.parametrize(
    ("good", "bad", "broken"),
    [
        (
            "disposition: refer_internal\n    handler: Examinations team",
            "disposition: accept\n    handler: Acme",
            "results_are_never_ours",
        ),
        (
            "kind: acknowledge, routes: [ours]",
            "kind: acknowledge, routes: [results]",
            "complaints_are_acknowledged",
        ),
    ],
)
def test_an_edit_that_breaks_one_is_refused(good: str, bad: str, broken: str) -> None:
    with pytest.raises(BrokenPack, match=f"'{broken}' must hold and does not"):
        refuse_if_unsound(guide_pack((good, bad)))


def test_the_difference_of_the_guide_is_what_is_printed() -> None:
    edit = (
        "when: {subject: [exam_result]}\n    disposition",
        "when: {subject: [exam_result], nature: [complaint]}\n    disposition",
    )
    old, new = guide_pack(), guide_pack(edit)
    assert [f.kind for f in verify(new) if f.unsound] == ["property"]
    printed = list(difference_lines(diff(old, new, RECEIVED), new))
    shown = block("The Acme Institute:").splitlines() + block("4  ").splitlines()
    assert [line for line in shown if line and line not in printed] == []


def test_the_caps_of_the_guide_are_those_of_the_code() -> None:
    assert f"({MAX_FACTS} facts, {MAX_VALUES} values, {MAX_RULES} rules)" in GUIDE.read_text("utf-8")
