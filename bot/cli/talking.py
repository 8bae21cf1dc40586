"""`hearout chat`: find a server or be one, then hold the conversation on this terminal."""

from __future__ import annotations

import http.client
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import typer

from bot.channels.terminal import Chat, ChatStopped
from bot.settings import Settings
from cases.lock import StoreBusy

PROMPT = "> "
# What a shell reports for a program that Ctrl-C ended.
INTERRUPTED = 130


def chat(
    settings: Settings, organisation: str, url: str | None, resume: str | None, staff: dict[str, str]
) -> None:
    """Hold one conversation; ends with a sentence that says how to come back."""
    key = settings.api_key.get_secret_value() if settings.api_key is not None else None
    with _server(settings, url) as address:
        talk = Chat(address, organisation, _read_line, sys.stdout, key=resume, staff=staff, api_key=key)
        try:
            talk.run()
        except ChatStopped as stopped:
            typer.echo(str(stopped), err=True)
            raise typer.Exit(2) from None
        except KeyboardInterrupt:
            typer.echo(f"\nStopped. {talk.how_to_resume}" if talk.key else "\nStopped.")
            raise typer.Exit(INTERRUPTED) from None
        if not talk.ended:
            typer.echo(f"\n{talk.how_to_resume}")


@contextmanager
def _server(settings: Settings, url: str | None) -> Iterator[str]:
    """The server to talk to: the one named, the one on this machine, or our own while the chat lasts."""
    if url is not None:
        yield url
        return
    here = "127.0.0.1" if settings.host in ("0.0.0.0", "::") else settings.host  # noqa: S104 - compared, not bound
    if settings.port and _answers(here, settings.port):
        yield f"http://{here}:{settings.port}"
        return
    # Imported late: all of the server, which is needed only now.
    from bot.cli import logs, serving

    logs.configure(settings, level="error")
    try:
        with serving.own_server(settings) as address:
            yield address
    except StoreBusy as busy:
        where = f"process {busy.pid}" if busy.pid else "another process"
        typer.echo(
            f"A Hearout in {where} has the database open, but none answers at http://{here}:{settings.port}. "
            "Say where it is with --url.",
            err=True,
        )
        raise typer.Exit(2) from None


def _answers(host: str, port: int) -> bool:
    """Whether a Hearout answers there."""
    connection = http.client.HTTPConnection(host, port, timeout=2)
    try:
        connection.request("GET", "/healthz")
        return bool(json.loads(connection.getresponse().read(1000)) == {"status": "ok"})
    except (OSError, ValueError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _read_line() -> str:
    """The next line; one that is piped in is shown, so that what is printed reads as a transcript."""
    if sys.stdin.isatty():
        return input(PROMPT)
    line = sys.stdin.readline()
    if not line:
        raise EOFError
    line = line.rstrip("\n")
    sys.stdout.write(f"{PROMPT}{line}\n")
    sys.stdout.flush()
    return line
