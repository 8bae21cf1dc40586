"""Coming in: a reference and an address, a code by e-mail, and out again. Whoever asks is told the same."""

from __future__ import annotations

import asyncio
import re
import secrets
import uuid
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import Any

import structlog
from starlette.requests import Request
from starlette.responses import Response

from bot.channels import cookies
from bot.channels.hearing import new_key
from bot.channels.posted import Posted, read_posted
from bot.forms.after.case import CasePages
from bot.forms.after.room import ASKS, SHOWS, Room, hash_of
from bot.forms.site import Endpoint
from bot.forms.visit import Visit
from cases import codes, conversations, register
from cases.codes import ASKED_LASTS, DIGITS, SESSION_LASTS, Asking
from cases.references import ENTROPY_BYTES, new_reference, read_reference

log = structlog.get_logger("hearout.after")

_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,190}\.[^@\s]{2,60}")
JITTER_SECONDS = 0.5
_ASKING_ID = re.compile(r"[0-9a-f]{32}")
_EXAMPLE = bytes(range(ENTROPY_BYTES))


class Coming:
    """The pages before the case."""

    def __init__(self, room: Room, case: CasePages) -> None:
        self._room = room
        self._case = case
        self._settling: set[asyncio.Task[None]] = set()

    def pages(self) -> Iterator[tuple[str, str, Endpoint]]:
        yield "GET", "", self.begin
        yield "POST", "", self.ask
        yield "POST", "/mine", self.mine
        yield "GET", "/code/{asking}", self.code
        yield "POST", "/code/{asking}", self.open
        yield "GET", "/left", self.left
        yield "POST", "/left", self.leave
        yield "GET", "/leave", self.quick_exit

    async def begin(self, request: Request) -> Response:
        """The case, where one is open in this browser; else the page that asks for its reference."""
        guest = await self._room.guest(request)
        if guest is not None and "another" not in request.query_params:
            return await self._case.page(request, guest)
        visit = self._room.visit(request)
        return self._begin(request, visit, mine=await self._of_this_browser(request, visit))

    async def mine(self, request: Request) -> Response:
        """Open the case of the complaint that was made in this browser: whoever holds its key can see it anyway."""
        await read_posted(request)
        visit = self._room.visit(request)
        reference = await self._of_this_browser(request, visit)
        if reference is None:
            return self._room.back_to(visit)
        token, now = new_key(), self._room.desk.clock()
        await self._room.desk.store.write(
            lambda conn: codes.open_session(conn, visit.organisation, reference, hash_of(token), now)
        )
        answer = self._room.back_to(visit)
        self._room.hold(request, answer, SHOWS, token, int(SESSION_LASTS.total_seconds()))
        return answer

    async def ask(self, request: Request) -> Response:
        """Keep that a code was asked for. Nothing of the answer hangs on whether there is such a case."""
        posted, visit = await read_posted(request), self._room.visit(request)
        self._room.hearing.door.count_asking(self._room.hearing.door.caller(request.scope))
        reference = read_reference(posted.text("reference")[:80])
        address = posted.text("email").strip() if posted.text("where") == "typed" else None
        if problems := self._problems(visit, reference, posted.text("where"), address):
            return self._begin(request, visit, problems, posted)
        secret, asking_id = self._room.asker(request), uuid.uuid4().hex
        asking = Asking(
            visit.organisation, asking_id, reference or "", hash_of(secret), address, visit.draft.language
        )
        now = self._room.desk.clock()
        await self._room.desk.store.write(lambda conn: codes.ask(conn, asking, now))
        self._settle_soon(visit.organisation)
        answer = self._room.back_to(visit, f"/code/{asking_id}")
        self._room.hold(request, answer, ASKS, secret, int(ASKED_LASTS.total_seconds()))
        return answer

    async def code(self, request: Request) -> Response:
        """The page for the code."""
        return self._code(request, self._room.visit(request))

    async def open(self, request: Request) -> Response:
        """Open the case with the right code, once; a wrong one costs a try, whatever there is behind it."""
        posted, visit = await read_posted(request), self._room.visit(request)
        self._room.hearing.door.count_asking(self._room.hearing.door.caller(request.scope))
        typed = "".join(letter for letter in posted.text("answer")[:80] if letter.isdigit())
        say = visit.context.words.say
        if not typed:
            return self._code(request, visit, say("after.code_empty"))
        named = request.path_params["asking"]
        asking_id = named if _ASKING_ID.fullmatch(named) else ""
        key_hash = hash_of(self._room.asker(request))
        token, now = new_key(), self._room.desk.clock()
        hashed = await asyncio.to_thread(codes.code_hash, asking_id, typed)
        checked = await self._room.desk.store.write(
            lambda conn: codes.check(
                conn, visit.organisation, asking_id, key_hash, hashed, hash_of(token), now
            )
        )
        if checked.reference is not None:
            answer = self._room.back_to(visit)
            self._room.hold(request, answer, SHOWS, token, int(SESSION_LASTS.total_seconds()))
            return answer
        if checked.left:
            return self._code(request, visit, say("after.code_wrong", left=checked.left))
        if await self._room.guest(request) is not None:
            # Sent twice, or by the back button, after it had opened the case.
            return self._room.back_to(visit)
        return self._code(request, visit, say("after.code_spent"))

    async def left(self, request: Request) -> Response:
        """That nobody can see the case any more."""
        visit = self._room.visit(request)
        say = visit.context.words.say
        values = {"title": say("after.left_title"), "said": say("after.left"), "words": ""}
        return self._room.show(request, visit, "trouble.html", values)

    async def leave(self, request: Request) -> Response:
        """End the session, here and on our side."""
        await read_posted(request)
        guest = await self._room.guest(request)
        if guest is not None:
            key = (guest.visit.organisation, hash_of(guest.token))
            await self._room.desk.store.write(lambda conn: codes.end_session(conn, *key))
        visit = self._room.visit(request)
        answer = self._room.back_to(visit, "/left")
        self._room.hold(request, answer, SHOWS, "", 0)
        if await self._of_this_browser(request, visit) is not None:
            # Else the form's own pages would go on showing it.
            cookies.forget(answer, visit.organisation, secure=self._room.is_secure(request))
        return answer

    async def quick_exit(self, request: Request) -> Response:
        """Drop what this browser holds, and go where the organisation lets it lead."""
        visit = self._room.visit(request)
        answer = self._room.go(self._room.desk.overlays(visit.organisation).leave_to or f"{visit.home}")
        for kind in (SHOWS, ASKS):
            self._room.hold(request, answer, kind, "", 0)
        cookies.forget(answer, visit.organisation, secure=self._room.is_secure(request))
        return answer

    async def _of_this_browser(self, request: Request, visit: Visit) -> str | None:
        """The reference of the case whose complaint this browser holds the key of; None where it was not filed."""
        key = cookies.key_of(request, visit.organisation)
        if key is None:
            return None
        store, organisation = self._room.desk.store, visit.organisation
        found = await store.read(lambda conn: conversations.find(conn, organisation, hash_of(key)))
        if found is None:
            return None
        kept = await store.read(lambda conn: register.filed_record(conn, organisation, found.reference))
        return None if kept is None else found.reference

    def _problems(
        self, visit: Visit, reference: str | None, where: str, address: str | None
    ) -> list[tuple[str, str]]:
        """What is wrong with what was typed, by field: its shape alone, which anybody can see for themselves."""
        say, found = visit.context.words.say, []
        if reference is None:
            found.append(("reference", say("after.bad_reference", example=example(visit))))
        if where not in ("on_file", "typed"):
            found.append(("where", say("after.choose_where")))
        elif address is not None and not _EMAIL.fullmatch(address):
            found.append(("email", say("after.bad_email")))
        return found

    def _begin(
        self,
        request: Request,
        visit: Visit,
        problems: list[tuple[str, str]] | None = None,
        posted: Posted | None = None,
        mine: str | None = None,
    ) -> Response:
        texts = {} if posted is None else posted.texts
        values = {
            "title": visit.context.words.say("after.title"),
            "problems": dict(problems or ()),
            "failed": bool(problems),
            "texts": {
                "reference": request.query_params.get("reference", "")[:80],
                "where": "on_file",
                "email": "",
                **texts,
            },
            "example": example(visit),
            "mine": mine,
        }
        return self._room.show(request, visit, "begin.html", values, status=422 if problems else 200)

    def _code(self, request: Request, visit: Visit, problem: str | None = None) -> Response:
        values = {
            "title": visit.context.words.say("after.code_title"),
            "errors": [problem] if problem else [],
            "failed": problem is not None,
            "digits": DIGITS,
            "back": self._room.address(visit, another="1"),
        }
        return self._room.show(request, visit, "code.html", values, status=422 if problem else 200)

    def _settle_soon(self, organisation: str) -> None:
        """Look whom the askings are for, after the answer went out: its time tells nothing."""
        task = asyncio.create_task(self._settle(organisation))
        self._settling.add(task)
        task.add_done_callback(self._settling.discard)

    async def _settle(self, organisation: str) -> None:
        if not self._room.can_mail:
            return
        # Not at once, so that no request that follows is held up by what there was to do for this one.
        await asyncio.sleep(secrets.randbelow(1000) / 1000 * JITTER_SECONDS)
        store, now = self._room.desk.store, self._room.desk.clock()
        try:
            for asking_id in await store.read(lambda conn: codes.unsettled(conn, organisation, now)):
                settle = partial(_settle, organisation, asking_id, now)
                if await store.write(settle):
                    self._room.desk.wake_delivery()
        except Exception as error:  # noqa: BLE001 - the next asking looks again; the words of it are nobody's business
            log.error("codes_not_settled", kind=type(error).__name__)


def _settle(organisation: str, asking_id: str, now: datetime, conn: Any) -> bool:
    return codes.settle(conn, organisation, asking_id, now)


def example(visit: Visit) -> str:
    """A reference to show the shape by."""
    return new_reference(visit.organisation, _EXAMPLE)
