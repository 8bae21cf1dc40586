"""What stands beside the questions: how it ended, a copy of it, a person, withdrawing, and words with staff."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response

from bot.channels.posted import read_posted
from bot.door import TooLarge
from bot.forms.diary import MEDIA_TYPE
from bot.forms.ending import Ending, copy_of, diary_of, ending_of
from bot.forms.files import FilesOnPage
from bot.forms.site import Endpoint, Site
from bot.forms.visit import Visit, visit_of
from bot.messages import Incoming
from cases import conversations
from policy_rules.errors import Refusal

# What a person may still do with a button once it has ended, as the message that it is.
_ACTS = {"undo": "undo", "complain": "/SetSlots(still_complain=true)"}
_SHOWN = 40


class Ends:
    """The pages of an ended conversation, and those that can be reached from everywhere."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._desk = site.desk
        self._files = FilesOnPage(site)

    def pages(self) -> Iterator[tuple[str, str, Endpoint]]:
        yield "GET", "/done", self.done
        yield "POST", "/done", self.after
        yield "GET", "/copy.txt", self.copy
        yield "GET", "/days.ics", self.days
        yield "GET", "/person", self.person
        yield "POST", "/person", self.ask_for_person
        yield "GET", "/withdraw", self.withdrawing
        yield "POST", "/withdraw", self.withdraw
        yield "GET", "/messages", self.messages
        yield "POST", "/messages", self.write

    async def done(self, request: Request) -> Response:
        """The reference, every date in words, who deals with it and how to reach them."""
        visit = await visit_of(self._desk, request)
        return await self._done(request, visit)

    async def after(self, request: Request) -> Response:
        """Words to add, a withdrawal taken back, or a complaint after all."""
        posted = await self._files.read(request, "done")
        visit = await visit_of(self._desk, request)
        if visit.found is None:
            return self._site.start_over(request, visit)
        if posted.refused is not None:
            return await self._done(request, visit, posted.refused.detail, posted.text("answer"))
        act, words = _ACTS.get(posted.text("act")), posted.text("answer").replace("\r\n", "\n")
        if act is None and not words.strip():
            if posted.files:
                return self._site.go(f"{visit.home}/done")
            problem = visit.context.words.say("form.write_something")
            return await self._done(request, visit, problem)
        try:
            await self._say(visit, act or _plain(words), posted.text("seq"))
        except TooLarge:
            return await self._done(request, visit, visit.context.words.say("form.too_long_plain"), words)
        visit = await visit_of(self._desk, request)
        return self._site.go(visit.now_at())

    async def copy(self, request: Request) -> Response:
        """What was written and what was promised, as a text to keep."""
        visit = await visit_of(self._desk, request)
        if visit.found is None:
            return self._site.start_over(request, visit)
        text = await copy_of(self._desk, visit)
        named = {"Content-Disposition": f'attachment; filename="{visit.reference}.txt"'}
        return Response(text, media_type="text/plain; charset=utf-8", headers=named)

    async def days(self, request: Request) -> Response:
        """The promised days, for a calendar."""
        visit = await visit_of(self._desk, request)
        if visit.found is None or visit.draft.state == "draft":
            return self._site.start_over(request, visit)
        body = await diary_of(self._desk, visit)
        named = {"Content-Disposition": f'attachment; filename="{visit.reference}.ics"'}
        return Response(body, media_type=MEDIA_TYPE, headers=named)

    async def person(self, request: Request) -> Response:
        """How to reach a person, and a button by which the organisation is told that one is wanted."""
        visit = await visit_of(self._desk, request)
        values = {
            "title": visit.context.words.say("form.human"),
            "back": visit.now_at(),
            "asked": "asked_for_a_person" in visit.draft.flags,
        }
        return self._site.page(request, visit, "person.html", values)

    async def ask_for_person(self, request: Request) -> Response:
        """Note on the complaint that a person is wanted."""
        posted = await read_posted(request)
        visit = await visit_of(self._desk, request)
        if visit.found is None:
            return self._site.start_over(request, visit)
        await self._say(visit, "/human", posted.text("seq"))
        return self._site.go(f"{visit.home}/person")

    async def withdrawing(self, request: Request) -> Response:
        """Ask whether it is meant."""
        visit = await visit_of(self._desk, request)
        if visit.found is None:
            return self._site.start_over(request, visit)
        if visit.draft.state in ("withdrawn", "signposted"):
            return self._site.go(visit.now_at())
        values = {"title": visit.context.words.say("form.withdraw_title"), "back": visit.now_at()}
        return self._site.page(request, visit, "withdraw.html", {**values, "seq": visit.seq})

    async def withdraw(self, request: Request) -> Response:
        """Withdraw what was not sent; of what was, the organisation is told."""
        posted = await read_posted(request)
        visit = await visit_of(self._desk, request)
        if visit.found is None:
            return self._site.start_over(request, visit)
        await self._say(visit, "/withdraw", posted.text("seq"))
        visit = await visit_of(self._desk, request)
        return self._site.go(f"{visit.home}/done")

    async def messages(self, request: Request) -> Response:
        """What was said since a person took over, and a box to write to them."""
        visit = await visit_of(self._desk, request)
        if visit.found is None:
            return self._site.start_over(request, visit)
        if visit.draft.taken_over_by is None or visit.draft.state != "draft":
            return self._site.go(visit.now_at())
        return await self._messages(request, visit)

    async def write(self, request: Request) -> Response:
        """A message to the person who has taken over."""
        posted = await read_posted(request)
        visit = await visit_of(self._desk, request)
        if visit.found is None:
            return self._site.start_over(request, visit)
        said = posted.text("answer").replace("\r\n", "\n")
        if not said.strip():
            return await self._messages(request, visit, visit.context.words.say("form.write_something"))
        try:
            await self._say(visit, _plain(said), posted.text("seq"))
        except Refusal:
            return await self._messages(request, visit, visit.context.words.say("form.not_kept"), said)
        return self._site.go(f"{visit.home}/messages")

    async def _messages(
        self, request: Request, visit: Visit, problem: str | None = None, said: str = ""
    ) -> Response:
        assert visit.found is not None  # noqa: S101 - every caller has seen to it
        key = (visit.organisation, visit.found.id)
        told = await self._desk.store.read(lambda conn: conversations.transcript(conn, *key))
        shown = [
            message
            for message in told[-_SHOWN:]
            if message.role in ("staff", "complainant") and not message.text.startswith("/")
        ]
        words = visit.context.words
        values = {
            "title": words.say("form.handed_title"),
            "by": visit.draft.taken_over_by,
            "told": shown,
            "said": said,
            "seq": visit.seq,
            "errors": [problem] if problem else [],
            "failed": problem is not None,
        }
        return self._site.page(request, visit, "messages.html", values, status=422 if problem else 200)

    async def _done(
        self, request: Request, visit: Visit, problem: str | None = None, said: str = ""
    ) -> Response:
        if visit.found is None:
            return self._site.start_over(request, visit)
        if visit.draft.state == "draft":
            return self._site.go(visit.now_at())
        ending: Ending = await ending_of(self._desk, visit)
        if problem is not None:
            ending = replace(ending, notices=[])
        values = {
            "title": ending.title,
            "ending": ending,
            "files": await self._files.shown(visit) if ending.can_add else None,
            "seq": visit.seq,
            "said": said,
            "errors": [problem] if problem else [],
            "failed": problem is not None,
        }
        return self._site.page(request, visit, "done.html", values, status=422 if problem else 200)

    async def _say(self, visit: Visit, text: str, seq: str) -> None:
        """A message that answers no question. Sent twice from the same page, it is said once."""
        content = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
        message_id = f"form:said:{seq[:12]}:{content}"
        incoming = Incoming(visit.organisation, visit.key or "", text, message_id)
        await self._site.hearing.hear(incoming, "form", "answer")


def _plain(words: str) -> str:
    """Words that look like a button's message, as words."""
    return f" {words}" if words.startswith("/") else words
