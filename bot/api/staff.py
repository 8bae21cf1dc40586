"""What staff do in a conversation: take it over, write in it, give it back, record the consent of a letter.

One process owns a SQLite store, so these go through the server, whoever asks for them: the command line does, and a
case system can.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import to_json

from bot.api.guarded import guarded_by
from bot.dialogue.catalogue import Catalogue
from bot.dialogue.draft import Draft
from bot.dialogue.entries import entries, spoken
from bot.dialogue.languages import marks
from bot.dialogue.takeover import announced, written
from bot.dialogue.talk import Talk
from bot.door import Door, check_text, refuse_nul
from bot.turn import TRIES, BusyConversation, Desk, context_of, put_question, received_at
from cases import afterwards, audit, consent, remarks
from cases.events import Writer
from cases.filing import StaleConversation
from cases.references import UnknownReference
from cases.remarks import Found, Remark
from policy_rules.errors import Refusal

# Organisation, the hash of the conversation's secret, and the frame that its open faces are to show.
Tell = Callable[[str, str, dict[str, Any]], Awaitable[None]]
Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S")]


class NotTakenOver(Refusal):
    status = 409
    kind = "not-taken-over"
    title = "Nobody has taken this conversation over"


class NoConsentNeeded(Refusal):
    status = 409
    kind = "no-consent-needed"
    title = "No consent is needed"


class _Act(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class TakeOver(_Act):
    """From now on the person is with `by`, and the interview keeps quiet."""

    act: Literal["takeover"]
    by: Name


class Say(_Act):
    """Words to the person, shown as they are under the name of `by`."""

    act: Literal["say"]
    by: Name
    text: str = Field(min_length=1, pattern=r"\S")


class GiveBack(_Act):
    """The interview goes on with the question that was open."""

    act: Literal["giveback"]


class Consent(_Act):
    """A letter of the person represented says this."""

    act: Literal["consent"]
    by: Name
    answer: Literal["given", "refused"]


class Link(_Act):
    """Somebody has looked: these two cases are about the same matter, and name each other from now on."""

    act: Literal["link"]
    by: Name
    other: Name


Act = Annotated[TakeOver | Say | GiveBack | Consent | Link, Field(discriminator="act")]


class Done(BaseModel):
    """How the conversation stands now. `changed` is false when it stood so before."""

    reference: str
    state: str
    taken_over_by: str | None
    consent: str | None
    changed: bool


def router(desk: Desk, door: Door, tell: Tell) -> APIRouter:
    """The one endpoint; for programs on this machine, or with the key."""

    routes = APIRouter(prefix="/api/v1/conversations", tags=["Staff"], route_class=guarded_by(door))
    counter = Counter(desk, tell)

    @routes.post(
        "/{reference}/staff",
        operation_id="staff",
        summary="Take a conversation over, write in it, give it back, record consent, link two cases",
        response_model=None,
        responses={200: {"model": Done, "description": "How the conversation stands now."}},
    )
    async def act(reference: str, body: Act) -> Response:
        """By the reference of the conversation or of a case from it. Each act is in the transcript with its name."""
        refuse_nul(body.model_dump())
        done = await counter.do(reference.strip().upper(), body)
        return Response(to_json(done), media_type="application/json")

    return routes


@dataclass(frozen=True, slots=True)
class Counter:
    """Where staff stand. `tell` reaches the faces that are open in this process; others see it when they come back."""

    desk: Desk
    tell: Tell
    # Who it is to the audit trail, where that is known.
    caller: str | None = None

    async def speak(
        self,
        reference: str,
        act: Literal["takeover", "say", "giveback"],
        by: str,
        text: str,
        caller: str | None,
    ) -> None:
        """For the staff's pages: `caller` is who it is to the audit trail. Refusals as of `do`."""
        mine = replace(self, caller=caller)
        match act:
            case "takeover":
                await mine.do(reference, TakeOver(act=act, by=by))
            case "say":
                await mine.do(reference, Say(act=act, by=by, text=text))
            case "giveback":
                await mine.do(reference, GiveBack(act=act))

    async def do(self, reference: str, act: TakeOver | Say | GiveBack | Consent | Link) -> Done:
        """Carry it out; Refusals say what stands in its way."""
        for _ in range(TRIES):
            try:
                found = await self.desk.store.read(lambda conn: remarks.conversation_of(conn, reference))
                # An organisation whose pack is gone is refused here.
                self.desk.packs.get(found.conversation.organisation)
                if isinstance(act, Link):
                    changed = await self._link(found, reference, act)
                    return await self._standing(found.conversation.reference, changed)
                return await self._once(found, act)
            except StaleConversation:
                continue
        raise BusyConversation("The person is writing just now. Please try again.")

    async def _once(self, found: Found, act: TakeOver | Say | GiveBack | Consent) -> Done:
        match act:
            case TakeOver():
                changed = await self._take_over(found, act.by)
            case Say():
                changed = await self._say(found, act)
            case GiveBack():
                changed = await self._give_back(found)
            case _:
                changed = await self._consent(found, act)
        return await self._standing(found.conversation.reference, changed)

    async def _take_over(self, found: Found, by: str) -> bool:
        draft, words = self._held(found)
        if draft.taken_over_by == by:
            return False
        draft.taken_over_by = by
        noted = words.say("takeover.noted_taken_over", by=by)
        await self._keep(found, Remark("system", noted, announced(words, by)), draft, audit.TAKEN_OVER)
        return True

    async def _say(self, found: Found, act: Say) -> bool:
        check_text(act.text, "text")
        draft, words = self._held(found)
        if draft.taken_over_by is None:
            raise NotTakenOver("Take the conversation over first, so that two voices do not answer at once.")
        await self._keep(
            found, Remark("staff", act.text, written(words, act.by, act.text)), None, audit.WROTE
        )
        return True

    async def _give_back(self, found: Found) -> bool:
        draft, words = self._held(found)
        if draft.taken_over_by is None:
            return False
        draft.taken_over_by = None
        conversation = found.conversation
        at = received_at(draft)
        context = context_of(self.desk, conversation.organisation, draft.language, conversation.reference, at)
        talk = Talk(context, draft, self.desk.clock())
        talk.step.says.append(words.say("takeover.given_back"))
        if draft.state == "draft":
            await put_question(self.desk, talk)
        marked = marks(context, talk.step)
        shown = entries(words, talk.step, draft, conversation.reference, first=False, marked=marked)
        noted = words.say("takeover.noted_given_back")
        remark = Remark("system", f"{noted}\n\n{spoken(shown)}", shown)
        await self._keep(found, remark, draft, audit.GIVEN_BACK)
        return True

    async def _consent(self, found: Found, act: Consent) -> bool:
        desk, conversation = self.desk, found.conversation
        asked = await desk.store.read(lambda conn: consent.asked_of(conn, conversation))
        if asked is None:
            raise NoConsentNeeded(
                "Nobody is represented in this case, or no consent is needed of them.", where="reference"
            )
        _, words = self._held(found)
        said = words.say(f"consent.letter_{act.answer}", by=act.by)
        targets, now = desk.overlays(conversation.organisation).targets, desk.clock()
        changed = await desk.store.write(
            lambda conn: consent.record_answer(conn, asked, act.answer, said, targets, now, by_staff=True)
        )
        if changed:
            desk.wake_delivery()
        return changed

    async def _link(self, found: Found, reference: str, act: Link) -> bool:
        organisation, other = found.conversation.organisation, act.other.strip().upper()
        if other == reference:
            raise UnknownReference("A case cannot be linked with itself.", where="other")
        targets, now = self.desk.overlays(organisation).targets, self.desk.clock()
        writer = Writer(act.by, "staff")
        changed = await self.desk.store.write(
            lambda conn: afterwards.link(conn, organisation, reference, other, targets, writer, now)
        )
        if changed:
            self.desk.wake_delivery()
        return changed

    def _held(self, found: Found) -> tuple[Draft, Catalogue]:
        conversation = found.conversation
        draft = Draft.model_validate(conversation.data)
        context = context_of(self.desk, conversation.organisation, draft.language, conversation.reference)
        return draft, context.words

    async def _keep(self, found: Found, said: Remark, draft: Draft | None, action: str) -> None:
        """Commit, and only then show it."""
        now, before = self.desk.clock(), found.conversation
        data = None if draft is None else draft.model_dump(mode="json", exclude_defaults=True)
        seq = await self.desk.store.write(
            lambda conn: remarks.remark(conn, before, said, now, data=data, action=action, caller=self.caller)
        )
        frame = {"type": "reply", "seq": seq, "in_reply_to": None, "entries": said.entries}
        await self.tell(before.organisation, found.key_hash, frame)

    async def _standing(self, reference: str, changed: bool) -> Done:
        store = self.desk.store
        now = (await store.read(lambda conn: remarks.conversation_of(conn, reference))).conversation
        asked = await store.read(lambda conn: consent.asked_of(conn, now))
        given = None if asked is None else asked.answer or "pending"
        return Done(
            reference=reference,
            state=now.state,
            taken_over_by=now.data.get("taken_over_by"),
            consent=given,
            changed=changed,
        )
