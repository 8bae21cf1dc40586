"""Diagrams count, list and describe cases exactly, and stop when they are told to."""

from __future__ import annotations

import itertools
import random

import pytest

from policy_rules.boxes import all_values, cover
from policy_rules.compiled import CompiledPack
from policy_rules.diff import diff
from policy_rules.limits import MAX_FACTS, MAX_RULES, MAX_VALUES, Budget, Undecided, too_large
from policy_rules.pack import Condition
from policy_rules.space import Node, Space, levels_for
from policy_rules.verify import shares, verify
from tests.policy_rules import tables
from tests.policy_rules.test_oracles import RECEIVED

FACTS = [("a", ("1", "2", "3")), ("b", ("x", "y")), ("c", ("x", "y", "z"))]
RULES: list[Condition] = [{"a": ("1",), "b": ("x",)}, {"b": ("y",), "c": ("x", "y")}, {"a": ("3",)}]


@pytest.fixture
def space() -> Space:
    return Space(levels_for(FACTS, RULES))


def listed(space: Space) -> Node:
    return space.decision_list(list(enumerate(RULES)), "none")


def by_hand(case: tuple[str, ...]) -> int | str:
    a, b, c = case
    if a == "1" and b == "x":
        return 0
    if b == "y" and c in ("x", "y"):
        return 1
    return 2 if a == "3" else "none"


def test_a_decision_list_is_the_first_match_and_counts_every_case(space: Space) -> None:
    node = listed(space)
    assert node == space.first_match([(i, space.condition(when)) for i, when in enumerate(RULES)], "none")
    cases = [by_hand(case) for case in itertools.product(*(values for _, values in FACTS))]
    assert space.counts(node) == {outcome: cases.count(outcome) for outcome in (0, 1, 2, "none")}
    assert space.count(node, 1) == cases.count(1)
    assert space.count(node, "no such outcome") == 0


def test_true_and_one_are_two_outcomes(space: Space) -> None:
    node = space.choose(space.condition(RULES[2]), space.leaf(1), space.true)
    assert (space.count(node, 1), space.count(node, True)) == (6, 12)


def test_differing_is_none_exactly_where_two_diagrams_agree(space: Space) -> None:
    one, other = listed(space), space.decision_list([(0, RULES[0]), (2, RULES[2]), (1, RULES[1])], "none")
    pairs = space.counts(space.differing(one, other))
    assert pairs.pop(None) == 16
    assert pairs == {(1, 2): 2}
    assert space.differing(one, one) == space.leaf(None)


def test_combine_joins_outcomes_case_by_case(space: Space) -> None:
    flags = [space.condition(when) for when in RULES]
    number = space.combine(lambda *on: sum(map(bool, on)), *flags)
    assert sum(int(str(n)) * count for n, count in space.counts(number).items()) == sum(
        space.count(flag) for flag in flags
    )


def test_boxes_share_no_case_and_lie_within(space: Space) -> None:
    for outcome in (0, 1, 2, "none"):
        cases = space.map(listed(space), lambda o, outcome=outcome: o == outcome)  # type: ignore[misc]
        boxes, rest = cover(space, cases, most=10)
        assert rest == 0
        covered = [
            case
            for box in boxes
            for case in itertools.product(
                *(box.get(fact, every) for fact, every in all_values(space).items())
            )
        ]
        assert len(covered) == len(set(covered)) == space.count(cases)
        assert {by_hand(case) for case in covered} == {outcome}


def test_what_a_few_boxes_leave_out_is_counted(space: Space) -> None:
    cases = space.map(listed(space), lambda outcome: outcome == "none")
    boxes, rest = cover(space, cases, most=1)
    assert len(boxes) == 1
    assert rest > 0


def test_a_route_is_given_the_cases_that_it_takes(mini: CompiledPack) -> None:
    taken = shares(mini)
    assert sum(taken.routes.values()) == taken.possible
    # An enquiry is one of five natures.
    assert taken.routes["enquiry"] * 5 == taken.possible
    assert taken.impossible == 0


# --- undecided, honestly -----------------------------------------------------------------------------------------


def ticking(seconds_a_look: float) -> Budget:
    """A budget whose clock goes on by this much whenever it is looked at."""
    now = itertools.count()
    return Budget(5, clock=lambda: next(now) * seconds_a_look)


def large(seed: int) -> CompiledPack:
    chance = random.Random(seed)  # noqa: S311 - no secret
    document = tables.random_document(chance, 10, 6, 54, limited=6)
    document["routes"][-1]["when"] = {}
    return tables.compiled(document)


def test_a_proof_that_runs_out_of_time_is_undecided_and_refused() -> None:
    found = verify(large(1), ticking(2))
    (undecided,) = [finding for finding in found if finding.kind == "undecided"]
    assert undecided.unsound
    assert "not done after 5 seconds" in undecided.says


def test_a_proof_in_time_is_decided_and_the_budget_is_taken_off_again() -> None:
    pack = large(2)
    assert not [finding for finding in verify(pack, Budget(60)) if finding.kind == "undecided"]
    assert pack.space.budget is None


def test_a_budget_counts_its_own_seconds() -> None:
    budget = ticking(1)
    for _ in range(4):
        budget.look()
    with pytest.raises(Undecided, match="5 seconds"):
        budget.look()


@pytest.mark.parametrize(
    ("facts", "values", "routes", "why"),
    [
        (MAX_FACTS + 1, 2, 3, f"its rules test {MAX_FACTS + 1} facts"),
        (2, MAX_VALUES + 1, 3, f"'f0' has {MAX_VALUES + 1} values"),
        (3, 3, MAX_RULES + 1, f"it has {MAX_RULES + 1} rules"),
    ],
)
def test_a_pack_past_the_caps_is_undecided_and_says_why(
    facts: int, values: int, routes: int, why: str
) -> None:
    chance = random.Random(7)  # noqa: S311 - no secret
    document = tables.random_document(chance, facts, values, routes, limited=0, density=1)
    pack = tables.compiled(document)
    assert why in (too_large(pack.pack) or "")
    (finding,) = verify(pack)
    assert why in finding.says
    document["routes"][0]["handler"] = "Somebody else"
    found = diff(pack, tables.compiled(document), RECEIVED)
    assert why in (found.undecided or "")
    assert [part.id for part in found.rules] == ["r0"]


def test_the_largest_pack_within_the_caps_is_attempted() -> None:
    chance = random.Random(3)  # noqa: S311 - no secret
    pack = tables.compiled(tables.random_document(chance, MAX_FACTS, 12, MAX_RULES, limited=0, density=0.9))
    assert too_large(pack.pack) is None
    # Whether it is done in half a second or undecided, there is an answer.
    assert verify(pack, Budget(0.5))
