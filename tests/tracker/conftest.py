"""One Request Tracker for all of these tests. They are run by `make test-rt` alone, which sets TEST_RT."""

from __future__ import annotations

import base64
import json
import os
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.databases import sqlite_url
from tests.tracker.installed import Tracker, tracker

__all__ = ["sqlite_url"]

collect_ignore_glob = [] if os.environ.get("TEST_RT") == "1" else ["test_*.py"]


class Desk:
    """What a complaints officer sees, with the rights of Hearout's own user."""

    def __init__(self, running: Tracker) -> None:
        self.running = running
        self._http = httpx.Client(
            base_url=f"{running.url}/REST/2.0",
            headers={"Authorization": f"token {running.token}"},
            timeout=60,
        )

    def tickets(self, reference: str) -> list[int]:
        """The tickets of a case."""
        query = f"Queue = 'Complaints' AND 'CF.{{Hearout case}}' = '{reference}'"
        return sorted(int(entry["id"]) for entry in self.json("tickets", query=query)["items"])

    def values(self, ticket: int) -> dict[str, list[str]]:
        """The custom fields of a ticket."""
        return {one["name"]: one["values"] for one in self.json(f"ticket/{ticket}")["CustomFields"]}

    def files(self, ticket: int) -> dict[str, bytes]:
        """What is attached to a ticket, by its name."""
        found = self.json(f"ticket/{ticket}/attachments", fields="Filename", per_page=100)["items"]
        return {
            entry["Filename"]: base64.b64decode(self.json(f"attachment/{entry['id']}")["Content"])
            for entry in found
            if entry["Filename"]
        }

    def records(self, reference: str) -> dict[str, dict[str, Any]]:
        """Every delivery that any ticket of the case holds: its record by its file's name."""
        return {
            name: json.loads(content)
            for ticket in self.tickets(reference)
            for name, content in self.files(ticket).items()
            if name.startswith(f"{reference}.") and name.endswith(".json")
        }

    def json(self, path: str, **parameters: Any) -> dict[str, Any]:
        answer = self._http.get(path, params=parameters)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def close(self) -> None:
        self._http.close()


@pytest.fixture(scope="session")
def desk() -> Iterator[Desk]:
    """A Request Tracker that runs, seen from its desk."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="rt-") as folder, tracker(Path(folder), port) as running:
        seen = Desk(running)
        yield seen
        seen.close()
