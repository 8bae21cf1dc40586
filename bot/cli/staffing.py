"""`hearout case takeover | say | giveback | consent`: what staff do in a conversation, through the server that runs.

One process owns the store on SQLite, and the person's open page hangs on the server: so it has to be running.
"""

from __future__ import annotations

import http.client
import json
from enum import StrEnum
from typing import Annotated, Any
from urllib.parse import quote, urlsplit

import typer

staff_commands = typer.Typer()
TIMEOUT = 30.0

Reference = Annotated[str, typer.Argument(help="A reference, such as CQM-9MVQ-9PKT-E.", metavar="REF")]
By = Annotated[str, typer.Option("--by", help="The member of staff; the person is told this name.")]
Url = Annotated[
    str | None,
    typer.Option(help="Where Hearout is, such as http://127.0.0.1:8000; this machine's, if not given."),
]


class Answer(StrEnum):
    """What the letter says."""

    GIVEN = "given"
    REFUSED = "refused"


@staff_commands.command()
def takeover(reference: Reference, by: By, url: Url = None) -> None:
    """Take a conversation over: the person is told, and the interview keeps quiet. The server has to be running."""
    done = _send(url, reference, {"act": "takeover", "by": by})
    _say(f"{done['reference']} is with {by}." if done["changed"] else f"It was with {by} already.")


@staff_commands.command()
def say(
    reference: Reference,
    text: Annotated[str, typer.Argument(help="The words, as the person is shown them.")],
    by: By,
    url: Url = None,
) -> None:
    """Write to the person in a conversation that was taken over. The server has to be running."""
    done = _send(url, reference, {"act": "say", "by": by, "text": text})
    _say(f"It is said in {done['reference']}.")


@staff_commands.command()
def giveback(reference: Reference, url: Url = None) -> None:
    """Give a conversation back: the interview asks its open question again. The server has to be running."""
    done = _send(url, reference, {"act": "giveback"})
    _say(f"The assistant goes on in {done['reference']}." if done["changed"] else "Nobody had taken it over.")


@staff_commands.command()
def consent(
    reference: Reference,
    answer: Annotated[Answer, typer.Argument(help="What the person represented wrote.")],
    by: By,
    url: Url = None,
) -> None:
    """Record a letter in which the person represented agrees or refuses. The server has to be running."""
    done = _send(url, reference, {"act": "consent", "by": by, "answer": answer.value})
    _say(f"Consent {done['consent']}: {'recorded' if done['changed'] else 'it was so already'}.")


def _say(text: str) -> None:
    typer.echo(text)


def _send(url: str | None, reference: str, act: dict[str, Any]) -> dict[str, Any]:
    """What the server answers; its refusal, or that there is none, ends the command with a sentence."""
    from bot.cli import plainly, settings, stop

    with plainly():
        chosen = settings()
    where = urlsplit(url or chosen.local_address)
    if where.scheme not in ("http", "https") or where.hostname is None:
        stop(f"'{url}' is not an address such as http://127.0.0.1:8000.")
    headers = {"Content-Type": "application/json"}
    if chosen.api_key is not None:
        headers["Authorization"] = f"Bearer {chosen.api_key.get_secret_value()}"
    secure = where.scheme == "https"
    connect = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    connection = connect(where.hostname, where.port, timeout=TIMEOUT)
    path = f"{where.path.rstrip('/')}/api/v1/conversations/{quote(reference.strip(), safe='')}/staff"
    try:
        connection.request("POST", path, json.dumps(act), headers)
        response = connection.getresponse()
        status, said = response.status, json.loads(response.read())
    except (OSError, ValueError, http.client.HTTPException):
        stop(
            f"No Hearout answers at {where.scheme}://{where.netloc}. Start it with `hearout serve`, or say --url."
        )
    finally:
        connection.close()
    if status != 200:
        stop(str(said.get("detail") or f"The server refused it ({status})."))
    done: dict[str, Any] = said
    return done
