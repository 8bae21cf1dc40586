"""The mail server is down: whoever runs the server hears of it by the second way, and of no word of a complaint."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.app import compose
from bot.settings import Settings
from tests.desk import Clock, Person
from tests.handoff.builders import until
from tests.handoff.receiver import receiving

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


async def test_a_disk_that_runs_full_is_told_of_too(tmp_path: Path) -> None:
    with receiving() as chat:
        settings = Settings(data_dir=tmp_path, disk_low_bytes=2**62, alarm_webhook=SecretStr(chat.url))
        house = compose(settings)
        assert await house.disk.look()
        house.close()
    (request,) = chat.requests
    assert "HEAROUT_DISK_LOW_BYTES" in json.loads(request.body)["text"]
