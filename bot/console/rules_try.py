"""Trying a case: what would come of it under the draft, beside what comes of it now, and why; kept as an example."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from starlette.responses import Response

from bot.console import cases_words
from bot.console.permissions import Permission
from bot.console.rules_bench import Bench, Opened
from bot.console.rules_merge import Merging
from bot.console.rules_view import entry, frame
from bot.console.rules_words import address, id_of
from bot.console.site import Page, Visit
from policy_rules.compiled import CompiledPack
from policy_rules.decide import decide, parse_facts
from policy_rules.decision import Decision
from policy_rules.edits import Add, EditRefused
from policy_rules.edits import names as words
from policy_rules.edits.cells import fact_values
from policy_rules.edits.editing import free_name
from policy_rules.edits.trying import expect_edit, expected, interview
from policy_rules.edits.values import tidy
from policy_rules.errors import Refusal
from policy_rules.facts import VOCABULARY
from policy_rules.space import accepts
from policy_rules.words import listed

MOST_WHY_NOT = 30
# Of a draft that nothing is in force before.
LONDON = ZoneInfo("Europe/London")


class Trying:
    """The pages on which cases are tried."""

    def __init__(self, bench: Bench, merging: Merging) -> None:
        self._bench = bench
        self._merging = merging

    def pages(self) -> Sequence[Page]:
        """Trying one, keeping it, and the examples that come out otherwise."""
        here = "/rules/drafts/{draft}"
        return [
            Page("GET", f"{here}/try", Permission.SEE_RULES, self.show),
            Page("POST", f"{here}/try", Permission.EDIT_RULES, self.keep),
            Page("GET", f"{here}/expect", Permission.SEE_RULES, self.differing),
            Page("POST", f"{here}/expect", Permission.EDIT_RULES, self.expect),
        ]

    async def show(self, visit: Visit) -> Response:
        """The facts to choose from, and what comes of those that were chosen."""
        return await self._page(visit, await self._bench.open(visit), dict(visit.request.query_params), {})

    async def _page(
        self, visit: Visit, here: Opened, said: Mapping[str, str], errors: dict[str, str]
    ) -> Response:
        now = self._bench.desk.clock().astimezone(_zone(here))
        day = said.get("on") or now.date().isoformat()
        time = said.get("time") or f"{now:%H:%M}"
        facts, problems = _facts(here, said)
        errors = {**problems, **errors}
        received, wrong = _instant(day, time, _zone(here))
        if wrong:
            errors["on"] = wrong
        values: dict[str, Any] = {
            **await frame(visit, self._bench, here, "try"),
            "fields": _fields(here),
            "facts": facts,
            "on": day,
            "time": time,
            "errors": errors,
            "asked": "on" in said,
            "can_try": here.review.is_provable,
            "to_mend": [entry(here, note) for note in here.review.blocking[:3]],
            "seen": here.draft.revision,
            "name": said.get("name", ""),
            "because": said.get("because", ""),
            "result": None,
            "has_live": here.live.compiled is not None,
        }
        if "on" in said and received is not None and not problems:
            values |= _results(here, facts, received)
        return visit.page("workshop_try.html", values, status=422 if errors else 200)

    async def keep(self, visit: Visit) -> Response:
        """The case as a worked example of the draft."""
        here = await self._bench.open(visit)
        said = {key: value for key, value in visit.sent.items() if isinstance(value, str)}
        facts, problems = _facts(here, said)
        received, wrong = _instant(visit.said("on"), visit.said("time"), _zone(here))
        name, because = tidy(visit.said("name")), tidy(visit.said("because"))
        errors = {**problems, **({"on": wrong} if wrong else {})}
        if not name:
            errors["name"] = "Give the example a name, such as “A complaint on Christmas Eve”."
        if not because:
            errors["because"] = "Say how the policy comes to this; somebody else must be able to follow."
        compiled = here.review.compiled
        if errors or received is None or compiled is None or not here.review.is_provable:
            return await self._page(visit, here, said, errors)
        decision = _decided(compiled, facts, received)
        fields = {
            "facts": facts,
            "received_at": received.isoformat(),
            "expect": expected(decision),
            "because": because,
        }
        add = Add("examples", free_name(here.document, "examples", name), fields)
        try:
            back = address(here.draft.id, "examples")
            return await self._merging.keep(visit, here, [add], back, id_of("examples", add.name))
        except EditRefused as refusal:
            return await self._page(visit, here, said, {"name": refusal.detail})

    async def differing(self, visit: Visit) -> Response:
        """The examples that come out otherwise than they say."""
        here = await self._bench.open(visit)
        notes = [note for note in here.review.notes if note.kind == "example"]
        values = {
            **await frame(visit, self._bench, here, "examples"),
            "rows": [
                {"name": n.path[1], "id": id_of("examples", n.path[1]), "differs": _differs(n.says)}
                for n in notes
            ],
            "seen": here.draft.revision,
        }
        return visit.page("workshop_expect.html", values)

    async def expect(self, visit: Visit) -> Response:
        """Those that were ticked say from now on what comes out."""
        here = await self._bench.open(visit)
        compiled = here.review.compiled
        wanted = [str(name) for name in visit.sent.getlist("name")]
        if visit.said("all") == "yes":
            wanted = [note.path[1] for note in here.review.notes if note.kind == "example"]
        edits = [
            e for name in wanted if compiled and (e := expect_edit(compiled, here.document, name)) is not None
        ]
        back = address(here.draft.id, "expect" if len(edits) < _wrong(here) else "examples")
        return await self._merging.keep(visit, here, edits, back, "")


def _wrong(here: Opened) -> int:
    return sum(note.kind == "example" for note in here.review.notes)


def _differs(says: str) -> list[str]:
    """`... does not come out: a should be x but is y; b ...` as a list."""
    return says.partition("does not come out: ")[2].rstrip(".").split("; ")


def _zone(here: Opened) -> ZoneInfo:
    live = here.live.compiled
    return ZoneInfo(live.pack.calendar.timezone) if live is not None else LONDON


def _fields(here: Opened) -> list[dict[str, Any]]:
    """A picker for each fact that the draft uses, and for the day of the last answer."""
    document = here.document
    found = []
    known = document.get("facts")
    for fact in known if isinstance(known, dict) else ():
        dated = fact in VOCABULARY and VOCABULARY[fact].is_date
        options = [] if dated else [(v, words.value_name(fact, v)) for v in fact_values(document, fact)]
        found.append({"id": f"f-{fact}", "fact": fact, "label": words.fact_name(fact), "options": options})
    return found


def _facts(here: Opened, said: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """The facts that were chosen, and what is wrong by the id of the picker."""
    facts = {key[2:]: value for key, value in said.items() if key.startswith("f-") and value}
    errors = {}
    for fact, value in facts.items():
        known = fact in (here.document.get("facts") or {})
        dated = fact in VOCABULARY and VOCABULARY[fact].is_date
        if not known or (not dated and value not in fact_values(here.document, fact)):
            errors[f"f-{fact}"[:80]] = "This is not among the choices."
        elif dated and not _is_day(value):
            errors[f"f-{fact}"] = "Write a day such as 2026-12-01."
    return facts, errors


def _is_day(text: str) -> bool:
    try:
        return 1990 <= datetime.fromisoformat(text).year <= 2099 and len(text) == 10
    except ValueError:
        return False


def _instant(day: str, time: str, zone: ZoneInfo) -> tuple[datetime | None, str]:
    try:
        found = datetime.fromisoformat(f"{day}T{time}")
    except ValueError:
        return None, "Write a day such as 2026-12-24 and a time such as 16:45."
    if not 1990 <= found.year <= 2099 or found.tzinfo is not None:
        return None, "The year must be one from 1990 to 2099."
    return found.replace(tzinfo=zone), ""


def _decided(compiled: CompiledPack, facts: Mapping[str, str], received: datetime) -> Decision:
    made = decide(compiled, parse_facts(compiled, facts), received, assume=True)
    if not isinstance(made, Decision):
        raise Refusal("The rules leave this case open.", where="facts")
    return made


def _results(here: Opened, facts: Mapping[str, str], received: datetime) -> dict[str, Any]:
    """What comes of a case under both, why, and what the person is asked."""
    draft = here.review.compiled if here.review.is_provable else None
    live = here.live.compiled
    known = _known_to(live, facts)
    now = _decided(live, known, received) if live is not None else None
    then = _decided(draft, facts, received) if draft is not None else None
    rules, made = (draft, then) if then is not None else (live, now)
    if rules is None or made is None:
        return {}
    return {
        "result": _side_by_side(now, then),
        "why": list(made.as_json()["reasons"]),
        "why_not": _why_not(rules, facts if draft else known, made.reasons[0].rule),
        "assumed": [words.fact_name(fact) for fact in made.assumed],
        "questions": _questions(draft, facts) if draft is not None else [],
        "questions_now": _questions(live, known) if live is not None else [],
        "unknown_now": [words.fact_name(f) for f in facts if f not in known] if live is not None else [],
        "sha": made.policy_sha256[:12],
    }


def _known_to(live: CompiledPack | None, facts: Mapping[str, str]) -> dict[str, str]:
    """The facts that the rules in force know."""
    if live is None:
        return {}
    accepted = live.accepted
    return {f: v for f, v in facts.items() if f in accepted and (v in accepted[f] or not accepted[f])}


def _side_by_side(now: Decision | None, then: Decision | None) -> list[tuple[str, str, str, bool]]:
    """What is decided: the heading, under the rules in force, under the draft, and whether that differs."""
    before = {} if now is None else _lines(now)
    after = None if then is None else _lines(then)
    found = []
    for key in dict.fromkeys([*before, *(after or ())]):
        is_now = before.get(key, "none")
        would = "cannot be said yet" if after is None else after.get(key, "none")
        found.append((key, is_now, would, after is not None and now is not None and is_now != would))
    return found


def _lines(made: Decision) -> dict[str, str]:
    said = made.as_json()
    found = {
        "What is done": words.DISPOSITIONS[said["disposition"]],
        "Who deals with it": said["handler"] or "nobody",
        "Stage": said["stage_name"] or words.STAGES.get(said["stage"] or "", "no stage"),
        "Where the person turns": ", ".join(v for v in said["contact"].values() if v) or "no address",
    }
    for clock in said["clocks"]:
        when = cases_words.day(clock["due"]) if clock["due"] else "waits for another day"
        found[words.kind_name(clock["kind"])] = when
    found["Who is next"] = (
        ", ".join(v for v in (said["escalate_to"], said["escalate_within"]) if v) or "nobody"
    )
    if said["duties"]:
        found["What must be done"] = "; ".join(
            words.title(d["kind"]) + (f" by {cases_words.day(d['due'])}" if d["due"] else "")
            for d in said["duties"]
        )
    if said["warnings"]:
        found["Warnings"] = "; ".join(str(w["says"]) for w in said["warnings"])
    return found


def _why_not(compiled: CompiledPack, facts: Mapping[str, str], chosen: str) -> list[tuple[str, str]]:
    """The rules above the one that was taken, and the first thing that kept each from it."""
    whole, found = compiled.with_defaults(facts), []
    for route in compiled.routes:
        if route.id == chosen:
            break
        failing = next((fact for fact, test in route.when.items() if not accepts(test, whole[fact])), None)
        if failing is not None:
            test = route.when[failing]
            values = test if isinstance(test, tuple) else test.values
            wanted = listed(words.value_name(failing, value) for value in values)
            wanted = wanted if isinstance(test, tuple) else f"anything but {wanted}"
            is_now = words.value_name(failing, whole[failing])
            says = f"{words.fact_name(failing)} is “{is_now}”; this rule is for {wanted}."
            found.append((words.title(route.id), says))
    return found[:MOST_WHY_NOT]


def _questions(compiled: CompiledPack, facts: Mapping[str, str]) -> list[dict[str, str]]:
    """What the person is asked, in order, and with which answer it went on."""
    texts = {question.id: question.text for question in compiled.pack.questions if question.text}
    found = []
    for one in interview(compiled, facts):
        dated = one.fact in VOCABULARY and VOCABULARY[one.fact].is_date
        answer = one.answer if dated else words.value_name(one.fact, one.answer)
        text = texts.get(one.fact) or words.fact_name(one.fact)
        found.append(
            {"text": text, "answer": answer, "how": "chosen above" if one.given else "taken as usual"}
        )
    return found
