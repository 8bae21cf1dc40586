"""A ticket desk in the shapes that Zendesk publishes for its tickets API: enough of it to see a case arrive.

POST /api/v2/tickets.json with Idempotency-Key, GET ?external_id=, PUT /api/v2/tickets/{id}.json, basic authentication
as {e-mail}/token:{token}, RecordInvalid as 422. A key is known for two hours; an older one makes a new ticket.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.handoff.receiver import Receiver, Reply, Request, receiving

USER = "hearout@example.org/token:s3cret"


@dataclass
class Zendesk:
    """The desk: its tickets, and the keys that it remembers, with what was sent and answered."""

    line: Receiver
    tickets: list[dict[str, Any]] = field(default_factory=list)
    comments: dict[int, list[str]] = field(default_factory=dict)
    keys: dict[str, tuple[bytes, Reply]] = field(default_factory=dict)

    def answer(self, request: Request) -> Reply:
        wanted = "Basic " + base64.b64encode(USER.encode()).decode()
        if request.headers.get("authorization") != wanted:
            return _json(401, {"error": "Couldn't authenticate you"})
        url = urlsplit(request.path)
        if request.method == "GET" and url.path == "/api/v2/tickets.json":
            wanted_id = parse_qs(url.query)["external_id"][0]
            found = [ticket for ticket in self.tickets if ticket["external_id"] == wanted_id]
            return _json(
                200, {"tickets": found, "next_page": None, "previous_page": None, "count": len(found)}
            )
        if request.method == "POST" and url.path == "/api/v2/tickets.json":
            return self._once(request)
        if request.method == "PUT" and url.path.startswith("/api/v2/tickets/"):
            return self._update(int(url.path.rpartition("/")[2].removesuffix(".json")), request)
        return _json(404, {"error": "RecordNotFound", "description": "Not found"})

    def _once(self, request: Request) -> Reply:
        key = request.headers.get("idempotency-key", "")
        if key in self.keys:
            sent, reply = self.keys[key]
            if sent != request.body:
                return _json(400, {"error": "IdempotentRequestError"})
            return Reply(reply.status, reply.body, {**reply.headers, "x-idempotency-lookup": "hit"})
        reply = self._create(json.loads(request.body)["ticket"])
        if key and reply.status < 300:
            self.keys[key] = (request.body, reply)
        return Reply(reply.status, reply.body, {**reply.headers, "x-idempotency-lookup": "miss"})

    def _create(self, sent: dict[str, Any]) -> Reply:
        if not sent.get("comment", {}).get("body"):
            details = {"base": [{"description": "Description: cannot be blank", "error": "BlankValue"}]}
            return _json(
                422,
                {"error": "RecordInvalid", "description": "Record validation errors", "details": details},
            )
        ticket = {
            "id": len(self.tickets) + 1,
            "external_id": sent.get("external_id"),
            "subject": sent.get("subject"),
            "description": sent["comment"]["body"],
            "priority": sent.get("priority"),
            "status": "new",
            "tags": sent.get("tags", []),
            "due_at": sent.get("due_at"),
            "custom_fields": sent.get("custom_fields", []),
            "requester": sent.get("requester"),
        }
        self.tickets.append(ticket)
        self.comments[len(self.tickets)] = [sent["comment"]["body"]]
        return _json(201, {"ticket": ticket, "audit": {"id": 1, "events": []}})

    def _update(self, number: int, request: Request) -> Reply:
        ticket, sent = self.tickets[number - 1], json.loads(request.body)["ticket"]
        values = {entry["id"]: entry for entry in [*ticket["custom_fields"], *sent.get("custom_fields", [])]}
        ticket["custom_fields"] = list(values.values())
        if comment := sent.get("comment"):
            self.comments[number].append(comment["body"])
        return _json(200, {"ticket": ticket, "audit": {"id": 2, "events": []}})


@contextmanager
def zendesk(port: int = 0) -> Iterator[Zendesk]:
    """A desk on 127.0.0.1."""
    with receiving(port) as line:
        desk = Zendesk(line)
        line.otherwise = desk.answer
        yield desk


def _json(status: int, body: dict[str, Any]) -> Reply:
    return Reply(status, json.dumps(body).encode(), {"content-type": "application/json; charset=utf-8"})
