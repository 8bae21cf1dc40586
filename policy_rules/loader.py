"""Reading a pack: YAML in which every scalar is text, pydantic, then the checks that need the whole pack.

Every complaint about a pack names the file and the line, what was found, what is allowed and the nearest right
name. Plain YAML would read `no` as False and `10:30` as 630, hence text scalars and a null of our own.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from policy_rules.errors import BrokenPack, nearest
from policy_rules.names import check_names
from policy_rules.pack import Pack

MAX_BYTES = 1_000_000
MAX_DEPTH, MAX_PARTS = 40, 100_000
_NULLS = {"", "~", "null"}
# The C loader is ten times faster; PyYAML ships without it on some platforms.
TextLoader: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)

Location = tuple[str | int, ...]


@dataclass(slots=True)
class Lines:
    """Where each part of a file stands: path of keys and indexes -> line number from 1."""

    file: str
    at: dict[Location, int] = field(default_factory=dict)

    def line(self, path: Location) -> int:
        """The line of the nearest enclosing part that stands in the file."""
        while path and path not in self.at:
            path = path[:-1]
        return self.at.get(path, 1)

    def say(self, path: Location, sentence: str) -> str:
        return f"{self.file}:{self.line(path)} {sentence}"


@dataclass(frozen=True, slots=True)
class LoadedPack:
    """A valid pack with its canonical hash and the lines of its file."""

    pack: Pack
    sha256: str
    lines: Lines


def _plain(node: yaml.Node, path: Location, lines: Lines, problems: list[str]) -> Any:
    if len(path) > MAX_DEPTH:
        raise BrokenPack([f"{lines.file}:{node.start_mark.line + 1} is nested more than {MAX_DEPTH} deep."])
    if len(lines.at) > MAX_PARTS:
        # A few lines of references to references can stand for more than any memory holds.
        raise BrokenPack(
            [f"{lines.file}:{node.start_mark.line + 1} has parts that repeat beyond {MAX_PARTS}."]
        )
    lines.at[path] = node.start_mark.line + 1
    if isinstance(node, yaml.ScalarNode):
        return None if not node.style and node.value in _NULLS else node.value
    if isinstance(node, yaml.SequenceNode):
        return [_plain(child, (*path, i), lines, problems) for i, child in enumerate(node.value)]
    found: dict[str, Any] = {}
    for key_node, value_node in node.value:
        key = str(key_node.value)
        lines.at[(*path, key)] = key_node.start_mark.line + 1
        if key in found:
            problems.append(lines.say((*path, key), f"'{key}' stands twice here; keep one of them."))
        found[key] = _plain(value_node, (*path, key), lines, problems)
        lines.at[(*path, key)] = key_node.start_mark.line + 1
    return found


def read_yaml(text: str, file: str) -> tuple[Any, Lines]:
    """The document as dicts, lists and text, with the line of each part; BrokenPack if it is not YAML."""
    if "\x00" in text:
        raise BrokenPack([f"{file}:1 the file holds a NUL character; it is not text."])
    try:
        node = yaml.compose(text, Loader=TextLoader)
    except RecursionError:
        raise BrokenPack([f"{file}:1 is nested more than {MAX_DEPTH} deep."]) from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        what = getattr(error, "problem", None) or "this is not YAML"
        raise BrokenPack(
            [f"{file}:{line} not readable as YAML: {what}. Check indentation and quotes."]
        ) from None
    lines = Lines(file)
    problems: list[str] = []
    document = _plain(node, (), lines, problems) if node is not None else None
    if problems:
        raise BrokenPack(problems)
    return document, lines


def _allowed_here(path: Location) -> list[str]:
    """The field names allowed where pydantic met one that it does not know."""
    model: Any = Pack
    for step in path:
        if isinstance(step, int) or not hasattr(model, "model_fields"):
            continue
        info = model.model_fields.get(step) or next(
            (f for f in model.model_fields.values() if f.alias == step), None
        )
        if info is None:
            return []
        model = _inner_model(info.annotation)
    if not hasattr(model, "model_fields"):
        return []
    return [f.alias or name for name, f in model.model_fields.items()]


def _inner_model(annotation: Any) -> Any:
    if hasattr(annotation, "model_fields"):
        return annotation
    for part in getattr(annotation, "__args__", ()):
        found = _inner_model(part)
        if hasattr(found, "model_fields"):
            return found
    return annotation


def _sentence(error: Any) -> str:
    loc: Location = tuple(error["loc"])
    name, kind = loc[-1] if loc else "the pack", error["type"]
    found = error.get("input")
    if kind == "extra_forbidden":
        allowed = _allowed_here(loc[:-1])
        meant = nearest(str(name), allowed)
        hint = f"did you mean '{meant}'?" if meant else f"allowed: {', '.join(sorted(allowed))}."
        return f"unknown field '{name}'; {hint}"
    if kind == "literal_error":
        expected = error["ctx"]["expected"].replace("'", "").replace(" or ", ", ").split(", ")
        meant = nearest(str(found), expected)
        return f"'{found}' is not a {name}; allowed: {', '.join(expected)}." + (
            f" Did you mean '{meant}'?" if meant else ""
        )
    if kind == "missing":
        return f"'{name}' is missing here; add it."
    shown = f" (found {str(found)[:60]!r})" if isinstance(found, str) or found is None else ""
    return f"{'.'.join(map(str, loc))}: {error['msg']}{shown}."


def parse_pack(text: str, file: str) -> LoadedPack:
    """A pack from its text; `file` is the name used in complaints. BrokenPack lists every finding."""
    document, lines = read_yaml(text, file)
    if not isinstance(document, dict):
        raise BrokenPack([f"{file}:1 a pack is a mapping that begins with 'organisation:'."])
    pack, problems = take_document(document)
    if pack is None:
        raise BrokenPack(list(dict.fromkeys(lines.say(path, sentence) for path, sentence in problems)))
    return LoadedPack(pack, pack_sha256(pack), lines)


def take_document(document: dict[str, Any]) -> tuple[Pack | None, list[tuple[Location, str]]]:
    """The pack of a document that was read; or None, and what is wrong with it: the place and the sentence."""
    try:
        pack = Pack.model_validate(document)
    except ValidationError as error:
        return None, [(tuple(e["loc"]), _sentence(e)) for e in error.errors()]
    problems = check_names(pack)
    return (None if problems else pack), problems


def pack_sha256(pack: Pack) -> str:
    """The hash of the pack's canonical JSON. Examples, properties and comments change no policy: they are out."""
    canonical = pack.model_dump(mode="json", by_alias=True, exclude={"examples", "properties"})
    return hashlib.sha256(json.dumps(canonical, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def load_pack(path: Path, *, name: str | None = None) -> LoadedPack:
    """Read a pack file (UTF-8, at most 1 MB). BrokenPack says what to mend."""
    file = name or path.name
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BrokenPack([f"{file}:1 cannot be read: {error.strerror}."]) from None
    if len(data) > MAX_BYTES:
        raise BrokenPack([f"{file}:1 is {len(data)} bytes; a pack is at most {MAX_BYTES}."])
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise BrokenPack([f"{file}:{line} is not UTF-8 text; save the file as UTF-8."]) from None
    return parse_pack(text, file)
