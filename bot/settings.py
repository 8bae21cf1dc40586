"""Every setting of a running Hearout: one typed class, read from HEAROUT_* variables."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)

from policy_rules.errors import nearest

PREFIX = "HEAROUT_"
# Read by the tests and tools of this repository, never by the server.
NOT_SETTINGS = frozenset({"HEAROUT_CHROMIUM", "HEAROUT_REQUIRE_RT"})
SHORTEST_KEY = 22


class SettingsError(Exception):
    """Settings that cannot be used; `findings` are full sentences, one for each variable at fault."""

    def __init__(self, findings: list[str]) -> None:
        super().__init__("\n".join(findings))
        self.findings = findings


def _words(value: object) -> object:
    """Comma- or space-separated text as a tuple."""
    return (
        tuple(re.split(r"[,\s]+", value.strip())) if isinstance(value, str) and value.strip() else value or ()
    )


Words = Annotated[tuple[str, ...], BeforeValidator(_words)]


class Settings(BaseModel):
    """What an operator may choose. Defaults run on this machine alone, with SQLite and no other service."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    data_dir: Path = Field(
        default=Path("var"),
        description="Folder of all that is kept: database, organisations' own settings, delivered cases.",
    )
    database_url: str = Field(
        default_factory=lambda given: f"sqlite:///{given.get('data_dir', Path('var')) / 'hearout.db'}",
        description="Where conversations and cases are stored. Unset: SQLite, hearout.db in the data folder.",
    )
    packs_dir: Path | None = Field(
        default=None,
        description="Folder of policy packs, read again when a file changes. Unset: the shipped packs.",
    )
    packs_seconds: float = Field(
        default=2.0, gt=0, le=3600, description="Seconds between two looks for a changed policy pack."
    )
    host: str = Field(default="127.0.0.1", description="Address that `hearout serve` listens on.")
    port: int = Field(
        default=8000, ge=0, le=65535, description="Port that `hearout serve` listens on; 0 takes a free one."
    )
    api_key: SecretStr | None = Field(
        default=None,
        description="Key that callers beyond this machine send as `Authorization: Bearer`. Unset: only this "
        f"machine may call the API. At least {SHORTEST_KEY} characters (128 random bits).",
    )
    allowed_origins: Words = Field(
        default=(),
        description="Web origins, besides Hearout's own, whose pages may open a conversation "
        "(such as https://www.example.org); separated by commas.",
    )
    limits: Literal["on", "off"] = Field(
        default="on", description="Rate limits. Off is for load tests on this machine alone."
    )
    limit_address: str = Field(
        default="300/minute",
        description="Messages and API calls that one address may make, when it is a stranger's.",
    )
    limit_trusted: str = Field(
        default="6000/minute",
        description="The same for callers on this machine or with the key, who may speak for many people.",
    )
    limit_conversation: str = Field(
        default="120/minute", description="Messages that one conversation may take."
    )
    public_url: str = Field(
        default="",
        pattern=r"^(https?://[^\s/]+(/\S*)?)?$",
        description="Address under which people reach this server, such as https://complaints.example.org: links that "
        "are given to them begin with it. Empty: http, with the host and port.",
    )
    remind_after_days: int = Field(
        default=2,
        ge=1,
        le=365,
        description="Days without a message after which an unfinished complaint gets its one reminder by e-mail.",
    )
    abandon_after_days: int = Field(
        default=14,
        ge=1,
        le=3650,
        description="Days without a message after which an unfinished complaint is abandoned, and staff are shown it.",
    )
    consent_days: int = Field(
        default=90,
        ge=1,
        le=3650,
        description="Days that the link lasts by which a person agrees to somebody complaining for them.",
    )
    evidence_max_bytes: int = Field(
        default=10_000_000,
        ge=1,
        le=1_000_000_000,
        description="Bytes that a file may have that somebody sends.",
    )
    evidence_max_files: int = Field(
        default=10, ge=0, le=1000, description="Files that may be sent with one complaint."
    )
    evidence_quota_bytes: int = Field(
        default=10_000_000_000,
        ge=0,
        description="Bytes of files that one organisation may have in all; then no more are taken.",
    )
    disk_low_bytes: int = Field(
        default=1_000_000_000,
        ge=0,
        description="Free bytes on the data folder's disk below which the server warns: in `/readyz`, in the log, and "
        "by e-mail to each organisation's alarm person. It goes on taking complaints.",
    )
    trusted_proxies: Words = Field(
        default=("127.0.0.1", "::1"),
        description="Addresses or networks of the reverse proxies in front of this server, separated by commas: only "
        "from them is `X-Forwarded-For` and `X-Forwarded-Proto` believed.",
    )
    demo: Literal["auto", "on", "off"] = Field(
        default="auto",
        description="Whether `/` and `/{organisation}/` show the demonstration. `auto`: while no public URL is set.",
    )
    new_organisations: Literal["auto", "on", "off"] = Field(
        default="auto",
        description="Whether somebody who edits an organisation's rules may begin another organisation, from empty "
        "rules. `auto`: where the demonstration is shown. A host of organisations that are strangers leaves it off.",
    )
    clamd: str = Field(
        default="",
        pattern=r"^(unix:/\S+|tcp:\S+:\d{1,5})?$",
        description="Where the virus scanner clamd listens: unix:/run/clamav/clamd.ctl or tcp:127.0.0.1:3310. "
        "Empty: files are kept and handed over unscanned, and say so.",
    )
    clamd_seconds: float = Field(
        default=30.0, gt=0, le=600, description="Seconds that the virus scanner may take for a file."
    )
    delivery: Literal["on", "off"] = Field(
        default="on", description="Whether this process hands cases over from the outbox."
    )
    delivery_seconds: float = Field(
        default=5.0,
        gt=0,
        le=3600,
        description="Seconds between two looks at the outbox; a new case wakes it at once.",
    )
    smtp_host: str = Field(
        default="", description="Mail server for cases handed over by e-mail. Empty: no e-mail is sent."
    )
    smtp_port: int = Field(default=587, ge=1, le=65535, description="Port of the mail server.")
    smtp_security: Literal["starttls", "tls", "none"] = Field(
        default="starttls", description="How the connection to the mail server is protected."
    )
    smtp_user: str = Field(
        default="", description="Name to sign in to the mail server with. Empty: no sign-in."
    )
    smtp_password: SecretStr | None = Field(default=None, description="Password for the mail server.")
    smtp_from: str = Field(
        default="hearout@localhost", description="Address that Hearout's e-mails come from."
    )
    alarm_webhook: SecretStr | None = Field(
        default=None,
        description="A second way to tell of cases that do not arrive and of a full disk, should mail be what is down: "
        'an address that takes a POST of {"text": ...}, such as that of a team chat.',
    )
    oidc_issuer: str = Field(
        default="",
        pattern=r"^(https?://[^\s?#]+)?$",
        description="The identity provider by which staff sign in (OpenID Connect): its issuer, such as "
        "https://login.example.org/realms/staff. Empty: staff sign in with passwords alone.",
    )
    oidc_client_id: str = Field(default="", description="Hearout's client id at the identity provider.")
    oidc_client_secret: SecretStr | None = Field(
        default=None, description="Its secret there. Unset: a public client, which PKCE alone protects."
    )
    oidc_name: str = Field(
        default="your organisation's account",
        min_length=1,
        max_length=60,
        description="What the button says after `Sign in with`.",
    )
    oidc_scope: str = Field(
        default="openid email profile", pattern=r"\bopenid\b", description="The scopes that are asked for."
    )
    oidc_roles_claim: str = Field(
        default="groups",
        min_length=1,
        description="The claim that says what somebody may do, such as `groups` or `realm_access.roles`. Each "
        "organisation's settings file says which role each of its values gives (`staff.roles`).",
    )
    oidc_emails: Literal["verified", "all"] = Field(
        default="verified",
        description="Which of the provider's e-mail addresses may open an invited account: those that it calls "
        "verified, or all, where nobody can choose their own and it does not say.",
    )
    oidc_leeway_seconds: int = Field(
        default=60, ge=0, le=300, description="How far the provider's clock may be from ours."
    )
    staff_idle_minutes: int = Field(
        default=30,
        ge=1,
        le=1440,
        description="Minutes without a page after which a member of staff has to sign in again.",
    )
    staff_session_hours: int = Field(
        default=12,
        ge=1,
        le=168,
        description="Hours after which a member of staff signs in again in any case.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="The least important event that is logged."
    )
    log_format: Literal["console", "json"] = Field(
        default="console", description="Logs for a person at a terminal, or one JSON object a line."
    )
    shutdown_seconds: int = Field(
        default=10,
        ge=0,
        le=600,
        description="Seconds that turns under way are given to end when the server stops.",
    )

    @field_validator("limit_address", "limit_trusted", "limit_conversation")
    @classmethod
    def _rate(cls, value: str) -> str:
        if not re.fullmatch(
            r"[1-9]\d{0,8} ?(/|per) ?([1-9]\d{0,4} ?)?(second|minute|hour|day)s?", value.strip()
        ):
            raise ValueError("say how many in what time, such as 120/minute")
        return value.strip()

    @field_validator("api_key")
    @classmethod
    def _key_is_long(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value()) < SHORTEST_KEY:
            raise ValueError(f"a key needs at least {SHORTEST_KEY} characters (128 random bits)")
        return value

    @field_validator("allowed_origins")
    @classmethod
    def _origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for origin in value:
            if not re.fullmatch(r"https?://[^/\s*]+", origin):
                raise ValueError(
                    f"'{origin}' is not an origin; write scheme and host, such as https://www.example.org"
                )
        return tuple(origin.lower() for origin in value)

    @field_validator("oidc_issuer")
    @classmethod
    def _issuer_is_safe(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme == "http" and parts.hostname not in ("127.0.0.1", "::1", "localhost"):
            raise ValueError("use https: whoever can change what it says on its way can sign in as anybody")
        return value

    @model_validator(mode="after")
    def _provider_knows_us(self) -> Self:  # noqa: N804 - in this mode pydantic hands it the settings
        if self.oidc_issuer and not self.oidc_client_id:
            raise ValueError("HEAROUT_OIDC_ISSUER needs HEAROUT_OIDC_CLIENT_ID beside it")
        return self

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for name in value:
            try:
                network = ipaddress.ip_network(name)
            except ValueError as error:
                raise ValueError(
                    f"'{name}' is not an address or network; write 192.0.2.10 or 10.0.0.0/24 ({error})"
                ) from None
            if network.prefixlen == 0:
                raise ValueError(
                    f"'{name}' trusts everybody: then anyone could claim any address; name your proxies"
                )
        return value

    @property
    def address(self) -> str:
        """Where people reach this server, without a slash at the end."""
        return self.public_url.rstrip("/") or self.local_address

    @property
    def people_see_cases_at(self) -> str:
        """What a letter may name as the place of the pages of cases; empty where nobody could come in there."""
        return self.public_url.rstrip("/") if self.smtp_host else ""

    @property
    def local_address(self) -> str:
        """Where programs on this machine reach this server."""
        # A browser cannot open "all addresses".
        here = "127.0.0.1" if self.host in ("0.0.0.0", "::") else self.host  # noqa: S104 - compared, not bound
        return f"http://{f'[{here}]' if ':' in here else here}:{self.port}"

    @property
    def shows_demo(self) -> bool:
        """Whether the demonstration is served."""
        return self.demo == "on" or (self.demo == "auto" and not self.public_url)

    @property
    def lets_new_organisations(self) -> bool:
        """Whether an organisation can be begun on the staff's pages."""
        return self.new_organisations == "on" or (self.new_organisations == "auto" and self.shows_demo)

    @property
    def staff_idle(self) -> timedelta:
        """How long a session of staff lasts without a page."""
        return timedelta(minutes=self.staff_idle_minutes)

    @property
    def staff_longest(self) -> timedelta:
        """How long a session of staff lasts at most."""
        return timedelta(hours=self.staff_session_hours)

    @property
    def evidence_dir(self) -> Path:
        """Where the files stand that people send."""
        return self.data_dir / "evidence"

    @property
    def overlays_dir(self) -> Path:
        """Where each organisation's own settings stand: `<id>.yml`, see `bot.overlay`."""
        return self.data_dir / "organisations"

    @classmethod
    def from_env(cls, environment: Mapping[str, str] | None = None) -> Self:
        """The settings of these variables (the process's own by default). SettingsError says what to mend."""
        given = os.environ if environment is None else environment
        ours = {
            name: value
            for name, value in given.items()
            if name.startswith(PREFIX) and name not in NOT_SETTINGS
        }
        findings = [_unknown(name, cls) for name in ours if _field(name) not in cls.model_fields]
        # An empty variable is how shells and container files say "not set".
        values: dict[str, Any] = {
            _field(n): v for n, v in ours.items() if _field(n) in cls.model_fields and v != ""
        }
        try:
            settings = cls.model_validate(values)
        except ValidationError as error:
            findings += [_sentence(dict(problem)) for problem in error.errors()]
            raise SettingsError(findings) from None
        if findings:
            raise SettingsError(findings)
        return settings


def variable(field: str) -> str:
    """The name of the variable that sets a field."""
    return PREFIX + field.upper()


def _field(name: str) -> str:
    return name.removeprefix(PREFIX).lower() if name == name.upper() else ""


def _unknown(name: str, settings: type[Settings]) -> str:
    allowed = [variable(field) for field in settings.model_fields]
    meant = nearest(name.removeprefix(PREFIX), settings.model_fields)
    hint = f"Did you mean {variable(meant)}?" if meant else f"The settings are {', '.join(sorted(allowed))}."
    return f"{name} is not a setting of Hearout. {hint}"


def _sentence(problem: dict[str, Any]) -> str:
    name = variable(str(problem["loc"][0])) if problem["loc"] else "The settings"
    message = str(problem["msg"]).removeprefix("Value error, ")
    # Never repeat a secret, not even a wrong one.
    secret = any(word in name for word in ("KEY", "PASSWORD", "SECRET"))
    found = problem.get("input")
    shown = f" (found '{found}')" if isinstance(found, str) and not secret else ""
    return f"{name}: {message[:1].lower()}{message[1:]}{shown}."
