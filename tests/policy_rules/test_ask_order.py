"""An asking order that asks more than it need is advised against, with the person for whom it matters most."""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from policy_rules.check import advise_file, check_file
from policy_rules.compiled import CompiledPack
from policy_rules.facts import VOCABULARY
from policy_rules.limits import Budget, Undecided
from policy_rules.lint import MARGIN, Interview, advice, idle_choices, shorter_order
from policy_rules.loader import LoadedPack, load_pack
from policy_rules.names import fact_values
from policy_rules.questions import PERSON_FACTS, needs_of_person
from policy_rules.shelf import SHIPPED, PackShelf

SHELF = PackShelf()
HEAROUT = Path(sys.executable).with_name("hearout")


def reordered(compiled: CompiledPack, *first: str) -> CompiledPack:
    """The same pack, asking these facts first."""
    rest = [fact for fact in compiled.pack.ask_order if fact not in first]
    pack = compiled.pack.model_copy(update={"ask_order": (*first, *rest)})
    return CompiledPack(LoadedPack(pack, compiled.sha256, compiled.loaded.lines))


def asked_one_by_one(compiled: CompiledPack) -> Iterator[tuple[float, int]]:
    """(share, facts asked) of every way through the interview, value by value, as the dialogue asks."""
    waiting: list[tuple[float, dict[str, str]]] = [(1.0, {})]
    while waiting:
        share, known = waiting.pop()
        needs = [f for f in needs_of_person(compiled, known, ()) if f not in PERSON_FACTS]
        if not needs:
            yield share, len(known)
            continue
        fact = needs[0]
        if fact in VOCABULARY and VOCABULARY[fact].is_date:
            waiting.append((share, {**known, fact: "2026-12-01"}))
            continue
        values = compiled.pack.facts[fact].values or fact_values(compiled.pack, fact)
        waiting += [(share / len(values), {**known, fact: value}) for value in values]


@pytest.mark.parametrize("organisation", SHELF.ids())
def test_the_average_is_that_of_the_dialogue_itself(organisation: str) -> None:
    compiled = SHELF.get(organisation)
    interview = Interview(compiled)
    slow = sum(share * asked for share, asked in asked_one_by_one(compiled))
    assert interview.expected(interview.order()) == pytest.approx(slow)


@pytest.mark.parametrize("organisation", SHELF.ids())
def test_no_order_of_a_shipped_pack_would_ask_much_less(organisation: str) -> None:
    assert shorter_order(SHELF.get(organisation)) is None


@pytest.mark.parametrize("organisation", ["cipfa", "cmi", "cms"])
def test_moving_one_fact_at_a_time_finds_the_best_order_of_all(organisation: str) -> None:
    compiled = SHELF.get(organisation)
    worst = reordered(compiled, *reversed(Interview(compiled).order()))
    interview = Interview(worst)
    best = min(interview.expected(order) for order in itertools.permutations(interview.order()))
    now = interview.expected(interview.order())
    better = shorter_order(worst)
    if now - best <= MARGIN:
        assert better is None
    else:
        assert better is not None
        assert better.asks == pytest.approx(best)


def test_a_planted_bad_order_is_found_with_a_person_who_would_be_asked_less() -> None:
    bad = reordered(SHELF.get("cim"), "nation", "complainant_type")
    better = shorter_order(bad)
    assert better is not None
    assert better.asks < better.asked_now - 1
    assert len(better.questions) < len(better.questions_now)
    assert better.questions_now[:2] == ("nation", "complainant_type")
    # The person is asked exactly so by the interview of the pack itself.
    known: dict[str, str] = {}
    for fact in better.questions_now:
        assert next(f for f in needs_of_person(bad, known, ()) if f not in PERSON_FACTS) == fact
        known[fact] = better.facts[fact]
    assert not [f for f in needs_of_person(bad, known, ()) if f not in PERSON_FACTS]
    text = better.as_text()
    assert "facts of a person on average" in text
    assert "Example: nation=" in text


def test_it_is_advice_and_no_finding(tmp_path: Path) -> None:
    text = (SHIPPED / "cim.yml").read_text("utf-8")
    path = tmp_path / "cim.yml"
    path.write_text(
        text.replace("ask_order:\n", "ask_order:\n  - nation\n").replace(
            "  - stage_reached\n  - nation\n", "  - stage_reached\n"
        ),
        "utf-8",
    )
    assert check_file(path) == []
    assert [line for line in advise_file(path) if "'ask_order' asks" in line]


def test_choices_that_no_rule_tells_apart_are_named() -> None:
    found = set(idle_choices(SHELF.get("cms")))
    assert {("nature", ("complaint", "appeal")), ("nature", ("feedback", "compliment"))} <= found
    # Staff are sent elsewhere, so that choice is not among them.
    assert ("complainant_type", ("learner", "apprentice", "employer_customer", "public")) in found


def test_the_routes_are_listed_with_their_shares() -> None:
    lines = [line for line in advice(SHELF.get("cms")) if "takes" in line]
    assert len(lines) == len(SHELF.get("cms").pack.routes)
    assert "'enquiry' takes 105,600 of 528,000 cases (20.0%)." in lines[0]


def test_out_of_time_it_says_undecided() -> None:
    compiled = CompiledPack(load_pack(SHIPPED / "cqm.yml"))
    with pytest.raises(Undecided):
        shorter_order(compiled, Budget(0))
    assert "undecided, because it was not done after 0 seconds" in advice(compiled, Budget(0))[-1]


def test_a_broken_pack_gets_findings_and_no_advice(tmp_path: Path) -> None:
    path = tmp_path / "cim.yml"
    path.write_text(
        (SHIPPED / "cim.yml").read_text("utf-8").replace("[study_centre]", "[studycentre]"), "utf-8"
    )
    assert advise_file(path) == []
    assert check_file(path)


def test_the_command_shows_advice_only_when_asked() -> None:
    path = str(SHIPPED / "cms.yml")
    for option, shown in (((), False), (("--advice",), True)):
        done = subprocess.run(
            [str(HEAROUT), "check", *option, path], capture_output=True, text=True, timeout=60, check=False
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert ("advice: no rule tells apart" in done.stdout) is shown
