"""`hearout letter`: any letter about a case, as a PDF to print or as text."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

letter_commands = typer.Typer()


@letter_commands.command()
def letter(
    reference: Annotated[str, typer.Argument(help="A case, such as CQM-9MVQ-9PKT-E.", metavar="REF")],
    kind: Annotated[
        str,
        typer.Argument(
            help="acknowledgement, receipt, written_record, signpost, holding, extension, consent_request, reminder or "
            "closure.",
            metavar="KIND",
        ),
    ],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="The PDF to write; without it the text is printed.")
    ] = None,
    note: Annotated[
        str, typer.Option(help="A paragraph in your own words, where the letter has a place.")
    ] = "",
    language: Annotated[
        str | None, typer.Option(help="en or cy; the case's own language, if not given.")
    ] = None,
) -> None:
    """Write a letter about a case. Its dates, contacts and rights are those of the case's decision."""
    from datetime import UTC, datetime

    from bot.cli import plainly, reading, say, settings
    from bot.cli.rules import whole_shelf
    from bot.overlay import Overlays
    from bot.posting import PostOffice
    from cases import register, watch
    from handoff.letters import Bookcase, as_text

    with plainly():
        chosen = settings()
        with reading() as store:
            record = store.read_sync(lambda conn: register.show(conn, reference.strip()))
            where = (str(record["organisation"]), str(record["reference"]))
            clocks = store.read_sync(lambda conn: watch.standing(conn, *where))
        post = PostOffice(
            whole_shelf(chosen),
            Overlays(chosen.overlays_dir),
            Bookcase(chosen.overlays_dir),
            lambda: datetime.now(UTC),
            pages=chosen.people_see_cases_at,
        )
        made = post.letter(kind, record, clocks=clocks, note=note, language=language)
        if output is None:
            say(as_text(made).rstrip())
            return
        output.write_bytes(post.pdf(made, where[0]))
    say(f"{output}: {made.title}.")
