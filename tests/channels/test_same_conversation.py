"""The shared test of the channels: the same conversation in gives the same replies out, whatever the face.

A new channel adds its line to `FACES`.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from bot.channels.terminal import Chat
from tests.channels.servers import Running, socket, somebody

Entries = list[dict[str, Any]]
Face = Callable[[Running, str, list[str]], list[Entries]]

# An opening and a way to the end; it is the same for every organisation because what is asked is computed.
WORDS = ["hello", "The office lost my papers twice and nobody has answered my letters since August."]
LONGEST = 40


def over_rest(server: Running, organisation: str, words: list[str]) -> list[Entries]:
    sender = somebody()
    replies = [server.say(sender, text, organisation) for text in words]
    return [[{k: v for k, v in entry.items() if k != "recipient_id"} for entry in reply] for reply in replies]


def over_websocket(server: Running, organisation: str, words: list[str]) -> list[Entries]:
    replies = []
    with socket(server, organisation) as client:
        client.hello()
        # The hello is the greeting that REST gets for its first word.
        replies.append(client.take("reply")["entries"])
        replies += [client.say(text)["entries"] for text in words[1:]]
    return replies


def over_terminal(server: Running, organisation: str, words: list[str]) -> list[Entries]:
    replies: list[Entries] = []

    class Listening(Chat):
        def _show(self, entries: Entries) -> None:
            replies.append(entries)
            super()._show(entries)

    typed = iter(words[1:])

    def read() -> str:
        try:
            return next(typed)
        except StopIteration:
            raise EOFError from None

    Listening(server.url, organisation, read, io.StringIO()).run()
    return replies


FACES: dict[str, Face] = {"websocket": over_websocket, "terminal": over_terminal}


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("organisation", ["cim", "cipfa", "cmi", "cms", "cqm"])
def test_the_same_words_have_the_same_replies(server: Running, organisation: str, face: str) -> None:
    words, expected = to_the_end(server, organisation)
    replies = FACES[face](server, organisation, words)
    assert nameless(replies) == nameless(expected)


def to_the_end(server: Running, organisation: str) -> tuple[list[str], list[Entries]]:
    """A conversation over REST that takes the first choice and skips what it may, until it is filed."""
    sender, words = somebody(), list(WORDS)
    entries = [server.say(sender, text, organisation) for text in words][-1]
    for _ in range(LONGEST):
        outcome = [e["custom"]["outcome"] for e in entries if "outcome" in e.get("custom", {})]
        if outcome:
            assert outcome[0]["state"] in ("filed", "signposted")
            return words, over_rest(server, organisation, words)
        words.append(next_answer(entries))
        entries = server.say(sender, words[-1], organisation)
    raise AssertionError(f"it did not end: {words}")


def next_answer(entries: Entries) -> str:
    buttons = next((entry["buttons"] for entry in reversed(entries) if entry.get("buttons")), None)
    return str(buttons[0]["payload"]) if buttons else "Jane Hartley"


def nameless(replies: list[Entries]) -> str:
    """The replies without what each conversation has of its own: its reference."""
    return re.sub(r"\b[A-Z]{2,8}(-[0-9A-Z]{1,4}){3}\b", "REFERENCE", json.dumps(replies))
