"""What staff do with a case: a page for each thing, which shows the case's version back when it is sent.

A page that is stale (somebody else was quicker) changes nothing: it is shown again with what was typed, what has
happened meanwhile, and the version of now. What is done is one transaction with its entry in the audit trail.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from typing import Any, Literal

from pydantic import ValidationError
from starlette.responses import Response

from bot.console import cases_words as words
from bot.console.permissions import Permission
from bot.console.site import Console, Page, Visit
from bot.posting import PostOffice
from bot.turn import pack_of
from cases import clock_moves, closing, events, letters_sent, listing, notes, told
from cases.clock_moves import ClockRow
from cases.effects import CannotHappen, CaseAt
from cases.events import Moved
from cases.listing import Place
from cases.officers import Connection
from handoff.letters import Bookcase, as_text
from policy_rules.compiled import CompiledPack
from policy_rules.errors import Refusal

Kind = Literal["text", "area", "date", "select", "checks", "check"]
LONGEST = 20_000


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a form. `options` are value and name; `needed` says what is missing when it is empty."""

    id: str
    label: str
    kind: Kind
    hint: str = ""
    needed: str = ""
    options: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Act:
    """One thing to do: `fields` of its form, and what it tells of the case from what was typed."""

    name: str
    label: str
    says: str
    done: str
    button: str
    fields: tuple[Field, ...]
    tells: Callable[[Mapping[str, Any]], dict[str, Any]] | None = None


ON = Field("on", "On which day", "date", "Today, if you leave it.")
REASON = Field("reason", "Why", "area", "The person may be told.", "Say why.")
LETTER = Field("letter", "Send the person the letter that says so", "check")


def _named(values: Sequence[str]) -> tuple[tuple[str, str], ...]:
    return tuple((value, words.plain(value)) for value in values)


CLOSE = (
    Field("outcome", "Outcome", "select", needed="Choose how it ended.", options=_named(closing.OUTCOMES)),
    Field("remedies", "What was put right", "checks", options=_named(closing.REMEDIES)),
    Field("remedy_given", "The remedy in words", "area", "Such as an amount, or what was explained."),
    Field(
        "cause", "Cause", "select", "Needed where the complaint was upheld.", options=_named(closing.CAUSES)
    ),
    Field("cause_found", "The cause in words", "area"),
    Field("lesson", "Lesson", "area", "What was learned, and what is done so that it stays away."),
    Field("failure_in_assessment", "It uncovered a failure in an assessment process", "check"),
)


def _closing(typed: Mapping[str, Any]) -> dict[str, Any]:
    texts = {name: typed[name] or None for name in ("remedy_given", "cause", "cause_found", "lesson")}
    return {
        "closing": {
            **texts,
            "outcome": typed["outcome"],
            "remedies": typed["remedies"],
            "failure_in_assessment": typed["failure_in_assessment"],
        }
    }


def _extended(typed: Mapping[str, Any]) -> dict[str, Any]:
    return {name: typed[name] for name in ("to", "reason", "clock", "agreed")}


def _why(typed: Mapping[str, Any]) -> dict[str, Any]:
    return {"reason": typed["reason"]}


def _nothing(typed: Mapping[str, Any]) -> dict[str, Any]:
    del typed
    return {}


# The event of each act that is one.
EVENT = {
    "acknowledge": "acknowledged",
    "record": "recorded",
    "respond": "responded",
    "extend": "extended",
    "pause": "paused",
    "resume": "resumed",
    "close": "closed",
    "reopen": "reopened",
}
ACTS = {
    act.name: act
    for act in (
        Act("acknowledge", "Note as acknowledged", "Note that the person was told that their complaint arrived.",
            "Kept: the complaint is acknowledged.", "Note it as acknowledged", (ON,), _nothing),
        Act("respond", "Note as answered", "The answer has reached the person. Their time to go further begins.",
            "Kept: the complaint is answered.", "Note it as answered", (ON,), _nothing),
        Act("record", "Note the record as sent", "Note that the person has the written record of what they said.",
            "Kept: the written record was sent.", "Note it as sent", (ON,), _nothing),
        Act("note", "Write a note", "The person is not shown notes, but may ask for them by law.",
            "The note is kept.", "Keep the note", (Field("text", "Note", "area", needed="Write the note."),)),
        Act("hold", "Send a holding letter", "The person is told that the case is still being looked into, and what is "
            "promised. No clock stops.", "The letter is on its way.", "Send the letter",
            (Field("text", "Your own words in it", "area", "Such as what you are waiting for."),)),
        Act("extend", "Take more time", "Move a promise to a later day, as far as the policy allows. The first promise "
            "stays beside it.", "Kept: there is a new day.", "Take more time",
            (Field("clock", "Which promise", "select", needed="Choose a promise."),
             Field("to", "New last day", "date", needed="Give the new day."), REASON,
             Field("agreed", "The person has agreed", "check"), LETTER), _extended),
        Act("pause", "Stop the clocks", "Clocks stand still where the policy lets them, from today on.",
            "Kept: clocks stand still.", "Stop the clocks", (REASON,), _why),
        Act("resume", "Run the clocks again", "The last days move by the days that the clocks stood still.",
            "Kept: clocks run again.", "Run them again", (), _nothing),
        Act("close", "Close the case", "Say how it ended, what was put right, why it came to it, and what was learned.",
            "Kept: the case is closed.", "Close the case", CLOSE, _closing),
        Act("reopen", "Reopen the case", "The case goes on where it was, with the days that it had.",
            "Kept: the case is open again.", "Reopen the case", (REASON,), _why),
    )
}  # fmt: skip
LABELS = {name: act.label for name, act in ACTS.items()} | {
    "reroute": "Send it to somebody else",
    "talk": "Write to the person",
}
DONE = {name: act.done for name, act in ACTS.items()} | {
    "reroute": "Kept: the case went to somebody else, and its days were counted again.",
    **words.RETRIED,
}


@dataclass(frozen=True, slots=True)
class Offer:
    """A thing that can be done with the case as it stands."""

    name: str
    label: str


def offered(whole: Mapping[str, Any], clocks: Sequence[ClockRow], compiled: CompiledPack) -> list[Offer]:
    """What can be done, the likeliest first."""
    progress, record = whole["progress"], whole["record"]
    if progress == "closed":
        return [Offer(name, LABELS[name]) for name in ("reopen", "note", "talk")]
    found = ["respond"] if progress != "responded" else []
    if progress == "received":
        found.insert(0, "acknowledge")
    if any(row.kind == "written_record" and row.is_open for row in clocks):
        found.append("record")
    found += ["note", "hold"]
    rules = {row.kind: clock_moves.clock_of(row, record, compiled) for row in clocks if row.is_open}
    if any(rules[row.kind].extension for row in clocks if row.kind in rules and row.state == "running"):
        found.append("extend")
    if any(rules[row.kind].may_stop for row in clocks if row.kind in rules and row.state == "running"):
        found.append("pause")
    if any(row.state == "paused" for row in clocks):
        found.append("resume")
    return [Offer(name, LABELS[name]) for name in (*found, "talk", "reroute", "close")]


class Acts:
    """The pages of what is done with a case."""

    def __init__(self, console: Console) -> None:
        self._desk = console.desk
        self._post = PostOffice(
            self._desk.packs,
            self._desk.overlays,
            Bookcase(console.settings.overlays_dir),
            self._desk.clock,
            pages=console.settings.people_see_cases_at,
        )
        self._can_mail = bool(console.settings.smtp_host)

    def pages(self) -> Sequence[Page]:
        """Two of each: the form, and what it sends."""
        found = []
        for name in ACTS:
            path = f"/cases/{{reference}}/{name}"
            found.append(Page("GET", path, Permission.WORK_ON_CASES, self._shows(name)))
            found.append(Page("POST", path, Permission.WORK_ON_CASES, self._does(name)))
        return found

    def _shows(self, name: str) -> Any:
        async def show(visit: Visit) -> Response:
            here = await visit.case(visit.request.path_params["reference"])
            return await self._page(visit, here, ACTS[name], {}, {})

        return show

    def _does(self, name: str) -> Any:
        async def do(visit: Visit) -> Response:
            here = await visit.case(visit.request.path_params["reference"])
            return await self._do(visit, here, ACTS[name])

        return do

    async def _do(self, visit: Visit, here: Place, act: Act) -> Response:
        typed = typed_of(visit, act.fields)
        errors = faults_of(act.fields, typed)
        seen = version_of(visit)
        if visit.said("look"):
            return await self._page(visit, here, act, typed, errors, seen=seen)
        if errors:
            return await self._page(visit, here, act, typed, errors, seen=seen)
        try:
            compiled = await pack_of(self._desk, here.organisation, here.reference)
            work = self._work(visit, act, typed, seen, compiled)
            await self._desk.store.write(lambda conn: work(conn, here))
        except Moved:
            return await self._page(visit, here, act, typed, {}, stale=True)
        except Refusal as refusal:
            at = refusal.where if refusal.where in {field.id for field in act.fields} else "act"
            return await self._page(visit, here, act, typed, {at or "act": refusal.detail}, seen=seen)
        self._desk.wake_delivery()
        return visit.go(f"/cases/{here.reference}?done={act.name}")

    def _work(
        self,
        visit: Visit,
        act: Act,
        typed: Mapping[str, Any],
        seen: int | None,
        compiled: CompiledPack,
    ) -> Callable[[Connection, Place], None]:
        """What is done, as one transaction on a locked case."""
        now, writer = self._desk.clock(), visit.writer
        happened = None if act.tells is None else _event(act, typed, now)

        def work(conn: Connection, here: Place) -> None:
            case = events.lock(conn, here.organisation, here.reference)
            events.require_version(case, (-1 if seen is None else seen,))
            if happened is not None:
                events.record(conn, case, happened, writer, now, compiled)
                if typed.get("letter"):
                    letters_sent.send(conn, case, "extension", "", writer, now, can_mail=self._can_mail)
            elif act.name == "hold":
                if case.progress == "closed":
                    raise CannotHappen("The case is closed; reopen it first.", where="act")
                self._compose(conn, case, "holding", typed["text"])
                letters_sent.send(conn, case, "holding", typed["text"], writer, now, can_mail=self._can_mail)
                text = f"A holding letter was sent.\n\n{typed['text']}".strip()
                notes.add(conn, case, text, None, writer, now)
            else:
                notes.add(conn, case, typed["text"], None, writer, now)

        return work

    def _compose(self, conn: Connection, case: CaseAt, kind: str, note: str) -> str:
        """The letter as text; NotToBeTold (409) where it may not be written."""
        clocks = letters_sent.clocks_of(conn, case.organisation, case.reference)
        return as_text(self._post.letter(kind, case.record, clocks=clocks, note=note))

    async def _page(
        self,
        visit: Visit,
        here: Place,
        act: Act,
        typed: Mapping[str, Any],
        errors: Mapping[str, str],
        *,
        seen: int | None = None,
        stale: bool = False,
    ) -> Response:
        """The form; 422 with what is wrong, 412 where the case has changed meanwhile."""
        state = await self._desk.store.read(lambda conn: _state(conn, here))
        compiled = await pack_of(self._desk, here.organisation, here.reference)
        fields = tuple(self._filled(field, state, compiled) for field in act.fields)
        letter, blocked = await self._letter(here, act, str(typed.get("text") or ""))
        values = {
            "title": f"{act.label}: {here.reference}",
            "reference": here.reference,
            "act": act,
            "fields": fields,
            "typed": {**{field.id: [] if field.kind == "checks" else "" for field in fields}, **typed},
            "errors": errors,
            "version": state["version"] if seen is None else seen,
            "stale": stale,
            "since": state["since"],
            "offered": act.name in {offer.name for offer in offered(state, state["rows"], compiled)},
            "letter": letter,
            "blocked": blocked,
            "name": (state["record"]["complainant"] or {}).get("name"),
        }
        status = 412 if stale else 422 if errors else 200
        return visit.page("case_act.html", values, status=status)

    async def _letter(self, here: Place, act: Act, note: str) -> tuple[str, str]:
        """A look at the letter, or why there is none."""
        if act.name != "hold":
            return "", ""

        def look(conn: Connection) -> tuple[str, str]:
            whole = listing.whole(conn, here)
            clocks = letters_sent.clocks_of(conn, here.organisation, here.reference)
            try:
                letters_sent.require_way(whole["record"], can_mail=self._can_mail)
                return as_text(self._post.letter("holding", whole["record"], clocks=clocks, note=note)), ""
            except Refusal as refusal:
                return "", refusal.detail

        return await self._desk.store.read(look)

    def _filled(self, field: Field, state: Mapping[str, Any], compiled: CompiledPack) -> Field:
        """A field with what this case has to choose from."""
        if field.id != "clock":
            return field
        rows = [
            row
            for row in state["rows"]
            if row.is_open
            and row.state == "running"
            and clock_moves.clock_of(row, state["record"], compiled).extension
        ]
        return replace(
            field,
            options=tuple(
                (row.kind, f"{words.clock_name(row.kind)}, by {words.day(row.due)}") for row in rows
            ),
        )


def _state(conn: Connection, here: Place) -> dict[str, Any]:
    whole = listing.whole(conn, here)
    past = events.listing(conn, here.organisation, here.reference)
    written = notes.listing(conn, here.organisation, here.reference)
    since = [(words.EVENTS.get(e["kind"], words.plain(e["kind"])), e["by"], e["recorded_at"]) for e in past]
    since += [("A note was written", note["by"], note["at"]) for note in written]
    since.sort(key=lambda entry: str(entry[2]), reverse=True)
    return {
        **whole,
        "rows": clock_moves.rows_of(conn, here.organisation, here.reference),
        "since": [(what, by, words.instant(at)) for what, by, at in since[:3]],
    }


def _event(act: Act, typed: Mapping[str, Any], now: datetime) -> told.Told:
    """The event; Refusal (422) by the field where it has not its shape."""
    kind = EVENT[act.name]
    assert act.tells is not None  # noqa: S101 - whoever calls has looked
    try:
        at = _moment(typed.get("on"), now)
        return told.KINDS[kind].validate_python({"kind": kind, "at": at, **act.tells(typed)})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = [str(part) for part in first["loc"] if part not in (kind, "closing")]
        said = str(first["msg"]).removeprefix("Value error, ")
        raise Refusal(
            f"This {said}." if said.startswith("needs") else f"{said}.", where=_place(where, said)
        ) from None


def _place(where: Sequence[str], said: str) -> str:
    if where:
        return where[0]
    return "cause" if "cause" in said else "failure_in_assessment"


def _moment(on: str | None, now: datetime) -> datetime | None:
    """The instant of a day that was typed: now for today, else its noon."""
    if not on:
        return None
    day = date.fromisoformat(on)
    if day == words.today_of(now):
        return None
    return datetime.combine(day, time(12), words.ZONE).astimezone(UTC)


def typed_of(visit: Visit, fields: Sequence[Field]) -> dict[str, Any]:
    """What was typed, by field: a text, a list, or whether a box is ticked."""
    found: dict[str, Any] = {}
    for field in fields:
        if field.kind == "checks":
            found[field.id] = [value for value in visit.sent.getlist(field.id) if isinstance(value, str)]
        elif field.kind == "check":
            found[field.id] = bool(visit.said(field.id))
        else:
            found[field.id] = visit.said(field.id)
    return found


def faults_of(fields: Sequence[Field], typed: Mapping[str, Any]) -> dict[str, str]:
    """What is missing or too long, by field."""
    errors = {field.id: field.needed for field in fields if field.needed and not typed[field.id]}
    for field in fields:
        if isinstance(typed[field.id], str) and len(typed[field.id]) > LONGEST:
            errors[field.id] = f"Write at most {LONGEST} characters."
        if field.kind == "date" and typed[field.id] and not _is_day(typed[field.id]):
            errors[field.id] = "Write a day such as 2026-11-24."
    return errors


def _is_day(text: str) -> bool:
    try:
        return 1990 <= date.fromisoformat(text).year <= 2999
    except ValueError:
        return False


def version_of(visit: Visit) -> int | None:
    """The version that the page showed; None where none was sent, and then it counts as stale."""
    text = visit.said("version")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else None
