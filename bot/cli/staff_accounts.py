"""`hearout staff`: who may sign in to the staff's pages, and in which roles.

Listing needs no server. What writes goes through the server that runs, where there is one on a SQLite store, and is
done here otherwise.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from bot.settings import Settings

account_commands = typer.Typer(
    help="Who may sign in to the staff's pages, and in which roles.", no_args_is_help=True
)
ROLES = "staff, restricted_cases, rules_editor, rules_approver, privacy_officer, auditor, api_client"
Email = Annotated[str, typer.Argument(help="The e-mail address.", metavar="EMAIL")]
Organisation = Annotated[str, typer.Option("--organisation", help="The organisation, such as cim.")]
Url = Annotated[str | None, typer.Option(help="Where Hearout runs; this machine's, if not given.")]


@account_commands.command()
def invite(
    email: Email,
    organisation: Organisation,
    role: Annotated[
        list[str], typer.Option("--role", help=f"A role; may be given again. There are: {ROLES}.")
    ],
    name: Annotated[str, typer.Option("--name", help="Their name, if you know how they write it.")] = "",
    days: Annotated[int, typer.Option("--days", min=1, max=30, help="Days that the link is good.")] = 3,
    url: Url = None,
) -> None:
    """Invite somebody, or give them other roles or a new password: prints a link that works once.

    Roles change at once, and end the sessions of whoever had others.
    """
    import secrets

    from pydantic import ValidationError

    from bot.cli import plainly, say, settings, stop
    from bot.cli.calling import carry_out
    from cases import staff

    asked = {"email": email, "organisation": organisation, "roles": role, "name": name, "days": days}
    try:
        wanted = staff.Invitation.model_validate(asked)
    except ValidationError as error:
        problem = error.errors()[0]
        stop(f"{problem['loc'][0]}: {str(problem['msg']).removeprefix('Value error, ')}")
    with plainly():
        chosen = settings()
        _require(chosen, organisation)
    now, random = datetime.now(UTC), secrets.token_bytes(staff.SECRET_BYTES + staff.ID_BYTES)
    made = carry_out(
        lambda store: store.write_sync(lambda conn: staff.invited_by(conn, wanted, random, now)),
        url,
        "/api/v1/staff/invite",
        wanted.model_dump(mode="json"),
    )
    secret = made if isinstance(made, str) else made["invitation"]
    say(f"{url or chosen.address}/{organisation}/staff/welcome?invitation={secret}")
    until = f"{wanted.days} day{'s' if wanted.days > 1 else ''}"
    typer.echo(
        f"Give it to {wanted.email} alone: it works once, for {until}, and is not shown again.", err=True
    )


def _require(chosen: Settings, organisation: str) -> None:
    """UnknownOrganisation unless it has rules, or somebody works on its first ones."""
    from bot.cli import reading
    from bot.cli.rules import whole_shelf
    from cases import organisations
    from policy_rules.errors import UnknownOrganisation

    try:
        whole_shelf(chosen).get(organisation)
    except UnknownOrganisation as unknown:
        with reading() as store:
            if store.read_sync(lambda conn: organisations.begun(conn, organisation)) is None:
                raise unknown from None


@account_commands.command("list")
def show(
    organisation: Annotated[str | None, typer.Option("--organisation", help="Only of this one.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON on standard output.")] = False,
) -> None:
    """Everybody who may sign in, or was invited: roles, how, and when they last did."""
    from bot.cli import reading, say
    from cases import staff

    with reading() as store:
        found = store.read_sync(lambda conn: staff.listing(conn, organisation))
    if as_json:
        say(json.dumps(found, ensure_ascii=False, indent=2))
        return
    now = datetime.now(UTC)
    for one in found:
        roles = ", ".join(one["roles"]) or "no role"
        say(f"{one['organisation']}  {one['email']}  {one['name']}: {roles}; {_state(one, now)}")
    if not found:
        say("There is nobody. `hearout staff invite` invites the first.")


@account_commands.command()
def disable(email: Email, organisation: Organisation, url: Url = None) -> None:
    """Let somebody in no more: every session ends at once. Another invitation opens the account again."""
    from bot.cli import say
    from bot.cli.calling import carry_out
    from cases import staff

    now = datetime.now(UTC)
    done = carry_out(
        lambda store: store.write_sync(lambda conn: staff.disable(conn, organisation, email, now)),
        url,
        "/api/v1/staff/disable",
        {"organisation": organisation, "email": email},
    )
    changed = done if isinstance(done, bool) else done["changed"]
    say(f"{email} is let in no more." if changed else f"{email} was disabled before.")


def _state(one: dict[str, Any], now: datetime) -> str:
    if one["disabled_at"]:
        return f"disabled on {one['disabled_at'][:10]}"
    if not one["password"] and not one["provider"]:
        until = one["invite_until"]
        open_still = until is not None and datetime.fromisoformat(until) > now
        return f"invited until {until[:16]}" if open_still else "the invitation is too old"
    ways = [
        way for way, has in (("identity provider", one["provider"]), ("password", one["password"])) if has
    ]
    last = f"last on {one['signed_in_at'][:16]}" if one["signed_in_at"] else "has not yet"
    return f"signs in by {' or '.join(ways)}, {last}"
