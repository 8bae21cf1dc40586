"""What an organisation decides for itself and stands in no policy: `<data folder>/organisations/<id>.yml`.

Mailboxes, the person to alarm, the privacy notice, colours, help lines, and where cases are handed over.
Nothing here can change a route, a clock or a date. Every part has a default, and so does the whole file.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, EmailStr, Field, ValidationError, field_validator

from policy_rules.errors import BrokenPack, nearest
from policy_rules.loader import read_yaml

MAX_BYTES = 100_000
# Languages in which the catalogue can speak, or will.
Language = Literal["en", "cy"]
Colour = Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")]


class BrokenOverlay(BrokenPack):
    """A settings file that cannot be read; `findings` name the file, the line and the cure."""


class Part(BaseModel):
    """Nothing unknown is accepted, nothing changes after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class PrivacyNotice(Part):
    """What a person is told before their story; the version they were shown is kept with the conversation."""

    version: str = Field(default="hearout-1", min_length=1, max_length=40)
    text: str = Field(
        default="We use what you tell us only to look into your complaint. "
        "It is seen only by the people who deal with it. "
        "You can ask us for a copy, a correction or its removal.",
        min_length=1,
        max_length=2000,
    )
    url: str | None = Field(default=None, pattern=r"^https?://\S+$")


class Person(Part):
    """Somebody who can be reached by e-mail."""

    name: str = Field(min_length=1)
    email: EmailStr


class HelpLine(Part):
    """Help that is shown at once to a person who writes of harm."""

    name: str = Field(min_length=1)
    phone: str | None = None
    url: str | None = Field(default=None, pattern=r"^https?://\S+$")
    hours: str | None = None


class FolderHandoff(Part):
    """Each case as files in a folder; a relative path stands in the data folder."""

    target: Literal["folder"]
    name: str = Field(default="folder", pattern=r"^[a-z][a-z0-9_]*$")
    path: Path | None = None


class EmailHandoff(Part):
    """Each case by e-mail to a mailbox; the mail server is a setting of Hearout, not of the organisation."""

    target: Literal["email"]
    name: str = Field(default="email", pattern=r"^[a-z][a-z0-9_]*$")
    to: tuple[EmailStr, ...] = Field(min_length=1)


Handoff = Annotated[FolderHandoff | EmailHandoff, Field(discriminator="target")]


class Colours(Part):
    """The organisation's colours on the pages that its complainants see; `#rrggbb`."""

    accent: Colour = "#1f4e79"
    accent_dark: Colour = "#9cc4ec"


class Overlay(Part):
    """One organisation's own settings."""

    privacy_notice: PrivacyNotice = PrivacyNotice()
    alarm: Person | None = Field(
        default=None, description="Who is told when a case could not be handed over."
    )
    handoff: tuple[Handoff, ...] = Field(default=(FolderHandoff(target="folder"),), min_length=1)
    help_lines: tuple[HelpLine, ...] = (
        HelpLine(name="Emergency services", phone="999"),
        HelpLine(name="Samaritans", phone="116 123", hours="day and night", url="https://www.samaritans.org"),
    )
    handlers: dict[str, EmailStr] = Field(
        default={}, description="The mailbox of each role that a policy names."
    )
    departments: dict[str, EmailStr] = Field(
        default={}, description="Departments that staff may pass a case to."
    )
    languages: tuple[Language, ...] = Field(default=("en",), min_length=1)
    colours: Colours = Colours()

    @field_validator("handoff")
    @classmethod
    def _names_differ(cls, value: tuple[Handoff, ...]) -> tuple[Handoff, ...]:
        if len({entry.name for entry in value}) != len(value):
            raise ValueError("two entries have the same name; give each a 'name' of its own")
        return value

    @property
    def targets(self) -> tuple[str, ...]:
        """The names under which the outbox holds a case for each place it goes to."""
        return tuple(entry.name for entry in self.handoff)


def parse_overlay(text: str, file: str) -> Overlay:
    """An overlay from its text; an empty text is all defaults. BrokenOverlay lists every finding."""
    try:
        document, lines = read_yaml(text, file)
    except BrokenPack as broken:
        raise BrokenOverlay(broken.findings) from None
    if document in (None, ""):
        return Overlay()
    if not isinstance(document, dict):
        raise BrokenOverlay(
            [f"{file}:1 an organisation's settings are 'name: value' lines; see the documentation."]
        )
    try:
        return Overlay.model_validate(document)
    except ValidationError as error:
        findings = {lines.say(path, sentence): None for path, sentence in _problems(error)}
        raise BrokenOverlay(list(findings)) from None


def load_overlay(path: Path) -> Overlay:
    """The overlay in a file; a file that is not there is all defaults."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return Overlay()
    except OSError as error:
        raise BrokenOverlay([f"{path.name}:1 cannot be read: {error.strerror}."]) from None
    if len(data) > MAX_BYTES:
        raise BrokenOverlay([f"{path.name}:1 is {len(data)} bytes; at most {MAX_BYTES} are read."])
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise BrokenOverlay([f"{path.name}:{line} is not UTF-8 text; save the file as UTF-8."]) from None
    return parse_overlay(text, path.name)


class Overlays:
    """The overlays of a folder, read once and again when a file changes; call it with an organisation's id.

    A file that breaks under a running server leaves the last good one in force; `findings` says what to mend.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._held: dict[str, tuple[tuple[int, int] | None, Overlay]] = {}
        self._findings: dict[str, list[str]] = {}

    @property
    def findings(self) -> list[str]:
        """What is wrong with the files now."""
        return [finding for of_one in self._findings.values() for finding in of_one]

    def __call__(self, organisation: str) -> Overlay:
        """The overlay in force. BrokenOverlay only where there never was a good one."""
        held = self._held.get(organisation)
        return held[1] if held is not None else self._read(organisation)

    def refresh(self) -> list[str]:
        """Read again what has changed since it was read; the findings of all files."""
        for organisation, (stamp, _) in list(self._held.items()):
            if stamp != self._stamp(organisation):
                self._read(organisation)
        return self.findings

    def _path(self, organisation: str) -> Path:
        return self.folder / f"{organisation}.yml"

    def _stamp(self, organisation: str) -> tuple[int, int] | None:
        try:
            found = self._path(organisation).stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size

    def _read(self, organisation: str) -> Overlay:
        stamp, before = self._stamp(organisation), self._held.get(organisation)
        try:
            overlay = load_overlay(self._path(organisation))
        except BrokenOverlay as broken:
            self._findings[organisation] = broken.findings
            if before is None:
                raise
            overlay = before[1]
        else:
            self._findings.pop(organisation, None)
        self._held[organisation] = (stamp, overlay)
        return overlay


def _problems(error: ValidationError) -> Iterator[tuple[tuple[str | int, ...], str]]:
    found = error.errors()
    for problem in found:
        # Pydantic names the chosen kind of hand-over inside the path; the file has no such level.
        path = tuple(
            step for i, step in enumerate(problem["loc"]) if i != 2 or problem["loc"][0] != "handoff"
        )
        # A list whose entry is wrong is also reported as one entry too short.
        if problem["type"] != "too_short" or len(found) == 1:
            yield path, _sentence(path, dict(problem))


def _sentence(path: tuple[str | int, ...], problem: dict[str, Any]) -> str:
    name, kind = str(path[-1]) if path else "the file", problem["type"]
    if kind == "extra_forbidden":
        allowed = _fields_at(path[:-1])
        meant = nearest(name, allowed)
        return f"unknown setting '{name}'; " + (
            f"did you mean '{meant}'?" if meant else f"allowed: {', '.join(sorted(allowed))}."
        )
    if kind == "missing":
        return f"'{name}' is missing here; add it."
    if kind == "union_tag_invalid":
        tag = str(problem["ctx"]["tag"])
        meant = nearest(tag, ("folder", "email"))
        hint = f" Did you mean '{meant}'?" if meant else ""
        return f"'{tag}' is not a target; allowed: folder, email.{hint}"
    if kind == "union_tag_not_found" or (kind == "model_attributes_type" and path[0] == "handoff"):
        return "each entry of 'handoff' begins with 'target: folder' or 'target: email'."
    found = problem.get("input")
    shown = f" (found '{found[:60]}')" if isinstance(found, str) else ""
    message = str(problem["msg"]).removeprefix("Value error, ")
    return f"{'.'.join(map(str, path))}: {message[:1].lower()}{message[1:]}{shown}.".removeprefix(": ")


def _fields_at(path: tuple[str | int, ...]) -> list[str]:
    """The names that may stand at a place of the file."""
    models: dict[str, tuple[type[Part], ...]] = {
        "": (Overlay,),
        "privacy_notice": (PrivacyNotice,),
        "alarm": (Person,),
        "help_lines": (HelpLine,),
        "handoff": (FolderHandoff, EmailHandoff),
        "colours": (Colours,),
    }
    found = models.get(str(path[0]) if path else "", ())
    return list(dict.fromkeys(field for model in found for field in model.model_fields))
