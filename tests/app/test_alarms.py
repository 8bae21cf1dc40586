"""The mail server is down: whoever runs the server hears of it by the second way, and of no word of a complaint."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from bot.app import compose, health
from bot.settings import Settings
from cases import receivers
from tests.desk import Clock, Person
from tests.handoff.builders import until
from tests.handoff.receiver import receiving

START = datetime(2026, 12, 21, 10, 0, tzinfo=UTC)
pytestmark = pytest.mark.anyio
STORY = "Nobody marked my assignment for six weeks, and my two e-mails about it were never answered."
SETTLED = "/SetSlots(nature=complaint, subject=service, complainant_type=learner, stage_reached=none, on_behalf_of=self)"
MAIL = "/SetSlots(preferred_contact=email, contact_email=ann@example.org)"
OVERLAY = """
alarm: {name: A. Larm, email: alarm@cqm.example}
handoff: [{target: email, to: [cases@cqm.example]}]
"""


async def test_cases_and_letters_that_wait_for_the_mail_server_are_told_of_by_the_webhook(
    tmp_path: Path, free_port: int
) -> None:
    (tmp_path / "organisations").mkdir()
    (tmp_path / "organisations" / "cqm.yml").write_text(OVERLAY)
    clock = Clock(datetime(2026, 12, 21, 10, 0, tzinfo=UTC))
    with receiving() as chat:
        settings = Settings(
            data_dir=tmp_path, smtp_host="127.0.0.1", smtp_port=free_port, smtp_security="none",
            delivery_seconds=0.05, alarm_webhook=SecretStr(chat.url),
        )  # fmt: skip
        house = compose(settings, clock=clock)
        delivering = asyncio.create_task(house.deliveries.run())
        person = Person(house.desk, "cqm")
        await person.says(STORY, SETTLED, MAIL)
        await person.skip_to("check_answers")
        await person.say("send")
        reference = person.outcome["reference"]
        for _ in range(60):
            clock.forward(minutes=1)
            house.deliveries.wake()
            await asyncio.sleep(0.05)
        await until(lambda: len(chat.requests) >= 2, 20)
        house.deliveries.stop()
        await delivering
        house.close()
    said = [json.loads(request.body) for request in chat.requests]
    assert {(one["kind"], one["target"], one["reference"]) for one in said} == {
        ("late", "email", reference),
        ("late", "to-person", reference),
    }
    # Once each, though it was looked at for an hour.
    assert len(said) == 2
    assert not any("assignment" in str(one) or "ann@" in str(one) for one in said)


async def test_metrics_say_how_each_place_is_faring_and_name_nobody(tmp_path: Path, free_port: int) -> None:
    (tmp_path / "organisations").mkdir()
    (tmp_path / "organisations" / "cqm.yml").write_text(OVERLAY)
    clock = Clock(START)
    settings = Settings(
        data_dir=tmp_path, smtp_host="127.0.0.1", smtp_port=free_port, smtp_security="none", delivery_seconds=0.05
    )  # fmt: skip
    house = compose(settings, clock=clock)
    app = FastAPI()
    asked = (house.packs, house.overlays, house.store, house.metrics, house.door, clock, house.disk)
    app.include_router(health.router(*asked))
    delivering = asyncio.create_task(house.deliveries.run())
    person = Person(house.desk, "cqm")
    await person.says(STORY, SETTLED, MAIL)
    await person.skip_to("check_answers")
    await person.say("send")

    def resting() -> bool:
        clock.forward(seconds=20)
        house.deliveries.wake()
        (place,) = [one for one in house.store.read_sync(receivers.measures) if one.target == "email"]
        return place.state == "resting" and clock.now >= START + timedelta(minutes=31)

    await until(resting, 30)
    transport = httpx.ASGITransport(app, client=("127.0.0.1", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        text = (await client.get("/metrics")).text
    house.deliveries.stop()
    await delivering
    house.close()
    shown = dict(line.rsplit(" ", 1) for line in text.splitlines() if line.startswith("hearout_receiver_"))
    place = 'organisation="cqm",target="email"'
    assert float(shown[f"hearout_receiver_waiting{{{place}}}"]) == 1
    assert float(shown[f"hearout_receiver_oldest_seconds{{{place}}}"]) >= 30 * 60
    assert float(shown[f"hearout_receiver_attempts{{{place}}}"]) >= 3
    assert float(shown[f"hearout_receiver_dead{{{place}}}"]) == 0
    assert float(shown[f'hearout_receiver_state{{{place},state="resting"}}']) == 1
    assert float(shown[f'hearout_receiver_state{{{place},state="working"}}']) == 0
    assert 'target="to-person"' in text, "letters that wait are seen too"
    for secret in (person.outcome["reference"], "ann@", "cases@cqm", "A. Larm", "assignment"):
        assert secret not in text


async def test_a_disk_that_runs_full_is_told_of_too(tmp_path: Path) -> None:
    with receiving() as chat:
        settings = Settings(data_dir=tmp_path, disk_low_bytes=2**62, alarm_webhook=SecretStr(chat.url))
        house = compose(settings)
        assert await house.disk.look()
        house.close()
    (request,) = chat.requests
    assert "HEAROUT_DISK_LOW_BYTES" in json.loads(request.body)["text"]
