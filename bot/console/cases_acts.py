"""What staff do with a case: a page for each thing, which shows the case's version back when it is sent.

A page that is stale (somebody else was quicker) changes nothing: it is shown again with what was typed, what has
happened meanwhile, and the version of now. What is done is one transaction with its entry in the audit trail.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from pydantic import ValidationError
from starlette.responses import Response

from bot.console import cases_words as words
from bot.console.cases_letters import LetterDesk, Shown, mark_of
from bot.console.cases_offers import ACTS, EVENT, LETTERS, SHOWN_FIRST, Act, Field, choices, offered
from bot.console.permissions import Permission
from bot.console.site import Console, Page, Visit
from bot.turn import pack_of
from cases import clock_moves, events, listing, notes, told
from cases.effects import CannotHappen, CaseAt
from cases.events import Moved, Writer
from cases.listing import Place
from cases.officers import Connection
from policy_rules.compiled import CompiledPack
from policy_rules.errors import Refusal

LONGEST = 20_000
# How far away an answer may be expected, and the promises of one.
LONGEST_WAIT = timedelta(days=366)
ANSWERS = ("respond", "inform_of_action")


class Acts:
    """The pages of what is done with a case."""

    def __init__(self, console: Console) -> None:
        self._desk = console.desk
        self._letters = LetterDesk(console)

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
        if errors:
            return await self._page(visit, here, act, typed, errors, seen=seen)
        try:
            compiled = await pack_of(self._desk, here.organisation, here.reference)
            work = self._work(visit, act, typed, seen, compiled)
            await self._desk.store.write(lambda conn: work(conn, here))
        except Shown as shown:
            return await self._page(visit, here, act, typed, {}, seen=seen, letter=shown.letter)
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
        """What is done, as one transaction on a locked case; Shown where the letter is only looked at."""
        now, writer = self._desk.clock(), visit.writer
        happened = None if act.tells is None else _event(act, typed, now)
        looks, shown = bool(visit.said("look")), visit.said("shown")
        # Whoever looks at the letter has done nothing yet, whether it is to be sent or not.
        sends = act.name in LETTERS and (looks or act.name == "hold" or bool(typed.get("letter")))

        def work(conn: Connection, here: Place) -> None:
            case = events.lock(conn, here.organisation, here.reference)
            events.require_version(case, (-1 if seen is None else seen,))
            if happened is not None:
                events.record(conn, case, happened, writer, now, compiled)
            elif act.name == "hold":
                _check_holding(conn, case, typed, now)
            else:
                notes.add(conn, case, typed["text"], None, writer, now)
            if sends:
                letter = self._letters.compose(
                    conn, case, LETTERS[act.name], typed.get("text", ""), typed.get("expected")
                )
                if looks or (act.name in SHOWN_FIRST and shown != mark_of(letter)):
                    raise Shown(letter)
                self._send(conn, case, act, typed, writer, now)

        return work

    def _send(
        self,
        conn: Connection,
        case: CaseAt,
        act: Act,
        typed: Mapping[str, Any],
        writer: Writer,
        now: datetime,
    ) -> None:
        """The letter goes out, and staff's own words in it stand among the notes."""
        text, expected = typed.get("text", ""), typed.get("expected")
        self._letters.send(conn, case, LETTERS[act.name], text, expected, writer, now)
        if act.name == "extend":
            return
        what = "A holding letter was sent." if act.name == "hold" else "The closing letter was sent."
        told_of = f" It says that the answer is expected by {words.day(expected)}." if expected else ""
        # What was done just now has moved the case.
        moved = events.lock(conn, case.organisation, case.reference)
        notes.add(conn, moved, f"{what}{told_of}\n\n{text}".strip(), None, writer, now)

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
        letter: str = "",
    ) -> Response:
        """The form; 422 with what is wrong, 412 where the case has changed meanwhile."""
        state = await self._desk.store.read(lambda conn: _state(conn, here))
        compiled = await pack_of(self._desk, here.organisation, here.reference)
        fields = choices(act, state["record"], state["rows"], compiled)
        blocked = ""
        if act.name == "hold" and not letter:
            letter, blocked = await self._holding(here, typed)
        confirms = bool(letter) and act.name in SHOWN_FIRST
        if confirms:
            # The button below it says that it is sent.
            typed = {**typed, "letter": True}
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
            "shown": mark_of(letter) if letter else "",
            "confirms": confirms,
            "may_look": act.name in LETTERS and not blocked,
            "blocked": blocked,
            "name": (state["record"]["complainant"] or {}).get("name"),
        }
        status = 412 if stale else 422 if errors else 200
        return visit.page("case_act.html", values, status=status)

    async def _holding(self, here: Place, typed: Mapping[str, Any]) -> tuple[str, str]:
        """The holding letter as it would be sent now, or why there is none."""
        text, expected = str(typed.get("text") or ""), str(typed.get("expected") or "")
        expected = expected if _is_day(expected) else ""

        def look(conn: Connection) -> tuple[str, str]:
            case = events.lock(conn, here.organisation, here.reference)
            try:
                return self._letters.compose(conn, case, LETTERS["hold"], text, expected or None), ""
            except Refusal as refusal:
                return "", refusal.detail

        return await self._desk.store.read(look)


def _check_holding(conn: Connection, case: CaseAt, typed: Mapping[str, Any], now: datetime) -> None:
    """CannotHappen for a closed case; Refusal where the day on which an answer is expected is missing or cannot be."""
    if case.progress == "closed":
        raise CannotHappen("The case is closed; reopen it first.", where="act")
    expected, today = typed["expected"], words.today_of(now)
    if expected:
        if not today <= date.fromisoformat(expected) <= today + LONGEST_WAIT:
            raise Refusal("Give a day from today on, within a year.", where="expected")
        return
    rows = clock_moves.rows_of(conn, case.organisation, case.reference)
    if any(row.kind in ANSWERS and row.is_open and row.due is not None and row.due < today for row in rows):
        raise Refusal("The answer is late: say when you expect to answer.", where="expected")


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
