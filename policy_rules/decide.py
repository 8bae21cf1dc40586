"""Facts and a time of receipt -> what the policy says. Pure: the time is an argument and nothing is kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Any, TypeVar

from policy_rules.calendar import FIRST_YEAR, LAST_YEAR
from policy_rules.clocks import OUTSIDE, after_exit, due_clocks, due_duties, taken_exit, too_late
from policy_rules.compiled import CompiledPack, Match
from policy_rules.deadlines import Events, local_date, window
from policy_rules.decision import Caution, Decision, DueClock, Needs, Reason
from policy_rules.errors import BadInstant, UnknownFact, UnknownValue, unknown
from policy_rules.facts import VOCABULARY
from policy_rules.pack import Contact, Event, Excluded, Limited, Route
from policy_rules.space import Restricted, accepts

P = TypeVar("P", bound=Limited)

CHECK_CONTACTS_EVERY = timedelta(days=365)
# Where the policy gives no limit to answer but one to say what will be done, that is the limit shown.
ACKNOWLEDGE_KINDS = ("acknowledge",)
RESPOND_KINDS = ("respond", "inform_of_action")
NOTHING_YET: Events = MappingProxyType({})
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
        # RFC 3339 lets T and Z be small; the library does not.
        moment = datetime.fromisoformat(text.upper())
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
    events: Events = NOTHING_YET,
) -> Decision | Needs:
    """What the policy says of a case, or which facts could still change that.

    `facts` are text as from `parse_facts`; `received_at` is aware, and on an escalation is the receipt of the
    escalation. With `assume`, unknown facts take the pack's defaults and are listed in `assumed`. `events`, as from
    `clocks.parse_events`, are what happened before or since; a clock whose event is not among them has no date yet.
    """
    if received_at.tzinfo is None:
        raise BadInstant("The time of receipt has no offset from UTC.", where="received_at")
    needs = compiled.needs(facts)
    known = _events(facts, received_at, first_told_at, original_received_at)
    if events:
        known = {**events, **known}
    if needs and not assume:
        return _partial(compiled, facts, needs, known)
    whole = compiled.with_defaults(facts)
    match = compiled.match(whole)
    if match is None:
        raise LookupError(
            f"no route of {compiled.pack.organisation.id} takes {dict(whole)}: the pack has a gap"
        )
    return _whole(compiled, whole, after_exit(match, known, compiled), needs, known)


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
    clocks = due_clocks(match.clocks, events, compiled)
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
        duties=due_duties(match.duties, clocks, events, compiled),
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
    if compiled.limits:
        found += too_late(match, events, compiled, today)
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
        OUTSIDE,
        OUTSIDE,
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
    certain = _certain_route(compiled, view, view.roots[0])
    if view.settled(view.roots[1]):
        index = view.value(view.roots[1])
        escalation = compiled.pack.escalations[index] if isinstance(index, int) else None
        certain["escalate_to"] = escalation.to if escalation else None
        certain["escalate_within"] = escalation.within if escalation else None
    certain |= _Applying(compiled, view, view.roots[2:]).promises(events)
    return Needs(
        organisation=compiled.pack.organisation.id,
        needs=needs,
        certain=certain,
        policy_version=compiled.pack.source.version,
        policy_sha256=compiled.sha256,
        calendar_version=compiled.calendar.version,
    )


class _Applying:
    """Which clocks and duties apply whatever the open facts are; `roots` are those of the compiled pack's parts."""

    def __init__(self, compiled: CompiledPack, view: Restricted, roots: Sequence[int]) -> None:
        self._compiled = compiled
        self._view = view
        self._nodes = dict(zip(compiled.part_roots, roots, strict=True))

    def of(self, parts: Iterable[P]) -> list[P] | None:
        """The parts that apply; None while any of them is open."""
        nodes = [(part, self._nodes[part.id]) for part in parts]
        if not all(self._view.settled(node) for _, node in nodes):
            return None
        return [part for part, node in nodes if self._view.value(node) is True]

    def promises(self, events: Events) -> dict[str, Any]:
        """The dates, clocks and duties that are certain, as a Decision shows them; those that are open are absent."""
        compiled, pack = self._compiled, self._compiled.pack
        if "resolved" in events and (exits := self.of(compiled.early_exits)) != []:
            exit_taken = taken_exit(exits or (), events, compiled)
            if exit_taken is not None:
                shown = [clock.as_json() for clock in due_clocks([exit_taken], events, compiled)]
                return {"acknowledge_by": None, "respond_by": None, "clocks": shown, "duties": []}
            if exits is None:
                return {}
        certain: dict[str, Any] = {}
        for name, kinds in (("acknowledge_by", ACKNOWLEDGE_KINDS), ("respond_by", RESPOND_KINDS)):
            dated = self.of(c for c in pack.clocks if c.kind in kinds)
            if dated is not None:
                day = _first_due(due_clocks(dated, events, compiled), kinds)
                certain[name] = day.isoformat() if day else None
        if (clocks := self.of(pack.clocks)) is not None:
            certain["clocks"] = [clock.as_json() for clock in due_clocks(clocks, events, compiled)]
        joined = {duty.together_with for duty in pack.duties}
        beside = self.of(c for c in pack.clocks if c.kind in joined)
        if beside is not None and (duties := self.of(pack.duties)) is not None:
            dates = due_clocks(beside, events, compiled)
            certain["duties"] = [duty.as_json() for duty in due_duties(duties, dates, events, compiled)]
        return certain


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
