"""What keeps a server well without being asked: it purges what is over, and tells when its disk runs full."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from functools import partial
from pathlib import Path

import structlog

from bot.api.privacy import Office
from bot.app.edge import places_of
from bot.app.looking import look_forever
from handoff.alarm import WebhookAlarm
from handoff.mail import MailServer, one_line
from handoff.target import DeliveryFailure

log = structlog.get_logger("hearout.keeping")

# Retention is counted in days and months.
PURGE_SECONDS = 3600.0
DISK_SECONDS = 60.0
TELL_AGAIN = timedelta(hours=24)


class PurgeLoop:
    """Erases what is over, an organisation at a time, as long as the server runs."""

    def __init__(self, office: Office, *, every: float = PURGE_SECONDS) -> None:
        self._office = office
        self._every = every

    async def run(self) -> None:
        """Look again and again; one organisation's trouble keeps no other from its purge."""
        await look_forever(
            self._office.organisations, self._office.purge, self._every, partial(log.error, "purge_failed")
        )


class DiskWatch:
    """How much room the data folder's disk has. Below `least` bytes it is a finding, and people are told.

    `people` gives the addresses to write to, `hook` is a second way to tell; `free` gives the bytes that are free,
    OSError where nobody can say.
    """

    def __init__(
        self,
        folder: Path,
        least: int,
        mail: MailServer,
        people: Callable[[], Iterable[str]],
        clock: Callable[[], datetime],
        *,
        hook: WebhookAlarm | None = None,
        free: Callable[[Path], int] | None = None,
        every: float = DISK_SECONDS,
    ) -> None:
        self._folder = folder
        self._least = least
        self._mail = mail
        self._people = people
        self._clock = clock
        self._hook = hook
        self._free = free or free_bytes
        self._every = every
        self._told_at: datetime | None = None

    @property
    def free(self) -> int | None:
        """Bytes that are free now; None where nobody can say."""
        try:
            return self._free(self._folder)
        except OSError:
            return None

    @property
    def findings(self) -> list[str]:
        """What is wrong, as sentences."""
        free = self.free
        if free is None or free >= self._least:
            return []
        return [
            f"Only {megabytes(free)} are free on the disk of the data folder, fewer than {megabytes(self._least)} "
            "(HEAROUT_DISK_LOW_BYTES). Make room: once it is full, nothing more can be kept."
        ]

    async def run(self) -> None:
        """Look again and again."""
        while True:
            try:
                await self.look()
            except Exception as error:  # noqa: BLE001 - the watch outlives every trouble
                log.error("disk_watch_failed", kind=type(error).__name__, places=places_of(error))
            await asyncio.sleep(self._every)

    async def look(self) -> bool:
        """Tell when the disk is low: at once, and once a day for as long as it stays so. Whether anybody was told."""
        findings, now = self.findings, self._clock()
        if not findings:
            self._told_at = None
            return False
        if self._told_at is not None and now - self._told_at < TELL_AGAIN:
            return False
        self._told_at = now
        log.error("disk_low", free_bytes=self.free, least_bytes=self._least)
        for address in sorted(set(self._people())) if self._mail.host else ():
            try:
                await self._mail.send(_letter(findings[0], self._mail.sender, address, now), [address])
            except DeliveryFailure as failure:
                log.error("disk_alarm_unsent", cause=str(failure))
        if self._hook is not None:
            await self._hook.say(findings[0], f"disk.{now:%Y%m%dT%H%M%S}", {"kind": "disk"})
        return True


def free_bytes(folder: Path) -> int:
    """Bytes that this process may still write on the folder's disk; OSError where the folder is not there."""
    return shutil.disk_usage(folder).free


def megabytes(size: int) -> str:
    """A size for people."""
    return f"{size / 1_000_000:,.0f} MB"


def _letter(finding: str, sender: str, address: str, now: datetime) -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"] = one_line(sender), one_line(address)
    message["Subject"] = "Hearout's disk is nearly full"
    message["Message-ID"] = f"<disk.{now:%Y%m%dT%H%M%S}@{one_line(sender).rpartition('@')[2] or 'localhost'}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(
        f"{finding}\n\nComplaints are still taken. `hearout doctor` on the server says more, and docs/operations.md "
        "says what may be moved or deleted.\n"
    )
    return message
