"""PostgreSQL's programs, if installed: pg_dump for a copy of a database, pg_restore for its way back."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import sqlalchemy as sa


class PostgresToolFailed(ValueError):
    """pg_dump or pg_restore is not there or did not end well; the message is for the operator."""


def dump(url: str, target: Path) -> Path | None:
    """A copy of the database as it is at one moment, in pg_dump's custom format; None where pg_dump is not installed.

    Raises PostgresToolFailed.
    """
    program = shutil.which("pg_dump")
    if program is None:
        return None
    _run([program, "--format=custom", "--no-owner", "--no-privileges", f"--file={target}"], url)
    return target


def bring_back(copy: Path, url: str) -> None:
    """Put a copy into the database at `url`, whole or not at all. Raises PostgresToolFailed; never overwrites."""
    program = shutil.which("pg_restore")
    if program is None:
        raise PostgresToolFailed("pg_restore is not installed here; install PostgreSQL's client programs")
    engine = sa.create_engine(
        sa.engine.make_url(url).set(drivername="postgresql+psycopg"), poolclass=sa.NullPool
    )
    with engine.connect() as connection:
        if sa.inspect(connection).get_table_names():
            raise PostgresToolFailed("the database is not empty: restore into a new one, made with createdb")
    engine.dispose()
    name = sa.engine.make_url(url).database or ""
    # One transaction, so that a copy that cannot be read to its end leaves nothing.
    _run(
        [program, "--single-transaction", "--no-owner", "--no-privileges", f"--dbname={name}", str(copy)], url
    )


def _run(command: list[str], url: str) -> None:
    variables = {**os.environ, **_where(url)}
    # The programs are PostgreSQL's, found on the path; the rest are names of ours.
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode != 0:
        # The first line says why; the others may quote what was being copied.
        said = done.stderr.strip().splitlines()
        raise PostgresToolFailed(f"{Path(command[0]).name} failed: {said[0] if said else done.returncode}")


def _where(url: str) -> dict[str, str]:
    """The variables by which PostgreSQL's programs find a database: a password on the command line could be seen."""
    made = sa.engine.make_url(url)
    host = made.host or made.query.get("host") or ""
    found = {
        "PGHOST": host if isinstance(host, str) else host[0],
        "PGPORT": str(made.port or ""),
        "PGUSER": made.username or "",
        "PGPASSWORD": str(made.password or ""),
        "PGDATABASE": made.database or "",
    }
    return {name: value for name, value in found.items() if value}
