"""Plain data as YAML in the house's manner: short lists on one line, long sentences folded, words that YAML would take
for something else in quotes.
"""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import yaml

WIDTH = 112
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_NUMBER = re.compile(r"0|[1-9]\d*")
# Fields that a reader looks for one below the other; a mapping that has one of them is never put on one line.
_SPREAD = {"clause", "says", "expect", "chosen", "text", "why", "because"}
# Resolves words to types as common loaders do; it reads nothing.
_LOADER: Any = yaml.SafeLoader("")
_TAG = "tag:yaml.org,2002:"


@lru_cache(maxsize=4096)
def _is_plain(text: str, *, flow: bool) -> bool:
    """Whether a word may stand without quotes and is read as the same word, by our loader and by others."""
    if not text or text != text.strip() or "\n" in text or "\t" in text:
        return False
    tag = _LOADER.resolve(yaml.ScalarNode, text, (True, False))
    known = tag == f"{_TAG}str"
    known |= tag == f"{_TAG}int" and _NUMBER.fullmatch(text) is not None
    known |= tag == f"{_TAG}timestamp" and _DAY.fullmatch(text) is not None
    if not known:
        return False
    shown = f"[x, {text}, x]" if flow else f"k: {text}"
    try:
        node = yaml.compose(shown, Loader=yaml.BaseLoader)
    except yaml.YAMLError:
        return False
    if isinstance(node, yaml.SequenceNode):
        return len(node.value) == 3 and getattr(node.value[1], "value", None) == text
    return isinstance(node, yaml.MappingNode) and len(node.value) == 1 and node.value[0][1].value == text


def quoted(text: str) -> str:
    """A text in double quotes."""
    shown = json.dumps(text, ensure_ascii=False)
    return shown if shown.isprintable() else json.dumps(text)


def word(text: str | None, *, flow: bool = False) -> str:
    """One word or sentence on one line."""
    if text is None:
        return "null"
    return text if _is_plain(text, flow=flow) else quoted(text)


def on_one_line(value: Any) -> str:
    """Anything as flow: `{subject: [service, other]}`."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{word(k, flow=True)}: {on_one_line(v)}" for k, v in value.items()) + "}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ", ".join(on_one_line(item) for item in value) + "]"
    return word(value, flow=True)


def _folds(text: str) -> bool:
    return (
        " " in text
        and text == text.strip()
        and text.isprintable()
        and "  " not in text
        and max(map(len, text.split(" "))) < WIDTH
    )


def folded(text: str, indent: int) -> str:
    """A long sentence after `key:`, over several lines; its first line begins the folding."""
    lines = textwrap.wrap(text, WIDTH - indent, break_long_words=False, break_on_hyphens=False)
    return ">-\n" + "\n".join(" " * indent + line for line in lines)


def after_key(value: Any, column: int, indent: int, *, style: str | None = None) -> str:
    """What stands after `key:`, with the space or line end before it.

    `column` is where the value would begin, `indent` that of the key; `style` the style that stood there before.
    """
    if isinstance(value, str) or value is None:
        if value is not None and style in ("'", '"') and len(value) < WIDTH:
            return " " + quoted(value)
        shown = word(value)
        if value is not None and len(shown) > WIDTH - column and _folds(value):
            return " " + folded(value, indent + 2)
        return " " + shown
    shown = on_one_line(value)
    spread = isinstance(value, Mapping) and bool(_SPREAD & set(value))
    items = not isinstance(value, Mapping) and any(isinstance(item, Mapping) for item in value)
    if not value or (len(shown) <= WIDTH - column and not spread and not items):
        return " " + shown
    return "\n" + block(value, indent + 2)


def block(value: Any, indent: int) -> str:
    """A mapping or list over several lines, without a line end at the end."""
    pad = " " * indent
    if isinstance(value, Mapping):
        return "\n".join(pad + pair(key, inner, indent) for key, inner in value.items())
    return "\n".join(pad + item(inner, indent) for inner in value)


def pair(key: str, value: Any, indent: int) -> str:
    """`key: value`, its first line without the indentation."""
    shown = word(key)
    return f"{shown}:{after_key(value, indent + len(shown) + 2, indent)}"


def item(value: Any, indent: int) -> str:
    """`- value` of a list whose dashes stand at `indent`, its first line without the indentation."""
    if isinstance(value, Mapping) and value:
        return "- " + block(value, indent + 2).lstrip(" ")
    if isinstance(value, str) or value is None:
        return "- " + word(value)
    return "- " + on_one_line(value)


def document(value: Mapping[str, Any]) -> str:
    """A whole pack: its sections apart by empty lines where they are long."""
    parts = [pair(key, inner, 0) for key, inner in value.items()]
    text = ""
    for part in parts:
        text += ("\n" if text and "\n" in part else "") + part + "\n"
    return text
