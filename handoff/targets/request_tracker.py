"""Request Tracker 5 by its REST2 API: one ticket a case, found by its custom field before another is made.

What RT does without a word, and what is done about it here: it makes a second ticket for the same request (so we look
first, and look again after a request that nobody answered); it drops a value that is no choice of a select field, and a
field that it does not have (so everything is read back and compared); it finds nothing where the field to find by is
unknown (so we ask the queue for it before we create); it reads 09:30:00Z as midnight (so times are sent in its zone).
"""

from __future__ import annotations

import asyncio
import base64
import json
import logging
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

from cases.vault import Vault
from handoff.enclosed import Enclosed, fitting
from handoff.http import Answer, Caller, NoAnswer, failure_of, parsed
from handoff.paths import as_text, context_of, look_up
from handoff.secrets import Secret
from handoff.target import Delivery, PermanentFailure, TransientFailure
from handoff.targets.email import readable

log = logging.getLogger("hearout.handoff")

_JSON = {"Content-Type": "application/json"}
# A create that nobody answered may still be under way: look for it after so many seconds each.
RECONCILE = (1.0, 3.0, 6.0)
# And then leave it so long that it has either happened or failed.
IN_FLIGHT = timedelta(minutes=5)
PER_PAGE = 100


@dataclass(frozen=True, slots=True)
class Source:
    """Where a field's value comes from: a path into the case, and what its values are called in RT."""

    path: str
    values: Mapping[str, str] = field(default_factory=dict)
    otherwise: str | None = None

    def value(self, context: Mapping[str, Any], zone: ZoneInfo) -> str:
        """The text for RT; empty where the case has nothing."""
        text = as_text(look_up(context, self.path))
        if not text:
            return ""
        if self.values:
            return self.values.get(text, self.otherwise if self.otherwise is not None else text)
        instant = _instant(text)
        return text if instant is None else f"{instant.astimezone(zone):%Y-%m-%d %H:%M:%S}"


@dataclass(frozen=True, slots=True)
class RequestTrackerTarget:
    """Tickets in `queue`; `case_field` is the custom field that holds the reference, `fields` are the others.

    `requestor`: whether the complainant's address is the ticket's requestor, whom RT may write to.
    """

    url: str
    queue: str
    secret: Secret = field(repr=False)
    case_field: str = "Hearout case"
    fields: Mapping[str, Source] = field(default_factory=dict)
    caller: Caller = field(default_factory=Caller)
    vault: Vault | None = None
    attach_bytes: int = 7_000_000
    requestor: bool = False
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Europe/London"))
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    reconcile: tuple[float, ...] = RECONCILE

    async def deliver(self, item: Delivery) -> None:
        """Returns once a ticket holds this delivery, with every field as it was sent.

        The delivery's record is attached under a name with its id: that is how it is known again.
        """
        ticket = await self._find(item)
        if ticket is None:
            await self._require_case_field()
            ticket = await self._create(item)
        else:
            there = await self._attachments(ticket)
            if f"{item.reference}.{item.id}.json" not in there:
                await self._comment(ticket, item, there)
        await self._compare(ticket, item)

    async def _find(self, item: Delivery) -> str | None:
        """The ticket of the case; the oldest where a person made others by hand."""
        query = f"Queue = {_quoted(self.queue)} AND 'CF.{{{self.case_field}}}' = {_quoted(item.reference)}"
        found = await self._get(f"tickets?{urlencode({'query': query, 'per_page': 20})}")
        ids = sorted(int(entry["id"]) for entry in found.get("items", ()))
        if len(ids) > 1:
            log.error("handoff: %d tickets hold %s: %s", len(ids), item.reference, ids)
        return str(ids[0]) if ids else None

    async def _require_case_field(self) -> None:
        """Without it no ticket would ever be found again, and each attempt would make another."""
        queue = await self._get(f"queue/{quote(self.queue, safe='')}")
        names = [entry.get("name") for entry in queue.get("TicketCustomFields", ())]
        if self.case_field not in names:
            raise TransientFailure(
                f"the queue '{self.queue}' shows us no custom field '{self.case_field}'; see docs/handoff.md"
            )

    async def _create(self, item: Delivery) -> str:
        files = await asyncio.to_thread(self._files, item)
        person = item.record.get("complainant") or {}
        body = {
            "Queue": self.queue,
            "Subject": f"Complaint {item.reference} ({item.record.get('state')})",
            "ContentType": "text/plain",
            "Content": "\n".join(readable(item, {file.id for file, _ in files})) + "\n",
            "CustomFields": self._values(item),
            "Attachments": self._enclosed(item, files),
            **({"Requestor": person["email"]} if self.requestor and person.get("email") else {}),
        }
        try:
            answer = await self._send("POST", "ticket", body)
            if answer.status >= 500:
                raise NoAnswer(f"it answered {answer.status}")
        except NoAnswer as failure:
            return await self._reconciled(item, str(failure))
        return str(self._good(answer)["id"])

    async def _reconciled(self, item: Delivery, failure: str) -> str:
        """The ticket of a create that may have happened; else it is tried again when it can happen no more."""
        for seconds in self.reconcile:
            await asyncio.sleep(seconds)
            if (ticket := await self._find(item)) is not None:
                return ticket
        raise TransientFailure(f"{failure}, and no ticket is there yet", IN_FLIGHT)

    async def _comment(self, ticket: str, item: Delivery, there: Set[str]) -> None:
        """A later event of the same case: a comment with the record as it is now, and the files that are new."""
        files = [
            (file, content)
            for file, content in await asyncio.to_thread(self._files, item)
            if _name_of(file) not in there
        ]
        text = [f"{item.kind}: the case has changed.", "", *readable(item, {file.id for file, _ in files})]
        body = {
            "ContentType": "text/plain",
            "Content": "\n".join(text) + "\n",
            "Attachments": self._enclosed(item, files),
        }
        self._good(await self._send("POST", f"ticket/{ticket}/comment", body))

    async def _compare(self, ticket: str, item: Delivery) -> None:
        """RT answers 201 and drops what it does not like: read it back, set it once more, then tell a person."""
        wanted = self._values(item)
        lost = await self._lost(ticket, wanted)
        if lost:
            changed = {name: wanted[name] for name in lost}
            self._good(await self._send("PUT", f"ticket/{ticket}", {"CustomFields": changed}))
            lost = await self._lost(ticket, wanted)
        if lost:
            names = ", ".join(f"'{name}'" for name in lost)
            raise PermanentFailure(
                f"ticket {ticket} holds the case, but Request Tracker did not keep {names}: "
                "is the field in the queue, and the value among its choices?"
            )

    async def _lost(self, ticket: str, wanted: Mapping[str, str]) -> list[str]:
        found = (await self._get(f"ticket/{ticket}")).get("CustomFields", ())
        kept = {entry.get("name"): [as_text(value) for value in entry.get("values") or ()] for entry in found}
        return [name for name, value in wanted.items() if not self._is_kept(value, kept.get(name, []))]

    def _is_kept(self, value: str, kept: list[str]) -> bool:
        if any(_plain(value) == _plain(one) for one in kept):
            return True
        try:
            sent = datetime.strptime(value, "%Y-%m-%d %H:%M:%S").replace(tzinfo=self.zone)
        except ValueError:
            return False
        return any(_instant(one) == sent for one in kept)

    async def _attachments(self, ticket: str) -> set[str]:
        """The file names in a ticket."""
        names: set[str] = set()
        page = 1
        while True:
            asked = urlencode({"fields": "Filename", "per_page": PER_PAGE, "page": page})
            items = (await self._get(f"ticket/{ticket}/attachments?{asked}")).get("items", ())
            names |= {str(entry.get("Filename")) for entry in items if entry.get("Filename")}
            if len(items) < PER_PAGE:
                return names
            page += 1

    def _values(self, item: Delivery) -> dict[str, str]:
        context = context_of(item)
        values = {name: source.value(context, self.zone) for name, source in self.fields.items()}
        return {self.case_field: item.reference, **{name: text for name, text in values.items() if text}}

    def _files(self, item: Delivery) -> list[tuple[Enclosed, bytes]]:
        """The files that fit: RT has a limit of its own, and cuts or drops what is larger."""
        return fitting(item.organisation, item.record, self.vault, self.attach_bytes)

    def _enclosed(self, item: Delivery, files: list[tuple[Enclosed, bytes]]) -> list[dict[str, str]]:
        record = json.dumps(item.record, ensure_ascii=False, indent=2).encode()
        listed = [_attachment(_name_of(file), "application/octet-stream", content) for file, content in files]
        return [*listed, _attachment(f"{item.reference}.{item.id}.json", "application/json", record)]

    async def _get(self, path: str) -> dict[str, Any]:
        return self._good(await self._send("GET", path, None))

    async def _send(self, method: str, path: str, body: Mapping[str, Any] | None) -> Answer:
        headers = {"Authorization": f"token {self.secret.read()[0]}", **(_JSON if body is not None else {})}
        content = b"" if body is None else json.dumps(body).encode()
        return await self.caller.call(method, f"{self.url.rstrip('/')}/REST/2.0/{path}", headers, content)

    def _good(self, answer: Answer) -> dict[str, Any]:
        """The JSON of a success; its refusal is told by its number, since RT quotes what was sent."""
        if answer.status in (400, 409, 422):
            raise PermanentFailure(f"Request Tracker refused it ({answer.status})")
        if answer.status in (401, 403):
            raise TransientFailure(
                f"it answered {answer.status}: the token is not good, or lacks a right in the queue '{self.queue}'"
            )
        if (failure := failure_of(answer, self.clock())) is not None:
            raise failure
        found = parsed(answer)
        return found if isinstance(found, dict) else {}


def _attachment(name: str, kind: str, content: bytes) -> dict[str, str]:
    return {"FileName": name, "FileType": kind, "FileContent": base64.b64encode(content).decode()}


def _name_of(file: Enclosed) -> str:
    return f"{file.id[:8]}-{file.safe_name}"


def _quoted(text: str) -> str:
    """A text in TicketSQL."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _plain(text: str) -> str:
    return " ".join(text.split())


def _instant(text: str) -> datetime | None:
    """The instant that is written there with its offset; None for anything else, a date among it."""
    if "T" not in text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo is not None else None
