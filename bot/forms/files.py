"""Sending files on a page: before the answer is taken, and again once the complaint was sent."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request

from bot.channels import cookies
from bot.channels.posted import Posted, Receiving, read_posted
from bot.evidence import ENDINGS
from bot.evidence.intake import size_words
from bot.forms.site import Site
from bot.forms.visit import Visit
from bot.turn import UnknownConversation

CONTROL = "files"


@dataclass(frozen=True, slots=True)
class FileLine:
    """One file that was sent."""

    id: str
    name: str
    size: str


@dataclass(frozen=True, slots=True)
class Files:
    """What was sent, and what may be: said before anybody chooses."""

    sent: list[FileLine]
    more: bool
    hint: str
    accept: str


class FilesOnPage:
    """The files of a page that has a control for them."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def read(self, request: Request, question: str) -> Posted:
        """What was posted; files go to the conversation of the cookie while they arrive, on the page for them."""
        organisation = request.path_params["org"]
        key = cookies.key_of(request, organisation)
        if key is None or question not in ("evidence", "done"):
            return await read_posted(request)
        intake = self._site.intake
        try:
            await intake.conversation(organisation, key)
        except UnknownConversation:
            return await read_posted(request)

        async def begin(name: str, filename: str) -> Receiving:
            return await intake.begin(organisation, key, filename)

        return await read_posted(request, begin)

    async def act(self, visit: Visit, posted: Posted) -> str | None:
        """What the page then says: a problem, "" where it is shown again with its files, None to go on."""
        words = visit.context.words
        if "remove" in posted.texts and visit.key is not None:
            await self._site.intake.take_back(visit.organisation, visit.key, posted.text("remove"))
            return ""
        if posted.refused is not None:
            return posted.refused.detail
        if "upload" in posted.texts:
            return "" if posted.files else words.say("form.files_none")
        return None

    async def shown(self, visit: Visit) -> Files:
        """The files of the visit."""
        words, limits = visit.context.words, self._site.intake.limits
        kept = await self._site.intake.kept(visit.organisation, visit.key or "")
        lines = [FileLine(file.id, file.name, size_words(file.size)) for file in kept]
        size, types = size_words(limits.max_bytes), ", ".join(ending[1:].upper() for ending in ENDINGS)
        said = [
            words.say("form.files_limits", count=limits.max_files, size=size),
            words.say("form.files_types", types=types),
            words.say("form.files_place"),
        ]
        return Files(lines, len(kept) < limits.max_files, " ".join(said), ",".join(ENDINGS))
