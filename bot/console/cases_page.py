"""The page of a case: what was told, who said what, what was decided and why, what is owed, what has become of it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from starlette.responses import FileResponse, Response

from bot.console import cases_words as words
from bot.console.cases_offers import DONE, offered
from bot.console.permissions import Permission
from bot.console.site import Console, Page, Visit
from bot.dialogue.catalogue import Catalogue
from bot.turn import context_of, pack_of
from cases import clock_moves, conversations, events, files, listing, notes, officers
from cases.clock_moves import ClockRow
from cases.listing import Place
from cases.officers import Connection
from cases.vault import Vault
from policy_rules.compiled import CompiledPack
from policy_rules.errors import Refusal

_TOLD = {
    "effect": "What it did to them",
    "desired_remedy": "What they ask for",
    "happened_on": "When it happened",
    "about_whom": "About whom",
    "centre_name": "Study centre",
    "qualification": "Qualification",
    "previous_steps": "Tried before",
    "adjustments": "Adjustments they need",
}
_PERSON = {
    "name": "Name",
    "email": "E-mail",
    "phone": "Telephone",
    "post": "Post",
    "preferred_contact": "Prefers",
    "member_number": "Member number",
}


class NoSuchFile(Refusal):
    status = 404
    kind = "unknown-file"
    title = "There is no such file"


class KeptApart(Refusal):
    status = 409
    kind = "file-in-quarantine"
    title = "A scanner found something in this file"


@dataclass(frozen=True, slots=True)
class Seen:
    """Everything about a case, read at one moment."""

    whole: dict[str, Any]
    events: list[dict[str, Any]]
    notes: list[dict[str, Any]]
    messages: list[conversations.StoredMessage]
    files: list[files.Kept]
    deliveries: list[dict[str, Any]]
    trail: list[dict[str, Any]]
    draft: dict[str, Any]
    clocks: list[ClockRow]

    @property
    def record(self) -> dict[str, Any]:
        record: dict[str, Any] = self.whole["record"]
        return record


def read(conn: Connection, here: Place) -> Seen:
    """The case and all that stands around it. NoSuchCase (404) when it was erased meanwhile."""
    its = (here.organisation, here.reference)
    talk = (here.organisation, here.conversation_id)
    return Seen(
        whole=listing.whole(conn, here),
        events=events.listing(conn, *its),
        notes=notes.listing(conn, *its),
        messages=conversations.transcript(conn, *talk),
        files=files.of_conversation(conn, *talk),
        deliveries=officers.deliveries(conn, *its),
        trail=officers.trail(conn, *its),
        draft=officers.answers_of(conn, *talk),
        clocks=clock_moves.rows_of(conn, *its),
    )


class CasePage:
    """A case, and its files."""

    def __init__(self, console: Console) -> None:
        self._desk = console.desk
        self._vault = Vault(console.settings.evidence_dir)

    def pages(self) -> Sequence[Page]:
        """The pages of this part."""
        return [
            Page("GET", "/cases/{reference}", Permission.SEE_CASES, self.show),
            Page("GET", "/cases/{reference}/files/{file}", Permission.SEE_CASES, self.download),
        ]

    async def show(self, visit: Visit) -> Response:
        """The whole case on one page."""
        here = await visit.case(visit.request.path_params["reference"])
        seen = await self._desk.store.read(lambda conn: read(conn, here))
        compiled = await pack_of(self._desk, here.organisation, here.reference)
        said = context_of(self._desk, visit.organisation, "en", here.reference, compiled=compiled).words
        done = DONE.get(visit.request.query_params.get("done", ""), "")
        values = {
            "title": here.reference,
            "reference": here.reference,
            "done": done,
            "acts": offered(seen.whole, seen.clocks, compiled) if visit.may(Permission.WORK_ON_CASES) else [],
            "restricted": here.restricted,
            "may_erase": visit.may(Permission.PRIVACY),
            "may_work": visit.may(Permission.WORK_ON_CASES),
            "sees_trail": visit.may(Permission.SEE_AUDIT),
            **self._head(seen),
            **_story(seen, said),
            **_decided(seen, said, compiled),
            **_since(seen, said),
        }
        return visit.page("case.html", values)

    def _head(self, seen: Seen) -> dict[str, Any]:
        record, today = seen.record, words.today_of(self._desk.clock())
        return {
            "name": (record["complainant"] or {}).get("name"),
            "progress": words.PROGRESS[seen.whole["progress"]],
            "closed": seen.whole["progress"] == "closed",
            "state": words.STATES.get(record["state"], record["state"]),
            "received": words.instant(record["received_at"]),
            "because": [words.RESTRICTED.get(why, words.plain(why)) for why in record["restricted_because"]],
            "taken_over_by": seen.draft.get("taken_over_by"),
            "version": seen.whole["version"],
            "clocks": list(_clocks(seen, today)),
            "closing": _closing(seen.whole["closing"]),
        }

    async def download(self, visit: Visit) -> Response:
        """One file, to be saved and shown by nobody's browser."""
        here = await visit.case(visit.request.path_params["reference"], listing.FILE_READ)
        kept = await self._desk.store.read(
            lambda conn: files.of_conversation(conn, here.organisation, here.conversation_id)
        )
        file = next((each for each in kept if each.id == visit.request.path_params["file"]), None)
        if file is None:
            raise NoSuchFile("The case has no such file.", where="file")
        if file.scan == "infected":
            raise KeptApart("It is kept apart and given to nobody.", where="file")
        path = self._vault.path(file.organisation, file.id)
        if not await asyncio.to_thread(path.is_file):
            raise NoSuchFile("The file is gone from the disk; the operator's log says more.", where="file")
        headers = {
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(file.name, safe='')}",
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store",
        }
        return FileResponse(path, media_type=file.type, headers=headers)


def _clocks(seen: Seen, today: Any) -> Iterator[dict[str, Any]]:
    record = seen.record
    listed = [*((record["decision"] or {}).get("clocks") or ()), *(record["statutory_clocks"] or ())]
    force = {clock["kind"]: clock.get("force") for clock in listed}
    for row in seen.clocks:
        state, tone = words.CLOCK_STATES[row.state]
        owed = row.is_open and row.due is not None and row.state != "paused"
        yield {
            "what": words.clock_name(row.kind),
            "whose": "The organisation" if row.by == "organisation" else "The person",
            "force": words.FORCE.get(force.get(row.kind) or "", ""),
            "day": words.day(row.due) or f"Once: {words.plain(row.from_event or 'it is known').lower()}",
            "apart": words.apart(row.due, today) if owed and row.due else "",
            "late": bool(owed and row.due and row.due < today),
            "state": "Waits" if row.due is None and row.state == "running" else state,
            "tone": "bad" if owed and row.due and row.due < today else tone,
            "earlier": words.day(row.promised) if row.promised and row.promised != row.due else "",
            "why": row.extended_reason or "",
            "met": row.met_at,
            "clause": row.clause or "",
        }


def _story(seen: Seen, said: Catalogue) -> dict[str, Any]:
    record = seen.record
    person, stands = record["complainant"] or {}, record["representation"] or {}
    about = [(label, record[name]) for name, label in _TOLD.items() if record.get(name)]
    about += [(words.plain(name), str(value)) for name, value in (record["answers"] or {}).items()]
    people = [(label, person[name]) for name, label in _PERSON.items() if person.get(name)]
    if stands.get("on_behalf_of") == "other":
        people.append(("Written by", stands.get("representative_name") or "Not given"))
        people.append(("Consent", words.plain(stands.get("consent") or "not needed")))
    if record["recorded_by"]:
        people.append(("Taken down by", record["recorded_by"]))
    by_staff = {
        fact
        for event in seen.events
        if event["kind"] == "rerouted"
        for fact in event["data"].get("facts", {})
    }
    facts = []
    for name, value in (record["facts"] or {}).items():
        source, why = words.source_of(name, record["assumed"], by_staff, seen.draft.get("how") or {})
        facts.append((words.FACTS.get(name, words.plain(name)), _value(said, name, value), source, why))
    for name in record["assumed"]:
        if name not in record["facts"]:
            facts.append((words.FACTS.get(name, words.plain(name)), "Not said", *words.ASSUMED))
    return {
        "story": record["narrative"],
        "about": about,
        "people": people,
        "facts": facts,
        "channel": _value(said, "channel", record["channel"]) if record["channel"] else "",
        "linked": record["linked"],
        "alike": record["possible_duplicates"],
        "flags": [words.plain(flag) for flag in record["flags"]],
    }


def _value(said: Catalogue, name: str, value: Any) -> str:
    text = str(value)
    if text in ("true", "false"):
        return {"true": "Yes", "false": "No"}[text]
    try:
        return said.label(name, text)
    except LookupError:
        return words.plain(text)


def _decided(seen: Seen, said: Catalogue, compiled: CompiledPack) -> dict[str, Any]:
    decision = seen.record["decision"] or {}
    rules = _rules(compiled)
    why_not = [
        {
            "rule": words.plain(entry["rule"]),
            "because": str(entry["because"]).replace("_", " "),
            "clause": rules.get(entry["rule"], ("", ""))[0],
            "says": rules.get(entry["rule"], ("", ""))[1],
        }
        for entry in decision.get("why_not") or ()
    ]
    return {
        "decision": decision,
        "disposition": words.plain(decision.get("disposition") or "not decided"),
        "why_not": why_not,
        "duties": [words.plain(duty["kind"]) for duty in decision.get("duties") or ()],
    }


def _rules(compiled: CompiledPack) -> dict[str, tuple[str, str]]:
    """Clause and words of every rule of the pack that decided the case, by its id."""
    found: dict[str, tuple[str, str]] = {}
    for name in type(compiled.pack).model_fields:
        parts = getattr(compiled.pack, name)
        for part in (
            parts.values() if isinstance(parts, Mapping) else parts if isinstance(parts, tuple) else ()
        ):
            rule = getattr(part, "id", None)
            if isinstance(rule, str):
                found[rule] = (str(getattr(part, "clause", "") or ""), str(getattr(part, "says", "") or ""))
    return found


def _since(seen: Seen, said: Catalogue) -> dict[str, Any]:
    return {
        "events": [_event(event) for event in reversed(seen.events)],
        "notes": [{**note, "at": words.instant(note["at"])} for note in reversed(seen.notes)],
        "messages": [
            {"by": words.SPEAKERS.get(message.role, message.role), "text": message.text, "at": message.at}
            for message in seen.messages
            if message.text
        ],
        "files": [
            {
                "id": file.id,
                "name": file.name,
                "size": _size(file.size),
                "type": file.type,
                "scan": words.SCANS.get(file.scan, file.scan),
                "kept_apart": file.scan == "infected",
                "at": file.at,
            }
            for file in seen.files
        ],
        "deliveries": [
            {
                **row,
                "what": words.plain(row["kind"]),
                "place": words.plain(row["target"].replace("-", " ")),
                "state_name": words.DELIVERIES[row["state"]][0],
                "tone": words.DELIVERIES[row["state"]][1],
                "can_retry": row["state"] == "dead" or (row["state"] == "pending" and row["attempts"] > 0),
            }
            for row in seen.deliveries
        ],
        "trail": [
            {**row, "what": words.plain(row["action"]), "who": row["name"] or words.plain(row["actor"])}
            for row in seen.trail
        ],
    }


def _event(event: Mapping[str, Any]) -> dict[str, Any]:
    data = event["data"]
    told = [
        (label, str(data[name]))
        for name, label in (("reason", "Why"), ("to", "New day"), ("clock", "Which"))
        if data.get(name)
    ]
    if event["kind"] == "rerouted":
        told += [("From", _door(data["was"])), ("To", _door(data["is"]))]
    if event["kind"] == "closed":
        told += _closing(data.get("closing")) or []
    return {
        "what": words.EVENTS.get(event["kind"], words.plain(event["kind"])),
        "by": event["by"],
        "at": words.instant(event["at"]),
        "told": told,
    }


def _door(decision: Mapping[str, Any]) -> str:
    by = words.day(decision.get("respond_by"))
    return (
        f"{decision.get('handler') or 'nobody named'}, {f'answer by {by}' if by else 'no day for an answer'}"
    )


def _closing(closing: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    """How the case ended, in rows; empty while it is open."""
    if not closing:
        return []
    remedies = ", ".join(words.plain(name) for name in closing.get("remedies") or ())
    rows = [
        ("Outcome", words.plain(closing["outcome"])),
        ("Remedy", "; ".join(text for text in (remedies, closing.get("remedy_given")) if text)),
        (
            "Cause",
            "; ".join(t for t in (words.plain(closing.get("cause") or ""), closing.get("cause_found")) if t),
        ),
        ("Lesson", closing.get("lesson") or ""),
        ("Failure in assessment", "Yes" if closing.get("failure_in_assessment") else ""),
    ]
    return [(name, text) for name, text in rows if text]


def _size(size: int) -> str:
    return f"{size / 1_000_000:.1f} MB" if size >= 1_000_000 else f"{max(1, round(size / 1000))} kB"
