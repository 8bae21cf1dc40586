"""A backup of everything that is kept, and its way back: one archive, checked file by file when it is restored.

The database goes first, as it was at one moment while the server runs: SQLite's online backup, or `pg_dump` where it is
installed. The rest of the data folder (organisations' own settings, evidence, delivered cases) goes in after it, so
that no row of the copy names a file that the archive lacks.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import sqlite3
import tarfile
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from cases import pg_dump, schema
from cases.lock import WriterLock

MANIFEST = "manifest.json"
FORM = 1
SQLITE, POSTGRESQL = "hearout.db", "hearout.pgdump"
# Of the data folder, and of no archive.
_LAST = ".last-backup.json"
# gzip's highest levels take five times as long for a hundredth less.
_LEVEL = 4
# Beside a SQLite database, and made anew by whoever opens it.
_OF_THE_MOMENT = (".lock", "-wal", "-shm", "-journal")


class UnusableBackup(ValueError):
    """An archive that is not a backup of ours, or not a whole one."""


class NotEmpty(ValueError):
    """The folder to restore into holds something already."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What an archive holds: how many files and bytes, whether the database is among them, and when it was made."""

    files: int
    size: int
    database: bool
    made_at: str
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class LastBackup:
    """When the data folder was last backed up, to where, and whether the database was in it."""

    made_at: datetime
    archive: str
    database: bool


def back_up(data_dir: Path, database_url: str, archive: Path, now: datetime) -> Kept:
    """Write `archive` (.tar.gz), whole or not at all. FileExistsError where there is one already; OSError."""
    began, database = time.monotonic(), _sqlite_path(database_url)
    archive.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=archive.parent, prefix=f".{archive.name}.")
    os.close(handle)
    part = Path(name)
    try:
        with tempfile.TemporaryDirectory(dir=archive.parent, prefix=".hearout-backup-") as folder:
            copy = _database(database, database_url, Path(folder))
            sums: dict[str, dict[str, Any]] = {}
            with tarfile.open(part, "w:gz", format=tarfile.PAX_FORMAT, compresslevel=_LEVEL) as tar:
                if copy is not None:
                    _add(tar, copy, copy.name, sums)
                for path in _others(data_dir, database, archive):
                    _add(tar, path, f"data/{path.relative_to(data_dir).as_posix()}", sums)
                revision = _revision(copy) if copy is not None and copy.name == SQLITE else schema.HEAD
                manifest = {"form": FORM, "made_at": now.isoformat(), "revision": revision, "files": sums}
                _add(tar, _written(Path(folder), manifest), MANIFEST, {})
        with part.open("rb") as written:
            os.fsync(written.fileno())
        os.link(part, archive)  # unlike a rename, it never takes the place of an older backup
    finally:
        part.unlink(missing_ok=True)
    kept = _kept(manifest, time.monotonic() - began)
    _note(data_dir, archive, kept)
    return kept


def last_backup(data_dir: Path) -> LastBackup | None:
    """The last backup that was made of this folder; None where there was none."""
    try:
        told = json.loads((data_dir / _LAST).read_text("utf-8"))
        return LastBackup(datetime.fromisoformat(told["made_at"]), told["archive"], told["database"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _note(data_dir: Path, archive: Path, kept: Kept) -> None:
    told = {"made_at": kept.made_at, "archive": str(archive.absolute()), "database": kept.database}
    # A folder that cannot be written, or has no room, must not make a good backup a failure.
    with contextlib.suppress(OSError):
        (data_dir / _LAST).write_text(json.dumps(told), encoding="utf-8")


def restore(archive: Path, data_dir: Path, database_url: str) -> Kept:
    """Unpack `archive` into an empty `data_dir`. Nothing is put in place before every file was found whole.

    A PostgreSQL database must be there, and empty. Raises UnusableBackup, NotEmpty, StoreBusy where a server runs, and
    OSError.
    """
    began, database = time.monotonic(), _sqlite_path(database_url)
    if data_dir.exists() and any(not _momentary(path) for path in data_dir.iterdir()):
        raise NotEmpty(f"{data_dir} is not empty. Move what is there away, or restore into another folder.")
    if database is not None and database.exists():
        raise NotEmpty(f"there is a database at {database} already.")
    data_dir.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=data_dir.parent, prefix=".hearout-restore-") as folder:
        manifest = _unpacked(archive, Path(folder))
        _fits(manifest, archive, database is not None)
        if database is None and (Path(folder) / POSTGRESQL).exists():
            pg_dump.bring_back(Path(folder) / POSTGRESQL, database_url)
        data_dir.mkdir(exist_ok=True)
        if database is not None:
            _put_database(Path(folder) / SQLITE, database)
        found = Path(folder) / "data"
        for path in sorted(found.iterdir()) if found.exists() else ():
            shutil.move(path, data_dir / path.name)
    return _kept(manifest, time.monotonic() - began)


def _fits(manifest: dict[str, Any], archive: Path, sqlite: bool) -> None:
    """Refuse what this version cannot read, or what belongs into the other kind of database."""
    revision = str(manifest.get("revision") or "0")
    if revision.isdigit() and int(revision) > int(schema.HEAD):
        raise UnusableBackup(
            f"{archive} was made by a newer Hearout (its tables are of revision {revision}, this version's of "
            f"{schema.HEAD}). Install that version, and restore with it."
        )
    if (POSTGRESQL if sqlite else SQLITE) in manifest["files"]:
        held, asked = ("PostgreSQL", "SQLite") if sqlite else ("SQLite", "PostgreSQL")
        raise UnusableBackup(
            f"{archive} holds a {held} database, and HEAROUT_DATABASE_URL names a {asked} one. Point it at {held}."
        )


def _put_database(copy: Path, database: Path) -> None:
    if not copy.exists():
        return
    database.parent.mkdir(parents=True, exist_ok=True)
    lock = WriterLock(database)
    try:
        shutil.move(copy, database)
    finally:
        lock.release()


def _sqlite_path(url: str) -> Path | None:
    made = sa.engine.make_url(url)
    if made.get_backend_name() != "sqlite":
        return None
    return Path(made.database or "")


def _database(database: Path | None, url: str, folder: Path) -> Path | None:
    """A copy of the database, or None where there is none, or no program that could make one."""
    if database is None:
        return pg_dump.dump(url, folder / POSTGRESQL)
    return _copied(database, folder) if database.exists() else None


def _revision(copy: Path) -> str | None:
    with closing(sqlite3.connect(f"{copy.absolute().as_uri()}?mode=ro", uri=True)) as database:
        try:
            found = database.execute("SELECT version_num FROM alembic_version").fetchone()
        except sqlite3.OperationalError:
            return None
    return str(found[0]) if found else None


def _copied(database: Path, folder: Path) -> Path:
    """SQLite's online backup: one consistent view, whatever is being written meanwhile."""
    copy = folder / SQLITE
    with (
        closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)) as source,
        closing(sqlite3.connect(copy)) as target,
    ):
        source.backup(target)
        state = target.execute("PRAGMA integrity_check").fetchone()[0]
    if state != "ok":
        raise UnusableBackup(f"the database {database} is damaged: {state}")
    return copy


def _others(data_dir: Path, database: Path | None, archive: Path) -> Iterator[Path]:
    """The other files of the data folder; one that is still being written has a dot before its name, and waits."""
    apart = {database.resolve()} if database is not None else set()
    for path in sorted(data_dir.rglob("*")):
        own = (
            path.resolve() in apart
            or path.resolve() == archive.resolve()
            or path.parent.name.startswith(".hearout-")
        )
        if path.is_file() and not path.is_symlink() and not own and not _momentary(path):
            yield path


def _momentary(path: Path) -> bool:
    return path.name.endswith(_OF_THE_MOMENT) or path.name.startswith(".")


def _add(tar: tarfile.TarFile, path: Path, name: str, sums: dict[str, dict[str, Any]]) -> None:
    """A file as it is when it is opened; one that went meanwhile is left out, since its row went too."""
    try:
        with path.open("rb") as source:
            info = tar.gettarinfo(arcname=name, fileobj=source)
            info.uid = info.gid = 0
            info.uname = info.gname = ""
            info.mode = 0o600
            sums[name] = {"sha256": hashlib.file_digest(source, "sha256").hexdigest(), "size": info.size}
            source.seek(0)
            tar.addfile(info, source)
    except FileNotFoundError:
        return


def _written(folder: Path, manifest: dict[str, Any]) -> Path:
    path = folder / MANIFEST
    path.write_text(json.dumps(manifest, indent=1), encoding="utf-8")
    return path


def _unpacked(archive: Path, folder: Path) -> dict[str, Any]:
    """Every file of the archive under `folder`, each checked against the manifest."""
    try:
        with tarfile.open(archive, "r:gz") as tar:
            tar.extractall(folder, filter="data")
    except (tarfile.TarError, EOFError, OSError) as error:
        if isinstance(error, FileNotFoundError) and error.filename == str(archive):
            raise
        raise UnusableBackup(f"{archive} is no whole backup: {error}") from error
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text("utf-8"))
        form, files = manifest["form"], manifest["files"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UnusableBackup(f"{archive} has no manifest that can be read.") from error
    if form != FORM:
        raise UnusableBackup(f"{archive} is of form {form}; this version of Hearout reads form {FORM}.")
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    if strange := sorted(there - set(files) - {MANIFEST}):
        raise UnusableBackup(f"{archive}: '{strange[0]}' is in it, and the manifest does not list it.")
    for name, told in files.items():
        path = folder / name
        if not path.is_file():
            raise UnusableBackup(f"{archive}: '{name}' is missing.")
        with path.open("rb") as source:
            if hashlib.file_digest(source, "sha256").hexdigest() != told["sha256"]:
                raise UnusableBackup(f"{archive}: '{name}' is not as it was kept.")
    return manifest


def _kept(manifest: dict[str, Any], seconds: float) -> Kept:
    files = manifest["files"]
    size = sum(one["size"] for one in files.values())
    return Kept(
        len(files), size, bool({SQLITE, POSTGRESQL} & set(files)), manifest["made_at"], round(seconds, 2)
    )
