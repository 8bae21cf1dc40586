"""The `hearout` command. Each command imports what it needs itself, so that `check` stays quick and small."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from bot.cli.audit import audit_commands
from bot.cli.difference import difference_commands
from bot.cli.doctor import doctor_commands
from bot.cli.handing import handoff_commands
from bot.cli.keeping import keeping_commands
from bot.cli.keys import key_commands
from bot.cli.letters import letter_commands
from bot.cli.nlu import nlu_commands
from bot.cli.privacy import privacy_commands
from bot.cli.reporting import report_commands
from bot.cli.rules import rule_commands
from bot.cli.staff_accounts import account_commands
from bot.cli.staffing import staff_commands

if TYPE_CHECKING:
    from bot.settings import Settings
    from cases.store import Store
    from policy_rules.compiled import CompiledPack

# Exit codes: 1 what was looked at is not well; 2 what was asked cannot be done as it was asked.
FINDINGS = 1
REFUSED = 2

app = typer.Typer(
    name="hearout",
    help="Conversational complaint intake: hear a complaint once, send it to the right door, keep every promised date.",
    no_args_is_help=True,
    add_completion=False,
    # A stack trace is for the people who write Hearout, never for those who use it.
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
case_commands = typer.Typer(help="The cases and conversations that are kept.", no_args_is_help=True)
case_commands.add_typer(staff_commands)
app.add_typer(case_commands, name="case")
app.add_typer(handoff_commands, name="handoff")
app.add_typer(audit_commands, name="audit")
app.add_typer(key_commands, name="keys")
app.add_typer(account_commands, name="staff")
app.add_typer(nlu_commands, name="nlu")
app.add_typer(privacy_commands, name="privacy")
app.add_typer(difference_commands)
app.add_typer(keeping_commands)
app.add_typer(letter_commands)
app.add_typer(doctor_commands)
app.add_typer(report_commands)
app.add_typer(rule_commands, name="rules")


def say(text: str = "") -> None:
    """A line for the person, on standard output."""
    typer.echo(text)


def stop(sentence: str, code: int = REFUSED) -> NoReturn:
    """End the command with a plain sentence on standard error."""
    typer.echo(sentence, err=True)
    raise typer.Exit(code)


@contextmanager
def plainly() -> Iterator[None]:
    """Errors that a person can act on end the command as sentences."""
    from bot.settings import SettingsError
    from policy_rules.errors import BrokenPack, Refusal

    try:
        yield
    except Refusal as refusal:
        # Which reference was meant is told by its own words.
        place = f" (at {refusal.where})" if refusal.where not in (None, "reference") else ""
        stop(f"{refusal.detail}{place}")
    except (BrokenPack, SettingsError) as broken:
        stop(str(broken))
    except Exception as error:
        # What the store and the handoff raise of their own are sentences for the operator.
        if type(error).__module__.partition(".")[0] in ("cases", "handoff"):
            stop(_sentence(str(error)))
        if isinstance(error, OSError):
            stop(f"{error.filename or 'A file'} cannot be used: {error.strerror or type(error).__name__}.")
        raise


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}".rstrip(".") + "."


def settings() -> Settings:
    """The settings of this process."""
    from bot.settings import Settings

    return Settings.from_env()


@app.command()
def version() -> None:
    """Print the version."""
    from importlib.metadata import version as installed

    say(installed("hearout"))


@app.command()
def check(
    files: Annotated[list[Path], typer.Argument(help="Pack files, or folders of them.", metavar="FILE...")],
    advice: Annotated[
        bool,
        typer.Option("--advice", help="Also say what could be better, and how many cases a route takes."),
    ] = False,
) -> None:
    """Prove a policy pack over every case: no gap, no dead rule, no double promise; its examples hold."""
    from policy_rules.check import advise_file, check_file
    from policy_rules.shelf import pack_files

    chosen: list[Path] = []
    for path in files:
        if not path.exists():
            stop(f"{path} is not there.")
        within = pack_files(path) if path.is_dir() else [path]
        if not within:
            stop(f"{path} holds no pack (*.yml).")
        chosen += within
    total = 0
    for path in chosen:
        findings = check_file(path)
        total += len(findings)
        for finding in findings:
            say(finding)
        if not findings:
            say(f"{path}: nothing to mend.")
        for line in advise_file(path) if advice else []:
            say(f"  {line}")
    if total:
        stop(f"{total} finding{'s' if total > 1 else ''}.", FINDINGS)


@app.command()
def decide(
    organisation: Annotated[str, typer.Argument(help="The organisation, such as cim.", metavar="ORG")],
    facts: Annotated[
        list[str] | None, typer.Argument(help="Facts, such as subject=exam_result.", metavar="FACT=VALUE...")
    ] = None,
    received_at: Annotated[
        str | None,
        typer.Option(help="When it was received, such as 2026-12-24T16:45:00+00:00; now, if not given."),
    ] = None,
    first_told_at: Annotated[str | None, typer.Option(help="When the story was first told.")] = None,
    original_received_at: Annotated[
        str | None, typer.Option(help="On an escalation: when the complaint was first received.")
    ] = None,
    assume: Annotated[
        bool, typer.Option("--assume/--no-assume", help="Take the pack's default for what is not given.")
    ] = True,
    as_json: Annotated[bool, typer.Option("--json", help="The decision as JSON.")] = False,
) -> None:
    """What an organisation's policy says of a case: where it goes, who answers, by when, and why."""
    import json

    from bot.cli.show import decision_lines
    from policy_rules.decide import decide as decide_case
    from policy_rules.decide import parse_facts

    with plainly():
        received = _instant(received_at, "--received-at") or _now()
        compiled = _one_pack(organisation, received)
        given = dict(_pair(fact) for fact in facts or [])
        decision = decide_case(
            compiled,
            parse_facts(compiled, given),
            received,
            assume=assume,
            first_told_at=_instant(first_told_at, "--first-told-at"),
            original_received_at=_instant(original_received_at, "--original-received-at"),
        )
    if as_json:
        say(json.dumps(decision.as_json(), ensure_ascii=False, indent=2))
        return
    for line in decision_lines(compiled.pack.organisation.name, decision.as_json()):
        say(line)


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on (HEAROUT_HOST).")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port to listen on (HEAROUT_PORT).")
    ] = None,
) -> None:
    """Serve everything: the pages, the channels, the API, and the delivery of cases."""
    # A start makes nothing but what stays: looking for rubbish among it takes a fifth of the time until we are ready.
    gc.disable()
    from bot.cli import logs, serving

    with plainly():
        chosen = settings()
        logs.configure(chosen)
        at = (chosen.host if host is None else host, chosen.port if port is None else port)
        if not serving.serve(chosen, *at, say):
            stop(f"Nothing can listen on {at[0]} port {at[1]}: it is taken, or not ours to use. Try --port.")


@app.command()
def chat(
    organisation: Annotated[str, typer.Argument(help="The organisation, such as cqm.", metavar="ORG")],
    url: Annotated[str | None, typer.Option(help="Where Hearout is, such as http://127.0.0.1:8000.")] = None,
    resume: Annotated[str | None, typer.Option(help="The key of a conversation to go on with.")] = None,
    channel: Annotated[str | None, typer.Option(help="For staff: how it came in, such as phone.")] = None,
    received_at: Annotated[
        str | None, typer.Option(help="For staff: when it was received, such as 2026-12-24T16:45:00+00:00.")
    ] = None,
    recorded_by: Annotated[str | None, typer.Option(help="For staff: who is logging it.")] = None,
) -> None:
    """Make a complaint here. Without --url it talks to the server on this machine, or starts one for the chat."""
    from bot.cli import talking

    staff = {"channel": channel, "received_at": received_at, "recorded_by": recorded_by}
    with plainly():
        talking.chat(settings(), organisation, url, resume, {k: v for k, v in staff.items() if v is not None})


@app.command()
def migrate() -> None:
    """Bring the database to this version of Hearout, making it when there is none."""
    from cases.store import migrate as bring_up_to_date

    with plainly():
        chosen = settings()
        bring_up_to_date(chosen.database_url)
    say("The database is up to date.")


@case_commands.command("list")
def case_list(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON array on standard output.")] = False,
) -> None:
    """Every conversation that has a reference, and every case: all organisations, all states."""
    import json

    from bot.cli.show import case_lines
    from cases.register import list_cases

    with reading() as store:
        found = store.read_sync(list_cases)
    if as_json:
        say(json.dumps(found, ensure_ascii=False, indent=2))
        return
    for line in case_lines(found):
        say(line)


@case_commands.command("show")
def case_show(
    references: Annotated[
        list[str], typer.Argument(help="References, such as CQM-9MVQ-9PKT-E.", metavar="REF...")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Cases whole: the record, and every message word for word."""
    import json

    from bot.cli.show import record_lines
    from cases.references import UnknownReference

    missing = []
    with reading() as store:
        for reference in references:
            try:
                record = _record(store, reference.strip().upper())
            except UnknownReference:
                missing.append(reference)
                continue
            if as_json:
                say(json.dumps(record, ensure_ascii=False))
            else:
                for line in record_lines(record):
                    say(line)
    if missing:
        stop(f"There is no case or conversation {' or '.join(missing)}.", FINDINGS)


def _record(store: Store, reference: str) -> dict[str, Any]:
    from cases.register import show

    return store.read_sync(lambda conn: show(conn, reference))


@contextmanager
def reading() -> Iterator[Store]:
    """The store, for reading beside a running server."""
    from cases.store import open_store

    with plainly():
        store = open_store(settings().database_url, read_only=True)
        try:
            yield store
        finally:
            store.close()


def _pair(fact: str) -> tuple[str, str]:
    name, equals, value = fact.partition("=")
    if not equals or not name or not value:
        stop(f"'{fact}' is not a fact. Write name=value, such as subject=exam_result.")
    return name.strip(), value.strip()


def _instant(text: str | None, where: str) -> datetime | None:
    from policy_rules.decide import parse_instant

    return None if text is None else parse_instant(text, where)


def _now() -> datetime:
    return datetime.now(UTC)


def _one_pack(organisation: str, at: datetime) -> CompiledPack:
    """The rules of one organisation at an instant. BrokenPack when its file is there and cannot be used."""
    from bot.cli.rules import whole_shelf
    from policy_rules.errors import BrokenPack, UnknownOrganisation

    shelf = whole_shelf(settings())
    try:
        return shelf.get(organisation, at)
    except UnknownOrganisation:
        mine = [finding for finding in shelf.findings if finding.startswith(f"{organisation}.yml:")]
        if mine:
            raise BrokenPack(mine) from None
        raise


def main() -> None:
    """Run the command line; a failure of ours is one sentence, unless HEAROUT_LOG_LEVEL=debug asks for more."""
    try:
        with plainly():
            app()
    except typer.Exit as ended:
        sys.exit(ended.exit_code)
    except Exception as error:
        if os.environ.get("HEAROUT_LOG_LEVEL") == "debug":
            raise
        typer.echo(
            f"Hearout failed: {type(error).__name__}. Run it again with HEAROUT_LOG_LEVEL=debug to see where.",
            err=True,
        )
        sys.exit(70)
