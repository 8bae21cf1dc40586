"""A turn, whole: load, understand, decide, act, save, reply. Nothing is shown before it is on disk."""

from __future__ import annotations

import asyncio
import hashlib
import re
import secrets
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from weakref import WeakValueDictionary

from actions.runner import Runner
from bot.dialogue.catalogue import catalogue_of
from bot.dialogue.context import Context, Privacy, Routing
from bot.dialogue.draft import ASKED_FOR_A_PERSON, FUTURE_RECEIPT, RISK_OF_HARM, Draft
from bot.dialogue.entries import entries, spoken
from bot.dialogue.languages import marks
from bot.dialogue.takeover import hold
from bot.dialogue.talk import CHECK, Talk
from bot.messages import Incoming, OpenQuestion, TurnReply, Understood
from bot.overlay import Overlay
from bot.understanding.reader import Reader
from cases import consent, conversations, files, likeness, register, restricted, rulebook
from cases.conversations import Conversation, DuplicateMessage, StaleConversation, TurnWrite
from cases.record import CaseFiling, CaseRecord
from cases.references import ENTROPY_BYTES, new_reference
from cases.store import Store
from policy_rules.compiled import CompiledPack
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
    r"(a|an|my) (formal )?complaint"
    r"|helo|shwmae|s'?mae|bore da|prynhawn da|noswaith dda|(helo |)(rwyf|rydw i|dw i|dwi|hoffwn)( am| eisiau|) "
    r"(wneud cwyn|gwneud cwyn|gwyno|cwyno))\W*",
    re.IGNORECASE,
)
# At the story question these are no story either; anything else that is said there is.
_GREETING = re.compile(
    r"\W*(hi|hello|hey|hiya|ok(ay)?|yes|yes please|thanks?( you)?|good (morning|afternoon|evening)"
    r"|((hi|hello|hey|please|yes)[,.! ]+)?((i|we)( really| just)?('d| would|'ve got| have| have got)? ?"
    r"(want|need|wish|like|got|have)? ?)?(to )?(make|raise|file|lodge|submit|put in|register|log)? ?(a|an|my|this)? ?"
    r"(formal |official |serious )?(complaint|complain)( please)?"
    r"|helo|shwmae|s'?mae|bore da|prynhawn da|noswaith dda|diolch|iawn|(rwyf|rydw i|dw i|dwi|hoffwn)( am| eisiau|) "
    r"(wneud cwyn|gwneud cwyn|gwyno|cwyno))\W*",
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
    letters: Callable[[Mapping[str, Any]], tuple[tuple[str, str], ...]] = lambda record: ()
    locks: WeakValueDictionary[str, asyncio.Lock] = field(default_factory=WeakValueDictionary)


async def take_turn(desk: Desk, incoming: Incoming, *, key_hash: str | None = None) -> TurnReply:
    """Answer one message. The same message id again gives the same reply, and changes nothing.

    `key_hash` names the conversation in place of the sender, for staff who may open it and hold no key to it.
    """
    key_hash = key_hash or hashlib.sha256(incoming.sender.encode()).hexdigest()
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
    said = {m.seq: (m.message_id, m.text) for m in missed if m.message_id is not None and m.text}
    return [
        TurnReply(m.seq, found.reference, found.state, m.entries, said=said.get(m.in_reply_to or 0))
        for m in missed
        if m.entries is not None
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
    draft = _draft(found, incoming, _first_language(desk, incoming, overlay))
    _mark_future(draft, incoming, now)
    reference = found.reference if found else new_reference(organisation, secrets.token_bytes(ENTROPY_BYTES))
    context = context_of(desk, organisation, draft.language, reference, received_at(draft) or now)
    draft.language = context.words.language
    talk = Talk(context, draft, now)
    if found is None:
        talk.greet()
    if incoming.answers is not None:
        talk.turn_to(incoming.answers)

    # Understand, decide and act; while a person has the conversation in hand, only keep what is said.
    understood = _understand(desk, talk, incoming, opening=found is None)
    filings: tuple[CaseFiling, ...] = ()
    if not hold(talk, understood):
        filings = await _interview(desk, talk, understood, now)
    asked = None
    if talk.step.file and draft.state != "signposted":
        filings, asked = consent.ask(filings, desk.terms, secrets.token_urlsafe(TOKEN_BYTES), now)

    # Save, and only then reply.
    marked = marks(talk.context, talk.step)
    said = entries(talk.context.words, talk.step, draft, reference, first=found is None, marked=marked)
    turn = _write(talk, incoming, found, key_hash, said, now)
    if filings and found is not None:
        owner = (organisation, found.id)
        filings = files.in_filings(
            filings, await desk.store.read(lambda conn: files.of_conversation(conn, *owner))
        )
    if filings:
        # What was only signposted is kept, but handed to nobody: the person chose not to send it.
        targets = () if draft.state == "signposted" else overlay.targets
        if talk.step.file:
            # With the link of a consent in it, as it is kept.
            filings = tuple(replace(f, letters=desk.letters(f.record.as_json())) for f in filings)
        turn = replace(turn, cases=filings, targets=targets, consent=asked)
    elif calls := _calls(draft, found):
        turn = replace(turn, calls=calls, targets=overlay.targets)
    try:
        committed = await desk.store.write(lambda conn: conversations.commit_turn(conn, turn), brief=True)
    except DuplicateMessage as duplicate:
        return TurnReply(
            duplicate.stored.seq, reference, draft.state, duplicate.stored.entries, replayed=True
        )
    if turn.targets:
        desk.wake_delivery()
    return TurnReply(committed.seq, reference, draft.state, said)


# The clock of whoever writes it down may be a little ahead of ours.
_AHEAD = timedelta(minutes=5)


def _mark_future(draft: Draft, incoming: Incoming, now: datetime) -> None:
    """A receipt that is still to come is likely a slip, and moves every promise: staff are to look at it.

    It is no reason to refuse what somebody says: another system's clock may be the one that is right.
    """
    at = incoming.received_at
    if at is None:
        return
    draft.flags = [flag for flag in draft.flags if flag != FUTURE_RECEIPT]
    if at > now + _AHEAD:
        draft.flags.append(FUTURE_RECEIPT)


# What must not wait until the complaint is sent, or the draft is given up: by its flag, the kind of delivery.
_CALLS = {RISK_OF_HARM: "draft.urgent", ASKED_FOR_A_PERSON: "draft.person_asked"}


def _calls(draft: Draft, before: Conversation | None) -> tuple[str, ...]:
    """What this turn gave somebody at the organisation to look at in an unfinished conversation; each only once."""
    if draft.state != "draft":
        return ()
    called = () if before is None else _called(before.data.get("flags", ()), before.data.get("answers", {}))
    return tuple(kind for kind in _called(draft.flags, draft.answers) if kind not in called)


def _called(flags: Sequence[str], answers: Mapping[str, Any]) -> tuple[str, ...]:
    """A wish for a person is passed on with a story; words of harm are, whatever they stand in."""
    told = bool(answers.get("story"))
    return tuple(kind for flag, kind in _CALLS.items() if flag in flags and (told or flag == RISK_OF_HARM))


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
            "action_validate_answers",
            {"organisation": organisation, "received_at": talk.received_at(), "candidates": candidates},
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


def context_of(
    desk: Desk,
    organisation: str,
    language: str,
    reference: str,
    at: datetime | None = None,
    compiled: CompiledPack | None = None,
) -> Context:
    """What one conversation is held with: the pack, its questions, the catalogue, and the organisation's own words.

    The pack is that of what is received `at` an instant, None for now, or the one that is given. A language that the
    organisation does not offer is its own.
    """
    compiled, overlay = compiled or desk.packs.get(organisation, at), desk.overlays(organisation)
    language = language if language in overlay.languages else overlay.languages[0]
    notice = overlay.privacy_notice
    text, its_language = notice.said_in(language)
    return Context(
        compiled=compiled,
        questions=desk.runner.questions(compiled),
        words=catalogue_of(language, compiled, desk.packs.wording(organisation, language, compiled)),
        reference=reference,
        privacy=Privacy(notice.version, text, notice.url, its_language),
        help_lines=tuple(
            (line.named_in(language), line.phone or line.url or "") for line in overlay.help_lines
        ),
        languages=overlay.languages,
        speaking=lambda other: context_of(desk, organisation, other, reference, compiled=compiled),
        address=desk.terms.address.rstrip("/"),
    )


def received_at(draft: Draft) -> datetime | None:
    """When the complaint came, where staff or its channel say so; None while it counts as received when it is sent."""
    return datetime.fromisoformat(draft.received_at) if draft.received_at else None


async def pack_of(desk: Desk, organisation: str, reference: str) -> CompiledPack:
    """The rules that a case is under: those that decided it, whatever came into force since. NoSuchCase (404)."""
    sha256, at = await desk.store.read(lambda conn: rulebook.decided_with(conn, organisation, reference))
    return desk.packs.of(organisation, sha256, at)


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


def _first_language(desk: Desk, incoming: Incoming, overlay: Overlay) -> str:
    """The language that a new conversation begins in: the one that is asked for, if it is offered."""
    asked = desk.reader.language(incoming.text) or incoming.begin_in
    return next((code for code in overlay.languages if code == asked), overlay.languages[0])


def _draft(found: Conversation | None, incoming: Incoming, language: str) -> Draft:
    """The draft as it was left; staff may give the channel, the time and their name with any message."""
    draft = (
        Draft.model_validate(found.data)
        if found is not None
        else Draft(channel=incoming.channel, language=language)
    )
    draft.recorded_by = incoming.recorded_by or draft.recorded_by
    draft.language = incoming.language or draft.language
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
    if opening and desk.reader.language(incoming.text) in talk.context.languages:
        # The greeting is in it already.
        return Understood(incoming.text)
    if talk.draft.pending == "story" and _GREETING.fullmatch(incoming.text):
        return Understood(incoming.text, problem="only_a_greeting", exact=True)
    question: OpenQuestion | None = talk.open_question()
    known = {n: values for n, values in talk.context.compiled.accepted.items() if values}
    understood = desk.reader.read(incoming.text, question, now=talk.now, facts=known, given=talk.given())
    return understood if incoming.answers is None else _from_page(talk, understood, question)


def _from_page(talk: Talk, understood: Understood, question: OpenQuestion | None) -> Understood:
    """What was written on a question's own page: its free text is the answer, and after the end it is nothing."""
    if understood.slots or not understood.text.strip() or understood.text.startswith("/"):
        return understood
    if talk.draft.state != "draft" or question is None:
        # A page that was left open must not add to a complaint that was sent meanwhile.
        return Understood(understood.text, problem="not_open", harm=understood.harm)
    if question.kind not in ("text", "file"):
        return understood
    return replace(
        understood,
        answer=understood.text,
        command=None,
        aside=None,
        problem=None,
        exact=False,
        corrections={},
    )


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
        "linked": [name for name in (draft.escalated_from, other) if name],
        "escalated_from": draft.escalated_from,
        "state": draft.state,
        "flags": draft.flags,
        "privacy_version": draft.privacy_version,
        "language": draft.language,
        "filed_at": now.isoformat(),
    }
    matters = [slots]
    if other is not None:
        second: dict[str, Any] = {
            "reference": other,
            "conversation_reference": reference,
            "linked": [reference],
            "escalated_from": None,
            "original_received_at": None,
        }
        matters.append({**slots, **second, "facts": talk.second_facts()})
    ran = [await desk.runner.run("action_file_case", matter) for matter in matters]
    filings = (CaseFiling(CaseRecord.model_validate(r.slots["case_record"])) for r in ran)
    made = restricted.together(filings)
    return await desk.store.read(lambda conn: likeness.pointed_out(conn, made))


def _amend(talk: Talk) -> tuple[CaseFiling, ...]:
    """The filed case with the words and wishes that came since; its decision and its dates stay as they were."""
    if talk.record is None:
        raise LookupError(f"case {talk.context.reference} is gone")
    kept = dict(talk.record)
    if talk.draft.added_words:
        kept["answers"] = {**kept["answers"], "added_words": "\n\n".join(talk.draft.added_words)}
    kept["flags"] = list(dict.fromkeys([*kept["flags"], *talk.draft.flags]))
    return (restricted.prepared(CaseFiling(CaseRecord.model_validate(kept), event="case.updated")),)


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
