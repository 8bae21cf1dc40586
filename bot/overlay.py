"""What an organisation decides for itself and stands in no policy: `<data folder>/organisations/<id>.yml`.

Mailboxes, the person to alarm, the privacy notice, colours, help lines, and where cases are handed over.
Nothing here can change a route, a clock or a date. Every part has a default, and so does the whole file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    EmailStr,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from bot.receivers import KINDS, Handoff, fields_of
from bot.receivers import EmailHandoff as EmailHandoff
from bot.receivers import FolderHandoff as FolderHandoff
from cases.staff import Role
from policy_rules.errors import BrokenPack, nearest
from policy_rules.loader import read_yaml

MAX_BYTES = 100_000
# Languages in which the catalogue can speak, or will.
Language = Literal["en", "cy"]
Colour = Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")]
Origin = Annotated[str, Field(pattern=r"^https?://[A-Za-z0-9.:\[\]-]+$")]


class BrokenOverlay(BrokenPack):
    """A settings file that cannot be read; `findings` name the file, the line and the cure."""


class Part(BaseModel):
    """Nothing unknown is accepted, nothing changes after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


OUR_NOTICE = (
    "We use what you tell us only to look into your complaint. "
    "It is seen only by the people who deal with it. "
    "You can ask us for a copy, a correction or its removal."
)
OUR_NOTICE_CY = (
    "Dim ond i ymchwilio i'ch cwyn y byddwn yn defnyddio'r hyn a ddywedwch wrthym. "
    "Dim ond y bobl sy'n delio â hi fydd yn ei weld. "
    "Gallwch ofyn i ni am gopi, am gywiriad neu am ei ddileu."
)


class PrivacyNotice(Part):
    """What a person is told before their story; the version they were shown is kept with the conversation."""

    version: str = Field(default="hearout-1", min_length=1, max_length=40)
    text: str = Field(default=OUR_NOTICE, min_length=1, max_length=2000)
    text_cy: str | None = Field(default=None, min_length=1, max_length=2000, description="The same in Welsh.")
    url: str | None = Field(default=None, pattern=r"^https?://\S+$")

    def said_in(self, language: str) -> tuple[str, Language]:
        """The text for who reads `language`, and the language that it is in."""
        welsh = self.text_cy or (OUR_NOTICE_CY if self.text == OUR_NOTICE else None)
        return (welsh, "cy") if language == "cy" and welsh else (self.text, "en")


class Person(Part):
    """Somebody who can be reached by e-mail."""

    name: str = Field(min_length=1)
    email: EmailStr


class HelpLine(Part):
    """Help that is shown at once to a person who writes of harm."""

    name: str = Field(min_length=1)
    name_cy: str | None = Field(default=None, min_length=1, description="The name in Welsh, if it has one.")
    phone: str | None = None
    url: str | None = Field(default=None, pattern=r"^https?://\S+$")
    hours: str | None = None

    def named_in(self, language: str) -> str:
        """What it is called for who reads `language`."""
        return self.name_cy if language == "cy" and self.name_cy else self.name


# What an accent stands on, by light and by dark: the surfaces of hearout.css and of the widget that are nearest to it.
SURFACES = {"accent": ("#ffffff", "#e9eff5"), "accent_dark": ("#12171c", "#223140")}
LEAST_CONTRAST = 4.5


class Colours(Part):
    """The organisation's colours on the pages that its complainants see; `#rrggbb`, as `accent_dark` in dark mode.

    Links and buttons have them, so one that cannot be read on our surfaces is refused (WCAG 1.4.3).
    """

    accent: Colour = "#1f4e79"
    accent_dark: Colour = "#9cc4ec"

    @field_validator("accent", "accent_dark")
    @classmethod
    def _can_be_read(cls, value: str, info: ValidationInfo) -> str:
        least = min(contrast(value, surface) for surface in SURFACES[str(info.field_name)])
        if least < LEAST_CONTRAST:
            darker = "darker" if info.field_name == "accent" else "lighter"
            raise ValueError(
                f"its contrast is only {least:.1f} to 1 and must be {LEAST_CONTRAST} to 1; choose a {darker} colour"
            )
        return value


class Letters(Part):
    """What the letters count for; their words stand in <id>/letters/<language>.yml beside this file."""

    acknowledge: bool = Field(
        default=False,
        description="Whether the automatic acknowledgement keeps the policy's promise to acknowledge.",
    )


Days = Annotated[int, Field(ge=0, le=366)]


class Watch(Part):
    """When staff are told of what is due, and people are reminded of a consent that is awaited."""

    warn_working_days: tuple[Days, ...] = Field(
        default=(3, 1), description="So many working days before the last one, staff are told of a clock."
    )
    consent_reminders: tuple[Days, ...] = Field(
        default=(7, 14), description="Days after which whoever writes for somebody else is reminded."
    )
    consent_staff: Days = Field(
        default=21, description="Days after which staff take up a consent that was not answered."
    )


class Retention(Part):
    """How long what is kept here stays; afterwards it is erased. `null` is for ever."""

    closed_months: int | None = Field(
        default=None, ge=1, le=1200, description="Months that a case stays after it was closed."
    )
    drafts_days: int | None = Field(
        default=90,
        ge=1,
        le=36_500,
        description="Days that a conversation stays which never became a case, from the last word in it.",
    )
    evidence_months: int | None = Field(
        default=None,
        ge=0,
        le=1200,
        description="Months that the files stay after a case was closed, where that is shorter.",
    )


class StaffRoles(Part):
    """Who signs in through the identity provider, in which roles: HEAROUT_OIDC_ROLES_CLAIM names the claim."""

    roles: dict[str, tuple[Role, ...]] = Field(
        default={},
        description="The roles that each value of the claim gives. Without any, roles are given by invitation.",
    )


class Overlay(Part):
    """One organisation's own settings."""

    privacy_notice: PrivacyNotice = PrivacyNotice()
    alarm: Person | None = Field(
        default=None, description="Who is told when a case could not be handed over."
    )
    handoff: tuple[Handoff, ...] = Field(default=(FolderHandoff(target="folder"),), min_length=1)
    help_lines: tuple[HelpLine, ...] = (
        HelpLine(name="Emergency services", name_cy="Gwasanaethau brys", phone="999"),
        HelpLine(name="Samaritans", phone="116 123", hours="day and night", url="https://www.samaritans.org"),
    )
    handlers: dict[str, EmailStr] = Field(
        default={}, description="The mailbox of each role that a policy names."
    )
    departments: dict[str, EmailStr] = Field(
        default={}, description="Departments that staff may pass a case to."
    )
    languages: tuple[Language, ...] = Field(default=("en",), min_length=1)
    retention: Retention = Retention()
    letters: Letters = Letters()
    watch: Watch = Watch()
    staff: StaffRoles = StaffRoles()
    colours: Colours = Colours()
    websites: tuple[Origin, ...] = Field(
        default=(), description="Origins of the organisation's own websites that may show the conversation."
    )
    leave_to: str | None = Field(
        default=None,
        pattern=r"^https://\S+$",
        description="Where the quick exit leads, such as https://www.bbc.co.uk/weather; without it there is none.",
    )

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


def luminance(colour: str) -> float:
    """The relative luminance of `#rrggbb`, as WCAG defines it."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, from 1 to 21."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


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


def load_overlay(path: Path, otherwise: Overlay | None = None) -> Overlay:
    """The overlay in a file; where there is no file, `otherwise`, or all defaults."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return otherwise or Overlay()
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

    def __init__(self, folder: Path, otherwise: Callable[[str], Overlay] = lambda _: Overlay()) -> None:
        """What `otherwise` gives is in force for organisations that have no file."""
        self.folder = folder
        self._otherwise = otherwise
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
            overlay = load_overlay(self._path(organisation), self._otherwise(organisation))
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
        # Pydantic names the chosen kind of hand-over inside the path.
        loc = problem["loc"]
        entry = len(path) == 3 and path[0] == "handoff"
        allowed = fields_of(loc[2]) if entry else _fields_at(path[:-1])
        meant = nearest(name, allowed)
        return f"unknown setting '{name}'; " + (
            f"did you mean '{meant}'?" if meant else f"allowed: {', '.join(sorted(allowed))}."
        )
    if kind == "missing":
        return f"'{name}' is missing here; add it."
    if kind == "union_tag_invalid":
        tag = str(problem["ctx"]["tag"])
        meant = nearest(tag, KINDS)
        hint = f" Did you mean '{meant}'?" if meant else ""
        return f"'{tag}' is not a target; allowed: {', '.join(KINDS)}.{hint}"
    if kind == "union_tag_not_found" or (kind == "model_attributes_type" and path[0] == "handoff"):
        return "each entry of 'handoff' begins with its target, such as 'target: folder'; allowed: " + (
            f"{', '.join(KINDS)}."
        )
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
        "colours": (Colours,),
        "retention": (Retention,),
        "letters": (Letters,),
        "watch": (Watch,),
        "staff": (StaffRoles,),
    }
    found = models.get(str(path[0]) if path else "", ())
    return list(dict.fromkeys(field for model in found for field in model.model_fields))
