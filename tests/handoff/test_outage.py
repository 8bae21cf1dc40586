"""The case system is away for six hours: nobody who complains meanwhile notices, and it has each case once afterwards."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.overlay import Overlay
from bot.receivers import WebhookHandoff
from cases import outbox
from handoff.deliver import DeliveryLoop, Pace
from tests.desk import Clock, Person, open_desk
from tests.handoff.builders import Bell, always, until
from tests.handoff.receiver import Receiver, Reply, receiving
from tests.handoff.test_webhook import a_webhook

OURS = Overlay(
    handoff=(
        WebhookHandoff(
            target="webhook", url="http://127.0.0.1/", secret_env="CASES_SECRET", allow_private=True
        ),
    )
)
STORY = "Nobody marked my assignment for six weeks, and my two e-mails about it were never answered."
HOURS = 6


@contextmanager
def _away(port: int) -> Iterator[None]:
    """Nothing listens there."""
    yield


def _full(receiver: Receiver) -> list[dict[str, Any]]:
    """What a receiver that drops the ids it has had holds."""
    return [json.loads(body)["data"] for body in receiver.effects().values()]


async def _complain(person: Person) -> dict[str, Any]:
    await person.says(STORY)
    for _ in range(40):
        if person.custom("outcome") is not None:
            return person.outcome
        answers = {"check_answers": "send", "complainant_name": "Jane Hartley", "confirm_facts": "yes"}
        await person.say(answers.get(str(person.asked), "/skip"))
    raise AssertionError(f"it never ended: {person.asked}")


async def _live(folder: Path, url: str, port: int, *, outage: bool) -> tuple[list[dict[str, Any]], Any, Bell]:
    """Three people complain, hours apart; what they were told, what the receiver holds, who was alarmed."""
    clock, bell, told = Clock(), Bell(), []
    with open_desk(folder, clock=clock, url=url, overlay=OURS) as desk:
        target = a_webhook(folder, f"http://127.0.0.1:{port}/")
        loop = DeliveryLoop(desk.store, always(webhook=target), clock, bell, pace=Pace(poll=0.01))
        delivering = asyncio.create_task(loop.run())

        async def hours(count: int, step: int = 5) -> None:
            """So many hours, a few minutes at a time, with a moment for the loop in each."""
            for _ in range(count * 60 // step):
                clock.forward(minutes=step)
                await asyncio.sleep(0.02)

        with receiving(port) if not outage else _away(port):
            for _ in range(3):
                told.append(await _complain(Person(desk, "cqm")))
                await hours(HOURS // 3)
        with receiving(port) as receiver:
            await hours(1)
            await until(lambda: not desk.store.read_sync(outbox.listing) or _settled(desk.store))
            await hours(30, step=60)
        loop.stop()
        await delivering
    return told, receiver, bell


def _settled(store: Any) -> bool:
    return all(row["state"] == "delivered" for row in store.read_sync(outbox.listing))


def test_who_complains_in_an_outage_is_told_the_same_and_each_case_arrives_once(
    tmp_path: Path, store_url: str, free_port: int
) -> None:
    told, receiver, bell = asyncio.run(_live(tmp_path, store_url, free_port, outage=True))
    held = _full(receiver)
    assert [one["state"] for one in told] == ["filed"] * 3
    assert sorted(one["reference"] for one in told) == sorted(record["reference"] for record in held)
    assert len(receiver.requests) == 3, "nothing came twice"
    began = Clock().now
    received = sorted(datetime.fromisoformat(record["received_at"]) for record in held)
    assert received == [began + timedelta(hours=HOURS // 3 * number) for number in range(3)]
    for one in told:
        (record,) = [record for record in held if record["reference"] == one["reference"]]
        assert record["decision"] == one["decision"], "the dates that were promised are the dates that arrive"
    alarmed = {reference for trouble in bell.rung for reference in (trouble.reference, *trouble.also)}
    assert alarmed == {one["reference"] for one in told}, "somebody knew of each"


def test_what_they_are_told_is_what_they_would_be_told_without_it(tmp_path: Path, free_port: int) -> None:
    outcomes = []
    for number, outage in enumerate((True, False)):
        folder = tmp_path / str(number)
        folder.mkdir()
        told, _, bell = asyncio.run(_live(folder, f"sqlite:///{folder}/hearout.db", free_port, outage=outage))
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
            loop = DeliveryLoop(desk.store, always(webhook=target), clock, Bell(), pace=Pace(poll=0.01))
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
