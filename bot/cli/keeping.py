"""`hearout backup` and `hearout restore`: everything that is kept, as one checked file."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

keeping_commands = typer.Typer()


@keeping_commands.command()
def backup(
    archive: Annotated[
        Path | None,
        typer.Argument(
            help="The file to write; by default backups/hearout-<time>.tar.gz beside the data folder."
        ),
    ] = None,
) -> None:
    """Write everything that is kept to one file; the server may go on meanwhile."""
    from bot.cli import plainly, say, settings, stop
    from cases.backup import back_up

    with plainly():
        chosen = settings()
        now = datetime.now(UTC)
        target = archive or chosen.data_dir.parent / "backups" / f"hearout-{now:%Y%m%dT%H%M%SZ}.tar.gz"
        if not chosen.data_dir.is_dir():
            stop(f"There is no data folder at {chosen.data_dir} (HEAROUT_DATA_DIR).")
        try:
            kept = back_up(chosen.data_dir, chosen.database_url, target, now)
        except FileExistsError:
            stop(f"{target} is there already; a backup never takes the place of another.")
    packed = target.stat().st_size / 2**20
    say(
        f"{target}: {kept.files} files, {kept.size / 2**20:.1f} MiB, packed {packed:.1f}, in {kept.seconds:.1f} s."
    )
    if not kept.database:
        say(
            "The database is NOT in it: pg_dump is not installed here. See docs/operations.md for how to keep it."
        )


@keeping_commands.command()
def restore(archive: Annotated[Path, typer.Argument(help="A file that `hearout backup` wrote.")]) -> None:
    """Bring a backup back into an empty data folder (and database), after every file in it was found whole."""
    from bot.cli import plainly, say, settings
    from cases.backup import restore as bring_back

    with plainly():
        chosen = settings()
        kept = bring_back(archive, chosen.data_dir, chosen.database_url)
    say(f"{chosen.data_dir}: {kept.files} files as they were on {kept.made_at}.")
    if kept.database:
        say(
            "Run `hearout migrate` if this Hearout is newer, and `hearout audit verify`; then start the server."
        )
