"""Two public codes as packs of the tests: the model holds more than the five policies that it was made for."""

from __future__ import annotations

from pathlib import Path

import pytest

from policy_rules.check import check_file
from policy_rules.compiled import CompiledPack
from policy_rules.deadlines import extend, extension_limit
from policy_rules.errors import ExtensionRefused
from policy_rules.examples import decide_example
from policy_rules.loader import LoadedPack, load_pack
from policy_rules.names import SECTIONS
from policy_rules.verify import verify

PACKS = Path(__file__).parent / "packs"
CODES = {name: CompiledPack(load_pack(PACKS / f"{name}.yml")) for name in ("lgsco", "nhs")}


@pytest.mark.parametrize("code", CODES)
def test_nothing_is_left_to_mend(code: str) -> None:
    assert check_file(PACKS / f"{code}.yml") == []


@pytest.mark.parametrize("code", CODES)
def test_there_are_worked_examples_with_their_reasons(code: str) -> None:
    examples = CODES[code].pack.examples
    assert len(examples) >= 12
    assert all(len(example.because) > 20 for example in examples)


@pytest.mark.parametrize("code", CODES)
def test_no_rule_can_be_deleted_unnoticed(code: str) -> None:
    compiled = CODES[code]
    pack = compiled.pack
    hidden = {"reasons": None, "why_not": None, "readings": None}

    def seen(of: CompiledPack) -> list[dict[str, object]]:
        return [{**decide_example(of, example).as_json(), **hidden} for example in pack.examples]

    before, unnoticed = seen(compiled), []
    for section in SECTIONS:
        parts = getattr(pack, section)
        for place, part in enumerate(parts):
            if part is pack.routes[-1]:
                continue
            less = pack.model_copy(update={section: (*parts[:place], *parts[place + 1 :])})
            changed = CompiledPack(LoadedPack(less, compiled.sha256, compiled.loaded.lines))
            if not verify(changed) and seen(changed) == before:
                unnoticed.append(f"{section}: {part.id}")
    assert unnoticed == []


def test_the_council_may_take_its_twenty_days_more_once_with_a_reason_and_in_time() -> None:
    council = CODES["lgsco"]
    example = next(e for e in council.pack.examples if e.name == "Stage two, acknowledged")
    answer = next(clock for clock in council.pack.clocks if clock.id == "stage_two_answer")
    promised = decide_example(council, example).respond_by
    assert promised is not None
    limit = extension_limit(answer, promised, council.calendar)
    assert limit is not None
    assert str(limit) == "2027-02-02"
    moved = extend(
        answer, [promised], limit, on=promised, calendar=council.calendar, reason="An officer is ill."
    )
    assert (moved.due, moved.contact) == (limit, "ombudsman")
    with pytest.raises(ExtensionRefused, match="a reason"):
        extend(answer, [promised], limit, on=promised, calendar=council.calendar)
    with pytest.raises(ExtensionRefused, match="which is the limit"):
        extend(answer, [promised, limit], limit, on=promised, calendar=council.calendar, reason="Again.")


def test_the_trust_may_take_longer_only_as_agreed_before_the_time_is_over() -> None:
    trust = CODES["nhs"]
    answer = next(clock for clock in trust.pack.clocks if clock.id == "answer")
    promised = decide_example(trust, trust.pack.examples[0]).respond_by
    assert promised is not None
    later = promised.replace(year=promised.year + 1)
    assert extend(answer, [promised], later, on=promised, calendar=trust.calendar, agreed=True).due == later
    with pytest.raises(ExtensionRefused, match="has to agree"):
        extend(answer, [promised], later, on=promised, calendar=trust.calendar, reason="Busy.")
    with pytest.raises(ExtensionRefused, match="ran out"):
        extend(answer, [promised], later, on=later, calendar=trust.calendar, agreed=True)
