"""People who complain over REST while the server dies under them: each sends a message until it is acknowledged."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pydantic_core import from_json

from bench.client import Connection
from bench.load import PATH, message

# How often a person's line breaks after a message was sent and before the answer is read.
HANG_UP = 0.06
PATIENCE = 20.0
# On a machine that is busy with other things, a server takes this long to start.
START_PATIENCE = 150.0
RETRY_SECONDS = 0.004
# No conversation comes near this; one that does goes round in circles.
MOST_MESSAGES = 60
ANSWERS = {
    "story": "My books came three weeks late\nand nobody answered – not “once”. £20 lost. Ŵyth 🙂 {n}",
    "confirm_facts": "yes",
    "nature": "/SetSlots(nature=complaint)",
    "effect": "It cost me {n} evenings; I am worn out.",
    "desired_remedy": "An apology, and £{n} back.",
    "complainant_name": "Jane Hartley {n}",
    "preferred_contact": "/SetSlots(preferred_contact=email)",
    "contact_email": "jane.{n}@example.org",
    "adjustments": "no",
    "still_complain": "/SetSlots(still_complain=true)",
    "check_answers": "send",
}


@dataclass(slots=True)
class Held:
    """A conversation as its person knows it: what was said and acknowledged, and how it ended."""

    organisation: str
    sender: str
    said: list[str] = field(default_factory=list)
    reference: str | None = None
    outcome: dict[str, Any] | None = None


class Gone(Exception):
    """A conversation that cannot go on: never acknowledged, or nothing more is asked; says which."""


@dataclass(slots=True)
class Person:
    """One client. `up` is set while a server is there to be tried.

    `about_to_file` and `acknowledged` tell the one who kills when it hurts most.
    """

    port: int
    up: asyncio.Event
    chance: random.Random
    about_to_file: Callable[[], None]
    acknowledged: Callable[[], None]
    sent_again: int = 0
    _connection: Connection | None = None

    async def complain(self, held: Held) -> None:
        """One conversation, from the story to its end. Raises Gone."""
        reply = await self._say(held, ANSWERS["story"].format(n=self.chance.randrange(10**6)))
        while held.outcome is None:
            if len(held.said) > MOST_MESSAGES:
                raise Gone(f"no end after {len(held.said)} messages")
            reply = await self._say(held, self._answer(_custom(reply, "question")))

    def hang_up(self) -> None:
        """End the connection."""
        if self._connection is not None:
            self._connection.hang_up()
        self._connection = None

    def _answer(self, question: dict[str, Any] | None) -> str:
        """What to say to a question: prepared words, else one of the choices, else nothing in particular."""
        if question is None:
            raise Gone("a reply that neither asks nor ends anything")
        prepared = ANSWERS.get(question["id"])
        if prepared is not None:
            return prepared.format(n=self.chance.randrange(10**6))
        choices = [choice["value"] for choice in question.get("choices") or ()]
        if not choices or self.chance.random() < 0.2:
            return "/skip"
        return f"/SetSlots({question['id']}={self.chance.choice(choices)})"

    async def _say(self, held: Held, text: str) -> list[dict[str, Any]]:
        """Send a message under one id until it is acknowledged; the reply."""
        if text == ANSWERS["check_answers"]:
            self.about_to_file()
        body = message(held.organisation, held.sender, text, f"m{len(held.said)}")
        reply: list[dict[str, Any]] = from_json(await self._until_acknowledged(body))
        held.said.append(text)
        self.acknowledged()
        given = _custom(reply, "conversation")
        if given is not None and held.reference is None:
            held.reference = given["reference"]
        held.outcome = _custom(reply, "outcome")
        return reply

    async def _until_acknowledged(self, body: bytes) -> bytes:
        told = "nothing"
        now = asyncio.get_running_loop().time
        deadline = now() + PATIENCE
        while now() < deadline:
            try:
                status, reply = await self._try(body)
            except OSError as error:
                # Refused, or broken off: the server is gone, or the line.
                told = type(error).__name__
                self._connection = None
                began = now()
                await self._wait_for_a_server()
                # On a busy machine a server takes its time to start: that is nobody's fault.
                deadline += now() - began
            else:
                if status == 200:
                    return reply
                told = f"{status} {reply[:200].decode(errors='replace')}"
                await asyncio.sleep(RETRY_SECONDS)
            self.sent_again += 1
        raise Gone(f"not acknowledged in {PATIENCE:.0f} seconds, the last answer was {told}")

    async def _wait_for_a_server(self) -> None:
        # Trying without end would take the time that the server needs to start.
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.up.wait(), START_PATIENCE)
        await asyncio.sleep(self.chance.uniform(0.0, RETRY_SECONDS))

    async def _try(self, body: bytes) -> tuple[int, bytes]:
        if self._connection is None:
            self._connection = await Connection.open(self.port)
        if self.chance.random() < HANG_UP:
            self._connection.send("POST", PATH, body)
            # Long enough for the message to be read, too short for some answers.
            await asyncio.sleep(self.chance.uniform(0.0, 0.006))
            self._connection.hang_up()
            raise ConnectionResetError("hung up")
        return await asyncio.wait_for(self._connection.request("POST", PATH, body), PATIENCE)


def _custom(reply: list[dict[str, Any]], key: str) -> Any:
    found = [entry["custom"][key] for entry in reply if key in entry.get("custom", {})]
    return found[-1] if found else None
