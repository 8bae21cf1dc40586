"""`hearout keys`: the API keys by which case systems say who they are.

Listing needs no server. What writes goes through the server that runs, where there is one on a SQLite store, and is
done here otherwise.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from cases.keys import NewKey
    from cases.store import Work

key_commands = typer.Typer(
    help="The API keys by which case systems read cases and tell what becomes of them.", no_args_is_help=True
)
ALL = "cases:read,cases:write,cases:restricted,notes:read,notes:write,evidence:read,evidence:write"
Organisation = Annotated[str, typer.Argument(help="The organisation, such as cqm.", metavar="ORG")]
Url = Annotated[str | None, typer.Option(help="Where Hearout runs; this machine's, if not given.")]
Scopes = Annotated[
    str, typer.Option("--scopes", help=f"What it may do, separated by commas. There are: {ALL}.")
]


@key_commands.command()
def add(
    organisation: Organisation,
    name: Annotated[str, typer.Option("--name", help="What uses it, such as 'Case system'.")],
    scopes: Scopes = "cases:read,cases:write",
    days: Annotated[int, typer.Option("--days", min=0, help="Days until it ends; 0 is never.")] = 365,
    url: Url = None,
) -> None:
    """Make a key and print it, this once: only its hash is kept."""
    from pydantic import ValidationError

    from bot.cli import plainly, say, settings, stop
    from bot.cli.calling import carry_out
    from bot.cli.rules import whole_shelf
    from cases.keys import NewKey

    asked = {
        "organisation": organisation,
        "name": name,
        "scopes": [scope.strip() for scope in scopes.split(",") if scope.strip()],
        "days": days or None,
    }
    try:
        wanted = NewKey.model_validate(asked)
    except ValidationError as error:
        problem = error.errors()[0]
        stop(f"{problem['loc'][0]}: {str(problem['msg']).removeprefix('Value error, ')}")
    with plainly():
        whole_shelf(settings()).get(organisation)
    made = carry_out(
        lambda store: store.write_sync(_add(wanted)), url, "/api/v1/keys", wanted.model_dump(mode="json")
    )
    say(made if isinstance(made, str) else made["key"])
    typer.echo("Keep it now: it is not shown again.", err=True)


@key_commands.command("list")
def show(
    as_json: Annotated[bool, typer.Option("--json", help="As JSON on standard output.")] = False,
) -> None:
    """Every key: its prefix, what it may do, until when, and when it was last used."""
    from bot.cli import reading, say
    from cases import keys

    with reading() as store:
        found = store.read_sync(keys.listing)
    if as_json:
        say(json.dumps(found, ensure_ascii=False, indent=2))
        return
    now = datetime.now(UTC)
    for key in found:
        say(
            f"{key['organisation']}  {key['prefix']}  {key['name']}: {_state(key, now)}; {', '.join(key['scopes'])}"
        )
    if not found:
        say("There are no keys.")


@key_commands.command()
def revoke(
    organisation: Organisation,
    prefix: Annotated[str, typer.Argument(help="The key's prefix, as `hearout keys list` shows it.")],
    url: Url = None,
) -> None:
    """End a key, for good and at once."""
    from bot.cli import say
    from bot.cli.calling import carry_out
    from cases import keys

    now = datetime.now(UTC)
    work = carry_out(
        lambda store: store.write_sync(lambda conn: keys.revoke(conn, organisation, prefix, now)),
        url,
        f"/api/v1/keys/{organisation}/{prefix}/revoke",
        {},
    )
    changed = work if isinstance(work, bool) else work["changed"]
    say(f"{prefix} opens nothing any more." if changed else f"{prefix} was revoked before.")


def _add(wanted: NewKey) -> Work[str]:
    import secrets

    from cases import keys

    now, random = datetime.now(UTC), secrets.token_bytes(keys.RANDOM_BYTES)
    return lambda conn: keys.add(conn, wanted, random, now)


def _state(key: dict[str, Any], now: datetime) -> str:
    if key["revoked_at"]:
        return f"revoked on {key['revoked_at'][:10]}"
    if key["expires_at"] and datetime.fromisoformat(key["expires_at"]) <= now:
        return f"expired on {key['expires_at'][:10]}"
    until = f"until {key['expires_at'][:10]}" if key["expires_at"] else "for ever"
    return f"{until}, {'last used ' + key['last_used_at'][:16] if key['last_used_at'] else 'never used'}"
