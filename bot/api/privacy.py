"""What the privacy officer asks of a running server: holds, erasure, and the purge of what is over.

One process owns a SQLite store, so the command line sends these through the server where one runs; where none does it
uses the same Office itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

import structlog
from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import to_json

from bot.api.guarded import guarded_by
from bot.door import Door, refuse_nul
from bot.overlay import FolderHandoff, Overlay
from cases import erasure, retention
from cases.erasure import Erased, OnHold
from cases.remarks import conversation_of
from cases.retention import Due, Periods
from cases.store import Store
from cases.vault import Vault
from policy_rules.errors import Refusal

log = structlog.get_logger("hearout.privacy")

Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S")]
# Between two pages of a purge, so that whoever is in a conversation does not wait behind all of them.
PAUSE = 0.02
# Found by one look: looking goes through the whole register.
AT_ONCE = 1000


class Held(Refusal):
    status = 409
    kind = "on-hold"
    title = "A legal hold keeps it"


class _Act(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class PlaceHold(_Act):
    """Keep a case, and all of its conversation, from purge and erasure."""

    act: Literal["hold"]
    reference: Name
    why: str = Field(min_length=1, max_length=2000, pattern=r"\S")
    by: Name


class Release(_Act):
    """Let go of it; the reason is forgotten."""

    act: Literal["release"]
    reference: Name


class Erase(_Act):
    """Erase these, each with its whole conversation, at the request of the person."""

    act: Literal["erase"]
    references: list[Name] = Field(min_length=1, max_length=100)


class Purge(_Act):
    """Erase what is over in one organisation, or in all of them."""

    act: Literal["purge"]
    organisation: str | None = None


Act = Annotated[PlaceHold | Release | Erase | Purge, Field(discriminator="act")]


class Done(BaseModel):
    """What was done: the references that are gone or held, the files taken away, and who has had a copy."""

    changed: bool
    references: list[str] = []
    files: int = 0
    receivers: list[str] = []


@dataclass(frozen=True, slots=True)
class Office:
    """Where these are carried out. `overlay_of` gives an organisation's settings; `data_dir` is where folders stand."""

    store: Store
    vault: Vault
    data_dir: Path
    organisations: Callable[[], Iterable[str]]
    overlay_of: Callable[[str], Overlay]
    clock: Callable[[], datetime]
    # Who it is to the audit trail, where that is known.
    caller: str | None = None

    async def hold(self, reference: str, why: str, by: str, caller: str) -> bool:
        """For the staff's pages, as `release` and `erase` are: False when it is held already."""
        act = PlaceHold(act="hold", reference=reference, why=why, by=by)
        return (await replace(self, caller=caller).do(act)).changed

    async def release(self, reference: str, caller: str) -> bool:
        """False when nothing held it."""
        return (await replace(self, caller=caller).do(Release(act="release", reference=reference))).changed

    async def erase(self, reference: str, caller: str) -> tuple[Sequence[str], Sequence[str]]:
        """The references that are gone, and who else has had a copy. Held (409)."""
        done = await replace(self, caller=caller).do(Erase(act="erase", references=[reference]))
        return done.references, done.receivers

    async def do(self, act: PlaceHold | Release | Erase | Purge) -> Done:
        """Carry it out; Refusals say what stands in its way."""
        try:
            match act:
                case PlaceHold():
                    return await self._hold(act)
                case Release():
                    reference, now = _tidy(act.reference), self.clock()
                    lifted = await self.store.write(
                        lambda conn: erasure.lift_hold(conn, reference, now, caller=self.caller)
                    )
                    return Done(changed=lifted, references=[reference])
                case Erase():
                    return await self._erase([_tidy(name) for name in act.references])
                case _:
                    return await self.purge(act.organisation)
        except OnHold as held:
            raise Held(f"{str(held).rstrip('.')}.", where="references") from None

    async def purge(self, organisation: str | None = None) -> Done:
        """Erase what is over now, a page at a time, with its files."""
        done = Done(changed=False)
        for name in [organisation] if organisation else list(self.organisations()):
            periods = Periods(**self.overlay_of(name).retention.model_dump())
            while found := await self._due(name, periods):
                for page in batched(found, retention.PAGE):
                    done = _both(done, await self._page(name, page))
                    await asyncio.sleep(PAUSE)
        if done.changed:
            # References stay in the audit trail; here the number is enough.
            log.info("purged", conversations=len(done.references), files=done.files)
        return done

    async def _due(self, organisation: str, periods: Periods) -> list[Due]:
        now = self.clock()
        return await self.store.read(lambda conn: retention.due(conn, organisation, now, periods, AT_ONCE))

    async def _page(self, organisation: str, found: Sequence[Due]) -> Erased:
        now = self.clock()
        try:
            erased = await self.store.write(lambda conn: retention.purge(conn, found, now))
        except OnHold:
            # A hold was placed between the look and the deed: the next look knows of it.
            return Erased(())
        await asyncio.to_thread(self._take_away, organisation, erased)
        return erased

    async def _hold(self, act: PlaceHold) -> Done:
        reference, now = _tidy(act.reference), self.clock()
        placed = await self.store.write(
            lambda conn: erasure.place_hold(conn, reference, act.why, act.by, now, caller=self.caller)
        )
        return Done(changed=placed, references=[reference])

    async def _erase(self, references: Sequence[str]) -> Done:
        now, done = self.clock(), Done(changed=False)
        found = await self.store.read(
            lambda conn: [conversation_of(conn, name).conversation for name in references]
        )
        whole: dict[str, list[str]] = {}
        for conversation in found:
            whole.setdefault(conversation.organisation, []).append(conversation.id)
        for organisation, ids in whole.items():
            erased = await self.store.write(
                lambda conn, o=organisation, i=ids: erasure.erase(  # type: ignore[misc]
                    conn, o, i, "request", now, caller=self.caller
                )
            )
            await asyncio.to_thread(self._take_away, organisation, erased)
            done = _both(done, erased)
        log.info("erased", conversations=len(found), files=done.files)
        return done

    def _take_away(self, organisation: str, erased: Erased) -> None:
        """The files: from the vault, and from the folders of cases and letters. One that stays is told of."""
        stayed = 0
        for owner, evidence_id in erased.files:
            try:
                self.vault.remove(owner, evidence_id)
            except OSError:
                stayed += 1
        for path in self._delivered(organisation, erased.references):
            try:
                path.unlink(missing_ok=True)
            except OSError:
                stayed += 1
        if stayed:
            log.error("erased_files_stay", organisation=organisation, files=stayed, cure="hearout doctor")

    def _delivered(self, organisation: str, references: Iterable[str]) -> Iterator[Path]:
        gone = set(references)
        letters = self.data_dir / "letters" / organisation
        yield from [path for path in letters.glob("*.*") if path.name.partition(".")[0] in gone]
        for entry in self.overlay_of(organisation).handoff:
            if isinstance(entry, FolderHandoff) and gone:
                folder = self.data_dir / (entry.path or f"delivered/{organisation}")
                # Names begin with the reference; looked through once, however many are erased.
                yield from [path for path in folder.glob("*.*") if path.name.partition(".")[0] in gone]


def batched(found: Sequence[Due], size: int) -> Iterator[Sequence[Due]]:
    """The same in parts of that size."""
    return (found[at : at + size] for at in range(0, len(found), size))


def _tidy(reference: str) -> str:
    return reference.strip().upper()


def _both(done: Done, erased: Erased) -> Done:
    return Done(
        changed=done.changed or bool(erased.references or erased.files),
        references=[*done.references, *erased.references],
        files=done.files + len(erased.files),
        receivers=sorted({*done.receivers, *erased.receivers}),
    )


def router(office: Office, door: Door) -> APIRouter:
    """The one endpoint; for programs on this machine, or with the key."""

    routes = APIRouter(prefix="/api/v1", tags=["Privacy"], route_class=guarded_by(door))

    @routes.post(
        "/privacy",
        operation_id="privacy",
        summary="Place or lift a legal hold, erase at a person's request, purge what is over",
        response_model=None,
        responses={200: {"model": Done, "description": "What was done."}},
    )
    async def act(body: Act) -> Response:
        """Erasure takes each reference's whole conversation; a hold on any of them refuses all of it (409)."""
        refuse_nul(body.model_dump())
        done = await office.do(body)
        return Response(to_json(done), media_type="application/json")

    return routes
