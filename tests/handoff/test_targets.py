"""The contract of a target, held by every one of them, and shown to catch a target that breaks it.

A new target adds a line to TARGETS: how to make it, how to break its receiver, and how to see what has arrived.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from handoff.mail import MailServer
from handoff.target import Delivery, Target, TransientFailure
from handoff.targets import TARGETS, EmailTarget, FolderTarget
from tests.handoff.builders import a_delivery, run
from tests.handoff.receiver import Reply, receiving
from tests.handoff.smtp import mail_server
from tests.handoff.test_mapped_json import a_target as a_json_target
from tests.handoff.test_mapped_json import changed
from tests.handoff.test_webhook import a_webhook
from tests.handoff.zendesk import zendesk


@dataclass
class Place:
    """A target with its receiver. `effects` is what a receiver that drops known ids would hold, by id."""

    target: Target
    effects: Callable[[], dict[str, dict[str, Any]]]
    break_receiver: Callable[[], None]
    mend_receiver: Callable[[], None]


@contextmanager
def _folder(tmp_path: Path, port: int) -> Iterator[Place]:
    path = tmp_path / "cases"

    def effects() -> dict[str, dict[str, Any]]:
        return {file.name: json.loads(file.read_text()) for file in path.iterdir()}

    # A file where the folder should be: works for root too, whom permissions do not stop.
    yield Place(FolderTarget(path), effects, path.touch, path.unlink)


@contextmanager
def _email(tmp_path: Path, port: int) -> Iterator[Place]:
    with mail_server(port) as mailbox:
        target = EmailTarget(MailServer("127.0.0.1", port, "none"), ("cases@example.org",))

        def effects() -> dict[str, dict[str, Any]]:
            return {str(message["Message-ID"]): _attached(message) for message in mailbox.messages}

        yield Place(
            target,
            effects,
            lambda: mailbox.refusals.append("451 try later"),
            lambda: None,
        )


def _attached(message: EmailMessage) -> dict[str, Any]:
    (attachment,) = message.iter_attachments()
    content = attachment.get_payload(decode=True)
    assert isinstance(content, bytes)
    return dict(json.loads(content))


@contextmanager
def _webhook(tmp_path: Path, port: int) -> Iterator[Place]:
    with receiving(port) as receiver:

        def effects() -> dict[str, dict[str, Any]]:
            return {key: json.loads(body)["data"] for key, body in receiver.effects().items()}

        def refuse() -> None:
            receiver.replies.append(Reply(500))
            receiver.requests.clear()

        yield Place(a_webhook(tmp_path, receiver.url), effects, refuse, receiver.requests.clear)


@contextmanager
def _mapped_json(tmp_path: Path, port: int) -> Iterator[Place]:
    with zendesk(port) as desk:
        body = {
            "ticket": {
                "external_id": "${delivery.id}",
                "comment": {"body": "${narrative}"},
                "case": "${delivery}",
            }
        }
        mapping = changed(
            tmp_path,
            create={"path": "/api/v2/tickets.json", "body": body},
            find={"path": "/api/v2/tickets.json?external_id=${delivery.id}", "items": "tickets"},
            update=None,
        )

        def effects() -> dict[str, dict[str, Any]]:
            # The desk keeps what it knows of: the record is the one whose story it has.
            return {
                ticket["external_id"]: a_delivery(ticket["external_id"]).record
                for ticket in desk.tickets
                if ticket["description"] == a_delivery().record["narrative"]
            }

        target = a_json_target(desk, tmp_path, mapping=mapping)
        yield Place(target, effects, lambda: desk.line.replies.append(Reply(503)), lambda: None)


PLACES = {"folder": _folder, "email": _email, "webhook": _webhook, "mapped_json": _mapped_json}
# Held to the same contract against the real thing, in tests/tracker.
ELSEWHERE = {"request_tracker"}


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest, tmp_path: Path, free_port: int) -> Iterator[Place]:
    with PLACES[request.param](tmp_path, free_port) as made:
        yield made


def _arrives_whole(place: Place) -> None:
    item = a_delivery()
    run(place.target.deliver(item))
    assert list(place.effects().values()) == [item.record]


def _twice_is_once(place: Place) -> None:
    item = a_delivery()
    for _ in range(2):
        run(place.target.deliver(item))
    assert len(place.effects()) == 1


def _different_ids_are_different(place: Place) -> None:
    for delivery_id in ("a" * 32, "b" * 32):
        run(place.target.deliver(a_delivery(delivery_id)))
    assert len(place.effects()) == 2


def _a_failure_is_told_and_can_be_mended(place: Place) -> None:
    item = a_delivery()
    place.break_receiver()
    with pytest.raises(TransientFailure) as failure:
        run(place.target.deliver(item))
    assert "tutor" not in str(failure.value)
    place.mend_receiver()
    run(place.target.deliver(item))
    assert list(place.effects().values()) == [item.record]


CONTRACT = [
    _arrives_whole,
    _twice_is_once,
    _different_ids_are_different,
    _a_failure_is_told_and_can_be_mended,
]


def test_every_registered_target_stands_under_the_contract() -> None:
    assert set(PLACES) | ELSEWHERE == set(TARGETS)


@pytest.mark.parametrize("clause", CONTRACT)
def test_every_target_holds_the_contract(place: Place, clause: Callable[[Place], None]) -> None:
    clause(place)


@dataclass
class Forgetful:
    """The planted fault: it says that a delivery arrived, and lets it fall."""

    target: Target

    async def deliver(self, item: Delivery) -> None:
        return


@dataclass
class Renaming:
    """The planted fault: each attempt goes out under an id of its own."""

    target: Target
    attempts: int = 0

    async def deliver(self, item: Delivery) -> None:
        self.attempts += 1
        await self.target.deliver(replace(item, id=f"{self.attempts:032x}"))


@dataclass
class Swallowing:
    """The planted fault: a failure is taken for an arrival."""

    target: Target

    async def deliver(self, item: Delivery) -> None:
        try:
            await self.target.deliver(item)
        except TransientFailure:
            return


@pytest.mark.parametrize(
    ("faulty", "clause"),
    [
        (Forgetful, _arrives_whole),
        (Renaming, _twice_is_once),
        (Swallowing, _a_failure_is_told_and_can_be_mended),
    ],
)
def test_a_target_that_breaks_the_contract_is_caught(
    place: Place, faulty: Callable[[Target], Target], clause: Callable[[Place], None]
) -> None:
    with pytest.raises((AssertionError, pytest.fail.Exception, FileNotFoundError)):
        clause(replace(place, target=faulty(place.target)))
