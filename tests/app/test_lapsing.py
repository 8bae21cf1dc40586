"""A server that runs looks after its drafts: the reminder is a letter in a mailbox, the draft a file for staff."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.app import compose, create_app
from bot.app.lapsing import LapseLoop
from bot.messages import Incoming
from bot.settings import Settings
from bot.turn import take_turn
from cases import lapse
from tests.handoff.smtp import mail_server

STORY = "Nobody marked my assignment for six weeks, and my two e-mails about it were never answered."
MAIL = "/SetSlots(contact_email=ann@example.org)"
START = datetime(2026, 12, 1, 9, tzinfo=UTC)


def tell(settings: Settings) -> None:
    """A draft with a story and an address, and a greeting."""
    house = compose(settings, clock=lambda: START)

    async def talk() -> None:
        for sender, text in (("a" * 32, STORY), ("a" * 32, MAIL), ("b" * 32, "hello")):
            await take_turn(house.desk, Incoming("cqm", sender, text, f"{sender}{text}"[:60]))

    asyncio.run(talk())
    house.close()


def live(settings: Settings, day: int, until: Callable[[], bool]) -> None:
    """Run the whole server on a day, until something has happened."""
    app = create_app(settings, clock=lambda: START + timedelta(days=day))

    async def run() -> None:
        async with app.router.lifespan_context(app), asyncio.timeout(20):
            while not until():  # noqa: ASYNC110 - a file or a mailbox sets no event
                await asyncio.sleep(0.02)

    asyncio.run(run())


def test_the_person_is_written_to_and_then_staff_are(tmp_path: Path, free_port: int) -> None:
    settings = Settings(data_dir=tmp_path, smtp_host="127.0.0.1", smtp_port=free_port, smtp_security="none")
    folder = tmp_path / "delivered" / "cqm"
    tell(settings)
    with mail_server(free_port) as mailbox:
        live(settings, 2, lambda: len(mailbox.messages) == 1)
        live(settings, 5, lambda: True)
        live(settings, 14, lambda: folder.is_dir() and any(folder.glob("*.json")))
    assert mailbox.recipients == [["ann@example.org"]]
    letter = str(mailbox.messages[0].get_content())
    assert "This is the only reminder." in letter
    assert "assignment" not in letter
    (handed_over,) = [json.loads(path.read_text()) for path in folder.glob("*.json")]
    assert (handed_over["state"], handed_over["narrative"]) == ("abandoned", STORY)
    assert "effect" in handed_over["missing"]


def test_a_look_that_fails_is_told_without_a_word_and_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    house = compose(Settings(data_dir=tmp_path))
    looks: list[str] = []

    def failing(conn: object, organisation: str, *_: object) -> object:
        looks.append(organisation)
        raise RuntimeError("the assignment of Jane Hartley")

    monkeypatch.setattr(lapse, "to_abandon", failing)

    async def run() -> None:
        loop = LapseLoop(house.desk, lapse.Limits(), can_mail=lambda: True, every=0.001)
        task = asyncio.create_task(loop.run())
        async with asyncio.timeout(10):
            while looks.count("cqm") < 2:  # noqa: ASYNC110 - see above
                await asyncio.sleep(0.001)
        task.cancel()

    asyncio.run(run())
    house.close()
    told = "".join(capfd.readouterr())
    assert "lapse_failed" in told
    assert "Hartley" not in told
    assert set(looks) == set(house.packs.ids())
