"""Taking an answered case to the next stage: a new complaint with what is known already, asked on by the interview."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from bot.channels import cookies
from bot.channels.hearing import new_key
from bot.channels.posted import Posted, read_posted
from bot.dialogue.draft import Draft
from bot.dialogue.entries import entries, spoken
from bot.dialogue.talk import Talk
from bot.door import check_text
from bot.forms.after.room import Guest, Room, hash_of
from bot.forms.after.told import answered, window_of
from bot.forms.answers import slots
from bot.forms.site import Endpoint
from bot.forms.visit import visit_of
from bot.messages import Incoming
from bot.turn import OPENING_ID, context_of
from cases import conversations, escalation
from cases.conversations import TurnWrite
from cases.escalation import NextStep
from cases.references import ENTROPY_BYTES, new_reference
from policy_rules.compiled import CompiledPack
from policy_rules.deadlines import local_date

_DATE = ("day", "month", "year")


class Further:
    """The one page before the interview of the next stage."""

    def __init__(self, room: Room) -> None:
        self._room = room

    def pages(self) -> Iterator[tuple[str, str, Endpoint]]:
        yield "GET", "/further", self.show
        yield "POST", "/further", self.go_on

    async def show(self, request: Request) -> Response:
        """What is known of the answer, to be confirmed, and a box for what is still wrong."""
        guest = await self._room.guest(request)
        if guest is None:
            return self._room.over(request)
        if guest.withheld or not answered(guest.standing):
            return self._room.back_to(guest.visit)
        step = await self._step(guest)
        day = date.fromisoformat(step.previous_response_at) if step.previous_response_at else None
        given = {"who": step.previous_response_by or "", "answer": ""}
        given |= {name: str(getattr(day, name)) if day else "" for name in _DATE}
        return await self._page(request, guest, given)

    async def go_on(self, request: Request) -> Response:
        """Begin the complaint of the next stage, and go to whatever it still has to ask."""
        posted = await read_posted(request)
        guest = await self._room.guest_with(request, posted)
        if isinstance(guest, Response):
            return guest
        if guest.withheld or not answered(guest.standing):
            return self._room.back_to(guest.visit)
        given = {name: posted.text(name).strip() for name in (*_DATE, "who", "answer")}
        given["answer"] = posted.text("answer").replace("\r\n", "\n")
        day, problems = self._read(guest, given)
        if problems:
            return await self._page(request, guest, given, problems)
        check_text(given["answer"], "answer")
        step = await self._step(guest)
        key = _key_of(posted)
        who = given["who"] if self._who(guest) else step.previous_response_by
        await self._begin(guest, step, key, day, who or None)
        await self._room.hearing.hear(
            Incoming(
                guest.visit.organisation,
                key,
                slots({"story": given["answer"]}),
                f"further:{hash_of(given['answer'])[:16]}",
                answers="story",
            ),
            "form",
            "answer",
        )
        visit = await visit_of(self._room.desk, request, key)
        answer = self._room.go(visit.now_at())
        cookies.keep(answer, visit.organisation, key, secure=self._room.is_secure(request))
        return answer

    async def _step(self, guest: Guest) -> NextStep:
        record, compiled = guest.standing.record, self._rules(guest)
        original = await self._room.desk.store.read(
            lambda conn: escalation.original_received_at(conn, record)
        )
        return escalation.next_step(record, guest.standing.events, original, compiled)

    def _rules(self, guest: Guest) -> CompiledPack:
        """The rules that the next stage will be under."""
        return self._room.desk.packs.get(guest.visit.organisation)

    def _read(self, guest: Guest, given: Mapping[str, str]) -> tuple[date | None, dict[str, str]]:
        """The day of the answer, and what is wrong, by field."""
        say, compiled = guest.visit.context.words.say, guest.visit.context.compiled
        problems, day = {}, None
        parts = [given[name] for name in _DATE]
        if any(parts):
            try:
                if not all(part.isascii() and part.isdigit() and len(part) <= 4 for part in parts):
                    raise ValueError
                number, month, year = (int(part) for part in parts)
                day = date(year + 2000 if year < 100 else year, month, number)
            except ValueError:
                problems["day"] = say("form.date_unreal" if all(parts) else "form.date_missing")
        if day is not None and day > local_date(self._room.desk.clock(), compiled.calendar):
            problems["day"] = say("form.date_future")
        if given["who"] and given["who"] not in self._who(guest):
            problems["who"] = say("form.choose_one")
        if not given["answer"].strip():
            problems["answer"] = say("after.further_write")
        return day, problems

    def _who(self, guest: Guest) -> tuple[str, ...]:
        """Who may have answered, where the policy asks for that."""
        compiled = self._rules(guest)
        if "previous_response_by" not in compiled.pack.facts:
            return ()
        return tuple(compiled.accepted.get("previous_response_by") or ())

    async def _begin(self, guest: Guest, step: NextStep, key: str, day: date | None, who: str | None) -> None:
        """Open the conversation of the next stage under this key, if it is not open yet."""
        desk, organisation, now = self._room.desk, guest.visit.organisation, self._room.desk.clock()
        record, language = guest.standing.record, guest.visit.draft.language
        # What is received now is under the rules of now.
        context = context_of(desk, organisation, language, "", now)
        if (
            await desk.store.read(lambda conn: conversations.find(conn, organisation, hash_of(key)))
            is not None
        ):
            return
        draft = Draft(
            language=context.words.language,
            escalated_from=record.reference,
            original_received_at=_text(step.original_received_at),
        )
        known = {
            **escalation.seed(record),
            "stage_reached": step.stage_reached,
            "previous_response_at": None if day is None else day.isoformat(),
            "previous_response_by": who,
        }
        for name, value in known.items():
            if value is not None and context.questions.get(name) is not None:
                draft.set(name, value, "confirmed")
            elif value is not None and name in context.compiled.accepted:
                # A fact that is never asked for is kept as it was.
                draft.answers[name] = value
        talk = Talk(context, draft, now)
        talk.greet()
        reference = new_reference(organisation, secrets.token_bytes(ENTROPY_BYTES))
        said = entries(context.words, talk.step, draft, reference, first=True)
        turn = TurnWrite(
            organisation=organisation,
            conversation_id=uuid.uuid4().hex,
            key_hash=hash_of(key),
            reference=reference,
            expected_version=0,
            state="draft",
            channel=draft.channel,
            recorded_by=None,
            data=draft.model_dump(mode="json", exclude_defaults=True),
            privacy_version=draft.privacy_version,
            first_told_at=None,
            message_id=OPENING_ID,
            said="",
            said_role="complainant",
            reply_text=spoken(said),
            entries=said,
            at=now,
        )
        await desk.store.write(lambda conn: conversations.commit_turn(conn, turn))

    async def _page(
        self,
        request: Request,
        guest: Guest,
        given: Mapping[str, str],
        problems: Mapping[str, str] | None = None,
    ) -> Response:
        context, words = guest.visit.context, guest.visit.context.words
        decision: Mapping[str, Any] = guest.standing.record.decision or {}
        last = window_of(guest.standing)
        over = last is not None and last < local_date(self._room.desk.clock(), context.compiled.calendar)
        other = await visit_of(self._room.desk, request)
        begun = other.reference if other.found is not None and other.draft.state == "draft" else None
        values = {
            "title": words.say("after.further_title"),
            "given": given,
            "problems": dict(problems or {}),
            "failed": bool(problems),
            "key": new_key(),
            "escalate": decision.get("escalate_to"),
            "window": words.date(last) if over and last is not None else None,
            "other": begun,
            "who": [(value, words.label("previous_response_by", value)) for value in self._who(guest)],
            "back": self._room.address(guest.visit),
        }
        return self._room.for_guest(request, guest, "further.html", values, status=422 if problems else 200)


def _key_of(posted: Posted) -> str:
    """The page's own key: sent twice, it still begins one complaint."""
    return posted.text("key") if cookies.is_key(posted.text("key")) else new_key()


def _text(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat()
