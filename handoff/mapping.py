"""A mapping file: how a case becomes the JSON of another system's API, and how its answer is understood.

    create: {method: POST, path: /api/v2/tickets.json, body: {ticket: {subject: "Complaint ${reference}"}}}
    key_header: Idempotency-Key
    find: {path: "/api/v2/tickets.json?external_id=${reference}", items: tickets, delivery: "..."}
    update: {method: PUT, path: "/api/v2/tickets/${found.id}.json", body: {...}}

In a body, `${path}` alone gives the value with its type, within other words its text; `$${` is a plain `${`. A key that
ends in `?` is left out where its value is empty. `{"$choose": path, "from": {...}, "otherwise": ...}` renames values.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic_core import from_json

from handoff.paths import BadPath, as_text, check, look_up

MOST_BYTES = 1_000_000
_HOLE = re.compile(r"(\$)?\$\{([^{}]*)\}")
# Beside the case: what `find` has found, and addresses of this server.
_BESIDE = ("found", "links")


class BadMapping(Exception):
    """A mapping file that cannot be used; the message names the file and what to mend."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Call(_Part):
    """One request: `path` is put behind the place's address, its holes filled and quoted."""

    method: Literal["POST", "PUT", "PATCH"] = "POST"
    path: str = Field(pattern=r"^/")
    body: dict[str, Any]
    headers: dict[str, str] = {}


class Find(_Part):
    """Looking before making: `items` leads to a list in the answer; one with our id at `delivery` is done."""

    path: str = Field(pattern=r"^/")
    items: str
    delivery: str | None = None


class CaseMapping(_Part):
    """The whole file."""

    create: Call
    key_header: str | None = Field(default=None, pattern=r"^[A-Za-z][A-Za-z0-9-]*$")
    find: Find | None = None
    update: Call | None = None

    @model_validator(mode="after")
    def _fits(self) -> CaseMapping:  # noqa: N804 - an "after" validator has an instance
        if self.key_header is None and self.find is None:
            raise ValueError(
                "a try again would make a second case: give 'key_header', 'find', or both of them"
            )
        if self.update is not None and (self.find is None or self.find.delivery is None):
            raise ValueError("'update' needs 'find' with 'delivery', to know what it has had")
        return self

    @field_validator("create", "update")
    @classmethod
    def _paths_lead_somewhere(cls, value: Call | None) -> Call | None:
        if value is not None:
            _check_all([value.path, value.body, *value.headers.values()])
        return value

    @field_validator("find")
    @classmethod
    def _find_leads_somewhere(cls, value: Find | None) -> Find | None:
        if value is not None:
            _check_all(value.path)
        return value


def read(path: Path) -> CaseMapping:
    """The mapping in a JSON file. Raises BadMapping."""
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES)
        return CaseMapping.model_validate(from_json(data))
    except OSError as error:
        raise BadMapping(f"{path.name} cannot be read: {error.strerror}") from None
    except ValidationError as error:
        problem = error.errors()[0]
        place = ".".join(map(str, problem["loc"])) or "the file"
        raise BadMapping(
            f"{path.name}: {place}: {str(problem['msg']).removeprefix('Value error, ')}"
        ) from None
    except ValueError as error:
        raise BadMapping(f"{path.name} is not JSON: {error}") from None


def fill(template: Any, context: Mapping[str, Any]) -> Any:
    """The template with its holes filled."""
    if isinstance(template, str):
        return _filled(template, context)
    if isinstance(template, list):
        return [fill(each, context) for each in template]
    if not isinstance(template, dict):
        return template
    if "$choose" in template:
        found = as_text(look_up(context, template["$choose"]))
        return fill(template["from"].get(found, template.get("otherwise")), context)
    done: dict[str, Any] = {}
    for name, inner in template.items():
        value = fill(inner, context)
        if not name.endswith("?"):
            done[name] = value
        elif not _is_empty(value):
            done[name[:-1]] = value
    return done


def fill_path(template: str, context: Mapping[str, Any]) -> str:
    """A path or query with its holes filled, each value quoted so that it stays one part of it."""
    return _HOLE.sub(
        lambda hole: hole[0][1:] if hole[1] else quote(as_text(look_up(context, hole[2])), safe=""), template
    )


def _filled(template: str, context: Mapping[str, Any]) -> Any:
    whole = _HOLE.fullmatch(template)
    if whole is not None and not whole[1]:
        return look_up(context, whole[2])
    return _HOLE.sub(lambda hole: hole[0][1:] if hole[1] else as_text(look_up(context, hole[2])), template)


def _is_empty(value: Any) -> bool:
    """Nothing, an empty text or list, or an object in which everything is."""
    if isinstance(value, dict):
        return all(map(_is_empty, value.values()))
    return value is None or value in ("", [])


def _check_all(template: Any) -> None:
    """Every path in it leads somewhere; BadPath (a ValueError) says which does not."""
    if isinstance(template, str):
        for hole in _HOLE.finditer(template):
            if not hole[1]:
                check(hole[2], _BESIDE)
    elif isinstance(template, list):
        for each in template:
            _check_all(each)
    elif isinstance(template, dict):
        if "$choose" in template:
            if not isinstance(template["$choose"], str) or not isinstance(template.get("from"), dict):
                raise BadPath(
                    'a choice is {"$choose": path, "from": {value: what to send}, "otherwise": ...}'
                )
            if unknown := set(template) - {"$choose", "from", "otherwise"}:
                raise BadPath(f"a choice has no '{min(unknown)}'; it has $choose, from and otherwise")
            check(template["$choose"], _BESIDE)
        for name, inner in template.items():
            if name != "$choose":
                _check_all(inner)
