"""`hearout report`: what was received in a period, what became of it, which promises were kept; as of an instant."""

from __future__ import annotations

import hashlib
import sys
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from bot.console.report_making import Asked
    from bot.console.report_view import House
    from cases.store import Store

report_commands = typer.Typer()


class What(StrEnum):
    """What is reported."""

    BOARD = "board"
    REGULATOR = "regulator"
    CLOCKS = "clocks"
    FUNNEL = "funnel"


class Form(StrEnum):
    """How it is written."""

    TEXT = "text"
    JSON = "json"
    CSV = "csv"
    HTML = "html"
    PDF = "pdf"


@report_commands.command()
def report(
    organisation: Annotated[str, typer.Argument(help="The organisation, such as cqm.", metavar="ORG")],
    first: Annotated[str, typer.Option("--from", help="The first day, such as 2026-01-01.")] = "",
    last: Annotated[str, typer.Option("--to", help="The last day, such as 2026-12-31.")] = "",
    as_of: Annotated[
        str, typer.Option("--as-of", help="What was known at this instant, or at the end of this day; now.")
    ] = "",
    what: Annotated[
        What,
        typer.Option("--kind", help="For the board, a regulator, as open data of clocks, or the funnel."),
    ] = What.BOARD,
    form: Annotated[Form, typer.Option("--format", help="How it is written.")] = Form.TEXT,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="The file to write.")] = None,
) -> None:
    """Report what was received in a period. The same days and the same instant always give the same numbers.

    Ends with 1 when the report does not add up.
    """
    from bot.cli import FINDINGS, plainly, reading, say, stop
    from bot.console.report_making import asked

    given = {"from": first, "to": last, "as_of": as_of}
    now = datetime.now(UTC)
    with plainly():
        house = _house(organisation)
        wanted = asked(lambda name: given[name].strip(), now)
        with reading() as store:
            content, faults = _made(store, organisation, wanted, house, what, form)
        if out is None:
            if form is Form.PDF:
                stop("A PDF goes into a file: say where with --out FILE.")
            sys.stdout.buffer.write(content)
            sys.stdout.buffer.flush()
        else:
            # First into the trail, so that no file is without its entry.
            _tell(organisation, f"{what}.{form}", wanted, content, now)
            out.write_bytes(content)
            say(f"{out}: as known at {wanted.as_of.isoformat()}.")
    if faults:
        stop(" ".join(faults), FINDINGS)


def _house(organisation: str) -> House:
    from bot.cli import settings
    from bot.console.report_view import House
    from bot.dialogue.catalogue import Catalogue, words_of
    from policy_rules.shelf import PackShelf

    shelf = PackShelf(settings().packs_dir)
    pack = shelf.get(organisation).pack
    return House(pack.organisation.name, Catalogue(words_of("en"), pack, shelf.wording(organisation, "en")))


def _made(
    store: Store, organisation: str, wanted: Asked, house: House, what: What, form: Form
) -> tuple[bytes, tuple[str, ...]]:
    """The report as bytes, and what does not add up in it."""
    from bot.cli import stop
    from bot.console import report_files
    from cases.reports import funnel, gather, making, sheets

    period, read = wanted.period, store.read_sync
    if what is What.REGULATOR and form is Form.CSV:
        found = gather.matters(read, organisation, wanted.as_of, period.first, period.last)
        return sheets.regulator(organisation, period, found), ()
    if what is What.FUNNEL and form is Form.CSV:
        return sheets.funnel(funnel.make(read, organisation, period, wanted.as_of), house.named), ()
    made = making.make(read, organisation, period, wanted.as_of)
    writers = {**report_files.OF_REPORT, "board.text": report_files.as_text}
    writer = writers.get(f"{what}.{form}")
    if writer is None:
        has = sorted({*writers, "regulator.csv", "funnel.csv"} - {"clocks.schema.json"})
        forms = ", ".join(name.partition(".")[2] for name in has if name.startswith(f"{what}."))
        stop(f"There is no {form} of '{what}'. There is: {forms}.")
    return writer(made, house), made.reconciliation.faults


def _tell(organisation: str, file: str, wanted: Asked, content: bytes, now: datetime) -> None:
    """Keep in the audit trail that a file was written, as the page does; by the server, where one has the store."""
    from bot.api.reports import COMMAND
    from bot.cli.calling import carry_out
    from cases.reports import making

    period, digest = wanted.period, hashlib.sha256(content).hexdigest()
    days = {"first": str(period.first), "last": str(period.last), "as_of": wanted.as_of.isoformat()}
    place = (organisation, file, period, wanted.as_of, digest)
    carry_out(
        lambda store: store.write_sync(lambda conn: making.exported(conn, *place, COMMAND, now)),
        None,
        "/api/v1/reports/exported",
        {"organisation": organisation, "file": file, **days, "sha256": digest},
    )
