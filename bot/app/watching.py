"""Watches the clocks and the consents that are awaited, as long as the server runs; what is done is decided in cases.

Each look reads first and writes only what is due, a page at a time: turns wait behind a write.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import structlog

from bot.app.looking import look_forever
from bot.turn import Desk, pack_of
from cases import events, reminders, watch
from cases.reminders import Patience
from cases.told import Acknowledged, Recorded
from handoff.target import Delivery
from policy_rules.errors import Refusal

log = structlog.get_logger("hearout.watch")

EVERY_SECONDS = 300.0
US = events.Writer("Hearout", "system")


class WatchLoop:
    """`can_mail` says whether there is a mail server to write to people by."""

    def __init__(self, desk: Desk, *, can_mail: Callable[[], bool], every: float = EVERY_SECONDS) -> None:
        self._desk = desk
        self._can_mail = can_mail
        self._every = every

    async def run(self) -> None:
        """Look again and again. What goes wrong with one organisation is told, and tried at the next look."""
        await look_forever(self._desk.packs.ids, self.look, self._every, partial(log.error, "watch_failed"))

    async def look(self, organisation: str) -> int:
        """Count again, warn and chase what is due now in one organisation; how many things that changed."""
        changed = await self._recount(organisation)
        changed += await self._warn(organisation)
        changed += await self._chase(organisation)
        if changed:
            log.info("clocks_watched", organisation=organisation, changed=changed)
            self._desk.wake_delivery()
        return changed

    async def _recount(self, organisation: str) -> int:
        compiled, now, changed = self._desk.packs.get(organisation), self._desk.clock(), 0
        key = watch.calendar_key(compiled.calendar)
        while found := await self._desk.store.read(lambda conn: watch.to_recount(conn, organisation, key)):
            for reference in found:
                changed += await self._desk.store.write(
                    lambda conn, reference=reference: watch.recount(conn, reference, compiled, now)  # type: ignore[misc]
                )
        return changed

    async def _warn(self, organisation: str) -> int:
        calendar, now, changed = self._desk.packs.get(organisation).calendar, self._desk.clock(), 0
        warn_days = self._desk.overlays(organisation).watch.warn_working_days
        until = watch.horizons(watch.today_of(now, calendar), warn_days, calendar)
        while found := await self._desk.store.read(lambda conn: watch.to_warn(conn, organisation, until)):
            told = await self._desk.store.write(lambda conn, found=found: watch.warn(conn, found, now))  # type: ignore[misc]
            changed += told
            if not told:
                # Others are doing this.
                break
        return changed

    async def _chase(self, organisation: str) -> int:
        now, can_mail, own = self._desk.clock(), self._can_mail(), self._desk.overlays(organisation).watch
        days = tuple(timedelta(days=day) for day in sorted(own.consent_reminders))
        patience = Patience(days, timedelta(days=own.consent_staff))
        found = await self._desk.store.read(
            lambda conn: reminders.to_chase(conn, organisation, now, patience)
        )
        changed = 0
        for one in found:
            changed += await self._desk.store.write(
                lambda conn, one=one: reminders.chase(conn, one, now, can_mail=can_mail)  # type: ignore[misc]
            )
        return changed


async def letter_sent(desk: Desk, item: Delivery) -> None:
    """A letter that keeps a promise has gone out: the clock of that promise is met.

    The written record does; the acknowledgement where the organisation says that an automatic one counts.
    """
    told: Recorded | Acknowledged
    if item.kind == "letter.written_record":
        told = Recorded(kind="recorded")
    elif item.kind == "letter.acknowledgement" and desk.overlays(item.organisation).letters.acknowledge:
        told = Acknowledged(kind="acknowledged")
    else:
        return
    now = desk.clock()
    try:
        compiled = await pack_of(desk, item.organisation, item.reference)
        await desk.store.write(
            lambda conn: events.record(
                conn, events.lock(conn, item.organisation, item.reference), told, US, now, compiled
            )
        )
    except Refusal as refusal:
        # It was told before, or the case is closed: then there is no promise left to keep.
        log.info("letter_event_refused", reference=item.reference, kind=refusal.kind)
