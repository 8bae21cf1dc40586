"""`hearout privacy`: what is held of a person, what must stay, what is erased.

Looking needs no server. What writes goes through the server that runs, where there is one on a SQLite store, and is
done here otherwise.
"""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from cases.access import Match
    from cases.store import Store

privacy_commands = typer.Typer(
    help="What is held of a person: find, export and erase it, hold it for the law, purge what is over.",
    no_args_is_help=True,
)
# A purge of some ten thousand cases goes on for minutes.
PURGE_SECONDS = 3600.0

References = Annotated[
    list[str], typer.Argument(help="References, such as CQM-9MVQ-9PKT-E.", metavar="REF...")
]
Reference = Annotated[str, typer.Argument(help="A reference, such as CQM-9MVQ-9PKT-E.", metavar="REF")]
Url = Annotated[str | None, typer.Option(help="Where Hearout runs; this machine's, if not given.")]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON on standard output.")]
_BY = {
    "email": "e-mail",
    "phone": "telephone",
    "name": "name",
    "reference": "reference",
    "mentioned": "mentioned in the words",
}


@privacy_commands.command()
def find(
    email: Annotated[str | None, typer.Option(help="Their e-mail address.")] = None,
    phone: Annotated[str | None, typer.Option(help="Their telephone number, however written.")] = None,
    name: Annotated[str | None, typer.Option(help="Their name: best together with --reference.")] = None,
    reference: Annotated[str | None, typer.Option(help="A reference that they quote.")] = None,
    as_json: AsJson = False,
) -> None:
    """Conversations and cases that may be a person's; you decide which of them are."""
    from bot.cli import reading, say, stop
    from cases.access import Wanted
    from cases.access import find as look

    asked = reference.strip().upper() if reference else None
    with reading() as store:
        try:
            found = store.read_sync(lambda conn: look(conn, Wanted(email, phone, name, asked)))
        except ValueError as error:
            stop(f"{str(error)[:1].upper()}{str(error)[1:]}.")
    if as_json:
        say(json.dumps([_match_json(match) for match in found], ensure_ascii=False, indent=2))
        return
    for match in found:
        by = ", ".join(_BY[one] for one in match.by)
        told = f", told on {match.told_on}" if match.told_on else ""
        hold = "; a legal hold keeps it" if match.held else ""
        say(f"{match.reference}  {match.state}{told}, {match.name or 'no name'}: found by {by}{hold}")
    if not found:
        say("Nothing that is kept here matches.")


@privacy_commands.command()
def export(
    references: References,
    to: Annotated[Path, typer.Option("--to", help="A folder that is not there yet.")],
) -> None:
    """Everything that is held under these references, to give to the person: JSON, a page to read, their files."""
    from bot.cli import plainly, reading, say, settings
    from bot.cli.held import write_out
    from cases.access import export as gather

    names = [name.strip().upper() for name in references]
    now = datetime.now(UTC)
    with reading() as store, plainly():
        held = store.read_sync(lambda conn: gather(conn, names, now))
        written = write_out(held, to, settings().evidence_dir)
    say(f"{to}: {', '.join(written)}.")
    say("Look through it before you give it out: it may name other people.")


@privacy_commands.command()
def erase(
    references: References,
    yes: Annotated[bool, typer.Option("--yes", help="Erase them: there is no way back.")] = False,
    url: Url = None,
) -> None:
    """Erase these at a person's request, each with its whole conversation, its cases and its files."""
    from bot.cli import reading, say, stop
    from bot.cli.show import case_lines
    from cases.register import list_cases
    from cases.remarks import conversation_of

    names = [name.strip().upper() for name in references]
    with reading() as store:
        whole = {
            store.read_sync(lambda conn, n=name: conversation_of(conn, n)).conversation.reference  # type: ignore[misc]
            for name in names
        }
        mine = [one for one in store.read_sync(list_cases) if one["conversation_reference"] in whole]
    if not yes:
        for line in case_lines(mine):
            say(line)
        stop("Nothing was erased. To erase all of these, for good, say --yes.")
    done = _do({"act": "erase", "references": names}, url)
    say(f"Erased: {', '.join(done['references'])}; {_many(done['files'], 'file')}.")
    if done["receivers"]:
        say(f"They were handed to {', '.join(done['receivers'])}: erase them there too.")
    say("A backup from before still has them: see docs/privacy.md.")


@privacy_commands.command()
def hold(
    reference: Reference,
    why: Annotated[str, typer.Option("--why", help="The reason, such as the claim that it is needed for.")],
    by: Annotated[str, typer.Option("--by", help="Who decided it.")],
    url: Url = None,
) -> None:
    """Keep a case, with its whole conversation, from purge and erasure."""
    from bot.cli import say

    done = _do({"act": "hold", "reference": reference, "why": why, "by": by}, url)
    say(f"{done['references'][0]} is held." if done["changed"] else "It was held already.")


@privacy_commands.command()
def release(reference: Reference, url: Url = None) -> None:
    """Lift a hold; its reason is forgotten."""
    from bot.cli import say

    done = _do({"act": "release", "reference": reference}, url)
    say(f"{done['references'][0]} is held no longer." if done["changed"] else "It was not held.")


@privacy_commands.command()
def holds(as_json: AsJson = False) -> None:
    """Every legal hold there is."""
    from dataclasses import asdict

    from bot.cli import reading, say
    from cases.erasure import holds_of

    with reading() as store:
        found = store.read_sync(holds_of)
    if as_json:
        say(json.dumps([asdict(one) for one in found], default=str, ensure_ascii=False, indent=2))
        return
    for one in found:
        say(f"{one.reference}  since {one.placed_at.date()}, by {one.placed_by}: {one.why}")
    if not found:
        say("Nothing is held.")


@privacy_commands.command()
def purge(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be erased, and what is kept back.")
    ] = False,
    organisation: Annotated[str | None, typer.Option(help="One organisation; all, if not given.")] = None,
    url: Url = None,
) -> None:
    """Erase what is over by each organisation's periods; a server that runs does this by itself every hour."""
    from bot.cli import say

    if dry_run:
        _would_purge(organisation)
        return
    done = _do({"act": "purge", "organisation": organisation}, url)
    if not done["changed"]:
        say("Nothing is over.")
        return
    say(f"Erased: {_many(len(done['references']), 'reference')}, {_many(done['files'], 'file')}.")


def _would_purge(organisation: str | None) -> None:
    from bot.cli import plainly, reading, say, settings
    from bot.cli.rules import whole_shelf
    from bot.overlay import Overlays
    from cases.retention import Periods, due, kept_back

    with plainly():
        chosen = settings()
        overlays, now, total = Overlays(chosen.overlays_dir), datetime.now(UTC), 0
        with reading() as store:
            for name in [organisation] if organisation else whole_shelf(chosen).ids():
                periods = Periods(**overlays(name).retention.model_dump())
                found = store.read_sync(lambda conn, o=name, p=periods: due(conn, o, now, p, 1_000_000))  # type: ignore[misc]
                stays = store.read_sync(lambda conn, o=name, p=periods: kept_back(conn, o, now, p))  # type: ignore[misc]
                total += len(found)
                for one in found:
                    what = {"case": "would go", "draft": "would go", "evidence": "its files would go"}[
                        one.what
                    ]
                    say(f"{one.reference}  {what}: over since {one.since.date()}")
                for back in stays:
                    why = {"hold": "a legal hold", "handover": "it has not been handed over yet"}[back.why]
                    say(f"{back.reference}  stays: {why}")
    say(f"{_many(total, 'conversation')} would be erased, or lose files." if total else "Nothing is over.")


def _do(act: dict[str, Any], url: str | None) -> dict[str, Any]:
    from bot.cli.calling import carry_out

    done: dict[str, Any] = carry_out(
        lambda store: _here(store, act), url, "/api/v1/privacy", act, seconds=PURGE_SECONDS
    )
    return done


def _here(store: Store, act: dict[str, Any]) -> dict[str, Any]:
    from pydantic import TypeAdapter

    from bot.api.privacy import Act
    from bot.app import office_of, utc_now
    from bot.cli import logs, settings
    from bot.cli.rules import whole_shelf
    from bot.overlay import Overlays

    chosen = settings()
    logs.configure(chosen, level="warning")
    packs, overlays = whole_shelf(chosen), Overlays(chosen.overlays_dir)
    office = office_of(chosen, store, packs, overlays, utc_now)
    done = asyncio.run(office.do(TypeAdapter(Act).validate_python(act)))
    return done.model_dump()


def _match_json(match: Match) -> dict[str, Any]:
    return {
        "organisation": match.organisation,
        "reference": match.reference,
        "state": match.state,
        "name": match.name,
        "told_on": match.told_on.isoformat() if match.told_on else None,
        "found_by": list(match.by),
        "held": match.held,
    }


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
