"""Decisions in words: dates, contacts, where to turn, and what happens next. Nothing here that no Decision says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from bot.dialogue.context import NOT_OURS, Context

CONTACT_KEYS = ("email", "phone", "post", "url")
_DATED = ("acknowledge", "respond", "inform_of_action", "resolve_aim", "written_record")
_SOFT = ("aims", "normally", "where_possible")


def contact_lines(context: Context, contact: Mapping[str, str | None]) -> list[str]:
    """A contact, one line for each way to reach it that the policy prints."""
    found = [(key, contact.get(key)) for key in CONTACT_KEYS]
    return [context.words.say(f"person.{key}", value=value) for key, value in found if value]


def person_message(context: Context) -> str:
    """How to reach a person, and when: from the pack."""
    pack, words = context.compiled.pack, context.words
    reach = contact_lines(context, pack.contacts["complaints"].model_dump())
    if not reach:
        reach = next(
            (
                lines
                for key, contact in pack.contacts.items()
                if key != "complaints" and (lines := contact_lines(context, contact.model_dump()))
            ),
            [],
        )
    key = "person.intro" if reach else "person.nobody"
    lines = [words.say(key, reference=context.reference), *reach]
    if pack.hours is not None and reach:
        hours = pack.hours
        days = words.days(hours.days)
        lines.append(words.say("person.hours", opens=hours.opens, closes=hours.closes, days=days))
        if hours.bank_holidays == "closed":
            lines.append(words.say("person.closed"))
    return "\n".join(lines)


def promises(context: Context, decision: Mapping[str, Any]) -> Iterator[tuple[str, date, str]]:
    """What the organisation promises: the kind of each clock, its last day, and the sentence that tells it."""
    words = context.words
    for clock in _of_ours(decision):
        day = words.date(clock["due"])
        if clock["kind"] in _DATED:
            says = words.say(f"outcome.{clock['kind']}", date=day)
        else:
            says = words.say("outcome.other_clock", kind=words.clock_name(clock["kind"]), date=day)
        yield clock["kind"], date.fromisoformat(clock["due"]), says


def _of_ours(decision: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [c for c in decision["clocks"] if c["by"] == "organisation" and c["due"]]


def dates(context: Context, decision: Mapping[str, Any]) -> Iterator[str]:
    """The promised dates of a decision in words, and its silences."""
    words, clocks = context.words, _of_ours(decision)
    yield from (says for _, _, says in promises(context, decision))
    if clocks and all(clock["force"] in _SOFT for clock in clocks):
        yield words.say("outcome.aims")
    yield from silences(context, decision)


def silences(context: Context, decision: Mapping[str, Any]) -> Iterator[str]:
    """What a policy gives no date for, and people would wait for."""
    words = context.words
    if decision["disposition"] in ("accept", "accept_and_signpost"):
        if decision["acknowledge_by"] is None:
            yield words.say("outcome.no_acknowledge")
        if decision["respond_by"] is None:
            yield words.say("outcome.no_respond")


def escalation(context: Context, decision: Mapping[str, Any]) -> Iterator[str]:
    if decision["escalate_to"]:
        yield context.words.say("outcome.escalate", escalate=decision["escalate_to"])
        if decision["escalate_within"]:
            within = context.words.time(decision["escalate_within"])
            yield context.words.say("outcome.escalate_within", within=within)


def signpost(context: Context, decision: Mapping[str, Any]) -> list[str]:
    """Why this is for somebody else, where to go, and what happens if that does not help."""
    words = context.words
    lines = []
    if decision["disposition"] == "close_no_further_action":
        lines.append(words.say("signpost.closed"))
    else:
        key = (
            "first"
            if decision["escalate_to"]
            else "in_house"
            if _in_house(context, decision)
            else "elsewhere"
        )
        lines.append(words.say(f"signpost.{key}", handler=decision["handler"]))
    reason = decision["reasons"][0]
    lines.append(words.say("signpost.why", says=reason["says"].rstrip("."), clause=reason["clause"]))
    if decision["disposition"] == "close_no_further_action":
        return ["\n".join(lines)]
    reach = contact_lines(context, decision["contact"])
    lines += [words.say("signpost.where"), *reach] if reach else [words.say("signpost.no_contact")]
    lines += [warning["says"] for warning in decision["warnings"] if warning["kind"] == "stale_contact"]
    if decision["escalate_to"]:
        lines.append(words.say("signpost.next", escalate=decision["escalate_to"]))
    return ["\n".join(lines)]


def _in_house(context: Context, decision: Mapping[str, Any]) -> bool:
    """Whether a signpost stays within the organisation: its address is the organisation's own."""
    own = context.compiled.pack.contacts["complaints"].model_dump(include=set(CONTACT_KEYS))
    return any(value and value == own.get(key) for key, value in decision["contact"].items())


def _all_the_same(context: Context) -> list[str]:
    """Sent although it belongs elsewhere: no date is promised, and a person decides."""
    words, reference = context.words, context.reference
    first = [words.say("outcome.filed", reference=reference), words.say("outcome.all_the_same")]
    reach = contact_lines(context, context.compiled.pack.contacts["complaints"].model_dump())
    after = [words.say("outcome.contact", reference=reference), *reach] if reach else []
    return ["\n".join(part) for part in (first, after) if part]


def second(context: Context, reference: str, decision: Mapping[str, Any]) -> str:
    """The confirmation of a second matter, filed as a case of its own."""
    words = context.words
    lines = [words.say("matters.filed", reference=reference)]
    if decision["handler"]:
        key = "elsewhere" if decision["disposition"] in NOT_OURS else "handler"
        lines.append(words.say(f"matters.{key}", handler=decision["handler"]))
    if decision["disposition"] in NOT_OURS:
        lines += contact_lines(context, decision["contact"])
    return "\n".join([*lines, *dates(context, decision)])


def filed(context: Context, decision: Mapping[str, Any], state: str) -> list[str]:
    """The confirmation: the reference, who handles it, every date, what comes after, and how to reach them."""
    words = context.words
    if decision["disposition"] in NOT_OURS:
        return _all_the_same(context)
    referred = decision["disposition"] == "refer_internal"
    key = "filed_referral" if referred else "filed_informal" if state == "informal" else "filed"
    first = [words.say(f"outcome.{key}", reference=context.reference)]
    if decision["handler"]:
        first.append(words.say("outcome.handler", handler=decision["handler"]))
    when = [*dates(context, decision)] if state != "informal" or decision["clocks"] else []
    when += cautions(context, decision)
    after = [*escalation(context, decision)]
    reach = contact_lines(context, decision["contact"])
    if reach:
        after += [words.say("outcome.contact", reference=context.reference), *reach]
    return ["\n".join(part) for part in (first, when, after) if part]


def cautions(context: Context, decision: Mapping[str, Any]) -> Iterator[str]:
    """What a person must know beside the dates: a window that had passed, a consent or a letter that is wanted."""
    words = context.words
    for warning in decision["warnings"]:
        if warning["kind"] == "outside_window":
            yield words.say("outcome.outside_window", date=words.date(warning["last_day"]))
        elif warning["kind"] == "conflict":
            # Whom it goes to may be whom it is about: who can be asked instead is for the person to know.
            yield warning["says"]
    for kind, key in (("obtain_consent", "consent"), ("confirm_in_writing", "confirm_in_writing")):
        if any(duty["kind"] == kind for duty in decision["duties"]):
            yield words.say(f"outcome.{key}")


def notes(context: Context, decision: Mapping[str, Any] | None, state: str) -> list[str]:
    """The sentences that a face has to show beside a decision which it lays out itself."""
    words = context.words
    if decision is None or state == "withdrawn":
        return [words.say("outcome.withdrawn")]
    if state == "signposted":
        return [words.say("outcome.come_back")]
    if decision["disposition"] in NOT_OURS:
        return [words.say("outcome.all_the_same")]
    found = [*silences(context, decision)] if state != "informal" or decision["clocks"] else []
    return [*found, *cautions(context, decision)]
