"""`hearout handoff add | list | test | retry | dead`: where cases go, how it goes there, and trying again.

Looking needs no server. `retry` goes through the server that runs, where there is one on a SQLite store.
"""

from __future__ import annotations

import asyncio
import json
import re
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from bot.overlay import Overlay
    from bot.receivers import Handoff
    from bot.settings import Settings
    from cases.store import Store
    from handoff.target import Delivery

handoff_commands = typer.Typer(
    help="Where cases are handed over: add a place, see how each is faring, try again.", no_args_is_help=True
)
Organisation = Annotated[str, typer.Argument(help="The organisation, such as cim.", metavar="ORG")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON array on standard output.")]
Url = Annotated[str | None, typer.Option(help="Where Hearout runs; this machine's, if not given.")]


@handoff_commands.command()
def add(
    organisation: Organisation,
    target: Annotated[str, typer.Argument(help="The kind of place, such as webhook; see docs/handoff.md.")],
    given: Annotated[
        list[str] | None,
        typer.Argument(help="Its settings, such as url=https://...", metavar="NAME=VALUE..."),
    ] = None,
) -> None:
    """Add a place to an organisation's settings; comments in the file stay. A webhook gets a secret of its own."""
    from bot.cli import plainly, say, settings
    from bot.cli.overlay_file import entry_of, new_secret, with_entry, write_whole

    with plainly():
        chosen = settings()
        _known(chosen, organisation)
        path = chosen.overlays_dir / f"{organisation}.yml"
        pairs = [_pair(text) for text in given or []]
        entry = entry_of(target, pairs)
        makes_secret = target == "webhook" and not {"secret_file", "secret_env"} & entry.keys()
        if makes_secret:
            entry["secret_file"] = f"secrets/{organisation}.{entry.get('name', target)}"
        before = path.read_text(encoding="utf-8-sig") if path.exists() else ""
        text, after = with_entry(before, entry, path.name)
        if makes_secret:
            new_secret(chosen.data_dir / entry["secret_file"])
        write_whole(path, text)
    say(f"{path}: cases of {organisation} now also go to '{after.handoff[-1].name}'.")
    if makes_secret:
        say(f"The receiver needs the secret in {chosen.data_dir / entry['secret_file']}.")
    if after.alarm is None:
        say("Nobody is named to be told when a case does not arrive: set 'alarm' in that file.")
    say(f"Try it: hearout handoff test {organisation} {after.handoff[-1].name}")


@handoff_commands.command("list")
def list_places(
    organisation: Annotated[
        str | None, typer.Argument(help="One organisation alone.", metavar="[ORG]")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Each place with its state, its last success, and how many cases wait for it or were given up."""
    from bot.cli import plainly, say, settings

    with plainly():
        chosen = settings()
        if organisation is not None:
            _known(chosen, organisation)
        rows = list(_places(chosen, organisation))
    if as_json:
        say(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    say(f"{'Place':<28}{'Kind':<17}{'State':<10}{'Last success':<22}{'Waiting':>8}{'Dead':>6}")
    for row in rows:
        place = f"{row['organisation']}/{row['target']}"
        success = (row["last_success_at"] or "never")[:19].replace("T", " ")
        say(
            f"{place:<28}{row['kind'] or '-':<17}{row['state']:<10}{success:<22}{row['waiting']:>8}{row['dead']:>6}"
        )
        for line in _trouble(row):
            say(f"    {line}")


@handoff_commands.command("test")
def try_out(
    organisation: Organisation,
    name: Annotated[str | None, typer.Argument(help="One place alone, by its name.")] = None,
) -> None:
    """Send a delivery that is clearly marked as a test to each place of an organisation, and say how it went."""
    from bot.app import utc_now
    from bot.app.receivers import mail_server, target_of
    from bot.cli import FINDINGS, plainly, say, settings, stop
    from handoff.deliver import Pace

    failed = 0
    with plainly():
        chosen = settings()
        _known(chosen, organisation)
        for entry in _chosen(_overlay(chosen, organisation), organisation, name):
            target = target_of(entry, organisation, chosen, mail_server(chosen), utc_now)
            item = test_item(organisation, datetime.now(UTC))
            problem = asyncio.run(_tried(target, item, Pace().patience))
            failed += problem is not None
            say(f"{entry.name}: {'failed: ' + problem if problem else 'arrived, as ' + item.reference}")
    if failed:
        stop(f"{failed} of them did not arrive.", FINDINGS)


@handoff_commands.command()
def retry(
    ids: Annotated[
        list[str] | None, typer.Argument(help="Delivery ids, as `dead` lists them.", metavar="ID...")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="All that are dead or wait after a failure.")] = False,
    organisation: Annotated[str | None, typer.Option(help="With --all: of this organisation alone.")] = None,
    target: Annotated[str | None, typer.Option(help="With --all: for this place alone.")] = None,
    url: Url = None,
) -> None:
    """Try deliveries again now, under their old ids. A place that rests or wanted no more is trusted again."""
    from bot.cli import FINDINGS, say, stop

    if bool(ids) == every:
        stop("Say which: delivery ids, as `hearout handoff dead` lists them, or --all.")
    if ids and (organisation or target):
        stop("--organisation and --target go with --all.")
    for given in ids or []:
        if not re.fullmatch(r"[0-9a-f]{32}", given):
            stop(f"'{given}' is not a delivery id: those have 32 digits and letters a to f.")
    done = _do({"ids": ids or [], "all": every, "organisation": organisation, "target": target}, url)
    say(f"{done['dead']} given up and {done['waiting']} waiting are due now.")
    for place in done["places"]:
        say(f"{place} is trusted again.")
    if done["unknown"]:
        stop(f"No open delivery has the id {' or '.join(done['unknown'])}.", FINDINGS)


# What the alarms of earlier versions name.
handoff_commands.command("replay", hidden=True)(retry)


@handoff_commands.command()
def dead(as_json: AsJson = False) -> None:
    """Deliveries that were given up: their id, case, place and last answer."""
    from bot.cli import reading, say
    from cases import outbox

    with reading() as store:
        rows = store.read_sync(lambda conn: outbox.listing(conn, "dead"))
    if as_json:
        say(json.dumps([_plain(row) for row in rows], ensure_ascii=False, indent=2))
        return
    if not rows:
        say("Nothing was given up.")
    for row in rows:
        say(f"{row['id']}  {row['case_reference']}  {row['organisation']}/{row['target']}  {row['kind']}")
        say(
            f"    {row['attempts']} attempts since {row['created_at']:%Y-%m-%d %H:%M} UTC; {row['last_error']}"
        )


def test_item(organisation: str, now: datetime) -> Delivery:
    """A delivery that nobody can take for a complaint; each has an id and a reference of its own."""
    from cases.record import CaseRecord
    from handoff.target import Delivery

    delivery_id = uuid.uuid4().hex
    reference = f"TEST-{delivery_id[:8].upper()}"
    record = CaseRecord(
        organisation=organisation,
        reference=reference,
        conversation_reference=reference,
        state="filed",
        received_at=now,
        filed_at=now,
        narrative="This is a test delivery from Hearout. There is no complaint, and nothing to be done.",
        flags=["test"],
    )
    return Delivery(delivery_id, "test", organisation, reference, record.as_json())


async def _tried(target: Any, item: Delivery, seconds: float) -> str | None:
    """Why it did not arrive; None when it did."""
    from handoff.target import DeliveryFailure

    try:
        async with asyncio.timeout(seconds):
            await target.deliver(item)
    except DeliveryFailure as failure:
        return str(failure)
    except TimeoutError:
        return f"no answer within {seconds:g} seconds"
    return None


def _known(chosen: Settings, organisation: str) -> None:
    """Raises UnknownOrganisation, with the nearest one."""
    from bot.cli.rules import whole_shelf

    whole_shelf(chosen).get(organisation)


def _overlay(chosen: Settings, organisation: str) -> Overlay:
    from bot.overlay import load_overlay

    return load_overlay(chosen.overlays_dir / f"{organisation}.yml")


def _chosen(overlay: Overlay, organisation: str, name: str | None) -> list[Handoff]:
    from bot.cli import stop

    found = [entry for entry in overlay.handoff if name in (None, entry.name)]
    if not found:
        stop(f"{organisation} has no place '{name}'; it has {', '.join(overlay.targets)}.")
    return found


def _places(chosen: Settings, only: str | None) -> Iterator[dict[str, Any]]:
    """What the settings name and what the outbox knows, as JSON values."""
    from bot.cli.rules import whole_shelf

    known = {(row["organisation"], row["target"]): row for row in _faring(chosen, only)}
    for organisation in [only] if only else whole_shelf(chosen).ids():
        for entry in _overlay(chosen, organisation).handoff:
            row = known.pop((organisation, entry.name), None)
            yield _place(organisation, entry.name, entry.target, row or {})
    for (organisation, target), row in known.items():
        # What goes to people is no place of the organisation's, and stands in no settings.
        yield _place(organisation, target, None, row)


def _place(organisation: str, target: str, kind: str | None, row: dict[str, Any]) -> dict[str, Any]:
    nothing = {
        "state": "working",
        "last_success_at": None,
        "failing_since": None,
        "rest_until": None,
        "last_error": None,
        "waiting": 0,
        "dead": 0,
    }
    merged = {**nothing, **_plain({key: row[key] for key in nothing if key in row})}
    return {"organisation": organisation, "target": target, "kind": kind, **merged}


def _faring(chosen: Settings, only: str | None) -> list[dict[str, Any]]:
    from cases import receivers
    from cases.store import StoreMissing, open_store

    try:
        store = open_store(chosen.database_url, read_only=True)
    except StoreMissing:
        return []
    try:
        return store.read_sync(lambda conn: receivers.listing(conn, only))
    finally:
        store.close()


def _trouble(row: dict[str, Any]) -> Iterator[str]:
    if row["state"] == "working" and row["failing_since"] is None:
        return
    since = str(row["failing_since"] or "")[:16].replace("T", " ")
    yield f"failing since {since} UTC: {row['last_error']}"
    if row["state"] == "resting":
        yield f"one delivery tries it again at {str(row['rest_until'])[:16].replace('T', ' ')} UTC"
    if row["state"] == "disabled":
        again = f"--all --organisation {row['organisation']} --target {row['target']}"
        yield f"nothing is sent there until: hearout handoff retry {again}"


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {key: value.isoformat() if isinstance(value, datetime) else value for key, value in row.items()}


def _pair(text: str) -> tuple[str, str]:
    from bot.cli import stop

    name, equals, value = text.partition("=")
    if not equals or not name.strip() or not value:
        stop(f"'{text}' is not a setting. Write name=value, such as url=https://cases.example.org/hook.")
    return name.strip(), value.strip()


def _do(asked: dict[str, Any], url: str | None) -> dict[str, Any]:
    from bot.cli.calling import carry_out

    def here(store: Store) -> dict[str, Any]:
        from bot.api.handoff import Again, again

        return asyncio.run(again(store, Again.model_validate(asked), datetime.now(UTC))).model_dump()

    done: dict[str, Any] = carry_out(here, url, "/api/v1/handoff/retry", asked)
    return done
