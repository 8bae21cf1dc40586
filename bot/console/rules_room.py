"""What the pages on versions share: the versions by time, whether a draft is sound, what it changes, and for whom.

What takes long is worked out beside the requests, in a box of time, and kept for the next look at the same text.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from bot.console.permissions import Permission
from bot.console.site import Visit
from bot.settings import Settings
from bot.turn import Desk
from cases import drafts, rulebook
from cases.drafts import Base, Draft, sha256_of
from cases.replay import Wanted, replay, state
from cases.rulebook import First, Version
from policy_rules.compiled import CompiledPack
from policy_rules.diff import Difference
from policy_rules.diff import diff as compare
from policy_rules.errors import BrokenPack
from policy_rules.limits import Budget
from policy_rules.loader import parse_pack
from policy_rules.replay import Replayed
from policy_rules.soundness import sound_text

T = TypeVar("T")

ZONE = ZoneInfo("Europe/London")
RECENT = timedelta(days=90)
DIFF_SECONDS, REPLAY_SECONDS, LONG_SECONDS = 3.0, 2.0, 60.0
KEPT = 48


@dataclass(frozen=True)
class Judged:
    """A text, whether it may be published, and why not. `readable`: it loads, so that it can be compared."""

    text: str
    readable: CompiledPack | None
    sound: CompiledPack | None
    findings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Timeline:
    """The versions of an organisation at one moment; the file stands for the first while none is published."""

    versions: tuple[Version, ...]
    first: First | None
    now: datetime

    def at(self, moment: datetime) -> Version | None:
        """The published version that governs an instant."""
        return rulebook.governing(self.versions, moment)

    def base_at(self, moment: datetime) -> Base:
        """What a draft has to be made from, to follow what is in force at an instant."""
        found = self.at(moment)
        if found is not None:
            return Base(found.number, sha256_of(found.text))
        if not self.versions and self.first is not None:
            return Base(1, sha256_of(self.first.text))
        return Base(0, sha256_of(""))

    def text_of(self, number: int) -> str | None:
        """The text of a version; None where there is none of that number."""
        found = next((version.text for version in self.versions if version.number == number), None)
        if found is None and number == 1 and not self.versions and self.first is not None:
            return self.first.text
        return found

    @property
    def coming(self) -> list[Version]:
        """The versions that are still to come into force."""
        return rulebook.coming(self.versions, self.now)

    def starts_at(self, day: date | None, notice: timedelta) -> datetime:
        """When rules that are approved now are in force. BadDay (422)."""
        return rulebook.starts_at(day, ZONE, self.now, notice)


class Room:
    """One for all pages on versions."""

    def __init__(self, desk: Desk, settings: Settings) -> None:
        self.desk = desk
        # Other servers look for new versions this often: each has heard of one before it is in force.
        self.notice = timedelta(seconds=2 * settings.packs_seconds)
        self._known: OrderedDict[tuple[Any, ...], Any] = OrderedDict()
        self._under_way: dict[tuple[Any, ...], asyncio.Task[Any]] = {}
        self._turns = {seconds: asyncio.Semaphore(1) for seconds in (REPLAY_SECONDS, LONG_SECONDS)}

    async def timeline(self, organisation: str) -> Timeline:
        """The versions as they are now."""
        found = await self.desk.store.read(lambda conn: rulebook.versions(conn, organisation))
        file = self.desk.packs.from_file(organisation)
        first = None if file is None else First(file[0], file[1].sha256)
        return Timeline(tuple(found), first, self.desk.clock())

    async def draft(self, visit: Visit) -> Draft:
        """The draft of the address. NoSuchDraft (404)."""
        organisation, draft_id = visit.organisation, str(visit.request.path_params["draft"])[:40]
        return await self.desk.store.read(lambda conn: drafts.read_draft(conn, organisation, draft_id))

    async def judged(self, text: str, organisation: str, *, anew: bool = False) -> Judged:
        """Whether a text may be published; `anew`: proved again, whatever was found before."""
        key = ("judged", organisation, sha256_of(text))
        if anew:
            self._known.pop(key, None)
        return await self._once(key, lambda: _judge(text, organisation))

    async def difference(self, old: str | None, new: Judged, at: datetime) -> Difference | None:
        """Who would be treated differently by `new` than by the text `old`; None where one cannot be read."""
        if old is None or new.readable is None:
            return None
        fresh, organisation = new.readable, new.readable.pack.organisation.id
        before = (await self.judged(old, organisation)).readable
        if before is None:
            return None
        key = ("difference", sha256_of(old), sha256_of(new.text), at.astimezone(ZONE).date())
        return await self._once(key, lambda: compare(before, fresh, at, Budget(DIFF_SECONDS)))

    async def replayed(self, visit: Visit, new: CompiledPack, *, seconds: float = REPLAY_SECONDS) -> Replayed:
        """The organisation's past cases under `new`; restricted ones are named to who may open them, else counted."""
        desk, organisation, now = self.desk, visit.organisation, self.desk.clock()
        named = visit.may(Permission.SEE_CASES) and visit.may(Permission.SEE_RESTRICTED)
        wanted = Wanted(organisation, seconds, named, now - RECENT)
        standing = await desk.store.read(lambda conn: state(conn, organisation))
        key = ("replay", organisation, new.sha256, named, standing, now.date(), seconds)
        packs = desk.packs
        return await self._once(
            key,
            lambda: replay(desk.store, wanted, new, lambda sha256, at: packs.of(organisation, sha256, at)),
        )

    async def take(self, work: Callable[[], T]) -> T:
        """Do something that takes its time beside the requests."""
        return await asyncio.to_thread(work)

    async def _once(self, key: tuple[Any, ...], work: Callable[[], T]) -> T:
        """What was found out for this key; whoever asks while it is being found out waits for the same."""
        if key in self._known:
            self._known.move_to_end(key)
            found: T = self._known[key]
            return found
        task = self._under_way.get(key)
        if task is None:
            task = self._under_way[key] = asyncio.ensure_future(self._find_out(key, work))
            task.add_done_callback(lambda _: self._under_way.pop(key, None))
        # Who goes away before it is done does not stop it for the others.
        result: T = await asyncio.shield(task)
        return result

    async def _find_out(self, key: tuple[Any, ...], work: Callable[[], T]) -> T:
        # Replays one at a time, quick ones beside a long one: the conversations keep most of the machine.
        async with self._turns[key[-1]] if key[0] == "replay" else nullcontext():
            found = await asyncio.to_thread(work)
        self._known[key] = found
        while len(self._known) > KEPT:
            self._known.popitem(last=False)
        return found


def _judge(text: str, organisation: str) -> Judged:
    name = f"{organisation}.yml"
    try:
        found = sound_text(text, name, organisation)
    except BrokenPack as broken:
        try:
            readable = CompiledPack(parse_pack(text, name))
        except BrokenPack:
            return Judged(text, None, None, tuple(broken.findings))
        ours = readable if readable.pack.organisation.id == organisation else None
        return Judged(text, ours, None, tuple(broken.findings))
    return Judged(text, found, found)


def seen_of(visit: Visit) -> int:
    """The revision that the page showed."""
    given = visit.said("revision")
    return int(given) if given.isdecimal() and len(given) < 9 else -1
