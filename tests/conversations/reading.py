"""Conversation files in Rasa's e2e form: read strictly, so that what a file says is checked or refused, never ignored.

    fixtures:                       # named groups of {slot: value}; a case lists those that it starts from
      - christmas_eve:
          - organisation: cqm
          - mocked_datetime: "2026-12-24T16:00:00+00:00"
    metadata:                       # named groups of what comes with a message
      - a_call: {channel: phone, recorded_by: R. Ahmed, received_at: "2026-12-24T15:40:00+00:00"}
    test_cases:
      - test_case: the words that name it
        fixtures: [christmas_eve]
        metadata: a_call            # for every message; a step may name another
        steps:
          - user: what is typed     # optional: metadata, assertions
          - bot: a whole text of the reply
          - utter: notices.saved    # a key of the catalogue, or utter_ask_<question id>
          - slot_was_set: [{subject: service}, reference]
          - slot_was_not_set: [decision.acknowledge_by]

Every scalar is text. Steps after a `user` step hold of its reply in any order. Of Rasa's other keys none is known.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from policy_rules.errors import BrokenPack, nearest
from policy_rules.loader import Lines, Location, read_yaml

FIXTURE_SLOTS = ("organisation", "mocked_datetime")
# What may be left out: the languages that the organisation has switched on, "en, cy"; English alone if it is.
FIXTURE_CHOICES = ("languages",)
METADATA = ("channel", "recorded_by", "received_at", "mocked_datetime", "message_id", "language")
CHECKS = ("bot", "utter", "slot_was_set", "slot_was_not_set")
ASSERTIONS = ("slot_was_set", "slot_was_not_set", "bot_uttered", "bot_did_not_utter", "action_executed")
_TOP, _CASE = ("test_cases", "fixtures", "metadata"), ("test_case", "fixtures", "metadata", "steps")
_UTTERED = ("utter_name", "text_matches", "buttons")
_INSTANTS = ("mocked_datetime", "received_at")


class WrongFile(Exception):
    """A file that cannot be run as it stands; the message is "file:line what, and what would be right"."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must hold after a message. `value` is as in the file, of the shape that `kind` has."""

    kind: str
    value: Any
    line: int


@dataclass(frozen=True, slots=True)
class Said:
    """A message, what comes with it, and what must hold once it is answered."""

    text: str
    line: int
    metadata: Mapping[str, str]
    checks: tuple[Check, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """One conversation. `settings` are the slots of its fixtures."""

    file: str
    name: str
    line: int
    settings: Mapping[str, str]
    steps: tuple[Said, ...]


def read(path: Path) -> list[Case]:
    """The cases of a file, in order. Raises WrongFile."""
    try:
        document, lines = read_yaml(path.read_text("utf-8"), path.name)
    except BrokenPack as broken:
        raise WrongFile(str(broken)) from None
    return list(_File(document, lines).cases())


@dataclass(slots=True)
class _File:
    document: Any
    lines: Lines
    fixtures: dict[str, dict[str, str]] = field(default_factory=dict)
    metadata: dict[str, dict[str, str]] = field(default_factory=dict)

    def cases(self) -> Iterator[Case]:
        self._keys(self.document, _TOP, ())
        self.fixtures = self._named("fixtures", (*FIXTURE_SLOTS, *FIXTURE_CHOICES))
        self.metadata = self._named("metadata", METADATA)
        names: set[str] = set()
        found = self._list(self.document.get("test_cases"), ("test_cases",), "test_cases")
        if not found:
            raise self._wrong(("test_cases",), "there is no test case.")
        for index, case in enumerate(found):
            read_case = self._case(case, ("test_cases", index))
            if read_case.name in names:
                raise self._wrong(("test_cases", index), f"two cases are called '{read_case.name}'.")
            names.add(read_case.name)
            yield read_case

    def _wrong(self, path: Location, sentence: str) -> WrongFile:
        return WrongFile(self.lines.say(path, sentence))

    def _keys(self, found: Any, allowed: tuple[str, ...], path: Location) -> None:
        if not isinstance(found, dict):
            raise self._wrong(path, f"expected a mapping with {', '.join(allowed)}.")
        for key in found:
            if key not in allowed:
                close = nearest(key, allowed)
                hint = f" Did you mean '{close}'?" if close else ""
                raise self._wrong(
                    (*path, key), f"'{key}' is not supported here, only {', '.join(allowed)}.{hint}"
                )

    def _list(self, found: Any, path: Location, name: str) -> list[Any]:
        if found is None:
            return []
        if not isinstance(found, list):
            raise self._wrong(path, f"'{name}' is a list.")
        return found

    def _named(self, key: str, allowed: tuple[str, ...]) -> dict[str, dict[str, str]]:
        groups: dict[str, dict[str, str]] = {}
        for index, entry in enumerate(self._list(self.document.get(key), (key,), key)):
            path: Location = (key, index)
            if not isinstance(entry, dict) or len(entry) != 1:
                raise self._wrong(path, f"each of '{key}' is one name with its values.")
            ((name, values),) = entry.items()
            pairs = values if isinstance(values, list) else [values]
            groups[name] = {}
            for pair in pairs:
                self._keys(pair, allowed, (*path, name))
                groups[name] |= pair
            for slot in _INSTANTS:
                self._instant(groups[name].get(slot), (*path, name))
        return groups

    def _instant(self, text: str | None, path: Location) -> None:
        try:
            if text is not None and datetime.fromisoformat(text).tzinfo is None:
                raise ValueError
        except ValueError:
            raise self._wrong(
                path, f"'{text}' is no time with an offset, such as 2026-12-24T16:00:00+00:00."
            ) from None

    def _case(self, case: Any, path: Location) -> Case:
        self._keys(case, _CASE, path)
        name = case.get("test_case")
        if not name:
            raise self._wrong(path, "a case needs a name under 'test_case'.")
        settings: dict[str, str] = {}
        for fixture in self._list(case.get("fixtures"), (*path, "fixtures"), "fixtures"):
            settings |= self._pick(self.fixtures, fixture, "fixture", (*path, "fixtures"))
        if missing := [slot for slot in FIXTURE_SLOTS if slot not in settings]:
            raise self._wrong(path, f"a fixture must give {' and '.join(missing)}.")
        common = self._pick(self.metadata, case.get("metadata"), "metadata", (*path, "metadata"))
        steps = self._steps(case.get("steps"), common, (*path, "steps"))
        return Case(self.lines.file, name, self.lines.line(path), settings, steps)

    def _pick(
        self, groups: dict[str, dict[str, str]], name: str | None, what: str, path: Location
    ) -> dict[str, str]:
        if name is None:
            return {}
        if name not in groups:
            raise self._wrong(
                path, f"there is no {what} called '{name}'; there are {', '.join(groups) or 'none'}."
            )
        return groups[name]

    def _steps(self, found: Any, common: Mapping[str, str], path: Location) -> tuple[Said, ...]:
        said: list[Said] = []
        for index, step in enumerate(self._list(found, path, "steps")):
            at: Location = (*path, index)
            if isinstance(step, dict) and "user" in step:
                said.append(self._user(step, common, at))
                continue
            self._keys(step, (*CHECKS, "user"), at)
            if len(step) != 1:
                raise self._wrong(at, "a step is one of " + ", ".join(("user", *CHECKS)) + ".")
            if not said:
                raise self._wrong(at, "the first step is what the user says.")
            ((kind, value),) = step.items()
            checks = self._check(kind, value, (*at, kind))
            last = said.pop()
            said.append(Said(last.text, last.line, last.metadata, (*last.checks, *checks)))
        if not said:
            raise self._wrong(path, "a case needs steps.")
        if not any(one.checks for one in said):
            raise self._wrong(path, "nothing is checked in this case.")
        return tuple(said)

    def _user(self, step: dict[str, Any], common: Mapping[str, str], path: Location) -> Said:
        self._keys(step, ("user", "metadata", "assertions"), path)
        checks: list[Check] = []
        for index, assertion in enumerate(
            self._list(step.get("assertions"), (*path, "assertions"), "assertions")
        ):
            at: Location = (*path, "assertions", index)
            self._keys(assertion, ASSERTIONS, at)
            for kind, value in assertion.items():
                checks += self._check(kind, _as_plain(kind, value), (*at, kind))
        own = self._pick(self.metadata, step.get("metadata"), "metadata", (*path, "metadata"))
        return Said(step["user"] or "", self.lines.line(path), {**common, **own}, tuple(checks))

    def _check(self, kind: str, value: Any, path: Location) -> list[Check]:
        line = self.lines.line(path)
        if kind in ("bot", "utter", "action_executed"):
            if not isinstance(value, str):
                raise self._wrong(path, f"'{kind}' is a text.")
            return [Check(kind, value, line)]
        if kind in ("bot_uttered", "bot_did_not_utter"):
            self._keys(value, _UTTERED, path)
            if not value:
                raise self._wrong(path, f"'{kind}' needs one of {', '.join(_UTTERED)}.")
            return [Check(kind, value, line)]
        found = value if isinstance(value, list) else [value]
        return [
            Check(kind, self._slot(one, (*path, i)), self.lines.line((*path, i)))
            for i, one in enumerate(found)
        ]

    def _slot(self, found: Any, path: Location) -> tuple[str, str | None] | tuple[str]:
        """(name,) that is set to anything, or (name, value)."""
        if isinstance(found, str):
            return (found,)
        if not isinstance(found, dict) or len(found) != 1:
            raise self._wrong(path, "a slot is a name, or one name with its value.")
        ((name, value),) = found.items()
        if isinstance(value, dict | list):
            raise self._wrong(path, f"the value of '{name}' is a text.")
        return (name, value)


def _as_plain(kind: str, value: Any) -> Any:
    """Slots in assertions are {name, value?}; in steps they are a name or {name: value}."""
    if not kind.startswith("slot_") or not isinstance(value, list):
        return value
    plain: list[Any] = []
    for one in value:
        if isinstance(one, dict) and set(one) == {"name", "value"}:
            plain.append({one["name"]: one["value"]})
        elif isinstance(one, dict) and set(one) == {"name"}:
            plain.append(one["name"])
        else:
            plain.append(one)
    return plain
