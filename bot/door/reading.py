"""Reading what came in: JSON into a typed shape, or a refusal that names the place and the cure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from bot.door.refusals import Malformed, TooLarge, WrongShape
from policy_rules.errors import Refusal, nearest

T = TypeVar("T")

MAX_BODY = 64 * 1024
MAX_TEXT = 16 * 1024


def read_json(adapter: TypeAdapter[T], body: bytes | str) -> T:
    """The body in its shape; Malformed (400), or WrongShape (422) naming the first place that is wrong."""
    try:
        return adapter.validate_json(body)
    except ValidationError as error:
        raise refusal_of(error.errors(include_url=False, include_context=True)) from None


def refusal_of(errors: Sequence[Any], allowed: Iterable[str] = ()) -> Refusal:
    """The refusal for pydantic's errors; `allowed` are the names that may stand where an unknown one stood."""
    error = errors[0]
    kind, found = error["type"], error.get("input")
    where = ".".join(str(step) for step in error["loc"])
    if kind == "json_invalid":
        why = error.get("ctx", {}).get("error", "")
        return Malformed(f"The body is not JSON: {why}." if why else "The body is not JSON.")
    if kind == "extra_forbidden":
        names = sorted(allowed)
        name = str(error["loc"][-1])
        meant = nearest(name, names)
        hint = f" Did you mean '{meant}'?" if meant else f" Allowed: {', '.join(names)}." if names else ""
        shown = name[:60]
        return WrongShape(
            f"Unknown field '{shown}'.{hint}", where=where, found=shown, allowed=names, meant=meant
        )
    place = f"'{where}'" if where else "The body"
    if kind == "missing":
        return WrongShape(f"{place} is missing.", where=where)
    message = str(error["msg"]).removeprefix("Value error, ").replace("Input should be", "must be")
    message = message.replace("a valid string", "text").replace("a valid dictionary", "a JSON object")
    message = message.replace("String should", "must")
    shown_value = str(found)[:60] if isinstance(found, str | int | float | bool) else None
    return WrongShape(f"{place} {message}.", where=where or None, found=shown_value)


def check_text(text: str, where: str) -> str:
    """The text itself; TooLarge (413) when it is over 16 KiB of UTF-8, as a novel is."""
    # A character is at most four bytes: most texts need no encoding to be known as short.
    if len(text) * 4 > MAX_TEXT and len(text.encode("utf-8", "surrogatepass")) > MAX_TEXT:
        raise TooLarge(
            f"A message may hold at most {MAX_TEXT} bytes (16 KiB). Send the rest as further messages, or attach it.",
            where=where,
        )
    return text


def refuse_nul(value: Any, where: str = "") -> None:
    """WrongShape (422) naming the place of a NUL character anywhere in a JSON value."""
    if isinstance(value, str):
        if "\x00" in value:
            raise WrongShape(
                f"{where or 'The request'} holds a NUL character (U+0000); leave it out.", where=where or None
            )
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            refuse_nul(key, f"{where}.<key>".lstrip("."))
            refuse_nul(inner, f"{where}.{key}".lstrip("."))
    elif isinstance(value, Iterable):
        for i, inner in enumerate(value):
            refuse_nul(inner, f"{where}.{i}".lstrip("."))
