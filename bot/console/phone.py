"""The phone page: the whole interview on one page, for a complaint that staff write down. docs/phone.md tells of it."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from starlette.responses import Response

from bot.console import phone_draft as drafts
from bot.console.permissions import Permission
from bot.console.phone_draft import CHANNELS, UNKNOWN, Sitting
from bot.console.phone_end import ending_of
from bot.console.phone_page import PhonePage, page_of
from bot.console.phone_words import spaced, spelled
from bot.console.site import Console, Page, Visit
from bot.door import refuse_nul
from cases import listing, logged
from cases.events import NoSuchCase
from cases.logged import OpenDraft
from cases.officers import Connection

TOKEN_BYTES = 16
# What call software may put into the address: the field that each fills.
FROM_ADDRESS = {
    "name": "caller_name",
    "phone": "caller_phone",
    "member": "member_number",
    "channel": "channel",
    "received_on": "received_on",
    "received_time": "received_time",
}
LONGEST_FROM_ADDRESS = 200
GIVEN_UP = (
    "The draft is given up. It was sent to nobody, and is erased with old drafts. Its page takes it up again."
)
CHANNEL_NAMES = {
    "phone": "Phone call",
    "voicemail": "Voicemail",
    "in_person": "In person",
    "post": "Post",
    "email": "E-mail",
    "via_staff": "Through a colleague",
    "social_media": "Social media",
}


class Phone:
    """The list of one's open drafts, the page of a draft, and what is read out once it is filed."""

    def __init__(self, console: Console) -> None:
        self._desk = console.desk

    def pages(self) -> Sequence[Page]:
        """The pages of this part."""
        needs = Permission.LOG_COMPLAINTS
        return [
            Page("GET", "/phone", needs, self.show_open, nav="Log a complaint"),
            Page("GET", "/phone/new", needs, self.begin),
            Page("POST", "/phone/new", needs, self.send_first),
            Page("GET", "/phone/{reference}", needs, self.show),
            Page("POST", "/phone/{reference}", needs, self.send),
            Page("POST", "/phone/{reference}/give-up", needs, self.give_up),
            Page("POST", "/phone/{reference}/take-up", needs, self.take_up),
        ]

    async def show_open(self, visit: Visit) -> Response:
        """The drafts that are open: one's own, and those of colleagues."""
        restricted, account = visit.may(Permission.SEE_RESTRICTED), visit.account.id
        found = await self._desk.store.read(
            lambda conn: logged.open_drafts(
                conn, visit.organisation, account, others=True, restricted=restricted
            )
        )
        values = {
            "title": "Log a complaint",
            "drafts": [_row(draft) for draft in found if draft.mine],
            "others": [_row(draft) for draft in found if not draft.mine],
            "done": GIVEN_UP if "given-up" in visit.request.query_params else "",
        }
        return visit.page("phone_list.html", values)

    async def _callers(self, visit: Visit, here: str) -> list[Mapping[str, Any]]:
        """Who else of one's own callers is open. What a script saves is not told of it again."""
        if _is_quiet(visit):
            return []
        account, organisation = visit.account.id, visit.organisation
        found = await self._desk.store.read(lambda conn: logged.open_drafts(conn, organisation, account))
        return [_row(one) for one in found if one.reference != here]

    async def begin(self, visit: Visit) -> Response:
        """An empty page, or one that call software has begun to fill in. Nothing is stored before the first save."""
        query = visit.request.query_params
        given = {
            name: query[key][:LONGEST_FROM_ADDRESS] for key, name in FROM_ADDRESS.items() if query.get(key)
        }
        refuse_nul(list(given.values()))
        if given.get("channel", "phone") not in CHANNELS:
            del given["channel"]
        token = secrets.token_urlsafe(TOKEN_BYTES)
        sitting = drafts.begun(self._desk, visit.organisation, visit.writer, token)
        return await self._page(visit, sitting, token=token, given=given)

    async def send_first(self, visit: Visit) -> Response:
        """The first save of a page: the draft begins."""
        token = visit.said("token")
        if len(token) < TOKEN_BYTES:
            return visit.go("/phone/new")
        return await self._take(visit, drafts.begun(self._desk, visit.organisation, visit.writer, token))

    async def show(self, visit: Visit) -> Response:
        """The page of a draft; of one that is filed, what is read out."""
        sitting = await self._opened(visit)
        if sitting.draft.state != "draft":
            return await self._ended(visit, sitting)
        return await self._page(visit, sitting, kept="kept" in visit.request.query_params)

    async def send(self, visit: Visit) -> Response:
        """Save, or file."""
        return await self._take(visit, await self._opened(visit))

    async def give_up(self, visit: Visit) -> Response:
        """A draft that was begun by mistake."""
        sitting = await self._opened(visit)
        await self._turn(visit, sitting, logged.give_up)
        return visit.go("/phone?given-up=1")

    async def take_up(self, visit: Visit) -> Response:
        """Go on with one that was given up."""
        sitting = await self._opened(visit)
        await self._turn(visit, sitting, logged.take_up)
        return visit.go(f"/phone/{sitting.reference}")

    async def _turn(self, visit: Visit, sitting: Sitting, turn: Callable[..., None]) -> None:
        now, writer, reference = self._desk.clock(), visit.writer, sitting.reference

        def work(conn: Connection) -> None:
            turn(conn, logged.written_down(conn, visit.organisation, reference), writer, now)

        await self._desk.store.write(work)

    async def _opened(self, visit: Visit) -> Sitting:
        """The draft, for whoever may open it: who has had it in hand, or anybody where it is not restricted.

        NoSuchCase (404). That somebody opens it for the first time, or comes back to it, is in the trail.
        """
        reference, organisation = visit.request.path_params["reference"].strip().upper(), visit.organisation
        refuse_nul(reference)
        account = visit.account.id

        def look(conn: Connection) -> tuple[bool, bool]:
            logged.written_down(conn, organisation, reference)
            had = logged.has_had(conn, organisation, reference, account)
            return had, not had and logged.is_restricted(conn, logged.row_of(conn, organisation, reference))

        had, restricted = await self._desk.store.read(look)
        if restricted and not visit.may(Permission.SEE_RESTRICTED):
            raise logged.missing(reference)
        sitting = await drafts.opened(self._desk, organisation, visit.writer, reference)
        comes_back = visit.request.method == "GET" and "kept" not in visit.request.query_params
        if not had or comes_back:
            await sitting.tell(logged.OPENED)
        return sitting

    async def _take(self, visit: Visit, sitting: Sitting) -> Response:
        fields = {name: value for name, value in visit.sent.items() if isinstance(value, str)}
        asked = [value for value in visit.sent.getlist("q") if isinstance(value, str)]
        if sitting.draft.state == "draft":
            await drafts.save(sitting, fields, asked)
        if fields.get("do") == "file" and sitting.draft.state == "draft":
            page = await page_of(sitting)
            for block in page.blocks:
                if block.state == "open" and block.id not in asked:
                    # The last answers made it matter; nobody has seen it yet.
                    sitting.errors[block.id] = "This has come up since: ask it, or say that it is not given."
            if await drafts.file(sitting, page.required):
                return visit.go(f"/phone/{sitting.reference}?kept=1")
        elif not _is_quiet(visit) and not sitting.errors:
            return visit.go(f"/phone/{sitting.reference}?kept=1#next")
        return await self._page(visit, sitting, given=_refused(sitting, fields), kept=True)

    async def _page(
        self,
        visit: Visit,
        sitting: Sitting,
        *,
        token: str = "",
        given: Mapping[str, str] | None = None,
        kept: bool = False,
    ) -> Response:
        page = await page_of(sitting)
        _refill(page, given or {})
        now = self._desk.clock()
        values: Mapping[str, Any] = {
            "title": "A complaint by phone"
            if page.fields["channel"] == "phone"
            else "A complaint to write down",
            "page": page,
            "sitting": sitting,
            "token": token,
            "errors": _in_order(sitting.errors, page),
            "channels": [(name, CHANNEL_NAMES[name]) for name in CHANNELS],
            "unknown": UNKNOWN,
            "kept": kept and bool(sitting.reference),
            "stored": bool(sitting.reference),
            "now": now,
            "privacy": sitting.context.privacy,
            "spaced": spaced(sitting.reference),
            "callers": await self._callers(visit, sitting.reference),
        }
        return visit.page("phone.html", values, status=422 if sitting.errors else 200)

    async def _ended(self, visit: Visit, sitting: Sitting) -> Response:
        if sitting.draft.state == "abandoned":
            values = {
                "title": "This draft was given up",
                "reference": sitting.reference,
                "draft": sitting.draft,
            }
            return visit.page("phone_given_up.html", values)
        ending = await ending_of(sitting)
        references = [ending.reference, *(reference for reference, _ in ending.linked)]
        values = {"title": ending.title, "ending": ending, "opens": await self._openable(visit, references)}
        return visit.page("phone_end.html", values)

    async def _openable(self, visit: Visit, references: Sequence[str]) -> set[str]:
        """Those of them that are cases whose page who is signed in may open."""
        restricted = visit.may(Permission.SEE_RESTRICTED)

        def look(conn: Connection) -> set[str]:
            found = set()
            for reference in references:
                with suppress(NoSuchCase):
                    here = listing.place(conn, visit.organisation, reference)
                    if restricted or not here.restricted:
                        found.add(reference)
            return found

        return await self._desk.store.read(look) if visit.may(Permission.SEE_CASES) else set()


def _is_quiet(visit: Visit) -> bool:
    """Whether the page's own script saves; it takes from the answer what it needs."""
    return visit.request.headers.get("x-saved-quietly") == "1"


def _row(draft: OpenDraft) -> Mapping[str, Any]:
    answers = draft.data.get("answers", {})
    story = " ".join((answers.get("story") or "").split())
    caller = answers.get("representative_name") or answers.get("complainant_name")
    return {
        "reference": draft.reference,
        "at": draft.updated_at,
        "caller": caller or "Name not given yet",
        "by": draft.recorded_by,
        "channel": CHANNEL_NAMES.get(draft.data.get("channel", ""), ""),
        "story": story if len(story) <= 90 else story[:90].rsplit(" ", 1)[0] + " ...",
    }


def _refused(sitting: Sitting, fields: Mapping[str, str]) -> dict[str, str]:
    """What was typed and could not be kept, by its field: nobody types it twice."""
    wrong = set(sitting.errors)
    names = {"contact_phone": "caller_phone"}
    given = {names.get(n, n): fields.get(names.get(n, n), "") for n in wrong if names.get(n, n) in fields}
    if "received_on" in wrong:
        given |= {n: fields.get(n, "") for n in ("received_on", "received_time")}
    return given


def _refill(page: PhonePage, given: Mapping[str, str]) -> None:
    page.fields |= {name: value for name, value in given.items() if name in page.fields}
    page.story = given.get("story") or page.story
    for block in page.blocks:
        if given.get(block.id):
            block.value = given[block.id]
            if block.control == "email":
                block.spelled = spelled(block.value)


def _in_order(errors: Mapping[str, str], page: PhonePage) -> dict[str, str]:
    """The errors as their fields stand on the page, by the ids that they have there."""
    ids = {"contact_phone": "caller_phone", "agreed_by_caller_at": "agreed"}
    named = {ids.get(name, name): says for name, says in errors.items()}
    order = [*page.fields, "story", *(block.id for block in page.blocks), "agreed"]
    return dict(sorted(named.items(), key=lambda item: order.index(item[0]) if item[0] in order else 99))
