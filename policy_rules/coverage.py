"""Which sentence of the published policy feeds which rule: the net for a rule that was never written.

A coverage file lists each sentence by the SHA-256 of its words, with the parts of the pack that it feeds, or why
it is no rule. The policy's own sentences are not kept.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from policy_rules.compiled import CompiledPack
from policy_rules.errors import BrokenPack, nearest
from policy_rules.examples import named_parts
from policy_rules.loader import Lines, read_yaml

_BREAK = re.compile(r"(?<=[.?!:;])[\s ]+(?=[\"'“‘(\[A-Z•])")
_NOISE = re.compile(r"[\s ]+")
_WORD = re.compile(r"\w")


def sentences(text: str) -> list[str]:
    """The sentences, headings and list items of a policy, in order, white space and list marks folded away."""
    found = []
    for line in text.splitlines():
        line = _NOISE.sub(" ", line).strip().strip("*#•- ").strip()
        for part in _BREAK.split(line):
            part = part.strip(" *")
            if _WORD.search(part):
                found.append(part)
    return found


def sentence_sha256(sentence: str) -> str:
    return hashlib.sha256(_NOISE.sub(" ", sentence).strip().encode()).hexdigest()


class Covered(BaseModel):
    """One sentence: its hash, where it stands, and the parts it feeds or why it is no rule."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    at: str
    feeds: tuple[str, ...] = ()
    not_a_rule: str | None = None


class Coverage(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    source_sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    sentences: Annotated[tuple[Covered, ...], Field(min_length=1)]


def load_coverage(path: Path) -> tuple[Coverage, Lines]:
    """A coverage file; BrokenPack says what to mend."""
    document, lines = read_yaml(path.read_text("utf-8"), path.name)
    try:
        return Coverage.model_validate(document), lines
    except ValidationError as error:
        raise BrokenPack([lines.say(tuple(e["loc"]), f"{e['msg']}.") for e in error.errors()]) from None


# Parts that need no sentence behind them: a silence is what the policy does not say, a warning may be ours.
_NEEDS_NO_SENTENCE = ("silent", "warnings", "readings")


def check_coverage(compiled: CompiledPack, path: Path) -> list[str]:
    """Findings as sentences: unknown parts, sentences without a use, parts that no sentence feeds."""
    coverage, lines = load_coverage(path)
    parts = named_parts(compiled)
    names = {name for _, name in parts}
    found = []
    fed: set[str] = set()
    for i, covered in enumerate(coverage.sentences):
        here = ("sentences", i)
        if bool(covered.feeds) == (covered.not_a_rule is not None):
            found.append(lines.say(here, "give either 'feeds' or 'not_a_rule'."))
        for name in covered.feeds:
            if name not in names:
                meant = nearest(name, names)
                hint = f" did you mean '{meant}'?" if meant else ""
                found.append(
                    lines.say(here, f"'{name}' is no part of the pack;{hint or ' mend or remove it.'}")
                )
        fed.update(covered.feeds)
    if coverage.source_sha256 != compiled.pack.source.sha256:
        found.append(
            lines.say(("source_sha256",), "the pack was read from another text (source.sha256 differs).")
        )
    own = compiled.loaded.lines
    for place, name in parts:
        if name not in fed and place[0] not in _NEEDS_NO_SENTENCE:
            found.append(own.say(place, f"'{name}' is fed by no sentence of the policy in {path.name}."))
    return found


def check_against_source(path: Path, source: str) -> list[str]:
    """Findings where a coverage file and the published text differ: sentences not listed, or listed and gone."""
    coverage, lines = load_coverage(path)
    listed = {covered.sha256: i for i, covered in enumerate(coverage.sentences)}
    found = []
    hashes = {sentence_sha256(s): s for s in sentences(source)}
    for digest, sentence in hashes.items():
        if digest not in listed:
            start = " ".join(sentence.split()[:6])
            found.append(
                f"{path.name}:1 a sentence of the policy is not listed: '{start} ...' ({digest[:12]})."
            )
    for digest, i in listed.items():
        if digest not in hashes:
            found.append(lines.say(("sentences", i), f"{digest[:12]} stands in no sentence of the policy."))
    if hashlib.sha256(source.encode()).hexdigest() != coverage.source_sha256:
        found.append(lines.say(("source_sha256",), "the text of the policy has changed."))
    return found
