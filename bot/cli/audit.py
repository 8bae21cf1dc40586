"""`hearout audit`: whether what was done is still kept as it was done."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

audit_commands = typer.Typer(
    help="The audit trail: what was done to conversations, cases and deliveries.", no_args_is_help=True
)


@audit_commands.command()
def verify(
    head: Annotated[
        Path | None,
        typer.Option(
            help="Heads that were exported before: shows a chain that was cut short or written anew."
        ),
    ] = None,
) -> None:
    """Walk every organisation's chain, and say where it is first broken; ends with 1 when one is."""
    from bot.cli import FINDINGS, reading, say, stop
    from cases import audit_check

    try:
        exported = audit_check.parse_heads(head.read_text("utf-8")) if head is not None else None
    except (OSError, UnicodeDecodeError):
        stop(f"{head} cannot be read.")
    except audit_check.UnreadableHeads as unreadable:
        stop(f"{head}: {unreadable}.")
    with reading() as store:
        report = store.read_sync(lambda conn: audit_check.verify(conn, exported))
    for found in report.breaks:
        say(found.as_text())
    broken = {found.organisation for found in report.breaks}
    for organisation, entries in report.entries.items():
        if organisation not in broken:
            say(f"{organisation}: {entries} {'entry' if entries == 1 else 'entries'}, nothing broken.")
    if broken:
        stop(f"{len(broken)} of {len(report.entries)} chains broken.", FINDINGS)
    if not report.entries:
        say("Nothing has been done yet.")


@audit_commands.command()
def head() -> None:
    """Print the newest entry of every chain, as JSON: keep it where this server cannot write."""
    from bot.cli import reading, say
    from cases import audit, audit_check

    with reading() as store:
        say(audit_check.export(store.read_sync(audit.heads), datetime.now(UTC)))
