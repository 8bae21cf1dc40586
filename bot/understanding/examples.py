"""Labelled utterances in the form of Rasa's NLU training data, read with the place of every line.

    version: "3.1"
    nlu:
      - intent: greeting
        examples: |
          - good morning
          - hello [Anna](name)

Markup of entities is taken off. Items that are no intent (lookup, synonym, regex) are passed over.
"""

from __future__ import annotations

import difflib
import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

_MARKUP = re.compile(r"\[([^\[\]]+)\](?:\([^()]*\)|\{[^{}]*\})")
_ENTRY_KEYS = ("intent", "examples", "metadata")
_OTHER_ENTRIES = ("lookup", "synonym", "regex", "rule", "story")


@dataclass(frozen=True, slots=True)
class Example:
    """One utterance and its label; `file` and `line` (from 1) are where it stands."""

    text: str
    label: str
    file: str
    line: int


class BrokenExamples(Exception):
    """Files of examples that cannot be used. `findings` has a sentence for each fault, with file and line."""

    def __init__(self, findings: Sequence[str]) -> None:
        super().__init__("\n".join(findings))
        self.findings = tuple(findings)


def example_files(path: Path) -> list[Path]:
    """The file itself, or the `*.yml` of a folder by name. Raises BrokenExamples when there is none."""
    files = sorted(path.glob("*.yml")) if path.is_dir() else [path] if path.is_file() else []
    if not files:
        raise BrokenExamples([f"{path}: there is no file of examples (*.yml) here"])
    return files


def read_examples(path: Path, known: Iterable[str] | None = None) -> list[Example]:
    """Every example of a file, or of a folder's files in order of name.

    `known` holds the labels that may stand there; without it any may. Raises BrokenExamples with every finding.
    """
    labels = None if known is None else sorted(known)
    findings: list[str] = []
    found: list[Example] = []
    for file in example_files(path):
        try:
            root = yaml.compose(file.read_text(encoding="utf-8"), Loader=yaml.CBaseLoader)
        except (OSError, UnicodeDecodeError) as error:
            findings.append(f"{file.name}: cannot be read: {error}")
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            findings.append(f"{file.name}:{line} is not YAML: {error.problem or error}")
        except yaml.YAMLError as error:
            findings.append(f"{file.name}: is not YAML: {error}")
        else:
            found += _of_document(root, file.name, labels, findings)
    findings += _twice(found)
    if not findings and not found:
        findings.append(f"{path}: holds no example")
    if findings:
        raise BrokenExamples(findings)
    return found


def fingerprint(examples: Iterable[Example]) -> str:
    """The sha256 of labels and texts, in hex; neither comments, file names nor the order of files count."""
    lines = sorted(f"{example.label}\t{example.text}\n" for example in examples)
    return hashlib.sha256("".join(lines).encode("utf-8", "surrogatepass")).hexdigest()


def _of_document(
    root: yaml.Node | None, file: str, known: Sequence[str] | None, findings: list[str]
) -> Iterator[Example]:
    if not isinstance(root, yaml.MappingNode):
        findings.append(f"{file}:1 must hold `version` and `nlu`")
        return
    top = _members(root)
    for key, node in top.items():
        if key not in ("version", "nlu"):
            findings.append(f"{file}:{_line(node)} unknown key {key!r}{nearest(key, ('version', 'nlu'))}")
    entries = top.get("nlu")
    if not isinstance(entries, yaml.SequenceNode):
        findings.append(f"{file}:{_line(entries or root)} `nlu` must be a list of intents")
        return
    for entry in entries.value:
        yield from _of_entry(entry, file, known, findings)


def _of_entry(
    entry: yaml.Node, file: str, known: Sequence[str] | None, findings: list[str]
) -> Iterator[Example]:
    members = _members(entry) if isinstance(entry, yaml.MappingNode) else {}
    if members.keys() & set(_OTHER_ENTRIES):
        return
    for key, node in members.items():
        if key not in _ENTRY_KEYS:
            findings.append(f"{file}:{_line(node)} unknown key {key!r}{nearest(key, _ENTRY_KEYS)}")
    intent, examples = members.get("intent"), members.get("examples")
    if not isinstance(intent, yaml.ScalarNode) or not intent.value or examples is None:
        findings.append(f"{file}:{_line(entry)} an entry must have `intent` and `examples`")
        return
    label = str(intent.value)
    if known is not None and label not in known:
        findings.append(f"{file}:{_line(intent)} unknown intent {label!r}{nearest(label, known)}")
        return
    for text, line in _texts(examples, file, label, findings):
        plain = _MARKUP.sub(r"\1", text).strip()
        if plain:
            yield Example(plain, label, file, line)
        else:
            findings.append(f"{file}:{line} an example of {label} is empty")


def _texts(node: yaml.Node, file: str, label: str, findings: list[str]) -> Iterator[tuple[str, int]]:
    """Each example and its line: of a block of lines, or of a list of `text` entries."""
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            text = _members(item).get("text") if isinstance(item, yaml.MappingNode) else item
            if isinstance(text, yaml.ScalarNode):
                yield str(text.value).strip().removeprefix("- "), _line(text)
            else:
                findings.append(f"{file}:{_line(item)} an example of {label} has no text")
        return
    if not isinstance(node, yaml.ScalarNode):
        findings.append(f"{file}:{_line(node)} the examples of {label} must be a block of `- ` lines")
        return
    # The text of a block begins on the line after its mark.
    first = _line(node) + (1 if node.style in ("|", ">") else 0)
    for offset, line in enumerate(str(node.value).split("\n")):
        said = line.strip()
        if said.startswith("- "):
            yield said[2:], first + offset
        elif said:
            findings.append(f"{file}:{first + offset} an example of {label} must begin with `- `")


def _twice(examples: Iterable[Example]) -> Iterator[str]:
    """The same text under two labels, or two times under one."""
    first: dict[str, Example] = {}
    for example in examples:
        key = " ".join(example.text.casefold().split())
        other = first.setdefault(key, example)
        if other is not example:
            yield (
                f"{example.file}:{example.line} an example of {example.label} stands already at "
                f"{other.file}:{other.line}, under {other.label}"
            )


def _members(node: yaml.MappingNode) -> dict[str, yaml.Node]:
    return {str(key.value): value for key, value in node.value}


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def nearest(name: str, known: Iterable[str]) -> str:
    """A phrase that names the most likely right name, or nothing."""
    near = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {near[0]!r}?" if near else ""
