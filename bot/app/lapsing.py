"""Looks after drafts that nobody goes on with, as long as the server runs; what is done is decided in cases.lapse."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial

import structlog

from bot.app.looking import look_forever
from bot.dialogue.draft import Draft
from bot.dialogue.talk import Talk
from bot.dialogue.unfinished import open_questions
from bot.turn import Desk, context_of, received_at, routing_of
from cases import lapse
from cases.conversations import Conversation
from cases.lapse import Limits

log = structlog.get_logger("hearout.lapse")

# Days are counted, so minutes do not matter.
EVERY_SECONDS = 300.0


class LapseLoop:
    """`can_mail` says whether there is a mail server to send reminders by."""

    def __init__(
        self, desk: Desk, limits: Limits, *, can_mail: Callable[[], bool], every: float = EVERY_SECONDS
    ) -> None:
        self._desk = desk
        self._limits = limits
        self._can_mail = can_mail
        self._every = every

    async def run(self) -> None:
        """Look again and again. What goes wrong with one organisation's drafts is told, and tried at the next look."""
        await look_forever(self._desk.packs.ids, self.look, self._every, partial(log.error, "lapse_failed"))

    async def look(self, organisation: str) -> int:
        """Abandon and remind what is due now in one organisation; how many drafts that changed."""
        now, changed = self._desk.clock(), 0
        while found := await self._desk.store.read(
            lambda conn: lapse.to_abandon(conn, organisation, now, self._limits)
        ):
            done = sum([await self._abandon(draft, now) for draft in found])
            changed += done
            if not done:
                # Others are writing in these, or doing this.
                break
        if self._can_mail():
            changed += await self._remind_all(organisation, now)
        if changed:
            log.info("drafts_lapsed", organisation=organisation, drafts=changed)
            self._desk.wake_delivery()
        return changed

    async def _abandon(self, draft: Conversation, now: datetime) -> bool:
        missing = await self._missing(draft, now) if lapse.has_story(draft) else []
        targets = self._desk.overlays(draft.organisation).targets
        return await self._desk.store.write(lambda conn: lapse.abandon(conn, draft, missing, targets, now))

    async def _remind_all(self, organisation: str, now: datetime) -> int:
        changed = 0
        while found := await self._desk.store.read(
            lambda conn: lapse.to_remind(conn, organisation, now, self._limits)
        ):
            done = sum([await self._remind(draft, now) for draft in found])
            changed += done
            if not done:
                break
        return changed

    async def _remind(self, draft: Conversation, now: datetime) -> bool:
        return await self._desk.store.write(lambda conn: lapse.remind(conn, draft, now))

    async def _missing(self, draft: Conversation, now: datetime) -> list[str]:
        """What the interview would still have asked."""
        held = Draft.model_validate(draft.data)
        context = context_of(
            self._desk, draft.organisation, held.language, draft.reference, received_at(held) or now
        )
        talk = Talk(context, held, now)
        return open_questions(context, held, await routing_of(self._desk, talk))
