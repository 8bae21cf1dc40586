"""What `hearout doctor` looks at. Each check yields what is wrong, where, and the cure; nothing is changed.

A fault keeps Hearout from a promise, now or at the next complaint; a warning will, or leaves something undecided.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import structlog

from bot.app.keeping import free_bytes, megabytes
from bot.app.receivers import mail_server
from bot.cli.rules import whole_shelf
from bot.overlay import BrokenOverlay, Overlay, Overlays
from bot.settings import Settings
from cases import audit, files, outbox
from cases.backup import last_backup
from cases.reports.gather import matters
from cases.reports.period import Period, latest, year
from cases.reports.reconcile import reconcile
from cases.schema import SchemaMismatch
from cases.store import Store, StoreMissing, open_store
from cases.vault import Vault
from handoff.probes import address_trouble, mail_trouble
from policy_rules.check import check_file
from policy_rules.decide import CHECK_CONTACTS_EVERY
from policy_rules.shelf import PackShelf, pack_files

log = structlog.get_logger("hearout.doctor")

Level = Literal["fault", "warning"]
# What a clock may be off before a due date could be told wrongly around midnight.
CLOCK_SECONDS = 5.0
STUCK_AFTER = timedelta(hours=1)
ARRIVING_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to mend: in which check, how bad, what, where it stands, and the cure."""

    check: str
    level: Level
    what: str
    where: str
    cure: str


@dataclass(frozen=True, slots=True)
class Patient:
    """What is looked at: the settings, and the present; `backup_hours` is how old the last backup may be."""

    settings: Settings
    now: datetime
    backup_hours: float = 26.0


Check = Callable[[Patient], Iterator[Finding]]


def examine(patient: Patient) -> list[Finding]:
    """All findings. A check that itself fails is a finding, and keeps no other from being made."""
    found: list[Finding] = []
    for name, check in CHECKS.items():
        try:
            found += check(patient)
        except Exception as error:  # noqa: BLE001 - a doctor who dies tells nothing
            what = f"the check itself failed with {type(error).__name__}"
            found.append(Finding(name, "fault", what, name, "Run it again with HEAROUT_LOG_LEVEL=debug."))
    return found


def of_disk(patient: Patient) -> Iterator[Finding]:
    folder = patient.settings.data_dir
    if not folder.is_dir():
        yield Finding(
            "disk",
            "fault",
            "the data folder is not there",
            str(folder),
            "Set HEAROUT_DATA_DIR, or run `hearout migrate`.",
        )
        return
    try:
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".doctor."):
            pass
    except OSError as error:
        cure = "Let the account that runs Hearout write there."
        yield Finding(
            "disk", "fault", f"the data folder cannot be written: {error.strerror}", str(folder), cure
        )
    free, least = free_bytes(folder), patient.settings.disk_low_bytes
    if free < least:
        what = f"only {megabytes(free)} are free, fewer than {megabytes(least)}"
        yield Finding("disk", "fault", what, str(folder), "Make room: see docs/operations.md.")
    if folder.stat().st_mode & 0o007:
        what = "everybody on this machine may look into the data folder"
        yield Finding("disk", "warning", what, str(folder), f"chmod 750 {folder}")


def of_clock(patient: Patient) -> Iterator[Finding]:
    folder = patient.settings.data_dir
    if folder.is_dir() and os.access(folder, os.W_OK):
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".doctor.") as file:
            off = abs(Path(file.name).stat().st_mtime - time.time())
        if off > CLOCK_SECONDS:
            what = f"the clock of the data folder's disk is {off:.0f} seconds from this machine's"
            yield Finding("clock", "fault", what, str(folder), "Set both by NTP.")
    if (program := shutil.which("timedatectl")) is not None:
        asked = [program, "show", "--property=NTPSynchronized", "--value"]
        # A program of the system, found on the path, with arguments of ours.
        done = subprocess.run(asked, capture_output=True, text=True, timeout=10, check=False)  # noqa: S603
        if done.returncode == 0 and done.stdout.strip() == "no":
            what = "the clock is not set by NTP: promised dates hang on it"
            yield Finding("clock", "warning", what, "this machine", "timedatectl set-ntp true")


def of_database(patient: Patient) -> Iterator[Finding]:
    url, where = patient.settings.database_url, "HEAROUT_DATABASE_URL"
    try:
        store = open_store(url, read_only=True)
    except SchemaMismatch as error:
        cure = "Stop the server, take a backup, run `hearout migrate`."
        yield Finding("database", "fault", str(error), where, cure)
        return
    except StoreMissing as error:
        yield Finding("database", "fault", str(error), where, "Run `hearout migrate`, or restore a backup.")
        return
    except Exception as error:  # noqa: BLE001 - whatever keeps the database away
        what = f"the database cannot be opened ({type(error).__name__})"
        yield Finding("database", "fault", what, where, "See that it runs, and that the address is right.")
        return
    try:
        yield from _within(store, patient)
    finally:
        store.close()


def _within(store: Store, patient: Patient) -> Iterator[Finding]:
    newest = store.read_sync(audit.newest_at)
    if newest is not None and newest - patient.now > timedelta(seconds=CLOCK_SECONDS):
        what = f"the clock went back: something was kept at {newest:%Y-%m-%d %H:%M} UTC, which is yet to come"
        yield Finding("clock", "fault", what, "this machine", "Set the clock by NTP.")
    waiting = store.read_sync(lambda conn: outbox.waiting(conn, patient.now))
    if waiting.dead:
        what = f"{waiting.dead} deliveries were given up"
        yield Finding("handoff", "fault", what, "the outbox", "hearout handoff dead")
    if waiting.oldest_due_at is not None and patient.now - waiting.oldest_due_at > STUCK_AFTER:
        what = (
            f"{waiting.due} deliveries are due, the oldest since {waiting.oldest_due_at:%Y-%m-%d %H:%M} UTC"
        )
        cure = "See that a server runs with HEAROUT_DELIVERY=on."
        yield Finding("handoff", "fault", what, "the outbox", cure)
    yield from _of_files(store, patient)
    yield from _of_reports(store, patient)


def _of_reports(store: Store, patient: Patient) -> Iterator[Finding]:
    """Whether this year's and last year's reports add up, and every story that was stored is in a count."""
    as_of = latest(patient.now)
    period = Period(year(as_of.year - 1).first, year(as_of.year).last)
    for organisation in PackShelf(patient.settings.packs_dir).ids():
        found = matters(store.read_sync, organisation, as_of, period.first, period.last)
        for what in reconcile(store.read_sync, organisation, as_of, period, found).faults:
            cure = f"hearout audit verify; then bring back from a backup what is gone of {organisation}."
            yield Finding("reports", "fault", what.rstrip("."), organisation, cure)


def _of_files(store: Store, patient: Patient) -> Iterator[Finding]:
    """Rows without their file, and files without their row; what is under way just now is neither."""
    vault = Vault(patient.settings.evidence_dir)
    rows, standing = store.read_sync(files.ids_kept), vault.standing()
    lost = (rows - set(standing)) & store.read_sync(files.ids_kept)
    where = str(patient.settings.evidence_dir)
    if lost:
        what = f"{len(lost)} files that people sent are gone, such as {'/'.join(min(lost))}"
        yield Finding("files", "fault", what, where, "Bring them back from a backup.")
    left = [path for key, path in standing.items() if key not in rows and _is_old(path)]
    if left:
        what = f"{len(left)} files belong to nothing that is kept, such as {min(left).name}"
        cure = "Delete them, unless an older database was restored: an erasure may have been cut short."
        yield Finding("files", "warning", what, where, cure)


def _is_old(path: Path) -> bool:
    """Whether its row would have been written by now."""
    with contextlib.suppress(OSError):
        return time.time() - path.stat().st_mtime > ARRIVING_SECONDS
    return False


def of_mail(patient: Patient) -> Iterator[Finding]:
    server = mail_server(patient.settings)
    if not server.host:
        what = "no mail server is set: no acknowledgement, reminder or alarm goes out"
        yield Finding("mail", "warning", what, "HEAROUT_SMTP_HOST", "Set it, and HEAROUT_SMTP_FROM.")
        return
    where = f"{server.host}:{server.port}"
    if (trouble := asyncio.run(mail_trouble(server))) is not None:
        cure = "See HEAROUT_SMTP_HOST, _PORT, _SECURITY, _USER and _PASSWORD."
        yield Finding("mail", "fault", f"the mail server: {trouble}", where, cure)
    if server.security == "none" and server.host not in ("127.0.0.1", "::1", "localhost"):
        what = "letters go to the mail server unprotected"
        yield Finding("mail", "warning", what, where, "HEAROUT_SMTP_SECURITY=starttls")


def of_packs(patient: Patient) -> Iterator[Finding]:
    shelf = _shelf(patient)
    for path in pack_files(shelf.folder):
        for what in check_file(path):
            yield Finding("packs", "fault", what, str(path), f"hearout check {path}")
    yield from _of_versions(shelf)
    today = patient.now.date()
    for organisation in shelf.ids():
        pack = shelf.get(organisation).pack
        where = f"{organisation}.yml"
        if pack.source.next_review is not None and today > pack.source.next_review:
            what = f"the policy was due for review by {pack.source.next_review}"
            cure = "Ask whether it is still in force; then set source.next_review."
            yield Finding("packs", "warning", what, where, cure)
        for contact in pack.contacts.values():
            age = None if contact.checked_on is None else today - contact.checked_on
            stale = contact.stale is not None and today >= contact.stale.since
            if stale or (age is not None and age > CHECK_CONTACTS_EVERY):
                what = f"the contact of {contact.name} is stale"
                yield Finding("packs", "warning", what, where, "Check it, and write down checked_on.")


def _shelf(patient: Patient) -> PackShelf:
    """The packs in force; the files alone where the database does not answer, which another check says."""
    try:
        return whole_shelf(patient.settings)
    except Exception:  # noqa: BLE001 - whatever keeps the database from answering
        return PackShelf(patient.settings.packs_dir)


def _of_versions(shelf: PackShelf) -> Iterator[Finding]:
    """What was published and cannot be used, and files that govern no longer."""
    for organisation in shelf.newest:
        for what in shelf.findings:
            if what.startswith(f"{organisation} version "):
                yield Finding(
                    "packs",
                    "fault",
                    what,
                    f"{organisation}/staff/rules",
                    "hearout audit verify; then a backup.",
                )
        file = shelf.from_file(organisation)
        if file is not None and file[0] not in {one.text for one in shelf.editions(organisation)}:
            what = "the file differs from every published version, and is not used"
            cure = f"hearout rules export {organisation} --output {organisation}.yml"
            yield Finding("packs", "warning", what, f"{organisation}.yml", cure)


def of_overlays(patient: Patient) -> Iterator[Finding]:
    overlays = Overlays(patient.settings.overlays_dir)
    for organisation in PackShelf(patient.settings.packs_dir).ids():
        where = str(patient.settings.overlays_dir / f"{organisation}.yml")
        try:
            overlay = overlays(organisation)
        except BrokenOverlay as broken:
            for what in broken.findings:
                yield Finding("settings", "fault", what, where, "Mend that line.")
            continue
        yield from _of_overlay(organisation, overlay, where, patient)


def _of_overlay(organisation: str, overlay: Overlay, where: str, patient: Patient) -> Iterator[Finding]:
    if overlay.alarm is None:
        what = f"nobody is told when a case of {organisation} does not arrive"
        yield Finding("settings", "warning", what, where, "alarm: {name: ..., email: ...}")
    if overlay.retention.closed_months is None:
        what = f"no period is set after which closed cases of {organisation} are erased"
        yield Finding("settings", "warning", what, where, "retention: {closed_months: 72}")
    drafts = overlay.retention.drafts_days
    if drafts is not None and drafts <= patient.settings.abandon_after_days:
        what = f"drafts of {organisation} are erased before staff are shown that they were abandoned"
        cure = f"retention: {{drafts_days: {patient.settings.abandon_after_days + 30}}}"
        yield Finding("settings", "fault", what, where, cure)


def of_targets(patient: Patient) -> Iterator[Finding]:
    overlays = Overlays(patient.settings.overlays_dir)
    for organisation in PackShelf(patient.settings.packs_dir).ids():
        try:
            entries = overlays(organisation).handoff
        except BrokenOverlay:
            continue
        for entry in entries:
            where = f"{organisation}: {entry.name}"
            if (url := getattr(entry, "url", None)) is not None:
                if (trouble := asyncio.run(address_trouble(str(url)))) is not None:
                    cure = f"hearout handoff test {organisation} {entry.name}"
                    yield Finding("handoff", "fault", f"the receiver: {trouble}", where, cure)
            elif entry.target == "email":
                if not patient.settings.smtp_host:
                    what = "cases go by e-mail, and no mail server is set"
                    yield Finding("handoff", "fault", what, where, "Set HEAROUT_SMTP_HOST.")
            elif entry.target == "folder":
                yield from _of_folder(patient.settings.data_dir, organisation, entry.path, where)


def _of_folder(data_dir: Path, organisation: str, path: Path | None, where: str) -> Iterator[Finding]:
    folder = data_dir / (path or f"delivered/{organisation}")
    there = next((one for one in (folder, *folder.parents) if one.exists()), None)
    if there is None or not there.is_dir() or not os.access(there, os.W_OK):
        what = f"cases cannot be put into {folder}"
        yield Finding("handoff", "fault", what, where, "Let the account that runs Hearout write there.")


def of_backup(patient: Patient) -> Iterator[Finding]:
    last = last_backup(patient.settings.data_dir)
    where, cure = str(patient.settings.data_dir), "hearout backup, every night: see docs/operations.md"
    if last is None:
        yield Finding("backup", "warning", "no backup was ever made of this folder", where, cure)
        return
    age = patient.now - last.made_at
    if age > timedelta(hours=patient.backup_hours):
        hours = age / timedelta(hours=1)
        what = f"the last backup is {hours:.0f} hours old, older than {patient.backup_hours:g}"
        yield Finding("backup", "fault", what, last.archive, cure)
    if not last.database:
        what = "the last backup has no database in it"
        yield Finding("backup", "fault", what, last.archive, "Install pg_dump, or keep it by other means.")


CHECKS: dict[str, Check] = {
    "disk": of_disk,
    "clock": of_clock,
    "database": of_database,
    "packs": of_packs,
    "settings": of_overlays,
    "mail": of_mail,
    "handoff": of_targets,
    "backup": of_backup,
}


def present() -> datetime:
    """Now, in UTC."""
    return datetime.now(UTC)
