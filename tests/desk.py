"""A desk for the tests: the real wiring on a real database in a temporary folder, with a clock that tests move."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from actions.runner import Runner
from bot.messages import Incoming, TurnReply
from bot.overlay import Overlay
from bot.turn import Desk, take_turn
from bot.understanding.reader import Reader
from cases import register
from cases.store import Store, migrate, open_store
from policy_rules.shelf import PackShelf

MORNING = datetime(2026, 12, 21, 10, 0, tzinfo=UTC)
MINI = Path(__file__).parent / "policy_rules" / "packs"


@dataclass
class Clock:
    """The present, moved by hand."""

    now: datetime = MORNING

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **parts: float) -> None:
        self.now += timedelta(**parts)


@dataclass
class Person:
    """Somebody in a conversation; `say` sends a message and keeps the reply."""

    desk: Desk
    organisation: str
    sender: str = field(default_factory=lambda: uuid.uuid4().hex)
    channel: str = "chat"
    received_at: datetime | None = None
    recorded_by: str | None = None
    begin_in: str | None = None
    last: TurnReply | None = None

    async def say(self, text: str, message_id: str | None = None) -> TurnReply:
        incoming = Incoming(
            organisation=self.organisation,
            sender=self.sender,
            text=text,
            message_id=message_id or uuid.uuid4().hex,
            channel=self.channel,
            received_at=self.received_at,
            recorded_by=self.recorded_by,
            begin_in=self.begin_in,
        )
        self.last = await take_turn(self.desk, incoming)
        return self.last

    async def says(self, *texts: str) -> TurnReply:
        """Several messages one after another; the last reply."""
        for text in texts:
            await self.say(text)
        assert self.last is not None
        return self.last

    @property
    def texts(self) -> str:
        assert self.last is not None
        return "\n".join(entry["text"] for entry in self.last.entries if "text" in entry)

    @property
    def asked(self) -> str | None:
        """The id of the question that is open, None at the end."""
        question = self.custom("question")
        return None if question is None else question["id"]

    @property
    def outcome(self) -> dict[str, Any]:
        outcome = self.custom("outcome")
        assert outcome is not None, self.texts
        return outcome

    def custom(self, key: str) -> dict[str, Any] | None:
        assert self.last is not None
        found: list[dict[str, Any]] = [
            e["custom"][key] for e in self.last.entries if key in e.get("custom", {})
        ]
        assert len(found) <= 1
        return found[0] if found else None

    async def skip_to(self, question_id: str) -> None:
        """Skip questions until this one is open."""
        for _ in range(30):
            if self.asked == question_id:
                return
            await self.say("/skip")
        raise AssertionError(f"'{question_id}' was never asked; open: {self.asked}")

    def record(self) -> dict[str, Any]:
        assert self.last is not None
        reference = self.last.reference
        return self.desk.store.read_sync(lambda conn: register.show(conn, reference))


@contextmanager
def open_desk(
    folder: Path,
    packs: Path | None = None,
    clock: Clock | None = None,
    url: str | None = None,
    overlay: Overlay | None = None,
) -> Iterator[Desk]:
    """A desk on the database at `url`, else on SQLite in `folder`; `packs` None is the shipped ones, `overlay` None all defaults."""
    url = url or f"sqlite:///{folder / 'hearout.db'}"
    migrate(url)
    store: Store = open_store(url)
    clock = clock or Clock()
    shelf = PackShelf(packs, clock=clock)
    desk = Desk(
        packs=shelf,
        store=store,
        reader=_reader(),
        runner=Runner(shelf),
        overlays=lambda organisation: overlay or Overlay(),
        clock=clock,
        wake_delivery=lambda: None,
    )
    try:
        yield desk
    finally:
        store.close()


_READER: list[Reader] = []


def _reader() -> Reader:
    if not _READER:
        _READER.append(Reader.load())
    return _READER[0]
