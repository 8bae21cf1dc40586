"""Real servers for the tests: the whole app under uvicorn on a free loopback port, with a database of its own."""

from __future__ import annotations

import json
import sqlite3
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.sync.connection import Connection

from bot.channels.terminal import socket_url
from bot.cli.serving import own_server
from bot.settings import Settings

TABLES = ("conversations", "messages", "cases", "clocks", "outbox")
# An address that is nobody's (RFC 5737): who comes from there is a stranger.
STRANGER = "203.0.113.9"


@dataclass
class Running:
    """A server that runs; `http` calls it as a program on the same machine does."""

    url: str
    settings: Settings
    http: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        self.http = httpx.Client(base_url=self.url, timeout=20)

    def say(self, sender: str, text: str, organisation: str = "cqm", **metadata: Any) -> list[dict[str, Any]]:
        """One message over the REST channel; the entries of the reply."""
        answer = self.http.post(
            "/webhooks/rest/webhook", json=message(sender, text, organisation, **metadata)
        )
        assert answer.status_code == 200, answer.text
        entries: list[dict[str, Any]] = answer.json()
        return entries

    def stored(self) -> dict[str, int]:
        """How many rows each table holds."""
        # Our own names, none of them given from outside.
        counts = [f"SELECT count(*) AS n FROM {table}" for table in TABLES]  # noqa: S608
        return {table: self._one(count)["n"] for table, count in zip(TABLES, counts, strict=True)}

    def row(self, table: str, where: str) -> dict[str, Any]:
        """The one row of a table for which a condition holds."""
        return self._one(f"SELECT * FROM {table} WHERE {where}")  # noqa: S608 - a test says what it looks for

    def _one(self, query: str) -> dict[str, Any]:
        """The only row of an answer, read from the file itself."""
        path = self.settings.data_dir / "hearout.db"
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
            database.row_factory = sqlite3.Row
            rows = database.execute(query).fetchall()
        assert len(rows) == 1, rows
        return dict(rows[0])


@contextmanager
def running(data_dir: Path, *, port: int = 0, **settings: Any) -> Iterator[Running]:
    """A server over this data folder, stopped at the end."""
    chosen = Settings(data_dir=data_dir, **settings)
    with own_server(chosen, port) as url:
        server = Running(url, chosen)
        try:
            yield server
        finally:
            server.http.close()


def message(sender: str, text: Any, organisation: Any = "cqm", **metadata: Any) -> dict[str, Any]:
    """The body of a REST message."""
    named = {"organisation": organisation} if organisation is not None else {}
    return {"sender": sender, "message": text, "metadata": {**named, **metadata}}


def somebody() -> str:
    """A sender that nobody else has."""
    return uuid.uuid4().hex


@dataclass
class Socket:
    """A WebSocket client that speaks frames."""

    connection: Connection

    def send(self, **frame: Any) -> None:
        self.connection.send(json.dumps(frame))

    def take(self, kind: str | None = None) -> dict[str, Any]:
        """The next frame, which must be of this kind."""
        frame: dict[str, Any] = json.loads(self.connection.recv(timeout=10))
        assert kind is None or frame["type"] == kind, frame
        return frame

    def hello(self, resume: str | None = None, last_seen: int = 0, **more: Any) -> dict[str, Any]:
        """Open the conversation; the welcome."""
        self.send(type="hello", resume=resume, last_seen=last_seen, **more)
        return self.take("welcome")

    def say(self, text: str, message_id: str | None = None) -> dict[str, Any]:
        """One message; its reply, after its acknowledgement."""
        name = message_id or uuid.uuid4().hex
        self.send(type="message", id=name, text=text)
        acknowledged = self.take("ack")
        reply = self.take("reply")
        assert acknowledged == {"type": "ack", "id": name, "seq": reply["seq"]}
        assert reply["in_reply_to"] == name
        return reply

    def closed_with(self) -> int | None:
        """The code that the server closes with; frames before that are let go."""
        try:
            while True:
                self.connection.recv(timeout=10)
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd is not None else None


@contextmanager
def socket(server: Running, organisation: str = "cqm", **headers: str) -> Iterator[Socket]:
    """A WebSocket to the server; header names are written with underscores."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    with connect(socket_url(server.url, organisation), additional_headers=named) as connection:
        yield Socket(connection)


def soon(condition: Callable[[], bool]) -> None:
    """Wait for something that happens within moments."""
    until = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.02)


def question_of(entries: list[dict[str, Any]]) -> dict[str, Any]:
    """The one question that a reply ends with."""
    found = [entry["custom"]["question"] for entry in entries if "question" in entry.get("custom", {})]
    assert len(found) == 1, entries
    question: dict[str, Any] = found[0]
    return question


def problem_in(answer: httpx.Response, status: int) -> dict[str, Any]:
    """The problem of a refused request, with what every problem must have."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    assert problem["status"] == status
    assert problem["type"].startswith("https://")
    assert problem["title"]
    assert problem["detail"]
    assert "Traceback" not in answer.text
    assert problem["request_id"] == answer.headers["x-request-id"]
    return problem
