"""The ceiling: a server that checks the same request, makes one durable commit, and echoes. Nothing faster is honest.

    python -m bench.ceiling PORT FOLDER

It shares with Hearout what any server of this kind needs (uvicorn with the same settings, the same request shape,
SQLite with synchronous=FULL and one writer that commits together what waits together) and nothing else. `PATH` is
written as FastAPI means it, checked by pydantic on the way in and out: this is the ceiling of the budgets. `BARE`
does the same work without the framework, and shows how far that is from what Python can do at all.
"""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import sys
import threading
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from pydantic import TypeAdapter
from pydantic_core import to_json
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bench.client import HOST
from bot.channels.rasa import RestEntry, RestMessage

PATH = "/webhooks/rest/webhook"
BARE = "/bare/webhooks/rest/webhook"
BATCH = 64
Row = tuple[str, str, str]
_MESSAGE = TypeAdapter(RestMessage)


class Writer(threading.Thread):
    """Inserts rows, all that wait in one transaction, and tells of each after its COMMIT."""

    def __init__(self, path: Path) -> None:
        super().__init__(name="ceiling-writer", daemon=True)
        self._waiting: queue.SimpleQueue[tuple[Row, asyncio.Future[None]]] = queue.SimpleQueue()
        self._loop = asyncio.get_running_loop()
        self._database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.execute("PRAGMA synchronous=FULL")
        self._database.execute("CREATE TABLE said (sender TEXT, message_id TEXT, text TEXT)")

    def keep(self, row: Row) -> asyncio.Future[None]:
        """Resolves once the row is on disk."""
        future: asyncio.Future[None] = self._loop.create_future()
        self._waiting.put((row, future))
        return future

    def run(self) -> None:
        while True:
            batch = [self._waiting.get()]
            while len(batch) < BATCH and not self._waiting.empty():
                batch.append(self._waiting.get())
            self._database.execute("BEGIN IMMEDIATE")
            self._database.executemany("INSERT INTO said VALUES (?, ?, ?)", [row for row, _ in batch])
            self._database.execute("COMMIT")
            self._loop.call_soon_threadsafe(_tell, [future for _, future in batch])


def _tell(futures: list[asyncio.Future[None]]) -> None:
    for future in futures:
        if not future.done():
            future.set_result(None)


def app(folder: Path) -> FastAPI:
    """The server's app; its database is made in `folder` at the first request."""
    writers: list[Writer] = []

    async def keep(message: RestMessage) -> None:
        if not writers:
            writers.append(Writer(folder / "ceiling.db"))
            writers[0].start()
        message_id = message.metadata.message_id if message.metadata else None
        await writers[0].keep((message.sender, message_id or "", message.message))

    async def echo(message: RestMessage) -> list[RestEntry]:
        await keep(message)
        return [RestEntry(recipient_id=message.sender, text=message.message)]

    async def bare(request: Request) -> Response:
        message = _MESSAGE.validate_json(await request.body())
        await keep(message)
        entries = [{"recipient_id": message.sender, "text": message.message}]
        return Response(to_json(entries), media_type="application/json")

    async def ready(request: Request) -> Response:
        del request
        return Response(b"ok")

    made = FastAPI(openapi_url=None)
    made.router.routes[:] = [Route(BARE, bare, methods=["POST"]), Route("/readyz", ready)]
    made.post(PATH, response_model_exclude_none=True)(echo)
    return made


def main(port: int, folder: Path) -> None:
    """Serve until told to stop."""
    uvicorn.run(app(folder), host=HOST, port=port, log_level="warning", access_log=False, server_header=False)


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
