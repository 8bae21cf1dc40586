"""The filtered register as a file: CSV for a spreadsheet, JSON for a program.

It holds what the list shows, and no story. Names are in it only where they are asked for. That somebody took it stands
in the audit trail before the file goes out: once for the whole, and once for each case in it.
"""

from __future__ import annotations

import csv
import io
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from pydantic_core import to_json
from starlette.responses import Response

from bot.console import cases_words as words
from bot.console.permissions import Permission
from bot.console.register_filters import filters_of
from bot.console.site import Console, Page, Visit
from cases import exported, listing, officers
from cases.listing import Filters
from policy_rules.errors import Refusal

# Cases in one file, and read at a time.
MOST, AT_ONCE = 10_000, 200
FORMATS = {"csv": "text/csv; charset=utf-8", "json": "application/json"}
COLUMNS = (
    "reference received_at received_on state progress disposition handler stage subject channel acknowledge_by"
    " respond_by next_due next_due_on late_by_days outcome closed_at restricted name"
).split()
NAME = "name"
# What a spreadsheet takes for a formula, also in the wide signs of East Asian keyboards.
_FORMULA = ("=", "+", "-", "@", "|", "%", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_BLANK = "\t\r\n"


class TooMany(Refusal):
    kind = "too-many-cases"
    title = "These are too many cases for one file"

    def __init__(self) -> None:
        super().__init__(
            f"More than {MOST} match. Narrow the list, for instance by the days of receipt, and save it in parts.",
            where="received_from",
        )


class BadFormat(Refusal):
    kind = "bad-format"
    title = "There is no such kind of file"


class Exports:
    """One page: what the list was narrowed to, as a file."""

    def __init__(self, console: Console) -> None:
        self._desk = console.desk

    def pages(self) -> Sequence[Page]:
        """By POST, so that no name that was searched for stands in an address, and nobody is led to take a file."""
        return [Page("POST", "/export", Permission.EXPORT_CASES, self.save)]

    async def save(self, visit: Visit) -> Response:
        """The file. Refusals: a filter that cannot be, too many cases, a kind of file that there is not."""
        asked = {name: value.strip() for name, value in visit.sent.items() if isinstance(value, str)}
        kind = asked.get("format", "")
        if kind not in FORMATS:
            raise BadFormat(f"Choose one of: {', '.join(FORMATS)}.", where="format")
        wanted, errors = filters_of(visit, asked)
        if errors:
            where, says = next(iter(errors.items()))
            raise Refusal(says, where=where)
        wanted = replace(wanted, search=asked.get("search") or None)
        rows = await self._rows(wanted, named=bool(asked.get("names")))
        number, now = secrets.token_hex(8), self._desk.clock()
        body = _csv(rows) if kind == "csv" else _json(rows, visit.organisation, number, now, asked)
        await self._tell(visit, [row["reference"] for row in rows], body, number)
        name = f"{visit.organisation}-cases-{words.today_of(now).isoformat()}-{number}.{kind}"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(body, media_type=FORMATS[kind], headers=headers)

    async def _tell(self, visit: Visit, references: Sequence[str], body: bytes, number: str) -> None:
        """Into the trail, a page at a time: somebody's turn may be waiting behind each."""
        now, store = self._desk.clock(), self._desk.store
        organisation, writer = visit.organisation, visit.writer
        for start in range(0, len(references), AT_ONCE):
            some = references[start : start + AT_ONCE]
            await store.write(
                lambda conn, s=some: exported.told_of_cases(conn, organisation, s, writer, now)  # type: ignore[misc]
            )
        await store.write(lambda conn: exported.told_of_file(conn, organisation, body, number, writer, now))

    async def _rows(self, wanted: Filters, *, named: bool) -> list[dict[str, Any]]:
        """A row for each case that the filters leave, the newest first."""
        store, today = self._desk.store, words.today_of(self._desk.clock())
        if await store.read(lambda conn: listing.count(conn, wanted, MOST + 1)) > MOST:
            raise TooMany
        found: list[dict[str, Any]] = []
        after: str | None = None
        while True:
            page = await store.read(lambda conn, at=after: listing.page(conn, wanted, AT_ONCE, at))  # type: ignore[misc]
            more = await store.read(lambda conn, p=page: _beside(conn, wanted, p.cases))  # type: ignore[misc]
            found += [_row(case, more[case["reference"]], today, named=named) for case in page.cases]
            after = page.next
            if after is None:
                return found


def _beside(
    conn: officers.Connection, wanted: Filters, cases: Sequence[Mapping[str, Any]]
) -> dict[str, dict[str, Any]]:
    """What the list does not tell of these cases: who, what about, how it came, how it ended."""
    organisation, references = str(wanted.organisation), [case["reference"] for case in cases]
    people = officers.named(conn, organisation, references)
    ends = exported.endings(conn, organisation, references)
    return {name: {**people.get(name, {}), **ends.get(name, {})} for name in references}


def _row(case: Mapping[str, Any], more: Mapping[str, Any], today: date, *, named: bool) -> dict[str, Any]:
    due = case["next_due"] if case["progress"] != "closed" else None
    late = (today - date.fromisoformat(due["due"])).days if due else 0
    received = words.instant(case["received_at"])
    row = {name: case.get(name, more.get(name)) for name in COLUMNS}
    row |= {
        "received_on": words.today_of(received).isoformat() if received else None,
        "next_due": due["kind"] if due else None,
        "next_due_on": due["due"] if due else None,
        "late_by_days": max(0, late) if due else None,
        "name": more.get("name"),
    }
    if not named:
        del row[NAME]
    return row


def _csv(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """RFC 4180, every cell quoted, with the mark by which a spreadsheet knows UTF-8."""
    columns = [name for name in COLUMNS if not rows or name in rows[0]]
    written = io.StringIO()
    writer = csv.writer(written, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([list(_cells(row, columns)) for row in rows])
    return b"\xef\xbb\xbf" + written.getvalue().encode()


def _cells(row: Mapping[str, Any], columns: Sequence[str]) -> Iterator[str]:
    for name in columns:
        value = row[name]
        yield "" if value is None else str(value).lower() if isinstance(value, bool) else cell(str(value))


def cell(text: str) -> str:
    """The text as a spreadsheet shows it: what it would run as a formula gets an apostrophe before it."""
    begins = text.lstrip()
    return f"'{text}" if begins.startswith(_FORMULA) or text.startswith(tuple(_BLANK)) else text


def _json(
    rows: Sequence[Mapping[str, Any]], organisation: str, number: str, now: datetime, asked: Mapping[str, str]
) -> bytes:
    narrowed = {name: value for name, value in asked.items() if value and name not in ("csrf", "format")}
    return to_json(
        {
            "form": 1,
            "organisation": organisation,
            "export": number,
            "exported_at": now.isoformat(),
            "narrowed_to": narrowed,
            "count": len(rows),
            "cases": rows,
        },
        indent=2,
    )
