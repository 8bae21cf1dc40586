"""How a conversation ended, laid out: the reference, what happens next in words, whom to turn to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from bot.dialogue import asking, outcome
from bot.dialogue.context import NOT_OURS
from bot.dialogue.talk import Talk
from bot.forms.diary import diary, has_days
from bot.forms.visit import Visit
from bot.turn import Desk
from cases import register
from cases.record import is_withheld

_DUTIES = (("obtain_consent", "consent"), ("confirm_in_writing", "confirm_in_writing"))


@dataclass(frozen=True, slots=True)
class Matter:
    """One case: who deals with it, sentences on what happens next, and whom to turn to after that."""

    reference: str
    handler: str | None
    next: list[str]
    after: list[str]
    contact: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Ending:
    """The page of an end. `state` is that of the conversation; `notices` is what was said since."""

    state: str
    title: str
    reference: str
    matters: list[Matter] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    can_add: bool = False
    has_days: bool = False


async def ending_of(desk: Desk, visit: Visit) -> Ending:
    """The end of this visit's conversation, from the records that were kept of it."""
    words, state = visit.context.words, visit.draft.state
    titles = {
        "signposted": "signposted_title",
        "withdrawn": "withdrawn_title",
        "informal": "sent_informal_title",
    }
    title = words.say(f"form.{titles.get(state, 'sent_title')}")
    entries = visit.last_reply()
    just_now = any("outcome" in entry.get("custom", {}) for entry in entries)
    # How to reach a person stands on every page.
    own = outcome.person_message(visit.context)
    texts = [entry["text"] for entry in entries if entry.get("text")]
    notices = [] if just_now else [text for text in texts if text != own]
    if state == "withdrawn":
        return Ending(state, title, visit.reference)
    records = await _records(desk, visit)
    if state == "filed" and records and (records[0]["decision"] or {}).get("disposition") == "refer_internal":
        title = words.say("form.sent_informal_title")
    matters = [
        _matter(visit, record, told=just_now or not is_withheld(record), linked=place > 0)
        for place, record in enumerate(records)
    ]
    can_add = state in ("filed", "informal")
    days = any(has_days(visit.context, record) for record in _told(records))
    return Ending(state, title, visit.reference, matters, notices, can_add, days)


def _told(records: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The cases of which nothing is withheld from whoever wrote."""
    return [record for record in records if not is_withheld(record)]


async def diary_of(desk: Desk, visit: Visit) -> bytes:
    """The promised days as a calendar file."""
    return diary(visit.context, _told(await _records(desk, visit)), desk.clock())


async def copy_of(desk: Desk, visit: Visit) -> str:
    """The same as a text: what was answered, what was promised, and where to turn."""
    words, context = visit.context.words, visit.context
    zone = ZoneInfo(context.compiled.pack.calendar.timezone)
    lines = [words.say("form.service"), words.say("form.reference", reference=visit.reference)]
    if visit.found is not None:
        at = visit.found.updated_at.astimezone(zone)
        lines.append(f"{words.date(at.date())}, {at:%H:%M}")
    ran = await desk.runner.run("action_read_back", Talk(context, visit.draft, desk.clock()).to_read_back())
    lines += ["", words.say("form.check_title"), ""]
    for line in ran.slots["read_back"]:
        if line["id"] not in asking.NOT_READ_BACK:
            lines += [asking.label(context, visit.draft, line["id"]) + ":"]
            lines += [asking.shown(context, line["id"], line["value"], visit.draft.whom()), ""]
    if visit.draft.state != "draft":
        ending = await ending_of(desk, visit)
        lines += [ending.title, ""]
        for matter in ending.matters:
            lines += [words.say("form.reference", reference=matter.reference), *matter.next, *matter.after]
            lines += [words.say(f"person.{kind}", value=value) for kind, value in matter.contact]
    return "\n".join(lines).rstrip() + "\n"


async def _records(desk: Desk, visit: Visit) -> list[dict[str, Any]]:
    """The conversation's own case, and the one that it is linked with."""
    organisation, reference = visit.organisation, visit.reference
    first = await desk.store.read(lambda conn: register.filed_record(conn, organisation, reference))
    if first is None:
        return []
    linked: Sequence[str] = first["linked"]
    others = await desk.store.read(
        lambda conn: [register.filed_record(conn, organisation, other) for other in linked]
    )
    return [first, *(record for record in others if record is not None)]


def _matter(visit: Visit, record: Mapping[str, Any], *, told: bool, linked: bool) -> Matter:
    words, context = visit.context.words, visit.context
    reference, decision = record["reference"], record["decision"]
    if not told:
        withheld = words.say("disclosure.withheld", reference=reference)
        return Matter(reference, None, [withheld], [], [])
    if decision is None:
        return Matter(reference, None, [], [], [])
    contact = [(key, value) for key in outcome.CONTACT_KEYS if (value := decision["contact"].get(key))]
    if record["state"] == "signposted":
        return Matter(reference, decision["handler"], [], [], contact)
    if decision["disposition"] in NOT_OURS and linked:
        place = words.say("matters.elsewhere", handler=decision["handler"] or "")
        return Matter(reference, None, [place] if decision["handler"] else [], [], contact)
    if decision["disposition"] in NOT_OURS:
        own = context.compiled.pack.contacts["complaints"].model_dump()
        contact = [(key, own[key]) for key in outcome.CONTACT_KEYS if own.get(key)]
        return Matter(reference, None, [words.say("outcome.all_the_same")], [], contact)
    return Matter(
        reference,
        decision["handler"],
        _next(visit, decision, record["state"]),
        [*outcome.escalation(context, decision)],
        contact,
    )


def _next(visit: Visit, decision: Mapping[str, Any], state: str) -> list[str]:
    """What happens next and by which day, in sentences."""
    words = visit.context.words
    said = [*outcome.dates(visit.context, decision)] if state != "informal" or decision["clocks"] else []
    for warning in decision["warnings"]:
        if warning["kind"] == "outside_window":
            said.append(words.say("outcome.outside_window", date=words.date(warning["last_day"])))
    for kind, key in _DUTIES:
        if any(duty["kind"] == kind for duty in decision["duties"]):
            said.append(words.say(f"outcome.{key}"))
    return said
