"""Whether a pack may be used: it loads, it holds over every case, and its worked examples come out."""

from __future__ import annotations

from policy_rules.compiled import CompiledPack
from policy_rules.errors import BrokenPack
from policy_rules.examples import check_examples
from policy_rules.loader import LoadedPack, parse_pack
from policy_rules.verify import refuse_if_unsound


def sound(loaded: LoadedPack, name: str, organisation: str) -> CompiledPack:
    """The pack, compiled. BrokenPack lists why it must not be used, or that it is another organisation's."""
    compiled = CompiledPack(loaded)
    found = compiled.pack.organisation.id
    if found != organisation:
        raise BrokenPack([f"{name}:1 it is the pack of '{found}', and not of '{organisation}'."])
    refuse_if_unsound(compiled)
    refuse_other_than_shown(compiled)
    return compiled


def sound_text(text: str, name: str, organisation: str) -> CompiledPack:
    """`sound`, from the text of a pack."""
    return sound(parse_pack(text, name), name, organisation)


def refuse_other_than_shown(compiled: CompiledPack) -> None:
    """BrokenPack where a worked example does not come out: what its author was sure of is not what people would get."""
    wrong = [finding for finding in check_examples(compiled) if finding.kind == "example"]
    if wrong:
        raise BrokenPack([finding.as_text(compiled.loaded.lines) for finding in wrong])
