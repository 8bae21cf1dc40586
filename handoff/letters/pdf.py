"""A letter as an accessible PDF (PDF/UA-1): tagged, titled, in its language, set by typst without system libraries.

The letter goes in as JSON and is put on the page as text: nothing in it is ever read as typst's own markup. The fonts
are those inside the typst package, all under open licences, so that a letter is the same on every machine. typst is
loaded for the first letter.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from handoff.letters.letter import Dates, Letter, Paragraph
from handoff.letters.wording import LAYOUT

if TYPE_CHECKING:
    import typst

# Beyond these no font has a picture: control characters, and marks that turn the direction of other people's text.
_INVISIBLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufff9-\uffff]")
_MISSING = re.compile(r'the text `"(.+?)"` could not be displayed')
_DATE = re.compile(r"\b(\d{1,2}) (\w+) (\d{4})\b")
# Each try puts one script or kind of picture aside; few stories have more.
TRIES = 12
PLAIN = "□"
_UNCOMMON = re.compile(r"[^\x20-\x7e\n\u00a0-\u017f\u2010-\u2026\u20ac□]")


class NoLayout(RuntimeError):
    """The organisation's own letter.typ cannot be used."""


@cache
def _fonts() -> typst.Fonts:
    import typst

    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=True)


def as_pdf(letter: Letter, layout: Path = LAYOUT) -> bytes:
    """The letter's PDF; the same letter gives the same bytes. What no font can show stands as □, and that is said.

    Raises NoLayout when the layout is at fault.
    """
    return set_pages(layout, shown(letter), letter.iso_day)


def set_pages(layout: Path, content: dict[str, Any], day: str) -> bytes:
    """A layout's PDF of `content`, which has `unprintable` (empty) and `labels.unprintable`, dated `day` (ISO).

    What no font can show stands as □, and then `unprintable` is filled. Raises NoLayout when the layout is at fault.
    """
    import typst

    if not layout.is_file():
        raise NoLayout(f"there is no layout at {layout}")
    for attempt in range(TRIES + 1):
        try:
            return _compile(layout, content, day)
        except typst.TypstError as error:
            missing = _MISSING.search(str(error))
            if missing is None or attempt == TRIES:
                raise NoLayout(f"{layout.name} cannot be set: {error.message}") from None
            last = attempt == TRIES - 1
            content = _without(content, None if last else _decoded(missing.group(1)))
    raise AssertionError("the last attempt returns or raises")


def _compile(layout: Path, content: dict[str, Any], day: str) -> bytes:
    import typst

    return typst.compile(
        layout,
        format="pdf",
        root=layout.parent,
        font_paths=_fonts(),
        ignore_system_fonts=True,
        sys_inputs={"letter": json.dumps(content)},
        pdf_standards=["ua-1"],
        timestamp=datetime.fromisoformat(day).replace(tzinfo=UTC),
    )


def shown(letter: Letter) -> dict[str, Any]:
    """The letter as the layout reads it; each block says what it is, and a date of ours stays on one line."""
    blocks = []
    for block in letter.blocks:
        content = {"is": type(block).__name__.lower(), **asdict(block)}
        if isinstance(block, Paragraph | Dates):
            content = _mapped(content, lambda text: _DATE.sub("\\1\u00a0\\2\u00a0\\3", text))
        blocks.append(content)
    plain: dict[str, Any] = _mapped(
        asdict(letter) | {"blocks": blocks}, lambda text: _INVISIBLE.sub("", text)
    )
    return {**plain, "unprintable": ""}


def _without(content: dict[str, Any], missing: str | None) -> dict[str, Any]:
    """Everything of the missing character's script or kind put aside; None: all but plain European text."""
    if missing is None:
        changed = _mapped(content, lambda text: _UNCOMMON.sub(PLAIN, text))
    else:
        families = {_family(char) for char in missing}

        def plain(text: str) -> str:
            return "".join(PLAIN if ord(c) > 0x7E and _family(c) in families else c for c in text)

        changed = _mapped(content, plain)
    return {**changed, "unprintable": content["labels"]["unprintable"]}


def _family(char: str) -> str:
    """The script of a letter (`CJK`, `THAI`), the category of anything else."""
    category = unicodedata.category(char)
    return unicodedata.name(char, category).split(" ")[0] if category.startswith("L") else category


def _decoded(text: str) -> str:
    return re.sub(r"\\u\{([0-9a-f]+)\}", lambda found: chr(int(found.group(1), 16)), text)


def _mapped(value: Any, change: Callable[[str], str]) -> Any:
    """The same JSON value with each of its texts changed; keys and the names of blocks stay."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {key: item if key == "is" else _mapped(item, change) for key, item in value.items()}
    return [_mapped(item, change) for item in value] if isinstance(value, list | tuple) else value
