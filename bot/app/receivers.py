"""From an organisation's `handoff` entries to the targets that deliver: for the server and the command line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.overlay import Overlays
from bot.receivers import (
    EmailHandoff,
    FolderHandoff,
    Handoff,
    MappedJsonHandoff,
    RequestTrackerHandoff,
    WebhookHandoff,
)
from bot.settings import Settings
from cases.vault import Vault
from handoff.alarm import WebhookAlarm
from handoff.http import Caller
from handoff.links import Links
from handoff.mail import MailServer
from handoff.secrets import Secret
from handoff.target import Target
from handoff.targets import (
    EmailTarget,
    FolderTarget,
    MappedJsonTarget,
    RequestTrackerTarget,
    WebhookTarget,
)
from handoff.targets.request_tracker import Source

Clock = Callable[[], datetime]


def mail_server(settings: Settings) -> MailServer:
    """The mail server of the settings; with no host it refuses to send."""
    password = settings.smtp_password
    return MailServer(
        host=settings.smtp_host,
        port=settings.smtp_port,
        security=settings.smtp_security,
        user=settings.smtp_user,
        password=password.get_secret_value() if password is not None else "",
        sender=settings.smtp_from,
    )


def alarm_webhook(settings: Settings, clock: Clock) -> WebhookAlarm | None:
    """The second way to tell somebody of trouble; None where none is set."""
    address = settings.alarm_webhook.get_secret_value().strip() if settings.alarm_webhook is not None else ""
    return WebhookAlarm(address, clock=clock) if address else None


def targets_of(
    settings: Settings, overlays: Overlays, mail: MailServer, organisation: str, clock: Clock
) -> Mapping[str, Target]:
    """Where an organisation's cases go, by the name that the outbox knows."""
    return {
        entry.name: target_of(entry, organisation, settings, mail, clock)
        for entry in overlays(organisation).handoff
    }


def target_of(
    entry: Handoff, organisation: str, settings: Settings, mail: MailServer, clock: Clock
) -> Target:
    """What one entry describes; nothing is opened or called yet."""
    vault = Vault(settings.evidence_dir)
    if isinstance(entry, FolderHandoff):
        # An absolute path stays as it is.
        return FolderTarget(settings.data_dir / (entry.path or f"delivered/{organisation}"), vault)
    if isinstance(entry, EmailHandoff):
        return EmailTarget(mail, entry.to, vault, entry.attach_bytes)
    secret, caller = _secret(entry, settings.data_dir), _caller(entry, settings.data_dir)
    if isinstance(entry, WebhookHandoff):
        return WebhookTarget(entry.url, secret, caller, clock, Links(settings.public_url))
    if isinstance(entry, MappedJsonHandoff):
        path = settings.data_dir / entry.mapping
        links = Links(settings.public_url)
        return MappedJsonTarget(entry.url, path, secret, entry.auth, caller, clock, links)
    return RequestTrackerTarget(
        entry.url,
        entry.queue,
        secret,
        entry.case_field,
        {name: Source(one.path, one.values, one.otherwise) for name, one in entry.fields.items()},
        caller,
        vault,
        entry.attach_bytes,
        entry.requestor,
        ZoneInfo(entry.timezone),
        clock,
    )


OverHttp = WebhookHandoff | RequestTrackerHandoff | MappedJsonHandoff


def _secret(entry: OverHttp, folder: Path) -> Secret:
    return Secret(None if entry.secret_file is None else folder / entry.secret_file, entry.secret_env)


def _caller(entry: OverHttp, folder: Path) -> Caller:
    return Caller(entry.allow_private, None if entry.trust is None else folder / entry.trust)
