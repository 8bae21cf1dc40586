"""What the workshop's pages share: a draft with what is said of it, the rules in force, and keeping an edit.

An edit is made on the newest text, whoever saved it. Where somebody else changed the same cell meanwhile, nothing is
kept until a person has chosen between the two.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from bot.console.permissions import Permission
from bot.console.rules_words import told
from bot.console.site import Visit
from bot.turn import Desk
from cases import drafts
from cases.drafts import Base, Draft, OutOfDate, Revision
from policy_rules.compiled import CompiledPack
from policy_rules.edits import Add, Conflict, Edit, Review, applied, changes, conflicts, read, review
from policy_rules.edits.editing import free_name
from policy_rules.edits.keeping import rewritten
from policy_rules.edits.places import LISTS, MAPS, Document, names
from policy_rules.errors import Refusal, UnknownOrganisation

TRIES = 8
KEPT_REVIEWS = 24


@dataclass(frozen=True)
class Live:
    """The rules in force now; number 0, no text and no pack where there are none yet."""

    number: int
    text: str
    compiled: CompiledPack | None

    @cached_property
    def document(self) -> Document:
        return read(self.text)

    @property
    def base(self) -> Base:
        return Base(self.number, drafts.sha256_of(self.text))


@dataclass
class Opened:
    """A draft as one page shows it."""

    draft: Draft
    review: Review
    live: Live
    may_edit: bool

    @property
    def document(self) -> Document:
        return self.review.document


@dataclass(frozen=True)
class Met:
    """An edit that was not kept: others changed the same cells since revision `seen`."""

    draft: Draft
    edits: tuple[Edit, ...]
    conflicts: tuple[Conflict, ...]
    others: tuple[Revision, ...]


@dataclass(frozen=True)
class Kept:
    """An edit that was kept, as this revision; `others` saved something else meanwhile."""

    revision: int
    what: str
    others: tuple[Revision, ...] = field(default=())


class Bench:
    """Drafts of one server, and what was last found out about their texts."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        # What is in force, read once for as long as it is.
        self._live: dict[str, Live] = {}
        self._reviews: OrderedDict[tuple[Any, ...], Review] = OrderedDict()

    def live(self, organisation: str) -> Live:
        """The rules in force now."""
        packs = self.desk.packs
        try:
            compiled = packs.get(organisation)
        except UnknownOrganisation:
            return Live(0, "", None)
        known = self._live.get(organisation)
        if known is not None and known.compiled is compiled:
            return known
        number = packs.number_of(compiled) or 1
        text = next((e.text for e in packs.editions(organisation) if e.number == number), "")
        self._live[organisation] = found = Live(number, text, compiled)
        return found

    async def draft(self, visit: Visit) -> Draft:
        """The draft of the address. NoSuchDraft (404)."""
        draft_id = str(visit.request.path_params["draft"])[:40]
        organisation = visit.organisation
        return await self.desk.store.read(lambda conn: drafts.read_draft(conn, organisation, draft_id))

    async def open(self, visit: Visit) -> Opened:
        """The draft of the address with everything that is said of it."""
        draft, live = await self.draft(visit), self.live(visit.organisation)
        found = await self.checked(draft.text, live)
        may_edit = draft.state == "open" and visit.may(Permission.EDIT_RULES)
        return Opened(draft, found, live, may_edit)

    async def checked(self, text: str, live: Live) -> Review:
        """What is said of a text; worked out once for each text, beside the requests. BrokenPack as of `review`."""
        now = self.desk.clock()
        key = (drafts.sha256_of(text), "" if live.compiled is None else live.compiled.sha256, now.date())
        found = self._reviews.get(key)
        if found is None:
            folder = self.desk.packs.folder
            found = await asyncio.to_thread(
                review, text, now.date(), live=live.compiled, received_at=now, beside=folder
            )
            self._reviews[key] = found
            while len(self._reviews) > KEPT_REVIEWS:
                self._reviews.popitem(last=False)
        else:
            self._reviews.move_to_end(key)
        return found

    async def history(self, draft: Draft) -> list[Revision]:
        """Every step of the draft with its text, the first one first."""
        return await self.desk.store.read(lambda conn: drafts.revisions(conn, draft.organisation, draft.id))

    async def keep(self, visit: Visit, draft: Draft, seen: int, edits: Sequence[Edit]) -> Kept | Met:
        """Make the edits on the newest text. EditRefused where one cannot be made, NotOpen where none may be."""
        if draft.state != "open":
            drafts.require(draft, "open")
        mine = tuple(edits)
        for _ in range(TRIES):
            others: tuple[Revision, ...] = ()
            if draft.revision != seen:
                steps = await self.history(draft)
                base = next((step for step in steps if step.number == seen), None)
                if base is None:
                    raise Refusal(
                        "This page is of a step that the draft never had. Load it again.", where="seen"
                    )
                others = tuple(step for step in steps if step.number > seen)
                met = await asyncio.to_thread(_met, mine, base.text, draft.text)
                if met:
                    return Met(draft, mine, tuple(met), others)
            kept = await self._try(visit, draft, mine)
            if kept is not None:
                return replace(kept, others=others)
            draft = await self.draft(visit)
        raise Refusal("Others are saving at this very moment. Send it once more.", where="seen")

    async def _try(self, visit: Visit, draft: Draft, edits: Sequence[Edit]) -> Kept | None:
        """One attempt on one revision; None where somebody else was quicker."""
        text, what = await asyncio.to_thread(_made, draft.text, edits)
        return await self.save(visit, draft, text, what)

    async def save(self, visit: Visit, draft: Draft, text: str, what: str) -> Kept | None:
        """Keep a text as the draft's next revision; None where somebody else was quicker."""
        now, writer = self.desk.clock(), visit.writer
        try:
            revision = await self.desk.store.write(
                lambda conn: drafts.save_draft(
                    conn, draft.organisation, draft.id, draft.revision, text, what, writer, now
                )
            )
        except OutOfDate:
            return None
        return Kept(revision, what)


def _met(edits: Sequence[Edit], base: str, newest: str) -> list[Conflict]:
    return conflicts(edits, read(base), read(newest))


def _made(text: str, edits: Sequence[Edit]) -> tuple[str, str]:
    """The text with the edits, and what they do in words."""
    before = read(text)
    after = applied(before, [_free(edit, before) for edit in edits])
    return rewritten(text, after, before), told(changes(before, after), before, after)


def _free(edit: Edit, document: Document) -> Edit:
    """A new part whose name was taken meanwhile has the next free one; one whose neighbour went stands at the end."""
    if not isinstance(edit, Add) or (edit.section not in LISTS and edit.section not in MAPS):
        return edit
    after = edit.after if edit.after in ("", *names(document, edit.section)) else None
    if edit.section in ("facts", "questions", "officers", "contacts"):
        return replace(edit, after=after)
    return replace(edit, name=free_name(document, edit.section, edit.name), after=after)
