"""`hearout case takeover | say | giveback | consent | link`: what staff do, through the server that runs.

One process owns the store on SQLite, and the person's open page hangs on the server: so it has to be running.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any
from urllib.parse import quote

import typer

from bot.cli.calling import post

staff_commands = typer.Typer()

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


@staff_commands.command()
def link(
    reference: Reference,
    other: Annotated[str, typer.Argument(help="The case that is about the same matter.", metavar="OTHER")],
    by: Annotated[str, typer.Option("--by", help="Who has looked at the two.")],
    url: Url = None,
) -> None:
    """Link two cases that are about the same matter; nothing is merged. The server has to be running."""
    done = _send(url, reference, {"act": "link", "by": by, "other": other.strip()})
    _say(f"{reference} and {other} are linked{'' if done['changed'] else ' already'}.")


def _say(text: str) -> None:
    typer.echo(text)


def _send(url: str | None, reference: str, act: dict[str, Any]) -> dict[str, Any]:
    return post(url, f"/api/v1/conversations/{quote(reference.strip(), safe='')}/staff", act)
