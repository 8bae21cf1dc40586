"""Who is visiting: the organisation, the key they hold, and the conversation that it opens as it stands now."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request

from bot.channels import cookies
from bot.dialogue.catalogue import FOLDER
from bot.dialogue.context import Context, visible
from bot.dialogue.draft import Draft
from bot.turn import Desk, context_of, received_at
from cases import conversations
from cases.conversations import Conversation, StoredMessage
from policy_rules.questions import Question

# A reply is the newest message but for what staff, or Hearout itself, remarked since.
_RECENT = 6


@dataclass(frozen=True, slots=True)
class Visit:
    """One request to the form. `found` is None where the key opens nothing, and `draft` is then an empty one."""

    organisation: str
    key: str | None
    found: Conversation | None
    draft: Draft
    context: Context
    recent: tuple[StoredMessage, ...] = ()

    @property
    def home(self) -> str:
        """The address of the first page."""
        return f"/{self.organisation}/complain"

    @property
    def reference(self) -> str:
        return self.found.reference if self.found is not None else ""

    @property
    def seq(self) -> int:
        """The number of the newest message, which a page remembers of the conversation that it was made from."""
        return self.found.last_seq if self.found is not None else 0

    def now_at(self) -> str:
        """The address of the page where the person stands."""
        if self.found is None:
            return self.home
        if self.draft.state != "draft":
            return f"{self.home}/done"
        if self.draft.taken_over_by is not None:
            return f"{self.home}/messages"
        return self.step(self.draft.pending or "story")

    def step(self, question_id: str) -> str:
        return f"{self.home}/step/{question_id}"

    def question(self, question_id: str) -> Question | None:
        """The question, if its page can be opened: it is the open one, or it has an answer to be changed."""
        question = self.context.questions.get(question_id)
        if question is None or self.draft.state != "draft":
            return None
        here = question_id in (self.draft.pending, *self.draft.proposed, *self.answered())
        return question if here else None

    def answered(self) -> list[str]:
        """The questions with an answer that the person can change, in the order in which they were answered."""
        pack = self.context.compiled
        shown = visible(self.context, self.draft)
        return [
            name
            for name in self.draft.history
            if name in shown
            and self.context.questions.get(name) is not None
            and (name not in pack.pack.facts or pack.asked_of(name) == "complainant")
        ]

    def before(self, question_id: str) -> str:
        """The address that the Back link of a question leads to."""
        answered = self.answered()
        place = answered.index(question_id) if question_id in answered else len(answered)
        return self.step(answered[place - 1]) if place else self.home

    def last_reply(self) -> list[dict[str, Any]]:
        """The entries of the newest reply that a face can show; [] where it was the greeting."""
        shown = [m for m in self.recent if m.entries is not None and m.seq > 2]
        return list(shown[-1].entries or []) if shown else []


def languages(desk: Desk, organisation: str) -> tuple[str, ...]:
    """The languages that the organisation offers and the catalogue speaks, its own first."""
    offered = [code for code in desk.overlays(organisation).languages if (FOLDER / f"{code}.yml").is_file()]
    return tuple(offered) or ("en",)


async def visit_of(desk: Desk, request: Request, key: str | None = None) -> Visit:
    """The visit that a request is; `key` counts before the cookie. UnknownOrganisation (404)."""
    organisation = request.path_params["org"]
    desk.packs.get(organisation)
    key = key or cookies.key_of(request, organisation)
    found, recent = None, tuple[StoredMessage, ...]()
    if key is not None:
        key_hash = hashlib.sha256(key.encode()).hexdigest()
        found, recent = await desk.store.read(lambda conn: _load(conn, organisation, key_hash))
    if found is not None:
        draft = Draft.model_validate(found.data)
        if draft.state == "abandoned":
            # Whoever comes back goes on where they stopped.
            draft.state = "draft"
    else:
        draft = Draft(language=_preferred(request, languages(desk, organisation)))
    asked = request.query_params.get("lang")
    if asked in languages(desk, organisation):
        draft.language = asked
    reference = found.reference if found else ""
    context = context_of(desk, organisation, draft.language, reference, received_at(draft))
    return Visit(organisation, key, found, draft, context, recent)


def _preferred(request: Request, offered: tuple[str, ...]) -> str:
    """The first language that the browser is set to and the organisation offers; else the organisation's own."""
    told = re.findall(r"(?:^|,)\s*([a-z]{2})\b", request.headers.get("accept-language", "").lower())
    return next((code for code in told if code in offered), offered[0])


def _load(
    conn: Any, organisation: str, key_hash: str
) -> tuple[Conversation | None, tuple[StoredMessage, ...]]:
    found = conversations.find(conn, organisation, key_hash)
    if found is None:
        return None, ()
    after = max(0, found.last_seq - _RECENT)
    return found, tuple(conversations.messages_after(conn, organisation, found.id, after))
