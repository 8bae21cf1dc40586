"""One question a page: shown with what was answered before, and answered by the same turn as in every face."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response

from bot.channels.posted import Posted
from bot.dialogue.context import open_question
from bot.dialogue.talk import CHECK, CONFIRM
from bot.door import MAX_TEXT, TooLarge
from bot.forms.answers import Told, told
from bot.forms.files import FilesOnPage
from bot.forms.questions import informal, notices, page_of, refill
from bot.forms.site import Endpoint, Site
from bot.forms.visit import Visit, visit_of
from bot.messages import Incoming, TurnReply
from policy_rules.errors import Refusal
from policy_rules.questions import Question

# What was read on the page is what is agreed to: these answer nothing that changed since.
_OF_THE_MOMENT = (CONFIRM, CHECK)


class Steps:
    """The pages of the questions."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._desk = site.desk
        self._files = FilesOnPage(site)

    def pages(self) -> Iterator[tuple[str, str, Endpoint]]:
        yield "GET", "/step/{question}", self.show
        yield "POST", "/step/{question}", self.answer

    async def show(self, request: Request) -> Response:
        """A question that is open, or was answered; any other address leads to where the person stands."""
        visit = await visit_of(self._desk, request)
        if visit.found is None:
            return self._site.start_over(request, visit)
        question = visit.question(request.path_params["question"])
        if question is None or visit.draft.taken_over_by is not None:
            return self._site.go(visit.now_at())
        return await self._page(request, visit, question)

    async def answer(self, request: Request) -> Response:
        """Take the answer to the question that the page asked, and go on to where the person then stands."""
        posted = await self._files.read(request, request.path_params["question"])
        visit = await visit_of(self._desk, request)
        if visit.found is None:
            return self._site.start_over(request, visit)
        question = visit.question(request.path_params["question"])
        if question is None or visit.draft.taken_over_by is not None:
            return self._site.go(visit.now_at())
        if question.kind == "file":
            problem = await self._files.act(visit, posted)
            if problem is not None:
                return await self._page(request, visit, question, [problem] if problem else [], posted)
        if "lang" in posted.texts:
            await self._site.speak(visit, posted.text("lang"))
            visit = await visit_of(self._desk, request)
            return await self._page(request, visit, question, posted=posted)
        if question.id in _OF_THE_MOMENT and posted.text("seq") != str(visit.seq):
            return await self._page(request, visit, question, [visit.context.words.say("form.moved_on")])
        answer = self._told(visit, question, posted)
        if answer.problem is not None:
            return await self._page(request, visit, question, [answer.problem], posted)
        try:
            reply = await self._say(visit, question, answer, posted.text("seq"))
        except Refusal as refusal:
            return await self._page(request, visit, question, [self._why(visit, refusal, posted)], posted)
        return await self._after(request, question, reply, posted)

    def _told(self, visit: Visit, question: Question, posted: Posted) -> Told:
        """The answer; `problem` is a sentence. An address that cannot be read is told before anything is kept."""
        asked = open_question(visit.context, visit.draft, question)
        words, now = visit.context.words, self._desk.clock()
        local = now.astimezone(ZoneInfo(visit.context.compiled.pack.calendar.timezone))
        answer = told(asked, posted.texts, local.date())
        if answer.problem is not None:
            return Told(problem=words.say(f"form.{answer.problem}"))
        if answer.value is not None and question.kind in ("email", "phone"):
            read = self._desk.reader.read(answer.value, asked, now=now, facts={})
            if read.answer is None:
                return Told(problem=words.say(f"problems.bad_{question.kind}"))
            return replace(answer, value=read.answer)
        return answer

    async def _say(self, visit: Visit, question: Question, answer: Told, seq: str) -> TurnReply:
        """The turn. The same answer from the same page is one message, however often it is sent."""
        reply = await self._hear(visit, question, answer, seq)
        if reply.replayed and seq != str(visit.seq) and question.id not in _OF_THE_MOMENT:
            now = visit.draft.answers.get(question.id)
            if question.id not in visit.draft.answers or now != answer.value:
                # It was answered otherwise in between, and is now set back on an old page.
                reply = await self._hear(visit, question, answer, str(visit.seq))
        return reply

    async def _hear(self, visit: Visit, question: Question, answer: Told, seq: str) -> TurnReply:
        content = hashlib.sha256(answer.text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
        incoming = Incoming(
            organisation=visit.organisation,
            sender=visit.key or "",
            text=answer.text,
            message_id=f"form:{question.id}:{seq[:12]}:{content}"[:200],
            answers=question.id,
        )
        return await self._site.hearing.hear(incoming, "form", "answer")

    async def _after(
        self, request: Request, question: Question, reply: TurnReply, posted: Posted
    ) -> Response:
        """On to the next page; back to this one, with what the reply says, when the answer could not be read."""
        visit = await visit_of(self._desk, request)
        draft = visit.draft
        kept = question.id in draft.answers or question.id in _OF_THE_MOMENT or draft.state != "draft"
        if kept or draft.taken_over_by is not None or draft.pending != question.id:
            return self._site.go(visit.now_at())
        texts = [entry["text"] for entry in reply.entries if entry.get("text")][:-1]
        said = [line for text in texts for line in text.split("\n")]
        return await self._page(
            request, visit, question, said or [visit.context.words.say("form.not_kept")], posted
        )

    def _why(self, visit: Visit, refusal: Refusal, posted: Posted) -> str:
        words = visit.context.words
        if isinstance(refusal, TooLarge):
            over = max(1, len(posted.text("answer").encode("utf-8", "replace")) - MAX_TEXT)
            return words.say("form.too_long", over=over)
        return words.say("form.too_many") if refusal.status == 429 else words.say("form.not_kept")

    async def _page(
        self,
        request: Request,
        visit: Visit,
        question: Question,
        problems: list[str] | None = None,
        posted: Posted | None = None,
    ) -> Response:
        page = await page_of(self._desk, visit, question)
        files = await self._files.shown(visit) if question.id in ("evidence", CHECK) else None
        if files is not None and files.sent:
            # What was sent stands in a line of its own, and is no missing answer.
            page.lines = [
                line for line in page.lines if line.id != "evidence" or visit.draft.answers.get(line.id)
            ]
        if posted is not None:
            refill(page, posted.texts)
        said = problems or []
        values: Mapping[str, object] = {
            "page": page,
            "title": page.title,
            "seq": visit.seq,
            "errors": said,
            "failed": bool(said),
            "notices": [] if said else notices(visit, page),
            "back": visit.before(question.id),
            "informal": informal(visit),
            "form_id": "answer-form",
            "files": files,
        }
        templates = {CONFIRM: "confirm.html", CHECK: "check.html", "evidence": "evidence.html"}
        template = templates.get(question.id, "question.html")
        return self._site.page(request, visit, template, values, status=422 if said else 200)
