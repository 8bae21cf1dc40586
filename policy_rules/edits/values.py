"""Whether a value may stand in a cell. What may not is refused: what was found, what is allowed, and the nearest."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any

from policy_rules.edits.cells import Cell, Sort
from policy_rules.edits.places import Path
from policy_rules.errors import Refusal, nearest

LONGEST_TEXT, LONGEST_WORDS, MOST_ITEMS = 300, 4000, 200
_NAME = re.compile(r"[a-z][a-z0-9_]{0,60}")
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_NUMBER = re.compile(r"\d{1,6}")


class EditRefused(Refusal):
    """An edit that cannot be made; `where` is the path of its cell, joined by dots."""

    kind = "edit-refused"
    title = "This cannot stand in the rules"


def refused(path: Path, says: str, found: object = None, allowed: Iterable[str] = ()) -> EditRefused:
    """A refusal with the nearest allowed name, or all that are allowed where none is near."""
    names = list(allowed)
    shown = None if found is None else str(found)[:60]
    meant = nearest(shown, names) if shown is not None and names else None
    hint = f" Did you mean '{meant}'?" if meant else f" Allowed: {', '.join(names)}." if names else ""
    return EditRefused(says + hint, where=".".join(path), found=shown, allowed=names, meant=meant)


def tidy(text: str) -> str:
    """Words without line ends and double spaces: they are folded anew wherever they are shown."""
    return " ".join(text.split())


def new_name(text: str) -> str:
    """A name of the rules from somebody's words: Late complaints -> late_complaints. "" where nothing is left."""
    found = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")[:50].strip("_")
    return found if not found or found[0].isalpha() else f"n_{found}"


def checked(cell: Cell, value: Any, path: Path) -> Any:
    """The value as it is written into the pack; None clears the cell. EditRefused says why it may not stand there."""
    if value is None or value in ("", [], {}):
        return None
    return _CHECKS[cell.sort](cell, value, path)


def _text(cell: Cell, value: Any, path: Path) -> str | None:
    most = LONGEST_TEXT if cell.sort is Sort.TEXT else LONGEST_WORDS
    if not isinstance(value, str):
        raise refused(path, f"{cell.label}: write words here.", value)
    text = tidy(value)
    if not text.isprintable():
        raise refused(path, f"{cell.label}: there is a character that cannot be printed.", None)
    if len(text) > most:
        raise refused(path, f"{cell.label}: at most {most} characters, please; these are {len(text)}.")
    if path[-1] == "sha256" and not _SHA256.fullmatch(text):
        raise refused(path, f"{cell.label}: a fingerprint has 64 of the characters 0-9 and a-f.", text)
    if path[-1] == "email" and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s.]+", text):
        raise refused(path, f"{cell.label}: an e-mail address has an @ and a dot.", text)
    if path[-1] == "url" and not re.fullmatch(r"https?://[^\s/]+\.[^\s]+", text):
        raise refused(path, f"{cell.label}: begin it with https:// or http://.", text)
    return text or None


def _one_of(cell: Cell, value: Any, path: Path) -> str:
    if not isinstance(value, str):
        raise refused(path, f"{cell.label}: choose one.", value, cell.values)
    if value not in cell.values:
        if cell.free:
            return _new_word(cell, value, path)
        raise refused(path, f"{cell.label}: '{value[:60]}' is not among the choices.", value, cell.values)
    return value


def _new_word(cell: Cell, value: str, path: Path) -> str:
    """A word that the pack does not have yet: a name where the rules need one, else somebody's title."""
    text = tidy(value)
    if path[-1] in ("kind", "values"):
        text = new_name(text)
        if not _NAME.fullmatch(text):
            raise refused(path, f"{cell.label}: a new name has letters and digits.", value)
        return text
    if not text or not text.isprintable() or len(text) > LONGEST_TEXT:
        raise refused(path, f"{cell.label}: at most {LONGEST_TEXT} characters that can be printed.", value)
    return text


def _some_of(cell: Cell, value: Any, path: Path) -> list[str]:
    if not isinstance(value, (list, tuple)) or len(value) > MOST_ITEMS:
        raise refused(path, f"{cell.label}: choose some of a list.", value, cell.values)
    return list(dict.fromkeys(_one_of(cell, item, path) for item in value))


def _condition(cell: Cell, value: Any, path: Path) -> list[str] | dict[str, list[str]]:
    if isinstance(value, Mapping):
        if set(value) != {"not"}:
            raise refused(
                path, f"{cell.label}: a list of values, or 'not' and a list.", next(iter(value)), ["not"]
            )
        return {"not": _some_of(cell, value["not"], path)}
    return _some_of(cell, value, path)


def _number(cell: Cell, value: Any, path: Path) -> str:
    text = str(value).strip()
    if not _NUMBER.fullmatch(text) or not cell.least <= int(text) <= cell.most:
        raise refused(path, f"{cell.label}: a whole number from {cell.least} to {cell.most}.", text)
    return str(int(text))


def _yes(cell: Cell, value: Any, path: Path) -> str | None:
    text = str(value).lower()
    if text not in ("true", "false"):
        raise refused(path, f"{cell.label}: yes or no.", text, ("true", "false"))
    return None if text == cell_default(cell) else text


def cell_default(cell: Cell) -> str:
    """What an absent yes-or-no stands for."""
    return "true" if cell.absent == "yes" else "false"


def _date(cell: Cell, value: Any, path: Path) -> str:
    try:
        day = date.fromisoformat(str(value).strip())
    except ValueError:
        raise refused(path, f"{cell.label}: write a day such as 2027-01-31.", value) from None
    if not 1900 <= day.year <= 2199:
        raise refused(path, f"{cell.label}: the year must be one from 1900 to 2199.", value)
    return day.isoformat()


def _dates(cell: Cell, value: Any, path: Path) -> list[str]:
    if not isinstance(value, (list, tuple)) or len(value) > MOST_ITEMS:
        raise refused(path, f"{cell.label}: one day on each line.", value)
    return sorted({_date(cell, item, path) for item in value})


def _time(cell: Cell, value: Any, path: Path) -> str:
    text = str(value).strip()
    if not _TIME.fullmatch(text):
        raise refused(path, f"{cell.label}: write a time such as 09:30.", text)
    return text


def _lines(cell: Cell, value: Any, path: Path) -> list[str]:
    if not isinstance(value, (list, tuple)) or len(value) > MOST_ITEMS:
        raise refused(path, f"{cell.label}: one on each line.", value)
    return [text for item in value if (text := _text(cell, item, path))]


def _labels(cell: Cell, value: Any, path: Path) -> dict[str, str] | None:
    if not isinstance(value, Mapping):
        raise refused(path, f"{cell.label}: words for each choice.", value)
    found = {}
    for name, label in value.items():
        known = name if name in cell.values or (cell.free and _NAME.fullmatch(str(name))) else None
        if known is None:
            raise refused(path, f"{cell.label}: '{str(name)[:60]}' is no choice of it.", name, cell.values)
        if text := _text(cell, label, path):
            found[str(name)] = text
    return found or None


def _order(cell: Cell, value: Any, path: Path) -> list[str]:
    found = _some_of(cell, value, path)
    missing = [name for name in cell.values if name not in found]
    if missing:
        raise refused(path, f"{cell.label}: {', '.join(missing)} is left out; each stands once.", None)
    return found


def _as_given(cell: Cell, value: Any, path: Path) -> Any:
    """What other code makes, such as what must come out of an example: of the right shape, whatever it says."""
    return _plain_data(value, path, 0)


def _plain_data(value: Any, path: Path, depth: int) -> Any:
    if depth > 4:
        raise refused(path, "This is nested too deep.")
    if isinstance(value, Mapping):
        return {str(k): _plain_data(v, path, depth + 1) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain_data(v, path, depth + 1) for v in value]
    if value is not None and (not isinstance(value, str) or len(value) > LONGEST_WORDS):
        raise refused(path, "Only words can stand here.", value)
    return value


_CHECKS: dict[Sort, Callable[[Cell, Any, Path], Any]] = {
    Sort.CONDITION: _condition,
    Sort.CHOICE: _one_of,
    Sort.CHOICES: _some_of,
    Sort.NUMBER: _number,
    Sort.YES: _yes,
    Sort.TEXT: _text,
    Sort.LONG: _text,
    Sort.DATE: _date,
    Sort.DATES: _dates,
    Sort.TIME: _time,
    Sort.LINES: _lines,
    Sort.LABELS: _labels,
    Sort.ORDER: _order,
    Sort.EXPECTED: _as_given,
    Sort.SPECIAL: _as_given,
}
