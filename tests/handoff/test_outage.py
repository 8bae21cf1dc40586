"""The case system is away for six hours: nobody who complains meanwhile notices, and it has each case once afterwards."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.overlay import Overlay
from bot.receivers import FolderHandoff
from cases import outbox
from cases.register import filed_record
from handoff.deliver import DeliveryLoop, Pace
from handoff.http import Caller
from handoff.mail import MailServer
from handoff.secrets import Secret
from handoff.target import Target
from handoff.targets import TARGETS, EmailTarget, FolderTarget, MappedJsonTarget
from tests.desk import Clock, Person, open_desk
from tests.handoff.builders import Bell, always, until
from tests.handoff.receiver import Receiver, Reply, receiving
from tests.handoff.smtp import Mailbox, mail_server
from tests.handoff.test_mapped_json import ZENDESK
from tests.handoff.test_webhook import a_webhook
from tests.handoff.zendesk import USER, Zendesk, zendesk

# Only its name counts here: `_live` says what stands behind it.
OURS = Overlay(handoff=(FolderHandoff(target="folder", name="cases"),))
STORY = "Nobody marked my assignment for six weeks, and my two e-mails about it were never answered."
HOURS = 6


@dataclass
class Place:
    """A target whose receiver is away until `there`; `held` is what it has, by its references, each time it came."""

    target: Target
    there: Callable[[], AbstractContextManager[object]]
    held: Callable[[], list[str]]
    patience: float = 30.0


def _webhook(folder: Path, port: int) -> Place:
    lines: list[Receiver] = []

    @contextmanager
    def there() -> Iterator[None]:
        with receiving(port) as receiver:
            lines.append(receiver)
            yield

    def held() -> list[str]:
        return [json.loads(request.body)["data"]["reference"] for line in lines for request in line.requests]

    return Place(a_webhook(folder, f"http://127.0.0.1:{port}/"), there, held)


def _mapped_json(folder: Path, port: int) -> Place:
    desks: list[Zendesk] = []

    @contextmanager
    def there() -> Iterator[None]:
        with zendesk(port) as desk:
            desks.append(desk)
            yield

    secret = folder / "zendesk"
    secret.write_text(USER)
    target = MappedJsonTarget(
        f"http://127.0.0.1:{port}", ZENDESK, Secret(secret), "basic", Caller(allow_private=True, seconds=5)
    )
    return Place(target, there, lambda: [ticket["external_id"] for desk in desks for ticket in desk.tickets])


def _email(folder: Path, port: int) -> Place:
    boxes: list[Mailbox] = []

    @contextmanager
    def there() -> Iterator[None]:
        with mail_server(port) as mailbox:
            boxes.append(mailbox)
            yield

    def held() -> list[str]:
        found = [
            re.search(r"CQM(-[0-9A-Z]+)+", str(message["Subject"]))
            for box in boxes
            for message in box.messages
        ]
        return [match[0] for match in found if match]

    return Place(EmailTarget(MailServer("127.0.0.1", port, "none"), ("cases@example.org",)), there, held)


def _folder(folder: Path, port: int) -> Place:
    place = folder / "share"
    # What a share looks like that is not mounted: it works for root too, whom permissions do not stop.
    place.touch()

    @contextmanager
    def there() -> Iterator[None]:
        place.unlink()
        yield

    def held() -> list[str]:
        return [json.loads(file.read_text())["reference"] for file in place.glob("*.json")]

    return Place(FolderTarget(place), there, held)


PLACES = {"webhook": _webhook, "mapped_json": _mapped_json, "email": _email, "folder": _folder}
# Request Tracker is away in tests/tracker, where there is a real one.
ELSEWHERE = {"request_tracker"}


def test_every_kind_of_place_is_away_here_or_in_a_test_of_its_own() -> None:
    assert set(PLACES) | ELSEWHERE == set(TARGETS)


async def _complain(person: Person) -> dict[str, Any]:
    await person.says(STORY)
    for _ in range(40):
        if person.custom("outcome") is not None:
            return person.outcome
        answers = {"check_answers": "send", "complainant_name": "Jane Hartley", "confirm_facts": "yes"}
        await person.say(answers.get(str(person.asked), "/skip"))
    raise AssertionError(f"it never ended: {person.asked}")


async def _live(
    folder: Path, url: str, place: Place, *, outage: bool
) -> tuple[list[dict[str, Any]], Any, Bell]:
    """Three people complain, hours apart; what they were told, the records that were handed over, who was alarmed."""
    clock, bell, told = Clock(), Bell(), []
    with open_desk(folder, clock=clock, url=url, overlay=OURS) as desk:
        loop = DeliveryLoop(desk.store, always(cases=place.target), clock, bell, pace=Pace(poll=0.01))
        delivering = asyncio.create_task(loop.run())

        async def hours(count: int, step: int = 5) -> None:
            """So many hours, a few minutes at a time, with a moment for the loop in each."""
            for _ in range(count * 60 // step):
                clock.forward(minutes=step)
                await asyncio.sleep(0.02)

        async def complain() -> None:
            for _ in range(3):
                told.append(await _complain(Person(desk, "cqm")))
                await hours(HOURS // 3)

        if outage:
            await complain()
        with place.there():
            if not outage:
                await complain()
            await hours(1)
            await until(lambda: _settled(desk.store), place.patience)
            await hours(30, step=60)
        loop.stop()
        await delivering
        records = [desk.store.read_sync(lambda conn, one=one: filed_record(conn, "cqm", one["reference"]))  # type: ignore[misc]
                   for one in told]  # fmt: skip
    return told, records, bell


def _settled(store: Any) -> bool:
    return all(row["state"] == "delivered" for row in store.read_sync(outbox.listing))


@pytest.mark.parametrize("kind", PLACES)
def test_who_complains_in_an_outage_is_told_the_same_and_each_case_arrives_once(
    tmp_path: Path, store_url: str, free_port: int, kind: str
) -> None:
    holds_through_an_outage(tmp_path, store_url, PLACES[kind](tmp_path, free_port))


def holds_through_an_outage(tmp_path: Path, store_url: str, place: Place) -> None:
    """What is promised of six hours in which a place is away."""
    told, records, bell = asyncio.run(_live(tmp_path, store_url, place, outage=True))
    assert [one["state"] for one in told] == ["filed"] * 3
    references = sorted(one["reference"] for one in told)
    assert sorted(place.held()) == references, "each is there, and nothing came twice"
    began = Clock().now
    received = [datetime.fromisoformat(record["received_at"]) for record in records]
    assert received == [began + timedelta(hours=HOURS // 3 * number) for number in range(3)]
    for one, record in zip(told, records, strict=True):
        assert record["decision"] == one["decision"], "the dates that were promised are the dates that arrive"
    alarmed = {reference for trouble in bell.rung for reference in (trouble.reference, *trouble.also)}
    assert sorted(alarmed) == references, "somebody knew of each"


def test_what_they_are_told_is_what_they_would_be_told_without_it(tmp_path: Path, free_port: int) -> None:
    outcomes = []
    for number, outage in enumerate((True, False)):
        folder = tmp_path / str(number)
        folder.mkdir()
        place = _webhook(folder, free_port)
        told, _, bell = asyncio.run(_live(folder, f"sqlite:///{folder}/hearout.db", place, outage=outage))
        assert bool(bell.rung) == outage
        outcomes.append([{**one, "reference": "", "decision": {**one["decision"]}} for one in told])
    assert outcomes[0] == outcomes[1]


@pytest.mark.parametrize(
    "replies", [[Reply(500)] * 2, [Reply(hang_up=True)] * 2, [Reply(429, headers={"retry-after": "5"})]]
)
def test_a_receiver_that_stumbles_has_it_once_by_its_id(
    tmp_path: Path, sqlite_url: str, replies: list[Reply]
) -> None:
    """It took some of them before it said that it had not: the id tells."""

    async def go(receiver: Receiver) -> None:
        clock = Clock()
        with open_desk(tmp_path, clock=clock, url=sqlite_url, overlay=OURS) as desk:
            target = a_webhook(tmp_path, receiver.url)
            loop = DeliveryLoop(desk.store, always(cases=target), clock, Bell(), pace=Pace(poll=0.01))
            task = asyncio.create_task(loop.run())
            await _complain(Person(desk, "cqm"))
            for _ in range(60):
                await asyncio.sleep(0.05)
                clock.forward(minutes=1)
                if _settled(desk.store):
                    break
            loop.stop()
            await task
            assert _settled(desk.store)

    with receiving() as receiver:
        receiver.replies = list(replies)
        asyncio.run(go(receiver))
    assert len(receiver.requests) == len(replies) + 1
    assert len(receiver.effects()) == 1
