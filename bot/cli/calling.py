"""What writes is done here where nobody else has the store; else the server that has it is asked."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from cases.store import Store

T = TypeVar("T")
TIMEOUT = 30.0


def carry_out(
    act: Callable[[Store], T], url: str | None, path: str, body: dict[str, Any], *, seconds: float = TIMEOUT
) -> T | Any:
    """What `act` gives with the store; where a server has it, or a `url` is named, what that answers to `body`."""
    from bot.cli import plainly, settings
    from cases.store import StoreBusy, open_store

    if url is None:
        with plainly():
            try:
                store = open_store(settings().database_url)
            except StoreBusy:
                store = None
            if store is not None:
                try:
                    return act(store)
                finally:
                    store.close()
    return post(url, path, body, seconds=seconds)


def post(url: str | None, path: str, body: dict[str, Any], *, seconds: float = TIMEOUT) -> dict[str, Any]:
    """What the server answers at `path`; its refusal, or that there is none, ends the command with a sentence.

    `url` None is the server on this machine.
    """
    from bot.cli import plainly, settings, stop

    with plainly():
        chosen = settings()
    where = urlsplit(url or chosen.local_address)
    if where.scheme not in ("http", "https") or where.hostname is None:
        stop(f"'{url}' is not an address such as http://127.0.0.1:8000.")
    headers = {"Content-Type": "application/json"}
    if chosen.api_key is not None:
        headers["Authorization"] = f"Bearer {chosen.api_key.get_secret_value()}"
    connect = http.client.HTTPSConnection if where.scheme == "https" else http.client.HTTPConnection
    connection = connect(where.hostname, where.port, timeout=seconds)
    try:
        connection.request("POST", f"{where.path.rstrip('/')}{path}", json.dumps(body), headers)
        response = connection.getresponse()
        status, said = response.status, json.loads(response.read())
    except (OSError, ValueError, http.client.HTTPException):
        stop(
            f"No Hearout answers at {where.scheme}://{where.netloc}. Start it with `hearout serve`, or say --url."
        )
    finally:
        connection.close()
    if not 200 <= status < 300:
        stop(str(said.get("detail") or f"The server refused it ({status})."))
    done: dict[str, Any] = said
    return done
