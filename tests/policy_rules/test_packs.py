"""The shipped packs: sound, shown by their examples, true to a second derivation, and nothing in them idle."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from policy_rules.check import check_file
from policy_rules.compiled import CompiledPack
from policy_rules.coverage import check_against_source, load_coverage
from policy_rules.examples import decide_example, mismatches, named_parts
from policy_rules.loader import LoadedPack, load_pack, read_yaml
from policy_rules.names import SECTIONS
from policy_rules.pack import Example, Pack
from policy_rules.shelf import SHIPPED, pack_files
from policy_rules.verify import verify

ORGANISATIONS = ("cim", "cipfa", "cmi", "cms", "cqm")
SECOND = Path(__file__).parent / "second_derivation"
# The published policies stand beside the checkout where the packs are written; only their hashes are kept here.
SEEDS = Path(__file__).parents[3] / "shared" / "seeds"
PACKS = {path.stem: CompiledPack(load_pack(path)) for path in pack_files(SHIPPED)}


def test_the_first_five_organisations_are_here() -> None:
    assert tuple(sorted(PACKS)) == ORGANISATIONS


@pytest.mark.parametrize("organisation", ORGANISATIONS)
def test_nothing_is_left_to_mend(organisation: str) -> None:
    assert check_file(SHIPPED / f"{organisation}.yml") == []


@pytest.mark.parametrize("organisation", ORGANISATIONS)
def test_there_are_enough_worked_examples_and_each_gives_its_reasons(organisation: str) -> None:
    examples = PACKS[organisation].pack.examples
    assert len(examples) >= 15
    assert all(len(example.because) > 20 for example in examples)


def _second(organisation: str) -> tuple[Example, ...]:
    path = SECOND / f"{organisation}.yml"
    document, _ = read_yaml(path.read_text("utf-8"), path.name)
    return TypeAdapter(tuple[Example, ...]).validate_python(document)


@pytest.mark.parametrize("organisation", ORGANISATIONS)
def test_a_reader_who_never_saw_the_pack_derived_the_same(organisation: str) -> None:
    examples = _second(organisation)
    assert len(examples) >= 5
    differences = {
        example.name: found
        for example in examples
        if (found := mismatches(decide_example(PACKS[organisation], example), example))
    }
    assert differences == {}


@pytest.mark.parametrize("organisation", ORGANISATIONS)
def test_every_sentence_of_the_policy_is_accounted_for(organisation: str) -> None:
    coverage, _ = load_coverage(SHIPPED / f"{organisation}.coverage.yml")
    if not SEEDS.is_dir():
        # Away from the published texts the hashes still have to be the ones that the pack was read from.
        assert coverage.source_sha256 == PACKS[organisation].pack.source.sha256
        return
    texts = {hashlib.sha256(p.read_bytes()).hexdigest(): p.read_text("utf-8") for p in SEEDS.glob("*.txt")}
    source = texts[PACKS[organisation].pack.source.sha256]
    assert check_against_source(SHIPPED / f"{organisation}.coverage.yml", source) == []


# What a person or a case system sees of a Decision; reasons and readings alone are no consequence.
SEEN = (
    "disposition handler stage stage_name acknowledge_by respond_by clocks escalate_to escalate_within contact duties"
    " warnings"
).split()


def _seen(compiled: CompiledPack, example: Example) -> dict[str, Any]:
    shown = decide_example(compiled, example).as_json()
    return {name: shown[name] for name in SEEN}


def _without(pack: Pack, section: str, place: int) -> CompiledPack:
    parts = getattr(pack, section)
    changed = pack.model_copy(update={section: (*parts[:place], *parts[place + 1 :])})
    original = PACKS[pack.organisation.id].loaded
    return CompiledPack(LoadedPack(changed, original.sha256, original.lines))


def _deletable(organisation: str) -> list[tuple[str, int, str]]:
    pack = PACKS[organisation].pack
    return [
        (section, i, part.id)
        for section in SECTIONS
        for i, part in enumerate(getattr(pack, section))
        if not (section == "routes" and i == len(pack.routes) - 1)
    ]


@pytest.mark.parametrize("organisation", ORGANISATIONS)
def test_no_rule_can_be_deleted_unnoticed(organisation: str) -> None:
    """Each route, clock, duty, warning and escalation changes what somebody sees; each silence is needed."""
    compiled = PACKS[organisation]
    before = [_seen(compiled, example) for example in compiled.pack.examples]
    sound = {finding.says for finding in verify(compiled)}
    unnoticed = []
    for section, place, name in _deletable(organisation):
        changed = _without(compiled.pack, section, place)
        if {finding.says for finding in verify(changed)} - sound:
            continue
        if [_seen(changed, example) for example in compiled.pack.examples] == before:
            unnoticed.append(f"{section}: {name}")
    assert unnoticed == []


@pytest.mark.parametrize("organisation", ORGANISATIONS)
def test_every_part_is_named_in_plain_words(organisation: str) -> None:
    pack = PACKS[organisation].pack
    for section in SECTIONS:
        for part in getattr(pack, section):
            assert part.says.strip().endswith((".", "?")), part.id
            for sentence in part.says.split(". "):
                assert len(sentence.split()) <= 25, f"{part.id}: {sentence}"
    assert len(named_parts(PACKS[organisation])) > 10


@pytest.mark.parametrize("organisation", ORGANISATIONS)
def test_stories_are_there_to_try_the_interview_with(organisation: str) -> None:
    assert sum(example.story is not None for example in PACKS[organisation].pack.examples) >= 8
