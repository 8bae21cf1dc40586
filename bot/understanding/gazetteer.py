"""The names that people use for qualifications, modules and study centres, found word by word."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from bot.understanding.phrases import DATA, read_yaml
from bot.understanding.tokens import Tokens, tokens_of

FILE = DATA / "gazetteer.yml"
KINDS = ("qualifications", "modules", "centres", "not_centres")
SHARED = "any"  # known to every organisation


@dataclass(frozen=True, slots=True)
class Known:
    """A name of the gazetteer, at `words[first:last]`."""

    kind: str
    name: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Gazetteer:
    """By the first word of each wording, the rest of its words with their kind and name, the longest first."""

    wordings: Mapping[str, list[tuple[tuple[str, ...], str, str]]] = field(default_factory=dict)
    domains: frozenset[str] = frozenset()

    def find(self, tokens: Tokens) -> Iterator[Known]:
        """Every name, the longest at each place; none within another."""
        at = 0
        while at < len(tokens.words):
            end = at + 1
            for rest, kind, name in self.wordings.get(tokens.words[at], ()):
                last = at + 1 + len(rest)
                if tuple(tokens.words[at + 1 : last]) == rest:
                    yield Known(kind, name, at, last)
                    end = last
                    break
            at = end

    def ours(self, address: str) -> bool:
        """Whether an e-mail address is the organisation's own, and so not the writer's."""
        return address.rpartition("@")[2].lower() in self.domains


@cache
def gazetteer(organisation: str | None = None, file: Path = FILE) -> Gazetteer:
    """What is known to one organisation, or to all; raises OSError or ValueError where the file is not right."""
    lists: Mapping[str, Mapping[str, list[str]]] = read_yaml(file)
    wordings: dict[str, list[tuple[tuple[str, ...], str, str]]] = {}
    domains: set[str] = set()
    for name, known in lists.items():
        if unknown := known.keys() - {*KINDS, "domains"}:
            raise ValueError(f"{file.name}: {name} has an unknown list {min(unknown)!r}")
        if organisation is not None and name not in (organisation, SHARED):
            continue
        domains.update(known.get("domains", ()))
        for kind in KINDS:
            for line in known.get(kind, ()):
                first = line.split("|")[0].strip()
                for wording in line.split("|"):
                    words = tokens_of(wording).words
                    wordings.setdefault(words[0], []).append((tuple(words[1:]), kind, first))
    for entries in wordings.values():
        entries.sort(key=lambda entry: -len(entry[0]))
    return Gazetteer(wordings, frozenset(domains))
