"""`hearout doctor`: whether everything that Hearout's promises hang on is well."""

from __future__ import annotations

import json
from typing import Annotated

import typer

doctor_commands = typer.Typer()


@doctor_commands.command()
def doctor(
    as_json: Annotated[
        bool, typer.Option("--json", help="The findings as one JSON object on standard output.")
    ] = False,
    backup_hours: Annotated[float, typer.Option(min=0, help="How old the last backup may be.")] = 26.0,
) -> None:
    """Look at disk, clock, database, packs, settings, mail, receivers and backups; ends with 1 when one has a fault."""
    import time
    from dataclasses import asdict

    from bot.cli import FINDINGS, logs, plainly, say, settings
    from bot.cli.checkup import CHECKS, Patient, examine, present

    with plainly():
        chosen = settings()
        logs.configure(chosen, level="warning")
        began = time.monotonic()
        found = examine(Patient(chosen, present(), backup_hours))
        seconds = round(time.monotonic() - began, 2)
    faults = sum(one.level == "fault" for one in found)
    if as_json:
        report = {"well": not faults, "seconds": seconds, "checks": list(CHECKS)}
        say(json.dumps({**report, "findings": [asdict(one) for one in found]}, ensure_ascii=False, indent=2))
    else:
        for one in found:
            say(f"{one.level.upper():7}  {one.check}: {one.what.rstrip('.')}.")
            say(f"         where: {one.where}")
            say(f"         cure:  {one.cure}")
        warnings = len(found) - faults
        say(f"{len(CHECKS)} checks in {seconds} s: {faults} faults, {warnings} warnings.")
    if faults:
        raise typer.Exit(FINDINGS)
