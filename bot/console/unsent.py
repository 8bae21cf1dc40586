"""Conversations that were begun and not sent: which of them need somebody, and one of them in staff's hands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from bot.console import cases_words as words
from bot.console.conversing import Conversing, Spot, Typed, Voice
from bot.console.permissions import Permission
from bot.console.register_filters import sees_restricted
from bot.console.site import Console, Page, Visit
from bot.dialogue import asking
from bot.dialogue.draft import Draft
from bot.door import refuse_nul
from bot.turn import context_of
from cases import listing, unsent
from cases.events import NoSuchCase
from cases.unsent import Unsent

# Conversations on one page, and letters of a story in a list.
MOST, LONGEST = 50, 140
STATES = {"draft": "Begun", "abandoned": "Given up"}
MARKS = {
    "risk_of_harm": ("Somebody may be at risk", "bad"),
    "possible_harm": ("May tell of harm", "warn"),
    "asked_for_a_person": ("Asked for a person", "warn"),
}


class UnsentConversations:
    """The list, and the page of one."""

    def __init__(self, console: Console, voice: Voice) -> None:
        self._desk = console.desk
        self._conversing = Conversing(console.desk, voice)

    def pages(self) -> Sequence[Page]:
        """The pages of this part."""
        one = "/unfinished/{reference}"
        return [
            Page("GET", "/unfinished", Permission.SEE_CASES, self.show_all, nav="Unfinished"),
            Page("GET", one, Permission.SEE_CASES, self.show),
            Page("POST", one, Permission.WORK_ON_CASES, self.act),
        ]

    async def show_all(self, visit: Visit) -> Response:
        """Those that need somebody first, then all others, the latest first."""
        asked = visit.request.query_params
        state, after = asked.get("state") or None, asked.get("after") or None
        if state not in (None, *unsent.STATES):
            state = None
        restricted, organisation, store = sees_restricted(visit), visit.organisation, self._desk.store
        first = state is None and after is None
        pressing = (
            await store.read(lambda conn: unsent.pressing(conn, organisation, restricted=restricted))
            if first
            else []
        )
        page = await store.read(
            lambda conn: unsent.page(
                conn, organisation, MOST, restricted=restricted, state=state, after=after
            )
        )
        if pressing or page.found:
            now, writer = self._desk.clock(), visit.writer
            await store.write(lambda conn: unsent.listed(conn, organisation, writer, now))
        values = {
            "title": "Unfinished conversations",
            "first": first,
            "pressing": [_row(one) for one in pressing],
            "found": [_row(one) for one in page.found],
            "states": STATES,
            "state": state,
            "further": after is not None,
            "next": _address(visit, state, page.next) if page.next else None,
            "restricted": restricted,
        }
        return visit.page("unfinished.html", values)

    async def show(self, visit: Visit) -> Response:
        """What was told so far, and the conversation."""
        found = await self._found(visit)
        return visit.go(found) if isinstance(found, str) else await self._page(visit, found, Typed())

    async def act(self, visit: Visit) -> Response:
        """Take it over, write, or give it back."""
        found = await self._found(visit)
        if isinstance(found, str):
            return visit.go(found)
        typed = await self._conversing.take(visit, _spot(found))
        if typed.done is not None:
            return visit.go(f"/unfinished/{found.reference}?done={typed.done}")
        return await self._page(visit, found, typed)

    async def _found(self, visit: Visit) -> Unsent | str:
        """The conversation, opened and kept in the trail; or the page of the case that it has become."""
        reference = visit.request.path_params["reference"].strip().upper()
        refuse_nul(reference)
        organisation, store = visit.organisation, self._desk.store
        try:
            found = await store.read(lambda conn: unsent.find(conn, organisation, reference))
        except NoSuchCase:
            return await self._became(visit, reference)
        if found.restricted and not sees_restricted(visit):
            raise unsent.missing(reference)
        now, writer = self._desk.clock(), visit.writer
        await store.write(lambda conn: unsent.opened(conn, found, writer, now))
        return found

    async def _became(self, visit: Visit, reference: str) -> str:
        """Whoever was about to open it goes to its case, if they may; the case says who looked."""
        try:
            here = await self._desk.store.read(
                lambda conn: listing.place(conn, visit.organisation, reference)
            )
        except NoSuchCase:
            raise unsent.missing(reference) from None
        if here.restricted and not sees_restricted(visit):
            raise unsent.missing(reference)
        return f"/cases/{here.reference}"

    async def _page(self, visit: Visit, found: Unsent, typed: Typed) -> Response:
        values = await self._conversing.values(visit, _spot(found), typed)
        record = found.record
        shown = {
            **values,
            "title": f"Unfinished: {found.reference}",
            "reference": found.reference,
            "marks": _marks(found.data),
            "waits": found.waits,
            "state_name": STATES[found.state],
            "name": _name(record),
            "because": [words.RESTRICTED.get(why, words.plain(why)) for why in record["restricted_because"]],
            "begun": found.created_at,
            "latest": found.updated_at,
            "story": record["narrative"],
            "answers": self._answers(visit, found),
            "missing": self._missing(visit, found),
            "files": [file["name"] for file in record["evidence"] if file.get("name")],
            "may_work": visit.may(Permission.WORK_ON_CASES),
        }
        return visit.page("unfinished_one.html", shown, status=typed.status)

    def _answers(self, visit: Visit, found: Unsent) -> list[tuple[str, str, str]]:
        """What was answered so far: the question, the answer, where it is from."""
        draft = Draft.model_validate(found.data)
        context = context_of(self._desk, visit.organisation, "en", found.reference)
        rows = [
            (
                asking.label(context, draft, name),
                asking.shown(context, name, value, draft.whom()),
                words.SOURCES.get(draft.how.get(name, ""), words.RECORDED)[0]
                if value is not None
                else "Left out",
            )
            for name, value in draft.answers.items()
            if name != "story"
        ]
        rows += [
            (
                asking.label(context, draft, name),
                asking.shown(context, name, value, draft.whom()),
                words.SOURCES["proposed"][0],
            )
            for name, value in draft.proposed.items()
            if name not in draft.answers
        ]
        return rows

    def _missing(self, visit: Visit, found: Unsent) -> list[str]:
        """What was still to be asked when it was given up."""
        draft = Draft.model_validate(found.data)
        context = context_of(self._desk, visit.organisation, "en", found.reference)
        return [asking.label(context, draft, name) for name in draft.missing]


def _spot(found: Unsent) -> Spot:
    return Spot(found.organisation, found.reference, found.conversation_id)


def _marks(data: Mapping[str, Any]) -> list[tuple[str, str]]:
    flags = data.get("flags") or ()
    # Of two that say the same, the surer one says it.
    shown = [flag for flag in flags if flag != "possible_harm" or "risk_of_harm" not in flags]
    return [MARKS[flag] for flag in unsent.PRESSING if flag in shown]


def _name(record: Mapping[str, Any]) -> str:
    stands = record["representation"] or {}
    who = stands.get("representative_name") or (record["complainant"] or {}).get("name")
    return who or "No name given"


def _row(one: Unsent) -> dict[str, Any]:
    story = " ".join((one.record["narrative"] or "").split())
    return {
        "reference": one.reference,
        "name": _name(one.record),
        "story": story if len(story) <= LONGEST else story[:LONGEST].rsplit(" ", 1)[0] + " ...",
        "marks": _marks(one.data),
        "state": STATES[one.state],
        "given_up": one.state == "abandoned",
        "with": one.data.get("taken_over_by"),
        "restricted": one.restricted,
        "at": one.updated_at,
    }


def _address(visit: Visit, state: str | None, after: str) -> str:
    kept = {"state": state} if state else {}
    return f"{visit.home}/unfinished?{urlencode({**kept, 'after': after})}"
