"""Calling the server that runs: what only it may write, a command asks it for."""

from __future__ import annotations

import http.client
import json
from typing import Any
from urllib.parse import urlsplit

TIMEOUT = 30.0


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
