"""Where an organisation's cases are handed over: the entries of `handoff` in its settings; docs/handoff.md tells more.

No secret stands here, only where it is found. A relative path stands in the data folder.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, EmailStr, Field, field_validator, model_validator

from handoff.paths import check

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


def _address(value: str) -> str:
    if not re.fullmatch(r"https?://[^\s/@]+(/\S*)?", value):
        raise ValueError(
            "write an address such as https://cases.example.org/hook, with no user or password in it"
        )
    return value


Url = Annotated[str, Field(max_length=2000), AfterValidator(_address)]
Variable = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]{0,99}$")]


class Entry(BaseModel):
    """Nothing unknown is accepted, nothing changes after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class FolderHandoff(Entry):
    """Each case as files in a folder."""

    target: Literal["folder"]
    name: Name = "folder"
    path: Path | None = None


class EmailHandoff(Entry):
    """Each case by e-mail to a mailbox; the mail server is a setting of Hearout, not of the organisation."""

    target: Literal["email"]
    name: Name = "email"
    to: tuple[EmailStr, ...] = Field(min_length=1)
    attach_bytes: int = Field(
        default=7_000_000,
        ge=0,
        le=100_000_000,
        description="Files are attached up to so many bytes together; the others are only listed.",
    )


class _OverHttp(Entry):
    url: Url
    secret_file: Path | None = Field(default=None, description="The file that holds the secret.")
    secret_env: Variable | None = Field(
        default=None, description="Or the variable that holds it; not one that begins with HEAROUT_."
    )
    allow_private: bool = Field(
        default=False,
        description="Whether the address may lie in a private network or on this machine; only then may it be http.",
    )
    trust: Path | None = Field(
        default=None, description="A certificate authority of the organisation's own, as a PEM file."
    )

    @model_validator(mode="after")
    def _can_be_called(self) -> Self:  # noqa: N804 - an "after" validator has an instance
        if (self.secret_file is None) == (self.secret_env is None):
            raise ValueError("say where the secret is: either 'secret_file' or 'secret_env'")
        if (self.secret_env or "").startswith("HEAROUT_"):
            raise ValueError("'secret_env' begins with HEAROUT_, which only Hearout's own settings do")
        if self.url.startswith("http://") and not self.allow_private:
            raise ValueError("'url' begins with https://; plain http needs 'allow_private: true'")
        return self


class WebhookHandoff(_OverHttp):
    """Each case as a signed POST (Standard Webhooks)."""

    target: Literal["webhook"]
    name: Name = "webhook"


class FieldSource(Entry):
    """Where a custom field's value comes from: a path into the case, and what its values are called there."""

    path: str
    values: dict[str, str] = {}
    otherwise: str | None = Field(default=None, description="For a value that is not in the list.")


class RequestTrackerHandoff(_OverHttp):
    """Each case as a ticket in Request Tracker 5; the secret is the token of its user."""

    target: Literal["request_tracker"]
    name: Name = "request_tracker"
    queue: str = Field(min_length=1, max_length=200)
    case_field: str = Field(
        default="Hearout case", min_length=1, description="The custom field that holds the reference."
    )
    fields: dict[str, FieldSource] = Field(
        default={}, description="The other custom fields, by name, each with its path into the case."
    )
    attach_bytes: int = Field(default=7_000_000, ge=0, le=100_000_000)
    requestor: bool = Field(
        default=False,
        description="Whether the complainant is the ticket's requestor, whom Request Tracker may write to.",
    )
    timezone: str = Field(default="Europe/London", description="The zone of the user in Request Tracker.")

    @field_validator("fields", mode="before")
    @classmethod
    def _short(cls, value: object) -> object:
        """`Remedy: desired_remedy` is short for a field with a path alone."""
        if not isinstance(value, dict):
            return value
        return {name: {"path": each} if isinstance(each, str) else each for name, each in value.items()}

    @field_validator("fields")
    @classmethod
    def _lead_somewhere(cls, value: dict[str, FieldSource]) -> dict[str, FieldSource]:
        for source in value.values():
            check(source.path)
        return value

    @field_validator("timezone")
    @classmethod
    def _is_a_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ValueError, ZoneInfoNotFoundError):
            raise ValueError("is not a time zone; write it like Europe/London") from None
        return value


class MappedJsonHandoff(_OverHttp):
    """Each case as JSON for another system's API, as a mapping file says."""

    target: Literal["mapped_json"]
    name: Name = "mapped_json"
    mapping: Path = Field(description="The mapping file; docs/handoff.md describes it.")
    auth: Literal["bearer", "basic"] = Field(
        default="bearer", description="How the secret is sent: as a token, or as user:password."
    )


Handoff = Annotated[
    FolderHandoff | EmailHandoff | WebhookHandoff | RequestTrackerHandoff | MappedJsonHandoff,
    Field(discriminator="target"),
]
KINDS: dict[str, type[Entry]] = {
    "folder": FolderHandoff,
    "email": EmailHandoff,
    "webhook": WebhookHandoff,
    "request_tracker": RequestTrackerHandoff,
    "mapped_json": MappedJsonHandoff,
}


def fields_of(tag: object) -> list[str]:
    """The settings that an entry of this target takes; those of every target when it is none."""
    chosen: Iterable[type[Entry]] = [KINDS[tag]] if isinstance(tag, str) and tag in KINDS else KINDS.values()
    return list(dict.fromkeys(field for kind in chosen for field in kind.model_fields))
