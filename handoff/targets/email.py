"""E-mail: what a case officer needs at a glance, the story in the person's words, the record as an attachment."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Any
from zoneinfo import ZoneInfo

from cases.outbox import DRAFT
from cases.record import is_withheld
from cases.vault import Vault
from handoff.enclosed import Enclosed, fitting
from handoff.mail import MailServer, one_line
from handoff.target import Delivery

# The five policies promise their dates in this zone.
_LOCAL = ZoneInfo("Europe/London")

_ASKED = f"{DRAFT}person_asked"
# In base64 a third more: most mailboxes take letters of 10 MB.
ATTACH_BYTES = 7_000_000
_SCAN_NOTES = {
    "unscanned": ["not checked for viruses"],
    "infected": ["kept apart: the virus scanner found something in it"],
}

_CLOCK_NAMES = {
    "acknowledge": "Acknowledge by",
    "respond": "Respond by",
    "resolve_aim": "Aim to resolve by",
    "written_record": "Send the written record by",
    "inform_of_action": "Inform of the action taken by",
    "escalate": "The complainant may escalate until",
    "statutory_acknowledge": "By law, acknowledge by",
}


@dataclass(frozen=True, slots=True)
class EmailTarget:
    """Sends each delivery to every address in `to`, with the files of `vault` up to `attach_bytes` together."""

    server: MailServer
    to: tuple[str, ...]
    vault: Vault | None = None
    attach_bytes: int = ATTACH_BYTES

    async def deliver(self, item: Delivery) -> None:
        """Returns once the mail server has taken it. Every attempt has the same Message-ID."""
        files = await asyncio.to_thread(self._attached, item)
        await self.server.send(compose(item, self.server.sender, self.to, files), self.to)

    def _attached(self, item: Delivery) -> list[tuple[Enclosed, bytes]]:
        """The files that fit, in the order in which they were sent: a mailbox refuses a letter that is too large."""
        return fitting(item.organisation, item.record, self.vault, self.attach_bytes)


def compose(
    item: Delivery, sender: str, to: tuple[str, ...], files: Sequence[tuple[Enclosed, bytes]] = ()
) -> EmailMessage:
    """The e-mail for a delivery: the same each time, so that a second copy can be known as one."""
    record = item.record
    message = EmailMessage(policy=SMTP)
    message["From"] = one_line(sender)
    message["To"] = ", ".join(one_line(address) for address in to)
    # The subject is shown on lock screens: the reference and the dates, nothing of the person.
    message["Subject"] = one_line(_subject(item))
    message["Message-ID"] = f"<{item.id}@{one_line(sender).rpartition('@')[2].rstrip('>') or 'localhost'}>"
    message["Auto-Submitted"] = "auto-generated"
    if _is_urgent(record):
        message["Importance"] = "high"
    if sent := record.get("filed_at") or record.get("received_at"):
        message["Date"] = format_datetime(datetime.fromisoformat(sent))
    message.set_content("\n".join(readable(item, {file.id for file, _ in files})) + "\n")
    attached = json.dumps(record, ensure_ascii=False, indent=2).encode()
    message.add_attachment(
        attached, maintype="application", subtype="json", filename=f"{one_line(item.reference)}.json"
    )
    for file, content in files:
        # As bytes of no known kind: a mail program must not show or run what somebody sent.
        message.add_attachment(
            content,
            maintype="application",
            subtype="octet-stream",
            filename=f"{file.id[:8]}-{file.safe_name}",
        )
    return message


def _is_urgent(record: Mapping[str, Any]) -> bool:
    return "risk_of_harm" in (record.get("flags") or [])


def _subject(item: Delivery) -> str:
    decision = item.record.get("decision") or {}
    subject = f"Complaint {item.reference} ({item.record.get('state')})"
    if _is_urgent(item.record):
        subject = f"Urgent: {subject}"
    elif item.kind == _ASKED:
        subject += ", asks for a person"
    if decision.get("acknowledge_by"):
        subject += f", acknowledge by {_day(decision['acknowledge_by'])}"
    if decision.get("respond_by"):
        subject += f", respond by {_day(decision['respond_by'])}"
    return subject


def readable(item: Delivery, attached: Set[str] = frozenset()) -> Iterator[str]:
    """The case as lines for a person; `attached` are the ids of the files that go with it."""
    record = item.record
    decision: Mapping[str, Any] = record.get("decision") or {}
    if _is_urgent(record):
        yield "URGENT: the words below may tell of a danger to somebody. Please read them now."
        yield ""
    yield f"Complaint {item.reference}, {record.get('state')}."
    if item.kind.startswith(DRAFT):
        yield "It is not sent yet: this is what was told so far."
    if item.kind == _ASKED:
        yield "The person asks to speak to somebody."
    yield ""
    yield from _lines(_matter(record, decision))
    yield from _section("Dates", _dates(record, decision))
    yield from _section("Who complains", _person(record))
    yield from _section("What they want", [("", record.get("desired_remedy"))])
    yield from _section("How it has affected them", [("", record.get("effect"))])
    yield from _section("In their own words", [("", record.get("narrative"))])
    yield from _section("What they have to show", _evidence(record, attached))
    yield ""
    yield f"Everything that is known is in the attachment, {item.reference}.json."


def _matter(record: Mapping[str, Any], decision: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    yield "For", decision.get("handler")
    yield "Stage", decision.get("stage_name") or decision.get("stage")
    yield "Outcome", decision.get("disposition")
    yield "Belongs with", ", ".join(record.get("linked") or [])
    yield "Look at", ", ".join(record.get("flags") or [])
    yield (
        "Restricted to those who deal with it, because of",
        ", ".join(record.get("restricted_because") or []),
    )
    yield (
        "Confidentiality",
        {"none": None}.get(str(record.get("confidentiality")), record.get("confidentiality")),
    )
    yield "Adjustments asked for", record.get("adjustments")
    yield "Not answered", ", ".join(record.get("missing") or [])
    yield "Policy", (record.get("policy") or {}).get("version")


def _dates(record: Mapping[str, Any], decision: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    yield "First told", _instant(record.get("first_told_at"))
    yield "Received", _instant(record.get("received_at"))
    for clock in [*(decision.get("clocks") or []), *(record.get("statutory_clocks") or [])]:
        name = _CLOCK_NAMES.get(clock["kind"], clock["kind"].replace("_", " ").capitalize())
        yield name, _day(clock.get("due"))
    for duty in decision.get("duties") or []:
        yield f"Duty: {duty['kind'].replace('_', ' ')}", _day(duty.get("due")) or "yes"


def _person(record: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    person, stands = record.get("complainant") or {}, record.get("representation") or {}
    yield "Name", person.get("name")
    yield "Type", person.get("type")
    yield "Member number", person.get("member_number")
    yield "Prefers", person.get("preferred_contact")
    yield "E-mail", person.get("email")
    yield "Phone", person.get("phone")
    yield "Post", person.get("post")
    if stands.get("on_behalf_of") == "other":
        yield "Written for them by", stands.get("representative_name") or "somebody who is not named yet"
        yield "Basis", stands.get("basis")
        yield "Consent", stands.get("consent")
        yield "Link for the person represented", stands.get("consent_link")
        if is_withheld(record):
            yield "", "Tell the representative nothing about the case until consent is given."
    yield "Written down by", record.get("recorded_by")
    yield "Channel", record.get("channel")


def _evidence(record: Mapping[str, Any], attached: Set[str]) -> Iterator[tuple[str, Any]]:
    for entry in record.get("evidence") or []:
        if not entry.get("id"):
            yield "", entry.get("description")
            continue
        notes = [_size(int(entry.get("size") or 0))]
        if entry["id"] not in attached:
            notes.append("not attached")
        notes += _SCAN_NOTES.get(str(entry.get("scan")), [])
        yield "", f"{one_line(str(entry.get('name')))} ({', '.join(notes)})"


def _size(size: int) -> str:
    return f"{size / 1_000_000:.1f} MB" if size >= 1_000_000 else f"{max(1, round(size / 1000))} kB"


def _section(title: str, pairs: Iterator[tuple[str, Any]] | list[tuple[str, Any]]) -> Iterator[str]:
    lines = list(_lines(pairs))
    if lines:
        yield from ("", title, "-" * len(title), *lines)


def _lines(pairs: Iterator[tuple[str, Any]] | list[tuple[str, Any]]) -> Iterator[str]:
    for name, value in pairs:
        if value not in (None, ""):
            yield f"{name}: {value}" if name else str(value)


def _day(text: str | None) -> str | None:
    if text is None:
        return None
    when = date.fromisoformat(text)
    return f"{when:%A} {when.day} {when:%B %Y}"


def _instant(text: str | None) -> str | None:
    if text is None:
        return None
    local = datetime.fromisoformat(text).astimezone(_LOCAL)
    return f"{_day(local.date().isoformat())}, {local:%H:%M}"
