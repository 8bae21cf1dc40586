"""`hearout rules`: the published versions of an organisation's rules, as a list and as files."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from bot.settings import Settings
    from cases.rulebook import Version
    from policy_rules.shelf import PackShelf

rule_commands = typer.Typer(help="The versions of the rules that were published.", no_args_is_help=True)
Organisation = Annotated[str, typer.Argument(help="The organisation, such as cim.", metavar="ORG")]


@rule_commands.command("list")
def show(organisation: Organisation) -> None:
    """Every version: from when it is in force, who wrote it and who approved it."""
    from bot.cli import plainly, say, settings

    with plainly():
        shelf = whole_shelf(settings())
        found = published(settings(), organisation)
        if not found:
            shelf.get(organisation)
            say("1  in force since ever, from the file; nothing was published yet.")
            return
        now = datetime.now(UTC)
        current = shelf.number_of(shelf.get(organisation, now))
        for version in found:
            begins = "ever" if version.effective_from is None else version.effective_from.isoformat()
            marks = [
                "in force" if version.number == current else "",
                f"version {version.again_of} again" if version.again_of else "",
                "" if version.intact else "CHANGED IN THE DATABASE, not used",
            ]
            people = f"{version.author_name or 'the file'}, approved by {version.approver_name or 'nobody'}"
            line = f"{version.number}  since {begins}  {version.title}  ({people})"
            say(f"{line}  {', '.join(mark for mark in marks if mark)}".rstrip())


@rule_commands.command()
def export(
    organisation: Organisation,
    number: Annotated[
        int | None, typer.Option("--version", help="Its number; the one in force, if not given.")
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", help="Write it to this file.")] = None,
) -> None:
    """Print a version as the file of a pack, for `hearout check` and `hearout diff`, with its comments."""
    from bot.cli import plainly, say, settings, stop

    with plainly():
        shelf = whole_shelf(settings())
        wanted = number or shelf.number_of(shelf.get(organisation))
        text = next((one.text for one in shelf.editions(organisation) if one.number == wanted), None)
        if text is None:
            stop(f"{organisation} has no version {wanted}.")
        if output is None:
            typer.echo(text, nl=not text.endswith("\n"))
            return
        output.write_text(text, encoding="utf-8")
    say(f"{output}: version {wanted} of the rules of {organisation}.")


def whole_shelf(chosen: Settings) -> PackShelf:
    """The packs as a server would decide by them: the files, and what was published in the database if there is one."""
    from policy_rules.shelf import PackShelf

    packs, now = PackShelf(chosen.packs_dir, clock=lambda: datetime.now(UTC)), datetime.now(UTC)
    by: dict[str, list[Version]] = {}
    for version in published(chosen):
        by.setdefault(version.organisation, []).append(version)
    for organisation, versions in by.items():
        for finding in packs.adopt(organisation, [version.edition for version in versions], now):
            typer.echo(finding, err=True)
    return packs


def published(chosen: Settings, organisation: str | None = None) -> list[Version]:
    """The versions in the database; none where there is no database yet, or one from before versions."""
    from cases import rulebook
    from cases.schema import SchemaMismatch
    from cases.store import StoreMissing, open_store

    try:
        store = open_store(chosen.database_url, read_only=True)
    except StoreMissing:
        return []
    except SchemaMismatch as mismatch:
        typer.echo(f"Only the files are used: {mismatch}", err=True)
        return []
    try:
        if organisation is not None:
            return store.read_sync(lambda conn: rulebook.versions(conn, organisation))
        return store.read_sync(lambda conn: rulebook.unknown_to(conn, {}))
    finally:
        store.close()
