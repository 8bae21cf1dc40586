"""A turn, whole: load, understand, decide, act, save, reply. Nothing is shown before it is on disk."""

from __future__ import annotations

import asyncio
import hashlib
import re
import secrets
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from weakref import WeakValueDictionary

from actions.runner import Runner
from bot.dialogue.catalogue import Catalogue, words_of
from bot.dialogue.context import Context, Privacy, Routing
from bot.dialogue.draft import Draft
from bot.dialogue.entries import entries, spoken
from bot.dialogue.takeover import hold
from bot.dialogue.talk import CHECK, Talk
from bot.messages import Incoming, OpenQuestion, TurnReply, Understood
from bot.overlay import Overlay
from bot.understanding.reader import Reader
from cases import consent, conversations, register
from cases.conversations import Conversation, DuplicateMessage, StaleConversation, TurnWrite
from cases.record import CaseFiling, CaseRecord
from cases.references import ENTROPY_BYTES, new_reference
from cases.store import Store
from policy_rules.errors import Refusal
from policy_rules.shelf import PackShelf

# A conversation that two tabs write to at once is read again this often before the person is asked to retry.
TRIES = 5
OPENING_ID = "hello"
# 128 bits: the link by which somebody agrees to be represented cannot be guessed.
TOKEN_BYTES = 16
# What people type to see whether somebody is there; it is answered by the greeting, and is no story.
_OPENERS = re.compile(
    r"\W*(hi|hello|hey|hiya|good (morning|afternoon|evening)|help|start|/\w+"
    r"|(hi |hello |hey )?(i|we) (want|need|wish|would like|'?d like|have) (to (make|raise|file|lodge|submit) )?"
    r"(a|an|my) (formal )?complaint)\W*",
    re.IGNORECASE,
)
# At the story question these are no story either; anything else that is said there is.
_GREETING = re.compile(
    r"\W*(hi|hello|hey|hiya|ok(ay)?|yes|yes please|thanks?( you)?|good (morning|afternoon|evening)"
    r"|(i|we) (want|need|wish|would like) to (make|raise|file) (a|my) complaint)\W*",
    re.IGNORECASE,
)


class UnknownConversation(Refusal):
    status = 404
    kind = "unknown-conversation"
    title = "No such conversation"


class BusyConversation(Refusal):
    status = 409
    kind = "busy-conversation"
    title = "The conversation is being written to from elsewhere"


@dataclass(slots=True)
class Desk:
    """Everything that a turn needs, wired once. `clock` gives the present in UTC."""

    packs: PackShelf
    store: Store
    reader: Reader
    runner: Runner
    overlays: Callable[[str], Overlay]
    clock: Callable[[], datetime]
    wake_delivery: Callable[[], None]
    terms: consent.Terms = field(default_factory=consent.Terms)
    locks: WeakValueDictionary[str, asyncio.Lock] = field(default_factory=WeakValueDictionary)


async def take_turn(desk: Desk, incoming: Incoming) -> TurnReply:
    """Answer one message. The same message id again gives the same reply, and changes nothing."""
    key_hash = hashlib.sha256(incoming.sender.encode()).hexdigest()
    name = f"{incoming.organisation}/{key_hash}"
    lock = desk.locks.setdefault(name, asyncio.Lock())
    async with lock:
        for _ in range(TRIES):
            try:
                return await _attempt(desk, incoming, key_hash)
            except StaleConversation:
                continue
    raise BusyConversation("Too many messages came at once. Please send the last one again.")


async def open_conversation(desk: Desk, incoming: Incoming) -> TurnReply:
    """Greet a person who has not said anything yet; again for the same sender gives the same greeting."""
    return await take_turn(desk, incoming)


async def replies_after(desk: Desk, organisation: str, sender: str, seq: int) -> list[TurnReply]:
    """The replies numbered above `seq`, for a face that was away. UnknownConversation if there is none."""
    key_hash = hashlib.sha256(sender.encode()).hexdigest()
    desk.packs.get(organisation)
    found = await desk.store.read(lambda conn: conversations.find(conn, organisation, key_hash))
    if found is None:
        raise UnknownConversation("There is no conversation under this key.", where="resume")
    missed = await desk.store.read(
        lambda conn: conversations.messages_after(conn, organisation, found.id, seq)
    )
    return [
        TurnReply(m.seq, found.reference, found.state, m.entries) for m in missed if m.entries is not None
    ]


async def _attempt(desk: Desk, incoming: Incoming, key_hash: str) -> TurnReply:
    # Load.
    organisation = incoming.organisation
    desk.packs.get(organisation)
    found, told = await desk.store.read(
        lambda conn: conversations.load(conn, organisation, key_hash, incoming.message_id)
    )
    if found is not None and told is not None:
        return TurnReply(told.seq, found.reference, found.state, told.entries, replayed=True)
    now = desk.clock()
    overlay = desk.overlays(organisation)
    draft = _draft(found, incoming)
    reference = found.reference if found else new_reference(organisation, secrets.token_bytes(ENTROPY_BYTES))
    context = context_of(desk, organisation, draft.language, reference)
    talk = Talk(context, draft, now)
    if found is None:
        talk.greet()

    # Understand, decide and act; while a person has the conversation in hand, only keep what is said.
    understood = _understand(desk, talk, incoming, opening=found is None)
    filings: tuple[CaseFiling, ...] = ()
    if not hold(talk, understood):
        filings = await _interview(desk, talk, understood, now)
    asked = None
    if talk.step.file and draft.state != "signposted":
        filings, asked = consent.ask(filings, desk.terms, secrets.token_urlsafe(TOKEN_BYTES), now)

    # Save, and only then reply.
    said = entries(context.words, talk.step, draft, reference, first=found is None)
    turn = _write(talk, incoming, found, key_hash, said, now)
    if filings:
        # What was only signposted is kept, but handed to nobody: the person chose not to send it.
        targets = () if draft.state == "signposted" else overlay.targets
        turn = replace(turn, cases=filings, targets=targets, consent=asked)
    try:
        committed = await desk.store.write(lambda conn: conversations.commit_turn(conn, turn))
    except DuplicateMessage as duplicate:
        return TurnReply(
            duplicate.stored.seq, reference, draft.state, duplicate.stored.entries, replayed=True
        )
    if filings:
        desk.wake_delivery()
    return TurnReply(committed.seq, reference, draft.state, said)


async def _interview(desk: Desk, talk: Talk, understood: Understood, now: datetime) -> tuple[CaseFiling, ...]:
    """Let the message change the draft, and choose what comes next; the cases that it makes or changes."""
    draft, organisation = talk.draft, talk.context.compiled.pack.organisation.id
    if draft.state in ("filed", "informal"):
        reference = talk.context.reference
        talk.record = await desk.store.read(lambda conn: register.filed_record(conn, organisation, reference))
    candidates = talk.candidates(understood)
    accepted: dict[str, str | None] = {}
    rejected: dict[str, Any] = {}
    if candidates:
        ran = await desk.runner.run(
            "action_validate_answers", {"organisation": organisation, "candidates": candidates}
        )
        accepted, rejected = ran.slots["accepted"], ran.slots["rejected"]
    ended_before = draft.state != "draft"
    talk.take(understood, accepted, rejected)
    if draft.state == "draft":
        await put_question(desk, talk)
    filings: tuple[CaseFiling, ...] = ()
    if talk.step.file:
        filings = await _file(desk, talk, now)
        linked = [{"reference": f.record.reference, "decision": f.record.decision} for f in filings[1:]]
        talk.ended(filings[0].record.decision, linked)
    elif talk.step.update:
        filings = _amend(talk)
    elif draft.state != "draft" and not ended_before:
        routed = await desk.runner.run("action_route_complaint", {**talk.slots(), "partial": True})
        talk.ended(routed.slots["decision"])
    return filings


def context_of(desk: Desk, organisation: str, language: str, reference: str) -> Context:
    """What one conversation is held with: the pack, its questions, the catalogue, and the organisation's own words."""
    compiled, overlay = desk.packs.get(organisation), desk.overlays(organisation)
    notice = overlay.privacy_notice
    return Context(
        compiled=compiled,
        questions=desk.runner.questions(compiled),
        words=Catalogue(words_of(language), compiled.pack),
        reference=reference,
        privacy=Privacy(notice.version, notice.text, notice.url),
        help_lines=tuple((line.name, line.phone or line.url or "") for line in overlay.help_lines),
    )


async def routing_of(desk: Desk, talk: Talk) -> Routing:
    """What the rules say of the draft as it stands."""
    routed = await desk.runner.run("action_route_complaint", talk.slots())
    return Routing(tuple(routed.slots["needs"]), routed.slots["decision"])


async def put_question(desk: Desk, talk: Talk) -> None:
    """Route the draft, and put the next question, or ask for it to be filed; the last one with what will be sent."""
    talk.proceed(await routing_of(desk, talk))
    if talk.step.question is not None and talk.step.question.id == CHECK:
        back = await desk.runner.run("action_read_back", talk.to_read_back())
        talk.answers_to_check(back.slots["read_back"])


def _draft(found: Conversation | None, incoming: Incoming) -> Draft:
    """The draft as it was left; staff may give the channel, the time and their name with any message."""
    draft = Draft.model_validate(found.data) if found is not None else Draft(channel=incoming.channel)
    draft.recorded_by = incoming.recorded_by or draft.recorded_by
    if draft.state == "abandoned":
        # Whoever comes back goes on where they stopped.
        draft.state, draft.missing = "draft", []
    if incoming.received_at is not None:
        draft.received_at = incoming.received_at.astimezone(UTC).isoformat()
    if incoming.channel != "chat":
        draft.channel = incoming.channel
    return draft


def _understand(desk: Desk, talk: Talk, incoming: Incoming, *, opening: bool) -> Understood:
    """Read the message beside the open question; a greeting that opens a conversation is no story."""
    if opening and (not incoming.text.strip() or _OPENERS.fullmatch(incoming.text)):
        return Understood(incoming.text)
    if talk.draft.pending == "story" and _GREETING.fullmatch(incoming.text):
        return Understood(incoming.text, problem="only_a_greeting")
    question: OpenQuestion | None = talk.open_question()
    known = {n: values for n, values in talk.context.compiled.accepted.items() if values}
    return desk.reader.read(incoming.text, question, now=talk.now, facts=known)


async def _file(desk: Desk, talk: Talk, now: datetime) -> tuple[CaseFiling, ...]:
    """The case of the conversation, and that of a second matter where the person wants one, each naming the other."""
    draft, reference = talk.draft, talk.context.reference
    organisation = talk.context.compiled.pack.organisation.id
    both = (
        draft.state == "filed" and draft.second is not None and draft.answers.get("second_matter") == "true"
    )
    other = new_reference(organisation, secrets.token_bytes(ENTROPY_BYTES)) if both else None
    draft.second_reference = other
    slots = {
        **talk.slots(),
        "reference": reference,
        "linked": [other] if other else [],
        "state": draft.state,
        "flags": draft.flags,
        "privacy_version": draft.privacy_version,
        "language": draft.language,
        "filed_at": now.isoformat(),
    }
    matters = [slots]
    if other is not None:
        second = {"reference": other, "conversation_reference": reference, "linked": [reference]}
        matters.append({**slots, **second, "facts": talk.second_facts()})
    ran = [await desk.runner.run("action_file_case", matter) for matter in matters]
    return tuple(CaseFiling(CaseRecord.model_validate(r.slots["case_record"])) for r in ran)


def _amend(talk: Talk) -> tuple[CaseFiling, ...]:
    """The filed case with the words and wishes that came since; its decision and its dates stay as they were."""
    if talk.record is None:
        raise LookupError(f"case {talk.context.reference} is gone")
    kept = dict(talk.record)
    if talk.draft.added_words:
        kept["answers"] = {**kept["answers"], "added_words": "\n\n".join(talk.draft.added_words)}
    kept["flags"] = list(dict.fromkeys([*kept["flags"], *talk.draft.flags]))
    return (CaseFiling(CaseRecord.model_validate(kept), event="case.updated"),)


def _write(
    talk: Talk,
    incoming: Incoming,
    found: Conversation | None,
    key_hash: str,
    said: list[dict[str, Any]],
    now: datetime,
) -> TurnWrite:
    draft = talk.draft
    return TurnWrite(
        organisation=incoming.organisation,
        conversation_id=found.id if found else uuid.uuid4().hex,
        key_hash=key_hash,
        reference=talk.context.reference,
        expected_version=found.version if found else 0,
        state=draft.state,
        channel=draft.channel,
        recorded_by=draft.recorded_by,
        data=draft.model_dump(mode="json", exclude_defaults=True),
        privacy_version=draft.privacy_version,
        first_told_at=datetime.fromisoformat(draft.first_told_at) if draft.first_told_at else None,
        message_id=incoming.message_id,
        said=incoming.text,
        said_role="staff" if draft.recorded_by else "complainant",
        reply_text=spoken(said),
        entries=said,
        at=now,
        before=found,
    )
