"""What the person of a case does once it was filed: where it stands, words to add, a contact put right, withdrawing.

Each is one transaction: said in the transcript, kept in the record, audited, and handed over to whoever has the case.
The conversation is moved before the case is locked, as a turn does it, so that the two never wait for each other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from cases import audit, case_row, clock_moves, closing, events, likeness, notes, outgoing, restricted
from cases.clock_moves import ClockRow
from cases.closing import Closing
from cases.conversations import Conversation
from cases.effects import CannotHappen, CaseAt
from cases.events import NoSuchCase, Writer
from cases.filing import hand_over
from cases.models import cases, contact_changes, conversations, messages
from cases.record import CaseRecord
from cases.remarks import advance
from cases.told import Closed, Reopened
from policy_rules.compiled import CompiledPack

UPDATED, WITHDRAWN, REOPENED = "case.updated", "case.withdrawn", "case.reopened"
CORRECTED, SECURITY = "case.contact_corrected", "code.contact_changed"
ANSWER_OF = {"email": "contact_email", "phone": "contact_phone", "post": "contact_post"}
COMPLAINANT = Writer("The complainant", "complainant")
_COLUMNS = [conversations.c[name] for name in Conversation.__dataclass_fields__]


@dataclass(frozen=True, slots=True)
class Standing:
    """A case and all that has become of it. `conversation` is the one that it came from.

    `taken_further` is the case of the next stage, None while there is none.
    """

    record: CaseRecord
    progress: str
    events: list[dict[str, Any]]
    clocks: list[ClockRow]
    closing: dict[str, Any] | None
    conversation: Conversation
    taken_further: str | None = None

    @property
    def withdrawn_by_person(self) -> bool:
        """Whether the person took it back themselves, and nobody has opened it since."""
        return self.record.state == "withdrawn" and self.conversation.state != "withdrawn"


@dataclass(frozen=True, slots=True)
class Said:
    """What the person wrote ("" for an act of theirs) and what is answered; `entries` is that for other faces."""

    text: str
    reply: str

    @property
    def entries(self) -> list[dict[str, Any]]:
        return [{"text": self.reply}]


def standing(conn: Connection, organisation: str, reference: str) -> Standing:
    """Where a case stands. NoSuchCase (404), as for one that was erased meanwhile."""
    here = (cases.c.organisation == organisation, cases.c.reference == reference)
    row = conn.execute(
        sa.select(cases.c.record, cases.c.progress, cases.c.conversation_id).where(*here)
    ).first()
    if row is None:
        raise NoSuchCase(f"There is no case {reference[:60]}.", where="reference")
    record = CaseRecord.model_validate(row.record)
    return Standing(
        record,
        row.progress,
        events.listing(conn, organisation, reference),
        clock_moves.rows_of(conn, organisation, reference),
        closing.find(conn, organisation, reference),
        _conversation(conn, organisation, row.conversation_id),
        _next_stage(conn, record),
    )


def add_words(
    conn: Connection,
    seen: Standing,
    said: Said,
    flags: Sequence[str],
    targets: tuple[str, ...],
    once: str,
    at: datetime,
) -> bool:
    """Add words to the case; False when the same page sent them before. Raises StaleConversation, NoSuchCase.

    They are kept with the conversation too, or words that are written in the chat later would push them out.
    """
    before, record = seen.conversation, seen.record
    if _said_before(conn, before, once):
        return False
    data = dict(before.data)
    if record.reference == before.reference:
        data["added_words"] = [*data.get("added_words", ()), said.text]
        data["flags"] = list(dict.fromkeys([*data.get("flags", ()), *flags]))
    _say(conn, before, said, at, data=data, once=once)
    case, kept = _locked(conn, record)
    words = "\n\n".join(filter(None, (kept.answers.get("added_words"), said.text)))
    changes = {
        "answers": {**kept.answers, "added_words": words},
        "flags": list(dict.fromkeys([*kept.flags, *flags])),
    }
    _keep(conn, case, restricted.marked(kept.model_copy(update=changes)), UPDATED, targets, at)
    return True


def flag(
    conn: Connection, seen: Standing, name: str, said: Said, targets: tuple[str, ...], at: datetime
) -> bool:
    """Mark the case with a flag, such as a wish for a person; False when it has it. StaleConversation, NoSuchCase."""
    before = seen.conversation
    if name in seen.record.flags:
        return False
    flags = list(dict.fromkeys([*before.data.get("flags", ()), name]))
    _say(conn, before, said, at, data={**before.data, "flags": flags})
    case, record = _locked(conn, seen.record)
    kept = restricted.marked(record.model_copy(update={"flags": [*record.flags, name]}))
    _keep(conn, case, kept, UPDATED, targets, at)
    return True


def correct_contact(
    conn: Connection,
    seen: Standing,
    given: Mapping[str, str | None],
    said: Said,
    targets: tuple[str, ...],
    at: datetime,
) -> list[str]:
    """Put contacts right; the names of those that changed. What they were stays in contact_changes.

    `given` may name email, phone, post and preferred_contact. The handler is told, and so is an e-mail address that
    is given up, since whoever reads it may not be who changed it. Raises StaleConversation, NoSuchCase.
    """
    before = seen.conversation
    known = seen.record.complainant.model_dump()
    changed = {name: value for name, value in given.items() if (known[name] or None) != (value or None)}
    if not changed:
        return []
    answers = dict(before.data.get("answers") or {})
    answers |= {ANSWER_OF.get(name, name): value for name, value in changed.items()}
    _say(conn, before, said, at, data={**before.data, "answers": answers})
    for reference in _of_conversation(conn, before):
        case = events.lock(conn, before.organisation, reference)
        record = CaseRecord.model_validate(case.record)
        was = record.complainant.model_dump()
        first = _note_changes(conn, case, record, changed, at)
        person = record.complainant.model_copy(update=changed)
        record = record.model_copy(update={"complainant": person})
        _keep(conn, case, record, UPDATED, targets, at)
        likeness.remember(conn, record, at)
        told = "; ".join(f"{name} was {was[name] or 'not given'}" for name in changed)
        note = f"The complainant corrected how they can be reached: {told}."
        notes.add(conn, events.lock(conn, before.organisation, reference), note, None, COMPLAINANT, at)
        detail = {"fields": sorted(changed)}
        about = f"{case.version}"
        outgoing.put(
            conn, before.organisation, reference, CORRECTED, outgoing.TO_STAFF, at, about=about, detail=detail
        )
        if "email" in changed and known["email"] and reference == seen.record.reference:
            outgoing.put(
                conn,
                before.organisation,
                reference,
                SECURITY,
                outgoing.TO_PERSON,
                at,
                about=about,
                detail={"change": first + list(changed).index("email")},
            )
    return list(changed)


def changes_of(conn: Connection, organisation: str, reference: str) -> list[dict[str, Any]]:
    """What the contacts of a case were before, the first change first."""
    query = sa.select(contact_changes).where(
        contact_changes.c.organisation == organisation, contact_changes.c.case_reference == reference
    )
    return [dict(row._mapping) for row in conn.execute(query.order_by(contact_changes.c.number))]


def withdraw(
    conn: Connection,
    seen: Standing,
    said: Said,
    compiled: CompiledPack,
    targets: tuple[str, ...],
    at: datetime,
) -> None:
    """The person takes the case back: it ends as withdrawn, its clocks stop, and it stays in every count.

    CannotHappen (409) when it has ended already. Raises StaleConversation, NoSuchCase.
    """
    _say(conn, seen.conversation, said, at)
    case, record = _locked(conn, seen.record)
    if record.state == "withdrawn":
        raise CannotHappen("The case was withdrawn before.", where="state")
    told = Closed(kind="closed", by=COMPLAINANT.name, closing=Closing(outcome="withdrawn"))
    events.record(conn, case, told, COMPLAINANT, at, compiled)
    _set_state(conn, case, record, "withdrawn", WITHDRAWN, targets, at)


def reopen(
    conn: Connection,
    seen: Standing,
    said: Said,
    compiled: CompiledPack,
    targets: tuple[str, ...],
    at: datetime,
) -> None:
    """The person takes their withdrawal back: the case goes on where it was, its clocks run to the same days.

    CannotHappen (409) when it was not them who ended it. Raises StaleConversation, NoSuchCase.
    """
    before = seen.conversation
    _say(conn, before, said, at)
    case, record = _locked(conn, seen.record)
    if record.state != "withdrawn" or before.state == "withdrawn":
        raise CannotHappen("The case was not withdrawn by the person.", where="state")
    if case.progress == "closed":
        told = Reopened(
            kind="reopened", by=COMPLAINANT.name, reason="The complainant took the withdrawal back."
        )
        events.record(conn, case, told, COMPLAINANT, at, compiled)
    _set_state(conn, case, record, before.state, REOPENED, targets, at)


def link(
    conn: Connection,
    organisation: str,
    one: str,
    other: str,
    targets: tuple[str, ...],
    writer: Writer,
    at: datetime,
) -> bool:
    """Let two cases name each other; False when they do. Both are handed over again. NoSuchCase (404)."""
    linked = False
    for reference, its in sorted(((one, other), (other, one))):
        case = events.lock(conn, organisation, reference)
        record = CaseRecord.model_validate(case.record)
        if its in record.linked:
            continue
        linked = True
        record = record.model_copy(
            update={
                "linked": [*record.linked, its],
                "possible_duplicates": [name for name in record.possible_duplicates if name != its],
            }
        )
        _keep(conn, case, record, UPDATED, targets, at, writer)
        note = f"Linked with {its}, which is about the same matter."
        notes.add(conn, events.lock(conn, organisation, reference), note, None, writer, at)
    return linked


def _set_state(
    conn: Connection,
    case: CaseAt,
    record: CaseRecord,
    state: str,
    kind: str,
    targets: tuple[str, ...],
    at: datetime,
) -> None:
    kept = record.model_copy(update={"state": state}).as_json()
    case_row.replace(conn, case.organisation, case.reference, kept, at, state=state)
    hand_over(conn, case.organisation, case.reference, kind, targets, at)
    _audit(conn, case, kept, kind, COMPLAINANT, at)


def _keep(
    conn: Connection,
    case: CaseAt,
    record: CaseRecord,
    kind: str,
    targets: tuple[str, ...],
    at: datetime,
    writer: Writer = COMPLAINANT,
) -> None:
    """The new record of a locked case, told to whoever has it; what was only signposted was handed to nobody."""
    kept = record.as_json()
    case_row.replace(conn, case.organisation, case.reference, kept, at)
    if record.state != "signposted":
        hand_over(conn, case.organisation, case.reference, kind, targets, at)
    _audit(conn, case, kept, kind, writer, at)


def _audit(
    conn: Connection, case: CaseAt, kept: dict[str, Any], kind: str, writer: Writer, at: datetime
) -> None:
    digest = audit.digest_of(kept, case.conversation_id)
    entries = [
        audit.Event(action, case.reference, writer.actor, digest, caller=writer.caller)
        for action in (audit.REPLACED, kind)
    ]
    audit.append(conn, case.organisation, at, entries)


def _locked(conn: Connection, record: CaseRecord) -> tuple[CaseAt, CaseRecord]:
    case = events.lock(conn, record.organisation, record.reference)
    return case, CaseRecord.model_validate(case.record)


def _note_changes(
    conn: Connection, case: CaseAt, record: CaseRecord, changed: Mapping[str, str | None], at: datetime
) -> int:
    """Keep what the contacts were; the number of the first of these changes."""
    here = (
        contact_changes.c.organisation == case.organisation,
        contact_changes.c.case_reference == case.reference,
    )
    last = conn.execute(sa.select(sa.func.coalesce(sa.func.max(contact_changes.c.number), 0)).where(*here))
    first = int(last.scalar_one()) + 1
    was = record.complainant.model_dump()
    key = {"organisation": case.organisation, "case_reference": case.reference, "at": at}
    rows = [
        {**key, "number": number, "field": name, "old": was[name], "new": value}
        for number, (name, value) in enumerate(changed.items(), first)
    ]
    conn.execute(contact_changes.insert(), rows)
    return first


def _next_stage(conn: Connection, record: CaseRecord) -> str | None:
    """The linked case that goes on from this one; a withdrawn one leaves the way open for another."""
    here = (cases.c.organisation == record.organisation, cases.c.reference.in_(record.linked))
    rows = (
        conn.execute(sa.select(cases.c.reference, cases.c.state, cases.c.record).where(*here))
        if record.linked
        else ()
    )
    return next(
        (
            str(row.reference)
            for row in rows
            if row.record.get("escalated_from") == record.reference and row.state != "withdrawn"
        ),
        None,
    )


def _of_conversation(conn: Connection, conversation: Conversation) -> list[str]:
    query = sa.select(cases.c.reference).where(
        cases.c.organisation == conversation.organisation, cases.c.conversation_id == conversation.id
    )
    return list(conn.execute(query.order_by(cases.c.reference)).scalars())


def _conversation(conn: Connection, organisation: str, conversation_id: str) -> Conversation:
    here = (conversations.c.organisation == organisation, conversations.c.id == conversation_id)
    return Conversation(*conn.execute(sa.select(*_COLUMNS).where(*here)).one())


def _said_before(conn: Connection, conversation: Conversation, once: str) -> bool:
    here = (
        messages.c.organisation == conversation.organisation,
        messages.c.conversation_id == conversation.id,
        messages.c.message_id == once,
    )
    return conn.execute(sa.select(messages.c.seq).where(*here)).first() is not None


def _say(
    conn: Connection,
    before: Conversation,
    said: Said,
    at: datetime,
    *,
    data: dict[str, Any] | None = None,
    once: str | None = None,
) -> None:
    """What was written and what was answered, as a turn keeps it; only the answer, where nothing was written."""
    seq = before.last_seq + (2 if said.text else 1)
    values: dict[str, Any] = {"version": before.version + 1, "last_seq": seq, "updated_at": at}
    advance(conn, before, values if data is None else {**values, "data": data})
    shared = {"organisation": before.organisation, "conversation_id": before.id, "at": at}
    rows = []
    if said.text:
        rows.append(
            {"seq": seq - 1, "role": "complainant", "text": said.text, "message_id": once, "entries": None}
            | {"in_reply_to": None}
        )
    role = "assistant" if said.text else "system"
    rows.append({"seq": seq, "role": role, "text": said.reply, "message_id": None, "entries": said.entries})
    rows[-1]["in_reply_to"] = seq - 1 if said.text else None
    conn.execute(messages.insert(), [{**shared, **row} for row in rows])
