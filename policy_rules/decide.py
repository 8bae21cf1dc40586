"""Facts and a time of receipt -> what the policy says. Pure: the time is an argument and nothing is kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

from policy_rules.calendar import FIRST_YEAR, LAST_YEAR
from policy_rules.compiled import CompiledPack, Match
from policy_rules.deadlines import Events, due, local_date, window
from policy_rules.decision import Caution, Decision, DueClock, DueDuty, Needs, Reason
from policy_rules.errors import BadInstant, UnknownFact, UnknownValue, unknown
from policy_rules.facts import VOCABULARY
from policy_rules.pack import Clock, Contact, Duty, Event, Excluded, Limited, Route
from policy_rules.space import Restricted, accepts

P = TypeVar("P", bound=Limited)

CHECK_CONTACTS_EVERY = timedelta(days=365)
# Where the policy gives no limit to answer but one to say what will be done, that is the limit shown.
ACKNOWLEDGE_KINDS = ("acknowledge",)
RESPOND_KINDS = ("respond", "inform_of_action")
NOT_YET_ANSWERED = ("none", "informal")


def parse_facts(compiled: CompiledPack, given: Mapping[str, Any], where: str = "facts") -> dict[str, str]:
    """JSON facts -> text facts. UnknownFact or UnknownValue (422) name the nearest right one."""
    facts: dict[str, str] = {}
    for name, value in given.items():
        if name not in compiled.accepted:
            raise unknown(UnknownFact, "fact", name, compiled.accepted, f"{where}.{name}")
        if value is None:
            continue
        facts[name] = _parse_value(compiled, name, value, f"{where}.{name}")
    return facts


def _parse_value(compiled: CompiledPack, name: str, value: Any, where: str) -> str:
    if name in VOCABULARY and VOCABULARY[name].is_date:
        return _parse_day(compiled, value, where)
    allowed = compiled.accepted[name]
    if isinstance(value, bool):
        text = "true" if value else "false"
    elif isinstance(value, str):
        text = value
    else:
        kind = type(value).__name__
        raise UnknownValue(
            f"{name} takes a word, not a {kind}.", where=where, found=str(value)[:60], allowed=allowed
        )
    if text not in allowed:
        raise unknown(UnknownValue, f"value of {name}", text, allowed, where)
    return text


def _parse_day(compiled: CompiledPack, value: Any, where: str) -> str:
    """An ISO date, or the local day of an RFC 3339 instant, as an ISO date."""
    text = value if isinstance(value, str) else str(value)
    try:
        day = date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        day = None
    if day is None:
        try:
            day = local_date(parse_instant(text, where), compiled.calendar)
        except BadInstant:
            raise UnknownValue(
                f"'{text[:60]}' is no date. Give a date like 2026-11-30, or an instant with an offset.",
                where=where,
                found=text[:60],
            ) from None
    if not FIRST_YEAR <= day.year < LAST_YEAR:
        raise UnknownValue(f"The year {day.year} cannot be used.", where=where, found=text[:60])
    return day.isoformat()


def parse_instant(text: Any, where: str) -> datetime:
    """An RFC 3339 instant with an offset. BadInstant (422) says what is missing."""
    if not isinstance(text, str):
        raise BadInstant(
            "An instant is text like 2026-12-24T16:45:00+00:00.", where=where, found=str(text)[:60]
        )
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise BadInstant(
            f"'{text[:60]}' is no instant. Write it like 2026-12-24T16:45:00+00:00.",
            where=where,
            found=text[:60],
        ) from None
    if moment.tzinfo is None or len(text) == 10:
        raise BadInstant(
            f"'{text[:60]}' has no offset from UTC, so the day cannot be known. Add one, for example +00:00.",
            where=where,
            found=text[:60],
        )
    if not FIRST_YEAR <= moment.year < LAST_YEAR:
        raise BadInstant(f"The year {moment.year} cannot be used.", where=where, found=text[:60])
    return moment


def decide(
    compiled: CompiledPack,
    facts: Mapping[str, str],
    received_at: datetime,
    *,
    assume: bool = False,
    first_told_at: datetime | None = None,
    original_received_at: datetime | None = None,
) -> Decision | Needs:
    """What the policy says of a case, or which facts could still change that.

    `facts` are text as from `parse_facts`; `received_at` is aware, and on an escalation is the receipt of the
    escalation. With `assume`, unknown facts take the pack's defaults and are listed in `assumed`.
    """
    if received_at.tzinfo is None:
        raise BadInstant("The time of receipt has no offset from UTC.", where="received_at")
    needs = compiled.needs(facts)
    events = _events(facts, received_at, first_told_at, original_received_at)
    if needs and not assume:
        return _partial(compiled, facts, needs, events)
    whole = compiled.with_defaults(facts)
    match = compiled.match(whole)
    if match is None:
        raise LookupError(
            f"no route of {compiled.pack.organisation.id} takes {dict(whole)}: the pack has a gap"
        )
    return _whole(compiled, whole, match, needs, events)


def _events(
    facts: Mapping[str, str], received: datetime, first_told: datetime | None, original: datetime | None
) -> Events:
    events: dict[Event, datetime | date] = {
        "received": received,
        "stage_began": received,
        "first_told": first_told or received,
    }
    if original is not None:
        events["original_received"] = original
    elif facts.get("stage_reached", "none") in NOT_YET_ANSWERED:
        events["original_received"] = received
    return events


def _whole(
    compiled: CompiledPack, facts: Mapping[str, str], match: Match, assumed: tuple[str, ...], events: Events
) -> Decision:
    pack, route = compiled.pack, match.route
    contact = pack.contacts[route.contact]
    clocks = tuple([_due_clock(clock, events, compiled) for clock in match.clocks])
    warnings = _warnings(compiled, facts, match, contact, events)
    cited = _cited(compiled, match, contact)
    return Decision(
        organisation=pack.organisation.id,
        route=route.id,
        disposition=route.disposition,
        handler=route.handler,
        stage=route.stage,
        stage_name=route.stage_name,
        acknowledge_by=_first_due(clocks, ACKNOWLEDGE_KINDS),
        respond_by=_first_due(clocks, RESPOND_KINDS),
        clocks=clocks,
        escalate_to=match.escalation.to if match.escalation else None,
        escalate_within=match.escalation.within if match.escalation else None,
        contact=_contact_json(contact),
        duties=tuple([_due_duty(duty, events, compiled) for duty in match.duties]),
        reasons=(*cited, *(Reason(w.id, w.clause, w.says) for w in warnings)),
        why_not=_why_not(compiled, facts, route),
        assumed=assumed,
        warnings=warnings,
        policy_version=pack.source.version,
        policy_sha256=compiled.sha256,
        calendar_version=compiled.calendar.version,
        readings=_readings(compiled, match, contact),
    )


def _first_due(clocks: Iterable[DueClock], kinds: tuple[str, ...]) -> date | None:
    """The date of the clock of the first of these kinds that applies."""
    by_kind = {clock.kind: clock.due for clock in clocks}
    return next((by_kind[kind] for kind in kinds if kind in by_kind), None)


def _due_clock(clock: Clock, events: Events, compiled: CompiledPack) -> DueClock:
    return DueClock(
        kind=clock.kind,
        by=clock.by,
        due=due(clock, events, compiled.calendar),
        amount=clock.amount,
        unit=clock.unit,
        from_event=clock.from_event,
        first_day=clock.first_day,
        force=clock.force,
        clause=clock.clause,
        two_readings=clock.latest is not None,
    )


def _due_duty(duty: Duty, events: Events, compiled: CompiledPack) -> DueDuty:
    return DueDuty(duty.kind, due(duty, events, compiled.calendar), duty.clause)


def _contact_json(contact: Contact) -> dict[str, str | None]:
    return {"email": contact.email, "phone": contact.phone, "post": contact.post, "url": contact.url}


def _warnings(
    compiled: CompiledPack, facts: Mapping[str, str], match: Match, contact: Contact, events: Events
) -> tuple[Caution, ...]:
    found = [Caution(w.id, w.kind, w.says, w.clause) for w in match.warnings]
    today = local_date(events["received"], compiled.calendar)
    late = _outside_window(compiled, facts, match, today)
    if late is not None:
        found.append(late)
    bodies = [contact]
    if match.escalation is not None and match.escalation.contact is not None:
        bodies.append(compiled.contacts[match.escalation.contact])
    for body in bodies:
        if body.stale is not None and today >= body.stale.since:
            found.append(Caution("stale_contact", "stale_contact", body.stale.says, body.clause))
        elif body.checked_on is not None and today - body.checked_on > CHECK_CONTACTS_EVERY:
            says = f"The contact of {body.name} was last checked on {body.checked_on.isoformat()}."
            found.append(Caution("stale_contact", "stale_contact", says, body.clause))
    review = compiled.pack.source.next_review
    if review is not None and today > review:
        says = f"The policy was due for review by {review.isoformat()}; ask whether it is still in force."
        found.append(Caution("review_overdue", "review_overdue", says, "Next Review Date"))
    return tuple(found)


def _outside_window(
    compiled: CompiledPack, facts: Mapping[str, str], match: Match, today: date
) -> Caution | None:
    answered = facts.get("previous_response_at")
    if match.window is None or answered is None:
        return None
    open_until = window(match.window, date.fromisoformat(answered), compiled.calendar)
    if today <= open_until.last_day:
        return None
    says = f"This came after {open_until.last_day.isoformat()}, the last day to take it further"
    if open_until.latest_day is not None and today <= open_until.latest_day:
        says += f", but by {open_until.latest_day.isoformat()}, the last day under the policy's other reading"
    return Caution(
        "outside_window",
        "outside_window",
        f"{says}. A person decides whether to take it.",
        match.window.clause,
        open_until.last_day,
        open_until.latest_day,
    )


def _cited(compiled: CompiledPack, match: Match, contact: Contact) -> tuple[Reason, ...]:
    parts: list[Route | Limited] = [match.route]
    if match.escalation is not None:
        parts.append(match.escalation)
    parts += [*match.clocks, *match.duties, *match.silences]
    reasons = [Reason(part.id, part.clause, part.says) for part in parts]
    reasons.append(Reason(f"contact_{match.route.contact}", contact.clause, contact.says))
    if match.escalation is not None and match.escalation.contact is not None:
        body = compiled.contacts[match.escalation.contact]
        reasons.append(Reason(f"contact_{match.escalation.contact}", body.clause, body.says))
    hours = compiled.pack.hours
    if hours is not None and match.route.contact == "complaints":
        reasons.append(Reason(hours.id, hours.clause, hours.says))
    return tuple(reasons)


def _readings(compiled: CompiledPack, match: Match, contact: Contact) -> tuple[str, ...]:
    parts: list[Route | Limited | Contact] = [match.route, contact, *match.clocks, *match.silences]
    parts += [*match.duties, *match.warnings]
    if match.window is not None:
        parts.append(match.window)
    if match.escalation is not None:
        parts.append(match.escalation)
        if match.escalation.contact is not None:
            parts.append(compiled.contacts[match.escalation.contact])
    names = [name for part in parts for name in part.readings]
    hours = compiled.pack.hours
    if hours is not None and match.route.contact == "complaints":
        names += hours.readings
    return tuple(dict.fromkeys(names))


def _why_not(compiled: CompiledPack, facts: Mapping[str, str], chosen: Route) -> tuple[tuple[str, str], ...]:
    found = []
    for route in compiled.routes:
        if route is chosen:
            break
        for fact, test in route.when.items():
            if not accepts(test, facts[fact]):
                if isinstance(test, Excluded):
                    found.append((route.id, f"{fact} is {facts[fact]}, which this rule leaves out"))
                else:
                    found.append((route.id, f"{fact} is {facts[fact]}, not {' or '.join(test)}"))
                break
    return tuple(found)


def _partial(
    compiled: CompiledPack, facts: Mapping[str, str], needs: tuple[str, ...], events: Events
) -> Needs:
    roots = [compiled.route_root, compiled.escalation_root, *compiled.part_roots.values()]
    view = compiled.under(facts, roots)
    nodes = dict(zip(compiled.part_roots, view.roots[2:], strict=True))

    def applying(parts: tuple[P, ...]) -> list[P] | None:
        """The parts that apply whatever the open facts are; None while any of them is open."""
        if not all(view.settled(nodes[part.id]) for part in parts):
            return None
        return [part for part in parts if view.value(nodes[part.id]) is True]

    certain = _certain_route(compiled, view, view.roots[0])
    if view.settled(view.roots[1]):
        index = view.value(view.roots[1])
        escalation = compiled.pack.escalations[index] if isinstance(index, int) else None
        certain["escalate_to"] = escalation.to if escalation else None
        certain["escalate_within"] = escalation.within if escalation else None
    for name, kinds in (("acknowledge_by", ACKNOWLEDGE_KINDS), ("respond_by", RESPOND_KINDS)):
        dated = applying(tuple(c for c in compiled.pack.clocks if c.kind in kinds))
        if dated is not None:
            day = _first_due((_due_clock(c, events, compiled) for c in dated), kinds)
            certain[name] = day.isoformat() if day else None
    if (clocks := applying(compiled.pack.clocks)) is not None:
        certain["clocks"] = [_due_clock(c, events, compiled).as_json() for c in clocks]
    if (duties := applying(compiled.pack.duties)) is not None:
        certain["duties"] = [_due_duty(d, events, compiled).as_json() for d in duties]
    return Needs(
        organisation=compiled.pack.organisation.id,
        needs=needs,
        certain=certain,
        policy_version=compiled.pack.source.version,
        policy_sha256=compiled.sha256,
        calendar_version=compiled.calendar.version,
    )


def _certain_route(compiled: CompiledPack, view: Restricted, root: int) -> dict[str, Any]:
    """The fields of the route on which every route that is still possible agrees."""
    certain: dict[str, Any] = {}
    routes = [compiled.routes[i] for i in view.outcomes(root) if isinstance(i, int)]
    for name in ("disposition", "handler", "stage", "stage_name"):
        seen = {getattr(route, name) for route in routes}
        if len(seen) == 1:
            certain[name] = seen.pop()
    contacts = {route.contact for route in routes}
    if len(contacts) == 1:
        certain["contact"] = _contact_json(compiled.contacts[contacts.pop()])
    return certain
