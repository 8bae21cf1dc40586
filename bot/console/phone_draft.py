"""A complaint that staff write down: the conversation behind the page, and what a form of it changes in it.

It is an ordinary conversation of the interview (bot.turn), held by staff: each save is a turn, so that what is said to
be saved is on disk. Nobody holds a key to it; staff open it by its reference.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.dialogue.context import Context
from bot.dialogue.draft import Draft
from bot.dialogue.talk import CHECK
from bot.messages import Incoming, TurnReply
from bot.turn import Desk, context_of, received_at, take_turn
from cases import logged
from cases.events import Writer
from policy_rules.questions import Question

ZONE = ZoneInfo("Europe/London")
CHANNELS = ("phone", "voicemail", "in_person", "post", "email", "via_staff", "social_media")
# Somebody is there, and can agree to what is read back.
LIVE = ("phone", "in_person")
UNKNOWN = "?"
AGREED = "agreed_by_caller_at"
NOT_READ_BACK = "not read back"
# The clock of whoever writes it down may be a little ahead of ours.
AHEAD = timedelta(minutes=5)
LONGEST = 64 * 1024
_PROBLEMS = {"email": "bad_email", "phone": "bad_phone", "date": "bad_date"}
# Left out one after another when it is filed; an interview has fewer questions than this.
_MOST_LEFT = 60


@dataclass(slots=True)
class Sitting:
    """A draft in hand. `reference` is "" until the first save. `errors` maps the id of a field to what is wrong."""

    desk: Desk
    organisation: str
    writer: Writer
    key_hash: str
    reference: str = ""
    draft: Draft = field(default_factory=lambda: Draft(channel="phone"))
    errors: dict[str, str] = field(default_factory=dict)
    last: TurnReply | None = None

    @property
    def context(self) -> Context:
        """The words and rules that it is held with."""
        at = received_at(self.draft)
        return context_of(self.desk, self.organisation, self.draft.language, self.reference, at)

    async def load(self) -> None:
        """Read it as it stands now. NoSuchCase (404) where staff of this organisation began none such."""
        store = self.desk.store
        found = await store.read(lambda conn: logged.written_down(conn, self.organisation, self.reference))
        self.key_hash = found.key_hash
        self.draft = Draft.model_validate(found.conversation.data)

    async def say(
        self,
        text: str,
        answers: str | None = None,
        channel: str | None = None,
        received: datetime | None = None,
    ) -> TurnReply:
        """One turn, in the name of whoever is signed in."""
        incoming = Incoming(
            organisation=self.organisation,
            sender="",
            text=text,
            message_id=f"page:{uuid.uuid4().hex}",
            channel=channel or self.draft.channel,
            received_at=received,
            recorded_by=self.writer.name,
            answers=answers,
        )
        began = not self.reference
        self.last = await take_turn(self.desk, incoming, key_hash=self.key_hash)
        self.reference = self.last.reference
        if began:
            await self.tell(logged.BEGUN)
        await self.load()
        return self.last

    async def tell(self, action: str) -> None:
        """Keep in the audit trail who did this."""
        now, reference = self.desk.clock(), self.reference
        await self.desk.store.write(
            lambda conn: logged.tell(conn, self.organisation, reference, action, self.writer, now)
        )


def begun(desk: Desk, organisation: str, writer: Writer, token: str) -> Sitting:
    """A draft that a page has begun: the same page sent twice is one draft."""
    key = hashlib.sha256(f"page/{writer.caller}/{token}".encode()).hexdigest()
    return Sitting(desk, organisation, writer, key)


async def opened(desk: Desk, organisation: str, writer: Writer, reference: str) -> Sitting:
    """The draft of that reference. NoSuchCase (404)."""
    sitting = Sitting(desk, organisation, writer, "", reference.strip().upper())
    await sitting.load()
    return sitting


def received_of(fields: Mapping[str, str], now: datetime) -> tuple[datetime | None, str | None]:
    """When it came, from the fields of day and time (those of London); or what is wrong with them."""
    try:
        local = datetime.fromisoformat(f"{fields.get('received_on', '')}T{fields.get('received_time', '')}")
    except ValueError:
        return None, "Give the day and the time at which it came, such as 24 November 2026 and 10:15."
    at = local.replace(tzinfo=ZONE).astimezone(UTC)
    if at > now + AHEAD:
        here = now.astimezone(ZONE)
        return None, f"It cannot have come then: it is {here:%H:%M} on {here.day} {here:%B %Y} now."
    return at, None


async def save(sitting: Sitting, fields: Mapping[str, str], asked: Sequence[str]) -> None:
    """Keep what a form holds of the questions in `asked`; of what cannot be kept, `errors` says why.

    The rest is kept all the same: nothing that is right waits for what is wrong.
    """
    received = await _about_the_call(sitting, fields)
    questions = sitting.context.questions
    wanted: dict[str, str | None] = {}
    skipped: list[str] = []
    for name in asked:
        question = questions.get(name)
        if question is None or name in ("story", CHECK):
            continue
        told = _told(question, fields)
        if told == UNKNOWN:
            if question.optional and sitting.draft.how.get(name) != "skipped":
                skipped.append(name)
        elif told != sitting.draft.answers.get(name, "") or sitting.draft.how.get(name) == "skipped":
            wanted[name] = told or None
    wanted = {n: v for n, v in wanted.items() if v is not None or n in sitting.draft.answers}
    _name_the_caller(sitting, fields, wanted)
    # What was suggested and stands as it was shown is no change.
    changed = bool(skipped) or any(v != sitting.draft.proposed.get(n) for n, v in wanted.items())
    if "story" in asked:
        changed = (
            await _keep_story(sitting, fields.get("story", "").replace("\r\n", "\n"), received) or changed
        )
    await _keep(sitting, wanted)
    for name in skipped:
        await sitting.say("/skip", answers=name)
    await _agree(sitting, fields, changed=changed)


async def _about_the_call(sitting: Sitting, fields: Mapping[str, str]) -> datetime | None:
    """How it came and when; the draft begins with this."""
    channel = fields.get("channel", "phone")
    if channel not in CHANNELS:
        sitting.errors["channel"] = "Choose how it came."
        channel = sitting.draft.channel
    received, problem = received_of(fields, sitting.desk.clock())
    if problem is not None:
        sitting.errors["received_on"] = problem
    known = sitting.draft.received_at
    moved = received is not None and (known is None or datetime.fromisoformat(known) != received)
    if not sitting.reference:
        await sitting.say("", channel=channel, received=received)
    elif moved or channel != sitting.draft.channel:
        await sitting.say("/inform{}", channel=channel, received=received)
    return received


async def _keep_story(sitting: Sitting, story: str, received: datetime | None) -> bool:
    """The caller's words as they are; what they suggest is proposed."""
    if not story.strip() or story == sitting.draft.answers.get("story"):
        return False
    if len(story.encode("utf-8", "replace")) > LONGEST:
        sitting.errors["story"] = (
            "This is longer than 64 KiB. Keep the first part here, and add the rest later."
        )
        return False
    if story.lstrip().startswith("/"):
        await sitting.say(_slots({"story": story}))
    else:
        await sitting.say(story, answers="story")
    if sitting.draft.answers.get("story") != story:
        sitting.errors["story"] = "Write down what the caller says has happened, in a sentence or two."
    return True


async def _keep(sitting: Sitting, wanted: Mapping[str, str | None]) -> None:
    """Set answers in one turn; those that were refused are named with their field."""
    if not wanted:
        return
    await sitting.say(_slots(wanted))
    words, questions = sitting.context.words, sitting.context.questions
    for name, value in wanted.items():
        if value is None or sitting.draft.state != "draft":
            continue
        question = questions.get(name)
        if sitting.draft.answers.get(name) is None or (
            question is not None and question.kind in _PROBLEMS and sitting.draft.answers[name] != value
        ):
            kind = question.kind if question is not None else ""
            sitting.errors[name] = words.say(f"problems.{_PROBLEMS.get(kind, 'not_a_choice')}")


def _told(question: Question, fields: Mapping[str, str]) -> str:
    """What a form says of a question: its text, UNKNOWN, or "" where nothing was entered."""
    value = fields.get(question.id, "").replace("\r\n", "\n")
    kept = value if question.kind in ("text", "file") else value.strip()
    if fields.get(f"not-{question.id}") and not kept.strip():
        return UNKNOWN
    return UNKNOWN if value.strip() == UNKNOWN else kept if kept.strip() else ""


def _name_the_caller(sitting: Sitting, fields: Mapping[str, str], wanted: dict[str, str | None]) -> None:
    """Who is on the phone: the complainant, or whoever complains for them; and how they can be reached."""
    answers = sitting.draft.answers
    behalf = wanted.get(
        "on_behalf_of", answers.get("on_behalf_of", sitting.draft.proposed.get("on_behalf_of"))
    )
    mine, other = "complainant_name", "representative_name"
    if behalf == "other":
        mine, other = other, mine
    if "caller_name" in fields:
        name = fields["caller_name"].strip()
        if name != (answers.get(mine) or ""):
            wanted[mine] = name or None
        if name and mine not in answers and answers.get(other) == name and other not in wanted:
            # It was taken for that of the other before it was said who complains.
            wanted[other] = None
    for field_id, answer in (("caller_phone", "contact_phone"), ("member_number", "member_number")):
        if field_id in fields and fields[field_id].strip() != (answers.get(answer) or ""):
            wanted[answer] = fields[field_id].strip() or None


async def _agree(sitting: Sitting, fields: Mapping[str, str], *, changed: bool) -> None:
    """That the caller agreed, and when. What changes afterwards, they have not agreed to."""
    if sitting.draft.state != "draft":
        return
    known, said = sitting.draft.answers.get(AGREED), fields.get("agreed", "")
    stale = changed and known not in (None, NOT_READ_BACK)
    now = sitting.desk.clock().astimezone(ZONE).isoformat(timespec="minutes")
    if "agreed" in fields and "agreed-shown" in fields and not (stale and said == "yes"):
        value = {"yes": known if known not in (None, NOT_READ_BACK) else now, "no": NOT_READ_BACK}.get(said)
        if value != known:
            await sitting.say(_slots({AGREED: value}))
    elif stale:
        await sitting.say(_slots({AGREED: None}))


async def file(sitting: Sitting, required: Sequence[str]) -> bool:
    """Leave out what was not given, and send; False where something that must be known is not, as `errors` says."""
    draft = sitting.draft
    for name in required:
        if name not in draft.answers:
            sitting.errors.setdefault(
                name, _WHY_REQUIRED.get(name, "Choose an answer, or that it is not known.")
            )
    if draft.channel in LIVE and AGREED not in draft.answers:
        sitting.errors.setdefault(AGREED, "Read it back to the caller, and say whether they agree.")
    if sitting.errors or draft.state != "draft":
        return draft.state != "draft"
    for _ in range(_MOST_LEFT):
        if sitting.draft.state != "draft":
            break
        pending = sitting.draft.pending
        if pending == CHECK:
            await sitting.say(f"/SetSlots({CHECK}=send)")
        else:
            await sitting.say("/skip", answers=pending)
    else:
        raise LookupError(f"the interview of {sitting.reference} does not end at {sitting.draft.pending}")
    await sitting.tell(logged.LOGGED)
    return True


_WHY_REQUIRED = {
    "story": "Write down what the caller says has happened.",
    "still_complain": "Tell the caller where this belongs, and ask whether to send it all the same.",
}


def _slots(values: Mapping[str, Any]) -> str:
    """A message that sets answers, whatever characters they hold."""
    return f"/inform{json.dumps(dict(values), ensure_ascii=False)}"
